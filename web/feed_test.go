package web

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"

	"github.com/mmcdole/gofeed"
)

// Every conference and post can be reached through the pages of each feed, once
// and newest first, as an independent reader sees it.
func TestFeedsReadBack(t *testing.T) {
	w := newTown(t)
	w.fill()
	var rows []community.Conference
	for i := range 120 {
		rows = append(rows, community.Conference{Title: community.Plain("en", fmt.Sprintf("Meeting %d & <more>", i)), Start: fakeNow.AddDate(0, 0, i-60), Zone: "Europe/Belgrade"})
	}
	for i := range rows {
		w.pass(time.Second)
		if _, err := w.node.AddConference(t.Context(), console, &rows[i], node.Publish{Quiet: true}); err != nil {
			t.Fatal(err)
		}
	}
	w.add(community.Conference{Title: community.Plain("en", "Draft"), Start: fakeNow.AddDate(0, 0, 1), Zone: "Europe/Belgrade", Draft: true})
	want := 120 + 6 + 2 // and the fakes
	for _, name := range []string{"/feed.atom", "/feed.rss", "/feed.json"} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			var last time.Time
			next, pages := name, 0
			for next != "" && pages < 10 {
				pages++
				res := w.do(http.MethodGet, next, "", "Accept-Language: ru")
				body := bodyOf(t, res)
				if res.StatusCode != 200 || res.Header.Get("Access-Control-Allow-Origin") != "*" {
					t.Fatalf("%s: %s", next, res.Status)
				}
				f, err := gofeed.NewParser().ParseString(body)
				if err != nil {
					t.Fatalf("%s: %v\n%s", next, err, body)
				}
				if pages == 1 && (f.Title != "Белград: конфы и записи" || f.Language != "ru" || f.Link != "https://belgrade.example/") {
					t.Errorf("title %q, language %q, link %q", f.Title, f.Language, f.Link)
				}
				for _, it := range f.Items {
					if seen[it.GUID] {
						t.Errorf("%s comes twice", it.GUID)
					}
					seen[it.GUID] = true
					if it.PublishedParsed == nil || !last.IsZero() && it.PublishedParsed.After(last) {
						t.Errorf("%s of %v comes after %v", it.GUID, it.PublishedParsed, last)
					} else {
						last = *it.PublishedParsed
					}
					if it.Title == "Draft" || strings.Contains(body, "secret.example") {
						t.Error("something leaks")
					}
					if !strings.HasPrefix(it.Link, "https://belgrade.example/") {
						t.Errorf("link %q", it.Link)
					}
				}
				next = nextPage(t, name, body)
			}
			if len(seen) != want || pages != 3 {
				t.Errorf("%d entries on %d pages, want %d on 3", len(seen), pages, want)
			}
			if res := w.do(http.MethodGet, name+"?page=4", ""); res.StatusCode != http.StatusNotFound {
				t.Errorf("page 4: %s", res.Status)
			}
		})
	}
}

// nextPage finds the older page as each format says it.
func nextPage(t *testing.T, name, body string) string {
	t.Helper()
	var next string
	if name == "/feed.json" {
		var f struct {
			Version string `json:"version"`
			Next    string `json:"next_url"`
		}
		if err := json.Unmarshal([]byte(body), &f); err != nil || f.Version != "https://jsonfeed.org/version/1.1" {
			t.Fatalf("version %q: %v", f.Version, err)
		}
		next = f.Next
	} else {
		dec := xml.NewDecoder(strings.NewReader(body))
		for {
			tok, err := dec.Token()
			if err != nil {
				break
			}
			if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "link" && e.Name.Space == "http://www.w3.org/2005/Atom" {
				attrs := map[string]string{}
				for _, a := range e.Attr {
					attrs[a.Name.Local] = a.Value
				}
				if attrs["rel"] == "next" {
					next = attrs["href"]
				}
			}
		}
	}
	return strings.TrimPrefix(next, "https://belgrade.example")
}

func TestFeedContent(t *testing.T) {
	w := newTown(t)
	w.fill()
	f, err := gofeed.NewParser().ParseString(w.get("/feed.atom?lang=ru"))
	if err != nil {
		t.Fatal(err)
	}
	byTitle := map[string]*gofeed.Item{}
	for _, it := range f.Items {
		byTitle[it.Title] = it
	}
	maps := byTitle["Карты, нарисованные от руки"]
	if maps == nil {
		t.Fatalf("it is not there: %v", byTitle)
	}
	for _, s := range []string{"Когда: Четверг, 26\u00a0ноября\u00a02026, 19:00–21:30 (время: Белград, UTC+1)", "Где: Reading room on Dorćol", "<strong>чего на картах нет</strong>"} {
		if !strings.Contains(maps.Content, s) {
			t.Errorf("%q is missing in %s", s, maps.Content)
		}
	}
	if len(maps.Enclosures) != 1 || len(maps.Categories) != 3 {
		t.Errorf("enclosures %v, categories %v", maps.Enclosures, maps.Categories)
	}
	if byTitle["Отменена: Настолки"] == nil {
		t.Error("a cancelled conference does not say so")
	}
}

// readICS is a program that reads a calendar with Debian's python3-icalendar
// and says what it found.
const readICS = `
import sys, json, icalendar
cal = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
out = {"name": str(cal.get("X-WR-CALNAME", "")), "events": [], "zones": len([c for c in cal.walk("VTIMEZONE")])}
for e in cal.walk("VEVENT"):
    out["events"].append({"uid": str(e["UID"]), "summary": str(e["SUMMARY"]), "start": e["DTSTART"].dt.isoformat(), "status": str(e.get("STATUS", "")), "sequence": int(e.get("SEQUENCE", 0)), "url": str(e.get("URL", ""))})
json.dump(out, sys.stdout)
`

func TestCalendarReadsBack(t *testing.T) {
	python := "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import icalendar").Run(); err != nil {
		t.Skip("python3-icalendar is not installed")
	}
	w := newTown(t)
	cs := w.fill()
	read := func(body string) (out struct {
		Name   string
		Zones  int
		Events []struct {
			UID, Summary, Start, Status, URL string
			Sequence                         int
		}
	}) {
		t.Helper()
		for line := range strings.SplitSeq(strings.TrimSuffix(body, "\r\n"), "\r\n") {
			if len(line) > 75 || strings.Contains(line, "\n") {
				t.Errorf("the line %q is not folded", line)
			}
		}
		cmd := exec.Command(python, "-c", readICS)
		cmd.Stdin, cmd.Stderr = strings.NewReader(body), os.Stderr
		b, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	res := w.do(http.MethodGet, "/conf.ics", "")
	if kind := res.Header.Get("Content-Type"); kind != "text/calendar; charset=utf-8" {
		t.Errorf("type %q", kind)
	}
	all := read(bodyOf(t, res))
	if all.Name != "Belgrade" || len(all.Events) != len(cs) || all.Zones != 1 {
		t.Errorf("%q with %d of %d events and %d zones", all.Name, len(all.Events), len(cs), all.Zones)
	}
	uids := map[string]string{}
	for _, e := range all.Events {
		uids[e.UID] = e.Summary
		if e.Summary == "Board games" && e.Status != "CANCELLED" {
			t.Errorf("board games are %s", e.Status)
		}
		if e.Summary == "Maps drawn by hand" && (e.Start != "2026-11-26T19:00:00+01:00" || e.URL != "https://belgrade.example/conf/maps-drawn-by-hand") {
			t.Errorf("maps: %+v", e)
		}
	}
	one := read(w.get("/conf/" + cs[0].Slug + ".ics"))
	if len(one.Events) != 1 || uids[one.Events[0].UID] != "Maps drawn by hand" {
		t.Errorf("alone it is %+v", one)
	}
	if topic := read(w.get("/conf.ics?tag=maps")); len(topic.Events) != 1 {
		t.Errorf("about maps there are %d", len(topic.Events))
	}
}

// The list of confs.tech that people import: all of it is in the feeds.
func TestLargeImport(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "shared", "data", "conferences.json"))
	if err != nil {
		t.Skip("the list is not here")
	}
	var rows []any
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	w := newTown(t)
	began := time.Now()
	res := w.call(http.MethodPost, "/api/v1/import?preview=1", string(b))
	var out importOutput
	if err := json.Unmarshal([]byte(bodyOf(t, res)), &out); err != nil || !out.Preview || out.Added == 0 {
		t.Fatalf("preview: %s, %+v, %v", res.Status, out, err)
	}
	if n := strings.Count(w.get("/conf.ics"), "BEGIN:VEVENT"); n != 0 {
		t.Fatalf("a preview left %d conferences", n)
	}
	res = w.call(http.MethodPost, "/api/v1/import", string(b))
	if err := json.Unmarshal([]byte(bodyOf(t, res)), &out); err != nil || out.Preview {
		t.Fatalf("import: %s, %v", res.Status, err)
	}
	if out.Added+out.Same+out.Skipped != len(rows) || out.Added < len(rows)*95/100 {
		t.Errorf("%d added, %d the same, %d skipped of %d", out.Added, out.Same, out.Skipped, len(rows))
	}
	t.Logf("preview and import of %d took %v", len(rows), time.Since(began))
	if n := strings.Count(w.get("/conf.ics"), "BEGIN:VEVENT"); n != out.Added {
		t.Errorf("the calendar has %d of %d", n, out.Added)
	}
	total, next := 0, "/feed.json"
	for next != "" {
		body := w.get(next)
		var f jsonFeed
		if err := json.Unmarshal([]byte(body), &f); err != nil {
			t.Fatal(err)
		}
		total += len(f.Items)
		next = strings.TrimPrefix(f.NextURL, "https://belgrade.example")
	}
	if total != out.Added {
		t.Errorf("the pages of the feed have %d of %d", total, out.Added)
	}
}
