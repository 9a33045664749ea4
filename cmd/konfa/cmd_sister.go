package main

import (
	"fmt"
	"strings"

	"konfa/community"
	"konfa/node"
)

type sisterCmd struct {
	Add    sisterAddCmd    `cmd:"" help:"Make another city a sister city: follow her and her server."`
	List   sisterListCmd   `cmd:"" help:"List the sister cities, and the cities that follow this one."`
	Show   sisterShowCmd   `cmd:"" help:"Show one of them."`
	Set    sisterSetCmd    `cmd:"" help:"Say what of a sister city is shown and announced here."`
	Remove sisterRemoveCmd `cmd:"" help:"End it: nobody follows her any more; what was announced stays."`
}

// sisterFlags are the settings. What is nil was not said.
type sisterFlags struct {
	Announce *string  `help:"What becomes of her conferences: auto (announced by themselves), approve (each waits in konfa offer list) or never." placeholder:"HOW"`
	Show     *bool    `negatable:"" help:"Show her conferences on our pages, though nobody announced them."`
	Tag      []string `aliases:"tags" help:"Only those with one of these tags; an empty one means any." placeholder:"TAG"`
	Language []string `aliases:"languages" help:"Only those in one of these languages; an empty one means any." placeholder:"LANG"`
	Distance *int     `help:"Only those at most so many kilometres from our city's place; 0 means any." placeholder:"KM"`
}

func (f *sisterFlags) apply(s *community.Sister) error {
	if f.Announce != nil {
		s.Announce = community.Announcing(*f.Announce)
	}
	if f.Show != nil {
		s.Show = *f.Show
	}
	if f.Tag != nil {
		s.Tags = f.Tag
	}
	if f.Language != nil {
		s.Languages = f.Language
	}
	if f.Distance != nil {
		s.Distance = *f.Distance
	}
	return nil
}

// sisterView is a sister city in the JSON of the command line. Settings are left
// out of a city that only follows us.
type sisterView struct {
	Actor     string                `json:"actor"` // id
	Address   string                `json:"address"`
	Name      string                `json:"name"`
	Host      string                `json:"host"`
	URL       string                `json:"url,omitempty"`
	Sister    bool                  `json:"sister"` // false: she only follows us
	State     community.SisterState `json:"state"`
	Show      bool                  `json:"show"`
	Announce  community.Announcing  `json:"announce,omitempty"`
	Tags      []string              `json:"tags"`
	Languages []string              `json:"languages"`
	Distance  int                   `json:"distance"`
	Place     *community.Point      `json:"place,omitempty"`
	Since     string                `json:"since,omitempty"`
}

func sisterOf(s *community.Sister) sisterView {
	v := sisterView{Actor: s.Actor.URI, Address: s.Actor.Address(), Name: s.Actor.DisplayName(), Host: s.Actor.Host, URL: s.Actor.URL,
		Sister: s.ID != 0, State: s.State(), Show: s.Show, Announce: s.Announce, Tags: s.Tags, Languages: s.Languages, Distance: s.Distance,
		Place: s.Place, Since: stamp(s.Created)}
	if v.Tags == nil {
		v.Tags = []string{}
	}
	if v.Languages == nil {
		v.Languages = []string{}
	}
	return v
}

// sisterStates are the states for people.
var sisterStates = map[community.SisterState]string{
	community.SisterAsked: "asked", community.SisterFollowing: "following", community.SisterMutual: "mutual",
	community.SisterFollowsUs: "follows us", community.SisterRefused: "refused", community.SisterApart: "no follows",
}

func (a *app) printSister(s *community.Sister) error {
	v := sisterOf(s)
	return a.print(v, func() {
		a.say("%s  %s  %s", clean(v.Name), clean(v.Address), sisterStates[v.State])
		if !v.Sister {
			a.say("konfa sister add %s makes her a sister city", clean(v.Address))
			return
		}
		a.say("announce   %s", v.Announce)
		a.say("shown here %s", yesNo(v.Show))
		for _, f := range [][2]string{{"tags", strings.Join(v.Tags, " ")}, {"languages", strings.Join(v.Languages, " ")}} {
			if f[1] != "" {
				a.say("%-10s %s", f[0], f[1])
			}
		}
		if v.Distance > 0 {
			a.say("%-10s %d km", "within", v.Distance)
		}
	})
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

type sisterAddCmd struct {
	City string `arg:"" help:"@city@host, an address, or just a host."`
	sisterFlags
}

func (x *sisterAddCmd) Run(a *app) error {
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	fed, err := connect(c, n)
	if err != nil {
		return err
	}
	s, err := fed.AddSister(a.ctx, console, x.City, x.apply)
	if err != nil {
		return err
	}
	return a.printSister(s)
}

type sisterListCmd struct{}

func (x *sisterListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	list, err := n.Sisters(a.ctx)
	if err != nil {
		return err
	}
	views := make([]sisterView, len(list))
	rows := make([][]string, len(list))
	for i := range list {
		v := sisterOf(&list[i])
		views[i] = v
		shown, announce := yesNo(v.Show), string(v.Announce)
		if !v.Sister {
			shown, announce = "-", "-"
		}
		rows[i] = []string{v.Address, short(v.Name, 40), sisterStates[v.State], announce, shown}
	}
	return a.print(views, func() {
		a.table("no sister cities yet: konfa sister add @city@host", []string{"ADDRESS", "NAME", "STATE", "ANNOUNCE", "SHOWN"}, rows)
	})
}

type sisterShowCmd struct {
	City string `arg:"" help:"Her address, handle, host or name."`
}

func (x *sisterShowCmd) Run(a *app) error {
	return a.withSister(x.City, func(n *node.Node, s *community.Sister) error { return a.printSister(s) })
}

func (a *app) withSister(what string, do func(n *node.Node, s *community.Sister) error) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	s, err := n.FindSister(a.ctx, what)
	if err != nil {
		return err
	}
	return do(n, s)
}

type sisterSetCmd struct {
	City string `arg:"" help:"Her address, handle, host or name."`
	sisterFlags
}

func (x *sisterSetCmd) Run(a *app) error {
	if x.Announce == nil && x.Show == nil && x.Tag == nil && x.Language == nil && x.Distance == nil {
		return usagef("say what to change, such as --announce auto; konfa sister set --help lists it all", "nothing is to be changed")
	}
	return a.withSister(x.City, func(n *node.Node, s *community.Sister) error {
		if s.ID == 0 {
			return withHint(fmt.Errorf("%s follows this city, but is no sister city", s.Actor.Address()), "konfa sister add makes her one")
		}
		s, err := n.ChangeSister(a.ctx, console, s.Actor.URI, x.apply)
		if err != nil {
			return err
		}
		return a.printSister(s)
	})
}

type sisterRemoveCmd struct {
	City string `arg:"" help:"Her address, handle, host or name."`
}

func (x *sisterRemoveCmd) Run(a *app) error {
	return a.withSister(x.City, func(n *node.Node, s *community.Sister) error {
		if s.ID == 0 {
			return withHint(fmt.Errorf("%s follows this city, but is no sister city", s.Actor.Address()), "konfa block add keeps her out")
		}
		if err := n.RemoveSister(a.ctx, console, s.Actor.URI); err != nil {
			return err
		}
		return a.print(struct {
			Removed string `json:"removed"`
		}{s.Actor.URI}, func() { a.say("no longer a sister city: %s", clean(s.Actor.Address())) })
	})
}
