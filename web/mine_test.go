package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// journey is ana, who has a private link, answered conferences here and
// elsewhere, and visits Phuket.
type journey struct {
	*town
	ana    *community.Member
	path   string // of her page
	secret string
	phuket *community.Actor
	near   *community.Conference // here
	far    *community.Conference // in Phuket
	other  *community.Conference // in Phuket, not answered
	stay   *community.Stay
}

func newJourney(t *testing.T) *journey {
	t.Helper()
	j := &journey{town: newTown(t)}
	ctx := t.Context()
	var err error
	if j.ana, err = j.node.Store().Member(ctx, "ana"); err != nil {
		t.Fatal(err)
	}
	a := &community.Actor{URI: "https://phuket.example/city", Type: "Group", Handle: "phuket", Host: "phuket.example", Name: "Phuket", URL: "https://phuket.example/", Inbox: "https://phuket.example/city/inbox", Fetched: fakeNow}
	if j.phuket, err = j.node.SaveActor(ctx, a); err != nil {
		t.Fatal(err)
	}
	j.near = j.add(community.Conference{Title: community.Plain("en", "Maps drawn by hand"), Start: fakeNow.AddDate(0, 0, 3), End: fakeNow.AddDate(0, 0, 3).Add(2 * time.Hour), Zone: "Europe/Belgrade", Venue: &community.Venue{Name: "Reading room"}})
	elsewhere := func(slug, title string, days int) *community.Conference {
		start := fakeNow.AddDate(0, 0, days)
		c, err := j.node.StoreConference(ctx, &community.Conference{
			URI: "https://phuket.example/conf/" + slug, URL: "https://phuket.example/conf/" + slug, UID: slug, OriginID: j.phuket.ID, Title: community.Plain("en", title), Start: start, End: start.Add(2 * time.Hour),
			Zone: "Asia/Bangkok", Status: community.Scheduled, JoinMode: community.Free, Venue: &community.Venue{Name: "Beach house"}, Published: fakeNow, Updated: fakeNow,
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	j.far, j.other = elsewhere("talks", "Talks on the beach", 20), elsewhere("walk", "Full moon <walk>", 22)
	if _, err := j.node.Answer(ctx, j.near.Slug, storage.GuestKey{MemberID: j.ana.ID}, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := j.node.JoinElsewhere(ctx, console, "ana", j.far.URI, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	if j.stay, err = j.node.Visit(ctx, console, "ana", j.phuket, community.Stay{From: fakeNow.AddDate(0, 0, 19), To: fakeNow.AddDate(0, 0, 30)}); err != nil {
		t.Fatal(err)
	}
	if j.secret, _, err = j.node.AddLink(ctx, console, "ana", "phone", true); err != nil {
		t.Fatal(err)
	}
	j.path = "/my/" + j.secret
	return j
}

// tell lets Phuket answer.
func (j *journey) tell(receive func(*node.Node, *community.Actor, node.Answer) error) {
	j.Helper()
	g, err := j.node.Store().Guest(j.Context(), j.far.ID, storage.GuestKey{MemberID: j.ana.ID})
	if err != nil {
		j.Fatal(err)
	}
	if err := receive(j.node, j.phuket, node.Answer{ObjectURI: g.JoinURI, ObjectType: "Join"}); err != nil {
		j.Fatal(err)
	}
}

func (j *journey) accept() {
	j.tell(func(n *node.Node, a *community.Actor, x node.Answer) error { return n.ReceiveAccept(j.Context(), a, x) })
}

// send sends a form of her page.
func (j *journey) send(act string, fields ...string) *http.Response {
	j.Helper()
	f := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		f.Set(fields[i], fields[i+1])
	}
	return j.do("POST", j.path+"/"+act, f.Encode(), "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")
}

func (j *journey) state(c *community.Conference) community.GuestState {
	j.Helper()
	g, err := j.node.Store().Guest(j.Context(), c.ID, storage.GuestKey{MemberID: j.ana.ID})
	if err != nil {
		j.Fatal(err)
	}
	return g.State
}

func wantParts(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(body, p) {
			t.Errorf("%q is missing in\n%s", p, body)
		}
	}
}

// The page shows what is hers, to nobody who does not know its address, and tells
// nobody of it.
func TestMinePage(t *testing.T) {
	j := newJourney(t)
	j.accept()
	res := j.do("GET", j.path, "")
	body := bodyOf(t, res)
	if res.StatusCode != 200 {
		t.Fatalf("%s\n%s", res.Status, body)
	}
	wantParts(t, body, "Maps drawn by hand", "Talks on the beach", "Full moon &lt;walk&gt;", "you have a seat", "Visiting Phuket", "You have a seat at “Talks on the beach”.",
		`<meta name="robots" content="noindex">`, `href="https://phuket.example/conf/talks" rel="nofollow noreferrer"`, j.path+".ics", "Only you know")
	if strings.Contains(body, `rel="canonical"`) || strings.Contains(body, "og:url") {
		t.Error("the page tells its address")
	}
	for name, want := range map[string]string{"Referrer-Policy": "same-origin", "Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if strings.Contains(bodyOf(t, j.do("GET", j.path+"?lang=ru", "")), "Coming up") {
		t.Error("it is not in Russian")
	}
	for _, path := range []string{"/my/", "/my/x", "/my/" + j.secret[1:], j.path + "x", "/my/" + strings.Repeat("x", 5000), j.path + "/answer"} {
		if res := j.do("GET", path, ""); res.StatusCode != 404 && res.StatusCode != 405 {
			t.Errorf("%.60s: %s", path, res.Status)
		}
	}
	if got := LoggedPath(j.path + ".ics"); strings.Contains(got, j.secret) || LoggedPath("/conf/x") != "/conf/x" {
		t.Errorf("the log has %s", got)
	}
	links, err := j.node.Links(t.Context(), console, "ana")
	if err != nil {
		t.Fatal(err)
	}
	if err := j.node.RevokeLink(t.Context(), console, "ana", links[0].ID); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{j.path, j.path + ".ics"} {
		res := j.do("GET", path, "")
		if body := bodyOf(t, res); res.StatusCode != 404 || strings.Contains(body, "Ana") || res.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s after it was revoked: %s", path, res.Status)
		}
	}
}

// Its forms answer for her, from this site alone.
func TestMineForms(t *testing.T) {
	j := newJourney(t)
	j.accept()
	far, near, other := strconv.FormatInt(j.far.ID, 10), strconv.FormatInt(j.near.ID, 10), strconv.FormatInt(j.other.ID, 10)
	form := "conference=" + near + "&answer=no"
	for _, headers := range [][]string{{"Sec-Fetch-Site: cross-site"}, {"Origin: https://evil.example"}} {
		if res := j.do("POST", j.path+"/answer", form, append(headers, "Content-Type: application/x-www-form-urlencoded")...); res.StatusCode != 403 || j.state(j.near) != community.Going {
			t.Errorf("%q: %s, and she is %s", headers, res.Status, j.state(j.near))
		}
	}
	if res := j.do("POST", "/my/nonsense/answer", form, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin"); res.StatusCode != 404 {
		t.Errorf("a wrong address: %s", res.Status)
	}
	// Words that are no answer sign nobody up, and the page in Russian is where the page is.
	for _, said := range []string{"", "perhaps", "waitlisted"} {
		res := j.send("answer", "conference", far, "answer", said)
		if body := bodyOf(t, res); res.StatusCode != 422 || j.state(j.far) != community.Going || !strings.Contains(body, "Choose one of the answers.") || !strings.Contains(body, `href="`+j.path+`?lang=ru"`) {
			t.Errorf("%q: %s, she is %s", said, res.Status, j.state(j.far))
		}
	}
	// A browser that does not say Sec-Fetch-Site says where the form is.
	if res := j.do("POST", j.path+"/read", "up_to=0", "Content-Type: application/x-www-form-urlencoded", "Origin: http://belgrade.example"); res.StatusCode != 303 {
		t.Errorf("an older browser: %s", res.Status)
	}
	// Leaves one here and one elsewhere; thinks better of it.
	for id, c := range map[string]*community.Conference{near: j.near, far: j.far} {
		res := j.send("answer", "conference", id, "answer", "no")
		if to := res.Header.Get("Location"); res.StatusCode != 303 || to != j.path+"?left="+id || j.state(c) != community.NotGoing {
			t.Fatalf("%s to %s, she is %s", res.Status, to, j.state(c))
		}
		body := j.get(j.path + "?left=" + id)
		wantParts(t, body, "You are not coming to “"+c.Title.First()+"”.", "I’m coming after all")
	}
	wantParts(t, j.get(j.path), "Nothing is planned")
	if res := j.send("answer", "conference", far, "answer", "going"); res.StatusCode != 303 || j.state(j.far) != community.Pending {
		t.Fatalf("%s, she is %s", res.Status, j.state(j.far))
	}
	if res := j.send("answer", "conference", other, "answer", "going"); res.StatusCode != 303 || j.state(j.other) != community.Pending {
		t.Fatalf("%s, she is %s", res.Status, j.state(j.other))
	}
	// What cannot be is said on the page.
	if _, err := j.node.CancelConference(t.Context(), console, j.near.Slug, ""); err != nil {
		t.Fatal(err)
	}
	res := j.send("answer", "conference", near, "answer", "going")
	if body := bodyOf(t, res); res.StatusCode != 409 || !strings.Contains(body, "This conference was cancelled.") || !strings.Contains(body, "Talks on the beach") {
		t.Errorf("%s\n%s", res.Status, body)
	}
	for _, fields := range [][]string{nil, {"conference", "x"}, {"conference", "99999"}} {
		if res := j.send("answer", fields...); res.StatusCode != 422 && res.StatusCode != 404 {
			t.Errorf("%q: %s", fields, res.Status)
		}
	}
	if res := j.send("nonsense"); res.StatusCode != 404 {
		t.Error(res.Status)
	}
	// Notices.
	_, _, unread, err := j.node.Notices(t.Context(), console, "ana", 1, 0)
	if err != nil || unread == 0 {
		t.Fatal(unread, err)
	}
	if res := j.send("read", "up_to", "1000"); res.StatusCode != 303 {
		t.Fatal(res.Status)
	}
	if strings.Contains(j.get(j.path), "Mark all as read") {
		t.Error("all is read, and still can be")
	}
	// Stays.
	stay := strconv.FormatInt(j.stay.ID, 10)
	j.send("stay", "stay", stay, "do", "tell")
	wantParts(t, j.get(j.path), "That city knows")
	j.send("stay", "stay", stay, "do", "untell")
	wantParts(t, j.get(j.path), "Only you know")
	if res := j.send("stay", "stay", stay, "do", "nothing"); res.StatusCode != 422 {
		t.Error(res.Status)
	}
	j.send("stay", "stay", stay, "do", "end")
	if strings.Contains(j.get(j.path), "Visiting Phuket") {
		t.Error("the stay is still there")
	}
	j.remote.actors = map[string]*community.Actor{"https://phuket.example/": j.phuket}
	from, to := fakeNow.AddDate(0, 0, 40).Format(time.DateOnly), fakeNow.AddDate(0, 0, 44).Format(time.DateOnly)
	if res := j.send("visit", "city", "phuket.example", "from", from, "to", to, "tell", "1"); res.StatusCode != 303 {
		t.Fatalf("%s\n%s", res.Status, bodyOf(t, res))
	}
	wantParts(t, j.get(j.path), "Visiting Phuket", "That city knows")
	for _, fields := range [][]string{
		{"city", "nowhere.example", "from", from, "to", to}, {"city", "", "from", from, "to", to}, {"city", "phuket.example", "from", to, "to", from}, {"city", "phuket.example", "from", "soon", "to", to},
	} {
		res := j.send("visit", fields...)
		if body := bodyOf(t, res); res.StatusCode != 422 || !strings.Contains(body, `value="`+fields[1]+`"`) {
			t.Errorf("%q: %s\n%s", fields, res.Status, body)
		}
	}
}

// Her calendar says where she stands, and follows what becomes of it.
func TestMineCalendar(t *testing.T) {
	j := newJourney(t)
	res := j.do("GET", j.path+".ics", "")
	body := strings.ReplaceAll(bodyOf(t, res), "\r\n ", "")
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != icsKind || !strings.HasPrefix(res.Header.Get("Cache-Control"), "private") {
		t.Fatalf("%s %v", res.Status, res.Header)
	}
	event := func(body, summary string) string {
		t.Helper()
		for part := range strings.SplitSeq(body, "BEGIN:VEVENT") {
			if strings.Contains(part, summary) {
				return part
			}
		}
		t.Fatalf("no %q in\n%s", summary, body)
		return ""
	}
	wantParts(t, event(body, "Maps drawn by hand"), "STATUS:CONFIRMED", ";PARTSTAT=ACCEPTED:https://belgrade.example/people/ana", "ORGANIZER;CN=")
	wantParts(t, event(body, "SUMMARY;LANGUAGE=en:Talks on the beach"), "STATUS:TENTATIVE", "PARTSTAT=NEEDS-ACTION", "TRANSP:TRANSPARENT", "Još bez odgovora.") // she reads Serbian
	wantParts(t, event(body, "SUMMARY:Predlog: Full moon <walk>"), "STATUS:TENTATIVE", "TRANSP:TRANSPARENT")
	if strings.Contains(event(body, "Full moon"), "ATTENDEE") || strings.Contains(body, "METHOD:") {
		t.Errorf("%s", body)
	}
	if again := j.do("GET", j.path+".ics", "", "If-None-Match: "+res.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("unchanged: %s", again.Status)
	}
	j.accept()
	if _, err := j.node.CancelConference(t.Context(), console, j.near.Slug, ""); err != nil {
		t.Fatal(err)
	}
	body = strings.ReplaceAll(j.get(j.path+".ics"), "\r\n ", "")
	wantParts(t, event(body, "Talks on the beach"), "STATUS:CONFIRMED", "PARTSTAT=ACCEPTED")
	if e := event(body, "Maps drawn by hand"); !strings.Contains(e, "STATUS:CANCELLED") {
		t.Error(e)
	}
	// Without suggestions where they are not wanted, and without what was left.
	plain, _, err := j.node.AddLink(t.Context(), console, "ana", "", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.node.LeaveElsewhere(t.Context(), console, "ana", j.far.URI); err != nil {
		t.Fatal(err)
	}
	body = j.get("/my/" + plain + ".ics")
	if strings.Contains(body, "Full moon") || strings.Contains(body, "Talks on") || !strings.Contains(body, "Maps drawn") {
		t.Error(body)
	}
}

// The same for programs.
func TestMineAPI(t *testing.T) {
	j := newJourney(t)
	read := func(res *http.Response, status int, into any) {
		t.Helper()
		body := bodyOf(t, res)
		if res.StatusCode != status {
			t.Fatalf("%s, want %d: %s", res.Status, status, body)
		}
		if into != nil {
			if err := json.Unmarshal([]byte(body), into); err != nil {
				t.Fatal(err)
			}
		}
	}
	var mine listOutput[mineOutput]
	read(j.call("GET", "/api/v1/me/conferences", ""), 200, &mine)
	if mine.Total != 2 || mine.Items[0].State != community.Going || mine.Items[1].State != community.Pending || mine.Items[1].Conference.ID != j.far.URI {
		t.Errorf("%+v", mine)
	}
	read(j.call("GET", "/api/v1/me/conferences?when=suggested", ""), 200, &mine)
	if mine.Total != 1 || mine.Items[0].Stay != j.stay.ID || mine.Items[0].Conference.ID != j.other.URI {
		t.Errorf("%+v", mine)
	}
	read(j.call("GET", "/api/v1/me/conferences?limit=1&page=2", ""), 200, &mine)
	if mine.Total != 2 || len(mine.Items) != 1 {
		t.Errorf("%+v", mine)
	}
	var one mineOutput
	read(j.call("POST", "/api/v1/me/conferences", `{"conference": "`+j.near.Slug+`", "answer": "maybe", "plus": 1}`), 200, &one)
	if one.State != community.Maybe || one.Conference.Seats.Maybe != 2 {
		t.Errorf("%+v", one)
	}
	read(j.call("POST", "/api/v1/me/conferences", `{"conference": "`+j.other.URI+`"}`), 200, &one)
	if one.State != community.Pending {
		t.Errorf("%+v", one)
	}
	read(j.call("POST", "/api/v1/me/conferences", `{"conference": "`+j.other.URI+`", "answer": "no"}`), 200, &one)
	if one.State != community.NotGoing {
		t.Errorf("%+v", one)
	}
	for body, status := range map[string]int{
		`{}`: 422, `{"conference": "nothing"}`: 404, `{"conference": "https://nowhere.example/1"}`: 404, `{"conference": "ftp://x/1"}`: 422,
		`{"conference": "` + j.other.URI + `", "answer": "perhaps"}`: 422, `{"conference": "` + j.other.URI + `", "answer": "maybe"}`: 409,
	} {
		read(j.call("POST", "/api/v1/me/conferences", body), status, nil)
	}
	j.accept()
	var notices noticeListOutput
	read(j.do("GET", "/api/v1/me/notices?lang=ru", "", "Authorization: Bearer "+j.token), 200, &notices)
	if notices.Total != 1 || notices.Unread != 1 || notices.Items[0].Text != "У вас есть место на «Talks on the beach»." || notices.Items[0].URL != j.far.URL {
		t.Errorf("%+v", notices)
	}
	var done readOutput
	read(j.call("POST", "/api/v1/me/notices/read", `{"up_to": `+strconv.FormatInt(notices.Items[0].ID, 10)+`}`), 200, &done)
	if done.Read != 1 {
		t.Errorf("%+v", done)
	}
	read(j.call("POST", "/api/v1/me/notices/read", `{}`), 422, nil)

	j.remote.actors = map[string]*community.Actor{"@phuket@phuket.example": j.phuket}
	from, to := fakeNow.AddDate(0, 0, 40).Format(time.DateOnly), fakeNow.AddDate(0, 0, 44).Format(time.DateOnly)
	var stay stayOutput
	res := j.call("POST", "/api/v1/me/stays", `{"city": "@phuket@phuket.example", "from": "`+from+`", "to": "`+to+`", "visible": true}`)
	read(res, 201, &stay)
	if stay.City != j.phuket.URI || stay.From != from || !stay.Visible || !strings.HasSuffix(res.Header.Get("Location"), "/api/v1/me/stays/"+strconv.FormatInt(stay.ID, 10)) {
		t.Errorf("%+v %s", stay, res.Header.Get("Location"))
	}
	at := "/api/v1/me/stays/" + strconv.FormatInt(stay.ID, 10)
	read(j.call("PATCH", at, `{"visible": false}`), 200, &stay)
	if stay.Visible {
		t.Error("it is still visible")
	}
	read(j.call("PATCH", at, `{}`), 422, nil)
	read(j.call("PATCH", "/api/v1/me/stays/999", `{"visible": true}`), 404, nil)
	var stays listOutput[stayOutput]
	read(j.call("GET", "/api/v1/me/stays", ""), 200, &stays)
	if stays.Total != 2 {
		t.Errorf("%+v", stays)
	}
	read(j.call("DELETE", at, ""), 204, nil)
	read(j.call("DELETE", at, ""), 404, nil)
	read(j.call("POST", "/api/v1/me/stays", `{"city": "@phuket@phuket.example", "from": "x"}`), 422, nil)

	var made linkOutput
	read(j.call("POST", "/api/v1/me/links", `{"name": "watch", "suggestions": true}`), 201, &made)
	path, ok := strings.CutPrefix(made.Page, "https://belgrade.example")
	if !ok || made.Calendar != made.Page+".ics" {
		t.Fatalf("%+v", made)
	}
	j.get(path)
	var links listOutput[linkOutput]
	read(j.call("GET", "/api/v1/me/links", ""), 200, &links)
	if links.Total != 2 || links.Items[0].Name != "watch" || links.Items[0].Page != "" || links.Items[0].LastUsed == "" {
		t.Errorf("%+v", links)
	}
	read(j.call("DELETE", "/api/v1/me/links/"+strconv.FormatInt(made.ID, 10), ""), 204, nil)
	read(j.do("GET", path, ""), 404, nil)
	read(j.call("DELETE", "/api/v1/me/links/"+strconv.FormatInt(made.ID, 10), ""), 404, nil)

	bob := j.stranger("https://phuket.example/people/bob", "bob", "Bob")
	err := j.node.ReceiveTravel(t.Context(), bob, node.Travel{URI: "https://phuket.example/t/1", Target: "https://belgrade.example/city", Origin: j.phuket.URI, Start: fakeNow.AddDate(0, 0, 1), End: fakeNow.AddDate(0, 0, 3)})
	if err != nil {
		t.Fatal(err)
	}
	var arrivals listOutput[arrivalOutput]
	read(j.call("GET", "/api/v1/arrivals", ""), 200, &arrivals)
	if arrivals.Total != 1 || arrivals.Items[0].Actor != bob.URI || arrivals.Items[0].Home != j.phuket.URI {
		t.Errorf("%+v", arrivals)
	}
	if strings.Contains(j.get("/")+j.get("/about"), "bob") {
		t.Error("everyone sees who comes")
	}
	wantParts(t, j.get(j.path), "Who comes to Belgrade", "@bob@phuket.example", `href="https://phuket.example/people/bob" rel="nofollow noreferrer"`)
	if err := j.node.AddMember(t.Context(), console, &community.Member{Handle: "boris", Role: community.Steward}); err != nil {
		t.Fatal(err)
	}
	if err := j.node.SetRole(t.Context(), console, "ana", community.Newcomer); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(j.get(j.path), "bob") {
		t.Error("a newcomer sees who comes")
	}
}

// A page of a member who moved says where to.
func TestMovedMember(t *testing.T) {
	j := newJourney(t)
	ctx := t.Context()
	if err := j.node.AddMember(ctx, console, &community.Member{Handle: "boris", Role: community.Steward}); err != nil {
		t.Fatal(err)
	}
	away := &community.Actor{URI: "https://new.example/u/ana", Type: "Person", Handle: "ana", Host: "new.example", Inbox: "https://new.example/u/ana/inbox", AlsoKnownAs: []string{"https://belgrade.example/people/ana"}}
	if err := j.node.MoveAway(ctx, console, "ana", away); err != nil {
		t.Fatal(err)
	}
	j.settle()
	body := j.get("/people/ana")
	wantParts(t, body, "@ana@new.example", `href="https://new.example/u/ana"`)
	if strings.Contains(body, `action="/follow"`) {
		t.Error("she can still be followed here")
	}
	body = j.get(j.path)
	wantParts(t, body, "This account has moved away", "Maps drawn by hand")
	if strings.Contains(body, `name="answer"`) {
		t.Error("she can still answer")
	}
	res := j.send("answer", "conference", strconv.FormatInt(j.near.ID, 10), "answer", "going")
	if body := bodyOf(t, res); res.StatusCode != 403 || !strings.Contains(body, "This account has moved away.") {
		t.Errorf("%s\n%s", res.Status, body)
	}
}

// With KONFA_LOOK=dir the page is left there to be looked at.
func TestLookAtMine(t *testing.T) {
	dir := os.Getenv("KONFA_LOOK")
	if dir == "" {
		t.Skip("KONFA_LOOK is not set")
	}
	j := newJourney(t)
	j.accept()
	if _, err := j.node.JoinElsewhere(t.Context(), console, "ana", j.other.URI, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	start := fakeNow.AddDate(0, 0, 25)
	for i, title := range []string{"Diving for people who cannot swim", "Evening of short talks about small boats"} {
		uri := "https://phuket.example/conf/" + strconv.Itoa(i)
		if _, err := j.node.StoreConference(t.Context(), &community.Conference{URI: uri, URL: uri, UID: uri, OriginID: j.phuket.ID, Title: community.Plain("en", title), Start: start, End: start.Add(2 * time.Hour), Zone: "Asia/Bangkok", Status: community.Scheduled, JoinMode: community.Free, Venue: &community.Venue{Name: "Beach house", Locality: "Rawai"}, Updated: fakeNow}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"Mali", "Niran"} {
		who := j.stranger("https://phuket.example/people/"+name, strings.ToLower(name), name)
		err := j.node.ReceiveTravel(t.Context(), who, node.Travel{URI: "https://phuket.example/t/" + name, Target: "https://belgrade.example/city", Start: fakeNow.AddDate(0, 0, 1), End: fakeNow.AddDate(0, 0, 3)})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, lang := range []string{"en", "ru"} {
		for name, path := range map[string]string{"mine": j.path + "?lang=" + lang + "&left=", "mine-wrong": ""} {
			body := ""
			if path != "" {
				body = j.get(path)
			} else {
				res := j.do("POST", j.path+"/visit?lang="+lang, "city=nowhere.example&from=2027-03-03&to=2027-03-01", "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")
				body = bodyOf(t, res)
			}
			body = regexp.MustCompile(`/static/(\w+)\.\w+\.(\w+)`).ReplaceAllString(body, "static/$1.$2")
			if err := os.WriteFile(filepath.Join(dir, name+"-"+lang+".html"), []byte(body), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
