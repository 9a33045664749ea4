package node

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// Publish says whether followers are told. By default they are, except of what
// is already past.
type Publish struct {
	Quiet    bool // tell nobody
	Announce bool // tell them even of what is past

	Once    string // key of the form that was sent: sent twice, it is done once; or empty
	Message string // of the organisers, to the guests of what is changed
}

// tells decides whether followers hear of a conference.
func (p Publish) tells(past bool) bool { return !p.Quiet && (!past || p.Announce) }

// AddConference adds a conference of the city: a draft when c.Draft is set, else
// published at once. Stewards only. Invalid names every field that is wrong.
func (n *Node) AddConference(ctx context.Context, by By, c *community.Conference, p Publish) (*community.Conference, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	uid, slug := c.UID, ""
	err := n.write(ctx, func(tx *storage.Tx) error {
		if made, twice, err := n.sent(ctx, tx, p.Once); err != nil || twice {
			slug = made
			return err
		}
		c.UID = uid // the transaction may run again, and makes new ids then
		if err := n.addConference(ctx, tx, c, p); err != nil {
			return err
		}
		slug = c.Slug
		if err := n.saveSent(ctx, tx, p.Once, slug); err != nil {
			return err
		}
		if c.Draft {
			return n.auditConference(ctx, tx, by, "conference.add", c, "")
		}
		return n.auditConference(ctx, tx, by, "conference.publish", c, "")
	})
	if err != nil {
		return nil, err
	}
	return n.store.Conference(ctx, slug)
}

func (n *Node) addConference(ctx context.Context, tx *storage.Tx, c *community.Conference, p Publish) error {
	city, err := tx.City(ctx)
	if err != nil {
		return err
	}
	if err := n.completeConference(ctx, tx, city, c); err != nil {
		return err
	}
	if err := tx.InsertConference(ctx, c); err != nil {
		return err
	}
	if c.Draft {
		return nil
	}
	return n.announceNew(ctx, tx, city, c, p)
}

// announceNew tells of a conference that was just published, and asks who comes.
func (n *Node) announceNew(ctx context.Context, tx *storage.Tx, city *community.City, c *community.Conference, p Publish) error {
	if err := n.regroup(ctx, tx, c); err != nil {
		return err
	}
	tell := p.tells(c.Past(tx.Now()))
	if err := n.emitConference(ctx, tx, city, c, "Create", tell); err != nil || !tell {
		return err
	}
	return n.openPoll(ctx, tx, city, c)
}

// completeConference gives a new conference of ours everything that it has not
// got yet, and checks it.
func (n *Node) completeConference(ctx context.Context, tx *storage.Tx, city *community.City, c *community.Conference) error {
	c.ID, c.URI, c.URL, c.OriginID, c.Announced = 0, "", "", 0, time.Time{}
	if c.Zone == "" {
		c.Zone = city.Zone
	}
	c.Tidy()
	inLanguage(city.Languages[0], c.Title, c.Text)
	if len(c.Languages) == 0 {
		c.Languages = c.Title.Languages()
	}
	c.HTML = c.Text.Map(prose.Markdown)
	if err := c.Check(); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return community.Errorf(community.Internal, "making an id: %w", err)
	}
	c.UUID = id.String()
	if c.UID == "" {
		c.UID = c.UUID + "@" + n.site.Host()
	}
	c.Created, c.Updated = tx.Now(), tx.Now()
	c.Published = tx.Now()
	if c.Draft {
		c.Published = time.Time{}
	}
	if c.Venue != nil && c.Venue.Revision == 0 {
		c.Venue.Revision = 1
	}
	c.Slug, err = n.freeSlug(ctx, tx, "conf/", slugsOf(c))
	return err
}

// inLanguage fills in the language of texts where nobody said it.
func inLanguage(lang string, texts ...community.Texts) {
	for _, t := range texts {
		for i := range t {
			if t[i].Lang == "" {
				t[i].Lang = lang
			}
		}
	}
}

// slugsOf lists the addresses a conference would like, best first: its title,
// with the year, with the day.
func slugsOf(c *community.Conference) []string {
	slug := community.Slug(c.Title.First(), "conf")
	start := c.LocalStart()
	return []string{slug, slug + start.Format("-2006"), slug + start.Format("-2006-01-02")}
}

// freeSlug returns the first slug that is not taken and never was, numbered if
// all are.
func (n *Node) freeSlug(ctx context.Context, tx *storage.Tx, prefix string, wanted []string) (string, error) {
	taken := func(slug string) (bool, error) {
		if slug == "new" {
			return true, nil // at the desk that is where one is begun
		}
		var err error
		if prefix == "conf/" {
			_, err = tx.Conference(ctx, slug)
		} else {
			_, err = tx.Post(ctx, slug)
		}
		if ok, err := found(err); ok || err != nil {
			return ok, err
		}
		_, err = tx.Tombstone(ctx, prefix+slug)
		return found(err)
	}
	for i, last := 0, wanted[len(wanted)-1]; ; i++ {
		slug := ""
		if i < len(wanted) {
			slug = wanted[i]
		} else {
			slug = fmt.Sprintf("%s-%d", last, i-len(wanted)+2)
		}
		switch used, err := taken(slug); {
		case err != nil:
			return "", err
		case !used:
			return slug, nil
		}
	}
}

// PublishConference publishes a draft. Conflict when it is published already.
func (n *Node) PublishConference(ctx context.Context, by By, slug string, p Publish) (*community.Conference, error) {
	return n.changeConference(ctx, by, slug, func(tx *storage.Tx, city *community.City, c *community.Conference) error {
		return n.publishConference(ctx, tx, city, by, c, p)
	})
}

func (n *Node) publishConference(ctx context.Context, tx *storage.Tx, city *community.City, by By, c *community.Conference, p Publish) error {
	if !c.Draft {
		return &community.Error{Code: community.Conflict, Key: "error.already_published", Msg: c.Title.First() + " is published already"}
	}
	c.Draft = false
	c.Published, c.Updated = tx.Now(), tx.Now()
	if err := tx.UpdateConference(ctx, c); err != nil {
		return err
	}
	if err := n.announceNew(ctx, tx, city, c, p); err != nil {
		return err
	}
	return n.auditConference(ctx, tx, by, "conference.publish", c, "")
}

// UpdateConference changes a conference of ours and tells everyone who knows of
// it. Its address, ids and time of publication stay. More seats let those who
// wait move up.
func (n *Node) UpdateConference(ctx context.Context, by By, slug string, change func(*community.Conference) error) (*community.Conference, error) {
	return n.EditConference(ctx, by, slug, Edit{}, change)
}

// Edit says more of a change of a conference than what is changed.
type Edit struct {
	Seen      time.Time // Updated of the conference that was edited; zero for whatever it is now
	Message   string    // of the organisers to the guests
	Publish   bool      // a draft is published with it
	Quiet     bool      // and followers are not told
	Following bool      // the rest of its series is changed too
}

// EditConference changes a conference of ours as UpdateConference does. Conflict,
// with the key "error.edited", when it is not what was edited any more.
func (n *Node) EditConference(ctx context.Context, by By, slug string, e Edit, change func(*community.Conference) error) (*community.Conference, error) {
	return n.changeConference(ctx, by, slug, func(tx *storage.Tx, city *community.City, c *community.Conference) error {
		if !e.Seen.IsZero() && !e.Seen.Equal(c.Updated) {
			return &community.Error{Code: community.Conflict, Key: "error.edited", Msg: "someone else changed this in the meantime"}
		}
		old := *c
		change := func(c *community.Conference) error {
			if err := change(c); err != nil {
				return err
			}
			return n.takeMessageOffIfOn(ctx, tx, old.Status, c)
		}
		if err := n.updateConference(ctx, tx, city, c, change, Publish{Message: strings.TrimSpace(e.Message)}); err != nil {
			return err
		}
		if e.Following && c.SeriesID != 0 {
			if err := n.editFollowing(ctx, tx, city, &old, c, strings.TrimSpace(e.Message)); err != nil {
				return err
			}
		}
		if e.Publish && c.Draft {
			return n.publishConference(ctx, tx, city, by, c, Publish{Quiet: e.Quiet})
		}
		return n.auditConference(ctx, tx, by, "conference.update", c, strings.TrimSpace(e.Message))
	})
}

func (n *Node) updateConference(ctx context.Context, tx *storage.Tx, city *community.City, c *community.Conference, change func(*community.Conference) error, p Publish) error {
	old := *c
	if c.Venue != nil {
		venue := *c.Venue
		if venue.Place != nil {
			place := *venue.Place
			venue.Place = &place
		}
		old.Venue = &venue
	}
	if err := change(c); err != nil {
		return err
	}
	c.ID, c.UUID, c.Slug, c.URI, c.UID, c.Draft = old.ID, old.UUID, old.Slug, old.URI, old.UID, old.Draft
	c.Created, c.Published, c.Sequence, c.SeriesID = old.Created, old.Published, old.Sequence, old.SeriesID
	c.URL, c.OriginID, c.Announced = old.URL, old.OriginID, old.Announced
	if c.AllDay && old.AllDay && c.Zone != old.Zone && c.Start.Equal(old.Start) && c.End.Equal(old.End) {
		// The days stay on another clock, and begin when they do there.
		from, to := old.LocalStart(), old.End.In(old.Location())
		c.Start = time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, c.Location())
		c.End = time.Date(to.Year(), to.Month(), to.Day(), 0, 0, 0, 0, c.Location())
	}
	c.Tidy()
	inLanguage(city.Languages[0], c.Title, c.Text)
	c.HTML = c.Text.Map(prose.Markdown)
	if err := c.Check(); err != nil {
		return err
	}
	if c.Matters(&old) {
		c.Sequence++
	}
	bumpVenue(&old, c, tx.Now())
	c.Updated = tx.Now()
	if err := tx.UpdateConference(ctx, c); err != nil {
		return err
	}
	if c.Draft {
		return nil
	}
	if err := n.notifyChange(ctx, tx, c, &old); err != nil {
		return err
	}
	if err := n.writeChange(ctx, tx, c, &old, p.Message); err != nil {
		return err
	}
	if err := n.regroup(ctx, tx, c); err != nil {
		return err
	}
	if c.Status == community.Cancelled {
		if err := n.revokeOffers(ctx, tx, storage.OfferQuery{ConferenceID: c.ID, States: openOffers}); err != nil {
			return err
		}
	}
	if err := n.promote(ctx, tx, c); err != nil {
		return err
	}
	tell := p.tells(old.Past(tx.Now()) && c.Past(tx.Now()))
	if err := n.emitConference(ctx, tx, city, c, "Update", tell); err != nil {
		return err
	}
	if err := n.tendPoll(ctx, tx, city, &old, c, tell); err != nil {
		return err
	}
	if c.Status == community.Cancelled && old.Status != community.Cancelled && !c.Past(tx.Now()) {
		if err := n.tellGuests(ctx, tx, c, "rsvp.cancelled"); err != nil {
			return err
		}
	}
	if !tell {
		return nil
	}
	return n.noteChange(ctx, tx, city, &old, c)
}

// bumpVenue gives a changed venue a new id: Mobilizon and Gancio never read a
// place again that they know by its id.
func bumpVenue(old, c *community.Conference, now time.Time) {
	if c.Venue == nil {
		return
	}
	last := 0
	switch {
	case old.Venue != nil:
		last = old.Venue.Revision
	case !old.Draft:
		// There may have been a place before there was none; no id is used again.
		last = int(now.Unix())
	}
	c.Venue.Revision = max(last, 1)
	if old.Venue != nil && sameVenue(old.Venue, c.Venue) {
		return
	}
	c.Venue.Revision = last + 1
}

// sameVenue compares two places, whatever their revision.
func sameVenue(a, b *community.Venue) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *withoutPlace(a) == *withoutPlace(b) && samePlace(a.Place, b.Place)
}

func withoutPlace(v *community.Venue) *community.Venue {
	w := *v
	w.Place, w.Revision = nil, 0
	return &w
}

func samePlace(a, b *community.Point) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// changeConference runs a change of one of our conferences by whoever may, and
// returns it as it is afterwards.
func (n *Node) changeConference(ctx context.Context, by By, slug string, change func(*storage.Tx, *community.City, *community.Conference) error) (*community.Conference, error) {
	if by.Member == nil && !by.Console {
		return nil, by.may(community.Steward)
	}
	err := n.write(ctx, func(tx *storage.Tx) error {
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := n.mayRun(by, c); err != nil {
			return err
		}
		return change(tx, city, c)
	})
	if err != nil {
		return nil, err
	}
	return n.store.Conference(ctx, slug)
}

// ownConference reads a conference of ours. Gone when it was deleted, NotFound
// when it never was.
func (n *Node) ownConference(ctx context.Context, r *storage.Reader, slug string) (*community.Conference, error) {
	c, err := r.Conference(ctx, slug)
	if err == nil || community.CodeOf(err) != community.NotFound {
		return c, err
	}
	if _, terr := r.Tombstone(ctx, "conf/"+slug); terr == nil {
		return nil, community.Errorf(community.Gone, "the conference %q was deleted", slug)
	}
	return nil, community.Errorf(community.NotFound, "there is no conference %q", slug).WithHint("konfa conf list shows them all")
}

// DeleteConference removes a conference of ours for good: its address answers
// 410 from now on, and everyone who knows of it is told.
func (n *Node) DeleteConference(ctx context.Context, by By, slug string) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		return n.dropConference(ctx, tx, by, c)
	})
}

func (n *Node) dropConference(ctx context.Context, tx *storage.Tx, by By, c *community.Conference) error {
	if err := n.auditConference(ctx, tx, by, "conference.delete", c, ""); err != nil {
		return err
	}
	inboxes, err := n.concernedInboxes(ctx, tx, c)
	if err != nil {
		return err
	}
	if !c.Past(tx.Now()) {
		if err := n.notifyGuests(ctx, tx, c, community.NoticeDeleted); err != nil {
			return err
		}
		if err := n.tellGuests(ctx, tx, c, "rsvp.cancelled"); err != nil {
			return err
		}
		if err := n.writeDeleted(ctx, tx, c); err != nil {
			return err
		}
	}
	if err := n.dropPoll(ctx, tx, c); err != nil {
		return err
	}
	if err := n.revokeOffers(ctx, tx, storage.OfferQuery{ConferenceID: c.ID}); err != nil {
		return err
	}
	if err := n.deleteConference(ctx, tx, c.ID); err != nil {
		return err
	}
	if err := tx.SaveTombstone(ctx, "conf/"+c.Slug, "Event"); err != nil {
		return err
	}
	if c.Draft {
		return nil
	}
	id := n.site.Conference(c.Slug)
	doc, err := n.enc.Tombstone(id, "Event", tx.Now())
	if err != nil {
		return err
	}
	if err := n.dropFormed(ctx, tx, c); err != nil {
		return err
	}
	if err := n.emitThread(ctx, tx, thread{typ: "Delete", author: community.DeskActor, object: bareID(id), objectID: id, objectType: "Event", inboxes: inboxes}); err != nil {
		return err
	}
	return n.emitFromBoth(ctx, tx, emission{typ: "Delete", object: doc, objectID: id, objectType: "Event", inboxes: inboxes})
}

// emitConference writes what happened to a conference and tells whoever should
// know: the city tells its followers and guests, the node tells the servers that
// follow it. Mobilizon shows an event only after the Announce of its address;
// Gancio takes a Create only from the actor it follows (event-peers §0).
func (n *Node) emitConference(ctx context.Context, tx *storage.Tx, city *community.City, c *community.Conference, typ string, tell bool) error {
	// The seats are counted when the row is read.
	c, err := tx.ConferenceByID(ctx, c.ID)
	if err != nil {
		return err
	}
	doc, err := n.eventDocument(ctx, tx.Reader, city, c, community.CityActor, "Event")
	if err != nil {
		return err
	}
	inboxes, err := n.concernedInboxes(ctx, tx, c)
	if err != nil {
		return err
	}
	id := n.site.Conference(c.Slug)
	if !tell && c.Past(tx.Now()) {
		_, err := n.emit(ctx, tx, n.publicly(community.CityActor, emission{typ: typ, object: doc, objectID: id, objectType: "Event", quiet: true}))
		return err
	}
	// Who holds a seat hears of every change, also of one that followers are
	// not told of, such as that of an import.
	if err := n.emitFromBoth(ctx, tx, emission{typ: typ, object: doc, objectID: id, objectType: "Event", inboxes: inboxes, silent: !tell}); err != nil {
		return err
	}
	if tell {
		if err := n.emitEventThread(ctx, tx, city, c, typ, inboxes); err != nil {
			return err
		}
		if err := n.emitCard(ctx, tx, city, c); err != nil {
			return err
		}
	}
	if typ != "Create" {
		return nil
	}
	if tell {
		if err := n.emitBare(ctx, tx, c); err != nil {
			return err
		}
	}
	_, err = n.emit(ctx, tx, n.publicly(community.NodeActor, emission{typ: "Announce", object: id, objectID: id, objectType: "Event", silent: !tell}))
	return err
}

// emitFromBoth writes the same activity once from the city and once from the
// node, each to its own followers.
func (n *Node) emitFromBoth(ctx context.Context, tx *storage.Tx, e emission) error {
	if _, err := n.emit(ctx, tx, n.publicly(community.CityActor, e)); err != nil {
		return err
	}
	e.inboxes = nil
	_, err := n.emit(ctx, tx, n.publicly(community.NodeActor, e))
	return err
}

// publicly addresses an emission to everyone and the followers of an actor.
func (n *Node) publicly(a community.LocalActor, e emission) emission {
	e.actor = a
	e.to = []string{activitystreams.PublicURI}
	e.cc = []string{n.site.Followers(a)}
	e.public, e.followers = true, !e.silent
	return e
}

// concernedInboxes is where those on other servers read who have a part in a
// conference without following the city: its guests, and whoever answered, liked
// or boosted it.
func (n *Node) concernedInboxes(ctx context.Context, tx *storage.Tx, c *community.Conference) ([]storage.Target, error) {
	guests, err := tx.Guests(ctx, c.ID, community.Partaking...)
	if err != nil {
		return nil, err
	}
	ids, err := tx.Engaged(ctx, n.site.Conference(c.Slug))
	if err != nil {
		return nil, err
	}
	for _, g := range guests {
		if g.ActorID != 0 {
			ids = append(ids, g.ActorID)
		}
	}
	return n.inboxesOf(ctx, tx, ids)
}

func (n *Node) inboxesOf(ctx context.Context, tx *storage.Tx, ids []int64) ([]storage.Target, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	actors, err := tx.Actors(ctx, ids)
	if err != nil {
		return nil, err
	}
	return targets(actors), nil
}

// EventDocument is the ActivityPub document of a published conference of ours.
// Gone when it was deleted, NotFound when it never was or is a draft.
func (n *Node) EventDocument(ctx context.Context, slug string) ([]byte, error) {
	return n.publishedEvent(ctx, slug, community.CityActor, "Event")
}

func (n *Node) publishedEvent(ctx context.Context, slug string, author community.LocalActor, kind string) ([]byte, error) {
	c, err := n.ownConference(ctx, n.store.Reader, slug)
	if err != nil {
		return nil, err
	}
	if c.Draft {
		return nil, community.Errorf(community.NotFound, "there is no conference %q", slug)
	}
	city, err := n.store.City(ctx)
	if err != nil {
		return nil, err
	}
	return n.eventDocument(ctx, n.store.Reader, city, c, author, kind)
}

func (n *Node) eventDocument(ctx context.Context, r *storage.Reader, city *community.City, c *community.Conference, author community.LocalActor, kind string) ([]byte, error) {
	replies, err := r.CountTalk(ctx, storage.TalkQuery{ReplyTo: n.site.Conference(c.Slug)})
	if err != nil {
		return nil, err
	}
	return n.enc.Event(c, activitystreams.EventExtra{Replies: replies, City: city, Author: author, Type: kind})
}
