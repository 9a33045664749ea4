package node

import (
	"context"
	"strconv"

	"konfa/community"
	"konfa/storage"
)

// errInvite: an invitation that lets nobody in, whyever.
func errInvite() error {
	return &community.Error{Code: community.NotFound, Key: "error.invite", Msg: "this invitation is not valid any more: ask for a new one"}
}

// role is what whoever asks may do at most.
func (b By) role() community.Role {
	if b.Member != nil {
		return b.Member.Role
	}
	return community.Steward
}

// AddInvite makes an address by which people join: Role, Note, Uses and Expires are
// given. Members may invite a few newcomers, stewards more and members. The secret
// is shown this once.
func (n *Node) AddInvite(ctx context.Context, by By, i community.Invite) (string, *community.Invite, error) {
	if err := by.may(community.Regular); err != nil {
		return "", nil, err
	}
	secret, err := newSecret()
	if err != nil {
		return "", nil, err
	}
	err = n.write(ctx, func(tx *storage.Tx) error {
		i.Hash, i.Created, i.Used, i.Revoked, i.ByID = tokenHash(secret), tx.Now(), 0, zeroTime, 0
		if by.Member != nil {
			i.ByID = by.Member.ID
		}
		if err := i.Check(by.role()); err != nil {
			return err
		}
		if by.role() != community.Steward {
			mine, err := tx.Invites(ctx, i.ByID, false)
			if err != nil {
				return err
			}
			open := 0
			for _, o := range mine {
				if o.Open(tx.Now()) {
					open++
				}
			}
			if open >= community.MemberInvites {
				return &community.Error{Code: community.Refused, Key: "error.invites", Msg: "you have enough invitations that are open", Hint: "end one first"}
			}
		}
		if err := tx.InsertInvite(ctx, &i); err != nil {
			return err
		}
		if by.role() != community.Steward {
			return nil
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "invite.add", Object: inviteObject(i.ID), Name: i.Note, Details: map[string]string{"role": string(i.Role), "uses": strconv.Itoa(i.Uses)}})
	})
	if err != nil {
		return "", nil, err
	}
	return secret, &i, nil
}

func inviteObject(id int64) string { return "invite/" + strconv.FormatInt(id, 10) }

// Invites lists the invitations of whoever asks, newest first, or with everyone
// those of all, which stewards see.
func (n *Node) Invites(ctx context.Context, by By, everyone bool) ([]community.Invite, error) {
	role := community.Regular
	if everyone {
		role = community.Steward
	}
	if err := by.may(role); err != nil {
		return nil, err
	}
	var id int64
	if by.Member != nil {
		id = by.Member.ID
	}
	return n.store.Invites(ctx, id, everyone)
}

// RevokeInvite ends an invitation: one's own, or for stewards anyone's.
func (n *Node) RevokeInvite(ctx context.Context, by By, id int64) error {
	if err := by.may(community.Newcomer); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		i, err := tx.InviteByID(ctx, id)
		if err != nil {
			return err
		}
		own := by.Member != nil && i.ByID == by.Member.ID
		if !own {
			if err := by.may(community.Steward); err != nil {
				return err
			}
		}
		if err := tx.RevokeInvite(ctx, id); err != nil {
			return err
		}
		if by.role() != community.Steward {
			return nil
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "invite.revoke", Object: inviteObject(id), Name: i.Note})
	})
}

// InviteOf finds the invitation with a secret, and who invites: nil for the city
// itself. NotFound when nobody can join by it any more.
func (n *Node) InviteOf(ctx context.Context, secret string) (*community.Invite, *community.Member, error) {
	return n.inviteOf(ctx, n.store.Reader, secret)
}

func (n *Node) inviteOf(ctx context.Context, r *storage.Reader, secret string) (*community.Invite, *community.Member, error) {
	i, err := r.Invite(ctx, tokenHash(secret))
	if ok, err := found(err); err != nil {
		return nil, nil, err
	} else if !ok || !i.Open(n.Now()) {
		return nil, nil, errInvite()
	}
	if i.ByID == 0 {
		return i, nil, nil
	}
	m, err := r.MemberByID(ctx, i.ByID)
	if err != nil {
		return nil, nil, err
	}
	// They may invite nobody any more, or not as what this one says.
	if m.MayAct() != nil || !m.Role.AtLeast(community.Regular) || i.Role != community.Newcomer && m.Role != community.Steward {
		return nil, nil, errInvite()
	}
	return i, m, nil
}
