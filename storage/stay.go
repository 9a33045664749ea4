package storage

import (
	"context"
	"time"

	"konfa/community"
)

const staySelect = "SELECT s.id, s.member_id, s.actor_id, s.from_day, s.to_day, s.kind, s.visible, s.uri, s.created, s.next_read, " + actorColumns +
	" FROM stay s JOIN actor a ON a.id = s.actor_id LEFT JOIN peer p ON p.host = a.host "

func scanStay(row row, s *community.Stay) error {
	s.Actor = &community.Actor{}
	return row.Scan(append([]any{&s.ID, &s.MemberID, &s.ActorID, instant{&s.From}, instant{&s.To}, word[community.StayKind]{&s.Kind}, flag{&s.Visible}, &s.URI,
		instant{&s.Created}, instant{&s.NextRead}}, actorDest(s.Actor)...)...)
}

// Stay reads a stay.
func (r *Reader) Stay(ctx context.Context, id int64) (*community.Stay, error) {
	return one(ctx, r, "stay", scanStay, staySelect+"WHERE s.id = ?", id)
}

// Stays lists the stays of a member, by their first day.
func (r *Reader) Stays(ctx context.Context, memberID int64) ([]community.Stay, error) {
	return list(ctx, r, scanStay, staySelect+"WHERE s.member_id = ? ORDER BY s.from_day, s.id", memberID)
}

// StaysToRead lists those whose city is to be read at an instant.
func (r *Reader) StaysToRead(ctx context.Context, now time.Time, limit int) ([]community.Stay, error) {
	return list(ctx, r, scanStay, staySelect+"WHERE s.next_read <= ? AND s.next_read > 0 ORDER BY s.next_read, s.id LIMIT ?", now, limit)
}

// InsertStay adds a stay.
func (tx *Tx) InsertStay(ctx context.Context, s *community.Stay) error {
	return tx.insert(ctx, &s.ID, "INSERT INTO stay (member_id, actor_id, from_day, to_day, kind, visible, uri, created, next_read) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
		s.MemberID, s.ActorID, s.From, s.To, s.Kind, s.Visible, s.URI, s.Created, s.NextRead)
}

// UpdateStay writes who knows of a stay, where it is, and when that is read
// again; the rest stays.
func (tx *Tx) UpdateStay(ctx context.Context, s *community.Stay) error {
	return tx.update(ctx, "stay", "UPDATE stay SET actor_id = ?, visible = ?, uri = ?, next_read = ? WHERE id = ?", s.ActorID, s.Visible, s.URI, s.NextRead, s.ID)
}

// DeleteStay forgets a stay.
func (tx *Tx) DeleteStay(ctx context.Context, id int64) error {
	return tx.exec(ctx, "DELETE FROM stay WHERE id = ?", id)
}

// MoveStays lets all stays in a city be in another one: the same, at its new
// address.
func (tx *Tx) MoveStays(ctx context.Context, from, to int64) error {
	return tx.exec(ctx, "UPDATE stay SET actor_id = ? WHERE actor_id = ?", to, from)
}

const arrivalSelect = "SELECT v.id, v.actor_id, v.uri, v.home, v.from_day, v.to_day, v.kind, v.created, " + actorColumns +
	" FROM arrival v JOIN actor a ON a.id = v.actor_id LEFT JOIN peer p ON p.host = a.host "

func scanArrival(row row, v *community.Arrival) error {
	v.Actor = &community.Actor{}
	return row.Scan(append([]any{&v.ID, &v.ActorID, &v.URI, &v.Home, instant{&v.From}, instant{&v.To}, word[community.StayKind]{&v.Kind}, instant{&v.Created}}, actorDest(v.Actor)...)...)
}

// Arrivals lists who told us that they come, by their first day.
func (r *Reader) Arrivals(ctx context.Context, limit int) ([]community.Arrival, error) {
	return list(ctx, r, scanArrival, arrivalSelect+"ORDER BY v.from_day, v.id LIMIT ?", limit)
}

// ArrivalByURI reads the arrival that a Travel told of.
func (r *Reader) ArrivalByURI(ctx context.Context, uri string) (*community.Arrival, error) {
	return one(ctx, r, "arrival", scanArrival, arrivalSelect+"WHERE v.uri = ?", uri)
}

// CountArrivals counts those of one actor, and those of all actors of a host.
func (r *Reader) CountArrivals(ctx context.Context, actorID int64, host string) (actor, all int, err error) {
	if actor, err = value[int](ctx, r, "SELECT COUNT(*) FROM arrival WHERE actor_id = ?", actorID); err != nil {
		return 0, 0, err
	}
	all, err = value[int](ctx, r, "SELECT COUNT(*) FROM arrival v JOIN actor a ON a.id = v.actor_id WHERE a.host = ?", host)
	return actor, all, err
}

// SaveArrival adds an arrival, or changes the days of the one with its URI.
func (tx *Tx) SaveArrival(ctx context.Context, v *community.Arrival) error {
	return tx.insert(ctx, &v.ID, `INSERT INTO arrival (actor_id, uri, home, from_day, to_day, kind, created) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (uri) DO UPDATE SET from_day = excluded.from_day, to_day = excluded.to_day, kind = excluded.kind, home = excluded.home RETURNING id`,
		v.ActorID, v.URI, v.Home, v.From, v.To, v.Kind, v.Created)
}

// DeleteArrival forgets an arrival.
func (tx *Tx) DeleteArrival(ctx context.Context, id int64) error {
	return tx.exec(ctx, "DELETE FROM arrival WHERE id = ?", id)
}

// DeleteArrivalsOf forgets all arrivals of an actor.
func (tx *Tx) DeleteArrivalsOf(ctx context.Context, actorID int64) error {
	return tx.exec(ctx, "DELETE FROM arrival WHERE actor_id = ?", actorID)
}

// MoveArrivals lets the arrivals of an actor be those of another one.
func (tx *Tx) MoveArrivals(ctx context.Context, from, to int64) error {
	return tx.exec(ctx, "UPDATE arrival SET actor_id = ? WHERE actor_id = ?", to, from)
}
