package node

import (
	"context"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// thread is something of ours that servers made of communities and threads keep
// as a post of the city's community.
type thread struct {
	typ    string // Create, Update or Delete
	author community.LocalActor
	// object makes a document whose author is author, or an id; it is asked for
	// only where a follower needs it.
	object     func() (any, error)
	objectID   string
	objectType string
	form       community.Form   // Threads where empty
	inboxes    []storage.Target // told beside the followers
}

// emitThread wraps what an author did into an Announce of the city (FEP-1b12),
// where a follower needs it so: Lemmy believes a group only what it announces,
// and takes no group as an author.
func (n *Node) emitThread(ctx context.Context, tx *storage.Tx, t thread) error {
	if t.form == "" {
		t.form = community.Threads
	}
	needed, err := n.needsForm(ctx, tx, t.form, t.inboxes)
	if err != nil || !needed {
		return err
	}
	object, err := t.object()
	if err != nil {
		return err
	}
	group := n.site.Actor(community.CityActor)
	inner := activitystreams.Activity{
		Type: t.typ, Actor: t.author, Object: object, Audience: group, Published: tx.Now(),
		To: []string{group, activitystreams.PublicURI}, Cc: []string{group},
	}
	// It is kept so that its id is an address, and sent only inside the other.
	inner.ID, err = n.emit(ctx, tx, emission{
		actor: inner.Actor, typ: inner.Type, object: inner.Object, objectID: t.objectID, objectType: t.objectType, audience: group,
		to: inner.To, cc: inner.Cc, public: true, quiet: true,
	})
	if err != nil {
		return err
	}
	return n.announceThread(ctx, tx, emission{object: inner, objectID: t.objectID, objectType: t.typ, form: t.form, inboxes: t.inboxes})
}

// announceThread announces an activity, which is the object, to the followers
// of the city in a form of threads.
func (n *Node) announceThread(ctx context.Context, tx *storage.Tx, e emission) error {
	group := n.site.Actor(community.CityActor)
	e.actor, e.typ, e.audience, e.followers = community.CityActor, "Announce", group, true
	e.to, e.cc = []string{group, activitystreams.PublicURI}, []string{n.site.Followers(community.CityActor)}
	_, err := n.emit(ctx, tx, e)
	return err
}

// emitEventThread is emitThread of a conference, with the desk as its author: as
// an Event, and as a Page for those who know none.
func (n *Node) emitEventThread(ctx context.Context, tx *storage.Tx, city *community.City, c *community.Conference, typ string, inboxes []storage.Target) error {
	for _, form := range []community.Form{community.ThreadEvents, community.ThreadPages} {
		kind := threadKind(form)
		document := func() (any, error) { return n.eventDocument(ctx, tx.Reader, city, c, community.DeskActor, kind) }
		err := n.emitThread(ctx, tx, thread{
			typ: typ, author: community.DeskActor, object: document, objectID: n.site.Conference(c.Slug), objectType: kind, form: form, inboxes: inboxes,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// threadKind is what a conference is in a form of threads.
func threadKind(f community.Form) string {
	if f == community.ThreadPages {
		return "Page"
	}
	return "Event"
}

// threaded tells whether a post of ours is one of the city's community: what the
// city says to everyone.
func threaded(p *community.Post) bool {
	return p.Own() && p.Author == community.CityActor && p.Kind == community.OrdinaryPost &&
		(p.Visibility == community.Public || p.Visibility == community.Unlisted)
}

// emitPostThread is emitThread of a post of the city.
func (n *Node) emitPostThread(ctx context.Context, tx *storage.Tx, p *community.Post, typ, objectType string, inboxes []storage.Target) error {
	id := n.site.Post(p.Slug)
	object := func() (any, error) { return n.enc.ThreadPost(p) }
	if typ == "Delete" {
		object = bareID(id)
	}
	return n.emitThread(ctx, tx, thread{typ: typ, author: community.DeskActor, object: object, objectID: id, objectType: objectType, inboxes: inboxes})
}

// bareID is the object of what names no more than the id.
func bareID(id string) func() (any, error) { return func() (any, error) { return id, nil } }

// EventDocumentFor is EventDocument in the form that a software needs.
func (n *Node) EventDocumentFor(ctx context.Context, slug string, f community.Form) ([]byte, error) {
	author := community.CityActor
	if f.Threaded() {
		author = community.DeskActor
	}
	return n.publishedEvent(ctx, slug, author, threadKind(f))
}
