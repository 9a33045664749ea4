package node

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// storePassing keeps a conference elsewhere that came on the word of someone who
// need not be followed, and notes why. What is here for a better reason stays
// so; what a city that we follow announces is listed from then on.
func (n *Node) storePassing(ctx context.Context, tx *storage.Tx, c *community.Conference, why string) error {
	_, err := tx.ConferenceByURI(ctx, c.URI)
	known, err := found(err)
	if err != nil {
		return err
	}
	if err := n.storeForeign(ctx, tx, c); err != nil {
		return err
	}
	stored, err := tx.ConferenceByURI(ctx, c.URI)
	if err != nil {
		return err
	}
	is, err := tx.Passing(ctx, stored.ID)
	if err != nil {
		return err
	}
	switch {
	case known && is == "", is == storage.PassingTold:
		return nil
	case known && why != storage.PassingTold && why != storage.PassingCity:
		return nil
	}
	if err := tx.SetPassing(ctx, stored.ID, why); err != nil {
		return err
	}
	return tx.AddWorldTodo(ctx, "conference", stored.ID)
}

// stewardFollows tells whether the city or the node follows someone of a host.
func (n *Node) stewardFollows(ctx context.Context, tx *storage.Tx, host string) (bool, error) {
	for _, local := range []community.LocalActor{community.CityActor, community.NodeActor} {
		list, err := tx.FollowedList(ctx, storage.FollowQuery{Local: local, Host: host, State: community.Accepted, Limit: 1})
		if err != nil || len(list) > 0 {
			return len(list) > 0, err
		}
	}
	return false, nil
}
