package storage

import (
	"context"
	"strings"
	"time"
)

// ToldOf tells whether someone was ever told something, by the word it is noted
// under.
func (r *Reader) ToldOf(ctx context.Context, actorID int64, state string) (bool, error) {
	n, err := value[int](ctx, r, "SELECT COUNT(*) FROM message WHERE actor_id = ? AND state = ?", actorID, state)
	return n > 0, err
}

// CountTold counts what someone, or for 0 anyone, was told since an instant under
// words that begin so.
func (r *Reader) CountTold(ctx context.Context, actorID int64, prefix string, since time.Time) (int, error) {
	if actorID != 0 {
		return value[int](ctx, r, `SELECT COUNT(*) FROM message WHERE actor_id = ? AND created > ? AND state LIKE ? ESCAPE '\'`, actorID, since, likeEscaper.Replace(prefix)+"%")
	}
	return value[int](ctx, r, `SELECT COUNT(*) FROM message WHERE created > ? AND state LIKE ? ESCAPE '\'`, since, likeEscaper.Replace(prefix)+"%")
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)
