package standin

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Friendica is a server of 2024.09: it has a calendar, and people answer an event
// with "I will attend" of its own form.
type Friendica struct {
	social
	Me *Actor
}

// friendicaSigned is HTTPSignature::getSigner: algorithm named, the target
// without its query, 300 s and a minute of grace, the digest checked where it is
// signed.
var friendicaSigned = verifies{trims: true, noMissing: true, algorithms: []string{"hs2019", "rsa-sha256", "rsa-sha512"}, past: 5 * time.Minute, future: time.Minute, query: queryNever}

// NewFriendica starts a server with one person, heluecht.
func NewFriendica(network *Network, host string) (*Friendica, error) {
	s, err := start(network, host, "friendica", "2024.09")
	if err != nil {
		return nil, err
	}
	f := &Friendica{}
	f.social = social{Server: s, path: "objects", look: f.lookup, retries: true, context: []any{asContext, securityContext, document{"vcard": "http://www.w3.org/2006/vcard/ns#", "dfrn": "http://purl.org/macgirvin/dfrn/1.0/", "diaspora": "https://diasporafoundation.org/ns/", "litepub": "http://litepub.social/ns#", "toot": "http://joinmastodon.org/ns#", "manuallyApprovesFollowers": "as:manuallyApprovesFollowers", "sensitive": "as:sensitive", "Hashtag": "as:Hashtag", "quoteUrl": "as:quoteUrl", "conversation": "ostatus:conversation", "directMessage": "litepub:directMessage"}},
		note: func(n document) {
			n["diaspora:guid"], n["source"] = idOf(n)[strings.LastIndexByte(idOf(n), '/')+1:], document{"content": Plain(text(n["content"])), "mediaType": "text/bbcode"}
			delete(n, "summary")
		}}
	// HTTPSignature::transmit and fetchRaw: the host without its port, in the
	// header too.
	s.signs = signs{post: []string{"(request-target)", "date", "content-length", "digest", "host"}, get: []string{"(request-target)", "date", "host"}, algorithm: "rsa-sha256", bareHost: true}
	s.userAgent = "Friendica 'Yellow Archangel' 2024.09; " + s.URL
	id := s.URL + "/profile/heluecht"
	f.Me = s.add(&Actor{Name: "heluecht", ID: id, Type: "Person", Inbox: s.URL + "/inbox/heluecht", Shared: s.URL + "/inbox", Outbox: s.URL + "/outbox/heluecht", Followers: s.URL + "/followers/heluecht",
		describe: func(a *Actor) document {
			return document{"@context": f.context, "diaspora:guid": "12345", "following": s.URL + "/following/heluecht", "vcard:hasInstantMessage": "xmpp:a@b", "generator": document{"type": "Application", "name": "Friendica"}, "discoverable": true, "manuallyApprovesFollowers": false}
		}})
	f.me = f.Me
	s.fetcher = s.add(&Actor{Name: "friendica", ID: s.URL + "/friendica", Type: "Application", Inbox: s.URL + "/friendica/inbox", Outbox: s.URL + "/friendica/outbox"})
	s.inbox = f.receive
	s.Acts = f.acts()
	s.Acts.Reply = func(to, text string) (string, error) {
		if t := f.Thing(to); t != nil && t.Closed {
			return "", refuse("%s takes no answers", to)
		}
		return f.reply(to, text)
	}
	s.Acts.Join, s.Acts.Leave = f.attend, f.stay
	s.Acts.Publish, s.Acts.Change, s.Acts.Delete, s.Acts.Remove = f.publishEvent, f.changeEvent, f.remove, f.remove
	return f, nil
}

func (f *Friendica) lookup(who string) (*remote, error) {
	user, server, ok := splitAddress(who)
	if !ok || strings.Contains(who, "://") {
		return f.contact(who)
	}
	j, err := f.finger(server, "acct:"+user+"@"+server)
	if err != nil {
		return nil, err
	}
	self := j.self(activityJSON)
	if self == "" {
		return nil, refuse("WebFinger names no self")
	}
	return f.contact(self)
}

// contact is APContact::getByURL.
func (f *Friendica) contact(uri string) (*remote, error) {
	uri, _, _ = strings.Cut(uri, "#")
	if r := f.acquainted(uri); r != nil {
		return r, nil
	}
	d, _, err := f.fetch(uri)
	if err != nil {
		return nil, err
	}
	// Receiver::ACCOUNT_TYPES
	if !ofTypes(d, []string{"Person", "Organization", "Service", "Group", "Application"}) {
		return nil, refuse("no account but %v", d["type"])
	}
	r := asRemote(d)
	if r.id == "" || r.inbox == "" || r.key == nil {
		return nil, refuse("%s is no contact", uri)
	}
	return f.remember(r), nil
}

// receive is Module/ActivityPub/Inbox: 415 for another type, 202 for everything
// else, whatever comes of it.
func (f *Friendica) receive(in *Incoming) Answer {
	if !isActivityMedia(in.Header.Get("Content-Type")) && !strings.HasPrefix(in.Header.Get("Content-Type"), "application/json") {
		return Answer{Status: http.StatusUnsupportedMediaType, Why: in.Header.Get("Content-Type")}
	}
	if in.Activity == nil {
		return Answer{Status: http.StatusAccepted, Why: "Invalid body"}
	}
	from, err := f.signer(in)
	if err != nil {
		return Answer{Status: http.StatusAccepted, Why: err.Error()}
	}
	return answer(http.StatusAccepted, http.StatusAccepted, f.process(from, in.Activity))
}

func (f *Friendica) signer(in *Incoming) (*remote, error) {
	p, err := parseSignature(in.Header, true)
	if err != nil {
		return nil, err
	}
	if p.headers == nil {
		return nil, refuse("No headers or keyId")
	}
	check := friendicaSigned
	if p.covers("digest") {
		check.digest = digestListed
	}
	if err := check.check(f.Server, in.Request, in.Body, p); err != nil {
		return nil, err
	}
	owner, _, _ := strings.Cut(p.keyID, "#")
	from, err := f.contact(owner)
	if err != nil {
		return nil, err
	}
	if check.arithmetic(in.Request, in.Body, p, from.key) != nil {
		f.Forget(owner)
		if from, err = f.contact(owner); err != nil {
			return nil, err
		}
		if err := check.arithmetic(in.Request, in.Body, p, from.key); err != nil {
			return nil, err
		}
	}
	// Another actor than the signer is not trusted, and nothing here is read again.
	if from.id != idOf(in.Activity["actor"]) {
		return nil, refuse("No JSON-LD signature, different actor")
	}
	return from, nil
}

// friendicaContent is Receiver::CONTENT_TYPES.
var friendicaContent = []string{"Note", "Article", "Video", "Image", "Event", "Audio", "Page", "Question"}

func (f *Friendica) process(from *remote, activity document) error {
	o, target := object(activity["object"]), idOf(activity["object"])
	kind := text(activity["type"])
	if target == "" {
		return refuse("Empty object")
	}
	// Lemmy announces activities: the layer is taken off.
	if kind == "Announce" && o != nil && from.typ() == "Group" && !slices.Contains(friendicaContent, text(o["type"])) {
		inner := object(o["object"])
		switch {
		case text(o["type"]) == "Create" && slices.Contains(friendicaContent, text(inner["type"])):
			o, target = inner, idOf(inner)
		case slices.Contains([]string{"Like", "Dislike", "Delete", "Undo", "Update"}, text(o["type"])):
			by, err := f.contact(idOf(o["actor"]))
			if err != nil {
				return err
			}
			return f.process(by, o)
		default:
			return refuse("Unhandled announced activity")
		}
	}
	switch kind {
	case "Create", "Update":
		if o == nil {
			return refuse("%s of a bare id", kind)
		}
		if ofTypes(o, []string{"Person", "Organization", "Service", "Group", "Application"}) {
			f.Forget(target)
			_, err := f.contact(target)
			return err
		}
		if !ofTypes(o, friendicaContent) {
			return refuse("%s of %v is not routed", kind, o["type"])
		}
		// processActivity: actor and attributedTo are among the signers.
		if idOf(o["attributedTo"]) != from.id {
			return refuse("attributed to %v, signed by %s", o["attributedTo"], from.id)
		}
		if kind == "Create" && f.has(target) {
			return refuse("The activity already arrived.")
		}
		return f.item(from, o, activity)
	case "Announce":
		if !f.has(target) && f.document(target) == nil {
			d, _, err := f.fetch(target)
			if err != nil {
				return err
			}
			by, err := f.contact(idOf(d["attributedTo"]))
			if err != nil {
				return err
			}
			if !ofTypes(d, friendicaContent) {
				return refuse("%v is no content", d["type"])
			}
			if err := f.item(by, d, document{}); err != nil {
				return err
			}
		}
		if f.has(target) {
			f.onBoost(from, activity, target)
		}
		return nil
	case "Delete":
		t := f.Thing(target)
		if t == nil || t.By != from.id {
			return refuse("nothing of %s to delete", from.id)
		}
		f.hide(target)
		return nil
	case "Like", "Dislike", "EmojiReact":
		return nil
	case "Follow":
		return f.onFollow(from, activity, nil)
	case "Accept":
		if text(o["type"]) == "Follow" {
			return f.onAnswer(from, activity, "accepted")
		}
		if o == nil && strings.HasPrefix(target, f.me.ID) {
			return f.onAnswer(from, activity, "accepted")
		}
		return refuse("Accept of %v is not routed", activity["object"])
	case "Reject":
		if text(o["type"]) == "Follow" {
			return f.onAnswer(from, activity, "rejected")
		}
		return refuse("Reject of %v is not routed", activity["object"])
	case "Undo":
		return f.onUndo(from, activity)
	case "Block", "Move", "Flag":
		return nil
	}
	return refuse("Unhandled activity %s", kind)
}

// item is Processor::createItem, processContent and createEvent: the title, the
// summary as a warning, the content, and in the calendar times and the name of
// the place.
func (f *Friendica) item(from *remote, o, activity document) error {
	id := text(o["id"])
	if host(id) != host(from.id) {
		return refuse("%s is not of the host of %s", id, from.id)
	}
	t := &Thing{ID: id, Kind: "status", By: from.id, Title: text(o["name"]), Warning: text(o["summary"]), Text: text(o["content"]), Link: idOf(o["url"]), ReplyTo: idOf(o["inReplyTo"]), Listed: true, Visibility: visibility(o, activity, from.followers)}
	if text(o["type"]) == "Event" {
		t.Kind = "event"
		if t.Title == "" {
			t.Title = t.Warning
		}
		t.Start, t.End = instant(o["startTime"]), instant(o["endTime"])
		// as:location with an as:name of a Place: of one, not of a list.
		if d := object(o["location"]); text(d["type"]) == "Place" {
			t.Place = text(d["name"])
		}
	}
	// CANT_REPLY: no answers where the author restricts posting to moderators, or
	// the post takes no comments.
	restricted, _ := from.document["postingRestrictedToMods"].(bool)
	if enabled, there := o["commentsEnabled"].(bool); restricted || there && !enabled {
		t.Closed = true
	}
	for _, a := range many(o["attachment"]) {
		d := object(a)
		if ofTypes(d, []string{"Image", "Document"}) && text(d["url"]) != "" {
			t.Images = append(t.Images, Image{text(d["url"]), text(d["name"])})
		}
	}
	if text(o["type"]) == "Question" {
		t.Poll = pollOf(o)
	}
	if t.Visibility == "direct" {
		t.Kind, t.Listed = "message", false
		f.update(func() { f.notify(Notice{Kind: "mention", To: f.Me.ID, By: from.id, About: id}) })
	}
	if before := f.Thing(id); before != nil {
		if before.By != from.id {
			return refuse("%s is of %s", id, before.By)
		}
		t.Edits, t.Boosts, t.Guests = before.Edits+1, before.Boosts, before.Guests
	}
	f.show(t)
	return nil
}

// attend is Activity::ATTEND: an Accept of the event itself
// (Transmitter::createActivityFromItem).
func (f *Friendica) attend(event string) error { return f.answerEvent(event, "Accept") }

func (f *Friendica) stay(event string) error {
	_, r, err := f.authorOf(event)
	if err != nil {
		return err
	}
	f.update(func() { delete(f.things[event].Guests, f.Me.ID) })
	return f.undone(r, f.attendance(event, "Accept", r))
}

// Maybe answers that she does not know yet.
func (f *Friendica) Maybe(event string) error { return f.answerEvent(event, "TentativeAccept") }

// Decline answers that she does not come.
func (f *Friendica) Decline(event string) error { return f.answerEvent(event, "Reject") }

func (f *Friendica) attendance(event, kind string, r *remote) document {
	return document{"id": f.URL + "/objects/" + strings.ToLower(kind) + "-" + event[strings.LastIndexByte(event, '/')+1:], "type": kind, "actor": f.Me.ID, "object": event, "to": []any{Public}, "cc": []any{r.id, f.Me.Followers}, "published": f.now().UTC().Format(time.RFC3339), "instrument": document{"type": "Application", "name": "Friendica 'Yellow Archangel' 2024.09"}}
}

func (f *Friendica) answerEvent(event, kind string) error {
	t, r, err := f.authorOf(event)
	if err != nil {
		return err
	}
	if t.Kind != "event" {
		return refuse("%s is no event", event)
	}
	f.update(func() {
		if f.things[event].Guests == nil {
			f.things[event].Guests = map[string]string{}
		}
		f.things[event].Guests[f.Me.ID] = map[string]string{"Accept": "going", "TentativeAccept": "maybe", "Reject": "rejected"}[kind]
	})
	return f.deliver(f.Me, r.inbox, f.attendance(event, kind, r))
}

// ---- events of its people (Transmitter::createEvent)

func (f *Friendica) eventNote(id string, d Draft) document {
	n := document{
		"id": id, "type": "Event", "inReplyTo": nil, "diaspora:guid": id[strings.LastIndexByte(id, '/')+1:], "published": "2026-11-01T10:00:00Z", "url": f.URL + "/display/" + id[strings.LastIndexByte(id, '/')+1:], "attributedTo": f.Me.ID, "sensitive": false,
		"to": []any{Public}, "cc": []any{f.Me.Followers}, "name": d.Title, "content": "<p>" + d.Text + "</p>", "startTime": d.Start.UTC().Format(time.RFC3339), "endTime": d.End.UTC().Format(time.RFC3339),
		"location": document{"type": "Place", "name": d.Place}, "dfrn:adjust": true, "source": document{"content": d.Text, "mediaType": "text/bbcode"}, "attachment": []any{}, "tag": []any{}, "generator": document{"type": "Application", "name": "Friendica"},
	}
	if d.Image != "" {
		n["attachment"] = []any{document{"type": "Document", "mediaType": "image/jpeg", "url": d.Image, "name": "A poster"}}
	}
	return n
}

func (f *Friendica) toFollowers() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var inboxes []string
	for id := range f.followers[f.Me.ID] {
		if r := f.known[id]; r != nil && !slices.Contains(inboxes, r.deliverTo()) {
			inboxes = append(inboxes, r.deliverTo())
		}
	}
	return inboxes
}

func (f *Friendica) publishEvent(d Draft) (string, error) {
	id := f.next("objects")
	n := f.eventNote(id, d)
	f.put(n)
	activity := document{"id": id + "/Create", "type": "Create", "actor": f.Me.ID, "published": n["published"], "to": n["to"], "cc": n["cc"], "object": n}
	f.update(func() { f.Me.outbox = append(f.Me.outbox, clone(activity)) })
	for _, inbox := range f.toFollowers() {
		if err := f.deliver(f.Me, inbox, clone(activity).(document)); err != nil {
			return id, err
		}
	}
	return id, nil
}

func (f *Friendica) changeEvent(id string, d Draft) error {
	n := f.eventNote(id, d)
	n["updated"] = f.now().UTC().Add(time.Second).Format(time.RFC3339)
	f.put(n)
	for _, inbox := range f.toFollowers() {
		if err := f.deliver(f.Me, inbox, document{"id": id + "/Update/" + text(n["updated"]), "type": "Update", "actor": f.Me.ID, "to": n["to"], "cc": n["cc"], "object": clone(n)}); err != nil {
			return err
		}
	}
	return nil
}

// remove takes a note or an event of ours away.
func (f *Friendica) remove(id string) error {
	n := f.document(id)
	if n == nil {
		return refuse("there is no %s", id)
	}
	f.take(id)
	f.update(func() {
		f.Me.outbox = slices.DeleteFunc(f.Me.outbox, func(a any) bool { return idOf(object(a)["object"]) == id })
	})
	inboxes := f.readers(n)
	if text(n["type"]) == "Event" {
		inboxes = f.toFollowers()
	}
	for _, inbox := range inboxes {
		if err := f.deliver(f.Me, inbox, document{"id": id + "/Delete", "type": "Delete", "actor": f.Me.ID, "to": []any{Public}, "object": document{"id": id, "type": "Tombstone"}}); err != nil {
			return err
		}
	}
	return nil
}
