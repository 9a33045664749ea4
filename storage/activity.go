package storage

import (
	"context"
	"time"

	"konfa/community"
)

// Activity is one of ours, as it goes out.
type Activity struct {
	ID      int64
	UUID    string // last part of its id
	Actor   community.LocalActor
	Type    string // "Create", "Follow", …
	Object  string // id of what it is about
	JSON    []byte // sent byte for byte
	Public  bool   // listed in the outbox
	Form    community.Form
	Created time.Time
}

const activityColumns = "id, uuid, actor, type, object, json, public, created, form"

func scanActivity(row row, a *Activity) error {
	return row.Scan(&a.ID, &a.UUID, &a.Actor, &a.Type, &a.Object, &a.JSON, flag{&a.Public}, instant{&a.Created}, word[community.Form]{&a.Form})
}

// Activity reads one by its UUID.
func (r *Reader) Activity(ctx context.Context, uuid string) (*Activity, error) {
	return one(ctx, r, "activity", scanActivity, "SELECT "+activityColumns+" FROM activity WHERE uuid = ?", uuid)
}

// ActivitiesByID reads several at once. Those that are not there are not in the
// map.
func (r *Reader) ActivitiesByID(ctx context.Context, ids []int64) (map[int64]*Activity, error) {
	out := make(map[int64]*Activity, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	as, err := list(ctx, r, scanActivity, "SELECT "+activityColumns+" FROM activity WHERE id"+r.sql.inIDs, asJSON{ids})
	for i := range as {
		out[as[i].ID] = &as[i]
	}
	return out, err
}

// Outbox lists the public activities of an actor in the standard form, newest
// first, those with an id
// below before unless that is 0.
func (r *Reader) Outbox(ctx context.Context, actor community.LocalActor, before int64, limit int) ([]Activity, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	return list(ctx, r, scanActivity, "SELECT "+activityColumns+" FROM activity WHERE actor = ? AND public = 1 AND form = '' AND id < ? ORDER BY id DESC LIMIT ?", actor, before, limit)
}

// CountOutbox counts the public activities of an actor.
func (r *Reader) CountOutbox(ctx context.Context, actor community.LocalActor) (int, error) {
	return value[int](ctx, r, "SELECT COUNT(*) FROM activity WHERE actor = ? AND public = 1 AND form = ''", actor)
}

// InsertActivity adds an activity.
func (tx *Tx) InsertActivity(ctx context.Context, a *Activity) error {
	return tx.insert(ctx, &a.ID, "INSERT INTO activity (uuid, actor, type, object, json, public, created, form) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
		a.UUID, a.Actor, a.Type, a.Object, string(a.JSON), a.Public, a.Created, a.Form)
}

// LastActivity reads the newest activity of a type that an actor wrote about an
// object, in whatever form.
func (r *Reader) LastActivity(ctx context.Context, actor community.LocalActor, typ, object string) (*Activity, error) {
	return one(ctx, r, "activity", scanActivity, "SELECT "+activityColumns+" FROM activity WHERE object = ? AND actor = ? AND type = ? ORDER BY id DESC LIMIT 1", object, actor, typ)
}

// LastStandard is LastActivity of those in the standard form.
func (r *Reader) LastStandard(ctx context.Context, actor community.LocalActor, typ, object string) (*Activity, error) {
	return one(ctx, r, "activity", scanActivity, "SELECT "+activityColumns+" FROM activity WHERE object = ? AND actor = ? AND type = ? AND form = '' ORDER BY id DESC LIMIT 1", object, actor, typ)
}

// ForgetActivities takes every activity of ours away, with what was still to be
// sent of them.
func (tx *Tx) ForgetActivities(ctx context.Context) error {
	for _, table := range []string{"delivery", "fanout", "activity"} {
		if err := tx.exec(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	return nil
}
