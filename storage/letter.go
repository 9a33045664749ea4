package storage

import (
	"context"
	"strings"

	"konfa/community"
)

const letterColumns = "id, kind, address, lang, member_id, guest_id, conference_id, args, state, attempts, next_try, last_error, created, sent, receipt"

func scanLetter(row row, l *community.Letter) error {
	return row.Scan(&l.ID, word[community.LetterKind]{&l.Kind}, &l.To, &l.Lang, &l.MemberID, &l.GuestID, &l.ConferenceID, fromJSON{&l.Args},
		word[community.LetterState]{&l.State}, number{&l.Attempts}, instant{&l.NextTry}, &l.LastError, instant{&l.Created}, instant{&l.Sent}, &l.Receipt)
}

// LetterQuery says which letters: what is zero does not matter.
type LetterQuery struct {
	GuestID      int64
	ConferenceID int64
	MemberID     int64
	Address      string // in whatever case
	Kind         community.LetterKind
	State        community.LetterState
	Limit        int // 0: 100
	Offset       int
}

func (q LetterQuery) where() (string, []any) {
	parts, args := []string{"1 = 1"}, []any{}
	add := func(column string, v any) { parts, args = append(parts, column+" = ?"), append(args, v) }
	if q.GuestID != 0 {
		add("guest_id", q.GuestID)
	}
	if q.ConferenceID != 0 {
		add("conference_id", q.ConferenceID)
	}
	if q.MemberID != 0 {
		add("member_id", q.MemberID)
	}
	if q.Address != "" {
		add("LOWER(address)", strings.ToLower(q.Address))
	}
	if q.Kind != "" {
		add("kind", q.Kind)
	}
	if q.State != "" {
		add("state", q.State)
	}
	return strings.Join(parts, " AND "), args
}

// Letters lists letters, newest first.
func (r *Reader) Letters(ctx context.Context, q LetterQuery) ([]community.Letter, error) {
	where, args := q.where()
	if q.Limit == 0 {
		q.Limit = 100
	}
	return list(ctx, r, scanLetter, "SELECT "+letterColumns+" FROM letter WHERE "+where+" ORDER BY id DESC LIMIT ? OFFSET ?", append(args, q.Limit, q.Offset)...)
}

// Letter reads a letter.
func (r *Reader) Letter(ctx context.Context, id int64) (*community.Letter, error) {
	return one(ctx, r, "letter", scanLetter, "SELECT "+letterColumns+" FROM letter WHERE id = ?", id)
}

// InsertLetter adds a letter; whoever sends letters is woken.
func (tx *Tx) InsertLetter(ctx context.Context, l *community.Letter) error {
	tx.queued = true
	return tx.insert(ctx, &l.ID, "INSERT INTO letter (kind, address, lang, member_id, guest_id, conference_id, args, state, attempts, next_try, last_error, created, sent) "+
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
		l.Kind, l.To, l.Lang, l.MemberID, l.GuestID, l.ConferenceID, asJSON{l.Args}, l.State, l.Attempts, l.NextTry, l.LastError, l.Created, l.Sent)
}

// DeleteLettersTo forgets all letters to a member.
func (tx *Tx) DeleteLettersTo(ctx context.Context, memberID int64) error {
	return tx.exec(ctx, "DELETE FROM letter WHERE member_id = ? AND member_id <> 0", memberID)
}

// UpdateLetter notes what became of a letter.
func (tx *Tx) UpdateLetter(ctx context.Context, l *community.Letter) error {
	return tx.update(ctx, "letter", "UPDATE letter SET state = ?, attempts = ?, next_try = ?, last_error = ?, sent = ? WHERE id = ?",
		l.State, l.Attempts, l.NextTry, l.LastError, l.Sent, l.ID)
}
