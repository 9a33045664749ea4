package activitystreams

import (
	"encoding/json"
	"testing"
	"time"

	"konfa/community"
)

// TestUpdatedWithinASecond: two changes within a second can be told apart, and
// what was never changed does not look changed.
func TestUpdatedWithinASecond(t *testing.T) {
	at := time.Date(2026, 4, 1, 10, 0, 0, 250_000_000, time.UTC)
	e := NewEncoder(community.NewSite("https://belgrade.example"))
	for _, tc := range []struct {
		after time.Duration
		want  string
	}{
		{0, ""},
		{500 * time.Microsecond, ""},
		{200 * time.Millisecond, "2026-04-01T10:00:00.450Z"},
		{300 * time.Millisecond, "2026-04-01T10:00:00.550Z"},
		{750 * time.Millisecond, "2026-04-01T10:00:01Z"},
	} {
		p := &community.Post{Slug: "x", Author: community.CityActor, HTML: community.Plain("en", "<p>Hi</p>"), Visibility: community.Public, Published: at, Updated: at.Add(tc.after)}
		b, err := e.Post(p)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Published, Updated string }
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatal(err)
		}
		if doc.Updated != tc.want || doc.Published != "2026-04-01T10:00:00Z" {
			t.Errorf("after %v: published %s, updated %s, want %s", tc.after, doc.Published, doc.Updated, tc.want)
		}
		read, err := ReadPost(b)
		if err != nil || tc.after >= time.Millisecond && !read.Updated.Equal(at.Add(tc.after)) {
			t.Errorf("read back as %v (%v)", read.Updated, err)
		}
	}
}
