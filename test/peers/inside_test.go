package peers

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// What the program has no command for is looked up, or done, beside it on the
// same data, as its commands are.

func (c *city) inside(do func(ctx context.Context, n *node.Node) error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	store, err := storage.Open(ctx, storage.Options{Data: filepath.Join(c.dir, "data"), Database: c.setting("database")})
	if err != nil {
		c.t.Fatal(err)
	}
	defer store.Close()
	if err := do(ctx, node.New(store, community.NewSite(c.url), node.Options{})); err != nil {
		c.t.Fatal(err)
	}
}

func (c *city) setting(key string) string {
	for _, v := range c.env {
		if name, value, _ := strings.Cut(v, "="); name == "KONFA_"+strings.ToUpper(key) {
			return value
		}
	}
	return ""
}

// reactions counts what was said about an object without words.
func (c *city) reactions(uri string) map[community.ReactionKind]int {
	c.t.Helper()
	var counts map[community.ReactionKind]int
	c.inside(func(ctx context.Context, n *node.Node) (err error) {
		counts, err = n.Store().Reactions(ctx, uri)
		return err
	})
	return counts
}

// rotateKeys gives one of the city's actors new keys.
func (c *city) rotateKeys(actor community.LocalActor) {
	c.t.Helper()
	c.inside(func(ctx context.Context, n *node.Node) error {
		return n.RotateKeys(ctx, node.By{Console: true}, actor)
	})
}

// unsent counts the activities that are published and not yet made into
// deliveries.
func (c *city) unsent() (n int) {
	c.t.Helper()
	c.inside(func(ctx context.Context, node *node.Node) error {
		list, err := node.Store().Fanouts(ctx, 1000)
		n = len(list)
		return err
	})
	return n
}

// unread is when the next of what came in is to be worked on, zero for nothing.
func (c *city) unread() (at time.Time) {
	c.t.Helper()
	c.inside(func(ctx context.Context, node *node.Node) (err error) {
		at, err = node.Store().NextReceived(ctx)
		return err
	})
	return at
}

// tellPoll tells what a poll counted at once, without the rest that is between.
func (c *city) tellPoll(slug string) {
	c.t.Helper()
	c.inside(func(ctx context.Context, n *node.Node) error {
		conf, err := n.Store().Conference(ctx, slug)
		if err != nil {
			return err
		}
		if err := n.Store().Write(ctx, func(tx *storage.Tx) error { return tx.HastenPoll(ctx, conf.ID, 0) }); err != nil {
			return err
		}
		_, err = n.TellPolls(ctx)
		return err
	})
}
