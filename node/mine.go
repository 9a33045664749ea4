package node

import (
	"context"
	"slices"

	"konfa/community"
	"konfa/storage"
)

// When says which of a member's conferences.
type When string

// Those to come and going on, those that are over, and both.
const (
	Upcoming When = "upcoming"
	Past     When = "past"
	Always   When = "all"
)

// MyConferences lists the conferences that a member answered, here and elsewhere,
// with where they stand; not those they said no to. What is over comes last
// first.
func (n *Node) MyConferences(ctx context.Context, by By, handle string, when When) ([]storage.MemberConference, error) {
	if err := by.mayAs(handle); err != nil {
		return nil, err
	}
	m, err := n.store.Member(ctx, handle)
	if err != nil {
		return nil, err
	}
	list, err := n.store.GuestList(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(mc storage.MemberConference) bool {
		past := mc.Conference.Past(n.Now())
		return mc.Guest.State == community.NotGoing || mc.Conference.Draft || when == Upcoming && past || when == Past && !past
	})
	if when == Past {
		slices.Reverse(list)
	}
	return list, nil
}
