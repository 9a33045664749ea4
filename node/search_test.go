package node

import (
	"testing"
	"time"

	"konfa/community"
	"konfa/lookup"
	"konfa/storage"
)

func (w *world) find(t *testing.T, typed string) (out []string) {
	t.Helper()
	hits, _, err := w.store.Search(t.Context(), storage.SearchQuery{Words: lookup.Parse(typed), In: storage.SearchUpcoming, Now: w.now, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hits {
		out = append(out, h.Conference.Title.First())
	}
	return out
}

// Whoever goes by another name now is found by it, once there was time to note that.
func TestSettleSearch(t *testing.T) {
	w := newWorld(t)
	club := w.stranger(t, "https://club.example/actor")
	err := w.store.Write(t.Context(), func(tx *storage.Tx) error {
		return tx.InsertConference(t.Context(), &community.Conference{
			UUID: "x", URI: "https://club.example/e/1", OriginID: club.ID, Title: community.Plain("en", "Steppe"), Announced: w.now,
			Start: w.now.Add(time.Hour), End: w.now.Add(2 * time.Hour), Zone: "UTC", JoinMode: community.Free, Status: community.Scheduled,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.SettleSearch(t.Context()); n != 0 || err != nil {
		t.Fatalf("%d were left to do, %v", n, err)
	}
	club.Name = "Samovar"
	if _, err := w.SaveActor(t.Context(), club); err != nil {
		t.Fatal(err)
	}
	if got := w.find(t, "samovar"); got != nil {
		t.Errorf("%q", got)
	}
	if n, err := w.SettleSearch(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d were done, %v", n, err)
	}
	if got := w.find(t, "samovar"); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
