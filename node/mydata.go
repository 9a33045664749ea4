package node

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// maxMine bounds each list of what is kept about a member.
const maxMine = 10_000

// Mine is everything that is kept about a member.
type Mine struct {
	Member      *community.Member
	Proofs      *Proofs
	Sessions    []community.Session
	Conferences []storage.MemberConference // with their guests, those left too
	Posts       []community.Post           // drafts included
	Stays       []community.Stay
	Following   []community.Follow
	Notices     []community.Notice
	Links       []community.PrivateLink
	Invites     []community.Invite
	Letters     []community.Letter
	Audits      []community.Audit // about them, by whomever
}

// MyData gathers everything that is kept about a member, for nobody but them.
func (n *Node) MyData(ctx context.Context, by By, handle string) (*Mine, error) {
	if err := by.mayAs(handle); err != nil {
		return nil, err
	}
	r := n.store.Reader
	m, err := r.Member(ctx, handle)
	if err != nil {
		return nil, err
	}
	out := &Mine{Member: m}
	local := community.MemberActor(handle)
	for _, read := range []func() error{
		func() (err error) { out.Proofs, err = proofs(ctx, r, m); return },
		func() (err error) { out.Sessions, err = r.Sessions(ctx, m.ID); return },
		func() (err error) { out.Conferences, err = r.GuestList(ctx, m.ID); return },
		func() (err error) {
			out.Posts, err = r.Posts(ctx, storage.PostQuery{Author: local, Drafts: true, Limit: maxMine})
			return
		},
		func() (err error) { out.Stays, err = n.Stays(ctx, by, handle); return },
		func() (err error) {
			out.Following, err = r.FollowedList(ctx, storage.FollowQuery{Local: local})
			return
		},
		func() (err error) { out.Notices, _, _, err = n.Notices(ctx, by, handle, maxMine, 0); return },
		func() (err error) { out.Links, err = r.PrivateLinks(ctx, m.ID); return },
		func() (err error) { out.Invites, err = r.Invites(ctx, m.ID, false); return },
		func() (err error) {
			out.Letters, err = r.Letters(ctx, storage.LetterQuery{MemberID: m.ID, Limit: maxMine})
			return
		},
		func() (err error) {
			out.Audits, err = r.Audits(ctx, storage.AuditQuery{Object: string(local), Limit: maxMine})
			return
		},
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
