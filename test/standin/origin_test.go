package standin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// origin is a server by hand that says what a test wants it to say. What it says
// by itself every stand-in must take.
type origin struct {
	*Server
	t                *testing.T
	city, node, desk *Actor
	number           int
}

func newOrigin(t *testing.T) (*origin, *Network) {
	t.Helper()
	network, err := NewNetwork()
	if err != nil {
		t.Fatal(err)
	}
	s, err := start(network, "origin.localhost", "konfa", "1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.signs = honest
	s.inbox = func(*Incoming) Answer { return taken(http.StatusAccepted) }
	actor := func(name, typ string) *Actor {
		id := s.URL + "/" + name
		return s.add(&Actor{Name: name, ID: id, Type: typ, Inbox: id + "/inbox", Shared: s.URL + "/inbox", Outbox: id + "/outbox", Followers: id + "/followers"})
	}
	o := &origin{Server: s, t: t, city: actor("city", "Group"), node: actor("node", "Application"), desk: actor("desk", "Service")}
	picture := []byte("\xff\xd8\xff\xe0 a picture")
	s.get = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/poster.jpg" {
			_, _ = w.Write(picture)
		}
		return r.URL.Path == "/poster.jpg"
	}
	return o, network
}

// honest is how a decent server signs.
var honest = signs{post: []string{"(request-target)", "host", "date", "digest"}, get: []string{"(request-target)", "host", "date"}, algorithm: "rsa-sha256", query: true}

// event is a conference as everyone takes it, and its Create.
func (o *origin) event(by *Actor) document {
	o.number++
	id := fmt.Sprintf("%s/conf/%d", o.URL, o.number)
	start := time.Now().AddDate(0, 0, 7).Truncate(time.Second).UTC()
	e := document{
		"id": id, "type": "Event", "actor": by.ID, "attributedTo": by.ID, "audience": o.city.ID, "to": []any{o.city.ID, Public}, "cc": []any{o.city.ID},
		"published": time.Now().Add(-time.Minute).UTC().Format(time.RFC3339), "name": "Maps and tea", "summary": "Fri 19:00 · Library", "content": "<p>Bring a map</p>", "mediaType": "text/html", "url": id,
		"startTime": start.Format(time.RFC3339), "endTime": start.Add(2 * time.Hour).Format(time.RFC3339), "timezone": "Europe/Belgrade", "status": "CONFIRMED", "joinMode": "free", "category": "MEETING", "repliesModerationOption": "allow_all", "commentsEnabled": true,
		"location": document{"id": id + "/venue/1", "type": "Place", "name": "Library, Belgrade", "latitude": 44.8125, "longitude": 20.5, "address": document{"type": "PostalAddress", "streetAddress": "Makedonska 22", "addressLocality": "Belgrade"}},
		"image":    document{"type": "Image", "mediaType": "image/jpeg", "url": o.URL + "/poster.jpg", "name": "A poster"},
		"attachment": []any{
			document{"type": "Image", "mediaType": "image/jpeg", "url": o.URL + "/poster.jpg", "name": "A poster"},
			document{"type": "Link", "mediaType": "text/html", "href": "https://meet.example/1", "name": "Website"},
		},
		"tag": []any{document{"type": "Hashtag", "name": "#maps", "href": o.URL + "/tags/maps"}}, "maximumAttendeeCapacity": 20, "participantCount": 0, "onlineLink": "", "externalParticipationUrl": "", "anonymousParticipation": false, "isOnline": false, "buyTicketsLink": "", "feeCurrency": "", "feeAmount": 0,
	}
	return e
}

// activity says something of an object.
func (o *origin) activity(kind string, by *Actor, object any) document {
	o.number++
	return document{"@context": []any{asContext, securityContext}, "id": fmt.Sprintf("%s/activities/%d", o.URL, o.number), "type": kind, "actor": by.ID, "to": []any{o.city.ID, Public}, "cc": []any{o.city.ID, by.Followers}, "object": object}
}

// tampering is what is done to a request.
type tampering struct {
	signs *signs
	skew  time.Duration
	after func(r *http.Request)
	body  func([]byte) []byte
	media string
}

// posted sends an activity and returns what became of it.
func (o *origin) posted(to *Server, as *Actor, inbox string, activity any, how tampering) *Receipt {
	o.t.Helper()
	body, ok := activity.([]byte)
	if !ok {
		var err error
		if body, err = json.Marshal(activity); err != nil {
			o.t.Fatal(err)
		}
	}
	r, err := http.NewRequest(http.MethodPost, inbox, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Content-Type", activityJSON)
	if how.media != "" {
		r.Header.Set("Content-Type", how.media)
	}
	o.signs = honest
	if how.signs != nil {
		o.signs = *how.signs
	}
	o.Advance(how.skew)
	err = o.sign(r, body, as)
	o.Advance(-how.skew)
	if err != nil {
		o.t.Fatal(err)
	}
	o.signs = honest
	sent := body
	if how.body != nil {
		sent = how.body(bytes.Clone(body))
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(sent)), int64(len(sent))
	if how.after != nil {
		how.after(r)
	}
	before := len(to.Receipts())
	client := *to.network.Client
	client.Timeout = 300 * time.Millisecond
	if resp, err := client.Do(r); err == nil {
		resp.Body.Close()
	}
	if err := to.Await(5*time.Second, func() error {
		if len(to.Receipts()) == before {
			return errUnreachable
		}
		return nil
	}); err != nil {
		o.t.Fatal(err)
	}
	return to.Receipts()[before]
}

// mistake is something that a software does not forgive.
type mistake struct {
	name string
	// change spoils the object, and whole the activity around it.
	change func(e document)
	whole  func(a document)
	how    tampering
	status int    // of the answer; 0: never answered
	why    string // part of the reason; "" = it is taken
	check  func(*Thing) error
}

func set(key string, value any) func(document) {
	return func(d document) { d[key] = value }
}

func drop(key string) func(document) { return func(d document) { delete(d, key) } }

// inside changes a part of a document.
func inside(key string, change func(document)) func(document) {
	return func(d document) {
		switch part := d[key].(type) {
		case document:
			change(part)
		case []any:
			change(part[0].(document))
		}
	}
}

// without signs with less covered than is decent.
func without(covered ...string) *signs {
	s := honest
	s.post = covered
	return &s
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// spaced puts a blank after every comma of the Signature header.
func spaced(r *http.Request) {
	r.Header.Set("Signature", strings.ReplaceAll(r.Header.Get("Signature"), `",`, `", `))
}

func noAlgorithm(r *http.Request) {
	r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), `algorithm="rsa-sha256",`, "", 1))
}

func unsigned(r *http.Request) { r.Header.Del("Signature") }

func tampered(b []byte) []byte { return bytes.Replace(b, []byte("Maps"), []byte("Caps"), 1) }

// subject is a stand-in that is told of events.
type subject struct {
	server  *Server
	inbox   string
	signer  *Actor                                 // who sends
	wrap    func(kind string, e document) document // the activity around the object
	object  func() document                        // a good one
	existed bool                                   // the object is created before it is sent once more
	kind    string                                 // of the activity: Create
}

// refuses runs a table of mistakes, after the good one is taken.
func refuses(t *testing.T, s subject, mistakes []mistake) {
	t.Helper()
	o := s.server
	send := func(m mistake) (*Receipt, string) {
		e := s.object()
		kind := s.kind
		if kind == "" {
			kind = "Create"
		}
		if s.existed {
			if r := originOf(t).posted(o, s.signer, s.inbox, s.wrap("Create", clone(e).(document)), tampering{}); r.Why != "" {
				t.Fatalf("%s: the first: %d %s", m.name, r.Status, r.Why)
			}
			if e["updated"] == nil {
				e["updated"] = time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
			}
		}
		if m.change != nil {
			m.change(e)
		}
		a := s.wrap(kind, e)
		if m.whole != nil {
			m.whole(a)
		}
		return originOf(t).posted(o, s.signer, s.inbox, a, m.how), idOf(e)
	}
	for _, m := range append([]mistake{{name: "as it should be", status: -1}}, mistakes...) {
		t.Run(m.name, func(t *testing.T) {
			r, id := send(m)
			switch {
			case m.why == "" && r.Why != "":
				t.Fatalf("it is refused: %d %s", r.Status, r.Why)
			case m.why != "" && !strings.Contains(r.Why, m.why):
				t.Fatalf("%d %q, want %q", r.Status, r.Why, m.why)
			case m.status >= 0 && r.Status != m.status:
				t.Errorf("answered %d, want %d (%s)", r.Status, m.status, r.Why)
			}
			seen := o.Thing(id)
			if m.why == "" && seen == nil && kindOf(s) != "Delete" {
				t.Error("it is taken, and nobody sees it")
			}
			if m.why != "" && !s.existed && seen != nil {
				t.Errorf("it is refused, and seen: %v", seen)
			}
			if m.check != nil && seen != nil {
				if err := m.check(seen); err != nil {
					t.Errorf("%v in %v", err, seen)
				}
			}
		})
	}
}

func kindOf(s subject) string {
	if s.kind == "" {
		return "Create"
	}
	return s.kind
}

// origins is the origin of each test.
var origins = map[string]*origin{}

func originOf(t *testing.T) *origin {
	name, _, _ := strings.Cut(t.Name(), "/")
	o := origins[name]
	o.t = t
	return o
}

// told starts an origin for a test.
func told(t *testing.T) (*origin, *Network) {
	o, network := newOrigin(t)
	origins[t.Name()] = o
	return o, network
}

// followed makes an actor of a stand-in follow one of the origin.
func followed(s *Server, me, whom *Actor) {
	s.update(func() { s.following[me.ID][whom.ID] = "accepted" })
}

func want(what string, got, wanted any) error {
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		return fmt.Errorf("%s is %v, not %v", what, got, wanted)
	}
	return nil
}
