package standin

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// WordPress is a site with the ActivityPub plugin 4.0 and Event Bridge 1.1.1.
type WordPress struct {
	*Server
	Blog   *Actor // Group, id 0
	drafts map[string]Draft
	// moved is what the admin called the sources, by what she typed.
	sources map[string]string
}

// wordpressSigned is class-signature.php: keyId and signature, three hours, the
// digest not effectively checked, the target with its query.
var wordpressSigned = verifies{trims: true, past: 3 * time.Hour, future: 3 * time.Hour, query: queryOnly}

// NewWordPress starts a site in the mode of a blog.
func NewWordPress(network *Network, host string) (*WordPress, error) {
	s, err := start(network, host, "wordpress", "6.8")
	if err != nil {
		return nil, err
	}
	p := &WordPress{Server: s, drafts: map[string]Draft{}, sources: map[string]string{}}
	s.signs = signs{post: []string{"(request-target)", "host", "date", "digest"}, get: []string{"(request-target)", "host", "date"}, algorithm: "rsa-sha256", query: true}
	s.userAgent = "WordPress/6.8; " + s.URL + "; ActivityPub"
	api := s.URL + "/wp-json/activitypub/1.0"
	id := s.URL + "/?author=0"
	p.Blog = s.add(&Actor{
		Name: strings.Split(host, ".")[0], ID: id, Type: "Group", Inbox: api + "/actors/0/inbox", Shared: api + "/inbox", Outbox: api + "/actors/0/outbox", Followers: api + "/actors/0/followers",
		describe: func(a *Actor) document {
			return document{
				"url": s.URL + "/@" + a.Name, "following": api + "/actors/0/following", "manuallyApprovesFollowers": false, "discoverable": true, "name": "Site",
				"attachment":   []any{document{"type": "PropertyValue", "name": "Blog", "value": s.URL}, document{"type": "Note", "name": "Blog", "content": s.URL}},
				"generator":    document{"type": "Application", "implements": document{"href": "https://datatracker.ietf.org/doc/html/rfc9421", "name": "RFC-9421: HTTP Message Signatures"}},
				"attributedTo": api + "/collections/moderators", "moderators": api + "/collections/moderators", "postingRestrictedToMods": true,
			}
		},
	})
	s.fetcher = s.add(&Actor{Name: "application", ID: s.URL + "/?author=-1", Type: "Application", Inbox: api + "/application/inbox", Outbox: api + "/application/outbox",
		describe: func(*Actor) document { return document{"manuallyApprovesFollowers": true} }})
	s.get = p.nodeInfoTwice
	s.inbox = p.receive
	s.Acts = Acts{Follow: p.addSource, Unfollow: p.removeSource, Publish: p.publish, Change: p.change, Cancel: p.cancel, Delete: p.delete}
	return p, nil
}

var wordpressContext = []any{"https://schema.org/", asContext, document{
	"pt": "https://joinpeertube.org/ns#", "mz": "https://joinmobilizon.org/ns#", "status": "http://www.w3.org/2002/12/cal/ical#status", "commentsEnabled": "pt:commentsEnabled", "isOnline": "mz:isOnline", "timezone": "mz:timezone",
	"participantCount": "mz:participantCount", "anonymousParticipationEnabled": "mz:anonymousParticipationEnabled", "joinMode": document{"@id": "mz:joinMode", "@type": "mz:joinModeType"},
	"externalParticipationUrl": document{"@id": "mz:externalParticipationUrl", "@type": "schema:URL"}, "repliesModerationOption": document{"@id": "mz:repliesModerationOption", "@type": "mz:repliesModerationOptionType"}, "contacts": document{"@id": "mz:contacts", "@type": "@id"},
}}

func (p *WordPress) actor(uri string) (*remote, error) {
	if r := p.acquainted(uri); r != nil {
		return r, nil
	}
	d, _, err := p.fetch(uri)
	if err != nil {
		return nil, err
	}
	r := asRemote(d)
	if r.id == "" || r.inbox == "" || r.key == nil {
		return nil, refuse("%s is no actor", uri)
	}
	return p.remember(r), nil
}

// nodeInfoTwice are the links as they were seen: 2.0 under two names.
func (p *WordPress) nodeInfoTwice(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != "/.well-known/nodeinfo" {
		return false
	}
	writeJSON(w, "application/json", document{"links": []any{
		document{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": p.URL + "/nodeinfo/2.0"},
		document{"rel": "https://nodeinfo.diaspora.software/ns/schema/2.0", "href": p.URL + "/nodeinfo/2.0"},
		document{"rel": "https://www.w3.org/ns/activitystreams#Application", "href": p.fetcher.ID},
	}})
	return true
}

// ---- event sources

// addSource follows an actor as the blog.
func (p *WordPress) addSource(who string) error {
	uri := who
	if user, server, ok := splitAddress(who); ok && !strings.Contains(who, "://") {
		j, err := p.finger(server, "acct:"+user+"@"+server)
		if err != nil {
			return err
		}
		if uri = j.self(activityJSON, ldJSON); uri == "" {
			return refuse("WebFinger names no self")
		}
	}
	r, err := p.actor(uri)
	if err != nil {
		return err
	}
	p.update(func() { p.following[p.Blog.ID][r.id], p.sources[who] = "asked", r.id })
	return p.dispatch(r.deliverTo(), document{"id": p.followID(r.id), "type": "Follow", "actor": p.Blog.ID, "object": r.id})
}

// followID is what the Accept must name, byte for byte.
func (p *WordPress) followID(actor string) string {
	return p.Blog.ID + "#follow-" + strings.TrimPrefix(actor, "https://")
}

func (p *WordPress) removeSource(who string) error {
	p.mu.Lock()
	if id := p.sources[who]; id != "" {
		who = id
	}
	p.mu.Unlock()
	r, err := p.actor(who)
	if err != nil {
		return err
	}
	p.update(func() { delete(p.following[p.Blog.ID], r.id) })
	// Observed (class-event-sources.php): the actor inside is that of the followed
	// one, whole.
	return p.dispatch(r.deliverTo(), document{"id": p.Blog.ID + "#unfollow-" + strings.TrimPrefix(r.id, "https://"), "type": "Undo", "actor": p.Blog.ID, "object": document{"id": p.followID(r.id), "type": "Follow", "actor": clone(r.document), "object": r.id}})
}

// dispatch sends and forgets.
func (p *WordPress) dispatch(inbox string, activity document) error {
	activity["@context"] = wordpressContext
	err := p.send(p.Blog, inbox, activity)
	if errors.Is(err, errUnreachable) {
		return nil
	}
	return err
}

// ---- what comes in

func (p *WordPress) receive(in *Incoming) Answer {
	if in.Activity == nil {
		return Answer{Status: http.StatusBadRequest, Why: "not JSON"}
	}
	from, err := p.signer(in)
	if err != nil {
		return Answer{Status: http.StatusUnauthorized, Why: err.Error()}
	}
	// Observed: of two requests at once the cron option of one is overwritten by the
	// other, and what it had scheduled is lost.
	if in.Crowded {
		return Answer{Status: http.StatusAccepted, Why: "lost: another request was under way"}
	}
	return answer(http.StatusAccepted, http.StatusAccepted, p.process(from, in))
}

func (p *WordPress) signer(in *Incoming) (*remote, error) {
	sig, err := parseSignature(in.Header, true)
	if err != nil {
		return nil, err
	}
	if err := wordpressSigned.check(p.Server, in.Request, in.Body, sig); err != nil {
		return nil, err
	}
	owner, _, _ := strings.Cut(sig.keyID, "#")
	from, err := p.actor(owner)
	if err != nil {
		return nil, err
	}
	if wordpressSigned.arithmetic(in.Request, in.Body, sig, from.key) != nil {
		p.Forget(owner)
		if from, err = p.actor(owner); err != nil {
			return nil, err
		}
		err = wordpressSigned.arithmetic(in.Request, in.Body, sig, from.key)
	}
	return from, err
}

func (p *WordPress) process(from *remote, in *Incoming) error {
	activity := in.Activity
	target := idOf(activity["object"])
	switch text(activity["type"]) {
	case "Follow":
		return p.onFollow(from, activity, nil)
	case "Undo":
		return p.onUndo(from, activity)
	case "Like":
		if p.document(target) == nil {
			return refuse("nothing of here")
		}
		p.update(func() { p.notify(Notice{Kind: "like", To: p.Blog.ID, By: from.id, About: target}) })
		return nil
	case "Join":
		// class-join.php: one signs up on the page.
		return p.dispatch(from.inbox, document{"id": p.Blog.ID + "#ignore-" + strings.TrimPrefix(text(activity["id"]), "https://"), "type": "Ignore", "actor": p.Blog.ID, "object": text(activity["id"]), "to": from.id})
	case "Accept":
		// class-accept.php: the id of the Follow as it was sent.
		if target != p.followID(from.id) {
			return refuse("the Accept is of %q, the Follow was %q", target, p.followID(from.id))
		}
		p.update(func() { p.following[p.Blog.ID][from.id] = "accepted" })
		return p.backfill(from)
	case "Create":
		if o := object(activity["object"]); text(o["type"]) == "Note" && p.document(idOf(o["inReplyTo"])) != nil {
			p.show(&Thing{ID: text(o["id"]), Kind: "comment", By: from.id, Text: text(o["content"]), ReplyTo: idOf(o["inReplyTo"]), Visibility: "public"})
			return nil
		}
	case "Update", "Delete":
	default:
		return refuse("%s is not handled", activity["type"])
	}
	// Event Bridge hears what is for the blog: at the shared inbox of 4.0 the user
	// is null.
	if owner := p.inboxOwner(in); owner != p.Blog {
		return refuse("for nobody: it came to %s", in.URL.Path)
	}
	return p.fromSource(from, activity)
}

// startForm is is_valid_activitypub_time_string.
var startForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)$`)

var sideload = regexp.MustCompile(`(?i)^https://[^?#]+\.(jpe?g|png|gif|webp|avif|heic)(\?.*)?$`)

// fromSource is class-event-sources.php and handler/*.
func (p *WordPress) fromSource(from *remote, activity document) error {
	if !p.follows(from.id) {
		return refuse("%s is no source that is followed", from.id)
	}
	o, target := object(activity["object"]), idOf(activity["object"])
	// activity.actor, activity.id and object.id share a host.
	if h := name(text(activity["actor"])); h == "" || h != name(text(activity["id"])) || h != name(target) {
		return refuse("actor, activity and object are of different hosts")
	}
	if text(activity["type"]) == "Delete" {
		t := p.Thing(target)
		if t == nil {
			return refuse("no such event")
		}
		p.hide(target)
		return nil
	}
	fresh := p.Thing(target) == nil
	if err := p.cache(o, activity); err != nil || !fresh {
		return err
	}
	// Observed: what is kept is sent out as an event of its own, under an address
	// where nothing is.
	return p.republish(o)
}

func (p *WordPress) republish(o document) error {
	p.mu.Lock()
	p.sequence++
	id := fmt.Sprintf("%s/?p=%d", p.URL, 40+p.sequence)
	p.mu.Unlock()
	copied := p.eventDocument(id, Draft{Title: text(o["name"]), Text: Plain(text(o["content"])), Start: instant(o["startTime"]), End: instant(o["endTime"]), Place: text(object(o["location"])["name"])}, "CONFIRMED", p.now())
	copied["attachment"] = []any{document{"type": "Link", "name": "Original Website", "href": text(o["id"])}}
	return p.toFollowers("Create", copied)
}

func (p *WordPress) cache(o, activity document) error {
	if text(o["type"]) != "Event" {
		return refuse("a %v is no event", o["type"])
	}
	if v := visibility(o, activity, ""); v != "public" && v != "unlisted" {
		return refuse("not public")
	}
	for _, key := range []string{"id", "startTime", "name"} {
		if text(o[key]) == "" {
			return refuse("%s is missing", key)
		}
	}
	if !startForm.MatchString(text(o["startTime"])) {
		return refuse("startTime %q", o["startTime"])
	}
	t := &Thing{ID: text(o["id"]), Kind: "event", By: idOf(o["attributedTo"]), Title: text(o["name"]), Text: text(o["content"]), Link: idOf(o["url"]), Start: instant(o["startTime"]), End: instant(o["endTime"]), Listed: true, Visibility: "public"}
	if t.Text == "" {
		t.Text = text(o["summary"])
	}
	if t.Start.Before(p.now()) {
		return refuse("it has begun already")
	}
	// Of a list of places the first.
	if d := object(first(o["location"])); d != nil {
		t.Place = text(d["name"])
		if a := object(d["address"]); a != nil {
			t.Address = strings.TrimSpace(text(a["streetAddress"]) + " " + text(a["addressLocality"]))
		} else {
			t.Address = text(d["address"])
		}
	}
	// image, or else the first Image or Document among the attachments.
	picture := object(first(o["image"]))
	for _, a := range many(o["attachment"]) {
		if d := object(a); picture == nil && ofTypes(d, []string{"Image", "Document"}) {
			picture = d
		}
	}
	// Observed: media_sideload_image wants a suffix that it knows in the path.
	if u := text(picture["url"]); sideload.MatchString(u) {
		t.Images = []Image{{u, text(picture["name"])}}
	}
	for _, tag := range many(o["tag"]) {
		t.Tags = append(t.Tags, strings.TrimPrefix(text(object(tag)["name"]), "#"))
	}
	if before := p.Thing(t.ID); before != nil {
		t.Edits = before.Edits + 1
	}
	p.show(t)
	return nil
}

// backfill reads twenty events that are still to come, following first and next.
func (p *WordPress) backfill(r *remote) error {
	d, _, err := p.fetch(text(r.document["outbox"]))
	if err != nil {
		return err
	}
	next := d["first"]
	for taken := 0; next != nil && taken < 20; {
		page := object(next)
		if page == nil {
			if page, _, err = p.fetch(text(next)); err != nil {
				return err
			}
		}
		for _, item := range many(page["orderedItems"]) {
			a := object(item)
			if text(a["type"]) == "Create" && p.cache(object(a["object"]), a) == nil {
				taken++
			}
		}
		next = page["next"]
	}
	return nil
}

// ---- its own events

func (p *WordPress) eventDocument(id string, d Draft, state string, updated time.Time) document {
	o := document{
		"id": id, "type": "Event", "url": p.URL + "/event/x/", "attributedTo": p.Blog.ID, "name": d.Title, "content": "<p>" + html.EscapeString(d.Text) + "</p>", "contentMap": document{"en": "<p>" + html.EscapeString(d.Text) + "</p>"},
		"summary":   "<p>🗓️ Start: " + d.Start.Format("January 2, 2006 15:04") + "<br>📍 Location: " + d.Place + "</p><p>" + html.EscapeString(d.Text) + "…</p>",
		"startTime": d.Start.UTC().Format("2006-01-02T15:04:05Z"), "endTime": d.End.UTC().Format("2006-01-02T15:04:05Z"), "published": "2026-11-01T10:00:00Z", "updated": updated.UTC().Format(time.RFC3339), "timezone": "Europe/Vienna", "category": "MEETING", "status": state,
		"joinMode": "external", "externalParticipationUrl": p.URL + "/event/x/", "commentsEnabled": false, "repliesModerationOption": "closed", "to": []any{Public, p.Blog.Followers},
		"location": document{"type": "Place", "name": d.Place, "address": document{"type": "PostalAddress", "streetAddress": "Ring 1", "addressLocality": "Wien", "addressCountry": "AT"}}, "audience": p.Blog.ID, "context": id + "&context", "nameMap": document{"en": d.Title}, "tag": []any{}, "attachment": []any{},
	}
	if d.Image != "" {
		o["attachment"] = []any{document{"type": "Image", "url": d.Image, "mediaType": "image/jpeg", "name": "A poster"}}
	}
	return o
}

func (p *WordPress) toFollowers(kind string, o any) error {
	p.mu.Lock()
	var inboxes []string
	for id := range p.followers[p.Blog.ID] {
		if r := p.known[id]; r != nil && !slices.Contains(inboxes, r.deliverTo()) {
			inboxes = append(inboxes, r.deliverTo())
		}
	}
	p.mu.Unlock()
	for _, inbox := range inboxes {
		activity := document{"id": fmt.Sprintf("%s#activity-%s-%d", idOf(o), strings.ToLower(kind), p.now().UnixNano()), "type": kind, "actor": p.Blog.ID, "to": []any{Public, p.Blog.Followers}, "object": clone(o)}
		if err := p.dispatch(inbox, activity); err != nil {
			return err
		}
	}
	return nil
}

func (p *WordPress) save(id string, d Draft, state string, updated time.Time) document {
	o := p.eventDocument(id, d, state, updated)
	served := clone(o).(document)
	served["@context"] = wordpressContext
	p.put(served)
	p.update(func() {
		p.drafts[id] = d
		p.Blog.outbox = slices.DeleteFunc(p.Blog.outbox, func(a any) bool { return idOf(object(a)["object"]) == id })
		p.Blog.outbox = append(p.Blog.outbox, document{"id": id + "#activity", "type": "Create", "actor": p.Blog.ID, "to": []any{Public, p.Blog.Followers}, "object": clone(o)})
		p.things[id] = &Thing{ID: id, Kind: "event", By: p.Blog.ID, Title: d.Title, Start: d.Start, Place: d.Place, Listed: true}
	})
	return o
}

func (p *WordPress) publish(d Draft) (string, error) {
	p.mu.Lock()
	p.sequence++
	id := fmt.Sprintf("%s/?p=%d", p.URL, 40+p.sequence)
	p.mu.Unlock()
	return id, p.toFollowers("Create", p.save(id, d, "CONFIRMED", p.now()))
}

func (p *WordPress) change(id string, d Draft) error {
	return p.toFollowers("Update", p.save(id, d, "CONFIRMED", p.now().Add(time.Second)))
}

func (p *WordPress) cancel(id string) error {
	p.mu.Lock()
	d, ok := p.drafts[id]
	p.mu.Unlock()
	if !ok {
		return refuse("there is no %s", id)
	}
	return p.toFollowers("Update", p.save(id, d, "CANCELLED", p.now().Add(2*time.Second)))
}

func (p *WordPress) delete(id string) error {
	// Observed: once it is in the trash, its address still answers 200 with an
	// event of no content.
	o := p.document(id)
	if o == nil {
		return refuse("there is no %s", id)
	}
	o["content"] = ""
	p.put(o)
	p.update(func() {
		delete(p.things, id)
		p.Blog.outbox = slices.DeleteFunc(p.Blog.outbox, func(a any) bool { return idOf(object(a)["object"]) == id })
	})
	// Observed: the bare id.
	return p.toFollowers("Delete", id)
}
