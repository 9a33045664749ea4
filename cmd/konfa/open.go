package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"konfa/community"
	"konfa/federation"
	"konfa/federation/fetch"
	"konfa/node"
	"konfa/storage"
)

// sqliteFile is the database under the data directory.
const sqliteFile = "konfa.db"

// metaBase is where package node remembers the address the city was founded at.
const metaBase = "base"

// console is who the command line acts as.
var console = node.By{Console: true}

// config reads the configuration for a command that works on a founded city.
func (a *app) config() (*Config, error) {
	return LoadConfig(a.cli.Config, false, a.environ, a.cli.flags())
}

// open opens the city that the configuration names. The caller closes the
// store of the returned node.
func (a *app) open() (*Config, *node.Node, error) {
	c, err := a.config()
	if err != nil {
		return nil, nil, err
	}
	if c.Database == "" {
		// Opening would make an empty database wherever one happens to be.
		if _, err := os.Stat(filepath.Join(c.Data, sqliteFile)); errors.Is(err, fs.ErrNotExist) {
			return nil, nil, withHint(errors.New("there is no city in "+c.Data), "found one with konfa init, or name its directory with --data")
		}
	}
	store, err := openStore(a.ctx, c)
	if err != nil {
		return nil, nil, err
	}
	n, err := a.node(c, store, slog.New(slog.DiscardHandler), false)
	if err != nil {
		store.Close()
		return nil, nil, err
	}
	return c, n, nil
}

func openStore(ctx context.Context, c *Config) (*storage.Store, error) {
	return storage.Open(ctx, storage.Options{Data: c.Data, Database: c.Database})
}

// node makes the node of a founded city at its address: the one it was founded
// at, unless the configuration says another one for this very data. Only serve
// may move it there: a command beside a running serve would part the two.
func (a *app) node(c *Config, store *storage.Store, log *slog.Logger, move bool) (*node.Node, error) {
	if !c.ownURL() {
		base, err := store.Meta(a.ctx, metaBase)
		switch community.CodeOf(err) {
		case "":
			c.URL = base
		case community.NotFound:
		default:
			return nil, err
		}
	}
	n := node.New(store, community.NewSite(c.URL), node.Options{Log: log})
	founded, err := n.Founded(a.ctx)
	if err != nil {
		return nil, err
	}
	if !founded {
		return n, notFounded()
	}
	if err := n.CheckBase(a.ctx, move); err != nil {
		return n, err
	}
	return n, n.Equip(a.ctx)
}

// connect makes the side of the node that talks to other servers, for a command
// that needs an answer from one. Nothing is delivered by it.
func connect(c *Config, n *node.Node) (*federation.Server, error) {
	o, err := fetchOptions(c)
	if err != nil {
		return nil, err
	}
	return federation.New(n, federation.Options{Log: slog.New(slog.DiscardHandler), Fetch: o, Version: version()})
}

func fetchOptions(c *Config) (fetch.Options, error) {
	roots, err := c.RootCAs()
	if err != nil {
		return fetch.Options{}, err
	}
	return fetch.Options{
		Allow:        c.AllowAddresses,
		UserAgent:    "konfa/" + version() + " (+" + c.URL + ")",
		RootCAs:      roots,
		Timeout:      20 * time.Second,
		InsecureHTTP: len(c.AllowAddresses) > 0,
	}, nil
}
