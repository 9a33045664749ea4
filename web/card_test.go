package web

import (
	"bytes"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/poster"
)

func TestSharedPagesHaveCards(t *testing.T) {
	w := newTown(t)
	cover, err := w.node.AddPicture(t.Context(), console, snapshot(t, 1, 1000, 600), "A hall")
	if err != nil {
		t.Fatal(err)
	}
	c := w.add(community.Conference{Title: community.Texts{{Lang: "en", Text: "Evening of talks"}, {Lang: "ru", Text: "Вечер докладов"}}, Start: fakeNow.Add(48 * time.Hour), Cover: cover})
	p := w.say(community.Post{Text: community.Plain("en", "We have a new hall.")})
	card := regexp.MustCompile(`<meta property="og:image" content="https://belgrade\.example(/[^"]+card\.png\?[^"]+)">`)
	seen := map[string]bool{}
	for _, page := range []string{"/conf/" + c.Slug + "?lang=en", "/conf/" + c.Slug + "?lang=ru", "/posts/" + p.Slug + "?lang=en"} {
		html := w.get(page)
		for _, want := range []string{`<meta property="og:image:alt" content="`, `<meta property="og:image:width" content="1200">`, `content="summary_large_image"`} {
			if !strings.Contains(html, want) {
				t.Errorf("%s lacks %s", page, want)
			}
		}
		m := card.FindStringSubmatch(html)
		if m == nil {
			t.Fatalf("%s has no card", page)
		}
		at := strings.ReplaceAll(m[1], "&amp;", "&")
		res := w.do(http.MethodGet, at, "")
		body := bodyOf(t, res)
		conf, err := png.DecodeConfig(strings.NewReader(body))
		if err != nil || conf.Width != poster.Width || conf.Height != poster.Height || res.Header.Get("Content-Type") != "image/png" {
			t.Fatalf("%s: %v %v %s", at, conf, err, res.Status)
		}
		if seen[body] {
			t.Errorf("%s looks like another", at)
		}
		seen[body] = true
		if res := w.do(http.MethodGet, at, "", "If-None-Match: "+res.Header.Get("ETag")); res.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %s", at, res.Status)
		}
	}
	before := bodyOf(t, w.do(http.MethodGet, "/conf/"+c.Slug+"/card.png?lang=en", ""))
	w.pass(time.Minute)
	if _, err := w.node.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { c.Status = community.Cancelled; return nil }); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if after := bodyOf(t, w.do(http.MethodGet, "/conf/"+c.Slug+"/card.png?lang=en", "")); after == before {
		t.Error("the card does not say that it is cancelled")
	}
	for _, bad := range []string{"/conf/none/card.png", "/posts/none/card.png"} {
		if res := w.do(http.MethodGet, bad, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", bad, res.Status)
		}
	}
}

func TestCityColour(t *testing.T) {
	w := newTown(t)
	if strings.Contains(w.get("/"), "/static/theme.") {
		t.Error("a city without a colour has a sheet for it")
	}
	square, err := w.node.AddPicture(t.Context(), console, snapshot(t, 2, 500, 500), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.node.UpdateCity(t.Context(), console, func(c *community.City) error {
		c.Settings.Accent, c.Picture = "#1F5FA4", w.server.site.Square(square)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	for _, page := range []string{w.get("/"), bodyOf(t, w.do(http.MethodGet, "/nothing-here", ""))} {
		m := regexp.MustCompile(`<link rel="stylesheet" href="(/static/theme\.1f5fa4[0-9a-f]{8}\.css)">`).FindStringSubmatch(page)
		if m == nil {
			t.Fatal("there is no sheet of the colour")
		}
		res := w.do(http.MethodGet, m[1], "")
		css := bodyOf(t, res)
		if !strings.Contains(css, "prefers-color-scheme:dark") || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %s", m[1], css)
		}
	}
	if html := w.get("/"); !strings.Contains(html, `<img class="sign" src="`+w.server.site.Square(square).URL) {
		t.Error("the city's picture is not on top of its pages")
	}
	for _, bad := range []string{"theme.1f5fa400000000.css", "theme.css", "theme.zzzzzz12345678.css"} {
		if res := w.do(http.MethodGet, "/static/"+bad, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", bad, res.Status)
		}
	}
	if err := w.node.UpdateCity(t.Context(), console, func(c *community.City) error { c.Settings.Accent = "red;}"; return nil }); community.CodeOf(err) != community.Invalid {
		t.Errorf("a colour that is none: %v", err)
	}
}

func TestFlyer(t *testing.T) {
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "Evening of talks"), Text: community.Plain("en", "Come **all**."), Start: fakeNow.Add(48 * time.Hour), Venue: &community.Venue{Name: "Bar Square", Locality: "Belgrade"}})
	html := w.get("/conf/" + c.Slug + "/flyer?lang=ru")
	for _, want := range []string{"Evening of talks", "Bar Square", `<svg class="qr"`, "belgrade.example/conf/" + c.Slug, "Come all.", "/static/flyer.", `name="robots" content="noindex"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the flyer lacks %q", want)
		}
	}
	if len(html) > 30_000 || !bytes.Contains([]byte(w.get("/conf/"+c.Slug)), []byte("/conf/"+c.Slug+"/flyer")) {
		t.Errorf("the flyer has %d bytes, or its conference does not know of it", len(html))
	}
	if res := w.do(http.MethodGet, "/conf/none/flyer", ""); res.StatusCode != http.StatusNotFound {
		t.Error(res.Status)
	}
}
