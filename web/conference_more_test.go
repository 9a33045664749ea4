package web

import (
	"net/http"
	"strings"
	"testing"

	"konfa/community"
)

func TestConferenceMore(t *testing.T) {
	w := newTown(t)
	w.fill()
	const path = "/conf/maps-drawn-by-hand"
	c, err := w.server.store.Conference(t.Context(), "maps-drawn-by-hand")
	if err != nil {
		t.Fatal(err)
	}
	want := func(target string, in, out []string, headers ...string) {
		t.Helper()
		body := w.get(target, headers...)
		for _, s := range in {
			if !strings.Contains(body, s) {
				t.Errorf("%s: %q is missing in\n%s", target, s, body)
			}
		}
		for _, s := range out {
			if strings.Contains(body, s) {
				t.Errorf("%s has %q", target, s)
			}
		}
	}
	// The reader's language comes first, the others are a step away.
	want(path, []string{`<a href="/conf/maps-drawn-by-hand?text=ru" rel="nofollow" hreflang="ru">Russian</a>`, "Three people who draw"}, []string{"Три человека", "What changed", `class="tools"`})
	want(path+"?text=ru", []string{`lang="ru"`, "Три человека", "Карты, нарисованные от руки", `hreflang="en">English</a>`}, []string{"Three people who draw"})
	want(path+"?text=xx", []string{"Three people who draw"}, nil)
	want("/posts/what-we-do-this-winter?text=ru", []string{"Чай — не напиток", `hreflang="en"`}, []string{"Tea is not a drink"})
	// Times on another clock, without a script.
	want(path+"?tz=Asia/Almaty", []string{"Thursday, 26\u00a0November\u00a02026, 23:00–01:30 (Almaty time, UTC&#43;5)"}, nil)
	for _, bad := range []string{"Nowhere/Land", "../../etc/passwd", "Local", "x%00y", strings.Repeat("A", 100)} {
		if res := w.do(http.MethodGet, path+"?tz="+bad, ""); res.StatusCode == 200 || res.StatusCode >= 500 {
			t.Errorf("tz=%s: %s", bad, res.Status)
		}
	}
	want(path, []string{`/embed?conf=maps-drawn-by-hand`, "Open on your own server"}, nil)

	// What changed, and when.
	_, err = w.node.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error {
		c.Start, c.End = c.Start.AddDate(0, 0, 1), c.End.AddDate(0, 0, 1)
		c.Venue = &community.Venue{Name: "Mikser"}
		c.Capacity = 0
		c.Access = []string{"step_free", "dogs"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	want(path, []string{"What changed", "moved from 26\u00a0November\u00a02026, 19:00 to 27\u00a0November\u00a02026, 19:00", "place: Reading room on Dorćol, Cara Dušana 42, Beograd → Mikser", "seats: 40 → no limit", "<li>No steps", "<li>Dogs are welcome"}, nil)
	want(path+"?lang=ru", []string{"Что менялось", "перенесено: 26\u00a0ноября\u00a02026, 19:00 → 27\u00a0ноября\u00a02026, 19:00", "<li>Без ступенек"}, nil)
}

// Who is signed in sees what is theirs above everything else, and nobody else does.
func TestStrip(t *testing.T) {
	w := newTown(t)
	w.fill()
	if body := w.get("/"); strings.Contains(body, `class="strip"`) {
		t.Error("a stranger has a strip")
	}
	ana := w.session("ana")
	if body := w.get("/", ana); !strings.Contains(body, "You have not said yes to anything yet.") {
		t.Error("what is next is not said")
	}
	c, err := w.server.store.Conference(t.Context(), "lightning-talks")
	if err != nil {
		t.Fatal(err)
	}
	bob := w.stranger("https://social.example/users/bob", "bob", "Bob")
	if err := w.node.ReceiveJoin(t.Context(), bob, "https://social.example/j/1", w.server.site.Conference(c.Slug), "", 0); err != nil {
		t.Fatal(err)
	}
	w.settle()
	body := w.get("/", ana)
	if !strings.Contains(body, "1\u00a0guest asks to come") || !strings.Contains(body, `href="/desk/conf/lightning-talks/guests"`) {
		t.Errorf("what waits is not said:\n%s", body)
	}
	if strings.Contains(w.get("/"), "asks to come: ") {
		t.Error("a stranger sees what waits")
	}
}

// Each page, with its sheets, stays small.
func TestBudget(t *testing.T) {
	w := newTown(t)
	w.fill()
	w.world()
	for _, target := range []string{"/", "/conf", "/conf?view=calendar&month=2026-12", "/conf?view=map", "/conf/maps-drawn-by-hand", "/search?q=maps", "/subscribe", "/embed", "/world", "/world?view=calendar&month=2026-12", "/tags/maps", "/posts", "/embed/conferences", "/embed/conf/maps-drawn-by-hand"} {
		for _, lang := range []string{"en", "ru"} {
			body := w.get(target, "Accept-Language: "+lang)
			n := len(body)
			for _, part := range strings.Split(body, `<link rel="stylesheet" href="`)[1:] {
				address, _, _ := strings.Cut(part, `"`)
				if !strings.HasPrefix(address, "/static/") {
					t.Errorf("%s: a sheet comes from %s", target, address)
					continue
				}
				n += len(w.get(address))
			}
			if n > 50_000 {
				t.Errorf("%s in %s has %d bytes with its sheets, at most 50,000 are wanted", target, lang, n)
			}
		}
	}
}
