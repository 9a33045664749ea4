package storage

import (
	"context"
	"strings"

	"konfa/community"
)

// FollowQuery picks follows, in the order of their ids.
type FollowQuery struct {
	Local community.LocalActor  // "" = of all our actors
	State community.FollowState // "" = all
	Host  string                // "" = all
	After int64                 // only ids above it
	Limit int                   // 0 = no limit
}

// The two directions are two tables of one shape.
type followTable string

const (
	followerTable followTable = "follower"
	followedTable followTable = "followed"
)

func (t followTable) selects() string {
	return "SELECT f.id, f.local, f.actor_id, f.uri, f.state, f.created, f.updated, " + actorColumns +
		" FROM " + string(t) + " f JOIN actor a ON a.id = f.actor_id LEFT JOIN peer p ON p.host = a.host "
}

func scanFollow(row row, f *community.Follow) error {
	f.Actor = &community.Actor{}
	return row.Scan(append([]any{&f.ID, &f.Local, &f.ActorID, &f.URI, &f.State, instant{&f.Created}, instant{&f.Updated}}, actorDest(f.Actor)...)...)
}

// Follower reads the follow of one of our actors by a remote one.
func (r *Reader) Follower(ctx context.Context, local community.LocalActor, actorID int64) (*community.Follow, error) {
	return one(ctx, r, "follower", scanFollow, followerTable.selects()+"WHERE f.local = ? AND f.actor_id = ?", local, actorID)
}

// FollowerByURI reads it by the id of its Follow activity, the newest if that
// was used twice.
func (r *Reader) FollowerByURI(ctx context.Context, uri string) (*community.Follow, error) {
	return one(ctx, r, "follower", scanFollow, followerTable.selects()+"WHERE f.uri = ? ORDER BY f.id DESC LIMIT 1", uri)
}

// Followers lists who follows us.
func (r *Reader) Followers(ctx context.Context, q FollowQuery) ([]community.Follow, error) {
	return r.follows(ctx, followerTable, q)
}

// CountFollowers counts the accepted followers of one of our actors.
func (r *Reader) CountFollowers(ctx context.Context, local community.LocalActor) (int, error) {
	return value[int](ctx, r, "SELECT COUNT(*) FROM follower WHERE local = ? AND state = 'accepted'", local)
}

// Followed reads the follow of a remote actor by one of ours.
func (r *Reader) Followed(ctx context.Context, local community.LocalActor, actorID int64) (*community.Follow, error) {
	return one(ctx, r, "follow", scanFollow, followedTable.selects()+"WHERE f.local = ? AND f.actor_id = ?", local, actorID)
}

// FollowedByURI reads it by the id of our Follow activity.
func (r *Reader) FollowedByURI(ctx context.Context, uri string) (*community.Follow, error) {
	return one(ctx, r, "follow", scanFollow, followedTable.selects()+"WHERE f.uri = ?", uri)
}

// FollowedList lists whom we follow.
func (r *Reader) FollowedList(ctx context.Context, q FollowQuery) ([]community.Follow, error) {
	return r.follows(ctx, followedTable, q)
}

// CountFollowed counts those one of our actors follows, accepted.
func (r *Reader) CountFollowed(ctx context.Context, local community.LocalActor) (int, error) {
	return value[int](ctx, r, "SELECT COUNT(*) FROM followed WHERE local = ? AND state = 'accepted'", local)
}

// FollowsOf lists the follows of a remote actor by ours, in any state.
func (r *Reader) FollowsOf(ctx context.Context, actorID int64) ([]community.Follow, error) {
	return list(ctx, r, scanFollow, followedTable.selects()+"WHERE f.actor_id = ? ORDER BY f.id", actorID)
}

// FollowsActor tells whether any of our actors follows a remote one, accepted.
func (r *Reader) FollowsActor(ctx context.Context, actorID int64) (bool, error) {
	n, err := value[int](ctx, r, "SELECT COUNT(*) FROM followed WHERE actor_id = ? AND state = 'accepted'", actorID)
	return n > 0, err
}

func (r *Reader) follows(ctx context.Context, t followTable, q FollowQuery) ([]community.Follow, error) {
	var b strings.Builder
	b.WriteString(t.selects() + "WHERE f.id > ?")
	args := []any{q.After}
	if q.Local != "" {
		b.WriteString(" AND f.local = ?")
		args = append(args, q.Local)
	}
	if q.State != "" {
		b.WriteString(" AND f.state = ?")
		args = append(args, q.State)
	}
	if q.Host != "" {
		b.WriteString(" AND a.host = ?")
		args = append(args, q.Host)
	}
	b.WriteString(" ORDER BY f.id")
	args = limit(&b, args, q.Limit, 0)
	return list(ctx, r, scanFollow, b.String(), args...)
}

// limit ends a query.
func limit(b *strings.Builder, args []any, limit, offset int) []any {
	switch {
	case limit > 0:
		b.WriteString(" LIMIT ?")
		args = append(args, limit)
	case offset > 0:
		b.WriteString(" LIMIT 9223372036854775807") // SQLite has no OFFSET without it
	}
	if offset > 0 {
		b.WriteString(" OFFSET ?")
		args = append(args, offset)
	}
	return args
}

// SaveFollower adds or replaces a follower, by our actor and theirs.
func (tx *Tx) SaveFollower(ctx context.Context, f *community.Follow) error {
	return tx.saveFollow(ctx, followerTable, f)
}

// SaveFollowed adds or replaces a follow of ours, by our actor and theirs.
func (tx *Tx) SaveFollowed(ctx context.Context, f *community.Follow) error {
	if err := tx.saveFollow(ctx, followedTable, f); err != nil {
		return err
	}
	return tx.AddWorldTodo(ctx, "follow", f.ActorID)
}

func (tx *Tx) saveFollow(ctx context.Context, t followTable, f *community.Follow) error {
	return tx.taken(ctx, "this follow is known already", func() error {
		return tx.insert(ctx, &f.ID, "INSERT INTO "+string(t)+` (local, actor_id, uri, state, created, updated) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (local, actor_id) DO UPDATE SET uri = excluded.uri, state = excluded.state, updated = excluded.updated RETURNING id`,
			f.Local, f.ActorID, f.URI, f.State, f.Created, f.Updated)
	})
}

// DeleteFollower forgets a follower.
func (tx *Tx) DeleteFollower(ctx context.Context, local community.LocalActor, actorID int64) error {
	return tx.exec(ctx, "DELETE FROM follower WHERE local = ? AND actor_id = ?", local, actorID)
}

// DeleteFollowed forgets a follow of ours.
func (tx *Tx) DeleteFollowed(ctx context.Context, local community.LocalActor, actorID int64) error {
	if err := tx.exec(ctx, "DELETE FROM followed WHERE local = ? AND actor_id = ?", local, actorID); err != nil {
		return err
	}
	return tx.AddWorldTodo(ctx, "follow", actorID)
}

// DeleteFollowsOf forgets all follows of and by a remote actor.
func (tx *Tx) DeleteFollowsOf(ctx context.Context, actorID int64) error {
	if err := tx.exec(ctx, "DELETE FROM follower WHERE actor_id = ?", actorID); err != nil {
		return err
	}
	if err := tx.exec(ctx, "DELETE FROM followed WHERE actor_id = ?", actorID); err != nil {
		return err
	}
	return tx.AddWorldTodo(ctx, "follow", actorID)
}
