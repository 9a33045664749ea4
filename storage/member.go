package storage

import (
	"context"

	"konfa/community"
)

const memberColumns = "id, handle, name, about, languages, role, email, picture, created, updated, suspended, deleted, also_known_as, moved_to, moved, lang, conduct, agreed"

func scanMember(row row, m *community.Member) error {
	return row.Scan(&m.ID, &m.Handle, &m.Name, &m.About, fromJSON{&m.Languages}, &m.Role, &m.Email, fromJSON{&m.Picture},
		instant{&m.Created}, instant{&m.Updated}, instant{&m.Suspended}, instant{&m.Deleted}, fromJSON{&m.AlsoKnownAs}, &m.MovedTo, instant{&m.Moved},
		&m.Lang, number{&m.Conduct}, instant{&m.Agreed})
}

// Member reads the member with a handle, also a suspended or deleted one.
func (r *Reader) Member(ctx context.Context, handle string) (*community.Member, error) {
	return one(ctx, r, "member", scanMember, "SELECT "+memberColumns+" FROM member WHERE handle = ?", handle)
}

// MemberByID reads a member, also a suspended or deleted one.
func (r *Reader) MemberByID(ctx context.Context, id int64) (*community.Member, error) {
	return one(ctx, r, "member", scanMember, "SELECT "+memberColumns+" FROM member WHERE id = ?", id)
}

// MembersByEmail lists the members with an e-mail address, in whatever case, the
// suspended included, the deleted not.
func (r *Reader) MembersByEmail(ctx context.Context, address string) ([]community.Member, error) {
	return list(ctx, r, scanMember, "SELECT "+memberColumns+" FROM member WHERE lower(email) = lower(?) AND email <> '' AND deleted = 0 ORDER BY id", address)
}

// Members lists all members by handle, the suspended included, the deleted not.
func (r *Reader) Members(ctx context.Context) ([]community.Member, error) {
	return list(ctx, r, scanMember, "SELECT "+memberColumns+" FROM member WHERE deleted = 0 ORDER BY handle")
}

// InsertMember adds a member; Conflict if there is or was one of that handle.
func (tx *Tx) InsertMember(ctx context.Context, m *community.Member) error {
	return tx.taken(ctx, "the handle "+m.Handle+" is taken", func() error {
		return tx.insert(ctx, &m.ID, `INSERT INTO member (handle, name, about, languages, role, email, picture, created, updated, suspended, deleted, also_known_as, moved_to, moved, lang, conduct, agreed)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			m.Handle, m.Name, m.About, asJSON{m.Languages}, m.Role, m.Email, asJSON{m.Picture}, m.Created, m.Updated, m.Suspended, m.Deleted,
			asJSON{m.AlsoKnownAs}, m.MovedTo, m.Moved, m.Lang, m.Conduct, m.Agreed)
	})
}

// UpdateMember writes a member; the handle stays what it was.
func (tx *Tx) UpdateMember(ctx context.Context, m *community.Member) error {
	return tx.update(ctx, "member", `UPDATE member SET name = ?, about = ?, languages = ?, role = ?, email = ?, picture = ?, created = ?, updated = ?,
		suspended = ?, deleted = ?, also_known_as = ?, moved_to = ?, moved = ?, lang = ?, conduct = ?, agreed = ? WHERE id = ?`,
		m.Name, m.About, asJSON{m.Languages}, m.Role, m.Email, asJSON{m.Picture}, m.Created, m.Updated, m.Suspended, m.Deleted,
		asJSON{m.AlsoKnownAs}, m.MovedTo, m.Moved, m.Lang, m.Conduct, m.Agreed, m.ID)
}
