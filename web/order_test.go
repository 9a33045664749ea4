package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"konfa/community"
)

// A stranger reports, a steward decides, the person concerned objects, and
// everyone reads of it without a name.
func TestKeepingOrder(t *testing.T) {
	w := newTown(t)
	if err := w.node.AddMember(t.Context(), console, &community.Member{Handle: "bo", Name: "Bo Secret", Email: "bo@x.example"}); err != nil {
		t.Fatal(err)
	}
	p := w.say(community.Post{Author: "people/bo", Text: community.Plain("en", "Buy <b>pills</b>")})
	id := "https://belgrade.example/posts/" + p.Slug
	if body := w.get("/posts/" + p.Slug); !strings.Contains(strings.ToLower(body), `href="/report?object=https%3a%2f%2fbelgrade.example%2fposts%2f`) {
		t.Error("nobody is led to where one reports")
	}
	if body := w.get(reportLink(id)); !strings.Contains(body, "pills") || !strings.Contains(body, `name="contact"`) || strings.Contains(body, "<b>pills") {
		t.Errorf("the form:\n%s", body)
	}
	if res := w.do(http.MethodGet, reportLink("https://nowhere.example/x"), ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("reporting what is unknown: %s", res.Status)
	}
	bad := w.send("/report", url.Values{"object": {id}, "category": {"nonsense"}, "text": {"typed <i>"}, "contact": {"me"}})
	if body := bodyOf(t, bad); bad.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "typed &lt;i&gt;") || !strings.Contains(body, `id="category-wrong"`) || !strings.Contains(body, `id="contact-wrong"`) {
		t.Errorf("half a form: %s\n%s", bad.Status, body)
	}
	if res := w.send("/report", url.Values{"object": {id}, "category": {"spam"}, trap: {"x"}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a program: %s", res.Status)
	}
	ana, bo := w.session("ana"), w.session("bo")
	if body := w.get(casesPath, ana); !strings.Contains(body, "Nothing waits") {
		t.Error("what a program sent is in the queue")
	}
	if res := w.send("/report", url.Values{"object": {id}, "category": {"spam"}, "text": {"a <script>"}, "contact": {"who@x.example"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("a report: %s", res.Status)
	}
	if res := w.do(http.MethodGet, casesPath, "", bo); res.StatusCode != http.StatusForbidden {
		t.Errorf("the queue for a member: %s", res.Status)
	}
	if body := w.get(casesPath, ana); !strings.Contains(body, `href="/desk/reports/1"`) || !strings.Contains(body, "1 report") {
		t.Errorf("the queue:\n%s", body)
	}
	if body := w.get(casesPath+"/1", ana); !strings.Contains(body, "who@x.example") || !strings.Contains(body, "a &lt;script&gt;") || !strings.Contains(body, "hide-0") {
		t.Errorf("the case:\n%s", body)
	}
	for act, v := range map[string]url.Values{"take": nil, "note": {"note": {"I know him"}}} {
		if res := w.send(casesPath+"/1/"+act, v, ana); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %s", act, res.Status)
		}
	}
	if res := w.send(casesPath+"/1/decide", url.Values{"act": {"suspend-1"}, "term": {"date"}, "until": {"never"}, "reason": {"kept reason"}}, ana); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(bodyOf(t, res), "kept reason") {
		t.Errorf("a bad day: %s", res.Status)
	}
	// For ever needs two, and there is one.
	if res := w.send(casesPath+"/1/decide", url.Values{"act": {"suspend-1"}, "term": {"ever"}}, ana); res.StatusCode != http.StatusConflict || !strings.Contains(bodyOf(t, res), "second steward") {
		t.Errorf("for ever by one steward: %s", res.Status)
	}
	if res := w.send(casesPath+"/1/decide", url.Values{"act": {"hide-0"}, "term": {"7"}, "reason": {"no adverts"}, "rule": {"2"}}, ana); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("deciding: %s\n%s", res.Status, bodyOf(t, res))
	}
	if res := w.do(http.MethodGet, "/posts/"+p.Slug, ""); res.StatusCode != http.StatusForbidden {
		t.Errorf("what is hidden: %s", res.Status)
	}
	if body := w.get(logPath); !strings.Contains(body, "no adverts") || strings.Contains(body, "Bo Secret") || strings.Contains(body, "ana") && strings.Contains(body, "@ana") {
		t.Errorf("the public log:\n%s", body)
	}
	if res := w.send(confirmPath+"/1/seal", nil, ana); res.StatusCode != http.StatusSeeOther {
		t.Errorf("sealing: %s", res.Status)
	}
	if body := w.get(logPath); strings.Contains(body, "no adverts") {
		t.Error("the reason is shown all the same")
	}
	// Objecting.
	notices, _, _, err := w.node.Notices(t.Context(), console, "bo", 10, 0)
	if err != nil || len(notices) != 1 {
		t.Fatal(notices, err)
	}
	_, token, _ := strings.Cut(notices[0].Args["Text"], "/appeal/")
	token = strings.Fields(token)[0]
	if body := w.get("/appeal/" + token); !strings.Contains(body, "no adverts") {
		t.Error("who is concerned does not read why")
	}
	if res := w.send("/appeal/"+token, url.Values{"text": {""}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an empty objection: %s", res.Status)
	}
	if res := w.send("/appeal/"+token, url.Values{"text": {"They were free"}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("an objection: %s", res.Status)
	}
	if body := w.get(casesPath+"/1", ana); !strings.Contains(body, "They were free") {
		t.Error("the objection is not in the case")
	}
	if res := w.send(confirmPath+"/1/lift", url.Values{"why": {"right"}}, ana); res.StatusCode != http.StatusSeeOther {
		t.Errorf("lifting: %s", res.Status)
	}
	w.get("/posts/" + p.Slug)
	// Without a report.
	if body := w.get(measurePath+"?object=%40bo", ana); !strings.Contains(body, "suspend-0") {
		t.Error("a member is not found by name")
	}
	if res := w.send(measurePath, url.Values{"object": {"@bo"}, "act": {"suspend-0"}, "term": {"ever"}, "urgent": {"1"}}, ana); res.StatusCode != http.StatusSeeOther {
		t.Errorf("in a hurry: %s", res.Status)
	}
	if body := w.get(confirmPath, ana); !strings.Contains(body, "/renew") || !strings.Contains(body, "only steward") {
		t.Errorf("what waits:\n%s", body)
	}
	if body := w.get(auditPath+"?action=measure.", ana); !strings.Contains(body, "lifted a measure") {
		t.Error("the log does not say so")
	}
	if body := w.get(auditPath+"?format=csv", ana); !strings.Contains(body, "measure.lift") {
		t.Error("nor its file")
	}
}

func TestServerRulesPages(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	w.stranger("https://spam.example/u", "u", "U")
	if res := w.send(rulesPath+"/add", url.Values{"domain": {"not a domain"}, "severity": {"suspend"}}, ana); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(bodyOf(t, res), `id="domain-wrong"`) {
		t.Errorf("no domain: %s", res.Status)
	}
	if res := w.send(rulesPath+"/add", url.Values{"domain": {"Loud.example"}, "severity": {"silence"}, "extra": {"media", "obfuscate"}, "reason": {"loud"}}, ana); res.StatusCode != http.StatusSeeOther {
		t.Errorf("adding: %s %s", res.Status, bodyOf(t, res))
	}
	if body := w.get(logPath); !strings.Contains(body, "lou******ple") && !strings.Contains(body, "***") || strings.Contains(body, "loud.example") {
		t.Errorf("the public log names it:\n%s", body)
	}
	res := w.send(rulesPath+"/import", url.Values{"list": {"#domain,#severity\nspam.example,suspend\nbelgrade.example,suspend\nbad domain,suspend\n"}}, ana)
	at := res.Header.Get("Location")
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(at, rulesPath+"/import/") {
		t.Fatalf("a list: %s\n%s", res.Status, bodyOf(t, res))
	}
	if body := w.get(at, ana); !strings.Contains(body, "spam.example") || strings.Contains(body, ">belgrade.example<") || !strings.Contains(body, "1 line") {
		t.Errorf("looking at it:\n%s", body)
	}
	path, _, _ := strings.Cut(at, "?")
	if res := w.send(path+"/apply", nil, ana); res.StatusCode != http.StatusSeeOther {
		t.Errorf("taking it over: %s", res.Status)
	}
	if body := w.get(rulesPath+"/export.csv", ana); !strings.Contains(body, "spam.example,suspend") {
		t.Error(body)
	}
	if body := w.get(rulesPath, ana); !strings.Contains(body, "1 known there") {
		t.Error("what there is of a server is not counted")
	}
	if res := w.send(path+"/undo", nil, ana); res.StatusCode != http.StatusSeeOther {
		t.Errorf("taking it back: %s", res.Status)
	}
	if res := w.send(rulesPath+"/import", url.Values{"list": {"nothing here"}}, ana); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an empty list: %s", res.Status)
	}
	for _, act := range []string{"listed", "open"} {
		if res := w.send(rulesPath+"/"+act, nil, ana); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %s", act, res.Status)
		}
	}
	if res := w.send(rulesPath+"/allow", url.Values{"allowed": {"friend.example"}}, ana); res.StatusCode != http.StatusSeeOther {
		t.Errorf("allowing: %s", res.Status)
	}
	if list, err := w.node.Store().AllowedServers(t.Context()); err != nil || len(list) != 1 {
		t.Error(list, err)
	}
}
