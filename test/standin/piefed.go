package standin

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// PieFed is a server of April 2026.
type PieFed struct {
	forum
	Me     *Actor
	Events *Actor // a community of its own
}

// piefedSigned is HttpSignature.verify_request: algorithm must be there, the
// digest is compared as a string, the target has no query, no blanks after
// commas.
var piefedSigned = verifies{noMissing: true, algorithms: []string{"rsa-sha256", "hs2019"}, digest: digestExact, query: queryNever}

// NewPieFed starts a server with one person, rimu, and a community, meetups.
func NewPieFed(network *Network, host string) (*PieFed, error) {
	s, err := start(network, host, "piefed", "1.6.0")
	if err != nil {
		return nil, err
	}
	p := &PieFed{}
	p.forum = forum{Server: s, path: "comment", look: p.lookup, gives: true, context: []any{asContext, securityContext, document{"stickied": "as:stickied", "lemmy": "https://join-lemmy.org/ns#"}}}
	s.signs = signs{post: []string{"(request-target)", "host", "date", "digest", "content-type"}, get: []string{"(request-target)", "host", "date"}, algorithm: "rsa-sha256"}
	s.userAgent = "PieFed/1.6.0; +" + s.URL
	id := s.URL + "/u/rimu"
	p.Me = s.add(&Actor{Name: "rimu", ID: id, Type: "Person", Inbox: id + "/inbox", Shared: s.URL + "/inbox", Outbox: id + "/outbox",
		describe: func(a *Actor) document { return document{"@context": p.context, "indexable": true} }})
	p.me = p.Me
	community := s.URL + "/c/meetups"
	p.Events = s.add(&Actor{Name: "meetups", ID: community, Type: "Group", Inbox: community + "/inbox", Shared: s.URL + "/inbox", Outbox: community + "/outbox", Followers: community + "/followers",
		describe: func(a *Actor) document {
			return document{"@context": p.context, "attributedTo": a.ID + "/moderators", "postingRestrictedToMods": false, "featured": a.ID + "/featured", "moderators": a.ID + "/moderators"}
		}})
	s.fetcher = s.add(&Actor{Name: host, ID: s.URL + "/actor", Type: "Application", Inbox: s.URL + "/actor/inbox", Outbox: s.URL + "/actor/outbox"})
	s.inbox = p.receive
	s.Acts = p.acts()
	s.Acts.Publish, s.Acts.Change, s.Acts.Delete = p.publish, p.change, p.delete
	return p, nil
}

func (p *PieFed) lookup(who string) (*remote, error) {
	if strings.Contains(who, "://") {
		return p.actor(who)
	}
	user, server, ok := splitAddress(strings.TrimPrefix(who, "!"))
	if !ok {
		return nil, refuse("not an address: %s", who)
	}
	j, err := p.finger(server, "acct:"+user+"@"+server)
	if err != nil {
		return nil, err
	}
	for _, link := range j.Links {
		if link.Rel == "self" {
			return p.actor(link.Href)
		}
	}
	return nil, refuse("WebFinger names no self")
}

// actor is actor_json_to_model.
func (p *PieFed) actor(uri string) (*remote, error) {
	if r := p.acquainted(uri); r != nil {
		return r, nil
	}
	d, _, err := p.fetch(uri)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"Person", "Service", "Group", "Application"}, text(d["type"])) {
		return nil, refuse("no actor but %v", d["type"])
	}
	// Read without a default: KeyError.
	for _, key := range []string{"id", "preferredUsername", "inbox", "publicKey"} {
		if !present(d, key) {
			return nil, refuse("KeyError: %s", key)
		}
	}
	if e, there := d["endpoints"]; there && !present(object(e), "sharedInbox") {
		return nil, refuse("KeyError: sharedInbox")
	}
	r := asRemote(d)
	if r.key == nil {
		return nil, refuse("TypeError: publicKey")
	}
	return p.remember(r), nil
}

func (p *PieFed) receive(in *Incoming) Answer {
	// Missing minimum expected fields in JSON.
	for _, key := range []string{"id", "type", "actor", "object"} {
		if in.Activity == nil || !present(in.Activity, key) {
			return Answer{Status: http.StatusOK, Why: "missing " + key}
		}
	}
	sig, err := parseSignature(in.Header, false)
	if err != nil {
		return Answer{Status: http.StatusBadRequest, Why: err.Error()}
	}
	if err := piefedSigned.check(p.Server, in.Request, in.Body, sig); err != nil {
		return Answer{Status: http.StatusBadRequest, Why: err.Error()}
	}
	from, err := p.actor(text(in.Activity["actor"]))
	if err != nil {
		return Answer{Status: http.StatusOK, Why: err.Error()}
	}
	if piefedSigned.arithmetic(in.Request, in.Body, sig, from.key) != nil {
		p.Forget(from.id)
		if from, err = p.actor(from.id); err != nil {
			return Answer{Status: http.StatusOK, Why: err.Error()}
		}
		if err := piefedSigned.arithmetic(in.Request, in.Body, sig, from.key); err != nil {
			return Answer{Status: http.StatusBadRequest, Why: err.Error()}
		}
	}
	return answer(http.StatusOK, http.StatusOK, p.process(from, in.Activity))
}

func (p *PieFed) process(from *remote, activity document) error {
	switch text(activity["type"]) {
	case "Follow":
		return p.onFollow(from, activity, nil)
	case "Accept", "Reject":
		return p.onAnswer(from, activity, map[string]string{"Accept": "accepted", "Reject": "rejected"}[text(activity["type"])])
	case "Undo":
		if text(object(activity["object"])["type"]) == "Follow" {
			return p.onUndo(from, activity)
		}
	case "Announce":
		if from.typ() != "Group" {
			return refuse("an Announce of a person is a boost, and nothing here")
		}
		// A bare address is read, a list is a batch, a post is "Intended for Mastodon".
		if s, ok := activity["object"].(string); ok {
			d, _, err := p.fetch(s)
			if err != nil {
				return err
			}
			who, err := p.actor(idOf(d["attributedTo"]))
			if err != nil {
				return err
			}
			return p.post(who, document{"id": s, "type": "Create", "actor": who.id, "object": d}, d, from.id)
		}
		list := many(activity["object"])
		if d := object(activity["object"]); text(d["type"]) == "OrderedCollection" {
			list = many(d["orderedItems"])
		}
		var failed error
		for _, e := range list {
			inner := object(e)
			if inner == nil {
				failed = refuse("a bare id in a batch")
				continue
			}
			if slices.Contains(piefedPosts, text(inner["type"])) {
				failed = refuse("Intended for Mastodon")
				continue
			}
			if err := p.core(inner, from.id); err != nil {
				failed = err
			}
		}
		return failed
	}
	if text(activity["actor"]) != from.id {
		return refuse("signed by %s", from.id)
	}
	return p.core(activity, "")
}

// piefedPosts is new_content_types.
var piefedPosts = []string{"Page", "Article", "Link", "Note", "Question", "Event"}

// core is process_inbox_request for what people do.
func (p *PieFed) core(activity document, announcer string) error {
	for _, key := range []string{"id", "type", "actor", "object"} {
		if !present(activity, key) {
			return refuse("missing %s", key)
		}
	}
	who, err := p.actor(text(activity["actor"]))
	if err != nil {
		return err
	}
	// A community is no user.
	if who.typ() == "Group" || who.typ() == "Application" {
		return refuse("%s is a %s and no user", who.id, who.typ())
	}
	switch kind := text(activity["type"]); kind {
	case "Create", "Update":
		o := object(activity["object"])
		if o == nil || !slices.Contains(piefedPosts, text(o["type"])) {
			return refuse("%s of %v", kind, o["type"])
		}
		if o["inReplyTo"] != nil {
			parent := p.Thing(idOf(o["inReplyTo"]))
			if parent == nil {
				return refuse("the parent %s is not here", idOf(o["inReplyTo"]))
			}
			edits := 0
			if before := p.Thing(text(o["id"])); before != nil {
				edits = before.Edits + 1
			}
			p.show(&Thing{ID: text(o["id"]), Kind: "comment", By: who.id, In: parent.In, Text: text(o["content"]), ReplyTo: parent.ID, Edits: edits, Listed: true, Visibility: "public"})
			return nil
		}
		return p.post(who, activity, o, announcer)
	case "Delete":
		t := p.Thing(idOf(activity["object"]))
		if t == nil || t.By != who.id {
			return refuse("nothing of %s to delete", who.id)
		}
		p.hide(t.ID)
		return nil
	case "Like", "Dislike":
		if !p.has(idOf(activity["object"])) {
			return refuse("not here")
		}
		return nil
	case "Undo":
		return p.onUndo(who, activity)
	}
	return refuse("%s is not handled", activity["type"])
}

// piefedKeys are indexed without a default, in Create and in Update.
var piefedKeys = []string{"startTime", "endTime", "timezone", "maximumAttendeeCapacity", "participantCount", "onlineLink", "joinMode", "externalParticipationUrl", "anonymousParticipation", "isOnline", "buyTicketsLink", "feeCurrency", "feeAmount"}

// post is Post.new and update_post_from_activity.
func (p *PieFed) post(who *remote, activity, o document, announcer string) error {
	if who.typ() == "Group" || who.typ() == "Application" {
		return refuse("the author is a %s", who.typ())
	}
	id := text(o["id"])
	if idOf(o["attributedTo"]) != who.id || host(id) != host(who.id) {
		return refuse("%s by %v is not of %s", id, o["attributedTo"], who.id)
	}
	// find_community: audience, cc, to, target, passing followers over.
	community := ""
	for _, of := range []document{activity, o} {
		for _, key := range []string{"audience", "cc", "to", "target"} {
			for _, c := range ids(of[key]) {
				if c == Public || strings.HasSuffix(c, "/followers") || community != "" {
					continue
				}
				if r, err := p.actor(c); err == nil && r.typ() == "Group" {
					community = r.id
				}
			}
		}
	}
	if community == "" || announcer != "" && community != announcer {
		return refuse("the community is %q, announced by %q", community, announcer)
	}
	if !p.follows(community) {
		return refuse("nobody here follows %s", community)
	}
	t := &Thing{ID: id, Kind: "thread", By: who.id, In: community, Title: text(o["name"]), Text: text(o["content"]), Listed: true, Visibility: "public"}
	if t.Title == "" {
		return refuse("KeyError: name")
	}
	if text(o["type"]) == "Event" {
		t.Kind = "event"
		for _, key := range piefedKeys {
			if !present(o, key) {
				return refuse("KeyError: %s", key)
			}
		}
		// datetime.fromisoformat
		if t.Start, t.End = instant(o["startTime"]), instant(o["endTime"]); t.Start.IsZero() || t.End.IsZero() {
			return refuse("TypeError: startTime and endTime must be times")
		}
		t.Zone, t.JoinMode, t.JoinURL = text(o["timezone"]), text(o["joinMode"]), text(o["externalParticipationUrl"])
		seats, _, _ := number(o["maximumAttendeeCapacity"])
		t.Seats = int(seats)
		t.Online, _ = o["isOnline"].(bool)
		if place := object(o["location"]); place != nil {
			t.Place = text(place["name"])
		}
		if s, ok := o["status"].(string); ok {
			t.State = strings.ToLower(s)
		}
	}
	if img, there := o["image"]; there && img != nil {
		d := object(img)
		if d == nil || text(d["url"]) == "" {
			return refuse("TypeError: image must be one object with an url")
		}
		t.Images = append(t.Images, Image{text(d["url"]), text(d["name"])})
	}
	for _, a := range many(o["attachment"]) {
		if d := object(a); text(d["type"]) == "Link" && t.Link == "" {
			t.Link = text(d["href"])
		}
	}
	if before := p.Thing(id); before != nil {
		if text(activity["type"]) != "Update" {
			return refuse("known")
		}
		t.Edits = before.Edits + 1
	} else if text(activity["type"]) == "Update" {
		return refuse("an Update of something unknown")
	}
	p.show(t)
	return nil
}

// ---- its own events, in its own community: announced in batches

func (p *PieFed) event(id string, d Draft, created, updated time.Time) document {
	o := document{
		"id": id, "type": "Event", "attributedTo": p.Me.ID, "to": []any{p.Events.ID, Public}, "cc": []any{p.Events.Followers}, "audience": p.Events.ID, "name": d.Title, "content": "<p>" + d.Text + "</p>",
		"mediaType": "text/html", "published": created.UTC().Format(time.RFC3339Nano), "startTime": d.Start.Format(time.RFC3339), "endTime": d.End.Format(time.RFC3339), "timezone": "Europe/Berlin",
		"maximumAttendeeCapacity": d.Seats, "participantCount": 0, "onlineLink": "", "joinMode": "free", "externalParticipationUrl": "", "anonymousParticipation": false, "isOnline": false,
		"buyTicketsLink": "", "feeCurrency": "", "feeAmount": 0, "location": document{"type": "Place", "name": d.Place, "address": d.Place}, "commentsEnabled": true, "sensitive": false, "stickied": false,
		"tag": []any{}, "replies": []any{}, "language": document{"identifier": "en", "name": "English"},
	}
	if d.Image != "" {
		o["image"] = document{"type": "Image", "url": d.Image}
	}
	if !updated.IsZero() {
		o["updated"] = updated.UTC().Format(time.RFC3339Nano)
	}
	return o
}

// announce sends activities to who follows the community, as a batch.
func (p *PieFed) announce(activities ...any) error {
	p.mu.Lock()
	var inboxes []string
	for id := range p.followers[p.Events.ID] {
		if r := p.known[id]; r != nil && !slices.Contains(inboxes, r.deliverTo()) {
			inboxes = append(inboxes, r.deliverTo())
		}
	}
	p.mu.Unlock()
	for _, inbox := range inboxes {
		a := document{"@context": p.context, "id": p.activity("announce"), "type": "Announce", "actor": p.Events.ID, "to": []any{Public}, "cc": []any{p.Events.Followers}, "object": activities}
		if err := p.send(p.Events, inbox, a); err != nil {
			return err
		}
	}
	return nil
}

func (p *PieFed) wrapped(kind string, o any) document {
	return document{"id": p.activity(kind), "type": kind, "actor": p.Me.ID, "to": []any{p.Events.ID, Public}, "cc": []any{}, "audience": p.Events.ID, "object": o}
}

func (p *PieFed) publish(d Draft) (string, error) {
	id := p.next("post")
	o := p.event(id, d, p.now(), time.Time{})
	p.putEvent(o)
	return id, p.announce(p.wrapped("Create", o))
}

func (p *PieFed) putEvent(o document) {
	d := clone(o).(document)
	d["@context"] = p.context
	p.put(d)
}

func (p *PieFed) change(id string, d Draft) error {
	before := p.document(id)
	if before == nil {
		return refuse("there is no %s", id)
	}
	o := p.event(id, d, instant(before["published"]), p.now().Add(time.Second))
	p.putEvent(o)
	return p.announce(p.wrapped("Update", o))
}

func (p *PieFed) delete(id string) error {
	p.take(id)
	return p.announce(p.wrapped("Delete", id))
}
