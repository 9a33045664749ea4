package storage

import (
	"context"
	"time"
)

// Why a conference of others is here although nobody follows where it comes
// from.
const (
	PassingAsked   = "asked"   // someone looked at it
	PassingInvited = "invited" // a member was invited
	PassingTold    = "told"    // a city that we follow announced it
	PassingCity    = "city"    // a known city has it
	PassingLeft    = "left"    // it was followed once
)

// Passing tells why a conference is only passing; "" for one that stays.
func (r *Reader) Passing(ctx context.Context, conferenceID int64) (string, error) {
	return value[string](ctx, r, "SELECT why FROM passing WHERE conference_id = ?", conferenceID)
}

// SetPassing notes that a conference is only passing.
func (tx *Tx) SetPassing(ctx context.Context, conferenceID int64, why string) error {
	return tx.exec(ctx, "INSERT INTO passing (conference_id, why, since) VALUES (?, ?, ?) ON CONFLICT (conference_id) DO UPDATE SET why = excluded.why, since = excluded.since",
		conferenceID, why, tx.now)
}

// ClearPassing notes that a conference stays.
func (tx *Tx) ClearPassing(ctx context.Context, conferenceID int64) error {
	return tx.exec(ctx, "DELETE FROM passing WHERE conference_id = ?", conferenceID)
}

// idle is a conference c that can go: nobody here answered it, wrote about it or
// was offered it, and the city did not announce it.
const idle = `c.uri <> '' AND c.announced = 0
	AND NOT EXISTS (SELECT 1 FROM guest g WHERE g.conference_id = c.id)
	AND NOT EXISTS (SELECT 1 FROM offer o WHERE o.conference_id = c.id)
	AND NOT EXISTS (SELECT 1 FROM post p WHERE p.conference_id = c.id AND p.conference_id <> 0)`

// Idle lists the ids of conferences that are passing and can go: those that
// ended by over; and of those that no known city has, those here since before
// and all but the newest most.
func (r *Reader) Idle(ctx context.Context, over, before time.Time, most, limit int) ([]int64, error) {
	scan := func(row row, id *int64) error { return row.Scan(id) }
	ids, err := list(ctx, r, scan, `SELECT c.id FROM passing s JOIN conference c ON c.id = s.conference_id
		WHERE (c.ends <= ? OR s.why NOT IN ('`+PassingCity+`', '`+PassingTold+`') AND s.since <= ?) AND `+idle+` ORDER BY c.id LIMIT ?`, over, before, limit)
	if err != nil || len(ids) == limit {
		return ids, err
	}
	extra, err := list(ctx, r, scan, `SELECT c.id FROM (SELECT conference_id FROM passing WHERE why = '`+PassingAsked+`' ORDER BY since DESC, conference_id DESC LIMIT ? OFFSET ?) AS s
		JOIN conference c ON c.id = s.conference_id WHERE `+idle, limit-len(ids), most)
	return append(ids, extra...), err
}
