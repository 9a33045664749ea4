package node

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// emission is an activity to be written and sent.
type emission struct {
	actor      community.LocalActor
	typ        string
	object     any    // IRI, document, or activitystreams.Activity
	objectID   string // id of the object, which orders deliveries
	order      string // id that orders them instead, or empty
	objectType string // for what a peer cannot take
	to, cc     []string
	target     string // IRI, of a Move, or a city that is offered something
	content    string
	audience   string         // FEP-1b12
	form       community.Form // whom it is written for
	public     bool           // listed in the outbox
	quiet      bool           // written, but sent to nobody
	silent     bool           // followers are not told, inboxes are
	followers  bool           // sent to the actor's followers
	inboxes    []storage.Target
	except     string // a host that must not get it
}

// emit writes an activity and queues its fan-out. It returns the id of the
// activity.
func (n *Node) emit(ctx context.Context, tx *storage.Tx, e emission) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", community.Errorf(community.Internal, "making an id: %w", err)
	}
	uri := n.site.Activity(id.String())
	doc, err := n.enc.Activity(activitystreams.Activity{
		ID: uri, Type: e.typ, Actor: e.actor, To: e.to, Cc: e.cc, Object: e.object, Target: e.target, Content: e.content, Audience: e.audience, Published: tx.Now(),
	})
	if err != nil {
		return "", err
	}
	row := &storage.Activity{UUID: id.String(), Actor: e.actor, Type: e.typ, Object: e.objectID, JSON: doc, Public: e.public, Form: e.form, Created: tx.Now()}
	if err := tx.InsertActivity(ctx, row); err != nil {
		return "", err
	}
	if e.quiet {
		return uri, nil
	}
	audience := storage.Audience{Inboxes: e.inboxes, Order: orElse(e.order, e.objectID), Type: e.typ, Object: e.objectType, Except: e.except}
	if e.followers {
		audience.Followers = []community.LocalActor{e.actor}
	}
	if len(audience.Followers) == 0 && len(audience.Inboxes) == 0 {
		return uri, nil
	}
	return uri, tx.InsertFanout(ctx, row.ID, audience)
}

// emitActor tells the followers of an actor that it changed. Keys are the new
// ones in the same transaction, or nil for those in use.
func (n *Node) emitActor(ctx context.Context, tx *storage.Tx, a community.LocalActor, keys []community.KeyPair) error {
	doc, err := n.actorDocument(ctx, tx.Reader, a, keys)
	if err != nil {
		return err
	}
	id := n.site.Actor(a)
	_, err = n.emit(ctx, tx, emission{
		actor: a, typ: "Update", object: doc, objectID: id, objectType: actorType(a),
		to: []string{activitystreams.PublicURI}, cc: []string{n.site.Followers(a)}, followers: true,
	})
	return err
}

// ActorDocument is the ActivityPub document of one of our actors. NotFound for
// one that never was, Gone for one that is no more.
func (n *Node) ActorDocument(ctx context.Context, a community.LocalActor) ([]byte, error) {
	return n.actorDocument(ctx, n.store.Reader, a, nil)
}

func (n *Node) actorDocument(ctx context.Context, r *storage.Reader, a community.LocalActor, fresh []community.KeyPair) ([]byte, error) {
	var member *community.Member
	if handle, ok := a.Member(); ok {
		m, err := r.Member(ctx, handle)
		if err != nil {
			return nil, err
		}
		if !m.Deleted.IsZero() {
			return nil, community.Errorf(community.Gone, "%s is not here any more", handle)
		}
		if !m.Suspended.IsZero() {
			return nil, community.Errorf(community.Forbidden, "%s is suspended", handle)
		}
		member = m
	}
	city, err := r.City(ctx)
	if err != nil {
		return nil, err
	}
	var keys activitystreams.ActorKeys
	if fresh == nil {
		if keys, err = n.ActorKeys(ctx, a); err != nil {
			return nil, err
		}
	}
	for _, k := range fresh {
		der, err := publicDER(k)
		if err != nil {
			return nil, err
		}
		if k.Kind == KeyRSA {
			keys.RSA = der
		} else {
			keys.Ed25519 = der
		}
	}
	switch {
	case member != nil:
		return n.enc.Member(member, keys)
	case a == community.CityActor:
		return n.enc.City(city, keys)
	case a == community.NodeActor:
		return n.enc.Node(city, keys)
	case a == community.DeskActor:
		return n.enc.Desk(city, keys)
	}
	return nil, community.Errorf(community.NotFound, "there is no actor %s", a)
}

func actorType(a community.LocalActor) string {
	switch a {
	case community.CityActor:
		return "Group"
	case community.NodeActor:
		return "Application"
	case community.DeskActor:
		return "Service"
	}
	return "Person"
}

// target is where to send what is meant for one actor.
func target(a *community.Actor) storage.Target {
	return storage.Target{Host: a.Host, URL: a.Inbox}
}

// targets is where to send what is meant for several actors: shared inboxes
// where there are some.
func targets(actors map[int64]*community.Actor) []storage.Target {
	var out []storage.Target
	for _, a := range actors {
		if !a.Gone.IsZero() || a.Inbox == "" {
			continue
		}
		out = append(out, storage.Target{Host: a.Host, URL: a.DeliverTo()})
	}
	slices.SortFunc(out, func(a, b storage.Target) int {
		if a.URL < b.URL {
			return -1
		}
		if a.URL > b.URL {
			return 1
		}
		return 0
	})
	return slices.Compact(out)
}
