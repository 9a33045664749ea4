package peers

import (
	"fmt"
	"testing"

	"konfa/test/standin"
)

// Mastodon has lost that one of its people follows the city, as after a restored
// backup. With the next activity the two sides compare (FEP-8fcf), and the city
// counts her no more; when she follows again both have her.
func TestFollowersAreCompared(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Handle: "belgrade", Host: "drift.localhost"})
	mastodon, err := standin.NewMastodon(network(t), "mastodon-drift.localhost", "4.5.2")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(mastodon.Close)
	follow := func() {
		t.Helper()
		if err := mastodon.Acts.Follow(belgrade.address()); err != nil {
			t.Fatal(err)
		}
		err := mastodon.Await(within, func() error {
			if got := mastodon.Following(belgrade.cityURI()); got != "accepted" {
				return fmt.Errorf("the follow is %q", got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	counts := func(want int) {
		t.Helper()
		eventually(t, fmt.Sprintf("the city counts %d followers", want), func() error {
			if got := belgrade.followers(); len(got) != want {
				return fmt.Errorf("%+v", got)
			}
			return nil
		})
	}
	follow()
	first := belgrade.addConference("Both know it")
	if err := mastodon.Await(within, func() error {
		if mastodon.Thing(first.URI) == nil {
			return fmt.Errorf("it did not arrive")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	counts(1)
	mastodon.LoseFollows(belgrade.cityURI())
	belgrade.addConference("One side lost it")
	counts(0)
	follow()
	counts(1)
}
