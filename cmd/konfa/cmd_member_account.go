package main

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"time"

	"konfa/community"
)

type memberPasswordCmd struct {
	Handle string `arg:"" help:"Of the member."`
	Remove bool   `help:"Take the password away; they sign in in another way."`
}

// passwordView says whether a member has a password.
type passwordView struct {
	Handle   string `json:"handle"`
	Password bool   `json:"password"`
}

// maxPasswordLine bounds what is read for a password, in bytes.
const maxPasswordLine = 4 << 10

func (x *memberPasswordCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	m, err := findMember(a, n, x.Handle)
	if err != nil {
		return err
	}
	if x.Remove {
		if err := n.RemovePassword(a.ctx, console, m.Handle); err != nil {
			return err
		}
		return a.print(passwordView{m.Handle, false}, func() { a.say("%s has no password now", m.Handle) })
	}
	if terminal(a.in) {
		a.note("type the password of %s and press Enter", clean(m.Name))
	}
	line, err := bufio.NewReader(io.LimitReader(a.in, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return withHint(errors.New("there is no password on standard input"), "pipe it in: pass show konfa/"+m.Handle+" | konfa member password "+m.Handle)
	}
	if err := n.SetPassword(a.ctx, console, m.Handle, line, 0); err != nil {
		return err
	}
	return a.print(passwordView{m.Handle, true}, func() {
		a.say("%s has a new password", m.Handle)
		a.note("they are signed out everywhere")
	})
}

type memberInviteCmd struct {
	Uses int    `help:"How many people may join by it." default:"1" placeholder:"N"`
	Days int    `help:"How many days it works." default:"14" placeholder:"N"`
	Role string `help:"newcomer or member." default:"newcomer" enum:"newcomer,member"`
	Note string `help:"Whom it is for; stewards see it." placeholder:"TEXT"`
}

// inviteView is an address by which people join.
type inviteView struct {
	URL     string         `json:"url"`
	Role    community.Role `json:"role"`
	Uses    int            `json:"uses"`
	Expires string         `json:"expires"`
	Note    string         `json:"note,omitempty"`
}

func (x *memberInviteCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	days := time.Duration(min(max(x.Days, 0), 10_000)) * 24 * time.Hour
	secret, i, err := n.AddInvite(a.ctx, console, community.Invite{Role: community.Role(x.Role), Note: x.Note, Uses: x.Uses, Expires: n.Now().Add(days)})
	if err != nil {
		return err
	}
	v := inviteView{n.Site().Invite(secret), i.Role, i.Uses, stamp(i.Expires), i.Note}
	return a.print(v, func() {
		a.say("%s", v.URL)
		a.note("it is shown this once; %d may join by it as %s, until %s", i.Uses, i.Role, v.Expires)
	})
}
