package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"konfa/federation/signature"
)

// signed makes requests ahead of time, so that the sender's signatures do not
// compete with what is measured.
func (p *peers) signed(c *city, host, inbox string, activity map[string]any) (*http.Request, error) {
	body, err := json.Marshal(activity)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, c.base+inbox, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/activity+json")
	return req, signature.Sign(req, body, signature.Signer{KeyID: p.actor(host) + "#main-key", Private: p.key}, signature.Cavage, time.Now())
}

// fire sends requests from several connections and counts those answered 202.
func (c *city) fire(reqs []*http.Request, workers int) (int, error) {
	var accepted, next atomic.Int64
	var wg sync.WaitGroup
	var failure atomic.Value
	for range workers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(reqs) {
					return
				}
				res, err := c.client.Do(reqs[i])
				if err != nil {
					failure.Store(err)
					continue
				}
				body, _ := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if res.StatusCode == http.StatusAccepted {
					accepted.Add(1)
				} else {
					failure.Store(fmt.Errorf("answered %s: %s", res.Status, body))
				}
			}
		})
	}
	wg.Wait()
	err, _ := failure.Load().(error)
	return int(accepted.Load()), err
}

func measureFollows(ctx context.Context, c *city, p *peers) error {
	var reqs []*http.Request
	for i, host := range p.hosts {
		req, err := p.signed(c, host, "/city/inbox", map[string]any{
			"@context": "https://www.w3.org/ns/activitystreams", "id": fmt.Sprintf("https://%s/follow/%d", host, i), "type": "Follow", "actor": p.actor(host), "object": c.base + "/city"})
		if err != nil {
			return err
		}
		reqs = append(reqs, req)
	}
	before := c.used()
	n, err := c.fire(reqs, 8)
	if n != len(reqs) {
		return fmt.Errorf("%d of %d follows were accepted: %w", n, len(reqs), err)
	}
	if err := waitFor(ctx, time.Minute, "every Accept", func() bool { return p.answered.Load() >= int64(n) }); err != nil {
		return err
	}
	taken := time.Since(before.at)
	c.report("follow from a new server", n, before, taken)
	time.Sleep(3 * time.Second) // NodeInfo is asked later
	fmt.Printf("%-34s %8.1f\n", "  documents fetched for each", float64(p.fetches.Load())/float64(n))
	return nil
}

func measureDeliveries(ctx context.Context, c *city, p *peers, posts int) error {
	dir := filepath.Dir(os.TempDir())
	p.delivered.Store(0)
	before := c.used()
	for i := range posts {
		if _, err := c.run(ctx, dir, "post", fmt.Sprintf("Bulletin number %d of the day.", i)); err != nil {
			return err
		}
	}
	want := int64(posts * len(p.hosts))
	if err := waitFor(ctx, 2*time.Minute, fmt.Sprintf("%d deliveries", want), func() bool { return p.delivered.Load() >= want }); err != nil {
		return fmt.Errorf("%w: %d arrived", err, p.delivered.Load())
	}
	c.report("delivery", int(want), before, time.Since(before.at))
	return nil
}

func measureInbound(ctx context.Context, c *city, p *peers, n int) error {
	start := time.Now().Add(48 * time.Hour)
	out, err := c.run(ctx, os.TempDir(), "conf", "add", "--title", "The one people answer", "--start", start.Format("2006-01-02T15:04"), "--json")
	if err != nil {
		return err
	}
	var conf struct{ Slug string }
	if err := json.Unmarshal([]byte(out), &conf); err != nil {
		return fmt.Errorf("conf add printed %q: %w", out, err)
	}
	time.Sleep(3 * time.Second) // its own deliveries
	now := time.Now().UTC().Format(time.RFC3339)
	var reqs []*http.Request
	for i := range n {
		host := p.hosts[i%len(p.hosts)]
		note := fmt.Sprintf("https://%s/notes/%d", host, i)
		req, err := p.signed(c, host, "/inbox", map[string]any{
			"@context": "https://www.w3.org/ns/activitystreams", "id": note + "/activity", "type": "Create", "actor": p.actor(host), "published": now,
			"to": []string{"https://www.w3.org/ns/activitystreams#Public"}, "cc": []string{c.base + "/city"},
			"object": map[string]any{"id": note, "type": "Note", "attributedTo": p.actor(host), "inReplyTo": c.base + "/conf/" + conf.Slug, "published": now,
				"to": []string{"https://www.w3.org/ns/activitystreams#Public"}, "cc": []string{c.base + "/city"},
				// No sign-up: that would be answered by a message.
				"content": "<p>It was lovely last time, see <a href=\"https://example.org\">the pictures</a>. What about the tea?</p>"}})
		if err != nil {
			return err
		}
		reqs = append(reqs, req)
	}
	before := c.used()
	accepted, err := c.fire(reqs, 16)
	if accepted != n {
		return fmt.Errorf("%d of %d were accepted: %w", accepted, n, err)
	}
	took := time.Since(before.at)
	total := func() int {
		res, err := c.client.Do(c.get("/conf/"+conf.Slug+"/replies", "application/activity+json"))
		if err != nil {
			return 0
		}
		defer res.Body.Close()
		var col struct{ TotalItems int }
		_ = json.NewDecoder(res.Body).Decode(&col)
		return col.TotalItems
	}
	err = waitFor(ctx, 2*time.Minute, "every reply to be there", func() bool {
		time.Sleep(100 * time.Millisecond)
		return total() >= n
	})
	if err != nil {
		return fmt.Errorf("%w: there are %d of %d", err, total(), n)
	}
	c.report("inbound reply, until done", n, before, took)
	return nil
}

func (c *city) get(path, accept string) *http.Request {
	req, err := http.NewRequest(http.MethodGet, c.base+path, nil)
	if err != nil {
		panic(err) // paths are ours
	}
	req.Header.Set("Accept", accept)
	return req
}

func measurePages(ctx context.Context, c *city, confs int, d time.Duration) error {
	type row struct {
		Name      string   `json:"name"`
		URL       string   `json:"url"`
		StartDate string   `json:"startDate"`
		EndDate   string   `json:"endDate"`
		City      string   `json:"city"`
		Country   string   `json:"country"`
		Online    bool     `json:"online"`
		Topics    []string `json:"topics"`
	}
	var rows []row
	for i := range confs {
		day := time.Now().AddDate(0, 0, i%700+1).Format(time.DateOnly)
		rows = append(rows, row{Name: fmt.Sprintf("Conference number %d", i), URL: fmt.Sprintf("https://c%d.example", i), StartDate: day, EndDate: day, City: "Belgrade", Country: "Serbia", Topics: []string{"general"}})
	}
	dir, err := os.MkdirTemp("", "konfa-bench-import-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "conferences.json")
	doc, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, doc, 0o600); err != nil {
		return err
	}
	if _, err := c.run(ctx, dir, "conf", "import", file); err != nil {
		return err
	}
	time.Sleep(time.Second)
	for _, page := range []struct{ what, path, accept string }{
		{"front page", "/", "text/html"},
		{"conference page", "/conf/conference-number-7", "text/html"},
		{"conference as ActivityPub", "/conf/conference-number-7", "application/activity+json"},
		{"city as ActivityPub", "/city", "application/activity+json"},
		{"calendar", "/conf.ics", "text/calendar"},
		{"feed", "/feed.json", "application/feed+json"},
	} {
		if err := c.measurePage(ctx, page.what, page.path, page.accept, "", d); err != nil {
			return err
		}
	}
	res, err := c.client.Do(c.get("/conf.ics", "text/calendar"))
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	return c.measurePage(ctx, "calendar, unchanged (304)", "/conf.ics", "text/calendar", res.Header.Get("ETag"), d)
}

func (c *city) measurePage(ctx context.Context, what, path, accept, etag string, d time.Duration) error {
	var n atomic.Int64
	var bad atomic.Value
	want := http.StatusOK
	if etag != "" {
		want = http.StatusNotModified
	}
	before := c.used()
	deadline := before.at.Add(d)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for time.Now().Before(deadline) && ctx.Err() == nil {
				req := c.get(path, accept)
				if etag != "" {
					req.Header.Set("If-None-Match", etag)
				}
				res, err := c.client.Do(req)
				if err != nil {
					bad.Store(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if res.StatusCode != want {
					bad.Store(fmt.Errorf("%s answered %s", path, res.Status))
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	if err, ok := bad.Load().(error); ok {
		return err
	}
	c.report(what, int(n.Load()), before, time.Since(before.at))
	return nil
}
