package web

import (
	"html/template"

	"konfa/community"
)

// frontPage is everything the front page shows, in the order it shows it.
type frontPage struct {
	Name   text
	About  rich
	Banner *picture
	ID     string
	Handle copyField
	Next   *card
	Empty  empty
	After  []card
	Follow followBox
	Links  []link
	Posts  []postCard
	Cities []person
	// Elsewhere is what comes next in sister cities.
	Elsewhere []card
	Stewards  []person
	World     *worldFront
	Mine      *strip // of who is signed in
}

// cityPerson is another city as a name that leads to her.
func cityPerson(a *community.Actor) person {
	address := a.URL
	if address == "" {
		address = a.URI
	}
	return person{Name: a.DisplayName(), Path: address, Note: a.Address(), Initial: initial(a.DisplayName())}
}

// followBox offers every way to hear of the city.
type followBox struct {
	City   string
	Handle copyField
	Form   remoteForm
	Webcal template.URL
}

func (v *viewer) followBox() followBox {
	return followBox{
		City:   v.cityName().Text,
		Handle: newCopy(v.handle(), v.T("follow.handle")),
		Form:   v.followForm(),
		Webcal: v.webcal(),
	}
}

func (v *viewer) followForm() remoteForm {
	return v.act("server", v.site.Actor(community.CityActor), action{community.FollowIntent, v.T("follow.go")})
}

// front builds the front page. Upcoming is what has not ended, soonest first.
func (v *viewer) front(upcoming []community.Conference, posts []postCard, cities []community.Follow, members []community.Member) frontPage {
	p := frontPage{
		Name:     v.cityName(),
		About:    v.markdown(v.city.About),
		Banner:   v.city.Banner,
		ID:       v.site.Actor(community.CityActor),
		Handle:   newCopy(v.handle(), v.T("follow.handle")),
		Empty:    empty{v.T("front.nothing"), v.T("front.nothing_hint")},
		Follow:   v.followBox(),
		Links:    v.links(),
		Posts:    posts,
		Stewards: v.stewards(members),
	}
	for _, c := range v.cards(upcoming) {
		// What was cancelled must be seen, but is not what comes next.
		if p.Next == nil && !c.Faded {
			p.Next = &c
			continue
		}
		p.After = append(p.After, c)
	}
	if len(p.After) > 5 {
		p.After = p.After[:5]
	}
	for i := range cities {
		if a := cities[i].Actor; a != nil && a.Type == "Group" && a.Gone.IsZero() {
			p.Cities = append(p.Cities, cityPerson(a))
		}
	}
	return p
}
