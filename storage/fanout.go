package storage

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"konfa/community"
)

// Audience says who an activity goes to. The fan-out makes deliveries of it.
type Audience struct {
	Followers []community.LocalActor `json:"followers,omitempty"` // the followers of these actors of ours
	Inboxes   []Target               `json:"inboxes,omitempty"`   // and these
	Order     string                 `json:"order,omitempty"`     // deliveries with the same Order to the same inbox keep their order
	Type      string                 `json:"type,omitempty"`      // of the activity, for profiles
	Object    string                 `json:"object,omitempty"`    // type of the object, for profiles
	Except    string                 `json:"except,omitempty"`    // a host that must not get it
}

// Target is an inbox.
type Target struct {
	Host string `json:"host"`
	URL  string `json:"url"`
}

// Fanout is an activity that is not broken down into deliveries yet.
type Fanout struct {
	ID         int64
	ActivityID int64
	Audience   Audience
	Form       community.Form // of the activity
	Created    time.Time
}

// Fanouts lists the oldest ones.
func (r *Reader) Fanouts(ctx context.Context, limit int) ([]Fanout, error) {
	scan := func(row row, f *Fanout) error {
		return row.Scan(&f.ID, &f.ActivityID, fromJSON{&f.Audience}, word[community.Form]{&f.Form}, instant{&f.Created})
	}
	return list(ctx, r, scan, "SELECT f.id, f.activity_id, f.audience, a.form, f.created FROM fanout f JOIN activity a ON a.id = f.activity_id ORDER BY f.id LIMIT ?", limit)
}

// InsertFanout queues an activity for its audience.
func (tx *Tx) InsertFanout(ctx context.Context, activityID int64, a Audience) error {
	audience, err := json.Marshal(a)
	if err != nil {
		return err
	}
	tx.queued = true
	return tx.exec(ctx, "INSERT INTO fanout (activity_id, audience, created) VALUES (?, ?, ?)", activityID, string(audience), tx.now)
}

// expandChunk is how many deliveries one statement inserts.
const expandChunk = 64

var (
	expandOne  = expandInsert(1)
	expandMany = expandInsert(expandChunk)
)

func expandInsert(n int) string {
	return "INSERT INTO delivery (activity_id, host, inbox, order_key, next_try, created) VALUES " +
		strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?, ?), ", n), ", ") + " ON CONFLICT (activity_id, inbox) DO NOTHING"
}

// Expand replaces a fan-out by its deliveries, each due now unless its NextTry
// says later. An inbox that is named twice gets one. If another process was
// quicker, nothing happens.
func (tx *Tx) Expand(ctx context.Context, fanoutID int64, ds []Delivery) error {
	n, err := tx.count(ctx, "DELETE FROM fanout WHERE id = ?", fanoutID)
	if err != nil || n == 0 {
		return err
	}
	for chunk := range slices.Chunk(ds, expandChunk) {
		if len(chunk) == expandChunk {
			if err := tx.exec(ctx, expandMany, expandArgs(tx, chunk)...); err != nil {
				return err
			}
			continue
		}
		for i := range chunk {
			if err := tx.exec(ctx, expandOne, expandArgs(tx, chunk[i:i+1])...); err != nil {
				return err
			}
		}
	}
	ordered := map[int64]bool{}
	for _, d := range ds {
		if d.OrderKey != "" && !ordered[d.ActivityID] {
			ordered[d.ActivityID] = true
			if err := tx.overtake(ctx, d.ActivityID); err != nil {
				return err
			}
			if err := tx.queueBehind(ctx, d.ActivityID); err != nil {
				return err
			}
		}
	}
	return nil
}

func expandArgs(tx *Tx, ds []Delivery) []any {
	args := make([]any, 0, 6*len(ds))
	for _, d := range ds {
		next := tx.now
		if d.NextTry.After(next) {
			next = d.NextTry
		}
		args = append(args, d.ActivityID, d.Host, d.Inbox, d.OrderKey, next, tx.now)
	}
	return args
}

// queueBehind keeps the deliveries of an activity from being due before those
// they have to wait for, so that whoever looks for work is not called in vain.
func (tx *Tx) queueBehind(ctx context.Context, activityID int64) error {
	return tx.exec(ctx, `UPDATE delivery SET next_try = (SELECT MAX(e.next_try) FROM delivery e
			WHERE e.inbox = delivery.inbox AND e.order_key = delivery.order_key AND e.id <= delivery.id)
		WHERE activity_id = ? AND order_key <> '' AND EXISTS (SELECT 1 FROM delivery e
			WHERE e.inbox = delivery.inbox AND e.order_key = delivery.order_key AND e.id < delivery.id AND e.next_try > delivery.next_try)`, activityID)
}
