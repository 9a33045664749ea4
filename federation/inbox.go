package federation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
	"konfa/storage"
)

// maxActivity is the most that an activity may weigh. Mastodon and Lemmy have
// the same bound.
const maxActivity = 1 << 20

// turnBytes is what an activity may weigh for each turn that it takes of its
// host: few are larger.
const turnBytes = 16 << 10

// postInbox takes what other servers send: judged, kept, and answered 202, in
// this order. A 202 is a promise: what got it is committed.
func (s *Server) postInbox(of actorOf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		inbox := "" // the shared one
		if of != nil {
			a, err := of(r)
			if err != nil {
				s.fail(w, r, err)
				return
			}
			inbox = string(a)
		}
		if !activityType(r.Header.Get("Content-Type")) {
			w.Header().Set("Accept-Post", `application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"`)
			s.problem(w, http.StatusUnsupportedMediaType, "an inbox takes application/activity+json")
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxActivity))
		if err != nil {
			if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
				s.problem(w, http.StatusRequestEntityTooLarge, "an activity may have one MiB")
				return
			}
			s.problem(w, http.StatusBadRequest, "the activity did not arrive whole")
			return
		}
		s.receive(w, r, inbox, body)
	}
}

// activityType tells whether a content type is one that activities come in.
// Plain application/json is taken too: some senders know no better, and it is
// the signature that counts.
func activityType(header string) bool {
	media, _, err := mime.ParseMediaType(header)
	if err != nil {
		media, _, _ = strings.Cut(header, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	switch media {
	case "application/activity+json", "application/ld+json", "application/json":
		return true
	}
	return false
}

// receive judges an activity and keeps it.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, inbox string, body []byte) {
	ctx := r.Context()
	env, err := activitystreams.ReadEnvelope(body)
	if err != nil {
		s.refuse(w, "", http.StatusBadRequest, "not an activity: "+err.Error())
		return
	}
	host := fetch.Host(env.Actor)
	if host == "" {
		s.refuse(w, "", http.StatusBadRequest, "the activity has no actor")
		return
	}
	if blocked, reason := s.blocked(ctx, env.Actor); blocked {
		s.peers.claimed(host, reason, s.now())
		s.refuse(w, "", http.StatusForbidden, reason)
		return
	}
	if host == s.site.Host() {
		s.refuse(w, "", http.StatusForbidden, "an activity in the name of this server itself")
		return
	}
	if s.needless(r, env) {
		// Servers tell everyone they ever heard of that an account was
		// deleted. Asking for the key of an account that is gone would only
		// cost both sides.
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if id, err := signature.KeyID(r); err == nil && fetch.Host(id) == s.site.Host() {
		s.refuse(w, "", http.StatusForbidden, "a signature in the name of this server itself")
		return
	}
	if !s.admitted(w, r) {
		return
	}
	verified, ok := s.believe(w, r, env, body)
	if !ok {
		return
	}
	signer := verified.Owner
	s.newcomers.knows(fetch.Host(signer))
	if wait, ok := s.rates.take(fetch.Host(signer), 1+len(body)/turnBytes); !ok {
		s.slowDown(w, wait, "too much at once")
		return
	}
	if signer != env.Actor {
		if blocked, reason := s.blocked(ctx, signer); blocked {
			s.refuse(w, fetch.Host(signer), http.StatusForbidden, reason)
			return
		}
		if !forwardable(env.Type, body) {
			s.refuse(w, fetch.Host(signer), http.StatusForbidden, env.Type+" of "+env.Actor+" was signed by "+signer)
			return
		}
	}
	s.peers.seen(fetch.Host(signer), s.now())

	uri := env.ID
	if uri == "" {
		uri = env.Actor + "#" + env.Type // Mobilizon's Leave has no id
	} else if fetch.Host(uri) != host {
		s.refuse(w, host, http.StatusForbidden, "the id "+clip(uri, 200)+" is not of the server of its actor")
		return
	}
	row := &storage.Received{
		URI: uri, Digest: digestOf(r, env, signer, body), Actor: signer, Host: fetch.Host(signer), Inbox: inbox, Body: body, Received: s.now(),
	}
	err = s.store.Write(ctx, func(tx *storage.Tx) error {
		_, err := tx.InsertReceived(ctx, row)
		return err
	})
	if err != nil {
		s.log.Error("keeping a received activity", "uri", uri, "error", err)
		w.Header().Set("Retry-After", "30")
		s.problem(w, http.StatusServiceUnavailable, "cannot keep it now; send it again later")
		return
	}
	poke(s.inboxWake)
	if signer == env.Actor {
		s.compareFollowers(r, verified)
	}
	w.WriteHeader(http.StatusAccepted)
}

// believe finds out who signed an activity, or answers why nobody is believed.
// Until then only the address of the client counts, as anybody can claim to be
// of any host: a client that was not believed too often is heard only with keys
// that are known, which cost no fetch.
func (s *Server) believe(w http.ResponseWriter, r *http.Request, env *activitystreams.Envelope, body []byte) (v signature.Verified, ok bool) {
	client := clientOf(r)
	wait, heard := s.strangers.peek(client)
	verifier := s.verifier
	if !heard {
		verifier = s.known
	}
	verified, err := verifier.Verify(r, body)
	switch {
	case err == nil:
		return verified, true
	case !heard:
		s.slowDown(w, wait, "too many requests that could not be believed")
	default:
		// Each may have cost a fetch from wherever it pointed to.
		s.strangers.take(client, 1)
		s.refusedSignature(w, r, env, err)
	}
	return v, false
}

func (s *Server) slowDown(w http.ResponseWriter, wait time.Duration, why string) {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(wait/time.Second))))
	s.problem(w, http.StatusTooManyRequests, why)
}

// needless tells of an activity that nothing can come of: the end, or a change,
// of an actor that was never seen here.
func (s *Server) needless(r *http.Request, env *activitystreams.Envelope) bool {
	if env.Type != "Delete" && (env.Type != "Update" || env.Object.ID != env.Actor) {
		return false
	}
	_, err := s.store.Actor(r.Context(), env.Actor)
	return community.CodeOf(err) == community.NotFound
}

// forwardable tells of an activity that one server passes on for another, as
// Mastodon does with answers: of a kind that can be read again where it came
// from, and signed as a document by its author's server. That signature is not
// believed, since the activity is read again; but what does not even have one
// was not passed on, it was made up.
func forwardable(typ string, body []byte) bool {
	if typ != "Create" && typ != "Update" && typ != "Delete" {
		return false
	}
	var doc map[string]json.RawMessage // keys by their exact names, unlike a struct
	if err := json.Unmarshal(body, &doc); err != nil {
		return false
	}
	return doc["signature"] != nil || doc["proof"] != nil
}

// digestOf tells activities with one id apart: Mobilizon uses the id of an
// event's activity again for each Update. Activities that switch something on
// and off are told apart by the moment of sending as well, since Gancio's second
// Follow is the same as its first, byte for byte, after an Undo in between;
// doing such a one twice changes nothing.
func digestOf(r *http.Request, env *activitystreams.Envelope, signer string, body []byte) []byte {
	h := sha256.New()
	h.Write(body)
	if signer != env.Actor {
		// Who passes something on must not keep its author from being heard.
		h.Write([]byte("\x00" + signer))
	}
	switch env.Type {
	case "Create", "Update", "Delete", "Announce", "Like", "EmojiReact", "Dislike", "Flag", "Move", "Add", "Remove":
	default:
		h.Write([]byte("\x00" + r.Header.Get("Date") + "\x00" + r.Header.Get("Signature-Input")))
	}
	return h.Sum(nil)
}

// refusedSignature answers a request whose signature does not stand.
func (s *Server) refusedSignature(w http.ResponseWriter, r *http.Request, env *activitystreams.Envelope, err error) {
	host := fetch.Host(env.Actor)
	s.peers.claimed(host, env.Type+": "+err.Error(), s.now())
	s.log.Info("refused", "host", host, "type", env.Type, "actor", env.Actor, "reason", err.Error(), "body", hex.EncodeToString(digestOf(r, env, env.Actor, nil)[:4]))
	s.unverified(w, r, err)
}

// unverified answers by the kind of what is wrong with a signature. 401 makes
// Mastodon try again with RFC 9421; 503 makes everyone come back.
func (s *Server) unverified(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*signature.Error](err)
	if !ok {
		s.fail(w, r, err)
		return
	}
	switch e.Kind {
	case signature.Malformed:
		s.problem(w, http.StatusBadRequest, e.Error())
	case signature.KeyUnavailable:
		w.Header().Set("Retry-After", "60")
		s.problem(w, http.StatusServiceUnavailable, e.Error())
	default:
		s.problem(w, http.StatusUnauthorized, e.Error())
	}
}

// refuse answers no, and writes down why.
func (s *Server) refuse(w http.ResponseWriter, host string, status int, reason string) {
	s.log.Info("refused", "host", host, "reason", reason)
	s.peers.refused(host, reason, s.now())
	s.problem(w, status, reason)
}

// getInbox answers those who look into an inbox from outside.
func (s *Server) getInbox(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "POST")
	s.problem(w, http.StatusMethodNotAllowed, "an inbox is for its owner to read")
}

// clip shortens what others wrote for a log line.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
