package activitystreams

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"konfa/community"
	"konfa/prose"
)

// seed adds documents of every shape: our golden files, and those of other
// servers where they are here.
func seed(f *testing.F) {
	for _, pattern := range []string{"testdata/*.golden.json", payloads + "/*/*.json", payloads + "/*/*/*.json", payloads + "/*/*/*/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			if b, err := os.ReadFile(name); err == nil && len(b) < 20_000 {
				f.Add(b)
			}
		}
	}
	f.Add([]byte(`{"type":["Event",{}],"id":{"id":"x"},"name":["a"],"nameMap":{"en":1,"ru":"x"},"startTime":"2026-01-01","location":[[],{"address":[{}]}],"tag":{"name":"#x"}}`))
	f.Add([]byte(`{"type":"Note","id":"https://a.example/1","attributedTo":"https://a.example/u","content":"<scr<script>ipt>alert(1)</script><a href=javascript:x>y</a>"}`))
}

// evil is what no safe HTML holds.
var evil = regexp.MustCompile(`(?i)<(script|style|iframe|object|embed|form|svg|math|img|link|meta|base)[\s/>]|<[^>]*\son[a-z]+\s*=|<[^>]*(href|src)\s*=\s*["']?\s*(javascript|data|vbscript):`)

func safeHTML(t *testing.T, s string) {
	t.Helper()
	if evil.MatchString(s) {
		t.Errorf("this is shown to people: %.300q", s)
	}
	if len(s) > 4*maxContent {
		t.Errorf("%d bytes of HTML", len(s))
	}
}

// refused asserts that an error is one for people.
func refused(t *testing.T, err error) {
	t.Helper()
	var e *community.Error
	if !errors.As(err, &e) || e.Msg == "" || e.Code != community.Invalid && e.Code != community.Refused && e.Code != community.Gone {
		t.Errorf("the refusal has no reason for people: %v", err)
	}
	if err != nil && !utf8.ValidString(err.Error()) {
		t.Errorf("the reason is not UTF-8: %q", err)
	}
}

// taken asserts of an address that was taken over that it is one.
func taken(t *testing.T, addresses ...string) {
	t.Helper()
	for _, s := range addresses {
		if len(s) > maxID || strings.ContainsAny(s, " \t\r\n\x00") || !utf8.ValidString(s) {
			t.Errorf("an address that is none: %.200q", s)
		}
	}
}

func fetched(t *testing.T, addresses ...string) {
	t.Helper()
	taken(t, addresses...)
	for _, s := range addresses {
		if s != "" && !webID(s) {
			t.Errorf("an address that cannot be fetched: %.200q", s)
		}
	}
}

func clear(t *testing.T, limit int, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\x07\x1b") || utf8.RuneCountInString(s) > limit {
			t.Errorf("a text that no one wants: %.200q", s)
		}
	}
}

func FuzzReadEnvelope(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ReadEnvelope(b)
		if err != nil {
			refused(t, err)
			return
		}
		if e.Type == "" || e.Actor == "" || e.Object.ID == "" && e.Object.Raw == nil {
			t.Errorf("half read: %+v", e)
		}
		fetched(t, e.ID, e.Actor)
		taken(t, e.Object.ID, e.Target.ID)
		taken(t, e.To...)
		if len(e.To) > maxAddresses || len(e.Cc) > maxAddresses || len(e.Objects) > 1024 {
			t.Errorf("too many addresses")
		}
		if e.Object.Raw != nil && !json.Valid(e.Object.Raw) {
			t.Errorf("the object is not JSON: %.200q", e.Object.Raw)
		}
		// What encoding/json takes for the actor of a plain activity, we do.
		var std struct {
			Actor any `json:"actor"`
		}
		if json.Unmarshal(b, &std) == nil {
			if s, ok := std.Actor.(string); ok && s != e.Actor && utf8.Valid(b) && strings.TrimSpace(s) != e.Actor && !caseTwin(b) {
				t.Errorf("actor is %q to us and %q to encoding/json", e.Actor, s)
			}
		}
	})
}

// caseTwin tells that encoding/json may have matched a key of another case.
func caseTwin(b []byte) bool {
	var m map[string]json.RawMessage
	if json.Unmarshal(b, &m) != nil {
		return true
	}
	n := 0
	for k := range m {
		if strings.EqualFold(k, "actor") {
			n++
		}
	}
	return n != 1
}

func FuzzReadActor(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		owner, k, err := ReadKey(b)
		if err != nil {
			refused(t, err)
		} else if fetched(t, owner, k.ID); !strings.HasPrefix(k.PEM, "-----BEGIN ") || len(k.PEM) > 10_000 {
			t.Errorf("no key: %q", k.PEM)
		}
		a, err := ReadActor(b)
		if err != nil {
			refused(t, err)
			return
		}
		fetched(t, a.URI, a.Inbox, a.SharedInbox, a.Outbox, a.Followers, a.Featured, a.Upcoming, a.MovedTo, a.URL)
		clear(t, 128, a.Handle)
		clear(t, community.MaxName, a.Name)
		safeHTML(t, a.About)
		if a.Inbox == "" && len(a.Keys) == 0 || a.Host == "" && !strings.Contains(a.URI, "://:") {
			t.Errorf("half read: %+v", a)
		}
		for _, k := range a.Keys {
			if !strings.HasPrefix(k.PEM, "-----BEGIN ") {
				t.Errorf("no key: %q", k.PEM)
			}
		}
	})
}

func FuzzReadEvent(f *testing.F) {
	seed(f)
	e := NewEncoder(site)
	for _, c := range []*community.Conference{oneLanguage(), twoLanguages()} {
		b, err := e.Event(c, EventExtra{})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ReadEvent(b)
		if err != nil {
			refused(t, err)
			return
		}
		c := &e.Conference
		fetched(t, c.URI, c.URL, c.OnlineURL, c.Link)
		taken(t, e.AttributedTo...)
		if len(c.Title) == 0 || c.Start.IsZero() || !c.End.After(c.Start) || !community.ValidZone(c.Zone) {
			t.Errorf("half read: %+v", c)
		}
		for _, p := range c.Title {
			clear(t, community.MaxTitle, p.Text)
		}
		for _, p := range c.HTML {
			safeHTML(t, p.Text)
		}
		if len(c.Tags) > community.MaxTags || len(c.Organisers) > 20 || c.Capacity < 0 || c.Capacity > 1_000_000 {
			t.Errorf("out of bounds: %+v", c)
		}
		if c.JoinMode == community.External && !strings.HasPrefix(c.ExternalURL, "http") && !strings.HasPrefix(c.ExternalURL, "mailto:") {
			t.Errorf("sign up at %q", c.ExternalURL)
		}
		// Only the title may break a rule of ours: that it is long enough.
		if err := c.Check(); err != nil {
			var ce *community.Error
			if errors.As(err, &ce) {
				for _, p := range ce.Fields {
					if p.Field != "title" && p.Key != "length" {
						t.Errorf("a stored conference would be invalid: %v", err)
					}
				}
			}
		}
	})
}

// FuzzReadPlace: whatever an actor says of where it is, the place is on earth.
func FuzzReadPlace(f *testing.F) {
	seed(f)
	f.Add([]byte(`{"type":"Group","location":{"type":"Place","latitude":91,"longitude":"x"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p := ReadPlace(b); p != nil && !p.Valid() {
			t.Errorf("%+v is not on earth", *p)
		}
	})
}

func FuzzReadPost(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ReadPost(b)
		if err != nil {
			refused(t, err)
			return
		}
		fetched(t, p.URI, p.URL, p.AttributedTo, p.ReplyTo)
		for _, h := range p.HTML {
			safeHTML(t, h.Text)
			if h.Text != prose.Sanitise(h.Text) && len(h.Text) < 10_000 {
				safeHTML(t, prose.Sanitise(h.Text))
			}
		}
		clear(t, 500, p.Warning)
		if len(p.Mentions) > maxMentions || len(p.Pictures) > maxPictures || len(p.Tags) > community.MaxTags {
			t.Errorf("out of bounds")
		}
		for _, pic := range p.Pictures {
			fetched(t, pic.URL)
		}
	})
}

func FuzzReadCollection(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ReadCollection(b)
		if err != nil {
			refused(t, err)
			return
		}
		fetched(t, p.ID)
		taken(t, p.First.ID, p.Next.ID, p.Last.ID)
		if len(p.Items) > maxItems || p.TotalItems < -1 {
			t.Errorf("out of bounds: %d items of %d", len(p.Items), p.TotalItems)
		}
		for _, r := range p.Items {
			if r.ID == "" && r.Raw == nil {
				t.Errorf("an empty item")
			}
		}
	})
}

func FuzzInspect(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := Inspect(b)
		if err != nil {
			refused(t, err)
			return
		}
		out, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if len(out) > 20*len(b)+100_000 {
			t.Errorf("%d bytes are described in %d", len(b), len(out))
		}
		for n := in; n != nil; n = n.Nested {
			if n.Kind == "" {
				t.Errorf("of no kind: %+v", n)
			}
			for _, l := range n.Lines {
				clear(t, 3000, l.Value)
			}
		}
	})
}

// FuzzParse: our parser takes and refuses the same texts as encoding/json does,
// but for what is bounded here.
func FuzzParse(f *testing.F) {
	seed(f)
	for _, s := range []string{`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `-0.0e-1`, `{"a":1,"a":2}`, "\"\xff\"", `[1,]`, "\xef\xbb\xbf{}", `"\u00"`, "\"\u2028\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parse(b)
		valid := json.Valid(b)
		if err == nil && !valid && !strings.HasPrefix(string(b), "\xef\xbb\xbf") {
			t.Fatalf("taken, though it is not JSON: %q", b)
		}
		if err != nil {
			refused(t, err)
			if valid && !strings.Contains(err.Error(), "longer") && !strings.Contains(err.Error(), "deeper") && !strings.Contains(err.Error(), "more than") {
				t.Fatalf("refused, though it is JSON: %q: %v", b, err)
			}
			return
		}
		if v.kind == kindString && valid {
			var want string
			if err := json.Unmarshal(b, &want); err != nil || want != v.text() && utf8.Valid(b) {
				t.Fatalf("%q is %q to us and %q to encoding/json", b, v.text(), want)
			}
		}
	})
}

// A vote is a name and three addresses, all bounded; everything else is told
// apart from one.
func FuzzReadVote(f *testing.F) {
	seed(f)
	f.Add([]byte(`{"type":"Note","id":"https://m.example/u/b#votes/1","name":"I'm coming","attributedTo":"https://m.example/u/b","to":"https://k.example/city","inReplyTo":"https://k.example/posts/p"}`))
	f.Add([]byte(`{"type":"Note","id":"https://m.example/1","name":"x","content":" ","actor":{"id":"https://m.example/u"},"inReplyTo":{"id":"https://k.example/posts/p"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ReadVote(b)
		if community.CodeOf(err) == community.NotFound {
			return
		}
		if err != nil {
			refused(t, err)
			return
		}
		fetched(t, v.ID, v.AttributedTo, v.Poll)
		if n := utf8.RuneCountInString(v.Name); n == 0 || n > 500 || strings.ContainsAny(v.Name, "\n\x00") {
			t.Errorf("an option named %q", v.Name)
		}
		if _, err := ReadPost(b); err == nil {
			t.Error("a vote is read as a post too")
		}
	})
}
