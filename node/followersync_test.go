package node

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func TestSynchronizeFollows(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	them := w.stranger(t, "https://ns.example/city")
	city, node, anna := w.site.Actor(community.CityActor), w.site.Actor(community.NodeActor), w.site.Actor(community.MemberActor("anna"))
	set := func(local community.LocalActor, state community.FollowState) {
		t.Helper()
		err := w.write(ctx, func(tx *storage.Tx) error {
			return tx.SaveFollowed(context.Background(), &community.Follow{Local: local, ActorID: them.ID, URI: w.site.Activity(string(local)), State: state, Created: tx.Now(), Updated: tx.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
		w.forget(t)
	}
	step := func(listed []string, settled int, state community.FollowState, sent ...string) {
		t.Helper()
		n, err := w.SynchronizeFollows(ctx, them, listed)
		if err != nil || n != settled {
			t.Errorf("settled %d (%v), want %d", n, err, settled)
		}
		f, err := w.store.Followed(ctx, community.CityActor, them.ID)
		if err != nil || f.State != state {
			t.Errorf("%+v, %v, want %s", f, err, state)
		}
		if got := w.queued(t); !slices.Equal(got, sent) {
			t.Errorf("sent %q, want %q", got, sent)
		}
		w.forget(t)
	}
	set(community.CityActor, community.Asked)
	step(nil, 0, community.Asked)
	step([]string{city, "https://else.example/x", w.site.Base + "/people/nobody", city + "#x"}, 1, community.Accepted)
	if ids, err := w.FollowersSeenBy(ctx, them); err != nil || !slices.Equal(ids, []string{city}) {
		t.Error(ids, err)
	}
	step(nil, 0, community.Accepted) // too early to tell
	w.pass(2 * time.Hour)
	step([]string{city}, 0, community.Accepted)
	step(nil, 1, community.Asked, "city Follow")
	step([]string{city, node, anna, anna}, 3, community.Accepted, "node Undo", "people/anna Undo")
	set(community.CityActor, community.Rejected)
	step([]string{city}, 1, community.Rejected, "city Undo")
	// Whoever makes up a list of everyone here gets some of it at a time.
	var all []string
	for i := range maxUndone + 10 {
		handle := fmt.Sprint("many", i)
		err := w.write(ctx, func(tx *storage.Tx) error {
			return tx.InsertMember(context.Background(), &community.Member{Handle: handle, Name: handle, Created: tx.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, w.site.Actor(community.MemberActor(handle)))
	}
	if n, err := w.SynchronizeFollows(ctx, them, all); n != maxUndone || err != nil {
		t.Errorf("%d undone at once, %v", n, err)
	}
}
