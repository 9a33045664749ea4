package storage

import "context"

// outdatedTries is how often a delivery fails before what comes after it may
// take its place. A server that was only away gets every word.
const outdatedTries = 3

// outdated compares a delivery d of an activity a with a later one, of b, to the
// same inbox: whoever gets b needs a no more. Some servers answer 500 to a
// document for ever (Gancio to an Update that it cannot digest), and the Delete
// must not wait a week behind it.
const outdated = `d.attempts >= ? AND a.object = b.object AND a.actor = b.actor
	AND (a.type = 'Update' AND b.type IN ('Update', 'Delete') OR a.type = 'Create' AND b.type = 'Delete')`

// dropOutdated gives up a delivery that failed too often and has a later one
// behind it that says all there is to say.
func (tx *Tx) dropOutdated(ctx context.Context, d *Delivery) (gone bool, err error) {
	if d.Attempts+1 < outdatedTries {
		return false, nil
	}
	n, err := tx.count(ctx, `DELETE FROM delivery WHERE id IN (SELECT d.id FROM delivery d
		JOIN activity a ON a.id = d.activity_id
		JOIN delivery e ON e.inbox = d.inbox AND e.order_key = d.order_key AND e.id > d.id
		JOIN activity b ON b.id = e.activity_id
		WHERE d.id = ? AND `+outdated+")", d.ID, outdatedTries)
	return n > 0, err
}

// overtake gives up what failed too often and is outdated by an activity that
// was just queued.
func (tx *Tx) overtake(ctx context.Context, activityID int64) error {
	return tx.exec(ctx, `DELETE FROM delivery WHERE id IN (SELECT d.id FROM activity b
		JOIN delivery e ON e.activity_id = b.id
		JOIN delivery d ON d.inbox = e.inbox AND d.order_key = e.order_key AND d.id < e.id
		JOIN activity a ON a.id = d.activity_id
		WHERE b.id = ? AND b.type IN ('Update', 'Delete') AND e.order_key <> '' AND `+outdated+")", activityID, outdatedTries)
}
