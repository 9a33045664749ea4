package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"konfa/community"
	"konfa/node"
)

// look renders every kind of page with the fake city, in one language.
func look(t *testing.T, lang string) map[string]string {
	t.Helper()
	ts, err := loadTongues()
	if err != nil {
		t.Fatal(err)
	}
	as, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRenderer(ts, as.path)
	if err != nil {
		t.Fatal(err)
	}
	tg, ok := ts.byCode(lang)
	if !ok {
		t.Fatalf("there is no catalogue %s", lang)
	}
	v := &viewer{tongue: tg, city: fakeCity(), site: community.NewSite("https://belgrade.example"), now: fakeNow}
	cs, ps, ms := fakeConferences(), fakePosts(), fakeMembers()
	cities := []community.Follow{{Actor: &community.Actor{Type: "Group", Handle: "almaty", Host: "almaty.example", Name: "Almaty", URI: "https://almaty.example/city"}}}
	siblings := []community.Conference{cs[0], cs[5]}
	pages := map[string]struct {
		tpl  string
		body any
		data any
		pics []*picture
	}{
		"front":      {"front", withElsewhere(v, v.front(cs, append(v.postCards(ps), fakeBoost(v)), cities, ms), cs), v.schemaCity(), nil},
		"bare":       {"front", v.front(nil, nil, nil, nil), nil, nil},
		"conference": {"conference", withCarriers(v, v.conference(&cs[0], siblings, v.postCards(ps[:1]), fakeReplies(v))), v.schemaEvent(&cs[0]), nil},
		"long":       {"conference", v.conference(&cs[1], nil, nil, &replies{}), v.schemaEvent(&cs[1]), nil},
		"external":   {"conference", v.conference(&cs[2], nil, nil, &replies{}), v.schemaEvent(&cs[2]), nil},
		"elsewhere":  {"conference", v.conference(&cs[3], nil, nil, nil), v.schemaEvent(&cs[3]), nil},
		"cancelled":  {"conference", v.conference(&cs[4], nil, nil, &replies{}), v.schemaEvent(&cs[4]), nil},
		"full":       {"conference", v.conference(&cs[5], nil, nil, &replies{}), v.schemaEvent(&cs[5]), nil},
		"rtl":        {"conference", v.conference(&cs[6], nil, nil, &replies{}), v.schemaEvent(&cs[6]), nil},
		"rsvp":       {"rsvp", fakeRSVP(v, &cs[0], community.Going), nil, nil},
		"rsvp-wait":  {"rsvp", fakeRSVP(v, &cs[5], community.Waitlisted), nil, nil},
		"poll":       {"post", fakePoll(v, &cs[0]), nil, nil},
		"post":       {"post", v.post(&ps[0], &cs[0], fakeReplies(v)), v.schemaPost(&ps[0]), nil},
		"note":       {"post", v.post(&ps[1], nil, &replies{}), v.schemaPost(&ps[1]), nil},
	}
	out := map[string]string{}
	for name, p := range pages {
		b, err := r.render(tg, p.tpl, &page{
			Lang: lang, Title: "Belgrade", Heading: "Belgrade", Kind: "website", City: cityHead{v.cityName(), v.handle()}, Version: "1", Body: p.body, Data: p.data, Class: p.tpl,
			Languages: []languageLink{{Code: "en", Name: "English", URL: "?lang=en", Current: lang == "en"}, {Code: "ru", Name: "Русский", URL: "?lang=ru", Current: lang == "ru"}},
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = string(b)
	}
	return out
}

// withElsewhere adds what sister cities do to a front page.
func withElsewhere(v *viewer, p frontPage, cs []community.Conference) frontPage {
	c := cs[3]
	c.Announced, c.Origin, c.Title = fakeNow.AddDate(-1, 0, 0), "Phuket", community.Plain("en", "Beach clean-up")
	p.Elsewhere = v.cards([]community.Conference{c})
	return p
}

// fakeRSVP is the page of a guest's answer.
func fakeRSVP(v *viewer, c *community.Conference, state community.GuestState) rsvpPage {
	at := &node.RSVP{Conference: c, Guest: &community.Guest{ID: 1, ActorID: 1, Name: "@bob@mastodon.example", State: state, Plus: 1}, Open: true, Place: 3}
	p := v.rsvp(at)
	p.Path, p.Form = "/rsvp/x", rsvpForm(at)
	if state == community.Going {
		p.Word = v.T("rsvp.saved")
	} else {
		p.Error = v.T("error.party")
	}
	return p
}

// fakePoll is the page of a poll.
func fakePoll(v *viewer, c *community.Conference) postPage {
	p := &community.Post{Slug: "maps-by-hand-poll", Author: community.CityActor, Kind: community.PollPost, Published: fakeNow,
		HTML: community.Plain(v.Code, "<p>“Maps drawn by hand”: who is coming? Vote, or just answer in words.</p>")}
	page := v.post(p, c, &replies{})
	v.ask(&page, &community.Poll{Ends: c.Start, Tally: community.Tally{Going: 33, Maybe: 4, Away: 1}, Options: []community.PollOption{
		{Answer: community.Going, Name: v.T("rsvp.answer_going")}, {Answer: community.Maybe, Name: v.T("rsvp.answer_maybe")}, {Answer: community.NotGoing, Name: v.T("rsvp.answer_no")}}}, v.site.Post(p.Slug))
	return page
}

// withCarriers adds the cities that announced a conference.
func withCarriers(v *viewer, p conferencePage) conferencePage {
	p.Come.Poll = v.poll(&community.Conference{RSVP: community.RSVPPoll}, &community.Post{Slug: "maps-by-hand-poll"})
	for _, name := range []string{"Phuket", "Алматы"} {
		p.AlsoBy = append(p.AlsoBy, cityPerson(&community.Actor{Type: "Group", Handle: "city", Host: "city.example", Name: name, URI: "https://city.example/city"}))
	}
	return p
}

// unfilled is what a missing key or name leaves in a page.
var unfilled = regexp.MustCompile(`<no value>|ZgotmplZ|>(nav|footer|front|follow|conferences|conf|come|coming|rsvp|seats|calendar|share|replies|posts|post|member|tag|interact|about|error|date|month|weekday)(\.[a-z_0-9]+)+<|%!`)

func TestPagesRender(t *testing.T) {
	css, err := staticFiles.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	css = squeezeSheet(css)
	for _, lang := range []string{"en", "ru"} {
		for name, html := range look(t, lang) {
			if m := unfilled.FindString(html); m != "" {
				t.Errorf("%s in %s: %q is not filled in", name, lang, m)
			}
			if n := len(html) + len(css); n > 50_000 {
				t.Errorf("%s in %s: page and style sheet have %d bytes, at most 50,000 are wanted", name, lang, n)
			}
			if n := strings.Count(html, "<h1"); n != 1 {
				t.Errorf("%s in %s: %d h1", name, lang, n)
			}
			if strings.Contains(html, "secret.example") {
				t.Errorf("%s in %s: an e-mail address leaks", name, lang)
			}
			if strings.Contains(html, " style=") || strings.Contains(html, " onclick=") {
				t.Errorf("%s in %s: inline style or script, which the Content-Security-Policy forbids", name, lang)
			}
			// With KONFA_LOOK=dir the pages are left there to be looked at.
			if dir := os.Getenv("KONFA_LOOK"); dir != "" {
				html = regexp.MustCompile(`/static/(\w+)\.\w+\.(\w+)`).ReplaceAllString(html, "static/$1.$2")
				html = strings.ReplaceAll(html, "https://belgrade.example/cover.svg", "cover.svg")
				if err := os.WriteFile(filepath.Join(dir, name+"-"+lang+".html"), []byte(html), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
