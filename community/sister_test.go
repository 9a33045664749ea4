package community

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSisterState(t *testing.T) {
	for _, x := range []struct {
		ours, theirs FollowState
		want         SisterState
	}{
		{"", "", SisterApart}, {Asked, "", SisterAsked}, {Asked, Accepted, SisterAsked}, {Accepted, "", SisterFollowing}, {Accepted, Accepted, SisterMutual},
		{"", Accepted, SisterFollowsUs}, {Rejected, "", SisterRefused}, {Rejected, Accepted, SisterRefused}, {"", Asked, SisterApart},
	} {
		if got := (&Sister{Ours: x.ours, Theirs: x.theirs}).State(); got != x.want {
			t.Errorf("ours %q, theirs %q: %s, want %s", x.ours, x.theirs, got, x.want)
		}
	}
}

func TestSisterSettings(t *testing.T) {
	city := &City{}
	s := &Sister{Tags: []string{"#Go", "go", ""}, Languages: []string{"EN", "en", " "}}
	s.Tidy()
	if !slices.Equal(s.Tags, []string{"go"}) || !slices.Equal(s.Languages, []string{"en"}) || s.Announce != AnnounceApprove {
		t.Errorf("tidied to %+v", s)
	}
	if err := s.Check(city); err != nil {
		t.Error(err)
	}
	bad := &Sister{Announce: "perhaps", Languages: []string{"klingonisch!"}, Distance: 5}
	var e *Error
	if err := bad.Check(city); !errors.As(err, &e) || len(e.Fields) != 3 {
		t.Errorf("not everything is reported: %v", err)
	}
	if err := (&Sister{Announce: AnnounceAuto, Distance: 30_000}).Check(&City{Place: &Point{}}); CodeOf(err) != Invalid {
		t.Errorf("farther than the earth is round: %v", err)
	}
}

func TestSisterWants(t *testing.T) {
	belgrade, noviSad, phuket := Point{44.8176, 20.4569}, Point{45.2517, 19.8369}, Point{7.8804, 98.3923}
	city := &City{Place: &belgrade}
	if d := belgrade.Kilometres(noviSad); d < 65 || d > 75 {
		t.Errorf("Novi Sad is %.1f km away", d)
	}
	if d := belgrade.Kilometres(phuket); d < 8000 || d > 8600 {
		t.Errorf("Phuket is %.1f km away", d)
	}
	there := func(p *Point) *Venue { return &Venue{Name: "x", Place: p} }
	for name, x := range map[string]struct {
		s    Sister
		c    Conference
		want bool
	}{
		"nothing asked":           {Sister{}, Conference{}, true},
		"a tag":                   {Sister{Tags: []string{"go", "rust"}}, Conference{Tags: []string{"rust"}}, true},
		"no such tag":             {Sister{Tags: []string{"go"}}, Conference{Tags: []string{"cats"}}, false},
		"no tag":                  {Sister{Tags: []string{"go"}}, Conference{}, false},
		"a language":              {Sister{Languages: []string{"en"}}, Conference{Languages: []string{"th", "en-gb"}}, true},
		"another language":        {Sister{Languages: []string{"en"}}, Conference{Languages: []string{"th"}}, false},
		"the title's language":    {Sister{Languages: []string{"en"}}, Conference{Title: Plain("ru", "Чай")}, false},
		"no language said":        {Sister{Languages: []string{"en"}}, Conference{}, true},
		"near":                    {Sister{Distance: 100}, Conference{Venue: there(&noviSad)}, true},
		"far":                     {Sister{Distance: 100}, Conference{Venue: there(&phuket)}, false},
		"far, but online":         {Sister{Distance: 100}, Conference{Venue: there(&phuket), OnlineURL: "https://x.example"}, true},
		"her place for the venue": {Sister{Distance: 100, Place: &noviSad}, Conference{Venue: there(nil)}, true},
		"her place is far":        {Sister{Distance: 100, Place: &phuket}, Conference{}, false},
		"nobody knows where":      {Sister{Distance: 100}, Conference{}, false},
	} {
		if got := x.s.Wants(city, &x.c); got != x.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Whatever is left out asks for nothing: fewer filters never let less through.
func TestFewerFiltersLetMoreThrough(t *testing.T) {
	words := []string{"a", "b", "c"}
	point := rapid.Custom(func(t *rapid.T) *Point {
		return &Point{Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon")}
	})
	some := rapid.SliceOfN(rapid.SampledFrom(words), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		city := &City{Place: point.Draw(t, "city")}
		s := Sister{Tags: some.Draw(t, "tags"), Languages: some.Draw(t, "languages"), Distance: rapid.IntRange(0, MaxDistance).Draw(t, "distance"), Place: point.Draw(t, "sister")}
		c := &Conference{Tags: some.Draw(t, "its tags"), Languages: some.Draw(t, "its languages"), Venue: &Venue{Place: point.Draw(t, "venue")}}
		if !s.Wants(city, c) {
			return
		}
		looser := []Sister{s, s, s, s}
		looser[0].Tags, looser[1].Languages, looser[2].Distance = nil, nil, 0
		if s.Distance > 0 {
			looser[3].Distance = MaxDistance + 16
		}
		for i := range looser {
			if !looser[i].Wants(city, c) {
				t.Fatalf("%+v takes it, %+v does not", s, looser[i])
			}
		}
	})
}

// The states of an offer, whatever happens in whatever order.
func TestOfferStates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
		o := NewOffer(OfferOut, &Conference{ID: 1, Title: Plain("en", "Tea")}, "https://bg.example/conf/tea", 2, now)
		toCome := true
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			before := *o
			var changed bool
			var err error
			step := rapid.SampledFrom([]string{"accept", "decline", "revoke", "expire", "renew", "withdraw", "time", "over"}).Draw(t, "step")
			switch step {
			case "accept":
				changed, err = o.Accept(now, toCome)
				if err == nil && o.State != OfferAccepted {
					t.Fatalf("accepted, and %s", o.State)
				}
				if changed && !toCome {
					t.Fatal("what is over was taken up")
				}
			case "decline":
				changed, err = o.Decline(now, "because")
				if err == nil && o.State != OfferDeclined {
					t.Fatalf("declined, and %s", o.State)
				}
			case "revoke":
				if changed = o.Revoke(now); o.State != OfferRevoked {
					t.Fatalf("revoked, and %s", o.State)
				}
			case "expire":
				changed = o.Expire(now)
				if changed != (before.State == OfferOpen && !before.Expires.After(now)) {
					t.Fatalf("expired: %v, was %s until %v, now %v", changed, before.State, before.Expires, now)
				}
			case "renew":
				if changed = o.Renew(now, "https://bg.example/a/2", "again"); changed == before.Counts() {
					t.Fatalf("renewed: %v, was %s", changed, before.State)
				}
				if changed && (!o.Open() || o.Expires.Sub(now) != OfferLasts) {
					t.Fatalf("renewed as %+v", o)
				}
			case "withdraw":
				o.Withdrawn(now)
				changed = true
			case "time":
				now = now.Add(time.Duration(rapid.IntRange(1, 500).Draw(t, "hours")) * time.Hour)
			case "over":
				toCome = false
			}
			if err != nil && (changed || CodeOf(err) != Conflict) {
				t.Fatalf("%s of one that is %s: %v, changed %v", step, before.State, err, changed)
			}
			if before.State == OfferRevoked && o.State != OfferRevoked && step != "renew" && step != "withdraw" {
				t.Fatalf("%s brought a revoked one back as %s", step, o.State)
			}
			if !changed && o.State != before.State {
				t.Fatalf("%s changed %s to %s and says that it did not", step, before.State, o.State)
			}
			if changed && !o.Updated.Equal(now) {
				t.Fatalf("%s did not say when", step)
			}
			if !slices.Contains(OfferStates, o.State) || o.Counts() != (o.State == OfferOpen || o.State == OfferAccepted) {
				t.Fatalf("%+v", o)
			}
		}
	})
}

func TestSpellings(t *testing.T) {
	for id, want := range map[string][]string{
		"https://a.example/e/1":   {"https://a.example/e/1/", "http://a.example/e/1", "http://a.example/e/1/"},
		"http://a.example/e/1/":   {"http://a.example/e/1", "https://a.example/e/1/", "https://a.example/e/1"},
		"https://a.example/?p=1":  {"http://a.example/?p=1"},
		"https://a.example/#e-1/": {"http://a.example/#e-1/"},
		"tag:a.example,2026:1":    {"tag:a.example,2026:1/"},
	} {
		if got := Spellings(id); !slices.Equal(got, want) {
			t.Errorf("%s: %q", id, got)
		}
	}
}

func TestSameMeeting(t *testing.T) {
	start := time.Date(2026, 3, 4, 18, 0, 0, 0, time.UTC)
	one := func(change func(*Conference)) *Conference {
		c := &Conference{Title: Texts{{"en", "Tea, and talk!"}, {"ru", "Чай"}}, Start: start, Venue: &Venue{Name: "Café Ćirilica", Street: "Gospodar Jovanova 5"}}
		if change != nil {
			change(c)
		}
		return c
	}
	for name, x := range map[string]struct {
		change func(*Conference)
		want   bool
	}{
		"itself":             {nil, true},
		"spelt otherwise":    {func(c *Conference) { c.Title = Plain("", "tea and talk"); c.Venue.Name = "CAFÉ ĆIRILICA." }, true},
		"in one language":    {func(c *Conference) { c.Title = Plain("ru", "ЧАЙ") }, true},
		"another title":      {func(c *Conference) { c.Title = Plain("en", "Coffee") }, false},
		"another time":       {func(c *Conference) { c.Start = start.Add(time.Minute) }, false},
		"another place":      {func(c *Conference) { c.Venue = &Venue{Name: "Library"} }, false},
		"with the town":      {func(c *Conference) { c.Venue = &Venue{Name: "Café Ćirilica, Beograd"} }, true},
		"the street alone":   {func(c *Conference) { c.Venue = &Venue{Street: "Gospodar Jovanova 5", Locality: "Beograd"} }, true},
		"no place":           {func(c *Conference) { c.Venue = nil }, false},
		"no place, a stream": {func(c *Conference) { c.Venue, c.OnlineURL = nil, "https://x.example" }, false},
		"no letter":          {func(c *Conference) { c.Title = Plain("", "!!!") }, false},
	} {
		a, b := one(nil), one(x.change)
		if got := SameMeeting(a, b); got != x.want || SameMeeting(b, a) != got {
			t.Errorf("%s: %v, and the other way %v", name, got, SameMeeting(b, a))
		}
	}
	online := func(url string) *Conference {
		return &Conference{Title: Plain("en", "Call"), Start: start, OnlineURL: url}
	}
	if !SameMeeting(online("https://x.example"), online("https://x.example")) || SameMeeting(online("https://x.example"), online("https://y.example")) || SameMeeting(online(""), online("")) {
		t.Error("online ones")
	}
	at := func(lat float64) *Conference {
		return one(func(c *Conference) { c.Venue = &Venue{Name: "x", Place: &Point{lat, 20}} })
	}
	if !SameMeeting(at(44.8), at(44.801)) || SameMeeting(at(44.8), at(44.9)) {
		t.Error("by coordinates")
	}
}

func TestIdents(t *testing.T) {
	c := &Conference{UUID: "u", UID: "uid@x"}
	if got := c.Idents("a.example"); !slices.Equal(got, []string{"uid@x", "u", "u@a.example"}) {
		t.Error(got)
	}
	if got := (&Conference{}).Idents("a.example"); len(got) != 0 {
		t.Error(got)
	}
}
