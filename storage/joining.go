package storage

import (
	"context"
	"time"

	"konfa/community"
)

const inviteColumns = "id, hash, by_id, role, note, uses, used, created, expires, revoked"

func scanInvite(row row, i *community.Invite) error {
	return row.Scan(&i.ID, &i.Hash, &i.ByID, word[community.Role]{&i.Role}, &i.Note, number{&i.Uses}, number{&i.Used}, instant{&i.Created}, instant{&i.Expires}, instant{&i.Revoked})
}

// Invite reads the invitation with a hash, also one that is over.
func (r *Reader) Invite(ctx context.Context, hash []byte) (*community.Invite, error) {
	return one(ctx, r, "invitation", scanInvite, "SELECT "+inviteColumns+" FROM invite WHERE hash = ?", hash)
}

// InviteByID reads an invitation.
func (r *Reader) InviteByID(ctx context.Context, id int64) (*community.Invite, error) {
	return one(ctx, r, "invitation", scanInvite, "SELECT "+inviteColumns+" FROM invite WHERE id = ?", id)
}

// Invites lists the invitations that a member made (0 for the console), or all of
// them with everyone, newest first, at most 500.
func (r *Reader) Invites(ctx context.Context, byID int64, everyone bool) ([]community.Invite, error) {
	return list(ctx, r, scanInvite, "SELECT "+inviteColumns+" FROM invite WHERE ? = 1 OR by_id = ? ORDER BY id DESC LIMIT 500", everyone, byID)
}

// InsertInvite adds an invitation.
func (tx *Tx) InsertInvite(ctx context.Context, i *community.Invite) error {
	return tx.insert(ctx, &i.ID, "INSERT INTO invite (hash, by_id, role, note, uses, used, created, expires, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
		i.Hash, i.ByID, i.Role, i.Note, i.Uses, i.Used, i.Created, i.Expires, i.Revoked)
}

// UseInvite counts one more who joined by an invitation; NotFound if it is over.
func (tx *Tx) UseInvite(ctx context.Context, id int64) error {
	return tx.update(ctx, "invitation", "UPDATE invite SET used = used + 1 WHERE id = ? AND used < uses AND revoked = 0 AND expires > ?", id, tx.now)
}

// RevokeInvite ends an invitation; NotFound if it was ended already.
func (tx *Tx) RevokeInvite(ctx context.Context, id int64) error {
	return tx.update(ctx, "invitation", "UPDATE invite SET revoked = ? WHERE id = ? AND revoked = 0", tx.now, id)
}

// RevokeInvites ends all invitations of a member.
func (tx *Tx) RevokeInvites(ctx context.Context, byID int64) error {
	return tx.exec(ctx, "UPDATE invite SET revoked = ? WHERE by_id = ? AND revoked = 0", tx.now, byID)
}

const applicationColumns = "id, hash, handle, name, email, lang, who, why, conduct, agreed, open, issuer, subject, identity, state, reason, member_id, created, confirmed, judged"

func scanApplication(row row, a *community.Application) error {
	return row.Scan(&a.ID, &a.Hash, &a.Handle, &a.Name, &a.Email, &a.Lang, &a.Who, &a.Why, number{&a.Conduct}, instant{&a.Agreed}, flag{&a.Open}, &a.Issuer, &a.Subject, &a.Identity,
		word[community.ApplicationState]{&a.State}, &a.Reason, &a.MemberID, instant{&a.Created}, instant{&a.Confirmed}, instant{&a.Judged})
}

// Application reads the application with the hash of its secret.
func (r *Reader) Application(ctx context.Context, hash []byte) (*community.Application, error) {
	return one(ctx, r, "application", scanApplication, "SELECT "+applicationColumns+" FROM application WHERE hash = ?", hash)
}

// ApplicationByID reads an application.
func (r *Reader) ApplicationByID(ctx context.Context, id int64) (*community.Application, error) {
	return one(ctx, r, "application", scanApplication, "SELECT "+applicationColumns+" FROM application WHERE id = ?", id)
}

// Applications lists the applications in a state, oldest first, at most 500.
func (r *Reader) Applications(ctx context.Context, state community.ApplicationState) ([]community.Application, error) {
	return list(ctx, r, scanApplication, "SELECT "+applicationColumns+" FROM application WHERE state = ? ORDER BY id LIMIT 500", state)
}

// CountApplications counts the applications in a state with an address, or with
// any if it is empty.
func (r *Reader) CountApplications(ctx context.Context, state community.ApplicationState, email string) (int, error) {
	return value[int](ctx, r, "SELECT COUNT(*) FROM application WHERE state = ? AND (? = '' OR lower(email) = lower(?))", state, email, email)
}

// Applied tells whether someone who waits for an account asked for a handle.
func (r *Reader) Applied(ctx context.Context, handle string) (bool, error) {
	n, err := value[int](ctx, r, "SELECT COUNT(*) FROM application WHERE handle = ? AND state = ?", handle, community.ApplicationWaiting)
	return n > 0, err
}

// InsertApplication adds an application.
func (tx *Tx) InsertApplication(ctx context.Context, a *community.Application) error {
	return tx.insert(ctx, &a.ID, "INSERT INTO application (hash, handle, name, email, lang, who, why, conduct, agreed, open, issuer, subject, identity, state, reason, member_id, created, confirmed, judged) "+
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
		a.Hash, a.Handle, a.Name, a.Email, a.Lang, a.Who, a.Why, a.Conduct, a.Agreed, a.Open, a.Issuer, a.Subject, a.Identity, a.State, a.Reason, a.MemberID, a.Created, a.Confirmed, a.Judged)
}

// UpdateApplication notes what became of an application, and a handle that was
// chosen anew.
func (tx *Tx) UpdateApplication(ctx context.Context, a *community.Application) error {
	return tx.update(ctx, "application", "UPDATE application SET handle = ?, state = ?, reason = ?, member_id = ?, confirmed = ?, judged = ? WHERE id = ?",
		a.Handle, a.State, a.Reason, a.MemberID, a.Confirmed, a.Judged, a.ID)
}

// PruneApplications forgets those whose address was not confirmed since an
// instant, and those declined before another.
func (tx *Tx) PruneApplications(ctx context.Context, unconfirmedSince, declinedBefore time.Time) error {
	return tx.exec(ctx, "DELETE FROM application WHERE state = ? AND created < ? OR state = ? AND judged < ?",
		community.ApplicationUnconfirmed, unconfirmedSince, community.ApplicationDeclined, declinedBefore)
}

func scanConduct(row row, c *community.Conduct) error {
	return row.Scan(number{&c.Version}, fromJSON{&c.Text}, &c.Note, &c.By, instant{&c.Created})
}

// Conducts lists the published versions of the code of conduct, newest first.
func (r *Reader) Conducts(ctx context.Context) ([]community.Conduct, error) {
	return list(ctx, r, scanConduct, "SELECT version, text, note, by_name, created FROM conduct ORDER BY version DESC")
}

// ConductVersion is the number of the version published last, 0 if none was.
func (r *Reader) ConductVersion(ctx context.Context) (int, error) {
	return value[int](ctx, r, "SELECT COALESCE(MAX(version), 0) FROM conduct")
}

// InsertConduct adds a version; Conflict if there is one of that number.
func (tx *Tx) InsertConduct(ctx context.Context, c *community.Conduct) error {
	return tx.taken(ctx, "another version was published meanwhile", func() error {
		return tx.exec(ctx, "INSERT INTO conduct (version, text, note, by_name, created) VALUES (?, ?, ?, ?, ?)", c.Version, asJSON{c.Text}, c.Note, c.By, c.Created)
	})
}
