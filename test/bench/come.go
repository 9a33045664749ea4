package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// measureForms has many people fill in the form of a conference, each from an
// address of their own; there are seats for half of them, the others wait.
func measureForms(ctx context.Context, c *city, n int) error {
	start := time.Now().Add(72 * time.Hour)
	out, err := c.run(ctx, os.TempDir(), "conf", "add", "--title", "The one people come to", "--start", start.Format("2006-01-02T15:04"), "--capacity", fmt.Sprint(n/2), "--json")
	if err != nil {
		return err
	}
	var conf struct{ Slug string }
	if err := json.Unmarshal([]byte(out), &conf); err != nil {
		return fmt.Errorf("conf add printed %q: %w", out, err)
	}
	time.Sleep(3 * time.Second) // its own deliveries
	client := &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: c.pool}, MaxIdleConnsPerHost: 64}}
	took := make([]time.Duration, n)
	var next, failed atomic.Int64
	var failure atomic.Value
	var wg sync.WaitGroup
	before := c.used()
	for range 4 {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f := url.Values{"name": {fmt.Sprintf("Guest %d", i)}, "contact": {fmt.Sprintf("guest%d@example.org", i)}, "plus": {"0"}, "shown": {"guests"}, "answer": {"going"}}
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/conf/"+conf.Slug+"/come", strings.NewReader(f.Encode()))
				if err != nil {
					failure.Store(err)
					return
				}
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.Header.Set("X-Forwarded-For", fmt.Sprintf("198.%d.%d.%d", 18+i>>16, i>>8&255, i&255))
				at := time.Now()
				res, err := client.Do(req)
				if err != nil {
					failed.Add(1)
					failure.Store(err)
					continue
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				took[i] = time.Since(at)
				if res.StatusCode != http.StatusSeeOther {
					failed.Add(1)
					failure.Store(fmt.Errorf("answered %s", res.Status))
				}
			}
		})
	}
	wg.Wait()
	if failed.Load() > 0 {
		err, _ := failure.Load().(error)
		return fmt.Errorf("%d of %d forms were not taken: %w", failed.Load(), n, err)
	}
	c.report("guest form, with a waiting list", n, before, time.Since(before.at))
	slices.Sort(took)
	fmt.Printf("%-34s %8.1f %10.1f %12.1f\n", "  ms: median, p99, longest", ms(took[n/2]), ms(took[n*99/100]), ms(took[n-1]))
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
