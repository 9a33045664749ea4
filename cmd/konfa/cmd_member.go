package main

import (
	"errors"
	"strings"

	"konfa/community"
	"konfa/node"
)

type memberCmd struct {
	Add      memberAddCmd      `cmd:"" help:"Give someone an account."`
	List     memberListCmd     `cmd:"" help:"List the members."`
	Role     memberRoleCmd     `cmd:"" help:"Say what a member may do: newcomer, member or steward."`
	Suspend  memberSuspendCmd  `cmd:"" help:"Suspend a member, or take that back."`
	Login    memberLoginCmd    `cmd:"" help:"Print an address that signs a member in, once."`
	Password memberPasswordCmd `cmd:"" help:"Set a member's password, read from standard input."`
	Invite   memberInviteCmd   `cmd:"" help:"Make an address by which people join."`
	Delete   memberDeleteCmd   `cmd:"" help:"Delete an account; its handle is never given again."`

	Conferences memberConferencesCmd `cmd:"" help:"Where a member goes, here and elsewhere."`
	Notices     memberNoticesCmd     `cmd:"" help:"What a member was told: answers, changes, cancellations."`
	Link        memberLinkCmd        `cmd:"" help:"Make a secret address with a member's own page and calendar, or revoke one."`
	Links       memberLinksCmd       `cmd:"" help:"List the secret addresses of a member."`
	Visit       memberVisitCmd       `cmd:"" help:"Say that a member visits another city."`
	Stays       memberStaysCmd       `cmd:"" help:"List the stays of a member; show, hide or remove one."`
	Alias       memberAliasCmd       `cmd:"" help:"Name another account of a member, which lets it move here."`
	Move        memberMoveCmd        `cmd:"" help:"Move an account to another server, or take that back."`
}

type memberView struct {
	Handle    string         `json:"handle"`
	Name      string         `json:"name"`
	Role      community.Role `json:"role"`
	URL       string         `json:"url"`
	Address   string         `json:"address"`
	Email     string         `json:"email,omitempty"`
	Languages []string       `json:"languages,omitempty"`
	Created   string         `json:"created,omitempty"`
	Suspended string         `json:"suspended,omitempty"`
	MovedTo   string         `json:"moved_to,omitempty"`
}

func memberOf(site community.Site, m *community.Member) memberView {
	return memberView{m.Handle, m.Name, m.Role, site.Actor(community.MemberActor(m.Handle)), "@" + m.Handle + "@" + site.Host(),
		m.Email, m.Languages, stamp(m.Created), stamp(m.Suspended), m.MovedTo}
}

// findMember finds a member by handle, with or without @.
func findMember(a *app, n *node.Node, handle string) (*community.Member, error) {
	handle = strings.TrimPrefix(handle, "@")
	m, err := n.Store().Member(a.ctx, handle)
	if community.CodeOf(err) == community.NotFound {
		return nil, withHint(errors.New("there is no member "+handle), "konfa member list shows them")
	}
	return m, err
}

type memberAddCmd struct {
	Handle   string   `arg:"" help:"Small Latin letters, digits and _."`
	Name     string   `help:"The name to show." placeholder:"NAME"`
	Role     string   `help:"newcomer, member or steward." default:"member" enum:"newcomer,member,steward"`
	Email    string   `help:"It never leaves the node." placeholder:"ADDRESS"`
	Language []string `help:"What they speak." placeholder:"LANG"`
	About    string   `help:"In Markdown." placeholder:"TEXT"`
}

func (x *memberAddCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	m := &community.Member{Handle: x.Handle, Name: x.Name, Role: community.Role(x.Role), Email: x.Email, Languages: x.Language, About: x.About}
	if err := n.AddMember(a.ctx, console, m); err != nil {
		return err
	}
	return a.printMember(n, m.Handle)
}

func (a *app) printMember(n *node.Node, handle string) error {
	m, err := findMember(a, n, handle)
	if err != nil {
		return err
	}
	v := memberOf(n.Site(), m)
	return a.print(v, func() {
		state := string(m.Role)
		if !m.Suspended.IsZero() {
			state += ", suspended"
		}
		a.say("%s  %s  %s", clean(m.Name), v.Address, state)
	})
}

type memberListCmd struct{}

func (x *memberListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	list, err := n.Store().Members(a.ctx)
	if err != nil {
		return err
	}
	views := make([]memberView, len(list))
	rows := make([][]string, len(list))
	for i := range list {
		views[i] = memberOf(n.Site(), &list[i])
		state := ""
		switch {
		case !list[i].Suspended.IsZero():
			state = "suspended"
		case list[i].MovedTo != "":
			state = "moved"
		}
		rows[i] = []string{list[i].Handle, list[i].Name, string(list[i].Role), list[i].Email, state}
	}
	return a.print(views, func() { a.table("no members yet", []string{"HANDLE", "NAME", "ROLE", "E-MAIL", "STATE"}, rows) })
}

type memberRoleCmd struct {
	Handle string `arg:"" help:"Of the member."`
	Role   string `arg:"" enum:"newcomer,member,steward" help:"newcomer, member or steward."`
}

func (x *memberRoleCmd) Run(a *app) error {
	return a.changeMember(x.Handle, func(n *node.Node, handle string) error {
		return n.SetRole(a.ctx, console, handle, community.Role(x.Role))
	})
}

type memberSuspendCmd struct {
	Handle string `arg:"" help:"Of the member."`
	Undo   bool   `help:"Let them back in."`
}

func (x *memberSuspendCmd) Run(a *app) error {
	return a.changeMember(x.Handle, func(n *node.Node, handle string) error {
		return n.SuspendMember(a.ctx, console, handle, !x.Undo)
	})
}

func (a *app) changeMember(handle string, change func(*node.Node, string) error) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	m, err := findMember(a, n, handle)
	if err != nil {
		return err
	}
	if err := change(n, m.Handle); err != nil {
		return err
	}
	return a.printMember(n, m.Handle)
}

type memberLoginCmd struct {
	Handle string `arg:"" help:"Of the member."`
}

// signInView is an address that signs someone in.
type signInView struct {
	Handle string `json:"handle"`
	URL    string `json:"url"`
}

func (x *memberLoginCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	m, err := findMember(a, n, x.Handle)
	if err != nil {
		return err
	}
	secret, err := n.AddSignIn(a.ctx, console, m.Handle)
	if err != nil {
		return err
	}
	v := signInView{m.Handle, n.Site().SignIn(secret)}
	return a.print(v, func() {
		a.say("%s", v.URL)
		a.note("it works once, for half an hour; whoever has it is %s", clean(m.Name))
	})
}

type memberDeleteCmd struct {
	Handle string `arg:"" help:"Of the member."`
}

func (x *memberDeleteCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	m, err := findMember(a, n, x.Handle)
	if err != nil {
		return err
	}
	if err := n.DeleteMember(a.ctx, console, m.Handle); err != nil {
		return err
	}
	return a.print(doneView{Deleted: m.Handle, URL: n.Site().Actor(community.MemberActor(m.Handle))}, func() { a.say("deleted %s", m.Handle) })
}
