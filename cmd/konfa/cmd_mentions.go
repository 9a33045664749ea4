package main

import (
	"context"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

type mentionsCmd struct {
	List    mentionsListCmd    `cmd:"" default:"withargs" help:"Posts of others that mention the city and wait for a steward."`
	Boost   mentionsBoostCmd   `cmd:"" help:"Pass one on to everyone who follows the city."`
	Dismiss mentionsDismissCmd `cmd:"" help:"Do not pass one on, or not any more."`
}

type mentionsListCmd struct {
	All   bool `help:"Also what the city boosts, and what it did not want."`
	Limit int  `help:"At most so many." default:"50" placeholder:"N"`
}

func (x *mentionsListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	q := storage.PostQuery{Mentions: true, Limit: x.Limit}
	if !x.All {
		q.States = []community.PostState{community.Offered}
	}
	list, err := n.Store().Posts(a.ctx, q)
	if err != nil {
		return err
	}
	views, err := a.saidViews(n, list)
	if err != nil {
		return err
	}
	return a.printSaid(views, "nothing waits")
}

type mentionsBoostCmd struct {
	ID int64 `arg:"" help:"Its number, as konfa mentions list has it."`
}

func (x *mentionsBoostCmd) Run(a *app) error { return judgeMention(a, x.ID, (*node.Node).BoostPost) }

type mentionsDismissCmd struct {
	ID int64 `arg:"" help:"Its number, as konfa mentions list --all has it."`
}

func (x *mentionsDismissCmd) Run(a *app) error {
	return judgeMention(a, x.ID, (*node.Node).DismissPost)
}

func judgeMention(a *app, id int64, do func(*node.Node, context.Context, node.By, int64) (*community.Post, error)) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	p, err := do(n, a.ctx, console, id)
	if err != nil {
		return err
	}
	views, err := a.saidViews(n, []community.Post{*p})
	if err != nil {
		return err
	}
	return a.print(views[0], func() { a.say("%s: %s", views[0].State, clean(views[0].URL)) })
}
