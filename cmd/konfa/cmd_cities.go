package main

import (
	"strconv"
	"strings"

	"konfa/community"
	"konfa/gazetteer"
)

type citiesCmd struct {
	List   citiesListCmd   `cmd:"" default:"withargs" help:"The cities that are known: confirmed, or heard of."`
	Look   citiesLookCmd   `cmd:"" help:"Ask around now: whom the cities follow that ours follows, and who those are."`
	Forget citiesForgetCmd `cmd:"" help:"Put a city away that ours does not follow: it is shown nowhere and not asked any more."`
}

// knownView is a known city.
type knownView struct {
	ID        string              `json:"id"`
	Host      string              `json:"host"`
	Address   string              `json:"address"`
	State     community.CityState `json:"state"`
	Name      string              `json:"name,omitempty"`
	Country   string              `json:"country,omitempty"`
	Place     *community.Point    `json:"place,omitempty"`
	Followed  bool                `json:"followed"`
	From      []string            `json:"from"`
	Coming    int                 `json:"coming"`
	Seen      string              `json:"seen,omitempty"`
	Failures  int                 `json:"failures"`
	Forgotten string              `json:"forgotten,omitempty"`
}

func knownOf(k *community.KnownCity) knownView {
	return knownView{k.URI, k.Host, k.Address(), k.State, k.Name.First(), k.Country, k.Place, k.Followed, append([]string{}, k.From...), k.Coming, stamp(k.Seen), k.Failures, stamp(k.Forgotten)}
}

type citiesListCmd struct {
	All bool `help:"Also those that were put away, and hosts that turned out to be something else."`
}

func (x *citiesListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	list, err := n.Store().KnownCities(a.ctx, x.All)
	if err != nil {
		return err
	}
	return a.knownCities(list)
}

func (a *app) knownCities(list []community.KnownCity) error {
	views := make([]knownView, len(list))
	rows := make([][]string, len(list))
	for i := range list {
		k := &list[i]
		views[i] = knownOf(k)
		from := "from " + strings.Join(k.From, ", ")
		switch {
		case k.Followed:
			from = "followed"
		case len(k.From) == 0:
			from = ""
		}
		if !k.Forgotten.IsZero() {
			from = "put away"
		}
		country := k.Country
		if country != "" {
			country = gazetteer.CountryName(country, "en")
		}
		rows[i] = []string{k.Address(), short(k.Name.First(), 30), country, string(k.State), short(from, 40), strconv.Itoa(k.Coming), a.ago(k.Seen)}
	}
	return a.print(views, func() {
		a.table("no other city is known yet; konfa follow @city@host is the beginning", []string{"ADDRESS", "NAME", "COUNTRY", "STATE", "KNOWN", "COMING", "SEEN"}, rows)
	})
}

type citiesLookCmd struct{}

func (x *citiesLookCmd) Run(a *app) error {
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	fed, err := connect(c, n)
	if err != nil {
		return err
	}
	if err := fed.DiscoverCities(a.ctx); err != nil {
		return err
	}
	list, err := n.Store().KnownCities(a.ctx, false)
	if err != nil {
		return err
	}
	return a.knownCities(list)
}

type citiesForgetCmd struct {
	City string `arg:"" help:"Its host, handle or address."`
}

func (x *citiesForgetCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	k, err := n.ForgetCity(a.ctx, console, x.City)
	if err != nil {
		return err
	}
	for { // what it had on is taken out of the world at once
		if left, err := n.SettleWorld(a.ctx); err != nil {
			return err
		} else if left == 0 {
			break
		}
	}
	return a.print(knownOf(k), func() {
		a.say("%s is put away; konfa follow %s brings it back", clean(k.Address()), clean(k.Address()))
	})
}
