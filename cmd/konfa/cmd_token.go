package main

import (
	"errors"
	"fmt"
	"strconv"

	"konfa/community"
	"konfa/node"
)

type tokenCmd struct {
	Add    tokenAddCmd    `cmd:"" default:"withargs" help:"Make a token for a member; its secret is shown once."`
	List   tokenListCmd   `cmd:"" help:"List the tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"Make a token useless."`
}

type tokenView struct {
	ID       int64  `json:"id"`
	Member   string `json:"member"`
	Name     string `json:"name"`
	Token    string `json:"token,omitempty"` // the secret, when just made
	Created  string `json:"created,omitempty"`
	LastUsed string `json:"last_used,omitempty"`
	Revoked  string `json:"revoked,omitempty"`
}

type tokenAddCmd struct {
	Member string `arg:"" optional:"" help:"Whom it acts for (default: the only steward)."`
	Name   string `help:"What it is for." default:"token" placeholder:"NAME"`
}

func (x *tokenAddCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	if x.Member == "" {
		if x.Member, err = onlySteward(a, n); err != nil {
			return err
		}
	}
	m, err := findMember(a, n, x.Member)
	if err != nil {
		return err
	}
	secret, t, err := n.AddToken(a.ctx, console, m.Handle, x.Name)
	if err != nil {
		return err
	}
	v := tokenView{ID: t.ID, Member: m.Handle, Name: t.Name, Token: secret, Created: stamp(t.Created)}
	return a.print(v, func() {
		a.note("token %d of %s; it is shown this once. Use it as: Authorization: Bearer TOKEN", t.ID, m.Handle)
		a.say("%s", secret)
	})
}

func onlySteward(a *app, n *node.Node) (string, error) {
	members, err := n.Store().Members(a.ctx)
	if err != nil {
		return "", err
	}
	one := ""
	for _, m := range members {
		if m.Role != community.Steward || !m.Active() {
			continue
		}
		if one != "" {
			return "", usagef("say whose: konfa token add "+one, "there are several stewards")
		}
		one = m.Handle
	}
	if one == "" {
		return "", errors.New("there is no steward")
	}
	return one, nil
}

type tokenListCmd struct{}

func (x *tokenListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	members, err := n.Store().Members(a.ctx)
	if err != nil {
		return err
	}
	views, rows := []tokenView{}, [][]string{}
	for _, m := range members {
		tokens, err := n.Store().Tokens(a.ctx, m.ID)
		if err != nil {
			return err
		}
		for _, t := range tokens {
			views = append(views, tokenView{ID: t.ID, Member: m.Handle, Name: t.Name, Created: stamp(t.Created), LastUsed: stamp(t.LastUsed), Revoked: stamp(t.Revoked)})
			state := ""
			if !t.Revoked.IsZero() {
				state = "revoked"
			}
			rows = append(rows, []string{strconv.FormatInt(t.ID, 10), m.Handle, t.Name, a.ago(t.Created), a.ago(t.LastUsed), state})
		}
	}
	return a.print(views, func() { a.table("no tokens yet", []string{"ID", "MEMBER", "NAME", "MADE", "USED", "STATE"}, rows) })
}

type tokenRevokeCmd struct {
	ID int64 `arg:"" help:"Its number, from konfa token list."`
}

func (x *tokenRevokeCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	owner, err := tokenOwner(a, n, x.ID)
	if err != nil {
		return err
	}
	if err := n.RevokeToken(a.ctx, console, owner, x.ID); err != nil {
		return err
	}
	return a.print(struct {
		Revoked int64 `json:"revoked"`
	}{x.ID}, func() { a.say("token %d is useless now", x.ID) })
}

// tokenOwner finds the member whom a token acts for.
func tokenOwner(a *app, n *node.Node, id int64) (string, error) {
	members, err := n.Store().Members(a.ctx)
	if err != nil {
		return "", err
	}
	for _, m := range members {
		tokens, err := n.Store().Tokens(a.ctx, m.ID)
		if err != nil {
			return "", err
		}
		for _, t := range tokens {
			if t.ID == id {
				return m.Handle, nil
			}
		}
	}
	return "", withHint(fmt.Errorf("there is no token %d", id), "konfa token list shows them")
}
