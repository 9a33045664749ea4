package federation

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"konfa/community"
)

// getActor answers with one of the two actors that every node has.
func (s *Server) getActor(a community.LocalActor) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { s.actorDocument(w, r, a) }
}

func (s *Server) getMember(w http.ResponseWriter, r *http.Request) {
	a, err := s.memberActor(r)
	if err != nil {
		if community.CodeOf(err) == community.Gone && s.gone(w, r, s.site.Actor(community.MemberActor(chi.URLParam(r, "name")))) {
			return
		}
		s.fail(w, r, err)
		return
	}
	s.actorDocument(w, r, a)
}

func (s *Server) actorDocument(w http.ResponseWriter, r *http.Request, a community.LocalActor) {
	body, err := s.actorBytes(r.Context(), a)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.document(w, r, http.StatusOK, body)
}

// documents keeps the actors of the node as they were last written: writing
// one costs some hundred times what comparing its stamp does, and every new
// server reads one or two of them.
type documents struct {
	mu   sync.Mutex
	kept map[community.LocalActor]keptDocument // guarded by mu
}

type keptDocument struct {
	stamp string
	body  []byte
}

// keptActors bounds the memory that members' documents take.
const keptActors = 512

func (s *Server) actorBytes(ctx context.Context, a community.LocalActor) ([]byte, error) {
	stamp, err := s.actorStamp(ctx, a)
	if err != nil {
		return nil, err
	}
	s.docs.mu.Lock()
	kept, ok := s.docs.kept[a]
	s.docs.mu.Unlock()
	if ok && kept.stamp == stamp {
		return kept.body, nil
	}
	body, err := s.node.ActorDocument(ctx, a)
	if err != nil {
		return nil, err
	}
	s.docs.mu.Lock()
	defer s.docs.mu.Unlock()
	if s.docs.kept == nil || len(s.docs.kept) >= keptActors {
		s.docs.kept = map[community.LocalActor]keptDocument{}
	}
	s.docs.kept[a] = keptDocument{stamp, body}
	return body, nil
}

// actorStamp changes whenever the document of an actor may: with the actor,
// with the city, and with the keys.
func (s *Server) actorStamp(ctx context.Context, a community.LocalActor) (string, error) {
	var b strings.Builder
	city, err := s.store.City(ctx)
	if err != nil {
		return "", err
	}
	b.WriteString(city.Updated.Format(time.RFC3339Nano))
	if handle, ok := a.Member(); ok {
		m, err := s.store.Member(ctx, handle)
		if err != nil {
			return "", err
		}
		b.WriteString(" " + m.Updated.Format(time.RFC3339Nano))
		if !m.Active() {
			b.WriteString(" away")
		}
	}
	keys, err := s.node.SigningKeys(ctx, a)
	if err != nil {
		return "", err
	}
	for _, k := range keys {
		b.WriteString(" " + k.Kind + k.Created.Format(time.RFC3339Nano))
	}
	return b.String(), nil
}
