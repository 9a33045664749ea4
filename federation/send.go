package federation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
	"konfa/storage"
)

// answered begins the reasons that are an answer of the host, in contrast to no
// answer at all.
const answered = "answered"

// verdict is what became of one delivery.
type verdict struct {
	result storage.Result
	// down: the host as a whole cannot be reached or asks for a pause, so the
	// rest of its deliveries need not be tried now.
	down bool
	// pause is how long the host asked to be left alone, 0 if it did not.
	pause time.Duration
	// lost: the inbox is gone for good.
	lost bool
	// scheme is the signature scheme that worked where another one was tried
	// before it, or "".
	scheme signature.Scheme
	// unfit is why the software of the peer is not sent this, or not there.
	unfit string
	// instead are the inboxes that get it in its place.
	instead storage.Audience
	// skipped: not tried at all.
	skipped bool
}

// send makes one delivery: it signs and posts, in the other scheme once more
// where the first one was not believed, and judges the answer.
func (s *Server) send(ctx context.Context, d storage.Delivery, a *storage.Activity, peer *community.Peer) verdict {
	now := s.now()
	v := verdict{result: storage.Result{Delivery: d, At: now}}
	if now.Sub(d.Created) > keepTrying {
		v.result.Drop, v.result.Err = true, "given up after seven days: "+d.LastError
		return v
	}
	rsa, ed, err := s.signersOf(ctx, a.Actor)
	if err != nil {
		if community.CodeOf(err) == community.NotFound {
			v.result.Drop, v.result.Err = true, "its actor is no more"
			return v
		}
		v.result.Err = err.Error()
		v.result.NextTry = now.Add(s.backoff(d.Attempts))
		return v
	}
	sync := s.syncHeader(ctx, a, d.Inbox, peer)
	// That an actor has a new key is said with the one that everybody knows.
	var former signature.Signer
	changed := false
	if a.Type == "Update" && a.Object == s.site.Actor(a.Actor) {
		if former, changed, err = s.formerSigner(ctx, a); err != nil {
			v.result.Err = err.Error()
			v.result.NextTry = now.Add(s.backoff(d.Attempts))
			return v
		}
	}
	post := func(scheme signature.Scheme) (*fetch.Response, error) {
		signer := rsa
		if scheme == signature.RFC9421 && ed.Private != nil && takesEd25519(peer) {
			signer = ed
		}
		if changed {
			signer = former
		}
		return s.client.Post(ctx, d.Inbox, a.JSON, func(r *http.Request) error {
			if sync != "" {
				r.Header.Set(signature.SyncHeader, sync)
			}
			return signature.Sign(r, a.JSON, signer, scheme, s.clock())
		})
	}
	scheme := schemeOf(peer)
	resp, err := post(scheme)
	if changed && err == nil && resp.Status >= 400 && resp.Status < 500 {
		changed = false // they have the new one already
		resp, err = post(scheme)
	}
	if err == nil && (resp.Status == http.StatusUnauthorized || resp.Status == http.StatusBadRequest) {
		// Mastodon up to 4.4 and GoToSocial know only the one scheme, others
		// only the other.
		other := signature.RFC9421
		if scheme == signature.RFC9421 {
			other = signature.Cavage
		}
		second, err2 := post(other)
		if err2 == nil && second.Status < 300 {
			resp, v.scheme = second, other
		}
	}
	if ctx.Err() != nil && err != nil {
		v.skipped = true // the program stops; nothing is known of it
		return v
	}
	v.result.At = s.now() // a request may take long
	s.judge(&v, resp, err)
	if v.result.Drop && err == nil && resp.Status == http.StatusForbidden && s.latelyRekeyed(ctx, a.Actor) {
		// Hubzilla says so of a signature that it cannot verify yet.
		v.result.Drop, v.result.NextTry = false, v.result.At.Add(s.backoff(d.Attempts))
	}
	return v
}

// latelyRekeyed tells whether an actor got new keys while its deliveries of now
// may have been waiting.
func (s *Server) latelyRekeyed(ctx context.Context, a community.LocalActor) bool {
	_, err := s.node.FormerKey(ctx, a, s.now().Add(-keepTrying))
	return err == nil
}

// judge decides by the answer whether a delivery is done, dropped or tried
// again (interop §1.5: Mastodon does it so).
func (s *Server) judge(v *verdict, resp *fetch.Response, err error) {
	d, now := v.result.Delivery, v.result.At
	again := func(msg string) {
		v.result.Err = msg
		v.result.NextTry = now.Add(s.backoff(d.Attempts))
	}
	if err != nil {
		again(err.Error())
		v.down = true
		if e, ok := errors.AsType[*fetch.Error](err); ok {
			switch e.Kind {
			case fetch.BadURL:
				v.result.Drop, v.down = true, false
			case fetch.Timeout:
				// It may be this one activity that they never answer to (Gancio
				// does that). It waits longer than its host, so that others go
				// first.
				v.result.NextTry = now.Add(2 * s.backoff(d.Attempts))
			}
		}
		return
	}
	status := resp.Status
	answer := fmt.Sprintf("%s %d %s", answered, status, http.StatusText(status))
	if body := oneLine(resp.Body); body != "" && status >= 300 {
		answer += ": " + body
	}
	switch {
	case status >= 200 && status < 300:
		v.result.OK = true
	case status == http.StatusGone:
		v.result.Drop, v.result.Err, v.lost = true, answer, true
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		again(answer)
		v.down = true
		if v.pause = resp.RetryAfter; v.pause > 0 {
			v.pause = min(v.pause, backoffMax)
			v.result.NextTry = now.Add(v.pause)
		}
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		again(answer)
		v.down = true
	case status == http.StatusUnauthorized, status == http.StatusRequestTimeout, status == http.StatusTooEarly,
		status >= 300 && status < 400, status >= 500 && status != http.StatusNotImplemented:
		again(answer)
		if resp.RetryAfter > 0 {
			v.result.NextTry = now.Add(min(resp.RetryAfter, backoffMax))
		}
	default:
		v.result.Drop, v.result.Err = true, answer
	}
}

// oneLine is the beginning of an answer, for a log line.
func oneLine(b []byte) string {
	return clip(strings.Join(strings.Fields(strings.ToValidUTF8(string(b[:min(len(b), 300)]), "")), " "), 200)
}
