package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"
)

// document is an answer ready to be sent, any number of times.
type document struct {
	kind     string // Content-Type
	body     []byte
	packed   []byte // gzip, or nil where that is not smaller
	etag     string
	modified time.Time // zero where unknown
	policy   string    // Content-Security-Policy, or empty
	langs    bool      // it is in the language of the reader
	keep     string    // Cache-Control
	name     string    // file name for those who save it, or empty
}

// newDocument packs an answer that is kept. Its validator is a hash of what is
// in it, so that several processes on the same data agree.
func newDocument(body []byte, kind string) (document, error) {
	d := plainDocument(body, kind)
	var err error
	d.packed, err = pack(body)
	return d, err
}

// plainDocument is a document for those who take no gzip, or for one use.
func plainDocument(body []byte, kind string) document {
	sum := sha256.Sum256(body)
	return document{kind: kind, body: body, etag: `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, keep: "no-cache"}
}

// packers are kept, as each has most of a megabyte of its own.
var packers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// pack compresses what is worth it; nil means that it is not.
func pack(body []byte) ([]byte, error) {
	if len(body) < 600 {
		return nil, nil
	}
	var b bytes.Buffer
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(&b)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if b.Len() >= len(body) {
		return nil, nil
	}
	return b.Bytes(), nil
}

// serve sends the document, or 304 to those who have it.
func (d *document) serve(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", d.kind)
	h.Set("ETag", d.etag)
	h.Set("Cache-Control", d.keep)
	if d.policy != "" {
		h.Set("Content-Security-Policy", d.policy)
	}
	if d.name != "" {
		h.Set("Content-Disposition", `inline; filename="`+d.name+`"`)
	}
	vary(h, "Accept-Encoding")
	if d.langs {
		vary(h, "Accept-Language", "Cookie")
	}
	if !d.modified.IsZero() {
		h.Set("Last-Modified", d.modified.UTC().Format(http.TimeFormat))
	}
	if d.unchanged(r) {
		h.Del("Content-Type")
		h.Del("Content-Disposition")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body := d.body
	if d.packed != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = d.packed
	}
	h.Set("Content-Length", itoa(len(body)))
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(body)
	if err != nil {
		return errGone // the reader left; there is nobody to tell
	}
	return nil
}

// unchanged evaluates If-None-Match, and If-Modified-Since where it is alone
// (RFC 9110 §13.2.2). The date must be the one that we gave: it goes back when
// the newest is deleted, and whoever has what was deleted must hear of it.
func (d *document) unchanged(r *http.Request) bool {
	if match := r.Header.Get("If-None-Match"); match != "" {
		if match == "*" {
			return true
		}
		want := strings.TrimPrefix(d.etag, "W/")
		for tag := range strings.SplitSeq(match, ",") {
			if strings.TrimPrefix(strings.TrimSpace(tag), "W/") == want {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !d.modified.IsZero() && d.modified.Truncate(time.Second).Equal(since)
}

// acceptsGzip reads Accept-Encoding as far as it concerns gzip.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q := strings.ReplaceAll(params, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

// cacheBytes bounds what is kept rendered.
const cacheBytes = 24 << 20

// recheck is how long something rendered is shown without asking whether it
// still holds. Another process, or another server, may have changed the data:
// that shows as soon as someone can look. A change made through this server shows
// at once. Making a page takes a few milliseconds, so that even a page that
// everyone reads at once costs less than a tenth of a core.
const recheck = 50 * time.Millisecond

// cache keeps rendered answers.
type cache struct {
	entries *otter.Cache[string, *cached]
	flight  singleflight.Group
	changed *atomic.Uint64
	clock   func() time.Time
}

type cached struct {
	document
	stamp   string       // of the data it was made from, or empty
	gen     uint64       // of cache.changed when it was made
	checked atomic.Int64 // when it was last known to hold, Unix nanoseconds
}

func newCache(changed *atomic.Uint64) (*cache, error) {
	entries, err := otter.New(&otter.Options[string, *cached]{
		MaximumWeight: cacheBytes,
		Weigher: func(key string, c *cached) uint32 {
			return uint32(len(key) + len(c.body) + len(c.packed) + 512)
		},
	})
	if err != nil {
		return nil, err
	}
	return &cache{entries: entries, changed: changed, clock: time.Now}, nil
}

// get returns the answer of a key, made anew when the data changed. Stamp tells
// cheaply which state the data is in; nil means that making is the only way to
// find out. Those who come while an answer is being made wait for it.
func (c *cache) get(key string, stamp func() (string, error), build func() (document, error)) (*document, error) {
	gen := c.changed.Load()
	now := c.clock().UnixNano()
	entry, ok := c.entries.GetIfPresent(key)
	if ok && entry.gen == gen && now-entry.checked.Load() < int64(recheck) {
		return &entry.document, nil
	}
	// The generation is part of the flight: whoever comes after a change must
	// not be given what was made before it.
	v, err, _ := c.flight.Do(key+"\x00"+itoa(int(gen)), func() (any, error) {
		var is string
		if stamp != nil {
			var err error
			if is, err = stamp(); err != nil {
				return nil, err
			}
			if ok && entry.stamp == is && entry.gen == gen {
				entry.checked.Store(now)
				return entry, nil
			}
		}
		d, err := build()
		if err != nil {
			return nil, err
		}
		fresh := &cached{document: d, stamp: is, gen: gen}
		fresh.checked.Store(now)
		c.entries.Set(key, fresh)
		return fresh, nil
	})
	if err != nil {
		return nil, err
	}
	return &v.(*cached).document, nil
}
