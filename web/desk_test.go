package web

import (
	"bytes"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// write posts a form with long texts, as its page does.
func (w *town) write(target string, values url.Values, headers ...string) *http.Response {
	w.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, vs := range values {
		for _, v := range vs {
			if err := m.WriteField(k, v); err != nil {
				w.Fatal(err)
			}
		}
	}
	if err := m.Close(); err != nil {
		w.Fatal(err)
	}
	return w.do(http.MethodPost, target, b.String(), append(headers, "Content-Type: "+m.FormDataContentType(), "Sec-Fetch-Site: same-origin")...)
}

var (
	inputs    = regexp.MustCompile(`<input\b([^>]*)>`)
	areas     = regexp.MustCompile(`(?s)<textarea\b([^>]*)>\n?(.*?)</textarea>`)
	selects   = regexp.MustCompile(`(?s)<select\b([^>]*)>(.*?)</select>`)
	options   = regexp.MustCompile(`<option value="([^"]*)"( selected)?>`)
	attribute = regexp.MustCompile(`\b(name|value|type)="([^"]*)"`)
)

// typed reads what a form holds, as a browser would send it. Which is the text of
// its opening tag, or a part of it.
func typed(t *testing.T, body, which string) url.Values {
	t.Helper()
	at := strings.Index(body, which)
	if at < 0 {
		t.Fatalf("there is no form %q", which)
	}
	body = body[at:]
	if end := strings.Index(body, "</form>"); end >= 0 {
		body = body[:end]
	}
	out := url.Values{}
	attrs := func(s string) map[string]string {
		m := map[string]string{}
		for _, a := range attribute.FindAllStringSubmatch(s, -1) {
			m[a[1]] = html.UnescapeString(a[2])
		}
		return m
	}
	for _, m := range inputs.FindAllStringSubmatch(body, -1) {
		a := attrs(m[1])
		if (a["type"] == "checkbox" || a["type"] == "radio") && !strings.Contains(m[1], " checked") || a["name"] == "" {
			continue
		}
		out.Add(a["name"], a["value"])
	}
	for _, m := range areas.FindAllStringSubmatch(body, -1) {
		out.Add(attrs(m[1])["name"], html.UnescapeString(m[2]))
	}
	for _, m := range selects.FindAllStringSubmatch(body, -1) {
		name, list := attrs(m[1])["name"], options.FindAllStringSubmatch(m[2], -1)
		for i, o := range list {
			if o[2] != "" || i == 0 && !strings.Contains(m[2], " selected") {
				out.Add(name, html.UnescapeString(o[1]))
			}
		}
	}
	return out
}

// with is a form with some fields changed.
func with(values url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for k, v := range values {
		out[k] = slices.Clone(v)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

// led follows a redirect and returns where to.
func led(t *testing.T, res *http.Response) string {
	t.Helper()
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", res.Status, bodyOf(t, res))
	}
	return res.Header.Get("Location")
}

const confForm = `class="writing"`

// A steward writes a conference with a title, a day and a place; everything else is
// there already.
func TestWriteAConference(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	f := typed(t, w.get("/desk/conf/new", ana), confForm)
	f = with(f, "title.en", "Chess in the park", "text.en", "Bring *pieces*.", "start_date", "2026-11-26", "start_time", "19:00", "venue_name", "Tašmajdan")
	// Seen before it is kept.
	body := bodyOf(t, w.write("/desk/conf/new", with(f, "do", "preview"), ana))
	for _, want := range []string{"<em>pieces</em>", unbroken("26 November 2026"), `class="mock"`, "Thu 26 Nov 19:00 · Tašmajdan", "https://belgrade.example/conf/chess-in-the-park", `value="Chess in the park"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the preview lacks %q in\n%s", want, body[strings.Index(body, "mock-text"):][:600])
		}
	}
	if n, err := w.node.Store().CountConferences(t.Context(), storage.ConferenceQuery{Own: true, Drafts: true}); err != nil || n != 0 {
		t.Fatalf("%d are stored, %v", n, err)
	}
	at := led(t, w.write("/desk/conf/new", with(f, "do", "draft"), ana))
	if at != "/desk/conf/chess-in-the-park?done=saved" {
		t.Fatalf("it led to %s", at)
	}
	if again := led(t, w.write("/desk/conf/new", with(f, "do", "draft"), ana)); again != at {
		t.Errorf("sent twice it leads to %s", again)
	}
	if res := w.do(http.MethodGet, "/conf/chess-in-the-park", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("a draft is seen by all: %s", res.Status)
	}
	if body := w.get("/desk/conf/chess-in-the-park/preview?as=page", ana); !strings.Contains(body, "<em>pieces</em>") {
		t.Error("the steward does not see the draft as a page")
	}
	if body := w.get("/desk/conf/chess-in-the-park/preview", ana); !strings.Contains(body, "Thu 26 Nov 19:00") {
		t.Error("nor as Mastodon would show it")
	}
	card := w.do(http.MethodGet, "/desk/conf/chess-in-the-park/card.png", "", ana)
	if b := bodyOf(t, card); card.StatusCode != http.StatusOK || !strings.HasPrefix(b, "\x89PNG") || card.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("the card of the draft: %s, %v", card.Status, card.Header)
	}
	if res := w.do(http.MethodGet, "/desk/conf/chess-in-the-park/card.png", ""); res.StatusCode == http.StatusOK {
		t.Error("everyone sees the card of a draft")
	}
	if body := w.get("/desk/conf", ana); !strings.Contains(body, "Chess in the park") || strings.Count(body, "Chess in the park") != 1 {
		t.Error("the list does not have the draft once")
	}
	// Published with everything that can be said.
	f = typed(t, w.get(at, ana), confForm)
	bob := &community.Actor{URI: "https://far.example/u/bob", Handle: "bob", Host: "far.example", Name: "Bob", Type: "Person", Inbox: "https://far.example/in"}
	w.remote.actors = map[string]*community.Actor{"@bob@far.example": bob}
	f = with(f, "do", "publish", "end_time", "01:00", "street", "Ilije Garašanina 1", "town", "Beograd", "directions", "Behind the tree", "coordinates", "44.81, 20.47", "seats", "12",
		"join_mode", "restricted", "offer_hours", "6", "reconfirm", "1", "rsvp", "words", "replies", "moderated", "spoken", "sr, en", "cost", "free", "tags", "chess, #outdoors",
		"category", "GAMES", "link", "https://chess.example/", "organisers", "@ana\n@bob@far.example\nMirko", "cover_alt", "A board", "online_url", "https://meet.example/x",
		"questions", "2", "question.0.text", "Your level?", "question.0.kind", "choice", "question.0.choices", "beginner\nmaster", "question.1.text", "Do you bring a board?", "question.1.kind", "yes", "question.1.required", "1")
	f["access"] = []string{"step_free", "dogs"}
	if to := led(t, w.write("/desk/conf/chess-in-the-park", f, ana)); to != "/desk/conf/chess-in-the-park?done=published" {
		t.Fatalf("it led to %s", to)
	}
	c, err := w.node.Store().Conference(t.Context(), "chess-in-the-park")
	if err != nil {
		t.Fatal(err)
	}
	if c.Draft || c.LocalStart().Format("2006-01-02 15:04") != "2026-11-26 19:00" || c.LocalEnd().Format("2006-01-02 15:04") != "2026-11-27 01:00" || c.OpenEnd || c.Capacity != 12 ||
		c.JoinMode != community.Restricted || c.OfferHours != 6 || !c.Reconfirm || c.RSVP != community.RSVPWords || c.Replies != community.RepliesModerated || !slices.Equal(c.Languages, []string{"sr", "en"}) ||
		c.Cost != "free" || !slices.Equal(c.Tags, []string{"chess", "outdoors"}) || c.Category != "GAMES" || c.Venue.Place == nil || c.Venue.Directions != "Behind the tree" ||
		!slices.Equal(c.Access, []string{"step_free", "dogs"}) || len(c.Questions) != 2 || !c.Questions[1].Required || !slices.Equal(c.Questions[0].Choices, []string{"beginner", "master"}) {
		t.Errorf("%+v", c)
	}
	want := []community.Organiser{{Name: "Ana Petrović", Handle: "ana"}, {Name: "Bob", URI: bob.URI}, {Name: "Mirko"}}
	if !slices.Equal(c.Organisers, want) {
		t.Errorf("%+v", c.Organisers)
	}
	// What is not touched stays as it is.
	f = typed(t, w.get("/desk/conf/chess-in-the-park", ana), confForm)
	if to := led(t, w.write("/desk/conf/chess-in-the-park", with(f, "do", "save"), ana)); !strings.HasSuffix(to, "done=saved") {
		t.Fatalf("it led to %s", to)
	}
	again, err := w.node.Store().Conference(t.Context(), "chess-in-the-park")
	if err != nil {
		t.Fatal(err)
	}
	if again.Sequence != c.Sequence || again.Questions[0].Key != c.Questions[0].Key || !again.End.Equal(c.End) || !slices.Equal(again.Organisers, want) {
		t.Errorf("saving as it is changed it: %+v", again)
	}
}

// Languages and questions come and go by buttons, without any script.
func TestRowsOfTheForm(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	f := with(typed(t, w.get("/desk/conf/new", ana), confForm), "title.en", "Chess")
	press := func(do string, pairs ...string) {
		t.Helper()
		res := w.write("/desk/conf/new", with(f, append(pairs, "do", do)...), ana)
		body := bodyOf(t, res)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", do, res.Status)
		}
		f = typed(t, body, confForm)
	}
	press("add_lang", "new_lang", "ru")
	if !slices.Equal(f["lang"], []string{"en", "ru"}) || f.Get("title.en") != "Chess" || !f.Has("title.ru") {
		t.Fatalf("%v", f)
	}
	press("drop_lang:en", "title.ru", "Шахматы")
	if !slices.Equal(f["lang"], []string{"ru"}) || f.Get("title.ru") != "Шахматы" || f.Has("title.en") {
		t.Fatalf("%v", f)
	}
	press("drop_lang:ru")
	if !slices.Equal(f["lang"], []string{"ru"}) {
		t.Error("the last language is gone")
	}
	press("add_question")
	press("add_question", "question.0.text", "One?")
	press("add_question", "question.1.text", "Two?")
	press("drop_question:0")
	if f.Get("questions") != "2" || f.Get("question.0.text") != "Two?" {
		t.Fatalf("%v", f)
	}
	for range 20 {
		f = typed(t, bodyOf(t, w.write("/desk/conf/new", with(f, "do", "add_question"), ana)), confForm)
	}
	if f.Get("questions") != "10" {
		t.Errorf("%s questions", f.Get("questions"))
	}
	f = with(f, "start_date", "2026-12-01", "all_day", "1", "end_date", "2026-12-03", "venue_name", "X")
	if at := led(t, w.write("/desk/conf/new", with(f, "do", "draft"), ana)); !strings.HasPrefix(at, "/desk/conf/shakhmaty") {
		t.Errorf("it led to %s", at)
	}
	c, err := w.node.Store().Conferences(t.Context(), storage.ConferenceQuery{Own: true, Drafts: true})
	if err != nil || len(c) != 1 || !c[0].AllDay || c[0].LocalEnd().Day() != 3 || len(c[0].Questions) != 1 {
		t.Errorf("%+v %v", c, err)
	}
}

// Whatever is typed comes back with the fields named, and nothing of it is lost.
func TestFormsComeBack(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	w.fill()
	w.pass(time.Hour)
	w.stranger("https://almaty.example/city", "almaty", "Almaty")
	draft, err := w.node.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "Hello"), Draft: true}, node.Publish{})
	if err != nil {
		t.Fatal(err)
	}
	long, hostile := strings.Repeat("Ж", 45_000), `"><script>alert(1)</script>{{.}}\u202e`+"\x00"
	forms := []struct {
		name, page, target, form string
		values                   []string // pairs
		wrong                    []string // ids of the fields that are named
		status                   int
	}{
		{"an empty conference", "/desk/conf/new", "/desk/conf/new", confForm, nil, []string{"title.en", "start_date"}, 422},
		{"a huge title", "/desk/conf/new", "/desk/conf/new", confForm, []string{"title.en", strings.Repeat("x", 201), "start_date", "2026-12-01", "start_time", "19:00"}, []string{"title.en"}, 422},
		{"a huge text", "/desk/conf/new", "/desk/conf/new", confForm, []string{"title.en", "Chess", "text.en", long, "start_date", "2026-12-01", "start_time", "19:00"}, []string{"text.en"}, 422},
		{"a day without a time", "/desk/conf/new", "/desk/conf/new", confForm, []string{"title.en", "Chess", "start_date", "2026-12-01"}, []string{"start_time"}, 422},
		{"no day of any calendar", "/desk/conf/new", "/desk/conf/new", confForm, []string{"title.en", "Chess", "start_date", "2026-13-41", "start_time", "19:00"}, []string{"start_date"}, 422},
		{"an end before its start", "/desk/conf/new", "/desk/conf/new", confForm, []string{"title.en", "Chess", "start_date", "2026-12-03", "start_time", "19:00", "end_date", "2026-12-01", "end_time", "21:00"}, []string{"end_date"}, 422},
		{"everything wrong at once", "/desk/conf/new", "/desk/conf/new", confForm, []string{"title.en", "C", "start_date", "2026-12-01", "start_time", "25:99", "zone", "Mars/Crater", "coordinates", "north",
			"seats", "many", "join_mode", "vip", "rsvp", "loud", "replies", "x", "category", "y", "status", "z", "online_url", "javascript:alert(1)", "link", "ftp://x",
			"spoken", "klingon!!", "organisers", "@nobody\n@who@silent.example", "questions", "1", "question.0.text", "", "question.0.choices", "a", "directions", "left"},
			[]string{"title.en", "zone", "coordinates", "seats", "join_mode", "rsvp", "replies", "category", "status", "online_url", "link", "spoken", "organisers", "question.0.text"}, 422},
		{"hostile words", "/desk/conf/new", "/desk/conf/new", confForm, []string{"title.en", hostile + strings.Repeat("!", 200), "text.en", hostile, "venue_name", hostile, "start_date", hostile, "zone", hostile}, []string{"title.en", "zone"}, 422},
		{"an empty edit", "/desk/conf/maps-drawn-by-hand", "/desk/conf/maps-drawn-by-hand", confForm, []string{"title.en", "", "title.ru", "", "start_date", ""}, []string{"title.en", "start_date"}, 422},
		{"a call-off of no kind", "/desk/conf/maps-drawn-by-hand/call-off", "/desk/conf/maps-drawn-by-hand/call-off", confForm, []string{"to", "explode", "message", "Because."}, []string{"to"}, 422},
		{"a call-off with a novel", "/desk/conf/maps-drawn-by-hand/call-off", "/desk/conf/maps-drawn-by-hand/call-off", confForm, []string{"message", long[:9000]}, []string{"message"}, 422},
		{"a move to nowhere", "/desk/conf/maps-drawn-by-hand/move", "/desk/conf/maps-drawn-by-hand/move", confForm, []string{"start_date", "soon", "message", "Wait."}, []string{"start_date"}, 422},
		{"a move without a time", "/desk/conf/maps-drawn-by-hand/move", "/desk/conf/maps-drawn-by-hand/move", confForm, []string{"start_time", "noon"}, []string{"start_time"}, 422},
		{"every 0 weeks", "/desk/conf/maps-drawn-by-hand/repeat", "/desk/conf/maps-drawn-by-hand/repeat", confForm, []string{"every", "0"}, []string{"every"}, 422},
		{"until yesterday", "/desk/conf/maps-drawn-by-hand/repeat", "/desk/conf/maps-drawn-by-hand/repeat", confForm, []string{"until", "2020-01-01"}, []string{"until"}, 422},
		{"no rule", "/desk/conf/maps-drawn-by-hand/repeat", "/desk/conf/maps-drawn-by-hand/repeat", confForm, []string{"how", "rule"}, []string{"rule"}, 422},
		{"a rule of nothing", "/desk/conf/maps-drawn-by-hand/repeat", "/desk/conf/maps-drawn-by-hand/repeat", confForm, []string{"how", "rule", "rule", hostile}, nil, 422},
		{"an offer to nobody", "/desk/conf/maps-drawn-by-hand/offer", "/desk/conf/maps-drawn-by-hand/offer", confForm, nil, []string{"cities"}, 422},
		{"a delete that is not meant", "/desk/conf/maps-drawn-by-hand/delete", "/desk/conf/maps-drawn-by-hand/delete", confForm, nil, []string{"sure"}, 422},
		{"an empty post", "/desk/posts/new", "/desk/posts/new", confForm, nil, []string{"text.en"}, 422},
		{"a huge post", "/desk/posts/new", "/desk/posts/new", confForm, []string{"text.en", long}, []string{"text.en"}, 422},
		{"a post with everything wrong", "/desk/posts/new", "/desk/posts/new", confForm, []string{"text.en", "Hi", "visibility", "secret", "conference", "nowhere", "warning", strings.Repeat("w", 201)},
			[]string{"visibility", "conference", "warning"}, 422},
		{"a hostile post", "/desk/posts/new", "/desk/posts/new", confForm, []string{"title.en", strings.Repeat(hostile, 20), "text.en", hostile}, []string{"title.en"}, 422},
		{"an edit that empties a post", "/desk/posts/" + draft.Slug, "/desk/posts/" + draft.Slug, confForm, []string{"text.en", " "}, []string{"text.en"}, 422},
		{"a post that is not meant to go", "/desk/posts/" + draft.Slug, "/desk/posts/" + draft.Slug + "/delete", `action="/desk/posts/` + draft.Slug + `/delete"`, nil, []string{"sure"}, 422},
		{"one's own empty post", "/me/posts/new", "/me/posts/new", confForm, nil, []string{"text.en"}, 422},
		{"no city", "/desk/sisters", "/desk/sisters", confForm, nil, []string{"city"}, 422},
		{"a city that is silent", "/desk/sisters", "/desk/sisters", confForm, []string{"city", "@nowhere@silent.example"}, []string{"city"}, 422},
	}
	for _, x := range forms {
		page := w.get(x.page, ana)
		values := with(typed(t, page, x.form), x.values...)
		send := w.send
		if strings.Contains(page, "multipart/form-data") {
			send = w.write
		}
		res := send(x.target, values, ana)
		body := bodyOf(t, res)
		if res.StatusCode != x.status {
			t.Errorf("%s: %s", x.name, res.Status)
			continue
		}
		for _, id := range x.wrong {
			if !strings.Contains(body, `href="#`+id+`"`) || !strings.Contains(body, `id="`+id+`"`) {
				t.Errorf("%s: %s is not named", x.name, id)
			}
		}
		if !strings.Contains(body, `id="problems"`) {
			t.Errorf("%s: nothing says that it is wrong", x.name)
		}
		if strings.Contains(body, "<script>alert") {
			t.Errorf("%s: it is run", x.name)
		}
		if strings.Contains(x.target, "/delete") {
			continue // it comes back as it is stored
		}
		back := typed(t, body, x.form)
		for i := 0; i+1 < len(x.values); i += 2 {
			name, want := x.values[i], x.values[i+1]
			chosen := slices.Contains([]string{"join_mode", "rsvp", "replies", "category", "status", "to", "visibility", "conference"}, name)
			if got := back.Get(name); !chosen && strings.TrimSpace(strings.ReplaceAll(got, "\r\n", "\n")) != strings.TrimSpace(strings.NewReplacer("\x00", "\ufffd").Replace(want)) && got != want {
				t.Errorf("%s: %s came back as %.60q", x.name, name, got)
			}
		}
		w.pass(20 * time.Second)
		w.server.writes = newLimits(5, 60)
	}
}

// Of two who edit the same, the second is told and loses nothing.
func TestTwoEditAtOnce(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	w.fill()
	page := "/desk/conf/maps-drawn-by-hand"
	first := typed(t, w.get(page, ana), confForm)
	second := with(first, "cost", "one apple", "do", "save")
	w.pass(time.Minute)
	led(t, w.write(page, with(first, "cost", "two pears", "do", "save"), ana))
	res := w.write(page, second, ana)
	body := bodyOf(t, res)
	if res.StatusCode != http.StatusConflict || !strings.Contains(body, "two pears") || !strings.Contains(body, `value="one apple"`) {
		t.Fatalf("%s", res.Status)
	}
	w.pass(time.Minute)
	led(t, w.write(page, with(typed(t, body, confForm), "do", "save"), ana))
	if c, err := w.node.Store().Conference(t.Context(), "maps-drawn-by-hand"); err != nil || c.Cost != "one apple" {
		t.Fatalf("%+v %v", c, err)
	}
	// Sent twice, it is no quarrel.
	f := with(typed(t, w.get(page, ana), confForm), "cost", "three plums", "do", "save")
	w.pass(time.Minute)
	led(t, w.write(page, f, ana))
	w.pass(time.Minute)
	led(t, w.write(page, f, ana))
	// The same with posts.
	p := typed(t, w.get("/desk/posts/what-we-do-this-winter", ana), confForm)
	w.pass(time.Minute)
	led(t, w.write("/desk/posts/what-we-do-this-winter", with(p, "text.en", "Theirs", "do", "save"), ana))
	res = w.write("/desk/posts/what-we-do-this-winter", with(p, "text.en", "Mine", "do", "save"), ana)
	if body := bodyOf(t, res); res.StatusCode != http.StatusConflict || !strings.Contains(body, "Theirs") || !strings.Contains(body, "\nMine</textarea>") {
		t.Fatalf("%s", res.Status)
	}
}

// What is done to a conference beside writing it.
func TestActsOnAConference(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	w.fill()
	page := "/desk/conf/maps-drawn-by-hand"
	get := func(slug string) *community.Conference {
		t.Helper()
		c, err := w.node.Store().Conference(t.Context(), slug)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := get("maps-drawn-by-hand")
	if _, err := w.node.Answer(t.Context(), c.Slug, storage.GuestKey{Email: "zoe@mail.example"}, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	if body := w.get(page+"/call-off", ana); !strings.Contains(body, "1 guest hears") {
		t.Error("it does not say who hears of it")
	}
	act := func(part string, pairs ...string) string {
		t.Helper()
		w.pass(time.Minute)
		f := url.Values{}
		if res := w.do(http.MethodGet, page+part, "", ana); res.StatusCode == http.StatusOK {
			f = typed(t, bodyOf(t, res), confForm)
		}
		return led(t, w.send(page+part, with(f, pairs...), ana))
	}
	copied := act("/duplicate", "key", "k1")
	if again := act("/duplicate", "key", "k1"); again != copied || !strings.HasPrefix(copied, "/desk/conf/maps-drawn-by-hand-2026?") {
		t.Errorf("copied to %s and %s", copied, again)
	}
	if d := get("maps-drawn-by-hand-2026"); !d.Draft || !d.Start.Equal(c.Start.AddDate(0, 0, 7)) {
		t.Errorf("%+v", d)
	}
	act("/move", "start_time", "20:00", "end_time", "22:00", "message", "The key comes later.")
	if m := get("maps-drawn-by-hand"); !m.Start.Equal(c.Start.Add(time.Hour)) || m.LocalEnd().Hour() != 22 {
		t.Errorf("%s to %s", m.Start, m.End)
	}
	act("/call-off", "to", "cancelled", "message", "The roof leaks.")
	if m := get("maps-drawn-by-hand"); m.Status != community.Cancelled || !strings.HasPrefix(m.Text.First(), "The roof leaks.") {
		t.Errorf("%+v", m)
	}
	if body := w.get(page, ana); !strings.Contains(body, page+"/restore") {
		t.Error("it cannot be undone")
	}
	act("/restore")
	act("/restore") // pressed twice
	if m := get("maps-drawn-by-hand"); m.Status != community.Scheduled || strings.Contains(m.Text.First(), "roof") {
		t.Errorf("%+v", m)
	}
	act("/call-off", "to", "postponed", "message", "It snows.")
	act("/move", "start_date", "2026-11-27")
	if m := get("maps-drawn-by-hand"); m.Status != community.Scheduled || strings.Contains(m.Text.First(), "snows") || m.LocalStart().Day() != 27 {
		t.Errorf("%+v", m)
	}
	act("/move", "start_date", "2026-11-26")
	letters, err := w.node.Store().Letters(t.Context(), storage.LetterQuery{ConferenceID: c.ID})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, l := range letters {
		said = append(said, l.Args["Text"])
	}
	if !slices.Contains(said, "The key comes later.") || !slices.Contains(said, "The roof leaks.") {
		t.Errorf("the guest was told %q", said)
	}
	act("/repeat", "how", "weekly", "every", "2")
	if body := w.get(page, ana); !strings.Contains(body, "Every 2 weeks on Thursday") {
		t.Error("it does not say how it repeats")
	}
	series := get("maps-drawn-by-hand").SeriesID
	list, err := w.node.Store().Conferences(t.Context(), storage.ConferenceQuery{Own: true, SeriesID: series})
	if err != nil || len(list) < 10 {
		t.Fatalf("%d, %v", len(list), err)
	}
	f := typed(t, w.get(page, ana), confForm)
	w.pass(time.Minute)
	led(t, w.write(page, with(f, "venue_name", "The cellar", "scope", "following", "do", "save"), ana))
	if x := get(list[3].Slug); x.Venue.Name != "The cellar" || !x.Start.Equal(list[3].Start) {
		t.Errorf("%+v", x)
	}
	act("/repeat", "end", "1", "remove", "1")
	if list, err = w.node.Store().Conferences(t.Context(), storage.ConferenceQuery{Own: true, SeriesID: series}); err != nil || len(list) != 1 {
		t.Errorf("%d are left, %v", len(list), err)
	}
	if to := act("/delete", "sure", "1"); to != "/desk/conf?deleted=1" {
		t.Errorf("it led to %s", to)
	}
	if res := w.do(http.MethodGet, "/conf/maps-drawn-by-hand", ""); res.StatusCode != http.StatusGone {
		t.Errorf("it is there: %s", res.Status)
	}
}

// An organiser who is no steward runs what is theirs and nothing else.
func TestOrganiserAtTheDesk(t *testing.T) {
	w := newTown(t)
	if err := w.node.AddMember(t.Context(), console, &community.Member{Handle: "mia", Name: "Mia", Role: community.Newcomer}); err != nil {
		t.Fatal(err)
	}
	cs := w.fill()
	if _, err := w.node.UpdateConference(t.Context(), console, cs[0].Slug, func(c *community.Conference) error {
		c.Organisers = append(c.Organisers, community.Organiser{Name: "Mia", Handle: "mia"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	mia := w.session("mia")
	list := w.get("/desk/conf", mia)
	if !strings.Contains(list, "/desk/conf/maps-drawn-by-hand") || strings.Contains(list, cs[1].Slug) || strings.Contains(list, "/desk/conf/new") {
		t.Error("she sees something else than hers")
	}
	f := typed(t, w.get("/desk/conf/maps-drawn-by-hand", mia), confForm)
	w.pass(time.Minute)
	led(t, w.write("/desk/conf/maps-drawn-by-hand", with(f, "cost", "a song", "do", "save"), mia))
	for path, want := range map[string]int{"/desk/conf/" + cs[1].Slug: 403, "/desk/conf/new": 403, "/desk/posts": 403, "/desk/replies": 403, "/desk/sisters": 403, "/desk/conf/nowhere": 404, "/me/posts/new": 403} {
		if res := w.do(http.MethodGet, path, "", mia); res.StatusCode != want {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	if res := w.send("/desk/conf/maps-drawn-by-hand/delete", url.Values{"sure": {"1"}}, mia); res.StatusCode != http.StatusForbidden {
		t.Errorf("she deletes it: %s", res.Status)
	}
	if res := w.do(http.MethodGet, "/desk/conf", ""); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger: %s", res.Status)
	}
	if body := w.get("/conf/maps-drawn-by-hand", mia); !strings.Contains(body, `href="/desk/conf/maps-drawn-by-hand"`) {
		t.Error("the page does not lead her to the desk")
	}
	if body := w.get("/conf/"+cs[1].Slug, mia); strings.Contains(body, `href="/desk/conf/`+cs[1].Slug) {
		t.Error("the page of another one does")
	}
}

func TestWriteAPost(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	w.fill()
	f := with(typed(t, w.get("/desk/posts/new?conf=maps-drawn-by-hand", ana), confForm), "text.en", "It was **full**.", "warning", "Cats")
	if f.Get("conference") != "maps-drawn-by-hand" {
		t.Errorf("it is about %q", f.Get("conference"))
	}
	body := bodyOf(t, w.write("/desk/posts/new", with(f, "do", "preview"), ana))
	if !strings.Contains(body, "<strong>full</strong>") || !strings.Contains(body, "mock-warning") {
		t.Error("the preview is not as it will be")
	}
	at := led(t, w.write("/desk/posts/new", with(f, "do", "draft"), ana))
	if again := led(t, w.write("/desk/posts/new", with(f, "do", "draft"), ana)); again != at {
		t.Errorf("twice: %s and %s", at, again)
	}
	path, _, _ := strings.Cut(at, "?")
	f = typed(t, w.get(path, ana), confForm)
	w.pass(time.Minute)
	if to := led(t, w.write(path, with(f, "do", "publish", "tags", "maps"), ana)); !strings.HasSuffix(to, "done=published") {
		t.Errorf("it led to %s", to)
	}
	p, err := w.node.Store().Post(t.Context(), strings.TrimPrefix(path, "/desk/posts/"))
	if err != nil || p.Draft || p.ConferenceID == 0 || p.Warning != "Cats" || p.Author != community.CityActor || !slices.Contains(p.Tags, "maps") {
		t.Fatalf("%+v %v", p, err)
	}
	if body := w.get("/desk/posts", ana); !strings.Contains(body, "It was full") {
		t.Error("the list does not have it")
	}
	// One's own, by the same form.
	own := led(t, w.write("/desk/posts/new", with(typed(t, w.get("/desk/posts/new", ana), confForm), "text.en", "I was there", "as", "me", "do", "publish"), ana))
	if !strings.HasPrefix(own, "/me/posts/") {
		t.Errorf("it led to %s", own)
	}
	if body := w.get("/me/posts", ana); !strings.Contains(body, "I was there") || strings.Contains(body, "It was full") {
		t.Error("one's own posts are others")
	}
	if err := w.node.AddMember(t.Context(), console, &community.Member{Handle: "eva", Name: "Eva", Role: community.Regular}); err != nil {
		t.Fatal(err)
	}
	eva := w.session("eva")
	ownPath, _, _ := strings.Cut(own, "?")
	for _, x := range []string{ownPath, "/me/posts/" + p.Slug} {
		if res := w.do(http.MethodGet, x, "", eva); res.StatusCode != http.StatusNotFound {
			t.Errorf("eva edits %s: %s", x, res.Status)
		}
	}
	if to := led(t, w.send(path+"/delete", url.Values{"sure": {"1"}}, ana)); to != "/desk/posts?deleted=1" {
		t.Errorf("it led to %s", to)
	}
	res := w.write("/desk/preview", url.Values{"text": {"# Hi\n\n<script>alert(1)</script>\n\n**you**"}}, eva)
	if body := bodyOf(t, res); res.StatusCode != http.StatusOK || strings.Contains(body, "<script") || !strings.Contains(body, "<strong>you</strong>") {
		t.Errorf("%s %s", res.Status, body)
	}
	if res := w.write("/desk/preview", url.Values{"text": {"x"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("a stranger: %s", res.Status)
	}
}

func TestDeskHomeTellsWhatWaits(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	body := w.get("/desk", ana)
	if !strings.Contains(body, `href="/desk/conf/new"`) || !strings.Contains(body, "todos") {
		t.Error("a new city is not told what to do first")
	}
	c := w.add(community.Conference{Title: community.Plain("en", "Supper"), Start: fakeNow.Add(time.Hour), JoinMode: community.Restricted, Replies: community.RepliesModerated})
	if _, err := w.node.Answer(t.Context(), c.Slug, storage.GuestKey{Email: "zoe@mail.example"}, community.Want{State: community.Going, Plus: 1}, ""); err != nil {
		t.Fatal(err)
	}
	bob := w.stranger("https://far.example/u/bob", "bob", "Bob")
	held := &community.Post{URI: "https://far.example/n/1", HTML: community.Plain("en", "<p>May I bring a cat?</p>"), ReplyTo: "https://belgrade.example/conf/" + c.Slug, Visibility: community.Public, Published: fakeNow}
	if err := w.node.ReceivePost(t.Context(), bob, held, []string{"https://www.w3.org/ns/activitystreams#Public"}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	body = w.get("/desk", ana)
	for _, want := range []string{`href="/desk/conf/supper/guests"`, `href="/desk/replies"`, "Supper"} {
		if !strings.Contains(body, want) {
			t.Errorf("the desk lacks %s", want)
		}
	}
	list := w.get("/desk/replies", ana)
	id := regexp.MustCompile(`action="/desk/replies/(\d+)"`).FindStringSubmatch(list)
	if id == nil || !strings.Contains(list, "May I bring a cat?") {
		t.Fatal("the reply does not wait")
	}
	if to := led(t, w.send("/desk/replies/"+id[1], url.Values{"verdict": {"show"}}, ana)); to != "/desk/replies?done=show" {
		t.Errorf("it led to %s", to)
	}
	if body := w.get("/conf/supper"); !strings.Contains(body, "May I bring a cat?") {
		t.Error("what was shown is not there")
	}
	led(t, w.send("/desk/replies/"+id[1], url.Values{"verdict": {"hide"}, "state": {"shown"}}, ana))
	if body := w.get("/desk/replies?state=hidden", ana); !strings.Contains(body, "May I bring a cat?") {
		t.Error("what was hidden cannot be found")
	}
	led(t, w.send("/desk/replies/"+id[1], url.Values{"verdict": {"delete"}}, ana))
	for target, values := range map[string]url.Values{"/desk/replies/" + id[1]: {"verdict": {"show"}}, "/desk/replies/x": {"verdict": {"show"}}, "/desk/mentions/999": {"verdict": {"boost"}}, "/desk/sisters/999": {"do": {"remove"}}} {
		if res := w.send(target, values, ana); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", target, res.Status)
		}
	}
}

// A cover survives a mistake beside it, and is kept with the conference.
func TestCoverOfAConference(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	f := with(typed(t, w.get("/desk/conf/new", ana), confForm), "title.en", "Chess", "cover_alt", "A board", "do", "draft")
	send := func(values url.Values, files map[string][]byte) *http.Response {
		t.Helper()
		body, contentType := uploads(t, values, files)
		return w.do(http.MethodPost, "/desk/conf/new", body, ana, "Content-Type: "+contentType, "Sec-Fetch-Site: same-origin")
	}
	res := send(f, map[string][]byte{"cover": snapshot(t, 3, 900, 600)})
	body := bodyOf(t, res)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("%s", res.Status)
	}
	f = with(typed(t, body, confForm), "start_date", "2026-12-01", "start_time", "19:00", "do", "draft")
	if f.Get("cover_kept") == "" || f.Get("cover_alt") != "A board" {
		t.Fatalf("the cover is lost: %v", f)
	}
	led(t, send(f, nil))
	c, err := w.node.Store().Conference(t.Context(), "chess")
	if err != nil || c.Cover == nil || c.Cover.Alt != "A board" || c.Cover.URL != f.Get("cover_kept") {
		t.Fatalf("%+v %v", c, err)
	}
	if res := send(with(f, "key", "other"), map[string][]byte{"cover": []byte("<svg onload=alert(1)>")}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a picture that is none: %s", res.Status)
	}
}
