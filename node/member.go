package node

import (
	"context"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// AddMember gives a person an account. Conflict when the handle is or was taken.
func (n *Node) AddMember(ctx context.Context, by By, m *community.Member) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	if m.Role == "" {
		m.Role = community.Regular
	}
	if err := m.Check(); err != nil {
		return err
	}
	keys, err := newKeys(community.MemberActor(m.Handle))
	if err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		if err := n.addMember(ctx, tx, m, keys); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "member.add", Object: string(community.MemberActor(m.Handle)), Name: m.Name, Details: map[string]string{"role": string(m.Role)}})
	})
}

// addMember adds a member with their keys. Conflict when the handle is or was
// taken.
func (n *Node) addMember(ctx context.Context, tx *storage.Tx, m *community.Member, keys []community.KeyPair) error {
	city, err := tx.City(ctx)
	if err != nil {
		return err
	}
	if err := handleFree(ctx, tx.Reader, city, m.Handle); err != nil {
		return err
	}
	if len(m.Languages) == 0 {
		m.Languages = city.Languages
	}
	m.Created, m.Updated = tx.Now(), tx.Now()
	if err := tx.InsertMember(ctx, m); err != nil {
		return err
	}
	return insertKeys(ctx, tx, keys)
}

// handleFree returns nil if nobody has or had a handle.
func handleFree(ctx context.Context, r *storage.Reader, city *community.City, handle string) error {
	_, err := r.Member(ctx, handle)
	if ok, err := found(err); err != nil {
		return err
	} else if ok || handle == city.Handle {
		return handleTaken(handle)
	}
	if _, err := r.Tombstone(ctx, string(community.MemberActor(handle))); err == nil {
		return handleTaken(handle)
	}
	return nil
}

// SetRole makes a member a newcomer, a member or a steward. The city keeps at
// least one steward; to take that role from someone else needs two (Measure,
// Demote).
func (n *Node) SetRole(ctx context.Context, by By, handle string, role community.Role) error {
	return n.changeMember(ctx, by, handle, "member.role", func(tx *storage.Tx, m *community.Member, log *community.Audit) error {
		log.Details = map[string]string{"from": string(m.Role), "to": string(role)}
		if m.Role == community.Steward && role != community.Steward {
			if by.Member != nil && by.Member.Handle != handle {
				return &community.Error{Code: community.Refused, Key: "error.demote", Msg: "taking away the role of a steward needs a second steward: take a measure"}
			}
			if err := lastSteward(ctx, tx, m); err != nil {
				return err
			}
		}
		m.Role = role
		return m.Check()
	})
}

// SuspendMember takes an account out of use until it is taken back, or takes it
// back into use: a measure without a term. Its seats are free at once.
func (n *Node) SuspendMember(ctx context.Context, by By, handle string, on bool) error {
	if on {
		return n.TakeMeasure(ctx, by, &community.Measure{Kind: community.MeasureOut, TargetKind: community.TargetMember, Target: handle})
	}
	if err := by.may(community.Steward); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := n.memberAt(ctx, tx.Reader, handle)
		if err != nil {
			return err
		}
		if m.Suspended.IsZero() {
			return nil
		}
		standing, err := tx.Measures(ctx, storage.MeasureQuery{Target: n.site.Actor(community.MemberActor(m.Handle)),
			States: []community.MeasureState{community.MeasureActive}, Kinds: []community.MeasureKind{community.MeasureOut}})
		if err != nil {
			return err
		}
		for i := range standing {
			if err := n.lift(ctx, tx, by, &standing[i], ""); err != nil {
				return err
			}
		}
		if len(standing) > 0 {
			return nil
		}
		m.Suspended, m.Updated = zeroTime, tx.Now() // suspended before there were measures
		if err := tx.UpdateMember(ctx, m); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "member.restore", Object: string(community.MemberActor(handle)), Name: m.Name})
	})
}

// DeleteMember ends an account for good: its seats are free again, here and
// elsewhere, what it said and whom it followed goes, its server says that it is
// gone, its handle is never given again. Gone when it is deleted already.
func (n *Node) DeleteMember(ctx context.Context, by By, handle string) error {
	if by.mayAs(handle) != nil {
		if err := by.may(community.Steward); err != nil {
			return err
		}
	}
	actor := community.MemberActor(handle)
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		if !m.Deleted.IsZero() {
			return community.Errorf(community.Gone, "%s is not here any more", handle)
		}
		if err := lastSteward(ctx, tx, m); err != nil {
			return err
		}
		if by.mayAs(handle) != nil || by.Console {
			if err := n.audit(ctx, tx, by, community.Audit{Action: "member.delete", Object: string(actor), Name: m.Name}); err != nil {
				return err
			}
		}
		for _, drop := range []func(context.Context, *storage.Tx, *community.Member) error{n.freeSeats, n.endFollows, n.endStays, n.deletePostsOf} {
			if err := drop(ctx, tx, m); err != nil {
				return err
			}
		}
		for _, forget := range []func(context.Context, int64) error{tx.DeleteNotices, tx.DeletePrivateLinks, tx.DeleteProofs, tx.RevokeInvites, tx.ForgetGuestWords, tx.DeleteLettersTo, func(ctx context.Context, id int64) error { return tx.DeleteSessions(ctx, id, 0) }} {
			if err := forget(ctx, m.ID); err != nil {
				return err
			}
		}
		m.Deleted, m.Updated = tx.Now(), tx.Now()
		m.Name, m.About, m.Email, m.Picture, m.AlsoKnownAs, m.MovedTo, m.Languages, m.Lang, m.Conduct, m.Agreed = "", "", "", nil, nil, "", nil, "", 0, zeroTime
		if err := tx.UpdateMember(ctx, m); err != nil {
			return err
		}
		if err := tx.SaveTombstone(ctx, string(actor), "Person"); err != nil {
			return err
		}
		id := n.site.Actor(actor)
		_, err = n.emit(ctx, tx, emission{
			actor: actor, typ: "Delete", object: id, objectID: id, objectType: "Person",
			to: []string{activitystreams.PublicURI}, followers: true,
		})
		return err
	})
}

// freeSeats takes a member out of every conference that is still to come.
func (n *Node) freeSeats(ctx context.Context, tx *storage.Tx, m *community.Member) error {
	list, err := tx.GuestList(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, mc := range list {
		c := mc.Conference
		if c.Past(tx.Now()) {
			continue
		}
		g, err := tx.Guest(ctx, c.ID, storage.GuestKey{MemberID: m.ID})
		if err != nil {
			return err
		}
		if !c.Own() {
			origin, err := tx.ActorByID(ctx, c.OriginID)
			if err != nil {
				return err
			}
			if err := n.leaveElsewhere(ctx, tx, m, &c, origin, g); err != nil {
				return err
			}
			continue
		}
		if err := n.leave(ctx, tx, g); err != nil {
			return err
		}
	}
	return nil
}

// endFollows takes back every follow of a member.
func (n *Node) endFollows(ctx context.Context, tx *storage.Tx, m *community.Member) error {
	local := community.MemberActor(m.Handle)
	follows, err := tx.FollowedList(ctx, storage.FollowQuery{Local: local})
	if err != nil {
		return err
	}
	for _, f := range follows {
		if err := n.unfollow(ctx, tx, local, f.Actor); err != nil {
			return err
		}
	}
	return nil
}

// deletePostsOf deletes all that a member said, drafts included. Each deletion
// is told, since a post may have gone to people who do not follow its author.
func (n *Node) deletePostsOf(ctx context.Context, tx *storage.Tx, m *community.Member) error {
	posts, err := tx.Posts(ctx, storage.PostQuery{Author: community.MemberActor(m.Handle), Drafts: true})
	if err != nil {
		return err
	}
	for i := range posts {
		if err := n.deletePost(ctx, tx, &posts[i]); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) changeMember(ctx context.Context, by By, handle, action string, change func(*storage.Tx, *community.Member, *community.Audit) error) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		if !m.Deleted.IsZero() {
			return community.Errorf(community.Gone, "%s is not here any more", handle)
		}
		log := community.Audit{Action: action, Object: string(community.MemberActor(handle)), Name: m.Name}
		if err := change(tx, m, &log); err != nil {
			return err
		}
		m.Updated = tx.Now()
		if err := tx.UpdateMember(ctx, m); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, log)
	})
}

// lastSteward refuses to take away the only steward that is left.
func lastSteward(ctx context.Context, tx *storage.Tx, m *community.Member) error {
	if m.Role != community.Steward {
		return nil
	}
	members, err := tx.Members(ctx)
	if err != nil {
		return err
	}
	for _, o := range members {
		if o.ID != m.ID && o.Role == community.Steward && o.MayAct() == nil {
			return nil
		}
	}
	return community.Errorf(community.Conflict, "%s is the only steward", m.Handle).
		WithHint("make someone else a steward first: konfa member role NAME steward")
}
