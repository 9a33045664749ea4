package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func TestPlot(t *testing.T) {
	for n, want := range map[int]int{1: 1, 5: 1, 6: 2, 10: 2, 11: 5, 25: 5, 26: 10, 999: 200, 1_000_000: 200_000} {
		if got := roundStep(n); got != want {
			t.Errorf("up to %d the lines are %d apart, want %d", n, got, want)
		}
	}
	p := newPlot("x", []series{{"Jan", 0, 0, ""}, {"Feb", 10, 4, ""}})
	if len(p.Lines) != 6 || len(p.Bars) != 3 || p.Bars[0].H != "0.0" || p.Bars[1].Y != "8.0" || p.Bars[1].X != p.Bars[2].X {
		t.Errorf("%+v", p)
	}
	if p := newPlot("x", nil); len(p.Bars) != 0 || len(p.Lines) != 2 {
		t.Errorf("nothing is %+v", p)
	}
}

func TestStatisticsPage(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	if body := w.get("/desk/statistics", ana); !strings.Contains(body, "Nothing to count yet") {
		t.Error("no word where there is nothing")
	}
	c := w.add(community.Conference{Title: community.Plain("en", "Maps at night"), Start: fakeNow.Add(time.Hour), End: fakeNow.Add(2 * time.Hour), Zone: "Europe/Belgrade"})
	m, err := w.node.Store().Member(t.Context(), "ana")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.node.Answer(t.Context(), c.Slug, storage.GuestKey{MemberID: m.ID}, community.Want{State: community.Going, Plus: 2}, ""); err != nil {
		t.Fatal(err)
	}
	w.pass(3 * time.Hour)
	body := w.get("/desk/statistics?lang=en", ana)
	for _, want := range []string{"1 conference<", "3 guests<", "1 newcomer<", "0 came again", `class="p0"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if res := w.do(http.MethodGet, "/desk/statistics", ""); !strings.HasPrefix(res.Header.Get("Location"), "/login") {
		t.Errorf("a stranger: %s", res.Status)
	}
}
