// Package node is what a node does: every change of state, whoever asked for
// it, be it the web, the command line or another server.
//
// One change is one function and one transaction: it checks the rule
// (package community), writes the rows, writes the activity it causes and
// queues its delivery, all or nothing. Nothing is sent from here.
//
// Errors are *community.Error. Functions that start with Receive apply what
// another server told us, after package federation made sure who said it; they
// may be called again with the same input and then change nothing.
package node

import (
	"context"
	"log/slog"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// Node is one city's node. It is safe for concurrent use.
type Node struct {
	store *storage.Store
	site  community.Site
	enc   *activitystreams.Encoder
	clock func() time.Time
	log   *slog.Logger
	keys  keyring
}

// Options are the parts of a node that tests replace.
type Options struct {
	Clock func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: slog.Default()
}

// New makes a node on a store, to be reached at the addresses of site.
func New(store *storage.Store, site community.Site, o Options) *Node {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Node{store: store, site: site, enc: activitystreams.NewEncoder(site), clock: o.Clock, log: o.Log}
}

// Store is where the node keeps everything; others only read from it.
func (n *Node) Store() *storage.Store { return n.store }

// Site makes and reads the addresses of the node.
func (n *Node) Site() community.Site { return n.site }

// Encoder writes the node's documents.
func (n *Node) Encoder() *activitystreams.Encoder { return n.enc }

// Now is the present instant on the node's clock.
func (n *Node) Now() time.Time { return community.Instant(n.clock()) }

// By says who asks for a change: the command line on the machine itself, which
// may do everything, or a member.
type By struct {
	Console bool
	Member  *community.Member
}

// Name is the handle of who asks, for logs and records.
func (b By) Name() string {
	if b.Member != nil {
		return b.Member.Handle
	}
	if b.Console {
		return "console"
	}
	return ""
}

// may returns nil when whoever asks has at least the given role.
func (b By) may(role community.Role) error {
	switch {
	case b.Console:
		return nil
	case b.Member == nil:
		return &community.Error{Code: community.Forbidden, Key: "error.login", Msg: "this needs an account"}
	case !b.Member.Active():
		return &community.Error{Code: community.Forbidden, Key: "error.suspended", Msg: "this account is suspended"}
	case b.Member.MovedTo != "" && role != community.Newcomer:
		return b.Member.MayAct()
	case !b.Member.Role.AtLeast(role):
		return &community.Error{Code: community.Forbidden, Key: "error.role." + string(role), Msg: "this needs a " + string(role)}
	}
	return nil
}

// mayAs returns nil when whoever asks may act as a member: the member
// themselves, or the console.
func (b By) mayAs(handle string) error {
	if b.Console {
		return nil
	}
	if err := b.may(community.Newcomer); err != nil {
		return err
	}
	if b.Member.Handle != handle {
		return &community.Error{Code: community.Forbidden, Key: "error.other_member", Msg: "only " + handle + " can do that"}
	}
	return nil
}

// write runs one change of state.
func (n *Node) write(ctx context.Context, f func(tx *storage.Tx) error) error {
	return n.store.Write(ctx, f)
}

// found tells whether err is nil, and turns "not there" into false without an
// error.
func found(err error) (bool, error) {
	switch community.CodeOf(err) {
	case "":
		return true, nil
	case community.NotFound:
		return false, nil
	}
	return false, err
}
