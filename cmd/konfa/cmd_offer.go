package main

import (
	"fmt"
	"strconv"

	"konfa/community"
	"konfa/node"
)

type offerCmd struct {
	Make    offerMakeCmd    `cmd:"" help:"Offer a conference to at most five sister cities."`
	List    offerListCmd    `cmd:"" help:"List what was offered, to us and by us, and what our rules propose."`
	Accept  offerAcceptCmd  `cmd:"" help:"Take an offer up: the conference is announced and in our calendar."`
	Decline offerDeclineCmd `cmd:"" help:"Turn an offer down."`
	Revoke  offerRevokeCmd  `cmd:"" help:"Take an offer of ours back."`
}

// offerView is an offer in the JSON of the command line.
type offerView struct {
	ID         int64                `json:"id"`
	Kind       community.OfferKind  `json:"kind"`
	State      community.OfferState `json:"state"`
	Conference string               `json:"conference"` // id
	Title      string               `json:"title"`
	City       string               `json:"city"` // the other one: her address
	Name       string               `json:"name"`
	Note       string               `json:"note,omitempty"`
	Reason     string               `json:"reason,omitempty"`
	By         string               `json:"by,omitempty"`
	Created    string               `json:"created"`
	Updated    string               `json:"updated"`
	Expires    string               `json:"expires"`
}

func offerOf(o *community.Offer) offerView {
	return offerView{o.ID, o.Kind, o.State, o.Object, o.Title, o.Actor.Address(), o.Actor.DisplayName(), o.Note, o.Reason, o.By,
		stamp(o.Created), stamp(o.Updated), stamp(o.Expires)}
}

func (a *app) printOffers(list []community.Offer) error {
	views := make([]offerView, len(list))
	rows := make([][]string, len(list))
	for i := range list {
		o := &list[i]
		views[i] = offerOf(o)
		state := string(o.State)
		if o.Open() {
			state += ", lapses " + a.ago(o.Expires)
		}
		if o.Reason != "" {
			state += ": " + short(o.Reason, 60)
		}
		rows[i] = []string{strconv.FormatInt(o.ID, 10), string(o.Kind), short(o.Title, 50), o.Actor.Address(), state, short(o.Note, 60)}
	}
	return a.print(views, func() {
		a.table("no offers", []string{"ID", "KIND", "CONFERENCE", "CITY", "STATE", "NOTE"}, rows)
	})
}

type offerMakeCmd struct {
	Conference string   `arg:"" help:"Its slug or address."`
	Cities     []string `arg:"" name:"city" help:"Sister cities: addresses, handles, hosts or names."`
	Note       string   `help:"A word to their stewards." placeholder:"TEXT"`
}

func (x *offerMakeCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	c, err := findConference(a, n, x.Conference)
	if err != nil {
		return err
	}
	if !c.Own() {
		return withHint(fmt.Errorf("%s is a conference of %s", c.URI, c.Origin), "only its own city can offer it; konfa conf announce shares it")
	}
	list, err := n.OfferConference(a.ctx, console, c.Slug, x.Cities, x.Note)
	if err != nil {
		return err
	}
	return a.printOffers(list)
}

type offerListCmd struct {
	In    bool `help:"What others offer to us, and what our rules for sister cities propose." xor:"side"`
	Out   bool `help:"What we offer to others." xor:"side"`
	Open  bool `help:"Only what nobody answered yet."`
	Limit int  `help:"At most so many." default:"200" placeholder:"N"`
}

func (x *offerListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	list, err := n.Store().Offers(a.ctx, node.OfferList(x.In, x.Out, x.Open, x.Limit))
	if err != nil {
		return err
	}
	return a.printOffers(list)
}

type offerAcceptCmd struct {
	ID int64 `arg:"" help:"Of the offer, as konfa offer list shows it."`
}

func (x *offerAcceptCmd) Run(a *app) error {
	return a.changeOffer(func(n *node.Node) (*community.Offer, error) { return n.AcceptOffer(a.ctx, console, x.ID) })
}

type offerDeclineCmd struct {
	ID     int64  `arg:"" help:"Of the offer, as konfa offer list shows it."`
	Reason string `short:"m" help:"Why, for the stewards of the other city." placeholder:"TEXT"`
}

func (x *offerDeclineCmd) Run(a *app) error {
	return a.changeOffer(func(n *node.Node) (*community.Offer, error) { return n.DeclineOffer(a.ctx, console, x.ID, x.Reason) })
}

type offerRevokeCmd struct {
	ID int64 `arg:"" help:"Of the offer, as konfa offer list --out shows it."`
}

func (x *offerRevokeCmd) Run(a *app) error {
	return a.changeOffer(func(n *node.Node) (*community.Offer, error) { return n.RevokeOffer(a.ctx, console, x.ID) })
}

func (a *app) changeOffer(change func(n *node.Node) (*community.Offer, error)) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	o, err := change(n)
	if err != nil {
		return notFoundHint(err, "konfa offer list shows their numbers")
	}
	return a.print(offerOf(o), func() {
		a.say("%s: %s, %s", o.State, clean(o.Title), clean(o.Actor.Address()))
	})
}
