package federation

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
)

// echoPath is where the node tells itself how a request of its own arrived, over
// the public address and whatever stands in between.
const echoPath = "/.well-known/konfa-echo"

// maxEcho bounds what is sent there, in bytes.
const maxEcho = 1 << 10

// How far a clock may be off. Signatures count for minutes around now
// (draft-cavage §2.1), so that beyond the second nobody believes us.
const (
	clockUnsure = 30 * time.Second
	clockIll    = 4 * time.Minute
)

// renewBefore is when a certificate should have been renewed, before its end.
const renewBefore = 14 * 24 * time.Hour

// heard is what the echo answers.
type heard struct {
	Text   string `json:"text"`             // what was sent
	Signed bool   `json:"signed"`           // by our own key, over what arrived
	Reason string `json:"reason,omitempty"` // why not
	Host   string `json:"host"`             // that the request named
}

// postEcho answers with what arrived. Only our own key is looked at, so that a
// stranger's signature costs nothing.
func (s *Server) postEcho(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.strangers.take(clientOf(r), 1); !ok {
		s.slowDown(w, time.Minute, "too much at once")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEcho))
	if err != nil {
		s.problem(w, http.StatusRequestEntityTooLarge, "that is too much for an echo")
		return
	}
	out := heard{Text: string(body), Host: r.Host}
	own := &signature.Verifier{Base: s.site.Base, Clock: s.clock, Keys: func(ctx context.Context, id string, _ bool) (signature.Key, error) {
		if id != s.site.Key(community.NodeActor) {
			return signature.Key{}, errors.New("not the key of this node")
		}
		signer, _, err := s.signersOf(ctx, community.NodeActor)
		if err != nil {
			return signature.Key{}, err
		}
		return signature.Key{ID: id, Owner: s.site.Actor(community.NodeActor), Public: signer.Private.Public()}, nil
	}}
	if _, err := own.Verify(r, body); err != nil {
		out.Reason = err.Error()
	} else {
		out.Signed = true
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(out) // a client that went away is no business of ours
}

// ExamineAddress finds out whether the public address leads here, also before
// there is a city. EchoRoute must be mounted.
func (s *Server) ExamineAddress(ctx context.Context) []community.Finding {
	u, err := url.Parse(s.site.Base)
	if err != nil {
		return []community.Finding{found("dns", "no_address", community.Ill, "URL", s.site.Base)}
	}
	return append([]community.Finding{s.examineName(ctx, u), s.examineTLS(ctx, u)}, s.examineEcho(ctx)...)
}

// EchoRoute mounts what ExamineAddress asks, for a node whose city is not founded
// yet. Routes has it too.
func (s *Server) EchoRoute(r chi.Router) { r.Post(echoPath, s.postEcho) }

// Examine looks at the node from outside, as other servers do: its name, its
// certificate, its documents, a signed request to itself, its clock. It takes a
// few seconds.
func (s *Server) Examine(ctx context.Context) []community.Finding {
	u, err := url.Parse(s.site.Base)
	if err != nil {
		return []community.Finding{{Check: "dns", Key: "no_address", Health: community.Ill, Args: map[string]string{"URL": s.site.Base}}}
	}
	out := []community.Finding{s.examineName(ctx, u), s.examineTLS(ctx, u)}
	reached := s.examineEcho(ctx)
	out = append(out, reached...)
	if reached[0].Health != community.Ill {
		out = append(out, s.examineWebFinger(ctx), s.examineActor(ctx))
	}
	return append(out, s.examineClock(ctx), s.examineQueue(ctx))
}

func found(check, key string, h community.Health, pairs ...string) community.Finding {
	f := community.Finding{Check: check, Key: key, Health: h, Args: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Args[pairs[i]] = pairs[i+1]
	}
	return f
}

// whyNot is what went wrong, for people: without the address, which they know.
func whyNot(err error) string {
	if e, ok := errors.AsType[*fetch.Error](err); ok {
		text := e.Msg
		if e.Err != nil {
			text += ": " + e.Err.Error()
		}
		return clip(text, 300)
	}
	return clip(err.Error(), 300)
}

func (s *Server) examineName(ctx context.Context, u *url.URL) community.Finding {
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil {
		return found("dns", "number", community.Unsure, "Host", addr.String())
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return found("dns", "nowhere", community.Ill, "Host", host)
	}
	var list []string
	public := false
	for _, a := range addrs {
		list = append(list, a.Unmap().String())
		public = public || !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
	}
	args := []string{"Host", host, "Addresses", strings.Join(list, ", ")}
	if !public {
		return found("dns", "private", community.Unsure, args...)
	}
	return found("dns", "fine", community.Well, args...)
}

func (s *Server) examineTLS(ctx context.Context, u *url.URL) community.Finding {
	if u.Scheme != "https" {
		return found("tls", "plain", community.Unsure, "URL", s.site.Base)
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: &tls.Config{RootCAs: s.o.Fetch.RootCAs, ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return found("tls", "bad", community.Ill, "Host", u.Host, "Reason", clip(err.Error(), 300))
	}
	defer conn.Close()
	ends := conn.(*tls.Conn).ConnectionState().PeerCertificates[0].NotAfter
	args := []string{"Host", u.Host, "Until", ends.UTC().Format(time.DateOnly)}
	if left := ends.Sub(s.now()); left < renewBefore {
		return found("tls", "soon", community.Unsure, args...)
	}
	return found("tls", "fine", community.Well, args...)
}

// examineEcho finds out whether requests to the public address come here, and
// whether a signature survives the way.
func (s *Server) examineEcho(ctx context.Context) []community.Finding {
	founded, err := s.node.Founded(ctx)
	var signer signature.Signer
	if err == nil && founded {
		signer, _, err = s.signersOf(ctx, community.NodeActor)
	}
	if err != nil {
		return []community.Finding{found("reach", "failed", community.Ill, "Reason", whyNot(err))}
	}
	text := rand.Text()
	resp, err := s.client.Post(ctx, s.site.Base+echoPath, []byte(text), func(r *http.Request) error {
		if !founded {
			return nil // there is no key yet
		}
		return signature.Sign(r, []byte(text), signer, signature.Cavage, s.clock())
	})
	switch {
	case fetch.KindOf(err) == fetch.Blocked:
		return []community.Finding{found("reach", "private", community.Unsure, "URL", s.site.Base)}
	case err != nil:
		return []community.Finding{found("reach", "failed", community.Ill, "URL", s.site.Base, "Reason", whyNot(err))}
	}
	var got heard
	if err := json.Unmarshal(resp.Body, &got); err != nil || got.Text != text {
		return []community.Finding{found("reach", "another", community.Ill, "URL", s.site.Base, "Status", strconv.Itoa(resp.Status))}
	}
	out := []community.Finding{found("reach", "fine", community.Well, "URL", s.site.Base)}
	if !founded {
		return out
	}
	if !got.Signed {
		return append(out, found("signature", "lost", community.Ill, "Reason", clip(got.Reason, 300), "Host", clip(got.Host, 200)))
	}
	return append(out, found("signature", "fine", community.Well))
}

func (s *Server) examineWebFinger(ctx context.Context) community.Finding {
	city, err := s.store.City(ctx)
	if err != nil {
		return found("webfinger", "failed", community.Ill, "Reason", whyNot(err))
	}
	address := "@" + city.Handle + "@" + s.site.Host()
	doc, err := s.client.Get(ctx, s.site.Base+"/.well-known/webfinger?resource="+url.QueryEscape("acct:"+city.Handle+"@"+s.site.Host()), fetch.Request{Accept: fetch.JRD})
	if fetch.KindOf(err) == fetch.Blocked {
		return found("webfinger", "private", community.Unsure, "Address", address)
	}
	if err != nil {
		return found("webfinger", "failed", community.Ill, "Address", address, "Reason", whyNot(err))
	}
	var j jrd
	if json.Unmarshal(doc.Body, &j) == nil {
		for _, l := range j.Links {
			if l["rel"] == "self" && l["href"] == s.site.Actor(community.CityActor) {
				return found("webfinger", "fine", community.Well, "Address", address)
			}
		}
	}
	return found("webfinger", "another", community.Ill, "Address", address)
}

// examineActor makes sure that who asks for ActivityPub gets it, with our key.
func (s *Server) examineActor(ctx context.Context) community.Finding {
	id := s.site.Actor(community.CityActor)
	doc, err := s.client.Get(ctx, id, fetch.Request{Accept: fetch.ActivityJSON, Sign: s.signGet(ctx)})
	switch {
	case fetch.KindOf(err) == fetch.Blocked:
		return found("actor", "private", community.Unsure, "URL", id)
	case fetch.KindOf(err) == fetch.WrongType:
		return found("actor", "type", community.Ill, "URL", id, "Reason", whyNot(err))
	case err != nil:
		return found("actor", "failed", community.Ill, "URL", id, "Reason", whyNot(err))
	}
	var actor struct {
		ID        string `json:"id"`
		Inbox     string `json:"inbox"`
		PublicKey struct {
			PEM string `json:"publicKeyPem"`
		} `json:"publicKey"`
	}
	if json.Unmarshal(doc.Body, &actor) != nil || actor.ID != id || doc.URL != id || actor.Inbox != s.site.Inbox(community.CityActor) {
		return found("actor", "another", community.Ill, "URL", id)
	}
	key, err := signature.ParsePublicKey(actor.PublicKey.PEM)
	signer, _, err2 := s.signersOf(ctx, community.CityActor)
	if err != nil || err2 != nil || !sameKey(signer.Private.Public(), key) {
		return found("actor", "key", community.Ill, "URL", id)
	}
	return found("actor", "fine", community.Well, "URL", id)
}

func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// signGet signs a GET as the node, so that a city that asks everyone for a
// signature answers itself.
func (s *Server) signGet(ctx context.Context) func(*http.Request) error {
	return func(r *http.Request) error {
		signer, _, err := s.signersOf(ctx, community.NodeActor)
		if err != nil {
			return err
		}
		return signature.Sign(r, nil, signer, signature.Cavage, s.clock())
	}
}

// examineClock compares the clock with the ones of servers that we talk with: the
// middle of up to three.
func (s *Server) examineClock(ctx context.Context) community.Finding {
	peers, err := s.store.Peers(ctx)
	if err != nil {
		return found("clock", "failed", community.Unsure, "Reason", whyNot(err))
	}
	var off []time.Duration
	for _, p := range peers {
		if len(off) == 3 {
			break
		}
		if p.Failures > 0 || p.BlockedSeverity != "" || p.LastSeen.IsZero() && p.LastDelivered.IsZero() {
			continue
		}
		before := s.clock()
		doc, err := s.client.Get(ctx, "https://"+p.Host+"/.well-known/nodeinfo", fetch.Request{Accept: fetch.JSON})
		if err != nil || doc.Date.IsZero() {
			continue
		}
		after := s.clock()
		off = append(off, before.Add(after.Sub(before)/2).Sub(doc.Date.Add(500*time.Millisecond))) // Date has whole seconds
	}
	if len(off) == 0 {
		return found("clock", "alone", community.Unsure, "Time", s.now().UTC().Format(time.RFC3339))
	}
	d := middle(off)
	args := []string{"Seconds", strconv.Itoa(int(d.Abs().Round(time.Second) / time.Second))}
	switch {
	case d.Abs() > clockIll:
		return found("clock", "off", community.Ill, args...)
	case d.Abs() > clockUnsure:
		return found("clock", "drifts", community.Unsure, args...)
	}
	return found("clock", "fine", community.Well, args...)
}

// middle is the median of some durations.
func middle(ds []time.Duration) time.Duration {
	for i := range ds {
		for j := i; j > 0 && ds[j] < ds[j-1]; j-- {
			ds[j], ds[j-1] = ds[j-1], ds[j]
		}
	}
	return ds[len(ds)/2]
}

// lateWork is how old what was received may be before someone should look.
const lateWork = 5 * time.Minute

// examineQueue looks at what waits to be sent and to be read.
func (s *Server) examineQueue(ctx context.Context) community.Finding {
	peers, err := s.store.Peers(ctx)
	if err != nil {
		return found("queue", "failed", community.Ill, "Reason", whyNot(err))
	}
	waiting, hosts, healthyLate := 0, 0, 0
	for _, p := range peers {
		if p.Waiting > 0 {
			waiting, hosts = waiting+p.Waiting, hosts+1
			if p.Failures == 0 && s.now().Sub(p.OldestWaiting) > lateWork {
				healthyLate++
			}
		}
	}
	due, err := s.store.ReceivedDue(ctx, s.now(), 1)
	if err != nil {
		return found("queue", "failed", community.Ill, "Reason", whyNot(err))
	}
	args := []string{"Waiting", strconv.Itoa(waiting), "Hosts", strconv.Itoa(hosts)}
	switch {
	case len(due) > 0 && s.now().Sub(due[0].Received) > lateWork, healthyLate > 0:
		return found("queue", "late", community.Ill, args...)
	case waiting > 0:
		return found("queue", "waiting", community.Well, args...)
	}
	return found("queue", "empty", community.Well)
}
