package storage

import (
	"context"

	"konfa/community"
)

// Password reads the password of a member; NotFound if they have none.
func (r *Reader) Password(ctx context.Context, memberID int64) (*community.Password, error) {
	scan := func(row row, p *community.Password) error { return row.Scan(&p.MemberID, &p.Hash, instant{&p.Changed}) }
	return one(ctx, r, "password", scan, "SELECT member_id, hash, changed FROM password WHERE member_id = ?", memberID)
}

// SavePassword sets the password of a member.
func (tx *Tx) SavePassword(ctx context.Context, p *community.Password) error {
	return tx.exec(ctx, "INSERT INTO password (member_id, hash, changed) VALUES (?, ?, ?) ON CONFLICT (member_id) DO UPDATE SET hash = excluded.hash, changed = excluded.changed",
		p.MemberID, p.Hash, p.Changed)
}

// DeletePassword takes the password of a member away; NotFound if there is none.
func (tx *Tx) DeletePassword(ctx context.Context, memberID int64) error {
	return tx.update(ctx, "password", "DELETE FROM password WHERE member_id = ?", memberID)
}

const passkeyColumns = "id, member_id, credential, name, data, created, last_used"

func scanPasskey(row row, p *community.Passkey) error {
	return row.Scan(&p.ID, &p.MemberID, &p.Credential, &p.Name, &p.Data, instant{&p.Created}, instant{&p.LastUsed})
}

// Passkey reads the passkey whose credential has an id.
func (r *Reader) Passkey(ctx context.Context, credential []byte) (*community.Passkey, error) {
	return one(ctx, r, "passkey", scanPasskey, "SELECT "+passkeyColumns+" FROM passkey WHERE credential = ?", credential)
}

// Passkeys lists the passkeys of a member, oldest first.
func (r *Reader) Passkeys(ctx context.Context, memberID int64) ([]community.Passkey, error) {
	return list(ctx, r, scanPasskey, "SELECT "+passkeyColumns+" FROM passkey WHERE member_id = ? ORDER BY id", memberID)
}

// InsertPasskey adds a passkey; Conflict if its credential is known already.
func (tx *Tx) InsertPasskey(ctx context.Context, p *community.Passkey) error {
	return tx.taken(ctx, "this passkey is known already", func() error {
		return tx.insert(ctx, &p.ID, "INSERT INTO passkey (member_id, credential, name, data, created, last_used) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
			p.MemberID, p.Credential, p.Name, p.Data, p.Created, p.LastUsed)
	})
}

// UpdatePasskey writes the name of a passkey, what it is and when it was used.
func (tx *Tx) UpdatePasskey(ctx context.Context, p *community.Passkey) error {
	return tx.update(ctx, "passkey", "UPDATE passkey SET name = ?, data = ?, last_used = ? WHERE id = ?", p.Name, p.Data, p.LastUsed, p.ID)
}

// DeletePasskey takes a passkey of a member away; NotFound if there is none.
func (tx *Tx) DeletePasskey(ctx context.Context, memberID, id int64) error {
	return tx.update(ctx, "passkey", "DELETE FROM passkey WHERE id = ? AND member_id = ?", id, memberID)
}

const identityColumns = "id, member_id, issuer, subject, name, created, last_used"

func scanIdentity(row row, i *community.Identity) error {
	return row.Scan(&i.ID, &i.MemberID, &i.Issuer, &i.Subject, &i.Name, instant{&i.Created}, instant{&i.LastUsed})
}

// Identity reads the identity that an issuer vouches for.
func (r *Reader) Identity(ctx context.Context, issuer, subject string) (*community.Identity, error) {
	return one(ctx, r, "identity", scanIdentity, "SELECT "+identityColumns+" FROM identity WHERE issuer = ? AND subject = ?", issuer, subject)
}

// Identities lists the identities of a member, oldest first.
func (r *Reader) Identities(ctx context.Context, memberID int64) ([]community.Identity, error) {
	return list(ctx, r, scanIdentity, "SELECT "+identityColumns+" FROM identity WHERE member_id = ? ORDER BY id", memberID)
}

// InsertIdentity adds an identity; Conflict if it signs someone in already.
func (tx *Tx) InsertIdentity(ctx context.Context, i *community.Identity) error {
	return tx.taken(ctx, "this account signs someone in already", func() error {
		return tx.insert(ctx, &i.ID, "INSERT INTO identity (member_id, issuer, subject, name, created, last_used) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
			i.MemberID, i.Issuer, i.Subject, i.Name, i.Created, i.LastUsed)
	})
}

// TouchIdentity notes that an identity signed its member in now, and what it is
// called by now.
func (tx *Tx) TouchIdentity(ctx context.Context, id int64, name string) error {
	return tx.update(ctx, "identity", "UPDATE identity SET last_used = ?, name = ? WHERE id = ?", tx.now, name, id)
}

// DeleteIdentity takes an identity of a member away; NotFound if there is none.
func (tx *Tx) DeleteIdentity(ctx context.Context, memberID, id int64) error {
	return tx.update(ctx, "identity", "DELETE FROM identity WHERE id = ? AND member_id = ?", id, memberID)
}

// DeleteProofs forgets all that a member could prove who they are with, and what
// was written to them.
func (tx *Tx) DeleteProofs(ctx context.Context, memberID int64) error {
	for _, table := range []string{"password", "passkey", "identity", "promise", "application", "letter"} {
		if err := tx.exec(ctx, "DELETE FROM "+table+" WHERE member_id = ?", memberID); err != nil {
			return err
		}
	}
	return nil
}

func scanPromise(row row, p *community.Promise) error {
	return row.Scan(&p.Hash, &p.MemberID, &p.Email, instant{&p.Created}, instant{&p.Expires})
}

// Promise reads the address with a hash that is to be confirmed.
func (r *Reader) Promise(ctx context.Context, hash []byte) (*community.Promise, error) {
	return one(ctx, r, "promise", scanPromise, "SELECT hash, member_id, email, created, expires FROM promise WHERE hash = ?", hash)
}

// Promises lists the addresses of a member that are to be confirmed, newest first.
func (r *Reader) Promises(ctx context.Context, memberID int64) ([]community.Promise, error) {
	return list(ctx, r, scanPromise, "SELECT hash, member_id, email, created, expires FROM promise WHERE member_id = ? ORDER BY created DESC, hash", memberID)
}

// InsertPromise adds an address to confirm.
func (tx *Tx) InsertPromise(ctx context.Context, p *community.Promise) error {
	return tx.exec(ctx, "INSERT INTO promise (hash, member_id, email, created, expires) VALUES (?, ?, ?, ?, ?)", p.Hash, p.MemberID, p.Email, p.Created, p.Expires)
}

// DeletePromises forgets all addresses of a member that are to be confirmed.
func (tx *Tx) DeletePromises(ctx context.Context, memberID int64) error {
	return tx.exec(ctx, "DELETE FROM promise WHERE member_id = ?", memberID)
}

// PrunePromises forgets the addresses that can be confirmed no more.
func (tx *Tx) PrunePromises(ctx context.Context) error {
	return tx.exec(ctx, "DELETE FROM promise WHERE expires < ?", tx.now)
}
