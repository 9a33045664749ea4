package storage

import (
	"context"

	"konfa/community"
)

// keepChanges is how many changes of a conference are kept: another server may
// send any number.
const keepChanges = 30

// Changes lists what changed of a conference since it was published, the latest
// first.
func (r *Reader) Changes(ctx context.Context, conferenceID int64) ([]community.Change, error) {
	scan := func(row row, c *community.Change) error {
		return row.Scan(&c.Kind, &c.From, &c.To, instant{&c.At})
	}
	return list(ctx, r, scan, "SELECT kind, was, becomes, at FROM conference_change WHERE conference_id = ? ORDER BY id DESC", conferenceID)
}

// noteChanges writes down what is not as it was, where people could see it before.
func (tx *Tx) noteChanges(ctx context.Context, was, c *community.Conference) error {
	if was.Draft || c.Draft {
		return nil
	}
	changes := c.ChangesFrom(was)
	for _, ch := range changes {
		err := tx.exec(ctx, "INSERT INTO conference_change (conference_id, kind, was, becomes, at) VALUES (?, ?, ?, ?, ?)", c.ID, string(ch.Kind), ch.From, ch.To, tx.now)
		if err != nil {
			return err
		}
	}
	if len(changes) == 0 {
		return nil
	}
	return tx.exec(ctx, `DELETE FROM conference_change WHERE conference_id = ? AND id NOT IN
		(SELECT id FROM conference_change WHERE conference_id = ? ORDER BY id DESC LIMIT ?)`, c.ID, c.ID, keepChanges)
}
