package main

import (
	"reflect"
	"strings"

	"konfa/community"
	"konfa/node"
)

type cityCmd struct {
	Show   cityShowCmd   `cmd:"" default:"1" help:"The city as it is."`
	Update cityUpdateCmd `cmd:"" help:"Change its names, text, picture and links; followers are told."`
	Rekey  cityRekeyCmd  `cmd:"" help:"Give the city and the node new keys, as after a leak."`
}

type cityView struct {
	Handle    string                `json:"handle"`
	Address   string                `json:"address"`
	URL       string                `json:"url"`
	Name      community.Texts       `json:"name"`
	About     community.Texts       `json:"about"`
	Zone      string                `json:"zone"`
	Country   string                `json:"country,omitempty"`
	Languages []string              `json:"languages"`
	Place     *community.Point      `json:"place,omitempty"`
	Picture   *community.Picture    `json:"picture,omitempty"`
	Banner    *community.Picture    `json:"banner,omitempty"`
	Links     []community.Link      `json:"links"`
	Mentions  community.MentionMode `json:"mentions"`
}

type cityShowCmd struct{}

func (x *cityShowCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	return a.printCity(n)
}

func (a *app) printCity(n *node.Node) error {
	c, err := n.City(a.ctx)
	if err != nil {
		return err
	}
	v := cityView{
		Handle: c.Handle, Address: "@" + c.Handle + "@" + n.Site().Host(), URL: n.Site().Base, Name: c.Name, About: append(community.Texts{}, c.About...), Zone: c.Zone,
		Country: c.Country, Languages: c.Languages, Place: c.Place, Picture: c.Picture, Banner: c.Banner, Links: c.Links, Mentions: c.Mentions,
	}
	if v.Links == nil {
		v.Links = []community.Link{}
	}
	return a.print(v, func() {
		for _, name := range c.Name {
			a.say("%s", clean(name.Text))
		}
		a.say("address    %s", v.Address)
		a.say("home       %s", v.URL)
		a.say("clock      %s", c.Zone)
		a.say("languages  %s", strings.Join(c.Languages, ", "))
		for _, l := range c.Links {
			a.say("link       %s: %s", clean(l.Name), clean(l.URL))
		}
		if c.Picture != nil {
			a.say("picture    %s", clean(c.Picture.URL))
		}
	})
}

type cityUpdateCmd struct {
	Name       *string  `help:"Its name in its main language." placeholder:"NAME"`
	NameIn     []string `name:"name-in" sep:"none" help:"Its name in one more language: ru=Белград; ru= takes it away." placeholder:"LANG=NAME"`
	About      *string  `help:"What the city says about itself, in Markdown." placeholder:"TEXT"`
	AboutIn    []string `name:"about-in" sep:"none" help:"The same in one more language." placeholder:"LANG=TEXT"`
	Zone       *string  `help:"Its clock, such as Europe/Belgrade." placeholder:"ZONE"`
	Language   []string `help:"The languages of its pages, the main one first." placeholder:"LANG"`
	Picture    *string  `help:"The address of a square picture; empty takes it away." placeholder:"URL"`
	PictureAlt string   `help:"The picture in words." placeholder:"TEXT"`
	Banner     *string  `help:"The address of a wide picture; empty takes it away." placeholder:"URL"`
	BannerAlt  string   `help:"The wide picture in words." placeholder:"TEXT"`
	Link       []string `sep:"none" help:"A link to show, such as the city's chat; all of them, as the former ones go." placeholder:"NAME=URL"`
	NoLinks    bool     `help:"Show no links."`
	Mentions   *string  `help:"What becomes of a post that mentions the city: ask (the stewards), boost (by itself, of people the city knows) or ignore." placeholder:"MODE"`
}

func (x *cityUpdateCmd) Run(a *app) error {
	if reflect.ValueOf(*x).IsZero() {
		return usagef("say what to change, such as --about TEXT; konfa city update --help lists it all", "nothing is to be changed")
	}
	var p problems
	links := linksOf(&p, x.Link)
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	err = n.UpdateCity(a.ctx, console, func(c *community.City) error {
		if len(x.Language) > 0 {
			c.Languages = x.Language
		}
		x.texts(&p, &c.Name, "--name-in", c.Languages[0], x.Name, x.NameIn)
		x.texts(&p, &c.About, "--about-in", c.Languages[0], x.About, x.AboutIn)
		if x.Zone != nil {
			c.Zone = *x.Zone
		}
		picture(&c.Picture, x.Picture, x.PictureAlt)
		picture(&c.Banner, x.Banner, x.BannerAlt)
		if len(x.Link) > 0 || x.NoLinks {
			c.Links = links
		}
		if x.Mentions != nil {
			c.Mentions = community.MentionMode(*x.Mentions)
		}
		return p.err()
	})
	if err != nil {
		return err
	}
	return a.printCity(n)
}

// texts changes the languages that were named and leaves the others.
func (x *cityUpdateCmd) texts(p *problems, texts *community.Texts, flag, lang string, first *string, more []string) {
	if first != nil {
		*texts = putPhrase(*texts, community.Phrase{Lang: lang, Text: *first})
	}
	for _, t := range inLanguages(p, flag, "", "", more) {
		*texts = putPhrase(*texts, t)
	}
}

// linksOf reads links as NAME=URL.
func linksOf(p *problems, flags []string) []community.Link {
	var links []community.Link
	for _, l := range flags {
		name, address, ok := strings.Cut(l, "=")
		if !ok {
			p.addf("write it like --link Chat=https://chat.example", "--link %q is not a name and an address", l)
			continue
		}
		links = append(links, community.Link{Name: name, URL: address})
	}
	return links
}

// picture sets or takes away a picture when its flag was given.
func picture(of **community.Picture, address *string, alt string) {
	switch {
	case address == nil:
		if *of != nil && alt != "" {
			(*of).Alt = alt
		}
	case *address == "":
		*of = nil
	default:
		*of = &community.Picture{URL: *address, Alt: alt}
	}
}

type cityRekeyCmd struct{}

func (x *cityRekeyCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	for _, actor := range []community.LocalActor{community.CityActor, community.NodeActor, community.DeskActor} {
		if err := n.RotateKeys(a.ctx, console, actor); err != nil {
			return err
		}
	}
	return a.print(map[string]bool{"rekeyed": true}, func() {
		a.say("The city and the node have new keys. A running serve uses them within a minute.")
	})
}
