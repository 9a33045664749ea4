package storage

import (
	"context"
	"slices"
	"strings"

	"konfa/community"
)

// conferenceFields are all columns but the id.
var conferenceFields = []string{"uuid", "slug", "uri", "url", "origin_id", "title", "text", "html", "starts", "ends", "all_day", "open_end", "zone",
	"venue", "online_url", "capacity", "join_mode", "external_url", "languages", "cost", "cover", "tags", "category", "organisers", "link", "status",
	"draft", "series_id", "uid", "sequence", "import_key", "created", "published", "updated", "announced", "replies", "rsvp",
	"questions", "offer_hours", "reconfirm", "access"}

var (
	conferenceSelect = "SELECT id, twin_of, " + strings.Join(conferenceFields, ", ") + " FROM conference "
	conferenceInsert = "INSERT INTO conference (" + strings.Join(conferenceFields, ", ") + ") VALUES (?" +
		strings.Repeat(", ?", len(conferenceFields)-1) + ") RETURNING id"
	conferenceUpdate = "UPDATE conference SET " + strings.Join(conferenceFields, " = ?, ") + " = ? WHERE id = ?"
)

// scanConference reads what conferenceSelect does.
func scanConference(row row, c *community.Conference) error {
	return row.Scan(&c.ID, &c.TwinOf, &c.UUID, &c.Slug, &c.URI, &c.URL, &c.OriginID, fromJSON{&c.Title}, fromJSON{&c.Text}, fromJSON{&c.HTML},
		instant{&c.Start}, instant{&c.End}, flag{&c.AllDay}, flag{&c.OpenEnd}, &c.Zone, fromJSON{&c.Venue}, &c.OnlineURL, number{&c.Capacity},
		word[community.JoinMode]{&c.JoinMode}, &c.ExternalURL, fromJSON{&c.Languages}, &c.Cost, fromJSON{&c.Cover}, fromJSON{&c.Tags}, &c.Category,
		fromJSON{&c.Organisers}, &c.Link, word[community.Status]{&c.Status}, flag{&c.Draft}, &c.SeriesID, &c.UID, number{&c.Sequence}, &c.ImportKey,
		instant{&c.Created}, instant{&c.Published}, instant{&c.Updated}, instant{&c.Announced},
		word[community.ReplyMode]{&c.Replies}, word[community.RSVPMode]{&c.RSVP},
		fromJSON{&c.Questions}, number{&c.OfferHours}, flag{&c.Reconfirm}, fromJSON{&c.Access})
}

// conferenceArgs are the values of conferenceFields.
func conferenceArgs(c *community.Conference) []any {
	return []any{c.UUID, c.Slug, c.URI, c.URL, c.OriginID, asJSON{c.Title}, asJSON{c.Text}, asJSON{c.HTML}, c.Start, c.End, c.AllDay, c.OpenEnd, c.Zone,
		asJSON{c.Venue}, c.OnlineURL, c.Capacity, string(c.JoinMode), c.ExternalURL, asJSON{c.Languages}, c.Cost, asJSON{c.Cover}, asJSON{c.Tags},
		c.Category, asJSON{c.Organisers}, c.Link, string(c.Status), c.Draft, c.SeriesID, c.UID, c.Sequence, c.ImportKey,
		c.Created, c.Published, c.Updated, c.Announced, string(c.Replies), string(c.RSVP),
		asJSON{c.Questions}, c.OfferHours, c.Reconfirm, asJSON{c.Access}}
}

// Conference reads a conference of ours by its slug.
func (r *Reader) Conference(ctx context.Context, slug string) (*community.Conference, error) {
	return r.conference(ctx, "slug = ? AND slug <> ''", slug)
}

// ConferenceByID reads a conference.
func (r *Reader) ConferenceByID(ctx context.Context, id int64) (*community.Conference, error) {
	return r.conference(ctx, "id = ?", id)
}

// ConferenceByURI reads a conference of another server by its id.
func (r *Reader) ConferenceByURI(ctx context.Context, uri string) (*community.Conference, error) {
	return r.conference(ctx, "uri = ? AND uri <> ''", uri)
}

// ConferenceByUID reads a conference by its iCalendar UID. The same may be known
// from several servers: ours comes first, then the one known longest.
func (r *Reader) ConferenceByUID(ctx context.Context, uid string) (*community.Conference, error) {
	return r.conference(ctx, "uid = ? ORDER BY CASE WHEN uri = '' THEN 0 ELSE 1 END, id LIMIT 1", uid)
}

// ConferenceByImportKey reads the conference that an import made of a row.
func (r *Reader) ConferenceByImportKey(ctx context.Context, key string) (*community.Conference, error) {
	return r.conference(ctx, "import_key = ? AND import_key <> ''", key)
}

func (r *Reader) conference(ctx context.Context, where string, arg any) (*community.Conference, error) {
	c, err := one(ctx, r, "conference", scanConference, conferenceSelect+"WHERE "+where, arg)
	if err != nil {
		return nil, err
	}
	cs := []community.Conference{*c}
	if err := r.complete(ctx, cs); err != nil {
		return nil, err
	}
	return &cs[0], nil
}

// complete fills what is not in the rows themselves: seats and origins.
func (r *Reader) complete(ctx context.Context, cs []community.Conference) error {
	if len(cs) == 0 {
		return nil
	}
	ids, origins := make([]int64, len(cs)), []int64(nil)
	at := make(map[int64]*community.Conference, len(cs))
	for i := range cs {
		ids[i], at[cs[i].ID] = cs[i].ID, &cs[i]
		if cs[i].OriginID != 0 {
			origins = append(origins, cs[i].OriginID)
		}
	}
	type seats struct {
		id    int64
		state community.GuestState
		n     int
	}
	scan := func(row row, s *seats) error {
		return row.Scan(&s.id, word[community.GuestState]{&s.state}, number{&s.n})
	}
	taken, err := list(ctx, r, scan, `SELECT conference_id, state, CAST(SUM(1 + plus) AS BIGINT) FROM guest
		WHERE conference_id`+r.sql.inIDs+` GROUP BY conference_id, state`, asJSON{ids})
	if err != nil {
		return err
	}
	for _, t := range taken {
		s := &at[t.id].Seats
		switch t.state {
		case community.Going:
			s.Going = t.n
		case community.SeatOffered:
			s.Offered = t.n
		case community.Maybe:
			s.Maybe = t.n
		case community.Waitlisted:
			s.Waiting = t.n
		case community.Pending:
			s.Pending = t.n
		}
	}
	if len(origins) == 0 {
		return nil
	}
	names, err := r.actorNames(ctx, origins)
	if err != nil {
		return err
	}
	for i := range cs {
		cs[i].Origin = names[cs[i].OriginID]
	}
	return nil
}

// actorNames maps actors to what they are called.
func (r *Reader) actorNames(ctx context.Context, ids []int64) (map[int64]string, error) {
	slices.Sort(ids)
	scan := func(row row, a *community.Actor) error { return row.Scan(&a.ID, &a.URI, &a.Handle, &a.Host, &a.Name) }
	as, err := list(ctx, r, scan, "SELECT id, uri, handle, host, name FROM actor WHERE id"+r.sql.inIDs, asJSON{slices.Compact(ids)})
	names := make(map[int64]string, len(as))
	for i := range as {
		names[as[i].ID] = as[i].DisplayName()
	}
	return names, err
}

// InsertConference adds a conference and its tags; Conflict if its slug, URI or
// import key is taken.
func (tx *Tx) InsertConference(ctx context.Context, c *community.Conference) error {
	err := tx.taken(ctx, "there is such a conference already", func() error { return tx.insert(ctx, &c.ID, conferenceInsert, conferenceArgs(c)...) })
	if err != nil {
		return err
	}
	if err := tx.insertTags(ctx, c); err != nil {
		return err
	}
	if err := tx.searchConference(ctx, c); err != nil {
		return err
	}
	if err := tx.AddWorldTodo(ctx, "conference", c.ID); err != nil {
		return err
	}
	return tx.stampCalendar(ctx, c)
}

// UpdateConference writes a conference and its tags.
func (tx *Tx) UpdateConference(ctx context.Context, c *community.Conference) error {
	was, err := one(ctx, tx.Reader, "conference", scanConference, conferenceSelect+"WHERE id = ?", c.ID)
	if err != nil {
		return err
	}
	err = tx.taken(ctx, "there is such a conference already", func() error {
		return tx.update(ctx, "conference", conferenceUpdate, append(conferenceArgs(c), c.ID)...)
	})
	if err != nil {
		return err
	}
	if !slices.Equal(was.Tags, c.Tags) {
		if err := tx.exec(ctx, "DELETE FROM conference_tag WHERE conference_id = ?", c.ID); err != nil {
			return err
		}
		if err := tx.insertTags(ctx, c); err != nil {
			return err
		}
	}
	if err := tx.noteChanges(ctx, was, c); err != nil {
		return err
	}
	if err := tx.searchConference(ctx, c); err != nil {
		return err
	}
	if err := tx.AddWorldTodo(ctx, "conference", c.ID); err != nil {
		return err
	}
	return tx.stampCalendar(ctx, was, c)
}

// DeleteConference removes a conference with its guests. The tombstone is the
// caller's to write.
func (tx *Tx) DeleteConference(ctx context.Context, id int64) error {
	was, err := one(ctx, tx.Reader, "conference", scanCalendarSide, calendarSide, id)
	if isNotFound(err) {
		return nil
	} else if err != nil {
		return err
	}
	if err := tx.deleteSearch(ctx, "conference", id); err != nil {
		return err
	}
	if listed, err := tx.DeleteListing(ctx, id); err != nil {
		return err
	} else if listed {
		if err := tx.StampWorld(ctx); err != nil {
			return err
		}
		// One that is the same may stand in for it.
		err := tx.exec(ctx, `INSERT INTO world_todo (kind, ref) SELECT 'conference', t.id FROM conference c JOIN conference t ON t.twin_of = c.twin_of
			WHERE c.id = ? AND c.twin_of <> 0 AND t.twin_of <> 0 AND t.id <> c.id ON CONFLICT (kind, ref) DO NOTHING`, id)
		if err != nil {
			return err
		}
	}
	if err := tx.exec(ctx, "DELETE FROM conference WHERE id = ?", id); err != nil {
		return err
	}
	return tx.stampCalendar(ctx, was)
}

func (tx *Tx) insertTags(ctx context.Context, c *community.Conference) error {
	for _, tag := range c.Tags {
		if err := tx.exec(ctx, "INSERT INTO conference_tag (conference_id, tag) VALUES (?, ?) ON CONFLICT DO NOTHING", c.ID, tag); err != nil {
			return err
		}
	}
	return nil
}
