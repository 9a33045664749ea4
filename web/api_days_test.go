package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Where a day begins at one, as the clocks go forward at midnight, whole days
// stay as many as were said.
func TestDaysWithoutMidnight(t *testing.T) {
	w := newTown(t)
	for i, tc := range []struct{ made, change, start, end string }{
		{`"start":"2027-03-28","end":"2027-03-28"`, `{}`, "2027-03-28", "2027-03-28"},
		{`"start":"2027-03-28"`, `{}`, "2027-03-28", "2027-03-28"},
		{`"start":"2027-03-26","end":"2027-03-28"`, `{}`, "2027-03-26", "2027-03-28"},
		{`"start":"2027-03-20"`, `{"start":"2027-03-28"}`, "2027-03-28", "2027-03-28"},
		{`"start":"2027-03-20","end":"2027-03-21"`, `{"start":"2027-03-27"}`, "2027-03-27", "2027-03-28"},
		{`"start":"2027-03-28","end":"2027-03-29"`, `{"start":"2027-04-01"}`, "2027-04-01", "2027-04-02"},
		{`"start":"2027-03-28T10:00","end":"2027-03-28T12:00"`, `{"all_day":true}`, "2027-03-28", "2027-03-28"},
		{`"start":"2027-03-27T10:00","end":"2027-03-27T12:00"`, `{"all_day":true}`, "2027-03-27", "2027-03-27"},
		{`"start":"2027-03-26","end":"2027-03-27"`, `{"zone":"Europe/Belgrade"}`, "2027-03-26", "2027-03-27"},
		{`"start":"2027-03-28","end":"2027-03-28"`, `{"zone":"Europe/Belgrade"}`, "2027-03-28", "2027-03-28"},
		{`"zone":"Europe/Belgrade","start":"2027-03-27","end":"2027-03-27"`, `{"zone":"Asia/Beirut"}`, "2027-03-27", "2027-03-27"},
	} {
		made := tc.made
		if !strings.Contains(made, "zone") {
			made += `,"zone":"Asia/Beirut"`
		}
		var c conferenceOutput
		for _, step := range []struct{ method, target, body string }{
			{http.MethodPost, "/api/v1/conferences", `{"title":"Days ` + itoa(i) + `","draft":true,` + made + `}`},
			{http.MethodPatch, "/api/v1/conferences/days-" + itoa(i), tc.change},
		} {
			w.pass(time.Minute)
			res := w.call(step.method, step.target, step.body)
			body := bodyOf(t, res)
			if err := json.Unmarshal([]byte(body), &c); err != nil || res.StatusCode >= 300 {
				t.Fatalf("%s: %s %s", step.body, res.Status, body)
			}
		}
		if c.Start != tc.start || c.End != tc.end {
			t.Errorf("%s, then %s: from %s to %s, want %s to %s", made, tc.change, c.Start, c.End, tc.start, tc.end)
		}
	}
}
