package standin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Gancio is a server of 1.21.0. What stands here was seen when one ran.
type Gancio struct {
	*Server
	Relay *Actor

	trusted map[string]bool   // guarded by mu
	places  map[string]*place // by id and by name in lower case; used under work alone
	drafts  map[string]Draft
	made    map[string]time.Time // when an id was given to an event
	follows map[string]string    // what NodeInfo led to, by address
	// Resources lets people answer (enable_resources, off as it comes).
	Resources bool
}

type place struct{ name, address string }

// gancioSigned: algorithm and date must be there, within 300 s, the Digest is not
// looked at.
var gancioSigned = verifies{trims: true, noMissing: true, algorithms: []string{"rsa-sha256", "hs2019"}, need: []string{"date"}, past: 5 * time.Minute, future: 5 * time.Minute, query: queryEither}

// NewGancio starts a server.
func NewGancio(network *Network, host string) (*Gancio, error) {
	s, err := start(network, host, "gancio", "1.21.0")
	if err != nil {
		return nil, err
	}
	g := &Gancio{Server: s, trusted: map[string]bool{}, places: map[string]*place{}, drafts: map[string]Draft{}, made: map[string]time.Time{}, follows: map[string]string{}}
	// Host without the port, in the header too; no query.
	s.signs = signs{post: []string{"(request-target)", "host", "date", "digest"}, get: []string{"(request-target)", "host", "date"}, algorithm: "rsa-sha256", bareHost: true}
	s.userAgent = "axios/0.21.4"
	id := s.URL + "/federation/u/relay"
	g.Relay = s.add(&Actor{
		Name: "relay", ID: id, Type: "Application", Inbox: id + "/inbox", Shared: id + "/inbox", Outbox: id + "/outbox",
		describe: func(a *Actor) document {
			return document{
				"@context": gancioContext, "name": "Gancio", "summary": "A shared agenda for local communities", "manuallyApprovesFollowers": false, "discoverable": true, "indexable": true,
				"icon":       document{"type": "Image", "mediaType": "image/png", "url": s.URL + "/logo.png"},
				"attachment": []any{document{"type": "PropertyValue", "name": "Website", "value": "<a href='" + s.URL + "'>" + s.URL + "</a>"}},
			}
		},
	})
	s.fetcher = g.Relay
	s.get = g.pages
	s.inbox = g.receive
	s.Acts = Acts{Follow: g.addInstance, Unfollow: g.removeInstance, Publish: g.publish, Change: g.change, Delete: g.delete}
	return g, nil
}

var gancioContext = []any{asContext, securityContext, document{"toot": "http://joinmastodon.org/ns#", "schema": "http://schema.org#", "ProperyValue": "schema:PropertyValue", "discoverable": "toot:discoverable", "indexable": "toot:indexable", "focalPoint": document{"@container": "@list", "@id": "toot:focalPoint"}}}

// pages are those of the outbox. Observed: while there are no events each page
// names a next one, for ever.
func (g *Gancio) pages(w http.ResponseWriter, r *http.Request) bool {
	if g.URL+r.URL.Path != g.Relay.Outbox {
		return false
	}
	g.mu.Lock()
	items := append([]any{}, g.Relay.outbox...)
	g.mu.Unlock()
	slices.Reverse(items)
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		writeJSON(w, activityJSON, document{"@context": asContext, "id": g.Relay.Outbox, "type": "OrderedCollection", "totalItems": len(items), "first": g.Relay.Outbox + "?page=1", "last": fmt.Sprintf("%s?page=%d", g.Relay.Outbox, min(len(items), 1))})
		return true
	}
	d := document{"@context": asContext, "id": fmt.Sprintf("%s?page=%d", g.Relay.Outbox, page), "type": "OrderedCollectionPage", "partOf": g.Relay.Outbox, "orderedItems": []any{}}
	if page == 1 {
		d["orderedItems"] = items
	}
	if len(items) == 0 {
		d["next"] = fmt.Sprintf("%s?page=%d", g.Relay.Outbox, page+1)
	}
	writeJSON(w, activityJSON, d)
	return true
}

// ---- administration

// addInstance is "add a friendly instance": an address, or name@host; what it
// leads to is trusted and followed.
func (g *Gancio) addInstance(who string) error {
	actor := who
	if user, server, ok := splitAddress(who); ok && !strings.Contains(who, "://") {
		// https is written into it.
		j, err := g.finger(server, "acct:"+user+"@"+server)
		if err != nil {
			return err
		}
		if actor = j.self(activityJSON); actor == "" {
			return refuse("WebFinger names no self")
		}
	} else {
		server := strings.TrimSuffix(strings.TrimPrefix(who, "https://"), "/")
		p, err := g.ask("https://"+server+"/.well-known/nodeinfo", "application/json", nil, 3)
		if err != nil {
			return err
		}
		d, err := decode(p.body)
		if err != nil {
			return refuse("NodeInfo: %v", err)
		}
		links := many(d["links"])
		if len(links) == 0 {
			return refuse("NodeInfo without links")
		}
		// l.rel === A || 'B' is always true: the first link, whatever it is.
		info, err := g.ask(text(object(links[0])["href"]), "application/json", nil, 3)
		if err != nil {
			return err
		}
		software, err := decode(info.body)
		if err != nil || object(software["software"]) == nil {
			return refuse("the first link of NodeInfo is no NodeInfo: %d %v", info.status, err)
		}
		actor = ""
		for _, l := range links {
			if text(object(l)["rel"]) == "https://www.w3.org/ns/activitystreams#Application" {
				actor = text(object(l)["href"])
			}
		}
		if actor == "" {
			if n := strings.ToLower(text(object(software["software"])["name"])); n != "mobilizon" && n != "gancio" {
				return refuse("no Application, and the software is %s", n)
			}
			j, err := g.finger(server, "acct:relay@"+server)
			if err != nil {
				return err
			}
			actor = j.self(activityJSON)
		}
	}
	g.update(func() { g.follows[who] = actor })
	return g.follow(actor)
}

// follow trusts and follows an actor: it does not wait for the answer, and reads
// the first page of the outbox.
func (g *Gancio) follow(actor string) error {
	r, err := g.actor(actor)
	if err != nil {
		return err
	}
	g.update(func() { g.trusted[r.id] = true })
	if err := g.dispatch(r.deliverTo(), document{"id": g.followID(r.id), "type": "Follow", "actor": g.Relay.ID, "object": r.id}); err != nil {
		return err
	}
	g.update(func() { g.following[g.Relay.ID][r.id] = "accepted" })
	return g.backfill(r)
}

func (g *Gancio) followID(actor string) string {
	return g.URL + "/federation/m/" + actor + "#follow"
}

func (g *Gancio) removeInstance(who string) error {
	g.mu.Lock()
	if actor := g.follows[who]; actor != "" {
		who = actor
	}
	g.mu.Unlock()
	r, err := g.actor(who)
	if err != nil {
		return err
	}
	g.update(func() { delete(g.following[g.Relay.ID], r.id); delete(g.trusted, r.id) })
	// The Follow inside has no actor.
	return g.dispatch(r.deliverTo(), document{"id": g.followID(r.id) + "#undo", "type": "Undo", "actor": g.Relay.ID, "object": document{"id": g.followID(r.id), "type": "Follow", "object": r.id}})
}

// Distrust is what an administrator does with a server that is followed and
// should be heard no more.
func (g *Gancio) Distrust(actor string) { g.update(func() { delete(g.trusted, actor) }) }

func (g *Gancio) backfill(r *remote) error {
	d, _, err := g.fetch(text(r.document["outbox"]))
	if err != nil {
		return err
	}
	page := object(d["first"])
	if page == nil {
		if page, _, err = g.fetch(text(d["first"])); err != nil {
			return err
		}
	}
	g.work.Lock()
	defer g.work.Unlock()
	for _, item := range many(page["orderedItems"]) {
		a := object(item)
		if text(a["type"]) == "Announce" {
			a = object(a["object"])
		}
		if text(a["type"]) == "Create" && text(object(a["object"])["type"]) == "Event" {
			_ = g.create(r, object(a["object"]))
		}
	}
	return nil
}

// dispatch sends once.
func (g *Gancio) dispatch(inbox string, activity document) error {
	activity["@context"] = gancioContext
	err := g.send(g.Relay, inbox, activity)
	if errors.Is(err, errUnreachable) {
		return nil
	}
	return err
}

func (g *Gancio) actor(uri string) (*remote, error) {
	if r := g.acquainted(uri); r != nil {
		return r, nil
	}
	d, _, err := g.fetch(uri)
	if err != nil {
		return nil, err
	}
	r := asRemote(d)
	if r.id == "" || r.inbox == "" || r.key == nil {
		return nil, refuse("%s is no actor", uri)
	}
	return g.remember(r), nil
}

// ---- what comes in

var errHangs = errors.New("never answered")

func (g *Gancio) receive(in *Incoming) Answer {
	err := g.handleIncoming(in)
	if errors.Is(err, errHangs) {
		return Answer{Why: "never answered"}
	}
	ok := http.StatusCreated
	switch text(in.Activity["type"]) {
	case "Follow", "Undo":
		ok = http.StatusOK
	case "Accept":
		ok = http.StatusAccepted
	}
	return answer(ok, http.StatusInternalServerError, err)
}

func (g *Gancio) handleIncoming(in *Incoming) error {
	if in.Activity == nil {
		return refuse("not JSON")
	}
	// The key is looked up by the actor, which must be a string.
	actor, ok := in.Activity["actor"].(string)
	if !ok {
		return refuse("actor is no string")
	}
	p, err := parseSignature(in.Header, true)
	if err != nil {
		return err
	}
	if err := gancioSigned.check(g.Server, in.Request, in.Body, p); err != nil {
		return err
	}
	from, err := g.actor(actor)
	if err != nil {
		return err
	}
	if gancioSigned.arithmetic(in.Request, in.Body, p, from.key) != nil {
		g.Forget(actor)
		if from, err = g.actor(actor); err != nil {
			return err
		}
		if err := gancioSigned.arithmetic(in.Request, in.Body, p, from.key); err != nil {
			return err
		}
	}
	return g.process(from, in.Activity)
}

func notFound(why string, args ...any) error { return status(http.StatusNotFound, why, args...) }

func badRequest(why string, args ...any) error { return status(http.StatusBadRequest, why, args...) }

func (g *Gancio) process(from *remote, activity document) error {
	o, target := object(activity["object"]), idOf(activity["object"])
	kind := text(activity["type"])
	following := g.Following(from.id) != ""
	g.mu.Lock()
	trusted := g.trusted[from.id]
	g.mu.Unlock()
	switch kind {
	case "Create", "Update":
		switch text(o["type"]) {
		case "Event":
			// Only from an actor that is trusted and followed.
			if !following || !trusted {
				return notFound("%s is not trusted and followed", from.id)
			}
			if kind == "Create" {
				return g.create(from, o)
			}
			return g.edit(from, o)
		case "Note":
			if !g.Resources {
				return errHangs
			}
			if g.document(idOf(o["inReplyTo"])) == nil {
				return notFound("it answers nothing of here")
			}
			g.show(&Thing{ID: target, Kind: "comment", By: from.id, Text: text(o["content"]), ReplyTo: idOf(o["inReplyTo"])})
			return nil
		case "Group", "Person":
			if kind == "Update" {
				return errHangs
			}
		}
		return notFound("%s of %v", kind, o["type"])
	case "Delete":
		if !following {
			return notFound("%s is not followed", from.id)
		}
		// The whole event, or a Tombstone that says what it was.
		if text(o["type"]) != "Event" && (text(o["type"]) != "Tombstone" || text(o["formerType"]) != "Event") {
			return refuse("a Delete of %v", activity["object"])
		}
		t := g.Thing(target)
		if t == nil || t.By != from.id {
			return notFound("no such event")
		}
		g.hide(target)
		return nil
	case "Announce":
		// Of its own events: a boost is counted.
		if g.document(target) == nil {
			return notFound("no event of here")
		}
		g.onBoost(from, activity, target)
		return nil
	case "Like":
		if g.document(target) == nil {
			return notFound("no event of here")
		}
		g.update(func() { g.notify(Notice{Kind: "like", To: g.Relay.ID, By: from.id, About: target}) })
		return nil
	case "Follow":
		// With the object embedded it never answers.
		if o != nil {
			return errHangs
		}
		return g.followed(from, activity)
	case "Undo":
		switch {
		case o == nil, text(o["type"]) == "Join":
			return errHangs
		case text(o["type"]) == "Follow":
			return g.onUndo(from, activity)
		}
		return notFound("Undo of %v", o["type"])
	case "Accept":
		// Nothing comes of it.
		return nil
	}
	return notFound("%s", kind)
}

// followed POSTs its Accept to the personal inbox before it answers the Follow.
func (g *Gancio) followed(from *remote, activity document) error {
	if idOf(activity["object"]) != g.Relay.ID {
		return notFound("nobody here")
	}
	g.update(func() { g.followers[g.Relay.ID][from.id] = text(activity["id"]) })
	// Observed: the Follow is given back whole, with its context.
	return g.dispatch(from.inbox, document{"id": g.URL + "/federation/m/" + from.id + "#accept", "type": "Accept", "actor": g.Relay.ID, "object": clone(activity)})
}

// create is events.create. Whatever is wrong with it, the whole event is lost.
func (g *Gancio) create(from *remote, o document) error {
	id, title := text(o["id"]), text(o["name"])
	switch {
	case g.has(id):
		return nil
	case id == "" || title == "":
		return badRequest("name or id is missing")
	case instant(o["startTime"]).IsZero():
		return badRequest("startTime is missing")
	}
	t := &Thing{ID: id, Kind: "event", By: from.id, Title: title, Text: text(o["content"]), Start: instant(o["startTime"]), End: instant(o["endTime"]), Visibility: "public"}
	if t.Text == "" {
		t.Text = text(o["summary"])
	}
	if t.Link = text(o["url"]); t.Link == "" {
		t.Link = id
	}
	if err := g.locate(o["location"], t); err != nil {
		return err
	}
	if err := g.picture(o, t); err != nil {
		return err
	}
	if tag, there := o["tag"]; there && tag != nil && !isList(tag) {
		g.show(t) // the row is there before it fails
		return badRequest("tag is no list")
	}
	for _, tag := range many(o["tag"]) {
		t.Tags = append(t.Tags, strings.TrimPrefix(text(object(tag)["name"]), "#"))
	}
	// Without a place it is not found by searching; what has begun is purged soon.
	t.Listed = t.Place != ""
	if t.Start.Before(g.now()) {
		g.hide(id)
		return nil
	}
	g.show(t)
	return nil
}

// edit is events.update: the same actor as before, one place, and a picture
// first or nothing at all.
func (g *Gancio) edit(from *remote, o document) error {
	before := g.Thing(text(o["id"]))
	if before == nil {
		return notFound("no such event")
	}
	if before.By != from.id {
		return notFound("%s is of %s", before.ID, before.By)
	}
	if isList(o["location"]) {
		return refuse("location is a list")
	}
	// _findOrCreatePlace of an update, as it was seen: no place, or one without an
	// address, is an error, unless it is called online.
	if d := object(o["location"]); d == nil || !strings.EqualFold(text(d["name"]), "online") && usableAddress(d["address"]) == "" {
		return refuse("place_id or place_name and place_address are required")
	}
	list, ok := o["attachment"].([]any)
	if !ok {
		return refuse("attachment is not there")
	}
	if len(list) > 0 && !strings.HasPrefix(text(object(list[0])["mediaType"]), "image/") {
		return refuse("the first attachment is no picture: %v", list[0])
	}
	t := &Thing{ID: before.ID, Kind: "event", By: from.id, Title: text(o["name"]), Text: text(o["content"]), Start: instant(o["startTime"]), End: instant(o["endTime"]), Link: before.Link, Visibility: "public", Edits: before.Edits + 1, Boosts: before.Boosts}
	if t.Title == "" || t.Start.IsZero() {
		return badRequest("name or startTime is missing")
	}
	if err := g.locate(o["location"], t); err != nil {
		return err
	}
	if err := g.picture(o, t); err != nil {
		return err
	}
	for _, tag := range many(o["tag"]) {
		t.Tags = append(t.Tags, strings.TrimPrefix(text(object(tag)["name"]), "#"))
	}
	t.Listed = t.Place != ""
	g.show(t)
	return nil
}

// usableAddress is street, town or country, or the address where it is a string.
func usableAddress(v any) string {
	d := object(v)
	for _, key := range []string{"streetAddress", "addressLocality", "addressCountry"} {
		if s := text(d[key]); s != "" {
			return s
		}
	}
	return text(v)
}

// locate is parsePlace: the Place of a list, or a virtual one whose name becomes
// a place. One that is known, by its id or else by its name alone, is never
// changed.
func (g *Gancio) locate(v any, t *Thing) error {
	list := many(v)
	var d, virtual document
	for _, e := range list {
		switch e := object(e); text(e["type"]) {
		case "Place":
			if d == nil {
				d = e
			}
		case "VirtualLocation":
			virtual = e
		}
	}
	if d == nil {
		if d = virtual; d == nil {
			return nil
		}
	}
	called := text(d["name"])
	if called == "" {
		return badRequest("a place without a name")
	}
	id := text(d["id"])
	known := g.places[id]
	if known == nil || id == "" {
		known = g.places[strings.ToLower(called)]
	}
	if known == nil {
		known = &place{name: called}
		known.address = usableAddress(d["address"])
		if id != "" {
			g.places[id] = known
		}
		g.places[strings.ToLower(called)] = known
	}
	t.Place, t.Address = known.name, known.address
	return nil
}

// picture finds and downloads the picture: the first attachment whose mediaType
// has image in it. One before it without a mediaType, or a picture that cannot be
// had, is the end of the event.
func (g *Gancio) picture(o document, t *Thing) error {
	a, there := o["attachment"]
	if !there || a == nil {
		return nil
	}
	list, ok := a.([]any)
	if !ok {
		return badRequest("attachment.find is not a function")
	}
	for _, e := range list {
		d := object(e)
		media, ok := d["mediaType"].(string)
		if !ok {
			return badRequest("Cannot read properties of undefined: mediaType of %v", d)
		}
		if !strings.Contains(media, "image") {
			if text(d["href"]) != "" {
				t.Links = append(t.Links, text(d["href"]))
			}
			continue
		}
		p, err := g.ask(text(d["url"]), "*/*", nil, 3)
		if err != nil || p.status != http.StatusOK {
			return badRequest("the picture %s cannot be had", text(d["url"]))
		}
		t.Images = append(t.Images, Image{text(d["url"]), text(d["name"])})
		return nil
	}
	return nil
}

// ---- its own events

func (g *Gancio) eventDocument(id string, d Draft, updated time.Time) document {
	o := document{
		"id": id, "type": "Event", "name": d.Title, "url": g.URL + "/event/" + strings.ReplaceAll(strings.ToLower(d.Title), " ", "-"),
		"startTime": d.Start.Format("2006-01-02T15:04:05.000-07:00"), "endTime": d.End.Format("2006-01-02T15:04:05.000-07:00"),
		// Hybrid: a list, and an address that is a string.
		"location": []any{
			document{"type": "VirtualLocation", "url": "https://meet.example/z"},
			document{"id": g.URL + "/federation/p/" + fmt.Sprintf("%x", []byte(d.Place)), "type": "Place", "name": d.Place, "address": "Via 1", "latitude": 45.07, "longitude": 7.68},
		},
		"attachment": []any{document{"type": "Link", "mediaType": "text/html", "name": "https://meet.example/z", "href": "https://meet.example/z"}},
		"tag":        []any{document{"type": "Hashtag", "name": "#foo", "href": g.URL + "/tag/foo"}}, "published": g.published(id), "attributedTo": g.Relay.ID,
		"to": []any{Public}, "cc": []any{g.Relay.ID + "/followers"}, "content": "<p>" + d.Text + "</p>", "summary": d.Place + ", " + d.Start.Format("Monday, January 2 at 03:04 PM MST"),
	}
	if d.Image != "" {
		o["attachment"] = append(many(o["attachment"]), document{"type": "Document", "mediaType": "image/jpeg", "url": d.Image, "name": d.Title, "focalPoint": []any{0.0, 0.0}})
	}
	if !updated.IsZero() {
		o["updated"] = updated.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return o
}

// published is when an id was used last.
func (g *Gancio) published(id string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.made[id].UTC().Format("2006-01-02T15:04:05.000Z")
}

func (g *Gancio) toFollowers(kind string, o document) error {
	g.mu.Lock()
	var inboxes, cc []string
	for id := range g.followers[g.Relay.ID] {
		cc = append(cc, id)
		if r := g.known[id]; r != nil && !slices.Contains(inboxes, r.deliverTo()) {
			inboxes = append(inboxes, r.deliverTo())
		}
	}
	g.mu.Unlock()
	// cc names every follower.
	recipients := []any{}
	for _, id := range cc {
		recipients = append(recipients, id)
	}
	recipients = append(recipients, g.Relay.ID+"/followers")
	for _, inbox := range inboxes {
		activity := document{"id": fmt.Sprintf("%s#%s-%d", text(o["id"]), kind, g.now().UnixMilli()), "type": kind, "actor": g.Relay.ID, "to": []any{Public}, "cc": recipients, "object": clone(o)}
		if err := g.dispatch(inbox, activity); err != nil {
			return err
		}
	}
	return nil
}

func (g *Gancio) save(id string, d Draft, updated time.Time) document {
	o := g.eventDocument(id, d, updated)
	served := clone(o).(document)
	served["@context"] = gancioContext
	g.put(served)
	g.update(func() {
		g.drafts[id] = d
		g.Relay.outbox = slices.DeleteFunc(g.Relay.outbox, func(a any) bool { return idOf(object(a)["object"]) == id })
		g.Relay.outbox = append(g.Relay.outbox, document{"id": id + "#Create", "type": "Create", "actor": g.Relay.ID, "to": []any{Public}, "cc": []any{g.Relay.ID + "/followers"}, "object": clone(o)})
		g.things[id] = &Thing{ID: id, Kind: "event", By: g.Relay.ID, Title: d.Title, Start: d.Start, Place: d.Place, Listed: true}
	})
	return o
}

func (g *Gancio) publish(d Draft) (string, error) {
	// Observed: SQLite gives the number of the newest row out again once that row
	// was deleted.
	now := g.now()
	g.mu.Lock()
	number := 1
	for g.things[fmt.Sprintf("%s/federation/m/%d", g.URL, number)] != nil {
		number++
	}
	id := fmt.Sprintf("%s/federation/m/%d", g.URL, number)
	g.made[id] = now
	g.mu.Unlock()
	return id, g.toFollowers("Create", g.save(id, d, time.Time{}))
}

func (g *Gancio) change(id string, d Draft) error {
	return g.toFollowers("Update", g.save(id, d, g.now().Add(time.Second)))
}

// delete sends the whole event.
func (g *Gancio) delete(id string) error {
	g.mu.Lock()
	d, ok := g.drafts[id]
	g.mu.Unlock()
	if !ok {
		return refuse("there is no %s", id)
	}
	g.take(id)
	g.update(func() {
		delete(g.things, id)
		g.Relay.outbox = slices.DeleteFunc(g.Relay.outbox, func(a any) bool { return idOf(object(a)["object"]) == id })
	})
	return g.toFollowers("Delete", g.eventDocument(id, d, g.now()))
}
