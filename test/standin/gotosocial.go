package standin

import (
	"net/http"
	"slices"
	"strings"
)

// GoToSocial is a server of 0.20. It shows nothing to requests without a
// signature, not even actors.
type GoToSocial struct {
	social
	Me *Actor
}

// gotosocialSigned is gotosocial's federation/authenticate.go: cavage alone, no
// minimum of what is covered, neither date nor digest looked at; its parser does
// not trim.
var gotosocialSigned = verifies{query: queryEither, digest: digestUnchecked}

// NewGoToSocial starts a server with one person, sloth.
func NewGoToSocial(network *Network, host string) (*GoToSocial, error) {
	s, err := start(network, host, "gotosocial", "0.20.1")
	if err != nil {
		return nil, err
	}
	g := &GoToSocial{}
	g.social = social{Server: s, path: "users/sloth/statuses", look: g.lookup, retries: true, note: flat}
	// transport.go: hs2019; the target with its query at first.
	s.signs = signs{post: []string{"(request-target)", "host", "date", "digest"}, get: []string{"(request-target)", "host", "date"}, algorithm: "hs2019", query: true}
	s.userAgent = "gotosocial/0.20.1 (+" + s.URL + ")"
	person := func(name, typ string) *Actor {
		id := s.URL + "/users/" + name
		return s.add(&Actor{
			// There is no shared inbox. The key has a path of its own, where a stub
			// of the actor is, which anyone may read.
			Name: name, ID: id, Type: typ, Inbox: id + "/inbox", Outbox: id + "/outbox", Followers: id + "/followers",
			KeyID: id + "/main-key", keyDocument: id + "/main-key",
			describe: func(a *Actor) document {
				// go-fed writes lists of one as what is in them.
				return document{"@context": []any{securityContext, asContext, "http://joinmastodon.org/ns", "http://schema.org"}, "discoverable": true, "manuallyApprovesFollowers": false, "following": a.ID + "/following", "featured": a.ID + "/collections/featured", "url": s.URL + "/@" + a.Name}
			},
		})
	}
	g.Me = person("sloth", "Person")
	g.me = g.Me
	s.fetcher = person(strings.ReplaceAll(host, ":", "."), "Service")
	s.guard = s.signedOnly(&gotosocialSigned)
	s.inbox = g.receive
	s.Acts = g.acts()
	s.Acts.Vote = g.vote
	return g, nil
}

// flat is what go-fed makes of a note: lists of one are no lists.
func flat(n document) {
	for _, key := range []string{"to", "cc", "tag", "attachment"} {
		if list, ok := n[key].([]any); ok && len(list) == 1 {
			n[key] = list[0]
		} else if ok && len(list) == 0 && key != "cc" {
			delete(n, key)
		}
	}
	delete(n, "summary")
	if n["inReplyTo"] == nil {
		delete(n, "inReplyTo")
	}
}

func (g *GoToSocial) lookup(who string) (*remote, error) {
	user, server, ok := splitAddress(who)
	if !ok || strings.Contains(who, "://") {
		return g.account(who)
	}
	j, err := g.finger(server, "acct:"+user+"@"+server)
	if err != nil {
		return nil, err
	}
	self := j.self(activityJSON, ldJSON)
	if self == "" {
		return nil, refuse("WebFinger names no self")
	}
	return g.account(self)
}

// gotosocialActors are ap.Accountable, gotosocialStatuses ap.Statusable.
var (
	gotosocialActors   = []string{"Person", "Application", "Organization", "Service", "Group"}
	gotosocialStatuses = []string{"Article", "Document", "Image", "Video", "Note", "Page", "Event", "Place", "Profile", "Question", "Album"}
)

func (g *GoToSocial) account(uri string) (*remote, error) {
	uri, _, _ = strings.Cut(uri, "#")
	if r := g.acquainted(uri); r != nil {
		return r, nil
	}
	d, p, err := g.fetch(uri)
	if err != nil {
		return nil, err
	}
	if !ofTypes(d, gotosocialActors) || isList(d["type"]) {
		return nil, refuse("no actor but %v", d["type"])
	}
	if text(d["id"]) != p.url && text(d["url"]) != p.url {
		return nil, refuse("%s calls itself %s", p.url, text(d["id"]))
	}
	r := asRemote(d)
	// Keys are *rsa.PublicKey throughout, and one of them.
	if r.inbox == "" || r.key == nil {
		return nil, refuse("no inbox or no RSA key")
	}
	return g.remember(r), nil
}

func (g *GoToSocial) receive(in *Incoming) Answer {
	// apcontenttype.go: nothing but these two.
	media, params, _ := strings.Cut(strings.ToLower(in.Header.Get("Content-Type")), ";")
	if m := strings.TrimSpace(media); m != "application/activity+json" && (m != "application/ld+json" || !strings.Contains(params, "activitystreams")) {
		return Answer{Status: http.StatusNotAcceptable, Why: "the type " + m}
	}
	from, err := g.signer(in)
	if err != nil {
		return answer(0, http.StatusUnauthorized, err)
	}
	if in.Activity == nil {
		return Answer{Status: http.StatusBadRequest, Why: "not one JSON value"}
	}
	if g.inboxOwner(in) == nil {
		return Answer{Status: http.StatusNotFound, Why: "nobody's inbox"}
	}
	// ap/resolve.go: a type that go-fed has no word for is malformed.
	if !slices.Contains(vocabulary, text(in.Activity["type"])) {
		return Answer{Status: http.StatusBadRequest, Why: "the type " + text(in.Activity["type"])}
	}
	// Without an id it is taken for transient and dropped.
	if text(in.Activity["id"]) == "" {
		return Answer{Status: http.StatusAccepted, Why: "transient"}
	}
	if idOf(in.Activity["actor"]) != from.id {
		return Answer{Status: http.StatusForbidden, Why: "signed by " + from.id}
	}
	return answer(http.StatusAccepted, http.StatusAccepted, g.process(from, in.Activity))
}

// vocabulary are the activities of ActivityStreams that go-fed resolves.
var vocabulary = []string{"Accept", "Add", "Announce", "Arrive", "Block", "Create", "Delete", "Dislike", "Flag", "Follow", "Ignore", "Invite", "Join", "Leave", "Like", "Listen", "Move", "Offer", "Question", "Read", "Reject", "Remove", "TentativeAccept", "TentativeReject", "Travel", "Undo", "Update", "View"}

func (g *GoToSocial) signer(in *Incoming) (*remote, error) {
	// It knows nothing of RFC 9421.
	p, err := parseSignature(in.Header, false)
	if err != nil {
		return nil, err
	}
	if err := gotosocialSigned.check(g.Server, in.Request, in.Body, p); err != nil {
		return nil, err
	}
	owner, _, _ := strings.Cut(p.keyID, "#")
	if from := g.acquainted(owner); from != nil && gotosocialSigned.arithmetic(in.Request, in.Body, p, from.key) == nil {
		return from, nil
	}
	g.Forget(owner)
	from, err := g.account(owner)
	if err != nil {
		return nil, err
	}
	return from, gotosocialSigned.arithmetic(in.Request, in.Body, p, from.key)
}

func (g *GoToSocial) process(from *remote, activity document) error {
	target := idOf(activity["object"])
	switch text(activity["type"]) {
	case "Create":
		o := object(activity["object"])
		if o == nil {
			return refuse("Create of a bare id")
		}
		if g.has(text(o["id"])) {
			return refuse("known")
		}
		return g.status(from, o, activity, nil)
	case "Update":
		if target == from.id {
			g.Forget(from.id)
			_, err := g.account(target)
			return err
		}
		// Observed: an Update of something unknown is as good as a Create.
		o := object(activity["object"])
		if o == nil {
			return refuse("Update of a bare id")
		}
		return g.status(from, o, activity, g.Thing(target))
	case "Delete":
		if t := g.Thing(target); t != nil && t.By == from.id {
			g.hide(target)
			return nil
		}
		return refuse("nothing to delete")
	case "Announce":
		// The object is read where it lives, and must be a status: an activity
		// inside is not understood.
		if !g.has(target) {
			d, p, err := g.fetch(target)
			if err != nil {
				return err
			}
			if text(d["id"]) != p.url && text(d["url"]) != p.url {
				return refuse("%s calls itself %s", p.url, text(d["id"]))
			}
			by, err := g.account(idOf(d["attributedTo"]))
			if err != nil {
				return err
			}
			if err := g.status(by, d, document{}, nil); err != nil {
				return err
			}
		}
		g.onBoost(from, activity, target)
		return nil
	case "Like":
		if g.document(target) == nil {
			return refuse("a Like of something elsewhere")
		}
		g.update(func() { g.notify(Notice{Kind: "like", To: g.Me.ID, By: from.id, About: target}) })
		return nil
	case "Follow":
		return g.onFollow(from, activity, nil)
	case "Accept":
		return g.onAnswer(from, activity, "accepted")
	case "Reject":
		// Observed: it rejects requests; a follow that was accepted stays.
		if g.follows(from.id) {
			return refuse("the follow was accepted already")
		}
		return g.onAnswer(from, activity, "rejected")
	case "Undo":
		return g.onUndo(from, activity)
	case "Block":
		g.update(func() { delete(g.following[target], from.id) })
		return nil
	case "Flag", "Move":
		return nil
	}
	return refuse("nothing is done with %s", activity["type"])
}

// status is ASStatusToStatus: content is the body; summary, or else name, is a
// warning before it. Times and places are not looked at.
func (g *GoToSocial) status(from *remote, o, activity document, before *Thing) error {
	id := text(o["id"])
	if isList(o["type"]) || !ofTypes(o, gotosocialStatuses) {
		return refuse("%v is not statusable", o["type"])
	}
	if host(id) != host(from.id) || idOf(o["attributedTo"]) != from.id {
		return refuse("%s of %v is not of %s", id, o["attributedTo"], from.id)
	}
	t := &Thing{ID: id, Kind: "status", By: from.id, Link: text(o["url"]), Text: text(o["content"]), Warning: text(o["summary"]), ReplyTo: idOf(o["inReplyTo"]), Listed: true, Visibility: visibility(o, activity, from.followers)}
	if isList(o["url"]) {
		t.Link = idOf(first(o["url"]))
	}
	if t.Warning == "" {
		t.Warning = text(o["name"])
	}
	t.published, t.updated = instant(o["published"]), instant(o["updated"])
	// freshness: published is for good, and nothing is updated before it.
	if !t.updated.IsZero() && t.updated.Before(t.published) {
		return refuse("updated before it was published")
	}
	if before != nil {
		if before.By != from.id {
			return refuse("%s is of %s", id, before.By)
		}
		if !t.published.Equal(before.published) {
			return refuse("published changed")
		}
		t.Edits, t.Boosts, t.Likes = before.Edits+1, before.Boosts, before.Likes
	}
	// interactionPolicy: without one everybody may do everything.
	for _, a := range many(o["attachment"]) {
		d := object(a)
		if !ofTypes(d, []string{"Audio", "Document", "Image", "Video"}) || text(d["url"]) == "" {
			continue
		}
		t.Images = append(t.Images, Image{text(d["url"]), text(d["name"])})
	}
	if text(o["type"]) == "Question" {
		t.Poll = pollOf(o)
		// pollChanged: with another end or other options it is a new poll, in which
		// nobody voted yet.
		if before != nil && before.Poll != nil && !samePoll(before.Poll, t.Poll) {
			t.Poll.Renewed = before.Poll.Renewed + 1
		}
	}
	if t.Visibility == "direct" {
		t.Kind, t.Listed = "message", false
	}
	g.show(t)
	g.update(func() {
		for _, tag := range many(o["tag"]) {
			if d := object(tag); text(d["type"]) == "Mention" && text(d["href"]) == g.Me.ID && before == nil {
				g.notify(Notice{Kind: "mention", To: g.Me.ID, By: from.id, About: id})
			}
		}
	})
	return nil
}

func samePoll(a, b *Poll) bool {
	return a.End.Equal(b.End) && a.Many == b.Many && slices.EqualFunc(a.Options, b.Options, func(a, b Option) bool { return a.Name == b.Name })
}
