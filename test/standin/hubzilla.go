package standin

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Hubzilla is a hub of 8.8 with PubCrawl, as it was seen running. It keeps an event
// under the id of the activity that created it, and so answers that activity.
type Hubzilla struct {
	social
	Me *Actor
	// mids are the items, by the id of the object they show (used under work alone).
	mids   map[string]string
	drafts map[string]Draft
}

// hubzillaSigned is HTTPSig::verify: a day to either side, rsa-sha256 as named or
// taken from the key, the target with its query; the digest must be signed and
// right.
var hubzillaSigned = verifies{trims: true, algorithms: []string{"rsa-sha256", "hs2019"}, need: []string{"digest"}, past: 24 * time.Hour, future: 24 * time.Hour, digest: digestListed, query: queryOnly}

// NewHubzilla starts a hub with one channel, mario.
func NewHubzilla(network *Network, host string) (*Hubzilla, error) {
	s, err := start(network, host, "hubzilla", "8.8.7")
	if err != nil {
		return nil, err
	}
	h := &Hubzilla{mids: map[string]string{}, drafts: map[string]Draft{}}
	h.social = social{Server: s, path: "item", look: h.lookup, retries: true, context: []any{asContext, securityContext, document{"zot": s.URL + "/apschema#", "commentPolicy": "zot:commentPolicy", "directMessage": "litepub:directMessage", "diaspora": "https://diasporafoundation.org/ns/", "Hashtag": "as:Hashtag"}},
		// Observed: what is liked is there whole, under the id of its item.
		like: func(d document) {
			d["inReplyTo"] = d["object"]
			d["object"] = document{"id": d["object"], "type": "Event", "name": "…"}
		},
		note: func(n document) {
			n["commentPolicy"], n["source"] = "contacts", document{"content": Plain(text(n["content"])), "mediaType": "text/bbcode"}
			delete(n, "contentMap")
		}}
	s.signs = signs{post: []string{"(request-target)", "date", "digest", "host", "content-type"}, get: []string{"(request-target)", "date", "host", "accept"}, algorithm: "rsa-sha256", query: true}
	s.userAgent = "Mozilla/5.0 (compatible; zot)"
	// Observed: NodeInfo is an addon that is rarely there.
	s.get = h.siteInfo
	id := s.URL + "/channel/mario"
	// The key is called as its owner, without a fragment (asencode_person).
	h.Me = s.add(&Actor{Name: "mario", ID: id, Type: "Person", KeyID: id, Inbox: s.URL + "/inbox/mario", Shared: s.URL + "/inbox", Outbox: s.URL + "/outbox/mario", Followers: s.URL + "/followers/mario",
		describe: func(a *Actor) document {
			return document{"@context": h.context, "manuallyApprovesFollowers": true, "following": s.URL + "/following/mario", "icon": document{"type": "Image", "mediaType": "image/png", "url": s.URL + "/photo/1", "height": 300, "width": 300}, "tag": []any{document{"type": "PropertyValue", "name": "Protocol", "value": "activitypub"}}}
		}})
	h.me = h.Me
	s.fetcher = s.add(&Actor{Name: "sys", ID: s.URL + "/channel/sys", Type: "Application", KeyID: s.URL + "/channel/sys", Inbox: s.URL + "/inbox/sys", Shared: s.URL + "/inbox", Outbox: s.URL + "/outbox/sys"})
	s.inbox = h.receive
	s.Acts = h.acts()
	s.Acts.Join, s.Acts.Leave = h.attend, h.stay
	s.Acts.Publish, s.Acts.Change, s.Acts.Delete = h.publishEvent, h.changeEvent, h.deleteEvent
	return h, nil
}

func (h *Hubzilla) siteInfo(w http.ResponseWriter, r *http.Request) bool {
	switch r.URL.Path {
	case "/.well-known/nodeinfo":
		http.NotFound(w, r)
	case "/siteinfo.json":
		writeJSON(w, "application/json", document{"platform": "hubzilla", "version": h.Version, "url": h.URL})
	default:
		return false
	}
	return true
}

func (h *Hubzilla) lookup(who string) (*remote, error) {
	user, server, ok := splitAddress(who)
	if !ok || strings.Contains(who, "://") {
		return h.channel(who)
	}
	j, err := h.finger(server, "acct:"+user+"@"+server)
	if err != nil {
		return nil, err
	}
	self := j.self(activityJSON, ldJSON)
	if self == "" {
		return nil, refuse("WebFinger names no self")
	}
	return h.channel(self)
}

// channel is actor_store.
func (h *Hubzilla) channel(uri string) (*remote, error) {
	uri, _, _ = strings.Cut(uri, "#")
	if r := h.acquainted(uri); r != nil {
		return r, nil
	}
	d, _, err := h.fetch(uri)
	if err != nil {
		return nil, err
	}
	if !ofTypes(d, []string{"Application", "Group", "Organization", "Person", "Service"}) {
		return nil, refuse("no actor but %v", d["type"])
	}
	r := asRemote(d)
	k := object(d["publicKey"])
	if r.key == nil || r.inbox == "" || text(k["owner"]) != r.id {
		return nil, refuse("no key of %s, or no inbox", r.id)
	}
	return h.remember(r), nil
}

// receive is Module/Inbox. Observed: whatever comes is answered 200.
func (h *Hubzilla) receive(in *Incoming) Answer {
	from, err := h.signer(in)
	if err != nil {
		return Answer{Status: http.StatusOK, Why: err.Error()}
	}
	if in.Activity == nil {
		return Answer{Status: http.StatusOK, Why: "not valid"}
	}
	return answer(http.StatusOK, http.StatusOK, h.process(from, in.Activity))
}

func (h *Hubzilla) signer(in *Incoming) (*remote, error) {
	p, err := parseSignature(in.Header, true)
	if err != nil {
		return nil, err
	}
	if err := hubzillaSigned.check(h.Server, in.Request, in.Body, p); err != nil {
		return nil, err
	}
	from, err := h.channel(p.keyID)
	if err != nil {
		return nil, err
	}
	// get_activitystreams_key: the id of the key as it was named, or the actor's.
	if p.keyID != from.keyID && p.keyID != from.id {
		return nil, refuse("the key is called %s", from.keyID)
	}
	if hubzillaSigned.arithmetic(in.Request, in.Body, p, from.key) != nil {
		h.Forget(from.id)
		if from, err = h.channel(p.keyID); err != nil {
			return nil, err
		}
		if err := hubzillaSigned.arithmetic(in.Request, in.Body, p, from.key); err != nil {
			return nil, err
		}
	}
	return from, nil
}

func (h *Hubzilla) process(from *remote, activity document) error {
	o := object(activity["object"])
	// A wrapped activity is taken out.
	if text(activity["type"]) == "Announce" && o != nil && present(o, "object") && present(o, "actor") {
		by, err := h.channel(idOf(o["actor"]))
		if err != nil {
			return err
		}
		return h.act(from, by, o)
	}
	if idOf(activity["actor"]) != from.id {
		return refuse("the activity wasn't signed by the activity actor")
	}
	return h.act(from, from, activity)
}

// act does what by did and sender brought.
func (h *Hubzilla) act(sender, by *remote, activity document) error {
	o, target := object(activity["object"]), idOf(activity["object"])
	switch kind := text(activity["type"]); kind {
	case "Follow":
		return h.onFollow(by, activity, nil)
	case "Accept", "Reject":
		if text(o["type"]) == "Follow" {
			return h.onAnswer(by, activity, map[string]string{"Accept": "accepted", "Reject": "rejected"}[kind])
		}
		return refuse("%s of %v", kind, activity["object"])
	case "Undo":
		return h.onUndo(by, activity)
	case "Create", "Update":
		if o == nil {
			return refuse("%s of a bare id", kind)
		}
		if ofTypes(o, []string{"Application", "Group", "Organization", "Person", "Service"}) {
			h.Forget(target)
			_, err := h.channel(target)
			return err
		}
		// decode_note: the item of a new event is called as its activity. Observed: a
		// change, whose item is called as the event, has the same uuid then, and is a
		// duplicate that is ignored.
		mid := target
		if text(o["type"]) == "Event" {
			if known := h.mids[target]; known != "" && known != target {
				return refuse("duplicate item ignored")
			}
			if kind == "Create" {
				mid = text(activity["id"])
			}
		}
		return h.item(sender, by, mid, o, activity)
	case "Announce":
		mid := h.mids[target]
		if mid == "" {
			d, _, err := h.fetch(target)
			if err != nil {
				return err
			}
			author, err := h.channel(idOf(d["attributedTo"]))
			if err != nil {
				return err
			}
			if err := h.item(sender, author, target, d, document{"to": d["to"], "cc": d["cc"]}); err != nil {
				return err
			}
			mid = target
		}
		h.onBoost(by, activity, mid)
		return nil
	case "Delete":
		// drop: by the id of the item.
		t := h.Thing(target)
		if t == nil || t.By != by.id {
			return refuse("no item is called %s", target)
		}
		h.hide(target)
		return nil
	case "Like", "Dislike", "EmojiReact":
		return nil
	}
	return refuse("nothing is done with %v", activity["type"])
}

// item is decode_note and store: title, summary and content, the pictures before
// the content.
func (h *Hubzilla) item(sender, by *remote, mid string, o, activity document) error {
	if host(idOf(o)) != host(by.id) {
		return refuse("%s is not of the host of %s", idOf(o), by.id)
	}
	t := &Thing{ID: mid, Kind: "status", By: by.id, Title: text(o["name"]), Text: text(o["content"]), Link: idOf(o["url"]), ReplyTo: idOf(o["inReplyTo"]), Visibility: visibility(o, activity, by.followers), Listed: true}
	if text(o["type"]) == "Event" {
		// Observed: the heading is the summary, before the name.
		t.Kind, t.Start, t.End, t.Zone = "event", instant(o["startTime"]), instant(o["endTime"]), text(o["timezone"])
		if s := text(o["summary"]); s != "" {
			t.Title = s
		}
	} else {
		t.Warning = text(o["summary"])
	}
	if d := object(o["location"]); d != nil {
		t.Place = text(d["name"])
	}
	for _, a := range many(o["attachment"]) {
		if d := object(a); strings.HasPrefix(text(d["mediaType"]), "image/") {
			t.Images = append(t.Images, Image{text(d["url"]), text(d["name"])})
		}
	}
	if text(o["type"]) == "Question" {
		t.Poll = pollOf(o)
	}
	t.published, t.updated = instant(o["published"]), instant(o["updated"])
	if t.ReplyTo != "" {
		// By the id of the item: what answers an event by its own id while it is kept
		// under that of its Create is lost.
		if !h.has(t.ReplyTo) && h.document(t.ReplyTo) == nil {
			return refuse("no parent")
		}
	} else if !h.follows(sender.id) && !slices.Contains(append(addressed(o), addressed(activity)...), h.Me.ID) {
		return refuse("no permission")
	}
	if t.Visibility == "direct" {
		t.Kind, t.Listed = "message", false
		h.update(func() { h.notify(Notice{Kind: "mention", To: h.Me.ID, By: by.id, About: mid}) })
	}
	if before := h.Thing(mid); before != nil {
		if !t.updated.After(before.updated) && !t.updated.After(before.published) {
			return refuse("not newer than what is there")
		}
		t.Edits, t.Boosts = before.Edits+1, before.Boosts
	}
	if h.mids[idOf(o)] == "" {
		h.mids[idOf(o)] = mid
	}
	h.show(t)
	return nil
}

// Item is what shows an object.
func (h *Hubzilla) Item(id string) string {
	h.work.Lock()
	defer h.work.Unlock()
	return h.mids[id]
}

// attendance is an answer to an event. Observed: the object is the whole event,
// called as its item, and it goes to the personal inbox of the author.
func (h *Hubzilla) attendance(item, kind string) (document, *remote, error) {
	t, r, err := h.authorOf(item)
	if err != nil {
		return nil, nil, err
	}
	return document{
		"id": h.URL + "/activity/" + strings.ToLower(kind) + item[strings.LastIndexByte(item, '/'):], "type": kind, "actor": h.Me.ID, "to": []any{Public}, "cc": []any{h.Me.Followers, r.id}, "published": h.now().UTC().Format(time.RFC3339),
		"object": document{"id": item, "type": "Event", "name": t.Title, "attributedTo": t.By, "actor": t.By, "url": t.Link, "startTime": t.Start.UTC().Format(time.RFC3339)},
	}, r, nil
}

func (h *Hubzilla) attend(item string) error { return h.respond(item, "Accept") }

// Maybe is the button for those who do not know yet.
func (h *Hubzilla) Maybe(item string) error { return h.respond(item, "TentativeAccept") }

// Decline is the button for those who cannot come.
func (h *Hubzilla) Decline(item string) error { return h.respond(item, "Reject") }

func (h *Hubzilla) respond(item, kind string) error {
	a, r, err := h.attendance(item, kind)
	if err != nil {
		return err
	}
	return h.deliver(h.Me, r.inbox, a)
}

func (h *Hubzilla) stay(item string) error {
	a, r, err := h.attendance(item, "Accept")
	if err != nil {
		return err
	}
	return h.deliver(h.Me, r.inbox, document{"id": text(a["id"]) + "#undo", "type": "Undo", "actor": h.Me.ID, "to": a["to"], "cc": a["cc"], "object": document{"type": "Accept", "id": a["id"], "actor": h.Me.ID, "object": item}})
}

// ---- events of its channels. Observed: an Invite of everyone; a change is the
// same Invite again, with updated on the activity alone.

func (h *Hubzilla) invitation(id string, d Draft, updated time.Time) document {
	o := document{
		"id": id, "type": "Event", "name": d.Title, "content": "<p>" + d.Text + "</p>", "startTime": d.Start.UTC().Format("2006-01-02T15:04:05Z"), "endTime": d.End.UTC().Format("2006-01-02T15:04:05Z"), "actor": "",
		"url": []any{document{"type": "Link", "mediaType": "text/calendar", "href": id + "/ics"}}, "attachment": []any{document{"type": "Link", "mediaType": "text/calendar", "href": id + "/ics"}},
		"location": document{"type": "Place", "name": d.Place}, "source": document{"content": d.Text, "mediaType": "text/bbcode"}, "published": "2026-11-01T10:00:00Z",
	}
	served := clone(o).(document)
	served["@context"], served["actor"], served["attributedTo"], served["to"], served["cc"] = h.context, h.Me.ID, h.Me.ID, []any{Public}, []any{h.Me.Followers}
	h.put(served)
	a := document{"id": strings.Replace(id, "/event/", "/activity/", 1), "type": "Invite", "actor": h.Me.ID, "to": []any{Public}, "cc": []any{h.Me.Followers}, "published": "2026-11-01T10:00:00Z", "object": o}
	if !updated.IsZero() {
		a["updated"] = updated.UTC().Format(time.RFC3339)
	}
	return a
}

func (h *Hubzilla) toFollowers(a document) error {
	h.mu.Lock()
	var inboxes []string
	for id := range h.followers[h.Me.ID] {
		if r := h.known[id]; r != nil && !slices.Contains(inboxes, r.deliverTo()) {
			inboxes = append(inboxes, r.deliverTo())
		}
	}
	h.mu.Unlock()
	for _, inbox := range inboxes {
		if err := h.deliver(h.Me, inbox, clone(a).(document)); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hubzilla) publishEvent(d Draft) (string, error) {
	id := h.next("event")
	return id, h.toFollowers(h.invitation(id, d, time.Time{}))
}

func (h *Hubzilla) changeEvent(id string, d Draft) error {
	return h.toFollowers(h.invitation(id, d, h.now().Add(time.Second)))
}

func (h *Hubzilla) deleteEvent(id string) error {
	h.take(id)
	return h.toFollowers(document{"id": id + "#delete", "type": "Delete", "actor": h.Me.ID, "to": []any{Public}, "cc": []any{h.Me.Followers}, "object": document{"id": id, "type": "Tombstone"}})
}
