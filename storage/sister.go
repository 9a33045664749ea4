package storage

import (
	"context"

	"konfa/community"
)

const (
	sisterColumns = "s.id, s.actor_id, s.node_id, s.shown, s.announce, s.tags, s.languages, s.distance, s.place, s.created, s.updated"
	// Who follows whom is what the follows say, so that both sides see the same
	// whoever began.
	sisterFollows = "COALESCE(o.state, ''), COALESCE(t.state, '')"
	sisterTables  = ` FROM sister s JOIN actor a ON a.id = s.actor_id LEFT JOIN peer p ON p.host = a.host
		LEFT JOIN followed o ON o.local = 'city' AND o.actor_id = a.id LEFT JOIN follower t ON t.local = 'city' AND t.actor_id = a.id `
	sisterSelect = "SELECT " + sisterColumns + ", " + sisterFollows + ", " + actorColumns + sisterTables
)

func scanSister(row row, s *community.Sister) error {
	s.Actor = &community.Actor{}
	return row.Scan(append([]any{&s.ID, &s.ActorID, &s.NodeID, flag{&s.Show}, word[community.Announcing]{&s.Announce}, fromJSON{&s.Tags},
		fromJSON{&s.Languages}, number{&s.Distance}, fromJSON{&s.Place}, instant{&s.Created}, instant{&s.Updated},
		word[community.FollowState]{&s.Ours}, word[community.FollowState]{&s.Theirs}}, actorDest(s.Actor)...)...)
}

// Sisters lists the sister cities, those known longest first.
func (r *Reader) Sisters(ctx context.Context) ([]community.Sister, error) {
	return list(ctx, r, scanSister, sisterSelect+"ORDER BY s.id")
}

// Sister reads the sister city that an actor is, or that has it for her server.
func (r *Reader) Sister(ctx context.Context, actorID int64) (*community.Sister, error) {
	return one(ctx, r, "sister city", scanSister, sisterSelect+"WHERE s.actor_id = ? OR s.node_id = ? AND s.node_id <> 0 ORDER BY CASE WHEN s.actor_id = ? THEN 0 ELSE 1 END, s.id LIMIT 1", actorID, actorID, actorID)
}

// Suitors lists the groups that follow the city and are no sister cities, the
// newest first.
func (r *Reader) Suitors(ctx context.Context, limit int) ([]community.Sister, error) {
	scan := func(row row, s *community.Sister) error {
		s.Actor = &community.Actor{}
		err := row.Scan(append([]any{instant{&s.Created}, word[community.FollowState]{&s.Ours}, word[community.FollowState]{&s.Theirs}}, actorDest(s.Actor)...)...)
		s.ActorID = s.Actor.ID
		return err
	}
	return list(ctx, r, scan, "SELECT t.created, "+sisterFollows+", "+actorColumns+` FROM follower t JOIN actor a ON a.id = t.actor_id
		LEFT JOIN peer p ON p.host = a.host LEFT JOIN followed o ON o.local = 'city' AND o.actor_id = a.id
		WHERE t.local = 'city' AND t.state = 'accepted' AND a.type = 'Group' AND a.gone = 0
			AND NOT EXISTS (SELECT 1 FROM sister s WHERE s.actor_id = a.id)
		ORDER BY t.id DESC LIMIT ?`, limit)
}

// SaveSister adds a sister city or replaces her settings, by her actor.
func (tx *Tx) SaveSister(ctx context.Context, s *community.Sister) error {
	return tx.insert(ctx, &s.ID, `INSERT INTO sister (actor_id, node_id, shown, announce, tags, languages, distance, place, created, updated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (actor_id) DO UPDATE SET node_id = excluded.node_id, shown = excluded.shown, announce = excluded.announce, tags = excluded.tags,
			languages = excluded.languages, distance = excluded.distance, place = excluded.place, updated = excluded.updated RETURNING id`,
		s.ActorID, s.NodeID, s.Show, s.Announce, asJSON{s.Tags}, asJSON{s.Languages}, s.Distance, asJSON{s.Place}, s.Created, s.Updated)
}

// DeleteSister forgets a sister city.
func (tx *Tx) DeleteSister(ctx context.Context, actorID int64) error {
	return tx.exec(ctx, "DELETE FROM sister WHERE actor_id = ?", actorID)
}

// Announcers lists the groups elsewhere that announced an object of ours, and
// with which the city has to do: she follows them, they are her sisters, or they
// took up an offer of it. Anybody could call himself a group.
func (r *Reader) Announcers(ctx context.Context, object string) ([]community.Actor, error) {
	return list(ctx, r, scanActor, "SELECT "+actorColumns+" FROM"+actorTables+`JOIN reaction v ON v.actor_id = a.id
		WHERE v.object = ? AND v.kind = 'announce' AND a.type = 'Group' AND a.gone = 0 AND (
			EXISTS (SELECT 1 FROM sister s WHERE s.actor_id = a.id)
			OR EXISTS (SELECT 1 FROM followed f WHERE f.actor_id = a.id AND f.local = 'city' AND f.state = 'accepted')
			OR EXISTS (SELECT 1 FROM offer o WHERE o.actor_id = a.id AND o.kind = 'out' AND o.object = v.object AND o.state = 'accepted'))
		ORDER BY v.id`, object)
}
