package storage

import (
	"context"

	"konfa/community"
)

// Reactions counts the reactions to an object, by kind.
func (r *Reader) Reactions(ctx context.Context, object string) (map[community.ReactionKind]int, error) {
	type count struct {
		kind community.ReactionKind
		n    int
	}
	cs, err := list(ctx, r, func(row row, c *count) error { return row.Scan(&c.kind, &c.n) },
		"SELECT kind, COUNT(*) FROM reaction WHERE object = ? GROUP BY kind", object)
	out := make(map[community.ReactionKind]int, len(cs))
	for _, c := range cs {
		out[c.kind] = c.n
	}
	return out, err
}

// maxEngaged bounds how many are told of a change because they took part.
const maxEngaged = 5000

// Engaged lists the actors who reacted to an object of ours or answered it.
func (r *Reader) Engaged(ctx context.Context, object string) ([]int64, error) {
	return list(ctx, r, func(row row, id *int64) error { return row.Scan(id) },
		"SELECT actor_id FROM reaction WHERE object = ? UNION SELECT author_id FROM post WHERE reply_to = ? AND author_id <> 0 LIMIT ?", object, object, maxEngaged)
}

const reactionColumns = "id, actor_id, kind, emoji, object, uri, created"

func scanReaction(row row, v *community.Reaction) error {
	return row.Scan(&v.ID, &v.ActorID, &v.Kind, &v.Emoji, &v.Object, &v.URI, instant{&v.Created})
}

// ReactionByURI reads a reaction by the id of its activity.
func (r *Reader) ReactionByURI(ctx context.Context, uri string) (*community.Reaction, error) {
	return one(ctx, r, "reaction", scanReaction, "SELECT "+reactionColumns+" FROM reaction WHERE uri = ? ORDER BY id LIMIT 1", uri)
}

// ReactionOf reads the reaction of a kind that an actor has to an object; of
// several emoji the newest.
func (r *Reader) ReactionOf(ctx context.Context, object string, kind community.ReactionKind, actorID int64) (*community.Reaction, error) {
	return one(ctx, r, "reaction", scanReaction, "SELECT "+reactionColumns+" FROM reaction WHERE object = ? AND kind = ? AND actor_id = ? ORDER BY id DESC LIMIT 1", object, kind, actorID)
}

// SaveReaction adds a reaction. The same one again keeps its row and takes the
// newer activity.
func (tx *Tx) SaveReaction(ctx context.Context, v *community.Reaction) error {
	return tx.insert(ctx, &v.ID, `INSERT INTO reaction (actor_id, kind, emoji, object, uri, created) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (object, kind, actor_id, emoji) DO UPDATE SET uri = excluded.uri RETURNING id`,
		v.ActorID, v.Kind, v.Emoji, v.Object, v.URI, v.Created)
}

// DeleteReaction takes a reaction back.
func (tx *Tx) DeleteReaction(ctx context.Context, id int64) error {
	return tx.exec(ctx, "DELETE FROM reaction WHERE id = ?", id)
}

// DeleteReactionsOfActor takes all reactions of an actor back.
func (tx *Tx) DeleteReactionsOfActor(ctx context.Context, actorID int64) error {
	return tx.exec(ctx, "DELETE FROM reaction WHERE actor_id = ?", actorID)
}
