package storage

import (
	"context"
	"time"

	"konfa/community"
)

const pollColumns = "post_id, conference_id, options, ends, closed, going, maybe, away, told, due"

func scanPoll(row row, p *community.Poll) error {
	return row.Scan(&p.PostID, &p.ConferenceID, fromJSON{&p.Options}, instant{&p.Ends}, instant{&p.Closed},
		number{&p.Tally.Going}, number{&p.Tally.Maybe}, number{&p.Tally.Away}, instant{&p.Told}, instant{&p.Due})
}

// Poll reads what a post of kind PollPost asks.
func (r *Reader) Poll(ctx context.Context, postID int64) (*community.Poll, error) {
	return one(ctx, r, "poll", scanPoll, "SELECT "+pollColumns+" FROM poll WHERE post_id = ?", postID)
}

// PollOf reads the poll below a conference.
func (r *Reader) PollOf(ctx context.Context, confID int64) (*community.Poll, error) {
	return one(ctx, r, "poll", scanPoll, "SELECT "+pollColumns+" FROM poll WHERE conference_id = ?", confID)
}

// DuePolls lists the polls that have something to tell at an instant, the
// longest due first.
func (r *Reader) DuePolls(ctx context.Context, now time.Time, limit int) ([]community.Poll, error) {
	return list(ctx, r, scanPoll, "SELECT "+pollColumns+" FROM poll WHERE due > 0 AND due <= ? ORDER BY due, post_id LIMIT ?", now, limit)
}

// SavePoll writes a poll, new or again. Conflict when the conference has another
// one.
func (tx *Tx) SavePoll(ctx context.Context, p *community.Poll) error {
	return tx.taken(ctx, "this conference has a poll already", func() error {
		return tx.exec(ctx, `INSERT INTO poll (`+pollColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (post_id) DO UPDATE SET options = excluded.options, ends = excluded.ends, closed = excluded.closed,
			going = excluded.going, maybe = excluded.maybe, away = excluded.away, told = excluded.told, due = excluded.due`,
			p.PostID, p.ConferenceID, asJSON{p.Options}, p.Ends, p.Closed, p.Tally.Going, p.Tally.Maybe, p.Tally.Away, p.Told, p.Due)
	})
}

// HastenPoll makes the open poll of a conference due at the given pause after it
// was told last, or now if that is over; never later than it was.
func (tx *Tx) HastenPoll(ctx context.Context, confID int64, pause time.Duration) error {
	due := "CASE WHEN told + ? > ? THEN told + ? ELSE ? END"
	p, now := pause.Microseconds(), tx.now
	return tx.exec(ctx, "UPDATE poll SET due = "+due+" WHERE conference_id = ? AND due > "+due, p, now, p, now, confID, p, now, p, now)
}
