package storage

import (
	"context"
	"time"

	"konfa/community"
)

// peerSelect counts what belongs to the hosts. of is a condition on p.
func peerSelect(of string) string {
	return `SELECT p.host, p.software, p.version, p.application, p.scheme, p.asked, p.last_seen, p.last_delivered, p.failures, p.failing_since,
		p.next_try, p.last_error, p.last_refused, p.last_refused_at,
		(SELECT COUNT(*) FROM delivery d WHERE d.host = p.host),
		COALESCE((SELECT MIN(d.created) FROM delivery d WHERE d.host = p.host), 0),
		(SELECT COUNT(*) FROM actor a JOIN follower f ON f.actor_id = a.id WHERE a.host = p.host AND f.state = 'accepted'),
		(SELECT COUNT(*) FROM actor a JOIN followed f ON f.actor_id = a.id WHERE a.host = p.host AND f.state = 'accepted')
		FROM peer p ` + of
}

func scanPeer(row row, p *community.Peer) error {
	return row.Scan(&p.Host, &p.Software, &p.Version, &p.Application, &p.Scheme, instant{&p.Asked}, instant{&p.LastSeen}, instant{&p.LastDelivered},
		number{&p.Failures}, instant{&p.FailingSince}, instant{&p.NextTry}, &p.LastError, &p.LastRefused, instant{&p.LastRefusedAt},
		number{&p.Waiting}, instant{&p.OldestWaiting}, number{&p.Followers}, number{&p.Followed})
}

// Peer reads what we know of a server.
func (r *Reader) Peer(ctx context.Context, host string) (*community.Peer, error) {
	p, err := one(ctx, r, "server known here", scanPeer, peerSelect("WHERE p.host = ?"), host)
	if err != nil {
		return nil, err
	}
	switch b, err := r.BlockOf(ctx, host, ""); {
	case err == nil:
		p.BlockedSeverity = string(b.Severity)
	case !isNotFound(err):
		return nil, err
	}
	return p, nil
}

// Peers lists all servers we know of, by host.
func (r *Reader) Peers(ctx context.Context) ([]community.Peer, error) {
	ps, err := list(ctx, r, scanPeer, peerSelect("ORDER BY p.host"))
	if err != nil {
		return nil, err
	}
	blocks, err := r.Blocking(ctx)
	if err != nil {
		return nil, err
	}
	for i := range ps {
		if b := blocks.Of(ps[i].Host, ""); b != nil {
			ps[i].BlockedSeverity = string(b.Severity)
		}
	}
	return ps, nil
}

// SavePeer writes what NodeInfo said: software, version, application and when
// it was asked. The rest of what we know of the server stays.
func (tx *Tx) SavePeer(ctx context.Context, p *community.Peer) error {
	return tx.exec(ctx, `INSERT INTO peer (host, software, version, application, asked) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (host) DO UPDATE SET software = excluded.software, version = excluded.version, application = excluded.application, asked = excluded.asked`,
		p.Host, p.Software, p.Version, p.Application, p.Asked)
}

// SetPeerScheme remembers which signature scheme a server takes.
func (tx *Tx) SetPeerScheme(ctx context.Context, host, scheme string) error {
	return tx.exec(ctx, "INSERT INTO peer (host, scheme) VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET scheme = excluded.scheme", host, scheme)
}

// SeenPeer notes that we accepted requests of these servers now.
func (tx *Tx) SeenPeer(ctx context.Context, hosts []string) error {
	for _, host := range hosts {
		if err := tx.exec(ctx, "INSERT INTO peer (host, last_seen) VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET last_seen = excluded.last_seen", host, tx.now); err != nil {
			return err
		}
	}
	return nil
}

// RefusedPeer notes why we just refused something of a server.
func (tx *Tx) RefusedPeer(ctx context.Context, host, reason string) error {
	return tx.exec(ctx, `INSERT INTO peer (host, last_refused, last_refused_at) VALUES (?, ?, ?)
		ON CONFLICT (host) DO UPDATE SET last_refused = excluded.last_refused, last_refused_at = excluded.last_refused_at`, host, reason, tx.now)
}

// PeerFailed holds back everything for a server until nextTry: it did not
// answer at all. Settle counts failures of deliveries; here one is counted only
// if none was.
func (tx *Tx) PeerFailed(ctx context.Context, host, reason string, nextTry time.Time) error {
	return tx.exec(ctx, `INSERT INTO peer (host, failures, failing_since, next_try, last_error) VALUES (?, 1, ?, ?, ?)
		ON CONFLICT (host) DO UPDATE SET next_try = excluded.next_try, last_error = excluded.last_error,
			failures = CASE WHEN peer.failures = 0 THEN 1 ELSE peer.failures END,
			failing_since = CASE WHEN peer.failing_since = 0 THEN excluded.failing_since ELSE peer.failing_since END`,
		host, tx.now, nextTry, reason)
}

// PeerOK notes that a server answers again: nothing is held back any more.
func (tx *Tx) PeerOK(ctx context.Context, host string) error {
	return tx.exec(ctx, "UPDATE peer SET failures = 0, failing_since = 0, next_try = 0, last_error = '' WHERE host = ?", host)
}
