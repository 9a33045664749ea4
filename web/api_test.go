package web

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// TestAPI runs one story through the API: each step stands on those before it.
func TestAPI(t *testing.T) {
	w := newTown(t)
	if err := w.node.AddMember(t.Context(), console, &community.Member{Handle: "lev", Name: "Lev", Role: community.Regular, Email: "lev@secret.example"}); err != nil {
		t.Fatal(err)
	}
	levs, _, err := w.node.AddToken(t.Context(), console, "lev", "test")
	if err != nil {
		t.Fatal(err)
	}
	const steward, member, nobody, wrong = "ana", "lev", "", "wrong"
	tokens := map[string]string{steward: w.token, member: levs, wrong: "konfa_" + strings.Repeat("x", 30)}
	for _, x := range []struct {
		name, as, method, target, body string
		status                         int
		want                           []string
		not                            []string
	}{
		{"city", nobody, "GET", "/city", "", 200, []string{`"address":"@belgrade@belgrade.example"`, `"zone":"Europe/Belgrade"`, `"stewards":[{"handle":"ana"`}, []string{"secret.example", "lev"}},
		{"empty list", nobody, "GET", "/conferences", "", 200, []string{`"items":[]`, `"total":0`}, nil},

		{"add without token", nobody, "POST", "/conferences", `{"title":"X"}`, 401, []string{`"status":401`}, nil},
		{"add with a wrong token", wrong, "POST", "/conferences", `{"title":"X"}`, 401, nil, nil},
		{"add as a member", member, "POST", "/conferences", `{"title":"Not mine to say","start":"2026-12-01T19:00"}`, 403, []string{`"code":"forbidden"`, "steward"}, nil},
		{"add", steward, "POST", "/conferences", `{"title":{"ru":"Карты","en":"Maps"},"text":"**Hello**","start":"2026-11-26T19:00","end":"2026-11-26T21:00:00+01:00","tags":["#Maps"],"capacity":2,"join_mode":"restricted","venue":{"name":"Room"}}`, 201,
			[]string{`"slug":"karty"`, `"title":"Карты"`, `"titles":[{"lang":"ru","text":"Карты"},{"lang":"en","text":"Maps"}]`, `"start":"2026-11-26T19:00:00+01:00"`, `"end":"2026-11-26T21:00:00+01:00"`, `"tags":["maps"]`, "<strong>Hello</strong>", `"left":2`, `"languages":["ru","en"]`, `"own":true`}, nil},
		{"add a draft", steward, "POST", "/conferences", `{"title":"Secret plan","start":"2026-12-01","end":"2026-12-03","draft":true}`, 201, []string{`"all_day":true`, `"start":"2026-12-01"`, `"end":"2026-12-03"`, `"draft":true`}, []string{`"published"`}},
		{"add open end", steward, "POST", "/conferences", `{"title":"Open","start":"2026-12-05T10:00","zone":"Asia/Almaty"}`, 201, []string{`"start":"2026-12-05T10:00:00+05:00"`}, []string{`"end"`}},

		{"nothing said", steward, "POST", "/conferences", `{}`, 422, []string{`"field":"title"`, `"field":"start"`, `"message":"a conference needs a title"`, `"code":"invalid"`}, nil},
		{"in Russian", steward, "POST", "/conferences?lang=ru", `{"start":"2026-11-26T19:00"}`, 422, []string{`"field":"title"`, "Это нужно заполнить.", "Проверьте некоторые поля."}, nil},
		{"ends before it starts", steward, "POST", "/conferences", `{"title":"Back","start":"2026-11-26T19:00","end":"2026-11-26T18:00"}`, 422, []string{`"field":"end"`}, nil},
		{"mistyped", steward, "POST", "/conferences", `{"titel":"X"}`, 422, []string{`"field":"titel"`, `did you mean \"title\"?`}, nil},
		{"mistyped inside", steward, "POST", "/conferences", `{"title":"XYZ","venue":{"nam":"X"}}`, 422, []string{`"field":"nam"`, `did you mean \"name\"?`}, nil},
		{"nonsense field", steward, "POST", "/conferences", `{"qwertyuiop":1}`, 422, []string{`"field":"qwertyuiop"`}, []string{"did you mean"}},
		{"the server's own", steward, "POST", "/conferences", `{"title":"XYZ","seats":{"going":9}}`, 422, []string{`"field":"seats"`}, nil},
		{"wrong type", steward, "POST", "/conferences", `{"capacity":"many"}`, 422, []string{"cannot be string"}, nil},
		{"wrong time", steward, "POST", "/conferences", `{"title":"XYZ","start":"tomorrow"}`, 422, []string{`"field":"start"`, "2026-11-22T19:00"}, nil},
		{"wrong zone", steward, "POST", "/conferences", `{"title":"XYZ","start":"2026-11-26T19:00","zone":"Mars/Base"}`, 422, []string{`"field":"zone"`}, []string{`"field":"start"`}},
		{"no JSON", steward, "POST", "/conferences", `{"title"`, 422, []string{`"status":422`}, nil},
		{"two of them", steward, "POST", "/conferences", `{} {}`, 422, []string{"more than one"}, nil},
		{"too much", steward, "POST", "/conferences", `{"text":"` + strings.Repeat("x", maxJSON) + `"}`, 413, nil, nil},
		{"javascript", steward, "POST", "/conferences", `{"title":"XYZ","start":"2026-11-26T19:00","link":"javascript:alert(1)"}`, 422, []string{`"field":"link"`}, nil},

		{"list", nobody, "GET", "/conferences", "", 200, []string{`"total":2`, "Карты", "Open"}, []string{"Secret plan"}},
		{"list with drafts for nobody", nobody, "GET", "/conferences?drafts=1", "", 401, nil, []string{"Secret plan"}},
		{"list with drafts for a member", member, "GET", "/conferences?drafts=1", "", 403, nil, []string{"Secret plan"}},
		{"list with drafts for a steward", steward, "GET", "/conferences?drafts=1", "", 200, []string{"Secret plan", `"total":3`}, nil},
		{"by tag", nobody, "GET", "/conferences?tag=MAPS", "", 200, []string{`"total":1`, "Карты"}, nil},
		{"by words", nobody, "GET", "/conferences?q=OPE", "", 200, []string{`"total":1`, "Open"}, nil},
		{"between", nobody, "GET", "/conferences?after=2026-11-25&before=2026-11-30", "", 200, []string{`"total":1`, "Карты"}, nil},
		{"past", nobody, "GET", "/conferences?when=past", "", 200, []string{`"total":0`}, nil},
		{"second page", nobody, "GET", "/conferences?limit=1&page=2", "", 200, []string{`"total":2`, "Open"}, []string{"Карты"}},
		{"mistyped parameter", nobody, "GET", "/conferences?limt=1", "", 422, []string{`did you mean \"limit\"?`}, nil},
		{"too long a page", nobody, "GET", "/conferences?limit=501", "", 422, []string{`"field":"limit"`}, nil},
		{"wrong order", nobody, "GET", "/conferences?order=random", "", 422, []string{`"field":"order"`}, nil},

		{"one", nobody, "GET", "/conferences/karty", "", 200, []string{`"id":"https://belgrade.example/conf/karty"`}, nil},
		{"a draft for nobody", nobody, "GET", "/conferences/secret-plan", "", 404, nil, []string{"Secret plan"}},
		{"a draft for a member", member, "GET", "/conferences/secret-plan", "", 404, nil, []string{"Secret plan"}},
		{"a draft for a steward", steward, "GET", "/conferences/secret-plan", "", 200, []string{"Secret plan"}, nil},
		{"with a wrong token", wrong, "GET", "/conferences/karty", "", 401, nil, []string{"Карты"}},
		{"unknown", nobody, "GET", "/conferences/never", "", 404, []string{`"code":"not_found"`}, nil},

		{"change as a member", member, "PATCH", "/conferences/karty", `{"capacity":5}`, 403, nil, nil},
		{"move the start, the end moves with it", steward, "PATCH", "/conferences/karty", `{"start":"2026-11-27T18:00"}`, 200, []string{`"start":"2026-11-27T18:00:00+01:00"`, `"end":"2026-11-27T20:00:00+01:00"`, `"capacity":2`, "<strong>Hello</strong>"}, nil},
		{"move the draft's days", steward, "PATCH", "/conferences/secret-plan", `{"start":"2026-12-10"}`, 200, []string{`"start":"2026-12-10"`, `"end":"2026-12-12"`}, nil},
		{"another clock, the same time on it", steward, "PATCH", "/conferences/karty", `{"zone":"Asia/Almaty"}`, 200, []string{`"start":"2026-11-27T18:00:00+05:00"`, `"end":"2026-11-27T20:00:00+05:00"`}, nil},
		{"and back", steward, "PATCH", "/conferences/karty", `{"zone":"Europe/Belgrade"}`, 200, []string{`"start":"2026-11-27T18:00:00+01:00"`}, nil},
		{"empty something", steward, "PATCH", "/conferences/karty", `{"venue":null,"end":null}`, 200, nil, []string{`"venue"`, `"end"`}},
		{"take back what is published", steward, "PATCH", "/conferences/karty", `{"draft":true}`, 422, []string{`"field":"draft"`}, nil},
		{"another uid", steward, "PATCH", "/conferences/karty", `{"uid":"x"}`, 422, []string{`"field":"uid"`}, nil},
		{"wrong change", steward, "PATCH", "/conferences/karty", `{"status":"maybe"}`, 422, []string{`"field":"status"`}, nil},
		{"nothing was half done", nobody, "GET", "/conferences/karty", "", 200, []string{`"status":"scheduled"`, `"draft":false`}, nil},
		{"change what is not there", steward, "PATCH", "/conferences/never", `{}`, 404, nil, nil},

		{"publish as a member", member, "POST", "/conferences/secret-plan/publish", ``, 403, nil, nil},
		{"publish", steward, "POST", "/conferences/secret-plan/publish", `{"quiet":true}`, 200, []string{`"draft":false`, `"published":"`}, nil},
		{"now everyone sees it", nobody, "GET", "/conferences/secret-plan", "", 200, []string{"Secret plan"}, nil},
		{"cancel", steward, "POST", "/conferences/secret-plan/cancel", `{"message":"The plan leaked"}`, 200, []string{`"status":"cancelled"`}, nil},

		{"post as a member for the city", member, "POST", "/posts", `{"text":"I speak for all"}`, 403, nil, nil},
		{"post for the city", steward, "POST", "/posts", `{"title":"News","text":{"en":"**All** is well","ru":"Всё хорошо"},"conference":"karty"}`, 201, []string{`"slug":"news"`, `"author":"city"`, `"conference":"karty"`, "<strong>All</strong>"}, nil},
		{"post as oneself", member, "POST", "/posts", `{"text":"I speak for myself","as_member":true}`, 201, []string{`"author":"people/lev"`, `"author_name":"Lev"`}, nil},
		{"post for followers", steward, "POST", "/posts", `{"text":"Between us","visibility":"followers"}`, 201, nil, nil},
		{"post a draft", steward, "POST", "/posts", `{"text":"Half a thought","draft":true}`, 201, []string{`"draft":true`}, nil},
		{"post nothing", steward, "POST", "/posts", `{}`, 422, []string{`"field":"text"`}, nil},
		{"post about nothing", steward, "POST", "/posts", `{"text":"X","conference":"never"}`, 422, []string{`"field":"conference"`}, nil},
		{"posts", nobody, "GET", "/posts", "", 200, []string{"All", "I speak for myself", `"total":2`}, []string{"Between us", "Half a thought", "secret.example"}},
		{"posts about it", nobody, "GET", "/posts?conference=karty", "", 200, []string{`"total":1`, "News"}, nil},
		{"posts of one", nobody, "GET", "/posts?author=people/lev", "", 200, []string{`"total":1`, "I speak for myself"}, nil},
		{"posts of a strange author", nobody, "GET", "/posts?author=x", "", 422, nil, nil},
		{"post for followers, for nobody", nobody, "GET", "/posts/between-us", "", 404, nil, []string{"Between us"}},
		{"post for followers, for another member", member, "GET", "/posts/between-us", "", 404, nil, []string{"Between us"}},
		{"post for followers, for a steward", steward, "GET", "/posts/between-us", "", 200, []string{"Between us"}, nil},
		{"draft for nobody", nobody, "GET", "/posts/half-a-thought", "", 404, nil, []string{"Half"}},
		{"change another's post", member, "PATCH", "/posts/news", `{"text":"Mine now"}`, 403, nil, nil},
		{"change a post", steward, "PATCH", "/posts/news", `{"title":"Good news"}`, 200, []string{`"title":"Good news"`, "<strong>All</strong>"}, nil},
		{"change what is fixed", steward, "PATCH", "/posts/news", `{"visibility":"direct"}`, 422, []string{`"field":"visibility"`}, nil},
		{"publish a draft", steward, "PATCH", "/posts/half-a-thought", `{"text":"A whole thought","draft":false}`, 200, []string{`"draft":false`, "A whole thought"}, nil},
		{"delete another's post", member, "DELETE", "/posts/news", "", 403, nil, nil},
		{"delete a post", steward, "DELETE", "/posts/news", "", 204, nil, nil},
		{"a deleted post", nobody, "GET", "/posts/news", "", 410, []string{`"code":"gone"`}, []string{"Good news"}},

		{"guests for nobody", nobody, "GET", "/conferences/karty/guests", "", 401, nil, nil},
		{"guests for a member", member, "GET", "/conferences/karty/guests", "", 403, nil, nil},
		{"guests", steward, "GET", "/conferences/karty/guests", "", 200, []string{`"items":[]`}, nil},
		{"guests in no state", steward, "GET", "/conferences/karty/guests?state=happy", "", 422, nil, nil},
		{"approve nobody", steward, "POST", "/conferences/karty/guests/999/approve", "", 404, nil, nil},

		{"export", nobody, "GET", "/export", "", 200, []string{"Карты"}, []string{"secret.example"}},
		{"export a calendar", nobody, "GET", "/export?format=ics", "", 200, []string{"BEGIN:VCALENDAR", "STATUS:CANCELLED"}, []string{"secret.example"}},
		{"import as a member", member, "POST", "/import", "BEGIN:VCALENDAR", 403, nil, nil},
		{"import nonsense", steward, "POST", "/import", "hello", 422, nil, nil},

		{"delete as a member", member, "DELETE", "/conferences/karty", "", 403, nil, nil},
		{"delete", steward, "DELETE", "/conferences/karty", "", 204, nil, nil},
		{"delete again", steward, "DELETE", "/conferences/karty", "", 410, nil, nil},
		{"a deleted one", nobody, "GET", "/conferences/karty", "", 410, []string{`"code":"gone"`}, []string{"Карты"}},
		{"no such thing", nobody, "GET", "/nothing", "", 404, []string{`"status":404`}, nil},
		{"no such way", nobody, "PUT", "/conferences", "", 405, []string{`"status":405`}, nil},
	} {
		ok := t.Run(x.name, func(t *testing.T) {
			h := []string{"Accept-Language: en"}
			if tok := tokens[x.as]; tok != "" {
				h = append(h, "Authorization: Bearer "+tok)
			}
			if x.body != "" && !strings.HasPrefix(x.target, "/import") {
				h = append(h, "Content-Type: application/json")
			}
			w.pass(20 * time.Second) // so that nobody is too quick
			w.server.writes = newLimits(1000, 1000)
			res := w.do(x.method, "/api/v1"+x.target, x.body, h...)
			body := bodyOf(t, res)
			if res.StatusCode != x.status {
				t.Fatalf("%s, want %d\n%s\n%s", res.Status, x.status, body, w.logged)
			}
			for _, s := range x.want {
				if !strings.Contains(body, s) {
					t.Errorf("%s is missing in\n%s", s, body)
				}
			}
			for _, s := range append(x.not, w.token, levs) {
				if strings.Contains(body, s) {
					t.Errorf("%s must not be in\n%s", s, body)
				}
			}
			if res.Header.Get("Access-Control-Allow-Origin") != "*" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers %v", res.Header)
			}
			if x.status >= 400 {
				var p problem
				if err := json.Unmarshal([]byte(body), &p); err != nil || p.Status != x.status || p.Title == "" || p.Detail == "" || res.Header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("this is no problem+json: %v\n%s", err, body)
				}
			}
			if x.status == 401 && res.Header.Get("WWW-Authenticate") == "" {
				t.Error("a 401 does not say how to authenticate")
			}
		})
		if !ok && x.status < 300 && x.method != "GET" {
			t.Fatal("the rest stands on this")
		}
	}
}

func TestAPIGuests(t *testing.T) {
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "Dinner"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade", JoinMode: community.Restricted, Capacity: 5})
	a := w.stranger("https://social.example/users/jelena", "jelena", "Jelena")
	if err := w.node.ReceiveJoin(t.Context(), a, "https://social.example/join/1", "https://belgrade.example/conf/"+c.Slug, "I bring cake", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.node.Answer(t.Context(), c.Slug, storage.GuestKey{Email: "mila@secret.example"}, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	w.settle()
	var list listOutput[guestOutput]
	body := bodyOf(t, w.call("GET", "/api/v1/conferences/"+c.Slug+"/guests?state=pending", ""))
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Items) != 2 {
		t.Fatalf("%v in %s", err, body)
	}
	if strings.Contains(body, "secret.example") {
		t.Errorf("an e-mail address leaks: %s", body)
	}
	i := slices.IndexFunc(list.Items, func(g guestOutput) bool { return g.Kind == "actor" })
	if i < 0 {
		t.Fatal(body)
	}
	if g := list.Items[i]; g.Name != "Jelena" || g.Comment != "I bring cake" || g.State != community.Pending {
		t.Errorf("%+v", g)
	}
	at := "/api/v1/conferences/" + c.Slug + "/guests/" + itoa(int(list.Items[i].ID))
	var g guestOutput
	if err := json.Unmarshal([]byte(bodyOf(t, w.call("POST", at+"/approve", ""))), &g); err != nil || g.State != community.Going {
		t.Errorf("approved: %+v, %v", g, err)
	}
	for _, target := range []string{"/conf/" + c.Slug, "/conf/" + c.Slug + ".ics", "/feed.atom", "/api/v1/conferences/" + c.Slug} {
		if body := w.get(target); strings.Contains(body, "Jelena") || strings.Contains(body, "secret.example") || strings.Contains(body, "cake") {
			t.Errorf("%s says who comes", target)
		}
	}
	if !strings.Contains(w.get("/conf/"+c.Slug), itoa(g.Plus+1)+" ") {
		t.Error("the page does not count them")
	}
	if err := json.Unmarshal([]byte(bodyOf(t, w.call("POST", at+"/decline", ""))), &g); err != nil || g.State != community.Declined {
		t.Errorf("declined: %+v, %v", g, err)
	}
}

func TestAPIRoundTrip(t *testing.T) {
	w := newTown(t)
	w.fill()
	for _, format := range []string{"json", "ics"} {
		file := bodyOf(t, w.do("GET", "/api/v1/export?format="+format, ""))
		other := newTown(t)
		var first, second importOutput
		res := other.call("POST", "/api/v1/import", file)
		if err := json.Unmarshal([]byte(bodyOf(t, res)), &first); err != nil || first.Added != 6 || len(first.Problems) > 0 {
			t.Errorf("%s: %s, %+v, %v", format, res.Status, first, err)
		}
		res = other.call("POST", "/api/v1/import", file)
		if err := json.Unmarshal([]byte(bodyOf(t, res)), &second); err != nil || second.Added != 0 || second.Same != 6 {
			t.Errorf("%s again: %+v, %v", format, second, err)
		}
		if !strings.Contains(other.get("/"), "Maps drawn by hand") {
			t.Errorf("%s: it is not there", format)
		}
	}
}

func TestAPILimits(t *testing.T) {
	w := newTown(t)
	last := 0
	for range 100 {
		res := w.call("POST", "/api/v1/conferences", `{}`)
		if last = res.StatusCode; last == http.StatusTooManyRequests {
			if res.Header.Get("Retry-After") == "" {
				t.Error("a 429 does not say when to come back")
			}
			break
		}
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("a hundred writes in a row: %d", last)
	}
	if res := w.do("GET", "/api/v1/conferences", ""); res.StatusCode != 200 {
		t.Errorf("reading is not limited: %s", res.Status)
	}
}

func TestAPIPreflight(t *testing.T) {
	w := newTown(t)
	res := w.do("OPTIONS", "/api/v1/conferences", "", "Origin: https://app.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization")
	if res.StatusCode != http.StatusNoContent || res.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(res.Header.Get("Access-Control-Allow-Headers"), "Authorization") || res.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%s %v", res.Status, res.Header)
	}
}

func TestSuspendedTokens(t *testing.T) {
	w := newTown(t)
	if err := w.node.AddMember(t.Context(), console, &community.Member{Handle: "lev", Name: "Lev", Role: community.Steward}); err != nil {
		t.Fatal(err)
	}
	token, _, err := w.node.AddToken(t.Context(), console, "lev", "x")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.node.SuspendMember(t.Context(), console, "lev", true); err != nil {
		t.Fatal(err)
	}
	if res := w.do("POST", "/api/v1/conferences", `{}`, "Authorization: Bearer "+token, "Content-Type: application/json"); res.StatusCode != 401 {
		t.Errorf("a suspended member's token: %s", res.Status)
	}
}

// FuzzConferenceInput: whatever is sent, it is refused with a reason, or makes a
// conference that passes its own check and reads back as it was.
func FuzzConferenceInput(f *testing.F) {
	for _, s := range []string{`{}`, `{"title":"Maps","start":"2026-11-26T19:00"}`, `{"title":{"en":"A","ru":"Б"},"start":"2026-11-26","end":"2026-11-28","all_day":true}`,
		`{"titles":[{"lang":"en","text":"Maps"}],"start":"2026-10-25T02:30:00+02:00","zone":"Europe/Belgrade","venue":{"place":{"lat":91,"lon":0}}}`, `{"start":null,"end":null}`, `{"capacity":-1}`, `[]`, `{"title":[{"lang":"en"}]}`} {
		f.Add(s)
	}
	city := fakeCity()
	f.Fuzz(func(t *testing.T, body string) {
		var in conferenceInput
		if err := decodeStrict([]byte(body), &in, conferenceFields); err != nil {
			if community.CodeOf(err) != community.Invalid {
				t.Fatalf("refused as %q: %v", community.CodeOf(err), err)
			}
			return
		}
		c := &community.Conference{Zone: city.Zone}
		if err := in.apply(c, city); err != nil {
			if community.CodeOf(err) != community.Invalid {
				t.Fatal(err)
			}
			return
		}
		c.Tidy()
		if c.Check() != nil {
			return
		}
		out := conferenceJSON(community.NewSite("https://belgrade.example"), c)
		start, _, err := readTime("start", out.Start, c.Location())
		if err != nil || !start.Truncate(time.Second).Equal(c.Start.Truncate(time.Second)) && !c.AllDay {
			t.Fatalf("%q reads back as %v, %v", out.Start, start, err)
		}
		// The same fields sent again change nothing.
		again := *c
		if err := in.apply(&again, city); err != nil {
			t.Fatal(err)
		}
		again.Tidy()
		if in.Start.Set && in.End.Set && (!again.Start.Equal(c.Start) || !again.End.Equal(c.End)) {
			t.Fatalf("sent twice: %v–%v, then %v–%v", c.Start, c.End, again.Start, again.End)
		}
	})
}

// FuzzReadHandle: what is understood names one host without path, query or
// credentials.
func FuzzReadHandle(f *testing.F) {
	for _, s := range []string{"@anna@mastodon.social", "mastodon.social", "https://mastodon.social/@anna", "https://a@b.c", "anna@[::1]:80", "acct:a@b.example", "https://here.example/@a@there.example", "a@b@c", "@@", "http://x/"} {
		f.Add(s)
	}
	hostOnly := regexp.MustCompile(`^[^/\s@?#]+$`)
	f.Fuzz(func(t *testing.T, s string) {
		handle, host, ok := readHandle(s)
		if ok && (!hostOnly.MatchString(host) || !strings.HasSuffix(handle, host) || strings.ContainsAny(handle, " \n\t/?#")) {
			t.Fatalf("%q gives %q at %q", s, handle, host)
		}
	})
}

// FuzzPages: no query makes a page fail as our own fault.
func FuzzPages(f *testing.F) {
	f.Add("/conf", "q=%25_\\&page=2&when=past&lang=ru")
	f.Add("/authorize_interaction", "uri=acct:x")
	f.Add("/feed.atom", "page=99999999999999999999")
	f.Add("/tags/%00", "")
	f.Add("/api/v1/conferences", "after=0000-01-01&limit=1")
	f.Add("/elsewhere/-1", "")
	store, err := storage.Open(f.Context(), storage.Options{Data: f.TempDir(), Synchronous: "OFF"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { store.Close() })
	n := node.New(store, community.NewSite("https://belgrade.example"), node.Options{})
	if err := n.Found(f.Context(), fakeCity(), &community.Member{Handle: "ana", Name: "Ana"}); err != nil {
		f.Fatal(err)
	}
	h := newFuzzHandler(f, n)
	f.Fuzz(func(t *testing.T, path, query string) {
		code := h(path, query)
		if code >= 500 {
			t.Fatalf("%s?%s: %d", path, query, code)
		}
	})
}
