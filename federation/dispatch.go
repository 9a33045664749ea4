package federation

import (
	"context"
	"errors"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
	"konfa/storage"
)

// incoming is a received activity on its way to the node.
type incoming struct {
	*activitystreams.Envelope
	from *community.Actor // who sent it, verified
	uri  string           // its id, or the one it was given here
	at   *storage.Received
}

// everyone is whom the activity was addressed to.
func (in *incoming) everyone() []string {
	return append(append([]string{}, in.To...), in.Cc...)
}

// handler does one kind of activity and says in a few words what came of it.
type handler func(s *Server, ctx context.Context, in *incoming) (outcome string, err error)

// handlers has every activity that means something here. Whatever is not in it
// is refused by name.
var handlers = map[string]handler{
	"Follow": (*Server).onFollow,
	"Undo":   (*Server).onUndo,

	"Accept":          (*Server).onAccept,
	"Reject":          (*Server).onReject,
	"TentativeAccept": (*Server).onTentativeAccept,
	"TentativeReject": (*Server).onReject,
	"Ignore":          (*Server).onIgnore,

	"Create": (*Server).onCreate,
	"Update": (*Server).onUpdate,
	"Delete": (*Server).onDelete,

	"Announce": (*Server).onAnnounce,

	"Like":       (*Server).onLike,
	"EmojiReact": (*Server).onLike,

	"Join":  (*Server).onJoin,
	"Leave": (*Server).onLeave,

	"Offer":  (*Server).onOffer,
	"Invite": (*Server).onInvite,

	"Move":  (*Server).onMove,
	"Block": (*Server).onBlock,
	"Flag":  (*Server).onFlag,

	"Travel": (*Server).onTravel,

	"Add":    (*Server).onAdd,
	"Remove": (*Server).onRemove,
}

// turnedDown says why some well-known activities are not taken.
var turnedDown = map[string]string{
	"Dislike":      "dislikes are not counted here",
	"Question":     "a question comes as the object of a Create",
	"QuoteRequest": "quotes need no permission here",
	"View":         "views are not counted here",
	"Listen":       "listening is not counted here",
	"Read":         "reading is not counted here",
	"Arrive":       "arrivals are not followed here",
	"Lock":         "discussions of other servers are not moderated here",
	"Member":       "groups of other servers are not mirrored here",
}

// actorAge is how long an actor is believed to be as it was.
const actorAge = 7 * 24 * time.Hour

// dispatch hands a received activity to whom it concerns.
func (s *Server) dispatch(ctx context.Context, row *received) (_ string, err error) {
	env := row.env
	if row.err != nil {
		return "", row.err
	}
	if blocked, why := s.blocked(ctx, env.Actor); blocked {
		return "", community.Errorf(community.Forbidden, "%s", why)
	}
	handle := handlers[env.Type]
	if handle == nil {
		why := turnedDown[env.Type]
		if why == "" {
			why = "konfa does not know this kind of activity"
		}
		return "", community.Errorf(community.Refused, "%s", why)
	}
	if env.Actor != row.Actor {
		return s.onForwarded(ctx, env)
	}
	in := &incoming{Envelope: env, uri: env.ID, at: row.Received}
	if in.uri == "" {
		in.uri = row.URI
	}
	if in.from, err = s.sender(ctx, env); err != nil {
		return "", err
	}
	return handle(s, ctx, in)
}

// sender is the actor of an activity. One that says goodbye is not asked for
// again: its address answers 410 by now.
func (s *Server) sender(ctx context.Context, env *activitystreams.Envelope) (*community.Actor, error) {
	if env.Type == "Delete" {
		a, err := s.store.Actor(ctx, env.Actor)
		if err == nil || community.CodeOf(err) != community.NotFound {
			return a, err
		}
	}
	a, err := s.actor(ctx, env.Actor, actorAge)
	if err == nil && !fetch.SameAddress(a.URI, env.Actor) {
		err = community.Errorf(community.Forbidden, "%s calls itself %s now", env.Actor, a.URI)
	}
	return a, err
}

// actor is the actor of an id. The address must not lead to one of another
// server: else whoever owns the address could speak as that one (FEP-fe34).
func (s *Server) actor(ctx context.Context, uri string, maxAge time.Duration) (*community.Actor, error) {
	a, err := s.resolver.Actor(ctx, uri, maxAge)
	if err == nil && !fetch.SameOrigin(a.URI, uri) {
		return nil, community.Errorf(community.Forbidden, "%s leads to %s, which is of another server", clip(uri, 200), a.URI)
	}
	return a, err
}

// temporary tells whether trying again later may help.
func temporary(err error) bool {
	if e, ok := errors.AsType[*fetch.Error](err); ok {
		return e.Temporary()
	}
	if e, ok := errors.AsType[*signature.Error](err); ok {
		return e.Temporary()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	return community.CodeOf(err) == community.Internal
}

// reason is an error in the words for people.
func reason(err error) string {
	if e, ok := errors.AsType[*community.Error](err); ok && e.Msg != "" {
		return e.Msg
	}
	return err.Error()
}

// typ is the type of a received activity, for a log line.
func (r *received) typ() string {
	if r.env == nil {
		return "activity"
	}
	return r.env.Type
}
