package storage

import (
	"context"
	"time"

	"konfa/community"
)

// Delivery is one activity on its way to one inbox.
type Delivery struct {
	ID         int64
	ActivityID int64
	Host       string
	Inbox      string
	OrderKey   string // those of one inbox with the same key go one after the other; "" = in any order
	Attempts   int
	NextTry    time.Time
	Created    time.Time
	LastError  string
}

// Lane is a host with work to do.
type Lane struct {
	Host     string
	Due      int // deliveries; some may have to wait for others of them
	Failures int // of the host, in a row
}

// Result is what became of a delivery.
type Result struct {
	Delivery Delivery
	OK       bool      // taken
	Drop     bool      // given up for good
	Err      string    // why it was not taken
	NextTry  time.Time // when to try again, if neither
	At       time.Time // zero = now
}

const deliveryColumns = "d.id, d.activity_id, d.host, d.inbox, d.order_key, d.attempts, d.next_try, d.created, d.last_error"

func scanDelivery(row row, d *Delivery) error {
	return row.Scan(&d.ID, &d.ActivityID, &d.Host, &d.Inbox, &d.OrderKey, number{&d.Attempts}, instant{&d.NextTry}, instant{&d.Created}, &d.LastError)
}

// Lanes lists the hosts that have deliveries due and are not held back, by the
// delivery that has waited longest.
func (r *Reader) Lanes(ctx context.Context, now time.Time) ([]Lane, error) {
	return list(ctx, r, func(row row, l *Lane) error { return row.Scan(&l.Host, number{&l.Due}, number{&l.Failures}) },
		`SELECT d.host, COUNT(*), MAX(COALESCE(p.failures, 0)) FROM delivery d LEFT JOIN peer p ON p.host = d.host
		WHERE d.next_try <= ? AND COALESCE(p.next_try, 0) <= ?
		GROUP BY d.host ORDER BY MIN(d.next_try), d.host`, now, now)
}

// Due lists the deliveries of a host that can be tried now, oldest first. One
// that has to wait for an earlier one of the same inbox and order is left out
// until that one is settled. The + keeps SQLite from sorting all that is due by
// way of another index.
func (r *Reader) Due(ctx context.Context, host string, now time.Time, limit int) ([]Delivery, error) {
	return list(ctx, r, scanDelivery, "SELECT "+deliveryColumns+` FROM delivery d WHERE d.host = ? AND +d.next_try <= ?
		AND (d.order_key = '' OR NOT EXISTS (SELECT 1 FROM delivery e WHERE e.inbox = d.inbox AND e.order_key = d.order_key AND e.id < d.id))
		ORDER BY d.id LIMIT ?`, host, now, limit)
}

// NextDue is when the next delivery becomes due, those of a host that is held
// back when it no longer is. It may be in the past. The zero time if nothing
// waits.
func (r *Reader) NextDue(ctx context.Context) (time.Time, error) {
	next, err := value[int64](ctx, r, `SELECT COALESCE(MIN(CASE WHEN COALESCE(p.next_try, 0) > h.next_try THEN p.next_try ELSE h.next_try END), 0)
		FROM (SELECT host, MIN(next_try) AS next_try FROM delivery GROUP BY host) h LEFT JOIN peer p ON p.host = h.host`)
	if err != nil || next == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(next).UTC(), nil
}

// PeerState reads what sending to a server needs: its software, its scheme, and
// how it fares. Unlike Peer it counts nothing. A server that is not known is
// one of which nothing is known, and no error.
func (r *Reader) PeerState(ctx context.Context, host string) (*community.Peer, error) {
	ps, err := list(ctx, r, func(row row, p *community.Peer) error {
		return row.Scan(&p.Host, &p.Software, &p.Version, &p.Application, &p.Scheme, instant{&p.Asked}, number{&p.Failures}, instant{&p.FailingSince}, instant{&p.NextTry}, &p.LastError)
	}, "SELECT host, software, version, application, scheme, asked, failures, failing_since, next_try, last_error FROM peer WHERE host = ?", host)
	if err != nil {
		return nil, err
	}
	if len(ps) == 0 {
		return &community.Peer{Host: host}, nil
	}
	return &ps[0], nil
}

// DropExpired gives up the deliveries queued before an instant, and tells how
// many they were by host.
func (tx *Tx) DropExpired(ctx context.Context, before time.Time) (map[string]int, error) {
	lanes, err := list(ctx, tx.Reader, func(row row, l *Lane) error { return row.Scan(&l.Host, number{&l.Due}) },
		"SELECT host, COUNT(*) FROM delivery WHERE created < ? GROUP BY host", before)
	if err != nil || len(lanes) == 0 {
		return nil, err
	}
	dropped := make(map[string]int, len(lanes))
	for _, l := range lanes {
		dropped[l.Host] = l.Due
	}
	return dropped, tx.exec(ctx, "DELETE FROM delivery WHERE created < ?", before)
}

// ClaimLane takes or keeps the lease on a host for one process. False means that
// another one has it.
func (tx *Tx) ClaimLane(ctx context.Context, host, owner string, until time.Time) (bool, error) {
	n, err := tx.count(ctx, `INSERT INTO lane_lease (host, owner, expires) VALUES (?, ?, ?)
		ON CONFLICT (host) DO UPDATE SET owner = excluded.owner, expires = excluded.expires
		WHERE lane_lease.owner = excluded.owner OR lane_lease.expires <= ?`, host, owner, until, tx.now)
	return n == 1, err
}

// RenewLanes keeps all leases of a process until then.
func (tx *Tx) RenewLanes(ctx context.Context, owner string, until time.Time) error {
	return tx.exec(ctx, "UPDATE lane_lease SET expires = ? WHERE owner = ?", until, owner)
}

// ReleaseLane gives the lease back, if this process has it.
func (tx *Tx) ReleaseLane(ctx context.Context, host, owner string) error {
	return tx.exec(ctx, "DELETE FROM lane_lease WHERE host = ? AND owner = ?", host, owner)
}

// Settle writes what became of deliveries: those taken or given up go away, the
// others are tried again at NextTry, and what has to wait for them not earlier.
// It also notes on the host how it fares; holding it back is up to PeerFailed.
func (tx *Tx) Settle(ctx context.Context, rs []Result) error {
	if len(rs) == 0 {
		return nil
	}
	var done []int64
	hosts := map[string]*hostResult{}
	var order []string // of the hosts, so that two processes lock them alike
	for _, r := range rs {
		at := r.At
		if at.IsZero() {
			at = tx.now
		}
		h := hosts[r.Delivery.Host]
		if h == nil {
			h = &hostResult{}
			hosts[r.Delivery.Host] = h
			order = append(order, r.Delivery.Host)
		}
		h.add(r, at)
		if r.OK || r.Drop {
			done = append(done, r.Delivery.ID)
			continue
		}
		if err := tx.postpone(ctx, r); err != nil {
			return err
		}
	}
	if len(done) > 0 {
		if err := tx.exec(ctx, "DELETE FROM delivery WHERE id"+tx.sql.inIDs, asJSON{done}); err != nil {
			return err
		}
	}
	for _, host := range sorted(order) {
		if err := tx.settleHost(ctx, host, hosts[host]); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) postpone(ctx context.Context, r Result) error {
	d := r.Delivery
	if err := tx.exec(ctx, "UPDATE delivery SET attempts = attempts + 1, next_try = ?, last_error = ? WHERE id = ?", r.NextTry, r.Err, d.ID); err != nil {
		return err
	}
	if d.OrderKey == "" {
		return nil
	}
	if gone, err := tx.dropOutdated(ctx, &d); err != nil || gone {
		return err
	}
	return tx.exec(ctx, "UPDATE delivery SET next_try = ? WHERE inbox = ? AND order_key = ? AND id > ? AND next_try < ?",
		r.NextTry, d.Inbox, d.OrderKey, d.ID, r.NextTry)
}

// hostResult sums up the results of one host, in their order.
type hostResult struct {
	ok       bool      // something was taken: what failed before is over
	okAt     time.Time // the last one
	failures int       // since then
	since    time.Time // the first of these
	err      string    // the last one
}

func (h *hostResult) add(r Result, at time.Time) {
	switch {
	case r.OK:
		*h = hostResult{ok: true, okAt: at}
	case r.Drop:
		// An answer, even if it was no: it says nothing about the next one.
		if r.Err != "" {
			h.err = r.Err
		}
	default:
		h.failures++
		h.err = r.Err
		if h.since.IsZero() {
			h.since = at
		}
	}
}

func (tx *Tx) settleHost(ctx context.Context, host string, h *hostResult) error {
	if h.ok {
		if err := tx.exec(ctx, `INSERT INTO peer (host, last_delivered) VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET
			last_delivered = excluded.last_delivered, failures = 0, failing_since = 0, next_try = 0, last_error = ''`, host, h.okAt); err != nil {
			return err
		}
	}
	if h.failures == 0 && h.err == "" {
		return nil
	}
	return tx.exec(ctx, `INSERT INTO peer (host, failures, failing_since, last_error) VALUES (?, ?, ?, ?) ON CONFLICT (host) DO UPDATE SET
		failures = peer.failures + excluded.failures, last_error = excluded.last_error,
		failing_since = CASE WHEN peer.failing_since = 0 THEN excluded.failing_since ELSE peer.failing_since END`, host, h.failures, h.since, h.err)
}

// DropInbox forgets an inbox that is gone for good: what waits for it, and the
// followers who can be reached only there.
func (tx *Tx) DropInbox(ctx context.Context, inbox string) error {
	if inbox == "" {
		return nil
	}
	if err := tx.exec(ctx, "DELETE FROM delivery WHERE inbox = ?", inbox); err != nil {
		return err
	}
	return tx.exec(ctx, `DELETE FROM follower WHERE actor_id IN
		(SELECT id FROM actor WHERE inbox = ? UNION SELECT id FROM actor WHERE shared_inbox = ? AND shared_inbox <> '')`, inbox, inbox)
}
