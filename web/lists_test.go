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

// What is still going on leaves no holes in the lists of what is over.
func TestPastListsAreExact(t *testing.T) {
	w := newTown(t)
	add := func(title string, start, end time.Time) {
		t.Helper()
		c := community.Conference{Title: community.Plain("en", title), Start: start, End: end, Zone: "Europe/Belgrade", Tags: []string{"maps"}}
		if _, err := w.node.AddConference(t.Context(), console, &c, node.Publish{Quiet: true}); err != nil {
			t.Fatal(err)
		}
	}
	const over, going = 103, 7
	for i := range going {
		add(fmt.Sprintf("Going on %d", i), fakeNow.Add(-time.Duration(i+1)*time.Hour), fakeNow.Add(time.Hour))
	}
	for i := range over {
		end := fakeNow.AddDate(0, 0, -i) // the first is over right now
		add(fmt.Sprintf("Over %d.", i), end.Add(-2*time.Hour), end)
	}
	w.settle()

	seen := 0
	for number, want := range []int{perPage, perPage, over - 2*perPage} {
		body := w.get("/conf?when=past&page=" + itoa(number+1))
		if n := strings.Count(body, ">Over "); n != want || strings.Contains(body, "Going on") {
			t.Errorf("page %d has %d, want %d", number+1, n, want)
		}
		if next := strings.Contains(body, "page="+itoa(number+2)); next != (number < 2) {
			t.Errorf("page %d: there is a next one: %v", number+1, next)
		}
	}
	if res := w.do(http.MethodGet, "/conf?when=past&page=4", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("page 4: %s", res.Status)
	}

	titles := map[string]bool{}
	for number := 1; ; number++ {
		var out listOutput[conferenceOutput]
		res := w.do(http.MethodGet, "/api/v1/conferences?when=past&limit=10&page="+itoa(number), "")
		if err := json.Unmarshal([]byte(bodyOf(t, res)), &out); err != nil {
			t.Fatal(err)
		}
		if out.Total != over {
			t.Fatalf("page %d: the total is %d", number, out.Total)
		}
		last := !strings.Contains(res.Header.Get("Link"), `rel="next"`)
		if len(out.Items) != 10 && !last {
			t.Errorf("page %d has %d", number, len(out.Items))
		}
		for _, c := range out.Items {
			titles[c.Title] = true
		}
		seen += len(out.Items)
		if last {
			break
		}
	}
	if seen != over || len(titles) != over || titles["Going on 0"] {
		t.Errorf("%d are listed, %d different ones", seen, len(titles))
	}

	body := w.get("/tags/maps")
	upcoming, past, _ := strings.Cut(body, "Past</h2>")
	if n, m := strings.Count(upcoming, ">Going on "), strings.Count(past, ">Over "); n != going || m != perPage || strings.Contains(past, "Going on") {
		t.Errorf("the topic has %d going on and %d that are over", n, m)
	}
}

// A topic knows its posts however much was said since.
func TestTagPageKnowsOldPosts(t *testing.T) {
	w := newTown(t)
	say := func(p community.Post) {
		t.Helper()
		w.pass(time.Second)
		p.Author = community.CityActor
		if _, err := w.node.AddPost(t.Context(), console, &p, node.Publish{Quiet: true}); err != nil {
			t.Fatal(err)
		}
	}
	say(community.Post{Text: community.Plain("en", "The oldest about #Maps")})
	say(community.Post{Text: community.Plain("en", "Tagged aside"), Tags: []string{"maps"}})
	say(community.Post{Text: community.Plain("en", "Unlisted"), Tags: []string{"maps"}, Visibility: community.Unlisted})
	say(community.Post{Text: community.Plain("en", "An answer"), Tags: []string{"maps"}, ReplyTo: "https://other.example/1"})
	say(community.Post{Text: community.Plain("en", "Half a thought"), Tags: []string{"maps"}, Draft: true})
	for i := range 210 {
		say(community.Post{Text: community.Plain("en", fmt.Sprint("Something else ", i))})
	}
	w.settle()
	body := w.get("/tags/maps")
	for s, want := range map[string]bool{"The oldest about": true, "Tagged aside": true, "Unlisted": false, "An answer": false, "Half a thought": false, "Something else": false} {
		if strings.Contains(body, s) != want {
			t.Errorf("%q: want %v", s, want)
		}
	}
}
