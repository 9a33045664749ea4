package node

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"konfa/community"
	"konfa/gazetteer"
	"konfa/storage"
)

// Sizes of the pieces in which the world is kept in order, so that no piece
// holds up other writes.
const (
	settleTodos  = 50
	settleActor  = 100
	sweepAtOnce  = 500
	pruneAtOnce  = 100
	townDistance = 30.0  // kilometres from a point to the town it belongs to
	homonym      = 200.0 // kilometres beyond which a town of a name is another one
)

// How long conferences are kept that are here for no lasting reason.
const (
	keepOver    = 24 * time.Hour      // after they are over
	keepLookups = 90 * 24 * time.Hour // that someone looked at
	mostLookups = 10_000
)

// SettleWorld looks at some of what may have come into the world's list or left
// it, and writes down what is so. It tells how many things it looked at, 0 when
// there was nothing left.
//
// The world lists what the city published or announced, what those have that a
// steward follows, what cities that we follow announce, and what the known cities
// have; never what a block hides.
func (n *Node) SettleWorld(ctx context.Context) (int, error) {
	if todos, err := n.store.WorldTodos(ctx, 1); err != nil || len(todos) == 0 {
		return 0, err
	}
	looked := 0
	err := n.write(ctx, func(tx *storage.Tx) error {
		todos, err := tx.WorldTodos(ctx, settleTodos)
		if err != nil {
			return err
		}
		looked = len(todos)
		w := &worldWriter{n: n, tx: tx, origins: map[int64]*origin{}}
		for _, t := range todos {
			if err := w.todo(ctx, t); err != nil {
				return err
			}
			if t.Kind == "actor" {
				break // that is enough for one piece
			}
		}
		if !w.changed {
			return nil
		}
		return tx.StampWorld(ctx)
	})
	return looked, err
}

// SweepWorld moves what is over to the past, and tells how many conferences that
// were.
func (n *Node) SweepWorld(ctx context.Context) (int, error) {
	moved := 0
	err := n.write(ctx, func(tx *storage.Tx) error {
		var err error
		if moved, err = tx.SweepWorld(ctx, tx.Now(), sweepAtOnce); err != nil || moved == 0 {
			return err
		}
		return tx.StampWorld(ctx)
	})
	return moved, err
}

// PruneWorld forgets some of the conferences of others that are here for no
// lasting reason: nobody here follows where they come from, answered or announced
// them. They go when they are over, and what was only looked at after 90 days or
// when there are too many. It tells how many went.
func (n *Node) PruneWorld(ctx context.Context) (int, error) {
	gone := 0
	err := n.write(ctx, func(tx *storage.Tx) error {
		ids, err := tx.Idle(ctx, tx.Now().Add(-keepOver), tx.Now().Add(-keepLookups), mostLookups, pruneAtOnce)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := n.deleteConference(ctx, tx, id); err != nil {
				return err
			}
		}
		gone = len(ids)
		return nil
	})
	return gone, err
}

// worldWriter decides what the world lists, within one transaction.
type worldWriter struct {
	n       *Node
	tx      *storage.Tx
	city    *community.City
	origins map[int64]*origin
	changed bool
}

// origin is what is known of where conferences come from.
type origin struct {
	actor     *community.Actor
	known     *community.KnownCity // or nil
	blocked   bool
	followed  bool // by anyone here
	stewarded bool // by the city or the node
}

func (w *worldWriter) todo(ctx context.Context, t storage.WorldTodo) error {
	switch t.Kind {
	case "conference":
		if err := w.conference(ctx, t.Ref); err != nil {
			return err
		}
	case "actor":
		ids, err := w.tx.ConferencesAfter(ctx, t.Ref, t.Passed, settleActor)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := w.conference(ctx, id); err != nil {
				return err
			}
			t.Passed = id
		}
		if len(ids) == settleActor {
			return w.tx.PassWorldTodo(ctx, t)
		}
	case "follow":
		a, err := w.tx.ActorByID(ctx, t.Ref)
		if ok, err := found(err); err != nil {
			return err
		} else if ok {
			if err := w.tx.AddWorldTodoHost(ctx, a.Host); err != nil {
				return err
			}
		}
	case "blocks":
		w.changed = true // cities come and go with them too
		if err := w.tx.AddWorldTodoBlocks(ctx); err != nil {
			return err
		}
	}
	return w.tx.DeleteWorldTodo(ctx, t)
}

// conference lists a conference in the world or takes it out.
func (w *worldWriter) conference(ctx context.Context, id int64) error {
	c, err := w.tx.ConferenceByID(ctx, id)
	if ok, err := found(err); err != nil || !ok {
		return err
	}
	var o *origin
	if !c.Own() {
		if o, err = w.origin(ctx, c.OriginID); err != nil {
			return err
		}
	}
	listed, err := w.listed(ctx, c, o)
	if err != nil {
		return err
	}
	if listed {
		if listed, err = w.first(ctx, c); err != nil {
			return err
		}
	}
	was, err := w.tx.InWorld(ctx, id)
	if err != nil || !listed && !was {
		return err
	}
	w.changed = true
	if listed {
		l, err := w.listing(ctx, c, o)
		if err != nil {
			return err
		}
		err = w.tx.PutListing(ctx, l)
		if err != nil || was {
			return err
		}
	} else if _, err := w.tx.DeleteListing(ctx, id); err != nil {
		return err
	}
	// Those that are the same come forward now, or stand back.
	twins, err := w.tx.TwinsOf(ctx, cmp.Or(c.TwinOf, c.ID))
	if err != nil {
		return err
	}
	for _, t := range twins {
		if t.ID != c.ID {
			if err := w.tx.AddWorldTodo(ctx, "conference", t.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// first tells whether a conference that may be listed stands for all that are
// the same: it is the one that is shown here, or that one may not be listed and
// no other one comes before it.
func (w *worldWriter) first(ctx context.Context, c *community.Conference) (bool, error) {
	if c.TwinOf == 0 {
		return true, nil
	}
	before, err := w.tx.TwinsOf(ctx, c.TwinOf)
	if err != nil {
		return false, err
	}
	before = slices.DeleteFunc(before, func(t community.Conference) bool { return t.ID >= c.ID })
	shown, err := w.tx.ConferenceByID(ctx, c.TwinOf)
	if ok, err := found(err); err != nil {
		return false, err
	} else if ok {
		before = append(before, *shown)
	}
	for i := range before {
		var o *origin
		if !before[i].Own() {
			if o, err = w.origin(ctx, before[i].OriginID); err != nil {
				return false, err
			}
		}
		if may, err := w.listed(ctx, &before[i], o); err != nil || may {
			return false, err
		}
	}
	return true, nil
}

// origin reads what is known of an actor; nil where it is not there.
func (w *worldWriter) origin(ctx context.Context, id int64) (*origin, error) {
	if o, ok := w.origins[id]; ok {
		return o, nil
	}
	a, err := w.tx.ActorByID(ctx, id)
	if ok, err := found(err); err != nil || !ok {
		w.origins[id] = nil
		return nil, err
	}
	o := &origin{actor: a}
	_, err = w.tx.BlockOf(ctx, a.Host, a.URI)
	if o.blocked, err = found(err); err != nil {
		return nil, err
	}
	// Members may follow any number of people of a large server before the city does.
	if o.stewarded, err = w.n.stewardFollows(ctx, w.tx, a.Host); err != nil {
		return nil, err
	}
	if o.followed = o.stewarded; !o.followed {
		follows, err := w.tx.FollowedList(ctx, storage.FollowQuery{Host: a.Host, State: community.Accepted, Limit: 1})
		if err != nil {
			return nil, err
		}
		o.followed = len(follows) > 0
	}
	k, err := w.tx.KnownCity(ctx, a.Host)
	if ok, err := found(err); err != nil {
		return nil, err
	} else if ok {
		o.known = k
	}
	w.origins[id] = o
	return o, nil
}

// listed decides whether the world may list a conference, and brings into order
// why it is kept.
func (w *worldWriter) listed(ctx context.Context, c *community.Conference, o *origin) (bool, error) {
	switch {
	case c.Draft:
		return false, nil
	case c.Own():
		return true, nil
	case o == nil:
		return false, nil
	}
	_, err := w.tx.Hidden(ctx, c.URI)
	hidden, err := found(err)
	if err != nil {
		return false, err
	}
	why, err := w.tx.Passing(ctx, c.ID)
	if err != nil {
		return false, err
	}
	isCity := o.known != nil && o.known.State == community.Confirmed && o.known.Forgotten.IsZero() && o.known.ActorID == o.actor.ID
	switch {
	case o.followed && why != "":
		why = ""
		err = w.tx.ClearPassing(ctx, c.ID)
	case !o.followed && c.Announced.IsZero() && (why == "" || why == storage.PassingCity && o.known == nil):
		why = storage.PassingLeft
		err = w.tx.SetPassing(ctx, c.ID, why)
	}
	if err != nil || o.blocked || hidden {
		return false, err
	}
	return !c.Announced.IsZero() || o.stewarded || why == storage.PassingTold || why == storage.PassingCity && isCity, nil
}

// listing is how the world lists a conference.
func (w *worldWriter) listing(ctx context.Context, c *community.Conference, o *origin) (*storage.Listing, error) {
	l := &storage.Listing{
		ConferenceID: c.ID, Start: c.Start, End: c.End, Tags: c.Tags, Online: c.OnlineURL != "" || c.Status == community.MovedOnline,
	}
	languages := c.Languages
	if len(languages) == 0 {
		for _, p := range c.Title {
			languages = append(languages, p.Lang)
		}
	}
	for _, lang := range languages {
		if lang = primary(lang); lang != "" && !slices.Contains(l.Languages, lang) {
			l.Languages = append(l.Languages, lang)
		}
	}
	home, err := w.home(ctx, o)
	if err != nil {
		return nil, err
	}
	if home != nil {
		l.Country = home.Country
	}
	town := home
	if c.Venue != nil {
		if t := townOf(c.Venue, home); t != nil {
			town = t
		}
	} else if l.Online {
		return l, nil // nowhere on the map
	}
	if c.Status == community.MovedOnline || town == nil {
		return l, nil
	}
	l.Country = town.Country
	if err := w.tx.SaveTown(ctx, town); err != nil {
		return nil, err
	}
	l.Town = town.ID
	return l, nil
}

// home is the town of who makes a conference, or nil where nobody said.
func (w *worldWriter) home(ctx context.Context, o *origin) (*community.Town, error) {
	if o == nil {
		if w.city == nil {
			city, err := w.tx.City(ctx)
			if ok, err := found(err); err != nil || !ok {
				return nil, err
			}
			w.city = city
		}
		return cityTown(w.city.Name, w.city.Country, w.city.Place), nil
	}
	if o.known != nil && o.known.ActorID != 0 {
		return cityTown(o.known.Name, o.known.Country, o.known.Place), nil
	}
	return nil, nil
}

// cityTown is the town that a city is: the one of its name where that is near,
// else the one around its place, else one of its own.
func cityTown(name community.Texts, country string, place *community.Point) *community.Town {
	for _, p := range name {
		at, ok := gazetteer.Find(p.Text, country)
		if ok && (place == nil || place.Distance(community.Point{Lat: at.Lat, Lon: at.Lon}) < homonym) {
			return townAt(at)
		}
	}
	if place == nil {
		return nil
	}
	if at, ok := gazetteer.Nearest(place.Lat, place.Lon, townDistance); ok {
		return townAt(at)
	}
	return newTown(name.First(), country, *place)
}

// townOf is the town of a venue: of its name and country where the gazetteer
// has it, else around its point; nil where nothing tells. Where only a name is
// given, that of the host's country is meant first.
func townOf(v *community.Venue, home *community.Town) *community.Town {
	country := v.Country
	iso, known := gazetteer.Country(country)
	near := func(at gazetteer.Place) bool {
		return v.Place == nil || v.Place.Distance(community.Point{Lat: at.Lat, Lon: at.Lon}) < homonym
	}
	if v.Locality != "" {
		if country == "" && home != nil && home.Country != "" {
			if at, ok := gazetteer.Find(v.Locality, home.Country); ok && near(at) {
				return townAt(at)
			}
		}
		if at, ok := gazetteer.Find(v.Locality, country); ok && near(at) {
			return townAt(at)
		}
	}
	if v.Place == nil || !v.Place.Valid() {
		return nil
	}
	if at, ok := gazetteer.Nearest(v.Place.Lat, v.Place.Lon, townDistance); ok {
		return townAt(at)
	}
	if !known {
		iso = ""
	}
	if v.Locality != "" {
		return newTown(v.Locality, iso, *v.Place)
	}
	return nil
}

func townAt(at gazetteer.Place) *community.Town {
	return newTown(at.Name, at.Country, community.Point{Lat: at.Lat, Lon: at.Lon})
}

func newTown(name, country string, at community.Point) *community.Town {
	name = strings.TrimSpace(name)
	if r := []rune(name); len(r) > community.MaxName {
		name = string(r[:community.MaxName])
	}
	folded := gazetteer.Fold(name)
	if folded == "" {
		return nil
	}
	return &community.Town{Country: country, Folded: folded, Name: name, Place: at}
}

// primary is the language of a language tag, "sr" of "sr-Cyrl".
func primary(tag string) string {
	lang, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if len(lang) < 2 || len(lang) > 3 {
		return ""
	}
	return lang
}
