package storage

import (
	"context"
	"strings"
	"time"

	"konfa/community"
)

// GuestKey says who a guest is: exactly one of the three.
type GuestKey struct {
	MemberID int64
	ActorID  int64
	Email    string
}

// MemberConference is a conference and what a member answered.
type MemberConference struct {
	Conference community.Conference
	Guest      community.Guest
}

// guestSelect also reads what a member or an actor is called.
const guestSelect = `SELECT g.id, g.conference_id, g.member_id, g.actor_id, g.email, g.name, g.state, g.plus, g.comment, g.join_uri,
	g.via, g.answer_uri, g.lang, g.answers, g.shown, g.expires, g.asked, g.reconfirmed, g.checked_in, g.wanted, g.series, g.queued, g.created, g.updated, COALESCE(m.name, ''), COALESCE(m.handle, ''), COALESCE(a.name, ''), COALESCE(a.handle, ''), COALESCE(a.host, ''), COALESCE(a.uri, '')
	FROM guest g LEFT JOIN member m ON m.id = g.member_id AND g.member_id <> 0 LEFT JOIN actor a ON a.id = g.actor_id AND g.actor_id <> 0 `

// guestOrder is the order of community.GuestStates.
var guestOrder = func() string {
	var b strings.Builder
	b.WriteString("CASE g.state")
	for i, s := range community.GuestStates {
		b.WriteString(" WHEN '" + string(s) + "' THEN " + string(rune('0'+i)))
	}
	b.WriteString(" ELSE 9 END, g.queued, g.id")
	return b.String()
}()

func scanGuest(row row, g *community.Guest) error {
	var member, handle string
	var a community.Actor
	err := row.Scan(&g.ID, &g.ConferenceID, &g.MemberID, &g.ActorID, &g.Email, &g.Name, word[community.GuestState]{&g.State}, number{&g.Plus}, &g.Comment, &g.JoinURI,
		&g.Via, &g.AnswerURI, &g.Lang, fromJSON{&g.Answers}, word[community.GuestShown]{&g.Shown}, instant{&g.Expires}, instant{&g.Asked},
		instant{&g.Reconfirmed}, instant{&g.CheckedIn}, word[community.GuestState]{&g.Wanted}, flag{&g.Series}, instant{&g.Queued}, instant{&g.Created}, instant{&g.Updated}, &member, &handle, &a.Name, &a.Handle, &a.Host, &a.URI)
	switch {
	case member != "":
		g.Name = member
	case handle != "":
		g.Name = handle
	case a.URI != "":
		g.Name = a.DisplayName()
	}
	return err
}

// Guest reads the answer of someone to a conference.
func (r *Reader) Guest(ctx context.Context, confID int64, k GuestKey) (*community.Guest, error) {
	return one(ctx, r, "guest", scanGuest, guestSelect+"WHERE g.conference_id = ? AND g.member_id = ? AND g.actor_id = ? AND g.email = ?",
		confID, k.MemberID, k.ActorID, k.Email)
}

// GuestByID reads a guest.
func (r *Reader) GuestByID(ctx context.Context, id int64) (*community.Guest, error) {
	return one(ctx, r, "guest", scanGuest, guestSelect+"WHERE g.id = ?", id)
}

// GuestByJoin reads the guest that a Join brought.
func (r *Reader) GuestByJoin(ctx context.Context, joinURI string) (*community.Guest, error) {
	return one(ctx, r, "guest", scanGuest, guestSelect+"WHERE g.join_uri = ? AND g.join_uri <> '' ORDER BY g.id DESC LIMIT 1", joinURI)
}

// GuestByAnswer reads the guest whose answer a vote or post gave, and none that
// came after it.
func (r *Reader) GuestByAnswer(ctx context.Context, uri string) (*community.Guest, error) {
	return one(ctx, r, "guest", scanGuest, guestSelect+"WHERE g.answer_uri = ? AND g.answer_uri <> '' ORDER BY g.id DESC LIMIT 1", uri)
}

// Tally counts the people behind the answers to a conference.
func (r *Reader) Tally(ctx context.Context, confID int64) (community.Tally, error) {
	count := func(state string) string {
		return "CAST(COALESCE(SUM(CASE WHEN state = '" + state + "' THEN 1 + plus ELSE 0 END), 0) AS BIGINT)"
	}
	scan := func(row row, t *community.Tally) error {
		return row.Scan(number{&t.Going}, number{&t.Maybe}, number{&t.Away})
	}
	t, err := one(ctx, r, "tally", scan, "SELECT "+count("going")+", "+count("maybe")+", "+count("no")+" FROM guest WHERE conference_id = ?", confID)
	if err != nil {
		return community.Tally{}, err
	}
	return *t, nil
}

// GuestActors lists the remote actors who hold a seat, wait for one or may come
// at what ends after an instant.
func (r *Reader) GuestActors(ctx context.Context, after time.Time) ([]int64, error) {
	return list(ctx, r, func(row row, id *int64) error { return row.Scan(id) }, `SELECT DISTINCT g.actor_id FROM guest g JOIN conference c ON c.id = g.conference_id
		WHERE g.actor_id <> 0 AND g.state IN ('going', 'offered', 'maybe', 'waitlisted', 'pending') AND c.ends > ? ORDER BY g.actor_id`, after)
}

// Guests lists the guests of a conference in some states, in all if none is
// named: by state in the order of community.GuestStates, then first come first.
func (r *Reader) Guests(ctx context.Context, confID int64, states ...community.GuestState) ([]community.Guest, error) {
	if len(states) == 0 {
		states = community.GuestStates
	}
	return list(ctx, r, scanGuest, guestSelect+"WHERE g.conference_id = ? AND g.state"+r.sql.inTexts+" ORDER BY "+guestOrder, confID, asJSON{states})
}

// GuestsOfActor lists the answers of a remote actor to all conferences.
func (r *Reader) GuestsOfActor(ctx context.Context, actorID int64) ([]community.Guest, error) {
	return list(ctx, r, scanGuest, guestSelect+"WHERE g.actor_id = ? AND g.actor_id <> 0 ORDER BY g.conference_id", actorID)
}

// Roster reads what the rules of admission need of a conference. Inside a
// transaction it stays true until the end of it.
func (r *Reader) Roster(ctx context.Context, c *community.Conference) (*community.Roster, error) {
	return r.roster(ctx, c, community.SeatOffered, community.Waitlisted)
}

// RosterAtDoor is Roster without the queue, which may be long: enough where every
// seat is taken and someone comes who was not there before.
func (r *Reader) RosterAtDoor(ctx context.Context, c *community.Conference) (*community.Roster, error) {
	return r.roster(ctx, c, community.SeatOffered)
}

func (r *Reader) roster(ctx context.Context, c *community.Conference, states ...community.GuestState) (*community.Roster, error) {
	taken, err := value[int](ctx, r, "SELECT CAST(COALESCE(SUM(1 + plus), 0) AS BIGINT) FROM guest WHERE conference_id = ? AND state IN ('going', 'offered')", c.ID)
	if err != nil {
		return nil, err
	}
	waiting, err := r.Guests(ctx, c.ID, states...)
	if err != nil {
		return nil, err
	}
	offered := 0
	for offered < len(waiting) && waiting[offered].State == community.SeatOffered {
		offered++
	}
	return &community.Roster{
		Capacity: c.Capacity, Taken: taken, Mode: c.JoinMode, Queue: waiting[offered:], Offered: waiting[:offered:offered],
		Hours: c.OfferHours, Start: c.Start, Zone: c.Location(),
	}, nil
}

// PlaceOf is the place of a guest in the waiting list, from 1.
func (r *Reader) PlaceOf(ctx context.Context, g *community.Guest) (int, error) {
	before, err := value[int](ctx, r, "SELECT COUNT(*) FROM guest WHERE conference_id = ? AND state = 'waitlisted' AND id <> ? AND (queued < ? OR queued = ? AND id < ?)",
		g.ConferenceID, g.ID, g.Queued, g.Queued, g.ID)
	return before + 1, err
}

// DueGuests lists the conferences in which something of a guest lapses at an
// instant: an offered seat, an answer that nobody confirmed, or the while that
// someone is passed over. One that lapsed first comes first.
func (r *Reader) DueGuests(ctx context.Context, now time.Time, limit int) ([]int64, error) {
	return list(ctx, r, func(row row, id *int64) error { return row.Scan(id) },
		"SELECT conference_id FROM guest WHERE expires > 0 AND expires <= ? GROUP BY conference_id ORDER BY MIN(expires), conference_id LIMIT ?", now, limit)
}

// SeriesGuests lists the answers of someone to the conferences of a series.
func (r *Reader) SeriesGuests(ctx context.Context, seriesID int64, k GuestKey) ([]community.Guest, error) {
	return list(ctx, r, scanGuest, guestSelect+"JOIN conference c ON c.id = g.conference_id WHERE c.series_id = ? AND c.series_id <> 0 AND g.member_id = ? AND g.actor_id = ? AND g.email = ? ORDER BY c.starts, c.id",
		seriesID, k.MemberID, k.ActorID, k.Email)
}

// SeriesFans lists who answered for a whole series, by their answer to one of its
// conferences.
func (r *Reader) SeriesFans(ctx context.Context, confID int64) ([]community.Guest, error) {
	return list(ctx, r, scanGuest, guestSelect+"WHERE g.conference_id = ? AND g.series = 1 ORDER BY g.created, g.id", confID)
}

// CountLettersTo counts the letters of some kinds to an address since an instant.
func (r *Reader) CountLettersTo(ctx context.Context, address string, since time.Time, kinds ...community.LetterKind) (int, error) {
	return value[int](ctx, r, "SELECT COUNT(*) FROM letter WHERE address = ? AND created >= ? AND kind"+r.sql.inTexts, address, since, asJSON{kinds})
}

// GuestList lists the conferences that a member answered, by their start.
func (r *Reader) GuestList(ctx context.Context, memberID int64) ([]MemberConference, error) {
	guests, err := list(ctx, r, scanGuest, guestSelect+"WHERE g.member_id = ? AND g.member_id <> 0", memberID)
	if err != nil || len(guests) == 0 {
		return nil, err
	}
	ids := make([]int64, len(guests))
	at := make(map[int64]community.Guest, len(guests))
	for i, g := range guests {
		ids[i], at[g.ConferenceID] = g.ConferenceID, g
	}
	cs, err := list(ctx, r, scanConference, conferenceSelect+"WHERE id"+r.sql.inIDs+" ORDER BY starts, id", asJSON{ids})
	if err != nil {
		return nil, err
	}
	if err := r.complete(ctx, cs); err != nil {
		return nil, err
	}
	out := make([]MemberConference, len(cs))
	for i, c := range cs {
		out[i] = MemberConference{Conference: c, Guest: at[c.ID]}
	}
	return out, nil
}

// SaveGuest adds a guest whose ID is 0, and writes any other. Who it is and for
// which conference never changes. Conflict if that guest is there already.
func (tx *Tx) SaveGuest(ctx context.Context, g *community.Guest) error {
	if g.ID != 0 {
		return tx.update(ctx, "guest", "UPDATE guest SET name = ?, state = ?, plus = ?, comment = ?, join_uri = ?, via = ?, answer_uri = ?, lang = ?, "+
			"answers = ?, shown = ?, expires = ?, asked = ?, reconfirmed = ?, checked_in = ?, wanted = ?, series = ?, queued = ?, updated = ? WHERE id = ?",
			g.Name, g.State, g.Plus, g.Comment, g.JoinURI, g.Via, g.AnswerURI, g.Lang,
			asJSON{g.Answers}, g.Shown, g.Expires, g.Asked, g.Reconfirmed, g.CheckedIn, g.Wanted, g.Series, g.Queued, g.Updated, g.ID)
	}
	return tx.taken(ctx, "this guest has answered already", func() error {
		return tx.insert(ctx, &g.ID, `INSERT INTO guest (conference_id, member_id, actor_id, email, name, state, plus, comment, join_uri, via, answer_uri, lang,
				answers, shown, expires, asked, reconfirmed, checked_in, wanted, series, queued, created, updated)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			g.ConferenceID, g.MemberID, g.ActorID, g.Email, g.Name, g.State, g.Plus, g.Comment, g.JoinURI, g.Via, g.AnswerURI, g.Lang,
			asJSON{g.Answers}, g.Shown, g.Expires, g.Asked, g.Reconfirmed, g.CheckedIn, g.Wanted, g.Series, g.Queued, g.Created, g.Updated)
	})
}

// ForgetGuestWords forgets what a member said beside their answers, at all
// conferences: that someone came stays, for the numbers.
func (tx *Tx) ForgetGuestWords(ctx context.Context, memberID int64) error {
	return tx.exec(ctx, "UPDATE guest SET name = '', comment = '', answers = '', lang = '' WHERE member_id = ? AND member_id <> 0", memberID)
}

// DeleteGuest forgets a guest.
func (tx *Tx) DeleteGuest(ctx context.Context, id int64) error {
	return tx.exec(ctx, "DELETE FROM guest WHERE id = ?", id)
}

// DeleteGuestsOfActor forgets the answers of a remote actor to all conferences.
func (tx *Tx) DeleteGuestsOfActor(ctx context.Context, actorID int64) error {
	return tx.exec(ctx, "DELETE FROM guest WHERE actor_id = ? AND actor_id <> 0", actorID)
}

// MoveGuest lets the answer of someone be that of someone else: the same person,
// at another account.
func (tx *Tx) MoveGuest(ctx context.Context, id int64, k GuestKey) error {
	return tx.taken(ctx, "this guest has answered already", func() error {
		return tx.update(ctx, "guest", "UPDATE guest SET member_id = ?, actor_id = ?, email = ?, updated = ? WHERE id = ?", k.MemberID, k.ActorID, k.Email, tx.now, id)
	})
}
