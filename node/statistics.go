package node

import (
	"context"
	"time"

	"konfa/community"
)

// Statistics counts conferences, guests, and newcomers who return, in so many
// months up to now, on the clock of the city; stewards see it. It names nobody.
func (n *Node) Statistics(ctx context.Context, by By, months int) (community.Statistics, error) {
	if err := by.may(community.Steward); err != nil {
		return community.Statistics{}, err
	}
	city, err := n.store.City(ctx)
	if err != nil {
		return community.Statistics{}, err
	}
	zone, err := time.LoadLocation(city.Zone)
	if err != nil {
		zone = time.UTC
	}
	now := n.Now()
	held, err := n.store.Held(ctx, now)
	if err != nil {
		return community.Statistics{}, err
	}
	came, err := n.store.Attendances(ctx, now)
	if err != nil {
		return community.Statistics{}, err
	}
	return community.Count(held, came, months, now, zone), nil
}
