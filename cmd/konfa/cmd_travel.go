package main

import (
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/web"
)

// asMember opens the city for a command about one member.
func (a *app) asMember(handle string, do func(c *Config, n *node.Node, m *community.Member) error) error {
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	m, err := findMember(a, n, handle)
	if err != nil {
		return err
	}
	return do(c, n, m)
}

type memberNoticesCmd struct {
	Handle string `arg:"" help:"Of the member."`
	Read   bool   `help:"Mark them as read, once they are shown."`
	Limit  int    `help:"At most so many." default:"50" placeholder:"N"`
}

type noticeView struct {
	ID      int64                `json:"id"`
	Kind    community.NoticeKind `json:"kind"`
	Text    string               `json:"text"` // in the member's language
	URL     string               `json:"url,omitempty"`
	Args    map[string]string    `json:"args,omitempty"`
	Created string               `json:"created"`
	Read    string               `json:"read,omitempty"`
}

func (x *memberNoticesCmd) Run(a *app) error {
	return a.asMember(x.Handle, func(_ *Config, n *node.Node, m *community.Member) error {
		list, _, _, err := n.Notices(a.ctx, console, m.Handle, max(x.Limit, 1), 0)
		if err != nil {
			return err
		}
		views := make([]noticeView, len(list))
		rows := make([][]string, len(list))
		last := int64(0)
		for i := range list {
			o := &list[i]
			text, err := web.NoticeText(m.Languages, o)
			if err != nil {
				return err
			}
			views[i] = noticeView{o.ID, o.Kind, text, o.Subject, o.Args, stamp(o.Created), stamp(o.Read)}
			mark := ""
			if o.Read.IsZero() {
				mark = "new"
			}
			rows[i] = []string{a.ago(o.Created), mark, text, o.Subject}
			last = max(last, o.ID)
		}
		if x.Read {
			if _, err := n.ReadNotices(a.ctx, console, m.Handle, last); err != nil {
				return err
			}
		}
		return a.print(views, func() { a.table("no notices", []string{"WHEN", "", "WHAT", "ADDRESS"}, rows) })
	})
}

type memberConferencesCmd struct {
	Handle    string `arg:"" help:"Of the member."`
	Past      bool   `help:"Those that are over." xor:"when"`
	All       bool   `help:"Past and coming." xor:"when"`
	Suggested bool   `help:"Those of cities where the member stays." xor:"when"`
}

type memberConferenceView struct {
	State      community.GuestState `json:"state,omitempty"`
	Plus       int                  `json:"plus"`
	Stay       int64                `json:"stay,omitempty"` // for which it is suggested
	Conference conferenceView       `json:"conference"`
}

func (x *memberConferencesCmd) Run(a *app) error {
	return a.asMember(x.Handle, func(_ *Config, n *node.Node, m *community.Member) error {
		views, rows := []memberConferenceView{}, [][]string{}
		add := func(c *community.Conference, g community.Guest, stay int64) {
			views = append(views, memberConferenceView{g.State, g.Plus, stay, conferenceOf(n.Site(), c)})
			where := c.Origin
			if c.Own() {
				where = "here"
			}
			state := string(g.State)
			if c.Status == community.Cancelled {
				state += ", cancelled"
			}
			rows = append(rows, []string{c.LocalStart().Format("2006-01-02 15:04"), c.Title.First(), where, strings.TrimPrefix(state, ", ")})
		}
		if x.Suggested {
			list, err := n.Suggestions(a.ctx, console, m.Handle)
			if err != nil {
				return err
			}
			for i := range list {
				add(&list[i].Conference, community.Guest{}, list[i].Stay.ID)
			}
		} else {
			when := node.Upcoming
			switch {
			case x.Past:
				when = node.Past
			case x.All:
				when = node.Always
			}
			list, err := n.MyConferences(a.ctx, console, m.Handle, when)
			if err != nil {
				return err
			}
			for i := range list {
				add(&list[i].Conference, list[i].Guest, 0)
			}
		}
		return a.print(views, func() { a.table("none", []string{"START", "TITLE", "CITY", "STATE"}, rows) })
	})
}

type memberLinkCmd struct {
	Handle      string `arg:"" help:"Of the member."`
	Name        string `help:"What it is for." placeholder:"NAME"`
	Suggestions bool   `help:"Its calendar has what is suggested for stays, too."`
	Revoke      int64  `help:"Make the link with this number useless instead." placeholder:"ID"`
}

type linkView struct {
	ID          int64  `json:"id"`
	Name        string `json:"name,omitempty"`
	Suggestions bool   `json:"suggestions"`
	Page        string `json:"page,omitempty"`     // with the secret, when just made
	Calendar    string `json:"calendar,omitempty"` // the same
	Created     string `json:"created"`
	LastUsed    string `json:"last_used,omitempty"`
	Revoked     string `json:"revoked,omitempty"`
}

func linkOf(l *community.PrivateLink) linkView {
	return linkView{ID: l.ID, Name: l.Name, Suggestions: l.Suggests, Created: stamp(l.Created), LastUsed: stamp(l.LastUsed), Revoked: stamp(l.Revoked)}
}

func (x *memberLinkCmd) Run(a *app) error {
	return a.asMember(x.Handle, func(_ *Config, n *node.Node, m *community.Member) error {
		if x.Revoke != 0 {
			if err := n.RevokeLink(a.ctx, console, m.Handle, x.Revoke); err != nil {
				return err
			}
			return a.print(struct {
				Revoked int64 `json:"revoked"`
			}{x.Revoke}, func() { a.say("link %d is useless now", x.Revoke) })
		}
		secret, l, err := n.AddLink(a.ctx, console, m.Handle, x.Name, x.Suggestions)
		if err != nil {
			return err
		}
		v := linkOf(l)
		v.Page = n.Site().Base + "/my/" + secret
		v.Calendar = v.Page + ".ics"
		return a.print(v, func() {
			a.note("link %d of %s; it is shown this once. Whoever has it sees what is theirs.", l.ID, m.Handle)
			a.say("%s", v.Page)
			a.say("%s", v.Calendar)
		})
	})
}

type memberLinksCmd struct {
	Handle string `arg:"" help:"Of the member."`
}

func (x *memberLinksCmd) Run(a *app) error {
	return a.asMember(x.Handle, func(_ *Config, n *node.Node, m *community.Member) error {
		list, err := n.Links(a.ctx, console, m.Handle)
		if err != nil {
			return err
		}
		views, rows := make([]linkView, len(list)), make([][]string, len(list))
		for i := range list {
			views[i] = linkOf(&list[i])
			state := ""
			if !list[i].Revoked.IsZero() {
				state = "revoked"
			}
			rows[i] = []string{strconv.FormatInt(list[i].ID, 10), list[i].Name, a.ago(list[i].Created), a.ago(list[i].LastUsed), state}
		}
		return a.print(views, func() { a.table("no links yet", []string{"ID", "NAME", "MADE", "USED", "STATE"}, rows) })
	})
}

type memberVisitCmd struct {
	Handle  string `arg:"" help:"Of the member."`
	City    string `arg:"" help:"The city: a handle, an address, or a host."`
	From    string `required:"" help:"The first day." placeholder:"2027-03-03"`
	To      string `help:"The last day." placeholder:"2027-03-17"`
	Visible bool   `help:"Tell that city, whose members see who comes."`
	Moving  bool   `help:"To live there; then there need be no last day."`
}

type stayView struct {
	ID      int64              `json:"id"`
	City    string             `json:"city"` // its ActivityPub id
	Name    string             `json:"name"`
	Address string             `json:"address"`
	From    string             `json:"from"`
	To      string             `json:"to,omitempty"`
	Kind    community.StayKind `json:"kind"`
	Visible bool               `json:"visible"`
	Over    bool               `json:"over"`
}

func (a *app) stayOf(s *community.Stay) stayView {
	return stayView{s.ID, s.Actor.URI, s.Actor.DisplayName(), s.Actor.Address(), dayOf(s.From), dayOf(s.To), s.Kind, s.Visible, s.Over(a.now())}
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func readDay(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, usagef("write it like 2027-03-17", "--%s %s is not a day", flag, s)
	}
	return t, nil
}

func (x *memberVisitCmd) Run(a *app) error {
	stay := community.Stay{Visible: x.Visible}
	if x.Moving {
		stay.Kind = community.Moving
	}
	var err error
	if stay.From, err = readDay("from", x.From); err != nil {
		return err
	}
	if stay.To, err = readDay("to", x.To); err != nil {
		return err
	}
	if err := stay.Check(a.now()); err != nil {
		return err
	}
	return a.asMember(x.Handle, func(c *Config, n *node.Node, m *community.Member) error {
		fed, err := connect(c, n)
		if err != nil {
			return err
		}
		s, err := fed.Visit(a.ctx, console, m.Handle, x.City, stay)
		if err != nil {
			return err
		}
		v := a.stayOf(s)
		return a.print(v, func() {
			a.say("%s: %s, %s", m.Name, clean(v.Name), strings.TrimSuffix(v.From+" to "+v.To, " to "))
			if !s.Visible {
				a.note("%s is not told; konfa member stays %s --show %d tells it", clean(v.Address), m.Handle, s.ID)
			}
		})
	})
}

type memberStaysCmd struct {
	Handle string `arg:"" help:"Of the member."`
	Show   int64  `help:"Tell the city of the stay with this number." placeholder:"ID" xor:"do"`
	Hide   int64  `help:"Take that back." placeholder:"ID" xor:"do"`
	Remove int64  `help:"Forget the stay with this number." placeholder:"ID" xor:"do"`
}

func (x *memberStaysCmd) Run(a *app) error {
	return a.asMember(x.Handle, func(_ *Config, n *node.Node, m *community.Member) error {
		var err error
		switch {
		case x.Show != 0:
			_, err = n.ShowStay(a.ctx, console, m.Handle, x.Show, true)
		case x.Hide != 0:
			_, err = n.ShowStay(a.ctx, console, m.Handle, x.Hide, false)
		case x.Remove != 0:
			err = n.EndStay(a.ctx, console, m.Handle, x.Remove)
		}
		if err != nil {
			return err
		}
		list, err := n.Stays(a.ctx, console, m.Handle)
		if err != nil {
			return err
		}
		views, rows := make([]stayView, len(list)), make([][]string, len(list))
		for i := range list {
			v := a.stayOf(&list[i])
			state := ""
			if v.Visible {
				state = "the city knows"
			}
			if v.Over {
				state = "over"
			}
			views[i], rows[i] = v, []string{strconv.FormatInt(v.ID, 10), v.Address, v.From, v.To, string(v.Kind), state}
		}
		return a.print(views, func() { a.table("no stays", []string{"ID", "CITY", "FROM", "TO", "KIND", ""}, rows) })
	})
}

type arrivalsCmd struct{}

type arrivalView struct {
	Actor   string             `json:"actor"`
	Name    string             `json:"name"`
	Address string             `json:"address"`
	Home    string             `json:"home,omitempty"` // the city they come from
	From    string             `json:"from"`
	To      string             `json:"to,omitempty"`
	Kind    community.StayKind `json:"kind"`
}

func (x *arrivalsCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	list, err := n.Arrivals(a.ctx, console)
	if err != nil {
		return err
	}
	views, rows := make([]arrivalView, len(list)), make([][]string, len(list))
	for i, v := range list {
		views[i] = arrivalView{v.Actor.URI, v.Actor.DisplayName(), v.Actor.Address(), v.Home, dayOf(v.From), dayOf(v.To), v.Kind}
		rows[i] = []string{views[i].From, views[i].To, views[i].Name, views[i].Address, string(v.Kind)}
	}
	return a.print(views, func() { a.table("nobody said that they come", []string{"FROM", "TO", "NAME", "ADDRESS", "KIND"}, rows) })
}

type memberAliasCmd struct {
	Handle  string `arg:"" help:"Of the member."`
	Account string `arg:"" optional:"" help:"Another account of the same person: @anna@example.org. Left out, those that are named are listed."`
	Remove  bool   `help:"Take it back."`
}

type accountView struct {
	Handle      string   `json:"handle"`
	AlsoKnownAs []string `json:"also_known_as"`
	MovedTo     string   `json:"moved_to,omitempty"`
	Moved       string   `json:"moved,omitempty"` // when last
}

func (a *app) printAccount(n *node.Node, handle string) error {
	m, err := findMember(a, n, handle)
	if err != nil {
		return err
	}
	v := accountView{m.Handle, append([]string{}, m.AlsoKnownAs...), m.MovedTo, stamp(m.Moved)}
	return a.print(v, func() {
		for _, uri := range v.AlsoKnownAs {
			a.say("%s is also %s", m.Handle, clean(uri))
		}
		if v.MovedTo != "" {
			a.say("%s has moved to %s", m.Handle, clean(v.MovedTo))
		} else if len(v.AlsoKnownAs) == 0 {
			a.say("%s names no other account", m.Handle)
		}
	})
}

func (x *memberAliasCmd) Run(a *app) error {
	return a.asMember(x.Handle, func(c *Config, n *node.Node, m *community.Member) error {
		if x.Account != "" {
			fed, err := connect(c, n)
			if err != nil {
				return err
			}
			if x.Remove {
				err = fed.RemoveAlias(a.ctx, console, m.Handle, x.Account)
			} else {
				_, err = fed.AddAlias(a.ctx, console, m.Handle, x.Account)
			}
			if err != nil {
				return err
			}
		} else if x.Remove {
			return usagef("konfa member alias "+m.Handle+" lists them", "say which account")
		}
		return a.printAccount(n, m.Handle)
	})
}

type memberMoveCmd struct {
	Handle  string `arg:"" help:"Of the member."`
	Account string `arg:"" optional:"" help:"Where they live from now on: @anna@example.org. That account must name this one first."`
	Undo    bool   `help:"Let the account be used here again."`
}

func (x *memberMoveCmd) Run(a *app) error {
	if (x.Account == "") != x.Undo {
		return usagef("konfa member move HANDLE @anna@example.org, or konfa member move HANDLE --undo", "say where to, or --undo")
	}
	return a.asMember(x.Handle, func(c *Config, n *node.Node, m *community.Member) error {
		if x.Undo {
			if err := n.CancelMove(a.ctx, console, m.Handle); err != nil {
				return err
			}
			return a.printAccount(n, m.Handle)
		}
		fed, err := connect(c, n)
		if err != nil {
			return err
		}
		if _, err := fed.MoveAway(a.ctx, console, m.Handle, x.Account); err != nil {
			return err
		}
		return a.printAccount(n, m.Handle)
	})
}
