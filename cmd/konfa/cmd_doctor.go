package main

import (
	"errors"

	"konfa/community"
	"konfa/web"
)

type doctorCmd struct{}

// findingView is what was found of one part, with its words.
type findingView struct {
	community.Finding
	Title string `json:"title"`
	Text  string `json:"text"`
	Do    string `json:"do,omitempty"`
}

func (x *doctorCmd) Run(a *app) error {
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	fed, err := connect(c, n)
	if err != nil {
		return err
	}
	words, err := web.Words()
	if err != nil {
		return err
	}
	list := (&machine{c, n, fed}).Examine(a.ctx)
	views := make([]findingView, len(list))
	for i, f := range list {
		v := findingView{Finding: f}
		v.Title, v.Text, v.Do = words("en", f.Check, f.Key, f.Args)
		views[i] = v
	}
	marks := map[community.Health]string{community.Well: "ok", community.Unsure: "look", community.Ill: "BAD"}
	err = a.print(views, func() {
		for _, v := range views {
			a.say("%-5s %-12s %s", marks[v.Health], v.Title, clean(v.Text))
			if v.Do != "" && v.Health != community.Well {
				a.say("%-5s %-12s → %s", "", "", clean(v.Do))
			}
		}
	})
	if err == nil && community.Worst(list) == community.Ill {
		return withHint(errors.New("something is broken"), "the lines marked BAD say what, and what to do")
	}
	return err
}
