package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
)

// phuket is another city, which the fake fediverse has.
func (w *town) phuket() *community.Actor {
	w.Helper()
	a := &community.Actor{URI: "https://phuket.example/city", Type: "Group", Handle: "phuket", Host: "phuket.example", Name: "Phuket", Inbox: "https://phuket.example/city/inbox", Fetched: fakeNow}
	w.remote.actors = map[string]*community.Actor{"@phuket@phuket.example": a}
	return a
}

// sisterhood makes a city a sister city that said yes.
func (w *town) sisterhood(a *community.Actor) {
	w.Helper()
	if status := w.ask("POST", "/sisters", `{"city": "@phuket@phuket.example"}`, w.token, nil); status != 201 {
		w.Fatal(status)
	}
	if err := w.node.ReceiveAccept(w.Context(), a, node.Answer{ObjectType: "Follow", InnerActor: "https://belgrade.example/city"}); err != nil {
		w.Fatal(err)
	}
}

// ask sends JSON with a token, and reads the answer.
func (w *town) ask(method, path, body, token string, into any) int {
	w.Helper()
	headers := []string{"Authorization: Bearer " + token}
	if body != "" {
		headers = append(headers, "Content-Type: application/json")
	}
	res := w.do(method, "/api/v1"+path, body, headers...)
	text := bodyOf(w.T, res)
	if into != nil {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			w.Fatalf("%s %s: %s: %v\n%s", method, path, res.Status, err, text)
		}
	}
	return res.StatusCode
}

func (w *town) member(handle string, role community.Role) string {
	w.Helper()
	if err := w.node.AddMember(w.Context(), console, &community.Member{Handle: handle, Name: handle, Role: role}); err != nil {
		w.Fatal(err)
	}
	token, _, err := w.node.AddToken(w.Context(), console, handle, "test")
	if err != nil {
		w.Fatal(err)
	}
	return token
}

// published is a conference of another city, as it comes in.
func (w *town) published(a *community.Actor, name string) *community.Conference {
	w.Helper()
	c := &community.Conference{URI: "https://" + a.Host + "/conf/" + name, OriginID: a.ID, Title: community.Plain("en", "Beach clean-up "+name), Start: fakeNow.Add(48 * time.Hour),
		End: fakeNow.Add(50 * time.Hour), Zone: "Asia/Bangkok", Venue: &community.Venue{Name: "Beach " + name}, HTML: community.Plain("en", "<p>Bring gloves.</p>"), Published: fakeNow, Updated: fakeNow}
	c.Tidy()
	if err := w.node.ReceiveConference(w.Context(), a, c); err != nil {
		w.Fatal(err)
	}
	w.settle()
	out, err := w.node.Store().ConferenceByURI(w.Context(), c.URI)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

func TestSistersOverTheAPI(t *testing.T) {
	w := newTown(t)
	w.phuket()
	boris := w.member("boris", community.Newcomer)
	for _, path := range []string{"/sisters", "/offers", "/sisters/1", "/offers/1"} {
		if status := w.ask("GET", path, "", boris, nil); status != http.StatusForbidden {
			t.Errorf("%s for a newcomer: %d", path, status)
		}
	}
	if status := w.ask("POST", "/sisters", `{"city": "@phuket@phuket.example"}`, boris, nil); status != http.StatusForbidden {
		t.Errorf("a newcomer adds a sister: %d", status)
	}
	for _, method := range []string{"PATCH", "DELETE"} { // nor does she learn which numbers there are
		for _, id := range []string{"1", "999"} {
			if status := w.ask(method, "/sisters/"+id, `{"show": false}`, boris, nil); status != http.StatusForbidden {
				t.Errorf("%s of sister %s by a newcomer: %d", method, id, status)
			}
		}
	}
	var p problem
	if status := w.ask("POST", "/sisters", `{"city": "@phuket@phuket.example", "announce": "perhaps", "languages": ["?"]}`, w.token, &p); status != 422 || len(p.Errors) != 2 {
		t.Errorf("%d %+v", status, p)
	}
	var s sisterOutput
	if status := w.ask("POST", "/sisters", `{"city": "@phuket@phuket.example", "announce": "auto", "tags": ["#Go"]}`, w.token, &s); status != 201 {
		t.Fatal(status)
	}
	if !s.Sister || s.State != community.SisterAsked || s.Announce != "auto" || s.Tags[0] != "go" || !s.Show || s.Languages == nil {
		t.Errorf("%+v", s)
	}
	at := fmt.Sprint("/sisters/", s.ID)
	if status := w.ask("PATCH", at, `{"announce": "never", "tags": []}`, w.token, &s); status != 200 || s.Announce != "never" || len(s.Tags) != 0 {
		t.Errorf("%d %+v", status, s)
	}
	if status := w.ask("PATCH", at, `{"city": "@x@y.example"}`, w.token, nil); status != 422 {
		t.Errorf("another city: %d", status)
	}
	if status := w.ask("GET", at, "", w.token, &s); status != 200 || s.Address != "@phuket@phuket.example" {
		t.Errorf("%d %+v", status, s)
	}
	var l listOutput[sisterOutput]
	if status := w.ask("GET", "/sisters", "", w.token, &l); status != 200 || l.Total != 1 {
		t.Errorf("%d %+v", status, l)
	}
	if status := w.ask("DELETE", at, "", w.token, nil); status != http.StatusNoContent {
		t.Errorf("removed: %d", status)
	}
	if status := w.ask("GET", at, "", w.token, nil); status != http.StatusNotFound {
		t.Errorf("after that: %d", status)
	}
}

func TestOffersOverTheAPI(t *testing.T) {
	w := newTown(t)
	a := w.phuket()
	w.sisterhood(a)
	if err := w.node.ReceiveFollow(w.Context(), a, "https://phuket.example/f/1", "https://belgrade.example/city"); err != nil {
		t.Fatal(err)
	}
	boris, carl := w.member("boris", community.Newcomer), w.member("carl", community.Newcomer)
	c := w.add(community.Conference{Title: community.Plain("en", "Maps"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade", Organisers: []community.Organiser{{Name: "Boris", Handle: "boris"}}})
	body := fmt.Sprintf(`{"conference": %q, "cities": ["phuket.example"], "note": "Please"}`, c.Slug)
	if status := w.ask("POST", "/offers", body, carl, nil); status != http.StatusForbidden {
		t.Errorf("someone else offers it: %d", status)
	}
	var made listOutput[offerOutput]
	if status := w.ask("POST", "/offers", body, boris, &made); status != 201 || len(made.Items) != 1 || made.Items[0].State != "offered" || made.Items[0].By != "boris" {
		t.Fatalf("%d %+v", status, made)
	}
	var p problem
	if status := w.ask("POST", "/offers", strings.Replace(body, "phuket", "atlantis", 1), w.token, &p); status != 422 || len(p.Errors) != 1 || p.Errors[0].Field != "cities" {
		t.Errorf("%d %+v", status, p)
	}
	var o offerOutput
	if status := w.ask("POST", fmt.Sprintf("/offers/%d/revoke", made.Items[0].ID), "", boris, &o); status != 200 || o.State != "revoked" {
		t.Errorf("%d %+v", status, o)
	}

	// The other side: hers wait, and are taken up.
	one, two := w.published(a, "one"), w.published(a, "two")
	var waiting listOutput[offerOutput]
	if status := w.ask("GET", "/offers?side=in&open=1", "", w.token, &waiting); status != 200 || waiting.Total != 2 || waiting.Items[1].Conference != one.URI || waiting.Items[0].Kind != "proposal" {
		t.Fatalf("%d %+v", status, waiting)
	}
	if status := w.ask("POST", fmt.Sprintf("/offers/%d/decline", waiting.Items[0].ID), `{"reason": "no"}`, w.token, &o); status != 200 || o.State != "declined" || o.Conference != two.URI {
		t.Errorf("%d %+v", status, o)
	}
	if status := w.ask("POST", fmt.Sprintf("/offers/%d/accept", waiting.Items[1].ID), "", carl, nil); status != http.StatusForbidden {
		t.Errorf("a newcomer accepts: %d", status)
	}
	if status := w.ask("POST", fmt.Sprintf("/offers/%d/accept", waiting.Items[1].ID), "", w.token, &o); status != 200 || o.State != "accepted" {
		t.Errorf("%d %+v", status, o)
	}
	if status := w.ask("GET", fmt.Sprintf("/offers/%d", waiting.Items[1].ID), "", w.token, &o); status != 200 || o.By != "ana" {
		t.Errorf("%d %+v", status, o)
	}
	for _, path := range []string{"/offers/999", "/offers/x"} {
		if status := w.ask("GET", path, "", w.token, nil); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}

	// Who announces ours is named on its page and in the API.
	if err := w.node.ReceiveReaction(w.Context(), a, community.Reaction{Kind: community.Announce, Object: "https://belgrade.example/conf/" + c.Slug, URI: "https://phuket.example/a/1"}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	var out conferenceOutput
	if status := w.ask("GET", "/conferences/"+c.Slug, "", w.token, &out); status != 200 || len(out.AnnouncedBy) != 1 || out.AnnouncedBy[0].Name != "Phuket" {
		t.Errorf("%d %+v", status, out.AnnouncedBy)
	}
	if page := w.get("/conf/" + c.Slug); !strings.Contains(page, "Also announced by") || !strings.Contains(page, "https://phuket.example/city") {
		t.Error("the page does not say who announced it")
	}
}

// What sister cities do is shown apart, with a page of its own, until it is in the
// calendar; what strangers do has none.
func TestOtherCities(t *testing.T) {
	w := newTown(t)
	a := w.phuket()
	w.sisterhood(a)
	c := w.published(a, "one")
	path := fmt.Sprint("/elsewhere/", c.ID)
	for _, page := range []string{"/", "/conf"} {
		for lang, want := range map[string][2]string{"en": {"In other cities", "Hosted by Phuket"}, "ru": {"В других городах", "Проводит Phuket"}} {
			html := w.get(page, "Accept-Language: "+lang)
			if !strings.Contains(html, want[0]) || !strings.Contains(html, want[1]) || strings.Count(html, path+`"`) != 1 {
				t.Errorf("%s in %s has not %q", page, lang, want)
			}
		}
	}
	if page := w.get(path); !strings.Contains(page, "Bring gloves.") || !strings.Contains(page, "Hosted by Phuket") {
		t.Error("its page")
	}
	if ics := w.get("/conf.ics"); strings.Contains(ics, "Beach") {
		t.Error("it is in the calendar")
	}
	w.get(path + ".ics")
	for _, other := range []string{"/conf?when=past", "/conf?q=x"} {
		if strings.Contains(w.get(other), "In other cities") {
			t.Errorf("%s has it too", other)
		}
	}
	if _, err := w.node.AnnounceConference(w.Context(), console, c.URI); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if html := w.get("/conf"); strings.Contains(html, "In other cities") || strings.Count(html, path+`"`) != 1 {
		t.Error("once in the calendar it is still apart")
	}
	if err := w.node.WithdrawConference(w.Context(), console, c.URI); err != nil {
		t.Fatal(err)
	}
	if _, err := w.node.ChangeSister(w.Context(), console, a.URI, func(s *community.Sister) error { s.Show = false; return nil }); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if res := w.do("GET", path, ""); res.StatusCode != 404 {
		t.Errorf("not to be shown: %s", res.Status)
	}
}
