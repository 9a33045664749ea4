package node

import (
	"context"
	"strconv"

	"konfa/community"
	"konfa/storage"
)

// Conducts lists the versions of the code of conduct, the one that holds first.
// The default of the program is the last of them.
func (n *Node) Conducts(ctx context.Context) ([]community.Conduct, error) {
	list, err := n.store.Conducts(ctx)
	if err != nil {
		return nil, err
	}
	city, err := n.store.City(ctx)
	if err != nil {
		return nil, err
	}
	first := community.DefaultConduct()
	first.Created = city.Created
	return append(list, first), nil
}

// Conduct is the code of conduct that holds.
func (n *Node) Conduct(ctx context.Context) (*community.Conduct, error) {
	list, err := n.Conducts(ctx)
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// PublishConduct makes a new version of the code of conduct; everyone with an
// account is asked to agree to it. After is the version that its writer had
// before them: Conflict if another one was published meanwhile.
func (n *Node) PublishConduct(ctx context.Context, by By, c community.Conduct, after int) (*community.Conduct, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	err := n.write(ctx, func(tx *storage.Tx) error {
		last, err := tx.ConductVersion(ctx)
		if err != nil {
			return err
		}
		if last = max(last, 1); last != after {
			return &community.Error{Code: community.Conflict, Key: "error.conduct_meanwhile", Msg: "another version was published meanwhile", Hint: "look at it, and write yours once more on top of it"}
		}
		c.Version, c.By, c.Created = last+1, by.Name(), tx.Now()
		if err := tx.InsertConduct(ctx, &c); err != nil {
			return err
		}
		if by.Member != nil { // whoever wrote it agrees to it
			if err := agree(ctx, tx, by.Member.ID, c.Version); err != nil {
				return err
			}
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "conduct.publish", Object: "conduct", Name: strconv.Itoa(c.Version), Reason: c.Note})
	})
	if err != nil {
		return nil, err
	}
	return &c, nil
}

func agree(ctx context.Context, tx *storage.Tx, memberID int64, version int) error {
	m, err := tx.MemberByID(ctx, memberID)
	if err != nil {
		return err
	}
	m.Conduct, m.Agreed = version, tx.Now()
	return tx.UpdateMember(ctx, m)
}

// Agree notes that a member agreed to a version of the code of conduct. Conflict
// if it does not hold any more.
func (n *Node) Agree(ctx context.Context, by By, handle string, version int) error {
	if err := by.mayAs(handle); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		if err := holds(ctx, tx, version); err != nil {
			return err
		}
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		return agree(ctx, tx, m.ID, version)
	})
}

// holds returns nil if a version of the code of conduct is the present one.
func holds(ctx context.Context, tx *storage.Tx, version int) error {
	last, err := tx.ConductVersion(ctx)
	if err != nil {
		return err
	}
	if version != max(last, 1) {
		return &community.Error{Code: community.Conflict, Key: "error.conduct_new", Msg: "there is a new version of the code of conduct: please read it once more"}
	}
	return nil
}

// MustAgree tells whether there is a version of the code of conduct that a member
// has not agreed to. Nobody is asked about the default of the program who was
// here without it.
func (n *Node) MustAgree(ctx context.Context, m *community.Member) (bool, error) {
	last, err := n.store.ConductVersion(ctx)
	return last > m.Conduct, err
}
