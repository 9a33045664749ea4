package federation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"konfa/community"
	"konfa/federation/signature"
	"konfa/storage"
)

// BenchmarkReceive is an activity from the request to the 202, kept on disk;
// those after one another do not share a commit, those at once do.
func BenchmarkReceive(b *testing.B) {
	n, p := benchNode(b)
	bodies := make([][]byte, b.N)
	headers := make([]http.Header, b.N)
	for i := range bodies {
		bodies[i], _ = json.Marshal(map[string]any{
			"@context": "https://www.w3.org/ns/activitystreams", "id": fmt.Sprintf("%s/n/%d/activity", p.base, i), "type": "Create", "actor": p.uri("anna"),
			"to": []any{public}, "object": map[string]any{"id": fmt.Sprintf("%s/n/%d", p.base, i), "type": "Note", "attributedTo": p.uri("anna"),
				"content": "<p>See you there</p>", "inReplyTo": n.site.Conference("go-meetup"), "to": []any{public}},
		})
		r, _ := http.NewRequest("POST", n.site.Base+"/inbox", bytes.NewReader(bodies[i]))
		r.Header.Set("Content-Type", activityJSON)
		p.sign(r, bodies[i], "anna", signature.Cavage, n.clock.now())
		headers[i] = r.Header
	}
	next := make(chan int, b.N)
	for i := range b.N {
		next <- i
	}
	b.SetParallelism(16)
	b.ReportAllocs()
	b.ResetTimer()
	begin := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := <-next
			r := httptest.NewRequest("POST", n.site.Base+"/inbox", bytes.NewReader(bodies[i]))
			r.Header = headers[i]
			w := httptest.NewRecorder()
			n.postInbox(nil)(w, r)
			if w.Code != 202 {
				b.Errorf("%d %s", w.Code, w.Body)
			}
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(begin).Seconds(), "accepted/s")
	b.StopTimer()
	begin = time.Now()
	n.run()
	for {
		if t, err := n.store.NextReceived(context.Background()); err == nil && t.IsZero() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/time.Since(begin).Seconds(), "done/s")
}

// BenchmarkDeliver is the way of one activity to many hosts, which answer at
// once.
func BenchmarkDeliver(b *testing.B) {
	n, _ := benchNode(b)
	inbox := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(202) }))
	defer inbox.Close()
	ctx := context.Background()
	c := n.conference("Rust meetup")
	list, err := n.store.Outbox(ctx, community.CityActor, 0, 1)
	if err != nil {
		b.Fatal(err)
	}
	_ = c
	err = n.store.Write(ctx, func(tx *storage.Tx) error {
		if err := tx.InsertFanout(ctx, list[0].ID, storage.Audience{}); err != nil {
			return err
		}
		fs, err := tx.Fanouts(ctx, 100)
		if err != nil {
			return err
		}
		var ds []storage.Delivery
		for i := range b.N {
			ds = append(ds, storage.Delivery{ActivityID: list[0].ID, Host: fmt.Sprintf("host%d.example", i%100), Inbox: fmt.Sprintf("%s/inbox/%d", inbox.URL, i)})
		}
		return tx.Expand(ctx, fs[len(fs)-1].ID, ds)
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	n.run()
	for {
		if t, err := n.store.NextDue(ctx); err == nil && t.IsZero() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "delivered/s")
}

func benchNode(b *testing.B) (*testNode, *fakePeer) {
	b.Helper()

	n := startNode(b, func(o *Options) { o.InboxRate, o.InboxBurst = 1_000_000, 1_000_000 })
	p := startPeer(b, "mastodon")
	n.conference("Go meetup")
	return n, p
}
