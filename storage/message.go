package storage

import (
	"context"
	"time"
)

// Message is one direct message of the city to someone elsewhere.
type Message struct {
	ID           int64
	ActorID      int64
	ConferenceID int64  // what it is about, or 0
	PostID       int64  // 0: they saw it on a page, and need not be told
	State        string // what it tells, in a word: the same word need not be told twice
	Created      time.Time
}

func scanMessage(row row, m *Message) error {
	return row.Scan(&m.ID, &m.ActorID, &m.ConferenceID, &m.PostID, &m.State, instant{&m.Created})
}

const messageColumns = "id, actor_id, conference_id, post_id, state, created"

// LastMessage reads what someone was told last about a conference, or about none
// where it is 0; NotFound if nothing.
func (r *Reader) LastMessage(ctx context.Context, actorID, confID int64) (*Message, error) {
	return one(ctx, r, "message", scanMessage, "SELECT "+messageColumns+" FROM message WHERE actor_id = ? AND conference_id = ? ORDER BY id DESC LIMIT 1", actorID, confID)
}

// MessageOfPost reads the message that a post of ours is; NotFound if it is none.
func (r *Reader) MessageOfPost(ctx context.Context, postID int64) (*Message, error) {
	return one(ctx, r, "message", scanMessage, "SELECT "+messageColumns+" FROM message WHERE post_id = ? ORDER BY id LIMIT 1", postID)
}

// CountMessages counts what someone was told since an instant: about one
// conference, or altogether where confID is 0.
func (r *Reader) CountMessages(ctx context.Context, actorID, confID int64, since time.Time) (int, error) {
	if confID == 0 {
		return value[int](ctx, r, "SELECT COUNT(*) FROM message WHERE actor_id = ? AND post_id <> 0 AND created > ?", actorID, since)
	}
	return value[int](ctx, r, "SELECT COUNT(*) FROM message WHERE actor_id = ? AND conference_id = ? AND post_id <> 0 AND created > ?", actorID, confID, since)
}

// DeleteMessagesTo forgets what someone was told, the posts that told it
// included.
func (tx *Tx) DeleteMessagesTo(ctx context.Context, actorID int64) error {
	if err := tx.exec(ctx, "DELETE FROM post WHERE id IN (SELECT post_id FROM message WHERE actor_id = ? AND post_id <> 0)", actorID); err != nil {
		return err
	}
	return tx.exec(ctx, "DELETE FROM message WHERE actor_id = ?", actorID)
}

// InsertMessage notes a direct message.
func (tx *Tx) InsertMessage(ctx context.Context, m *Message) error {
	return tx.insert(ctx, &m.ID, "INSERT INTO message (actor_id, conference_id, post_id, state, created) VALUES (?, ?, ?, ?, ?) RETURNING id",
		m.ActorID, m.ConferenceID, m.PostID, m.State, m.Created)
}
