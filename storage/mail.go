package storage

import (
	"context"
	"time"

	"konfa/community"
)

// CountLetters counts the letters of a query, by their state.
func (r *Reader) CountLetters(ctx context.Context, q LetterQuery) (map[community.LetterState]int, error) {
	type count struct {
		state community.LetterState
		n     int
	}
	where, args := q.where()
	list, err := list(ctx, r, func(row row, c *count) error { return row.Scan(word[community.LetterState]{&c.state}, number{&c.n}) },
		"SELECT state, COUNT(*) FROM letter WHERE "+where+" GROUP BY state", args...)
	if err != nil {
		return nil, err
	}
	out := make(map[community.LetterState]int, len(list))
	for _, c := range list {
		out[c.state] = c.n
	}
	return out, nil
}

// CountSent counts the letters that an address was sent after an instant.
func (r *Reader) CountSent(ctx context.Context, address string, after time.Time) (int, error) {
	return value[int](ctx, r, "SELECT COUNT(*) FROM letter WHERE address = ? AND sent > ? AND state = 'sent'", address, after)
}

// NextLetter is when the next letter is to be sent; it may be in the past. The
// zero time if none waits.
func (r *Reader) NextLetter(ctx context.Context) (time.Time, error) {
	next, err := value[int64](ctx, r, "SELECT COALESCE(MIN(CASE WHEN claimed > next_try THEN claimed ELSE next_try END), 0) FROM letter WHERE state = 'waiting'")
	if err != nil || next == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(next).UTC(), nil
}

// ClaimLetter takes a letter that is due, which until an instant nobody else
// gets: the one with an id, or with 0 whichever is first, those that someone
// waits for before the others. NotFound when there is none.
func (tx *Tx) ClaimLetter(ctx context.Context, id int64, owner string, until time.Time) (*community.Letter, error) {
	cond, args := "next_try <= ?", []any{owner, until, tx.now}
	if id != 0 {
		cond, args = "id = ?", []any{owner, until, id}
	}
	return one(ctx, tx.Reader, "letter", scanLetter, `UPDATE letter SET owner = ?, claimed = ? WHERE id = (
		SELECT id FROM letter WHERE state = 'waiting' AND `+cond+` AND claimed <= ?
		ORDER BY CASE WHEN kind IN ('sign_in', 'confirm', 'address', 'join', 'test') THEN 0 WHEN kind IN ('message', 'thanks') THEN 2 ELSE 1 END, next_try, id LIMIT 1`+tx.sql.skipLocked+`)
		RETURNING `+letterColumns, append(args, tx.now)...)
}

// SettleLetter notes what became of a claimed letter. False means that it belongs
// to someone else by now, and nothing was written.
func (tx *Tx) SettleLetter(ctx context.Context, l *community.Letter, owner string) (bool, error) {
	n, err := tx.count(ctx, `UPDATE letter SET state = ?, attempts = ?, next_try = ?, last_error = ?, receipt = ?, sent = ?, args = ?, owner = '', claimed = 0
		WHERE id = ? AND owner = ? AND state = 'waiting'`,
		l.State, l.Attempts, l.NextTry, l.LastError, l.Receipt, l.Sent, asJSON{l.Args}, l.ID, owner)
	return n > 0, err
}

// SendKept lets letters that were kept for want of a mail server wait again, if
// they are younger than an instant, and tells how many they are.
func (tx *Tx) SendKept(ctx context.Context, after time.Time) (int, error) {
	tx.queued = true
	return tx.count(ctx, "UPDATE letter SET state = 'waiting', next_try = ?, sent = 0 WHERE state = 'kept' AND created > ?", tx.now, after)
}

// PruneLetters forgets the letters written before an instant, and tells how many
// they were.
func (tx *Tx) PruneLetters(ctx context.Context, before time.Time) (int, error) {
	return tx.count(ctx, "DELETE FROM letter WHERE created < ?", before)
}

// MailOff lists the kinds of letters that a member wants no more, or with 0
// whoever reads at an address (in lower case).
func (r *Reader) MailOff(ctx context.Context, memberID int64, address string) ([]community.LetterKind, error) {
	rows, err := list(ctx, r, func(row row, kinds *[]community.LetterKind) error { return row.Scan(fromJSON{kinds}) },
		"SELECT kinds FROM mail_off WHERE member_id = ? AND address = ?", memberID, address)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// SaveMailOff notes them; with no kinds it forgets.
func (tx *Tx) SaveMailOff(ctx context.Context, memberID int64, address string, kinds []community.LetterKind) error {
	if len(kinds) == 0 {
		return tx.exec(ctx, "DELETE FROM mail_off WHERE member_id = ? AND address = ?", memberID, address)
	}
	return tx.exec(ctx, `INSERT INTO mail_off (member_id, address, kinds, updated) VALUES (?, ?, ?, ?)
		ON CONFLICT (member_id, address) DO UPDATE SET kinds = excluded.kinds, updated = excluded.updated`, memberID, address, asJSON{kinds}, tx.now)
}

// StartRound notes that the letters of a kind are written to all guests of a
// conference that starts at an instant. False: they were written before.
func (tx *Tx) StartRound(ctx context.Context, confID int64, kind string, starts time.Time) (bool, error) {
	n, err := tx.count(ctx, "INSERT INTO mail_round (conference_id, kind, starts, done) VALUES (?, ?, ?, ?) ON CONFLICT (conference_id, kind, starts) DO NOTHING",
		confID, kind, starts, tx.now)
	return n > 0, err
}

// HadRound tells whether StartRound noted it.
func (r *Reader) HadRound(ctx context.Context, confID int64, kind string, starts time.Time) (bool, error) {
	n, err := value[int](ctx, r, "SELECT COUNT(*) FROM mail_round WHERE conference_id = ? AND kind = ? AND starts = ?", confID, kind, starts)
	return n > 0, err
}

// PruneRounds forgets those noted before an instant.
func (tx *Tx) PruneRounds(ctx context.Context, before time.Time) (int, error) {
	return tx.count(ctx, "DELETE FROM mail_round WHERE done < ?", before)
}
