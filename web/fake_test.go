package web

import (
	"time"

	"konfa/community"
	"konfa/prose"
)

// fakeNow is the moment the tests look at pages: a Sunday at noon.
var fakeNow = time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)

func fakeCity() *community.City {
	return &community.City{
		Handle: "belgrade",
		Name:   community.Texts{{Lang: "en", Text: "Belgrade"}, {Lang: "ru", Text: "Белград"}},
		About: community.Texts{
			{Lang: "en", Text: "We meet, talk and help one another in Belgrade: evenings with talks, walks along the Danube, board games and borscht."},
			{Lang: "ru", Text: "Мы встречаемся, разговариваем и помогаем друг другу в Белграде: вечера с докладами, прогулки вдоль Дуная, настолки и борщ."},
		},
		Zone: "Europe/Belgrade", Country: "RS", Languages: []string{"en", "ru"},
		Links: []community.Link{{Name: "Telegram", URL: "https://t.me/belgrade"}, {Name: "Matrix", URL: "https://matrix.to/#/#belgrade:example.org"}},
	}
}

// fakeConferences are a quiet one, and one for everything that can be odd.
func fakeConferences() []community.Conference {
	at := func(s string) time.Time {
		l, _ := time.LoadLocation("Europe/Belgrade")
		t, err := time.ParseInLocation("2006-01-02 15:04", s, l)
		if err != nil {
			panic(err)
		}
		return t.UTC()
	}
	both := func(en, ru string) community.Texts {
		return community.Texts{{Lang: "en", Text: en}, {Lang: "ru", Text: ru}}
	}
	cs := []community.Conference{
		{
			Slug:  "maps-by-hand",
			Title: both("Maps drawn by hand", "Карты, нарисованные от руки"),
			Text: both("Three people who draw maps of the city talk about **what they leave out**.\n\n### Programme\n\n- 19:00 tea and names\n- 19:30 *Ana*: the Belgrade of cats\n- 20:15 *Mirko*: rivers that are under asphalt\n- 21:00 questions and more tea\n\nBring a pen. First-timers are welcome; someone will meet you at the door.",
				"Три человека, которые рисуют карты города, расскажут о том, **чего на картах нет**.\n\n### Программа\n\n- 19:00 чай и знакомство\n- 19:30 *Ана*: Белград кошек\n- 20:15 *Мирко*: реки под асфальтом\n- 21:00 вопросы и ещё чай\n\nВозьмите ручку. Если вы впервые — вас встретят у двери."),
			Start: at("2026-11-26 19:00"), End: at("2026-11-26 21:30"), Zone: "Europe/Belgrade",
			Venue:     &community.Venue{Name: "Reading room on Dorćol", Street: "Cara Dušana 42", PostalCode: "11000", Locality: "Beograd", Country: "Serbia", Directions: "Through the courtyard, second door, ring “Čitaonica”.", Place: &community.Point{Lat: 44.8241, Lon: 20.4613}},
			OnlineURL: "https://meet.example.org/maps", Capacity: 40, Languages: []string{"en", "ru"}, Cost: "500 RSD for tea",
			Tags: []string{"maps", "talks", "город"}, Organisers: []community.Organiser{{Name: "Ana Petrović", Handle: "ana"}, {Name: "Mirko"}},
			Seats: community.Seats{Going: 33, Maybe: 4}, Link: "https://maps.example.org/2026", SeriesID: 1,
			Cover: &community.Picture{URL: "https://belgrade.example/cover.svg", Alt: "A hand-drawn map of Dorćol with cats", Width: 1200, Height: 630},
		},
		{
			Slug:  "danube-walk",
			Title: both("A long walk along the Danube to Zemun and back again, with stops for everyone who has never seen the river in November and wants to", "Долгая прогулка вдоль Дуная до Земуна и обратно с остановками"),
			Text:  both("Warm shoes.", "Тёплая обувь."), Start: at("2026-11-29 10:00"), OpenEnd: true, Zone: "Europe/Belgrade",
			Venue: &community.Venue{Name: "Branko’s bridge", Locality: "Beograd"}, Languages: []string{"ru"},
		},
		{
			Slug: "hackdays", Title: both("Winter hack days", "Зимний хакатон"), Start: at("2026-12-04 00:00"), End: at("2026-12-07 00:00"), AllDay: true, Zone: "Europe/Belgrade",
			Venue: &community.Venue{Name: "Mikser"}, Status: community.Tentative, Languages: []string{"en"}, JoinMode: community.External, ExternalURL: "https://tickets.example.org/hack",
		},
		{
			ID: 77, URI: "https://almaty.example/conf/steppe", URL: "https://almaty.example/conf/steppe", Origin: "Almaty", OriginID: 3,
			Title: community.Plain("ru", "Степь и код"), Start: time.Date(2026, 12, 5, 13, 0, 0, 0, time.UTC), End: time.Date(2026, 12, 5, 16, 0, 0, 0, time.UTC), Zone: "Asia/Almaty",
			OnlineURL: "https://meet.example.org/steppe", Announced: fakeNow, Languages: []string{"ru", "kk"}, HTML: community.Plain("ru", "<p>Разговор о больших расстояниях.</p>"),
		},
		{
			Slug: "board-games", Title: both("Board games", "Настолки"), Start: at("2026-12-10 18:30"), End: at("2026-12-11 01:00"), Zone: "Europe/Belgrade", Status: community.Cancelled,
			Venue: &community.Venue{Name: "Café Ćirilica", Street: "Gospodar Jovanova 5"},
		},
		{
			Slug: "full-house", Title: both("Lightning talks", "Молнии: доклады по пять минут"), Start: at("2026-12-17 19:00"), End: at("2026-12-17 22:00"), Zone: "Europe/Belgrade", Capacity: 20, JoinMode: community.Restricted,
			Seats: community.Seats{Going: 20, Waiting: 3, Pending: 2}, Venue: &community.Venue{Street: "Knez Mihailova 6"},
		},
		{
			Slug: "rtl", Title: community.Plain("he", "ערב שירה בבלגרד"), Start: at("2026-12-20 19:00"), End: at("2026-12-22 12:00"), Zone: "Europe/Belgrade", Status: community.MovedOnline,
			Venue: &community.Venue{Name: "Sinagoga"}, HTML: community.Plain("he", "<p>ברוכים הבאים.</p>"), Languages: []string{"he"},
		},
	}
	for i := range cs {
		c := &cs[i]
		c.Tidy()
		if c.Own() {
			c.HTML = c.Text.Map(prose.Markdown)
		}
		c.Published, c.Updated, c.Created = fakeNow.AddDate(0, 0, -3), fakeNow.AddDate(0, 0, -1), fakeNow.AddDate(0, 0, -3)
		if c.ID == 0 {
			c.ID = int64(i + 1)
		}
		c.UID = c.Slug + "@belgrade.example"
	}
	return cs
}

func fakePosts() []community.Post {
	ps := []community.Post{
		{Slug: "winter", Author: community.CityActor, Title: community.Texts{{Lang: "en", Text: "What we do this winter"}, {Lang: "ru", Text: "Чем займёмся зимой"}},
			Text: community.Texts{{Lang: "en", Text: "The **reading room** stays open on Thursdays. We look for someone who keeps the samovar.\n\n> Tea is not a drink, it is a schedule.\n\nWrite to us in the chat."}, {Lang: "ru", Text: "**Читальня** открыта по четвергам. Ищем хранителя самовара.\n\n> Чай — не напиток, а расписание.\n\nПишите в чат."}}, Tags: []string{"winter"}},
		{Slug: "found", Author: community.MemberActor("ana"), AuthorName: "Ana Petrović", Text: community.Plain("en", "Someone left a green scarf on Thursday. It is at the door and misses you.")},
	}
	for i := range ps {
		p := &ps[i]
		p.Tidy()
		p.HTML = p.Text.Map(prose.Markdown)
		p.Published = fakeNow.Add(-time.Duration(i+1) * 30 * time.Hour)
		p.Updated = p.Published
	}
	ps[0].Updated = ps[0].Published.Add(2 * time.Hour)
	return ps
}

func fakeMembers() []community.Member {
	return []community.Member{
		{Handle: "ana", Name: "Ana Petrović", About: "I draw maps.", Role: community.Steward, Languages: []string{"sr", "en", "ru"}, Created: fakeNow.AddDate(-1, 0, 0), Email: "ana@secret.example"},
		{Handle: "lev", Name: "Лев Соколов", Role: community.Steward, Created: fakeNow},
		{Handle: "gone", Name: "Gone", Role: community.Steward, Suspended: fakeNow},
	}
}

func fakeReplies(v *viewer) *replies {
	bob := &community.Actor{ID: 1, Name: "Jelena", Handle: "jelena", Host: "social.example", URI: "https://social.example/users/jelena", URL: "https://social.example/@jelena"}
	timur := &community.Actor{ID: 2, Name: "Тимур", Handle: "timur", Host: "almaty.example", URI: "https://almaty.example/people/timur"}
	var posts []community.Post
	say := func(above string, by int64, lang, html, warning string) string {
		at := fakeNow.Add(time.Duration(len(posts)-26) * time.Hour)
		p := community.Post{ID: int64(len(posts) + 1), AuthorID: by, HTML: community.Plain(lang, html), Warning: warning, Published: at, Updated: at}
		p.URI = "https://social.example/n/" + itoa(int(p.ID))
		if by == 0 {
			p.URI, p.Slug, p.Author = "", "answer", community.CityActor
		}
		p.Path = community.ThreadPath(above, p.URI+p.Slug, at, fakeNow)
		posts = append(posts, p)
		return p.Path
	}
	a := say("", 1, "en", "<p>Is there room for a bicycle? I come from <a href=\"https://example.org/a-rather-long-address/that-does-not-break\">the other side</a> of the river.</p>", "")
	b := say(a, 0, "en", "<p>There is, in the yard.</p>", "")
	b = say(b, 1, "en", "<p>Wonderful, thank you!</p>", "")
	b = say(b, 2, "ru", "<p>А самокат?</p>", "")
	b = say(b, 1, "en", "<p>And a skateboard?</p>", "")
	b = say(b, 2, "ru", "<p>И лыжи?</p>", "")
	say(b, 1, "en", "<p>That is the seventh step down.</p>", "")
	say("", 2, "ru", "<p>Приеду специально из Алматы!</p>", "")
	say(community.ThreadPath("", "gone", fakeNow.Add(-time.Hour), fakeNow), 1, "en", "<p>Spoilers</p>", "The end of the film")
	rs := v.talk(posts, map[int64]*community.Actor{1: bob, 2: timur}, nil)
	rs.Counts = []string{v.N("replies.count", len(posts)), v.N("reactions.like", 5)}
	v.invite(rs, &community.Conference{Slug: "x", Replies: community.RepliesModerated})
	return rs
}

func fakeBoost(v *viewer) postCard {
	p := &community.Post{URI: "https://social.example/n/9", URL: "https://social.example/@jelena/9", HTML: community.Plain("en", "<p>Anyone up for a walk along the river on Sunday? @belgrade</p>"), Published: fakeNow.Add(-time.Hour)}
	return v.boostCard(p, &community.Actor{Name: "Jelena", Handle: "jelena", Host: "social.example", URI: "https://social.example/users/jelena", URL: "https://social.example/@jelena"})
}
