package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/prose"
	"konfa/storage"
)

// both is a text in English and Russian.
func both(en, ru string) community.Texts {
	return community.Texts{{Lang: "en", Text: en}, {Lang: "ru", Text: ru}}
}

// demoCities are the cities before anyone met anyone.
var demoCities = map[string]struct {
	city    community.City
	members []community.Member // the first is the steward
}{
	"Belgrade": {
		community.City{
			Handle: "belgrade", Name: both("Belgrade", "Белград"), Zone: "Europe/Belgrade", Country: "RS", Languages: []string{"en", "ru"},
			Place: &community.Point{Lat: 44.804, Lon: 20.4651},
			About: both("People who moved here, people who were born here, and one table for all of them. We meet every Thursday.",
				"Те, кто переехал, те, кто здесь родился, и один стол на всех. Встречаемся по четвергам."),
			Links: []community.Link{{Name: "Chat", URL: "https://chat.example/belgrade"}},
		},
		[]community.Member{
			{Handle: "ana", Name: "Ана Петровић", Role: community.Steward, Languages: []string{"sr", "en"}},
			{Handle: "lev", Name: "Лев Орлов", Role: community.Regular, Languages: []string{"ru", "en"}},
		},
	},
	"Phuket": {
		community.City{
			Handle: "phuket", Name: both("Phuket", "Пхукет"), Zone: "Asia/Bangkok", Country: "TH", Languages: []string{"en", "ru"},
			Place: &community.Point{Lat: 7.8906, Lon: 98.3981},
			About: both("An island full of people who work somewhere else. We make it somewhere.",
				"Остров людей, которые работают где-то ещё. Мы делаем так, чтобы это было здесь."),
		},
		[]community.Member{
			{Handle: "mai", Name: "Mai", Role: community.Steward, Languages: []string{"en", "th"}},
			{Handle: "oleg", Name: "Олег", Role: community.Regular, Languages: []string{"ru"}},
		},
	},
	"Almaty": {
		community.City{
			Handle: "almaty", Name: both("Almaty", "Алматы"), Zone: "Asia/Almaty", Country: "KZ", Languages: []string{"en", "ru"},
			Place: &community.Point{Lat: 43.25, Lon: 76.9167},
			About: both("Apples, mountains, and a room with a projector.",
				"Яблоки, горы и комната с проектором."),
		},
		[]community.Member{
			{Handle: "aigerim", Name: "Айгерім", Role: community.Steward, Languages: []string{"kk", "ru", "en"}},
			{Handle: "timur", Name: "Тимур", Role: community.Regular, Languages: []string{"ru"}},
		},
	},
}

// foundDemo founds a city and gives it a few days of life, which no one follows
// yet.
func foundDemo(ctx context.Context, c *demoCity) error {
	d := demoCities[c.name]
	city, steward := d.city, d.members[0]
	if err := c.node.Found(ctx, &city, &steward); err != nil {
		return err
	}
	for _, m := range d.members[1:] {
		if err := c.node.AddMember(ctx, console, &m); err != nil {
			return err
		}
	}
	for _, conf := range demoConferences[c.name] {
		if _, err := c.node.AddConference(ctx, console, conf.at(c), node.Publish{}); err != nil {
			return fmt.Errorf("%s: %w", conf.title[0].Text, err)
		}
	}
	for _, text := range demoPosts[c.name] {
		if _, err := c.node.AddPost(ctx, console, &community.Post{Text: text}, node.Publish{}); err != nil {
			return err
		}
	}
	return nil
}

// demoConf is a conference in the coming days.
type demoConf struct {
	title, text community.Texts
	weeks       int          // how many of them to skip
	day         time.Weekday // the next one, tomorrow at the earliest
	hour, hours int          // when it starts, how long it lasts
	venue       community.Venue
	capacity    int
	cost        string
	tags        []string
	organiser   string
}

// at makes the conference on the clock of its city.
func (d demoConf) at(c *demoCity) *community.Conference {
	zone := demoCities[c.name].city.Zone
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC // no zone of the demo is unknown
	}
	now := time.Now().In(loc)
	days := (int(d.day)-int(now.Weekday())+6)%7 + 1 + 7*d.weeks
	start := time.Date(now.Year(), now.Month(), now.Day()+days, d.hour, 0, 0, 0, loc)
	venue := d.venue
	conf := &community.Conference{
		Title: d.title, Text: d.text, Start: start, End: start.Add(time.Duration(d.hours) * time.Hour), Zone: zone, Venue: &venue,
		Capacity: d.capacity, Cost: d.cost, Tags: d.tags, Languages: []string{"en", "ru"},
	}
	for _, m := range demoCities[c.name].members {
		if m.Handle == d.organiser {
			conf.Organisers = []community.Organiser{{Name: m.Name, Handle: m.Handle}}
		}
	}
	return conf
}

var demoConferences = map[string][]demoConf{
	"Belgrade": {
		{both("Sunday walk along the Danube", "Воскресная прогулка вдоль Дуная"),
			both("From the fortress to the quay and on to wherever there is coffee. About **nine kilometres**, dogs welcome.",
				"От крепости до набережной и дальше, до первого кофе. Около **девяти километров**, можно с собаками."),
			0, time.Sunday, 11, 4, community.Venue{Name: "The clock tower", Locality: "Belgrade", Country: "RS", Place: &community.Point{Lat: 44.8233, Lon: 20.4503}}, 0, "", []string{"walk", "прогулка"}, "ana"},
		{both("Papers, please: residence permits without tears", "ВНЖ без слёз"),
			both("Those who have been through it explain the forms to those who have not.", "Те, кто уже прошёл, объясняют бумаги тем, кто ещё нет."),
			1, time.Tuesday, 19, 2, community.Venue{Name: "Library, second floor", Street: "Cara Dušana 11", Locality: "Belgrade", Country: "RS"}, 40, "500 RSD for tea", []string{"help", "documents"}, "lev"},
	},
	"Phuket": {
		{both("Beach clean-up and breakfast", "Уборка пляжа и завтрак"),
			both("Gloves and bags are there, appetite is yours to bring.", "Перчатки и мешки есть, аппетит приносите свой."),
			0, time.Saturday, 7, 3, community.Venue{Name: "South end of the beach", Locality: "Rawai", Country: "TH", Place: &community.Point{Lat: 7.7745, Lon: 98.3040}}, 0, "", []string{"sea", "море"}, "mai"},
		{both("Working remotely from an island", "Удалёнка на острове"),
			both("Visas, cables, taxes, and what to do when the electricity goes.", "Визы, кабели, налоги и что делать, когда выключают свет."),
			1, time.Friday, 18, 2, community.Venue{Name: "The long table upstairs", Locality: "Phuket Town", Country: "TH"}, 25, "", []string{"work"}, "oleg"},
	},
	"Almaty": {
		{both("Up to the lake before the crowds", "К озеру, пока нет толпы"),
			both("We leave at six. Bring water, a hat and a friend.", "Выходим в шесть. Вода, шапка и друг — обязательно."),
			0, time.Saturday, 6, 8, community.Venue{Name: "Bus stop by the park", Locality: "Almaty", Country: "KZ"}, 15, "", []string{"mountains", "горы"}, "timur"},
		{both("Cooking together: beshbarmak and stories", "Готовим вместе: бешбармак и истории"),
			both("Everyone cooks, everyone eats, someone washes up.", "Все готовят, все едят, кто-то моет посуду."),
			1, time.Sunday, 17, 4, community.Venue{Name: "The kitchen on Abay", Street: "Abay 10", Locality: "Almaty", Country: "KZ"}, 12, "3000 KZT", []string{"food", "еда"}, "aigerim"},
	},
}

var demoPosts = map[string][]community.Texts{
	"Belgrade": {both("New here? Come on a Thursday, say your name, and someone will hand you tea.", "Вы тут недавно? Приходите в четверг, скажите, как вас зовут, и вам нальют чаю.")},
	"Phuket":   {both("The rain is over, the table upstairs is dry again.", "Дожди кончились, стол наверху снова сухой.")},
	"Almaty":   {both("The projector works. We do not know why, please do not touch it.", "Проектор работает. Почему — неизвестно, просьба не трогать.")},
}

// theMaps is the conference the story is about: it has two seats.
var theMaps = demoConf{
	both("An evening of city maps", "Вечер городских карт"),
	both("Bring a map of a city you lived in, and the story of one street. *Paper or phone, both are fine.*",
		"Принесите карту города, где вы жили, и историю одной улицы. *На бумаге или в телефоне.*"),
	0, time.Thursday, 19, 3, community.Venue{Name: "Library, second floor", Street: "Cara Dušana 11", Locality: "Belgrade", Country: "RS", Place: &community.Point{Lat: 44.8225, Lon: 20.4615}},
	2, "", []string{"maps", "карты"}, "ana",
}

// play lets the cities meet. Each thing done in one city is followed until it
// has arrived where it should.
func (s *stage) play(ctx context.Context) error {
	belgrade, phuket, almaty := s.cities[0], s.cities[1], s.cities[2]
	if belgrade.old {
		return s.playAgain(ctx)
	}
	// Almaty and Belgrade have not met yet: it is Phuket that will bring them
	// together.
	if err := s.befriend(ctx, belgrade, phuket); err != nil {
		return err
	}
	if err := s.befriend(ctx, phuket, almaty); err != nil {
		return err
	}

	s.pause(ctx)
	maps, err := belgrade.node.AddConference(ctx, console, theMaps.at(belgrade), node.Publish{})
	if err != nil {
		return err
	}
	uri := belgrade.node.Site().Conference(maps.Slug)
	s.say("Belgrade", "publishes “%s”: %s", maps.Title.First(), uri)
	arrived := func(c *demoCity, what string, is func(*community.Conference) bool) error {
		return s.wait(ctx, fmt.Sprintf("%s %s", c.name, what), func() (bool, error) {
			x, err := c.node.Store().ConferenceByURI(ctx, uri)
			if community.CodeOf(err) == community.NotFound {
				return false, nil
			}
			return err == nil && is(x), err
		})
	}
	anyhow := func(*community.Conference) bool { return true }
	if err := arrived(phuket, "learns of the evening of maps", anyhow); err != nil {
		return err
	}
	s.pause(ctx)
	s.say("Phuket", "shares it with those who follow Phuket")
	if _, err := phuket.node.AnnounceConference(ctx, console, uri); err != nil {
		return err
	}
	if err := arrived(almaty, "learns of the evening of maps from Phuket", anyhow); err != nil {
		return err
	}
	s.pause(ctx)
	if err := s.befriend(ctx, almaty, belgrade); err != nil {
		return err
	}
	s.pause(ctx)
	if err := s.offerFeast(ctx, almaty, belgrade); err != nil {
		return err
	}
	if err := s.fillSeats(ctx, uri, maps); err != nil {
		return err
	}

	s.pause(ctx)
	s.say("Belgrade", "moves it an hour later, to the reading room")
	if _, err := belgrade.node.UpdateConference(ctx, console, maps.Slug, func(c *community.Conference) error {
		c.Start, c.End = c.Start.Add(time.Hour), c.End.Add(time.Hour)
		v := *c.Venue
		v.Name = "Library, reading room"
		c.Venue = &v
		return nil
	}); err != nil {
		return err
	}
	for _, c := range []*demoCity{phuket, almaty} {
		if err := arrived(c, "hears of the change", func(x *community.Conference) bool {
			return x.Start.Equal(maps.Start.Add(time.Hour)) && strings.Contains(x.Venue.Line(), "reading room")
		}); err != nil {
			return err
		}
	}
	if err := s.talk(ctx, maps); err != nil {
		return err
	}
	return s.callOff(ctx, phuket, []*demoCity{belgrade, almaty})
}

// befriend makes two cities sisters, and waits until each knows it of the other.
func (s *stage) befriend(ctx context.Context, a, b *demoCity) error {
	s.say(a.name, "and %s become sister cities", b.name)
	for _, pair := range [][2]*demoCity{{a, b}, {b, a}} {
		from, to := pair[0], pair[1]
		if _, err := from.fed.AddSister(ctx, console, to.url+"/city", nil); err != nil {
			return fmt.Errorf("%s adds %s: %w", from.name, to.name, err)
		}
	}
	for _, pair := range [][2]*demoCity{{a, b}, {b, a}} {
		from, to := pair[0], pair[1]
		if err := s.wait(ctx, from.name+" and "+to.name+" follow each other", func() (bool, error) {
			sister, err := from.node.FindSister(ctx, to.url+"/city")
			return err == nil && sister.State() == community.SisterMutual, err
		}); err != nil {
			return err
		}
	}
	return nil
}

// offerFeast lets Almaty offer a conference to another city, which takes it up.
func (s *stage) offerFeast(ctx context.Context, almaty, c *demoCity) error {
	title := demoConferences["Almaty"][1].title.First()
	slug := community.Slug(title, "conf")
	s.say("Almaty", "offers “%s” to %s", title, c.name)
	if _, err := almaty.node.OfferConference(ctx, console, slug, []string{c.url + "/city"}, "Whoever is in town is welcome."); err != nil {
		return err
	}
	uri := almaty.node.Site().Conference(slug)
	var offer community.Offer
	if err := s.wait(ctx, c.name+" has the offer", func() (bool, error) {
		list, err := c.node.Store().Offers(ctx, node.OfferList(true, false, true, 0))
		for _, o := range list {
			if o.Object == uri && o.Kind == community.OfferIn {
				offer = o
			}
		}
		return offer.ID != 0, err
	}); err != nil {
		return err
	}
	s.pause(ctx)
	s.say(c.name, "takes it up: “%s”", offer.Note)
	if _, err := c.node.AcceptOffer(ctx, console, offer.ID); err != nil {
		return err
	}
	return s.wait(ctx, "Almaty hears that "+c.name+" took it up", func() (bool, error) {
		list, err := almaty.node.Store().Offers(ctx, node.OfferList(false, true, false, 0))
		return len(list) > 0 && list[0].State == community.OfferAccepted, err
	})
}

// fillSeats sends three people to a conference of two seats, and then one of them
// home.
func (s *stage) fillSeats(ctx context.Context, uri string, maps *community.Conference) error {
	belgrade, phuket, almaty := s.cities[0], s.cities[1], s.cities[2]
	local, err := belgrade.node.Store().Member(ctx, "lev")
	if err != nil {
		return err
	}
	if _, err := belgrade.node.Answer(ctx, maps.Slug, storage.GuestKey{MemberID: local.ID}, community.Want{State: community.Going}, ""); err != nil {
		return err
	}
	state := func(c *demoCity, handle string, want community.GuestState) error {
		return s.wait(ctx, fmt.Sprintf("%s of %s is %s in Belgrade, and %s knows it", handle, c.name, want, c.name), func() (bool, error) {
			x, err := c.node.Store().ConferenceByURI(ctx, uri)
			if err != nil {
				return false, err
			}
			m, err := c.node.Store().Member(ctx, handle)
			if err != nil {
				return false, err
			}
			g, err := c.node.Store().Guest(ctx, x.ID, storage.GuestKey{MemberID: m.ID})
			if community.CodeOf(err) == community.NotFound {
				return false, nil
			} else if err != nil {
				return false, err
			}
			there, err := stateAt(ctx, belgrade, maps.ID, c.node.Site().Actor(community.MemberActor(handle)))
			return g.State == want && there == want, err
		})
	}
	ask := func(c *demoCity, handle string) error {
		s.pause(ctx)
		s.say(c.name, "%s asks Belgrade for a seat", handle)
		_, err := c.node.JoinElsewhere(ctx, console, handle, uri, community.Want{State: community.Going}, "")
		return err
	}
	if err := ask(phuket, "mai"); err != nil {
		return err
	}
	if err := state(phuket, "mai", community.Going); err != nil {
		return err
	}
	// Two seats, both taken: whoever comes now waits.
	if err := ask(almaty, "aigerim"); err != nil {
		return err
	}
	if err := s.wait(ctx, "aigerim of Almaty waits in Belgrade", func() (bool, error) {
		st, err := stateAt(ctx, belgrade, maps.ID, almaty.node.Site().Actor("people/aigerim"))
		return st == community.Waitlisted, err
	}); err != nil {
		return err
	}
	s.pause(ctx)
	s.say("Phuket", "mai gives her seat back")
	if err := phuket.node.LeaveElsewhere(ctx, console, "mai", uri); err != nil {
		return err
	}
	return state(almaty, "aigerim", community.Going)
}

// stateAt is where a guest from elsewhere stands in the city of a conference; ""
// while that city does not know of them.
func stateAt(ctx context.Context, c *demoCity, confID int64, actor string) (community.GuestState, error) {
	a, err := c.node.Store().Actor(ctx, actor)
	if community.CodeOf(err) == community.NotFound {
		return "", nil
	} else if err != nil {
		return "", err
	}
	g, err := c.node.Store().Guest(ctx, confID, storage.GuestKey{ActorID: a.ID})
	if community.CodeOf(err) == community.NotFound {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return g.State, nil
}

// talk lets a city say something and a member of another one answer.
func (s *stage) talk(ctx context.Context, maps *community.Conference) error {
	belgrade, almaty := s.cities[0], s.cities[2]
	said := both("The reading room has the big table. Bring the big maps.", "В читальном зале большой стол. Несите большие карты.")
	s.pause(ctx)
	p, err := belgrade.node.AddPost(ctx, console, &community.Post{Text: said, ConferenceID: maps.ID}, node.Publish{})
	if err != nil {
		return err
	}
	uri := belgrade.node.Site().Post(p.Slug)
	s.say("Belgrade", "says: %s", said.First())
	if err := s.posted(ctx, almaty, uri); err != nil {
		return err
	}
	s.pause(ctx)
	answer := community.Plain("ru", "У меня карта Верного 1911 года, два на три метра. Влезет?")
	r, err := almaty.node.AddPost(ctx, console, &community.Post{Author: community.MemberActor("aigerim"), Text: answer, ReplyTo: uri}, node.Publish{})
	if err != nil {
		return err
	}
	s.say("Almaty", "aigerim answers: %s", answer.First())
	return s.posted(ctx, belgrade, almaty.node.Site().Post(r.Slug))
}

// posted waits until a post has arrived at a city.
func (s *stage) posted(ctx context.Context, at *demoCity, uri string) error {
	return s.wait(ctx, at.name+" gets the post "+uri, func() (bool, error) {
		_, err := at.node.Store().PostByURI(ctx, uri)
		if community.CodeOf(err) == community.NotFound {
			return false, nil
		}
		return err == nil, err
	})
}

// callOff publishes something in one city and cancels it.
func (s *stage) callOff(ctx context.Context, c *demoCity, others []*demoCity) error {
	storm := demoConf{both("Night swim under the full moon", "Ночное купание в полнолуние"), both("Lanterns, towels, courage.", "Фонари, полотенца, смелость."),
		0, time.Friday, 21, 2, community.Venue{Name: "North pier", Locality: "Rawai", Country: "TH"}, 0, "", []string{"sea"}, "oleg"}
	s.pause(ctx)
	conf, err := c.node.AddConference(ctx, console, storm.at(c), node.Publish{})
	if err != nil {
		return err
	}
	uri := c.node.Site().Conference(conf.Slug)
	s.say(c.name, "publishes “%s”", conf.Title.First())
	status := func(want community.Status) error {
		for _, o := range others {
			if err := s.wait(ctx, fmt.Sprintf("%s hears that “%s” is %s", o.name, conf.Title.First(), want), func() (bool, error) {
				x, err := o.node.Store().ConferenceByURI(ctx, uri)
				if community.CodeOf(err) == community.NotFound {
					return false, nil
				}
				return err == nil && x.Status == want, err
			}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := status(community.Scheduled); err != nil {
		return err
	}
	s.pause(ctx)
	s.say(c.name, "calls it off: a storm is coming")
	if _, err := c.node.CancelConference(ctx, console, conf.Slug, "A storm is coming. / Идёт шторм."); err != nil {
		return err
	}
	return status(community.Cancelled)
}

// playAgain is for cities that were kept from an earlier run: one more post in
// each, seen by the others.
func (s *stage) playAgain(ctx context.Context) error {
	for _, c := range s.cities {
		if !c.old {
			return withHint(errors.New("some of the three cities are there and some are not in "+s.dir), "empty that directory, or name another one")
		}
		text := both("Back again: the tables are set, the kettle is on.", "Мы снова тут: столы накрыты, чайник кипит.")
		p, err := c.node.AddPost(ctx, console, &community.Post{Text: text}, node.Publish{})
		if err != nil {
			return err
		}
		s.say(c.name, "says: %s", text.First())
		for _, o := range s.cities {
			if o == c {
				continue
			}
			if err := s.posted(ctx, o, c.node.Site().Post(p.Slug)); err != nil {
				return err
			}
		}
	}
	return nil
}

// plainText is the text of someone's post in one line.
func plainText(p *community.Post) string {
	text := prose.Text(p.HTML.First(), 200)
	if t := p.Title.First(); t != "" {
		text = t + ": " + text
	}
	return strings.Join(strings.Fields(text), " ")
}
