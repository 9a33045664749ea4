package federation

import (
	"context"
	"net/http"
	"strings"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
)

// guard stands before every ActivityPub address. A signed request of a blocked
// server or actor is refused in any mode; under authorized fetch an unsigned
// one is too, except where open is set: the instance actor must be readable
// for anyone, or two such servers could never begin to talk.
func (s *Server) guard(open bool, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.admit(w, r, open) {
			return
		}
		next(w, r)
	}
}

// admit answers the request and returns false when it must not be served.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, open bool) bool {
	if !signed(r) {
		if s.o.AuthorizedFetch && !open {
			w.Header().Set("WWW-Authenticate", `Signature realm="`+s.site.Host()+`",headers="(request-target) host date"`)
			s.problem(w, http.StatusUnauthorized, "this server answers signed requests only")
			return false
		}
		return true
	}
	// The claim is enough to turn someone away who says to be blocked.
	if keyID, err := signature.KeyID(r); err == nil {
		if blocked, reason := s.blocked(r.Context(), actorOfKey(keyID)); blocked {
			s.problem(w, http.StatusForbidden, reason)
			return false
		}
	}
	if !s.o.AuthorizedFetch || open {
		return true
	}
	v, err := s.verifier.Verify(r, nil)
	if err != nil {
		s.unverified(w, r, err)
		return false
	}
	if blocked, reason := s.blocked(r.Context(), v.Owner); blocked {
		s.problem(w, http.StatusForbidden, reason)
		return false
	}
	return true
}

// actorOfKey guesses the actor of a key by its id: without the fragment, and
// without the last part where the key has a path of its own (GoToSocial).
func actorOfKey(keyID string) string {
	owner, _, _ := strings.Cut(keyID, "#")
	for _, tail := range []string{"/main-key", "/publickey"} {
		owner = strings.TrimSuffix(owner, tail)
	}
	return owner
}

// blocked tells whether a block keeps an actor, or its host, out altogether.
func (s *Server) blocked(ctx context.Context, actorURI string) (bool, string) {
	b, err := s.store.BlockOf(ctx, fetch.Host(actorURI), actorURI)
	if err != nil {
		if community.CodeOf(err) != community.NotFound {
			s.log.Error("reading blocks", "error", err)
		}
		return false, ""
	}
	if b.Severity != community.Suspend {
		return false, ""
	}
	if b.ActorURI != "" {
		return true, "this actor is blocked here"
	}
	return true, "the domain " + b.Domain + " is blocked here"
}
