package standin

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Lemmy is a server of 1.0.0-beta.1. Its people follow communities, which are
// Groups, and see as posts what these announce.
type Lemmy struct {
	forum
	Me *Actor
}

// lemmySigned is verify_signature of activitypub_federation: a digest is
// required, and a signature lives for an hour.
var lemmySigned = verifies{trims: true, need: []string{"digest"}, past: time.Hour, future: time.Hour, digest: digestListed, query: queryOnly}

// NewLemmy starts a server with one person, nutomic.
func NewLemmy(network *Network, host string) (*Lemmy, error) {
	s, err := start(network, host, "lemmy", "1.0.0-beta.1")
	if err != nil {
		return nil, err
	}
	l := &Lemmy{}
	l.forum = forum{Server: s, path: "comment", look: l.lookup, context: []any{"https://join-lemmy.org/context.json", asContext}}
	// http_signatures.rs signs what http-signature-normalization sorts.
	s.signs = signs{post: []string{"(request-target)", "content-type", "date", "digest", "host"}, get: []string{"(request-target)", "date", "host"}, algorithm: "hs2019", query: true}
	s.userAgent = "Lemmy/1.0.0-beta.1; +" + s.URL
	id := s.URL + "/u/nutomic"
	l.Me = s.add(&Actor{Name: "nutomic", ID: id, Type: "Person", Inbox: id + "/inbox", Shared: s.URL + "/inbox", Outbox: id + "/outbox",
		describe: func(a *Actor) document {
			return document{"@context": l.context, "published": "2024-01-01T00:00:00Z", "source": document{"content": "hi", "mediaType": "text/markdown"}}
		}})
	l.me = l.Me
	s.fetcher = s.add(&Actor{Name: host, ID: s.URL + "/", Type: "Application", Inbox: s.URL + "/site_inbox", Outbox: s.URL + "/site_outbox"})
	s.inbox = l.receive
	s.Acts = l.acts()
	return l, nil
}

// lemmyTypes are the three that fetch compares, the whole string in lower case.
var lemmyTypes = []string{"application/activity+json", "application/activity+json; charset=utf-8", `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`}

// dereference is fetch_object_http: one redirect, the exact type, the id that was
// asked for, or once more by the id where that is of the same host.
func (l *Lemmy) dereference(uri string) (document, error) {
	for again := false; ; again = true {
		p, err := l.ask(uri, lemmyTypes[0], l.fetcher, 1)
		if err != nil {
			return nil, err
		}
		if p.status == http.StatusGone {
			return nil, refuse("ObjectDeleted %s", uri)
		}
		if p.status != http.StatusOK {
			return nil, refuse("NotFound %s: %d", uri, p.status)
		}
		if !slices.Contains(lemmyTypes, strings.ToLower(p.media)) {
			return nil, refuse("FetchInvalidContentType %q of %s", p.media, uri)
		}
		d, err := decode(p.body)
		if err != nil {
			return nil, refuse("%s: %v", uri, err)
		}
		id := text(d["id"])
		if id == p.url {
			return d, nil
		}
		if again || host(id) != host(p.url) {
			return nil, refuse("FetchWrongId: %s calls itself %s", p.url, id)
		}
		uri = id
	}
}

var lemmyPersons = []string{"Person", "Service", "Organization"}

// actor reads a person or a community.
func (l *Lemmy) actor(uri string) (*remote, error) {
	if r := l.acquainted(uri); r != nil {
		return r, nil
	}
	d, err := l.dereference(uri)
	if err != nil {
		return nil, err
	}
	kind := text(d["type"])
	if kind != "Group" && !slices.Contains(lemmyPersons, kind) {
		return nil, refuse("unknown variant %q of an actor", kind)
	}
	// protocol/person.rs and group.rs: what has no default.
	for _, key := range []string{"preferredUsername", "inbox", "outbox"} {
		if text(d[key]) == "" {
			return nil, refuse("missing field %s", key)
		}
	}
	k := object(d["publicKey"])
	if text(k["id"]) == "" || text(k["owner"]) != text(d["id"]) || text(k["publicKeyPem"]) == "" {
		return nil, refuse("publicKey is not one whole object")
	}
	// deserialize_last: the last of a list, with a type and an address.
	for _, key := range []string{"icon", "image"} {
		list := many(d[key])
		if len(list) == 0 {
			continue
		}
		if last := object(list[len(list)-1]); text(last["type"]) != "Image" || text(last["url"]) == "" {
			return nil, refuse("%s is no Image with an url", key)
		}
	}
	if m, there := d["mediaType"]; there && m != nil && m != "text/html" {
		return nil, refuse("mediaType %v", m)
	}
	for _, key := range []string{"published", "updated"} {
		if v, there := d[key]; there && v != nil && instant(v).IsZero() {
			return nil, refuse("%s is no time", key)
		}
	}
	r := asRemote(d)
	if r.key == nil {
		return nil, refuse("the key cannot be read")
	}
	return l.remember(r), nil
}

func (l *Lemmy) lookup(who string) (*remote, error) {
	if strings.Contains(who, "://") {
		return l.actor(who)
	}
	user, server, ok := splitAddress(strings.TrimPrefix(who, "!"))
	if !ok {
		return nil, refuse("not an address: %s", who)
	}
	j, err := l.finger(server, "acct:"+user+"@"+server)
	if err != nil {
		return nil, err
	}
	for _, link := range j.Links {
		if link.Rel == "self" && link.Type == activityJSON {
			return l.actor(link.Href)
		}
	}
	return nil, refuse("WebFinger names no self")
}

func (l *Lemmy) receive(in *Incoming) Answer {
	if in.Activity == nil {
		return Answer{Status: http.StatusBadRequest, Why: "not JSON"}
	}
	p, err := parseSignature(in.Header, true)
	if err != nil {
		return Answer{Status: http.StatusBadRequest, Why: err.Error()}
	}
	if err := lemmySigned.check(l.Server, in.Request, in.Body, p); err != nil {
		return Answer{Status: http.StatusBadRequest, Why: err.Error()}
	}
	// The regex of signing_actor wants a fragment.
	if !strings.Contains(p.keyID, "#") {
		return Answer{Status: http.StatusBadRequest, Why: "keyId without a fragment"}
	}
	// The key is that of the actor, whatever keyId says.
	from, err := l.actor(text(in.Activity["actor"]))
	if err != nil {
		return Answer{Status: http.StatusBadRequest, Why: err.Error()}
	}
	if lemmySigned.arithmetic(in.Request, in.Body, p, from.key) != nil {
		l.Forget(from.id)
		if from, err = l.actor(text(in.Activity["actor"])); err != nil {
			return Answer{Status: http.StatusBadRequest, Why: err.Error()}
		}
		if err := lemmySigned.arithmetic(in.Request, in.Body, p, from.key); err != nil {
			return Answer{Status: http.StatusBadRequest, Why: err.Error()}
		}
	}
	if id := text(in.Activity["id"]); id == "" || host(id) != host(from.id) {
		return Answer{Status: http.StatusBadRequest, Why: "no id of the host of the actor"}
	}
	return answer(http.StatusOK, http.StatusBadRequest, l.process(from, in.Activity))
}

// process is SharedInboxActivities.
func (l *Lemmy) process(from *remote, activity document) error {
	switch text(activity["type"]) {
	case "Follow":
		return l.onFollow(from, activity, nil)
	case "Accept", "Reject":
		// accept.rs: the Follow is there whole.
		if f := object(activity["object"]); text(f["type"]) != "Follow" || l.local(text(f["actor"])) == nil || text(f["object"]) != from.id {
			return refuse("an Accept without its Follow")
		}
		return l.onAnswer(from, activity, map[string]string{"Accept": "accepted", "Reject": "rejected"}[text(activity["type"])])
	case "Announce":
		return l.announced(from, activity)
	case "Undo":
		if text(object(activity["object"])["type"]) == "Follow" {
			return l.onUndo(from, activity)
		}
	}
	// RawAnnouncableActivities: what a person sends by herself.
	return l.inCommunity(from, activity, "")
}

// announced is AnnounceActivity.receive.
func (l *Lemmy) announced(from *remote, activity document) error {
	if activity["to"] == nil {
		return refuse("missing field to")
	}
	inner := object(activity["object"])
	if inner == nil {
		// The object of a bare id is read: if it is no activity, that is the end.
		id := text(activity["object"])
		if id == "" {
			return refuse("a list of objects")
		}
		d, err := l.dereference(id)
		if err != nil {
			return err
		}
		inner = d
	}
	if slices.Contains(lemmyPages, text(inner["type"])) {
		return refuse("CannotReceivePage")
	}
	if !isPublic(activity) {
		return refuse("the Announce is not public")
	}
	return l.inCommunity(from, inner, from.id)
}

// lemmyPages is PageType.
var lemmyPages = []string{"Page", "Article", "Note", "Video", "Event"}

// inCommunity is AnnouncableActivities: announcer is the community that wrapped
// it, or "".
func (l *Lemmy) inCommunity(from *remote, inner document, announcer string) error {
	if text(inner["id"]) == "" || text(inner["actor"]) == "" {
		return refuse("an activity without id or actor")
	}
	if inner["object"] == nil {
		return refuse("missing field object")
	}
	who, err := l.actor(text(inner["actor"]))
	if err != nil {
		return err
	}
	if announcer == "" && who.id != from.id {
		return refuse("signed by %s", from.id)
	}
	kind := text(inner["type"])
	// ObjectId<ApubPerson>: everything but changes of the community is done by people.
	if !slices.Contains(lemmyPersons, who.typ()) {
		return refuse("%s of %s, which is a %s and no person", kind, who.id, who.typ())
	}
	switch kind {
	case "Create", "Update":
		o := object(inner["object"])
		if o == nil {
			return refuse("%s of a bare id", kind)
		}
		if o["inReplyTo"] != nil {
			return l.comment(who, inner, o, announcer)
		}
		return l.post(who, inner, o, announcer)
	case "Delete":
		if inner["to"] == nil {
			return refuse("missing field to")
		}
		o := inner["object"]
		if d := object(o); d != nil && text(d["type"]) != "Tombstone" {
			return refuse("a Delete of a %v", d["type"])
		}
		t := l.Thing(idOf(o))
		if t == nil {
			return refuse("NotFound %s", idOf(o))
		}
		if announcer != "" && t.In != announcer {
			return refuse("%s stands in %s", t.ID, t.In)
		}
		if host(who.id) != host(t.ID) {
			return refuse("Delete from another host")
		}
		l.hide(t.ID)
		return nil
	case "Like", "Dislike":
		id := idOf(inner["object"])
		if !l.has(id) {
			return refuse("NotFound %s", id)
		}
		l.update(func() {
			t := l.things[id]
			if t.Likes == nil {
				t.Likes = map[string]string{}
			}
			t.Likes[who.id] = text(inner["id"])
		})
		return nil
	case "Undo":
		return l.onUndo(who, inner)
	}
	return refuse("data did not match any variant of AnnouncableActivities: %s", kind)
}

// whereIs is Page.community: the first of to and cc that is a community, which
// audience must agree with.
func (l *Lemmy) whereIs(o document) (*remote, error) {
	for _, id := range addressed(o) {
		if id == Public || strings.HasSuffix(id, "/followers") {
			continue
		}
		if r, err := l.actor(id); err == nil && r.typ() == "Group" {
			if a := idOf(o["audience"]); a != "" && a != r.id {
				return nil, refuse("audience %s is not %s", a, r.id)
			}
			return r, nil
		}
	}
	return nil, refuse("no community among the recipients")
}

// post is CreateOrUpdatePage and ApubPost.
func (l *Lemmy) post(who *remote, inner, o document, announcer string) error {
	kind, id := text(o["type"]), text(o["id"])
	if !slices.Contains(lemmyPages, kind) {
		return refuse("unknown variant %q", kind)
	}
	if inner["to"] == nil {
		return refuse("missing field to")
	}
	creator, err := creatorOf(o)
	if err != nil {
		return err
	}
	if host(id) == "" || host(id) != host(who.id) || host(creator) != host(id) {
		return refuse("%s, %s and %s are not of one host", id, creator, who.id)
	}
	if creator != who.id {
		return refuse("NotAModerator: %s made by %s", id, creator)
	}
	by, err := l.actor(creator)
	if err != nil {
		return err
	}
	if !slices.Contains(lemmyPersons, by.typ()) {
		return refuse("attributedTo is a %s", by.typ())
	}
	var links []string
	images := []Image{}
	if a, there := o["attachment"]; there {
		// Vec<Attachment> of an untagged enum: one that fits none fails the whole.
		if !isList(a) {
			return refuse("attachment is no list")
		}
		for _, e := range many(a) {
			d := object(e)
			switch t := text(d["type"]); {
			case t == "Link" && text(d["href"]) != "":
				links = append(links, text(d["href"]))
			case (t == "Image" || t == "Document") && text(d["url"]) != "":
				links = append(links, text(d["url"]))
				images = append(images, Image{text(d["url"]), text(d["name"])})
			default:
				return refuse("data did not match any variant of untagged enum Attachment: %v", d)
			}
		}
	}
	if img, there := o["image"]; there && img != nil {
		if d := object(img); text(d["type"]) != "Image" || text(d["url"]) == "" {
			return refuse("image is no ImageObject")
		}
	}
	if m, there := o["mediaType"]; there && m != nil && m != "text/html" && m != "text/markdown" {
		return refuse("mediaType %v", m)
	}
	if lang, there := o["language"]; there && lang != nil && (text(object(lang)["identifier"]) == "" || text(object(lang)["name"]) == "") {
		return refuse("language %v", lang)
	}
	for _, key := range []string{"published", "updated"} {
		if v, there := o[key]; there && v != nil && instant(v).IsZero() {
			return refuse("%s is no time", key)
		}
	}
	if c, there := o["context"]; there && c != nil && text(c) == "" {
		return refuse("context is no string")
	}
	community, err := l.whereIs(o)
	if err != nil {
		return err
	}
	if announcer != "" && community.id != announcer {
		return refuse("announced by %s, but of %s", announcer, community.id)
	}
	if !l.follows(community.id) {
		return refuse("nobody here follows %s", community.id)
	}
	if !isPublic(o) || !isPublic(inner) {
		return refuse("not public")
	}
	title := text(o["name"])
	if title == "" {
		if title, _, _ = strings.Cut(Plain(text(o["content"])), "\n"); title == "" {
			return refuse("Object must have name or content")
		}
	}
	body := text(o["content"])
	if d := object(o["source"]); text(d["mediaType"]) == "text/markdown" {
		body = text(d["content"])
	}
	t := &Thing{ID: id, Kind: "thread", By: creator, In: community.id, Title: title, Text: body, Images: images, Links: links, Listed: true, Visibility: "public"}
	if len(links) > 0 {
		t.Link = links[0]
	}
	if d := object(o["language"]); d != nil {
		t.Language = text(d["identifier"])
	}
	t.published, t.updated = instant(o["published"]), instant(o["updated"])
	if before := l.Thing(id); before != nil {
		// insert_apub: only what is newer than what is there.
		if !newer(t, before) {
			return refuse("not newer than what is there")
		}
		t.Edits, t.Likes = before.Edits+1, before.Likes
	}
	l.show(t)
	return nil
}

// newer compares what was updated, or published where it was not.
func newer(t, before *Thing) bool {
	at := func(t *Thing) time.Time {
		if !t.updated.IsZero() {
			return t.updated
		}
		return t.published
	}
	return at(t).After(at(before))
}

// creatorOf is Page.creator: an id, or the Person of a list as PeerTube writes it.
func creatorOf(o document) (string, error) {
	if id := text(o["attributedTo"]); id != "" {
		return id, nil
	}
	for _, e := range many(o["attributedTo"]) {
		if d := object(e); text(d["type"]) == "Person" {
			return text(d["id"]), nil
		}
	}
	return "", refuse("PageDoesNotSpecifyCreator: %v", o["attributedTo"])
}

// comment is CreateOrUpdateNote.
func (l *Lemmy) comment(who *remote, inner, o document, announcer string) error {
	if text(o["type"]) != "Note" && text(o["type"]) != "Page" {
		return refuse("a %v that answers something", o["type"])
	}
	if text(o["attributedTo"]) != who.id || host(text(o["id"])) != host(who.id) {
		return refuse("%s is not of %s", text(o["id"]), who.id)
	}
	if text(o["content"]) == "" {
		return refuse("missing field content")
	}
	parent := l.Thing(idOf(o["inReplyTo"]))
	if parent == nil {
		return refuse("NotFound %s", idOf(o["inReplyTo"]))
	}
	if announcer != "" && parent.In != announcer {
		return refuse("announced by %s, but of %s", announcer, parent.In)
	}
	if !isPublic(o) || !isPublic(inner) {
		return refuse("not public")
	}
	edits := 0
	if before := l.Thing(text(o["id"])); before != nil {
		edits = before.Edits + 1
	}
	l.show(&Thing{ID: text(o["id"]), Kind: "comment", By: who.id, In: parent.In, Text: text(o["content"]), ReplyTo: parent.ID, Edits: edits, Visibility: "public", Listed: true})
	return nil
}
