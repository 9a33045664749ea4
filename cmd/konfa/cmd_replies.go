package main

import (
	"fmt"
	"strconv"

	"konfa/community"
	"konfa/node"
	"konfa/prose"
	"konfa/storage"
)

type repliesCmd struct {
	List   repliesListCmd   `cmd:"" default:"withargs" help:"What people anywhere answered, newest first."`
	Show   repliesShowCmd   `cmd:"" help:"Show an answer that waits, or was hidden."`
	Hide   repliesHideCmd   `cmd:"" help:"Take an answer away; it can be shown again."`
	Delete repliesDeleteCmd `cmd:"" help:"Forget an answer for good; it does not come back."`
}

// saidView is what someone elsewhere said to us or about us.
type saidView struct {
	ID         int64           `json:"id"`
	URI        string          `json:"uri"`
	URL        string          `json:"url"`
	Author     string          `json:"author"` // id
	Address    string          `json:"address,omitempty"`
	Name       string          `json:"name"`
	HTML       community.Texts `json:"html"`
	Warning    string          `json:"warning,omitempty"`
	ReplyTo    string          `json:"reply_to,omitempty"`
	Thread     string          `json:"thread,omitempty"`
	Conference string          `json:"conference,omitempty"`
	State      string          `json:"state"` // shown, held, hidden, offered, boosted, dismissed
	Published  string          `json:"published,omitempty"`
	Announced  string          `json:"announced,omitempty"`
}

// saidViews reads who said what.
func (a *app) saidViews(n *node.Node, list []community.Post) ([]saidView, error) {
	var ids []int64
	for _, p := range list {
		ids = append(ids, p.AuthorID)
	}
	authors, err := n.Store().Actors(a.ctx, ids)
	if err != nil {
		return nil, err
	}
	slugs := map[int64]string{}
	out := make([]saidView, len(list))
	for i := range list {
		p := &list[i]
		v := saidView{ID: p.ID, URI: p.URI, URL: p.URL, Name: p.AuthorName, HTML: p.HTML, Warning: p.Warning, ReplyTo: p.ReplyTo, Thread: p.Thread,
			State: p.StateName(), Published: stamp(p.Published), Announced: stamp(p.Announced)}
		if p.Own() {
			v.URI = n.Site().Post(p.Slug)
			v.Author = n.Site().Actor(p.Author)
		} else if by := authors[p.AuthorID]; by != nil {
			v.Author, v.Address = by.URI, by.Address()
		}
		if v.URL == "" {
			v.URL = v.URI
		}
		if id := p.ConferenceID; id != 0 {
			slug, ok := slugs[id]
			if !ok {
				if c, err := n.Store().ConferenceByID(a.ctx, id); err == nil {
					slug = c.Slug
				}
				slugs[id] = slug
			}
			v.Conference = slug
		}
		out[i] = v
	}
	return out, nil
}

// printSaid lists what was said, each with the number that other commands take.
func (a *app) printSaid(views []saidView, nothing string) error {
	rows := make([][]string, len(views))
	for i, v := range views {
		who := v.Address
		if who == "" {
			who = v.Name
		}
		text := v.Warning
		if text == "" {
			text = prose.Text(v.HTML.First(), 60)
		}
		rows[i] = []string{strconv.FormatInt(v.ID, 10), v.Published, v.State, who, short(text, 60), v.URL}
	}
	return a.print(views, func() { a.table(nothing, []string{"ID", "SAID", "STATE", "BY", "TEXT", "ADDRESS"}, rows) })
}

type repliesListCmd struct {
	Held   bool   `help:"Only those that wait for a steward." xor:"state"`
	Hidden bool   `help:"Only those that were taken away." xor:"state"`
	Conf   string `help:"Only those to one conference." placeholder:"SLUG"`
	Limit  int    `help:"At most so many." default:"50" placeholder:"N"`
}

func (x *repliesListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	q := storage.PostQuery{InTalk: true, Kinds: []community.PostKind{community.OrdinaryPost}, Visibilities: []community.Visibility{community.Public, community.Unlisted}, Limit: x.Limit}
	switch {
	case x.Held:
		q.States = []community.PostState{community.Held}
	case x.Hidden:
		q.States = []community.PostState{community.Hidden}
	}
	if x.Conf != "" {
		slug := x.Conf
		if s, ok := n.Site().ConferenceSlug(slug); ok {
			slug = s
		}
		c, err := n.Store().Conference(a.ctx, slug)
		if err != nil {
			return notFoundHint(err, "konfa conf list shows them all")
		}
		q.ConferenceID = c.ID
	}
	list, err := n.Store().Posts(a.ctx, q)
	if err != nil {
		return err
	}
	views, err := a.saidViews(n, list)
	if err != nil {
		return err
	}
	return a.printSaid(views, "nobody answered yet")
}

// judgeFlags say which answer is meant.
type judgeFlags struct {
	ID    int64 `arg:"" help:"Its number, as konfa replies list has it."`
	Below bool  `help:"And everything that answers it."`
}

type repliesShowCmd struct{ judgeFlags }

func (x *repliesShowCmd) Run(a *app) error { return x.judge(a, node.ShowReply, "shown") }

type repliesHideCmd struct{ judgeFlags }

func (x *repliesHideCmd) Run(a *app) error { return x.judge(a, node.HideReply, "hidden") }

type repliesDeleteCmd struct{ judgeFlags }

func (x *repliesDeleteCmd) Run(a *app) error { return x.judge(a, node.DeleteReply, "deleted") }

func (x *judgeFlags) judge(a *app, v node.Verdict, done string) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	count, err := n.ModerateReply(a.ctx, console, x.ID, v, x.Below)
	if err != nil {
		return err
	}
	return a.print(struct {
		ID    int64  `json:"id"`
		State string `json:"state"`
		Count int    `json:"count"`
	}{x.ID, done, count}, func() {
		what := "answer " + strconv.FormatInt(x.ID, 10)
		if count > 1 {
			what += fmt.Sprintf(" and %d below it", count-1)
		}
		a.say("%s: %s", done, what)
	})
}
