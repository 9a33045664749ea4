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

// Mobilizon is a server of 5.1.3. Its relay follows other servers; what these
// announce is listed, what they only create is known and found nowhere.
type Mobilizon struct {
	*Server
	Relay     *Actor // Application
	City      *Actor // Group
	Alice     *Actor // an ordinary person
	Moderator *Actor // of the group, who answers those who want to come

	// places are the addresses that are known by id, which never change
	// (used under work alone).
	places map[string]document
	// pending are follows of the relay that an administrator must accept.
	pending map[string]document
	joins   map[string]document // of its people, by event
	drafts  map[string]Draft
}

// mobilizonSigned is plugs/http_signatures.ex: any list of headers, no blanks
// after commas, a Date within 12 hours, the Digest not verified.
var mobilizonSigned = verifies{past: 12 * time.Hour, future: 12 * time.Hour, query: queryEither}

// NewMobilizon starts a server with a group, a moderator of it, and a person.
func NewMobilizon(network *Network, host string) (*Mobilizon, error) {
	s, err := start(network, host, "mobilizon", "5.1.3")
	if err != nil {
		return nil, err
	}
	m := &Mobilizon{Server: s, places: map[string]document{}, pending: map[string]document{}, joins: map[string]document{}, drafts: map[string]Draft{}}
	// publisher.ex signs a map: its keys in order. A GET is signed without its query.
	s.signs = signs{post: []string{"(request-target)", "content-length", "date", "digest", "host"}, get: []string{"(request-target)", "date", "host"}, algorithm: "rsa-sha256"}
	s.userAgent = s.Host + " - Mobilizon 5.1.3"
	actor := func(name, typ, path string, describe func(*Actor) document) *Actor {
		id := s.URL + path
		// converter/actor.ex: the key is PKCS#1.
		return s.add(&Actor{Name: name, ID: id, Type: typ, Inbox: id + "/inbox", Shared: s.URL + "/inbox", Outbox: id + "/outbox", Followers: id + "/followers", pkcs1: true,
			describe: func(a *Actor) document {
				d := document{"@context": mobilizonContext, "following": a.ID + "/following", "discoverable": true, "manuallyApprovesFollowers": false, "summary": ""}
				if describe != nil {
					for k, v := range describe(a) {
						d[k] = v
					}
				}
				return d
			}})
	}
	m.City = actor("city", "Group", "/@city", func(a *Actor) document {
		ends := document{}
		for _, k := range []string{"members", "resources", "todos", "posts", "events", "discussions"} {
			ends[k] = a.ID + "/" + k
		}
		d := clone(ends).(document)
		ends["sharedInbox"] = s.URL + "/inbox"
		d["endpoints"], d["openness"], d["memberCount"] = ends, "moderated", 2
		return d
	})
	m.Alice = actor("alice", "Person", "/@alice", nil)
	m.Moderator = actor("mod", "Person", "/@mod", nil)
	m.Relay = actor("relay", "Application", "/relay", func(a *Actor) document { return document{"manuallyApprovesFollowers": true} })
	s.fetcher = m.Relay
	s.get = m.hostMetaDocument
	s.inbox = m.receive
	s.Acts = Acts{
		Follow: m.addInstance, Unfollow: m.removeInstance, Reply: m.comment, Edit: m.editComment, Remove: m.removeComment,
		Join: m.join, Leave: m.leave, Publish: m.publish, Change: m.change, Cancel: m.cancel, Delete: m.delete,
	}
	return m, nil
}

var mobilizonContext = []any{asContext, securityContext, document{
	"@language": "und", "sc": "http://schema.org#", "ical": "http://www.w3.org/2002/12/cal/ical#", "pt": "https://joinpeertube.org/ns#", "toot": "http://joinmastodon.org/ns#", "mz": "https://joinmobilizon.org/ns#",
	"category": "sc:category", "uuid": "sc:identifier", "joinMode": document{"@id": "mz:joinMode", "@type": "mz:joinModeType"}, "location": document{"@id": "sc:location", "@type": "sc:Place"},
	"address": document{"@id": "sc:address", "@type": "sc:PostalAddress"}, "participationMessage": document{"@id": "mz:participationMessage", "@type": "sc:Text"}, "timezone": document{"@id": "mz:timezone", "@type": "sc:Text"}, "Hashtag": "as:Hashtag",
}}

// hostMetaDocument is where its WebFinger is, which it asks others for first too.
func (m *Mobilizon) hostMetaDocument(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != "/.well-known/host-meta" {
		return false
	}
	w.Header().Set("Content-Type", "application/xrd+xml")
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" template="%s/.well-known/webfinger?resource={uri}" type="application/xrd+xml"/></XRD>`, m.URL)
	return true
}

// ---- whom it knows

// mobilizonActors are the types that actor.ex takes; everything else is
// actor_not_allowed_type.
var mobilizonActors = []string{"Application", "Group", "Organization", "Person", "Service"}

func (m *Mobilizon) actor(uri string) (*remote, error) {
	if r := m.acquainted(uri); r != nil {
		return r, nil
	}
	return m.freshActor(uri)
}

// freshActor is converter/actor.ex as_to_model_data with the changeset of a
// remote actor.
func (m *Mobilizon) freshActor(uri string) (*remote, error) {
	d, _, err := m.fetch(uri)
	if err != nil {
		return nil, err
	}
	if t, ok := d["type"].(string); !ok || !slices.Contains(mobilizonActors, t) {
		return nil, refuse("actor_not_allowed_type %v", d["type"])
	}
	// @remote_actor_creation_required_attrs
	for _, key := range []string{"id", "inbox", "preferredUsername"} {
		if text(d[key]) == "" {
			return nil, refuse("%s can't be blank", key)
		}
	}
	if len([]rune(text(d["summary"]))) > 5000 || len(text(d["preferredUsername"])) > 100 {
		return nil, refuse("summary or username is too long")
	}
	for _, key := range []string{"icon", "image"} {
		if v, there := d[key]; there && v != nil && text(object(v)["url"]) == "" {
			return nil, refuse("FunctionClauseError: %s is not one object with an url", key)
		}
	}
	r := asRemote(d)
	if r.key == nil {
		return nil, refuse("publicKey.publicKeyPem can't be blank")
	}
	return m.remember(r), nil
}

// ---- relay.ex: following other servers

// addInstance is what an administrator does: a bare host, or name@host.
func (m *Mobilizon) addInstance(who string) error {
	uri := who
	if !strings.Contains(who, "://") {
		user, server, ok := splitAddress(who)
		if !ok {
			application, err := m.application(who)
			if err != nil {
				return err
			}
			if uri = application; uri == "" {
				user, server = "relay", who
			}
		}
		if user != "" {
			j, err := m.webFinger(user, server)
			if err != nil {
				return err
			}
			uri = j
		}
	}
	r, err := m.actor(uri)
	if err != nil {
		return err
	}
	// types/actors.ex follow/4 refuses people.
	if r.typ() == "Person" {
		return refuse("only groups and applications can be followed")
	}
	m.update(func() { m.following[m.Relay.ID][r.id] = "asked" })
	return m.dispatch(m.Relay, r.inbox, document{"id": m.followID(r.id), "type": "Follow", "actor": m.Relay.ID, "object": r.id, "to": []any{r.id}, "cc": []any{Public}})
}

func (m *Mobilizon) followID(who string) string {
	return m.URL + "/follow/" + fmt.Sprintf("%x", []byte(who))
}

func (m *Mobilizon) removeInstance(who string) error {
	r, err := m.actor(who)
	if err != nil {
		return err
	}
	m.update(func() { delete(m.following[m.Relay.ID], r.id) })
	return m.dispatch(m.Relay, r.inbox, document{"id": m.followID(r.id) + "/undo", "type": "Undo", "actor": m.Relay.ID, "to": []any{r.id},
		"object": document{"id": m.followID(r.id), "type": "Follow", "actor": m.Relay.ID, "object": r.id, "to": []any{r.id}, "cc": []any{Public}}})
}

// application is the actor that NodeInfo names. A link without rel and href is a
// match error.
func (m *Mobilizon) application(server string) (string, error) {
	p, err := m.ask("https://"+server+"/.well-known/nodeinfo", "application/json", nil, 3)
	if err != nil {
		return "", err
	}
	if p.status != http.StatusOK || !strings.HasPrefix(p.media, "application/json") {
		return "", refuse("NodeInfo answers %d %s", p.status, p.media)
	}
	d, err := decode(p.body)
	if err != nil {
		return "", err
	}
	application, schema := "", ""
	for _, l := range many(d["links"]) {
		link := object(l)
		rel, href := text(link["rel"]), text(link["href"])
		if rel == "" || href == "" {
			return "", refuse("MatchError: a link of NodeInfo without rel and href")
		}
		switch rel {
		case "https://www.w3.org/ns/activitystreams#Application":
			application = href
		case "http://nodeinfo.diaspora.software/ns/schema/2.1":
			schema = href
		case "http://nodeinfo.diaspora.software/ns/schema/2.0":
			if schema == "" {
				schema = href
			}
		}
	}
	if schema == "" {
		return "", refuse("no NodeInfo of 2.1 or 2.0")
	}
	return application, nil
}

// webFinger asks host-meta first, and wants a subject and a self of this very
// type.
func (m *Mobilizon) webFinger(user, server string) (string, error) {
	at := "https://" + server + "/.well-known/webfinger?resource=acct:" + user + "@" + server
	if template, err := m.hostMeta(server); err == nil {
		at = strings.ReplaceAll(template, "{uri}", "acct:"+user+"@"+server)
	}
	j, err := m.fingerAt(at)
	if err != nil {
		return "", err
	}
	if self := j.self(activityJSON); j.Subject != "" && self != "" {
		return self, nil
	}
	return "", refuse("WebFinger without subject or self")
}

// dispatch sends. What is not taken is lost: federator.ex does not try again.
func (m *Mobilizon) dispatch(as *Actor, inbox string, activity document) error {
	activity["@context"] = mobilizonContext
	err := m.send(as, inbox, activity)
	if errors.Is(err, errUnreachable) {
		return nil
	}
	return err
}

// AcceptFollow is what an administrator does with a server that wants to follow
// the relay.
func (m *Mobilizon) AcceptFollow(who string) error {
	m.work.Lock()
	follow := m.pending[who]
	delete(m.pending, who)
	m.work.Unlock()
	r := m.acquainted(who)
	if follow == nil || r == nil {
		return refuse("%s did not ask", who)
	}
	return m.accept(m.Relay, r, follow)
}

func (m *Mobilizon) accept(a *Actor, r *remote, follow document) error {
	m.update(func() { m.followers[a.ID][r.id] = text(follow["id"]) })
	inner := clone(follow).(document)
	delete(inner, "@context")
	if err := m.dispatch(a, r.inbox, document{"id": m.URL + "/accept/follow/" + fmt.Sprintf("%x", []byte(r.id)), "type": "Accept", "actor": a.ID, "object": inner, "to": []any{r.id}}); err != nil {
		return err
	}
	if a == m.Relay {
		return m.backfill(r)
	}
	return nil
}

// backfill reads the first page of the outbox once the relay is followed; what is
// in it is known, not listed.
func (m *Mobilizon) backfill(r *remote) error {
	d, _, err := m.fetch(text(r.document["outbox"]))
	if err != nil {
		return err
	}
	page := object(d["first"])
	if page == nil {
		if page, _, err = m.fetch(text(d["first"])); err != nil {
			return err
		}
	}
	for _, item := range append(many(page["items"]), many(page["orderedItems"])...) {
		if a := object(item); text(a["type"]) == "Create" && text(object(a["object"])["type"]) == "Event" {
			_ = m.event(object(a["object"]))
		}
	}
	return nil
}

// ---- what comes in

// receive always answers 200, "ok" or "error".
func (m *Mobilizon) receive(in *Incoming) Answer {
	return answer(http.StatusOK, http.StatusOK, m.handleIncoming(in))
}

func (m *Mobilizon) handleIncoming(in *Incoming) error {
	if in.Activity == nil {
		return refuse("not JSON")
	}
	kind, actor := text(in.Activity["type"]), idOf(in.Activity["actor"])
	from, err := m.signer(in, actor)
	if err != nil {
		// An unsigned Create is read again where it comes from.
		if in.Header.Get("Signature") == "" && kind == "Create" {
			d, _, err := m.fetch(idOf(in.Activity["object"]))
			if err != nil {
				return err
			}
			return m.object(d)
		}
		return err
	}
	return m.process(from, in.Activity)
}

func (m *Mobilizon) signer(in *Incoming, actor string) (*remote, error) {
	p, err := parseSignature(in.Header, false)
	if err != nil {
		return nil, err
	}
	if err := mobilizonSigned.check(m.Server, in.Request, in.Body, p); err != nil {
		return nil, err
	}
	// signature.ex: the actor of a key id is what is before the fragment, or a
	// /publickey at the end; any other path is read as if it were an actor.
	owner, _, _ := strings.Cut(p.keyID, "#")
	owner = strings.TrimSuffix(owner, "/publickey")
	from, err := m.actor(owner)
	if err != nil {
		return nil, err
	}
	if mobilizonSigned.arithmetic(in.Request, in.Body, p, from.key) != nil {
		if from, err = m.freshActor(owner); err != nil {
			return nil, err
		}
		if err := mobilizonSigned.arithmetic(in.Request, in.Body, p, from.key); err != nil {
			return nil, err
		}
	}
	// mapped_signature_to_identity.ex
	if from.id != actor {
		return nil, refuse("signed by %s, of %s", from.id, actor)
	}
	return from, nil
}

func (m *Mobilizon) process(from *remote, activity document) error {
	target := idOf(activity["object"])
	switch kind := text(activity["type"]); kind {
	case "Create":
		return m.object(object(activity["object"]))
	case "Update":
		o := object(activity["object"])
		switch {
		case o == nil:
			return refuse("Update of a bare id")
		case slices.Contains(mobilizonActors, text(o["type"])):
			_, err := m.freshActor(text(o["id"]))
			return err
		case text(o["type"]) == "Event" || text(o["type"]) == "Note":
			if !m.has(text(o["id"])) {
				return refuse("not found")
			}
			return m.object(o)
		}
		return refuse("not_supported")
	case "Announce":
		// The object is read at its origin, whatever is embedded; what is embedded as
		// an activity leads nowhere.
		d, _, err := m.fetch(target)
		if err != nil {
			return err
		}
		if text(d["id"]) != target {
			return refuse("%s calls itself %s", target, text(d["id"]))
		}
		if !m.has(target) {
			if err := m.object(d); err != nil {
				return err
			}
		}
		// actions/announce.ex makes a Share; filter_local_or_from_followed_instances
		// lists what a followed actor shared.
		m.onBoost(from, activity, target)
		m.update(func() { m.things[target].Listed = m.listed(target) })
		return nil
	case "Delete":
		if target == from.id {
			return nil
		}
		t := m.Thing(target)
		if t == nil {
			return refuse("not found")
		}
		// Gone at its origin, or of the same origin as who says so.
		p, err := m.ask(target, activityJSON, m.fetcher, 3)
		if (err != nil || p.status != http.StatusGone && p.status != http.StatusNotFound) && host(target) != host(from.id) {
			return refuse("%s is still there", target)
		}
		m.hide(target)
		return nil
	case "Follow":
		a := m.local(target)
		switch {
		case a == nil:
			return refuse("not found")
		case a.Type == "Person":
			return refuse("people are not followed, and nobody is told")
		case a == m.Relay:
			m.pending[from.id] = activity
			m.update(func() { m.notify(Notice{Kind: "follow", To: a.ID, By: from.id}) })
			return nil
		}
		return m.accept(a, from, activity)
	case "Accept", "Reject":
		return m.answered(from, activity, kind)
	case "Undo":
		// Follow and Announce; anything else is not supported.
		inner := object(activity["object"])
		switch text(inner["type"]) {
		case "Follow":
			return m.onUndo(from, activity)
		case "Announce":
			if err := m.onUndo(from, activity); err != nil {
				return err
			}
			m.update(func() { m.things[idOf(inner["object"])].Listed = m.listed(idOf(inner["object"])) })
			return nil
		}
		return refuse("not_supported: Undo of %v", inner["type"])
	case "Join":
		return m.joined(from, activity)
	case "Leave":
		t := m.Thing(target)
		if t == nil || t.Guests[from.id] == "" {
			return refuse("not found")
		}
		m.update(func() { delete(m.things[target].Guests, from.id) })
		return nil
	case "Flag":
		m.update(func() { m.notify(Notice{Kind: "report", By: from.id, About: target}) })
		return nil
	case "Invite", "Remove", "Move":
		return nil
	}
	return refuse("not_supported: %v", activity["type"])
}

// listed tells whether someone shared it whom the relay follows. The caller holds
// mu.
func (m *Mobilizon) listed(id string) bool {
	for who := range m.things[id].Boosts {
		if m.following[m.Relay.ID][who] == "accepted" {
			return true
		}
	}
	return false
}

func (m *Mobilizon) object(o document) error {
	if o == nil {
		return refuse("no object")
	}
	switch text(o["type"]) {
	case "Event":
		return m.event(o)
	case "Note":
		return m.note(o)
	case "Article":
		if idOf(o["actor"]) == "" || idOf(o["attributedTo"]) == "" || o["to"] == nil {
			return refuse("an Article needs actor, attributedTo and to")
		}
		g, err := m.actor(idOf(o["attributedTo"]))
		if err != nil || g.typ() != "Group" {
			return refuse("an Article is of a Group")
		}
		m.show(&Thing{ID: text(o["id"]), Kind: "post", By: idOf(o["actor"]), In: g.id, Title: text(o["name"]), Text: text(o["content"])})
		return nil
	}
	return refuse("not_supported: %v", o["type"])
}

var (
	mobilizonModes  = []string{"free", "restricted", "invite", "external"}
	mobilizonStates = []string{"tentative", "confirmed", "cancelled"}
	uuidForm        = regexp.MustCompile(`^(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	// categories.ex
	mobilizonCategories = strings.Fields("ARTS BOOK_CLUBS BUSINESS CAUSES COMEDY CRAFTS FOOD_DRINK HEALTH MUSIC AUTO_BOAT_AIR COMMUNITY FAMILY_EDUCATION FASHION_BEAUTY FILM_MEDIA GAMES LANGUAGE_CULTURE LEARNING LGBTQ MOVEMENTS_POLITICS NETWORKING PARTY PERFORMING_VISUAL_ARTS PETS PHOTOGRAPHY OUTDOORS_ADVENTURE SPIRITUALITY_RELIGION_BELIEFS SCIENCE_TECH SPORTS THEATRE MEETING")
)

// event is converter/event.ex as_to_model_data and the changesets behind it.
func (m *Mobilizon) event(o document) error {
	id := text(o["id"])
	if id == "" {
		return refuse("id can't be blank")
	}
	// maybe_fetch_actor_and_attributed_to_id: strings or {id}; a list is no_actor_found.
	by := ""
	for _, key := range []string{"attributedTo", "actor"} {
		if isList(o[key]) {
			return refuse("no_actor_found: %s is a list", key)
		}
		if who := idOf(o[key]); who != "" {
			r, err := m.actor(who)
			if err != nil {
				return err
			}
			if by == "" {
				by = r.id
			}
		}
	}
	if by == "" {
		return refuse("no_actor_found")
	}
	if host(by) != host(id) {
		return refuse("%s is not of the host of %s", id, by)
	}
	// get_visibility: Public in to, or else unlisted; nil crashes.
	if o["to"] == nil {
		return refuse("to is nil")
	}
	t := &Thing{ID: id, Kind: "event", By: by, Link: id, Title: text(o["name"]), Text: text(o["content"]), Visibility: "unlisted"}
	if slices.Contains(ids(o["to"]), Public) {
		t.Visibility = "public"
	}
	if n := len([]rune(t.Title)); n < 3 || n > 200 {
		return refuse("title has %d characters", n)
	}
	if t.Start = instant(o["startTime"]); t.Start.IsZero() {
		return refuse("begins_on can't be blank")
	}
	if o["endTime"] != nil {
		if t.End = instant(o["endTime"]); t.End.IsZero() || t.End.Before(t.Start) {
			return refuse("ends_on must be after begins_on")
		}
	}
	if err := mobilizonAttachments(o, t); err != nil {
		return err
	}
	if v, there := o["contacts"]; there && v == nil {
		return refuse("contacts is nil")
	}
	// status: one of three in any case, or not there.
	t.State = "confirmed"
	for _, key := range []string{"status", "ical:status"} {
		if v, there := o[key]; there {
			if t.State = strings.ToLower(text(v)); !slices.Contains(mobilizonStates, t.State) {
				return refuse("status %v", v)
			}
			break
		}
	}
	t.JoinMode = "free"
	if v, there := o["joinMode"]; there {
		if t.JoinMode = text(v); !slices.Contains(mobilizonModes, t.JoinMode) {
			return refuse("joinMode %v", v)
		}
	}
	t.JoinURL = text(o["externalParticipationUrl"])
	if v, there := o["repliesModerationOption"]; there && v != nil && !slices.Contains([]string{"allow_all", "moderated", "closed"}, text(v)) {
		return refuse("repliesModerationOption %v", v)
	}
	if v, there := o["uuid"]; there && v != nil && !uuidForm.MatchString(text(v)) {
		return refuse("uuid %v", v)
	}
	if v, there := o["maximumAttendeeCapacity"]; there && v != nil {
		n, isFloat, ok := number(v)
		if !ok || isFloat || n < 0 {
			return refuse("maximumAttendeeCapacity %v", v)
		}
		t.Seats = int(n)
	}
	if err := m.place(o, t); err != nil {
		return err
	}
	t.Category = "MEETING"
	if c := text(o["category"]); slices.Contains(mobilizonCategories, c) {
		t.Category = c
	}
	for _, tag := range many(o["tag"]) {
		if d := object(tag); text(d["type"]) == "Hashtag" && len([]rune(text(d["name"]))) < 40 {
			t.Tags = append(t.Tags, strings.TrimPrefix(text(d["name"]), "#"))
		}
	}
	t.Language = text(o["inLanguage"])
	t.Online, _ = o["isOnline"].(bool)
	if before := m.Thing(id); before != nil {
		t.Edits, t.Boosts, t.Listed, t.Guests = before.Edits+1, before.Boosts, before.Listed, before.Guests
	}
	m.show(t)
	return nil
}

// mobilizonAttachments is get_metdata, get_links and the pictures.
func mobilizonAttachments(o document, t *Thing) error {
	a, there := o["attachment"]
	if there && !isList(a) {
		return refuse("attachment is %v", a)
	}
	banner := false
	for _, e := range many(a) {
		d := object(e)
		switch kind := text(d["type"]); kind {
		case "PropertyValue":
			if text(d["propertyID"]) == "" || d["value"] == nil {
				return refuse("a PropertyValue without propertyID and value")
			}
		case "Document", "Image":
			if _, ok := d["name"].(string); !ok || text(d["url"]) == "" {
				return refuse("a picture without name and url: %v", d)
			}
			if !slices.Contains([]string{"image/gif", "image/jpeg", "image/png", "image/webp"}, text(d["mediaType"])) {
				continue
			}
			banner = banner || text(d["name"]) == "Banner"
			t.Images = append(t.Images, Image{text(d["url"]), text(d["name"])})
		case "Link":
			t.Links = append(t.Links, text(d["href"]))
		}
	}
	if img, there := o["image"]; there && !banner {
		d := object(img)
		if _, named := d["name"].(string); !named || text(d["url"]) == "" {
			return refuse("image is %v", img)
		}
	}
	return nil
}

// place is get_address: the first that was seen under an id stays for ever.
func (m *Mobilizon) place(o document, t *Thing) error {
	loc, there := o["location"]
	if !there || loc == nil {
		return nil // then the time zone is not looked at either
	}
	d := object(loc)
	if d == nil {
		return refuse("location is %T", loc)
	}
	if isList(d["address"]) {
		return refuse("address is a list")
	}
	if id := text(d["id"]); id != "" {
		if known := m.places[id]; known != nil {
			d = known
		} else {
			m.places[id] = d
		}
	}
	t.Zone, t.Place = text(o["timezone"]), text(d["name"])
	if a := object(d["address"]); a != nil {
		var parts []string
		for _, key := range []string{"streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry"} {
			if s := text(a[key]); s != "" {
				parts = append(parts, s)
			}
		}
		t.Address = strings.Join(parts, ", ")
	} else {
		t.Address = text(d["address"])
	}
	// Only floats are points: 45 is an integer, and dropped with the other.
	lat, latFloat, _ := number(d["latitude"])
	lon, lonFloat, _ := number(d["longitude"])
	if latFloat && lonFloat {
		t.Latitude, t.Longitude = lat, lon
	}
	return nil
}

// note is a comment on an event, or a word to someone.
func (m *Mobilizon) note(o document) error {
	by := idOf(o["attributedTo"])
	if by == "" {
		by = idOf(o["actor"])
	}
	if _, err := m.actor(by); err != nil {
		return err
	}
	if o["to"] == nil {
		return refuse("to is nil")
	}
	if !slices.Contains(ids(o["to"]), Public) && !slices.Contains(ids(o["cc"]), Public) {
		m.show(&Thing{ID: text(o["id"]), Kind: "message", By: by, Text: text(o["content"]), Visibility: "direct", ReplyTo: idOf(o["inReplyTo"])})
		return nil
	}
	parent := m.Thing(idOf(o["inReplyTo"]))
	own := m.document(idOf(o["inReplyTo"]))
	if parent == nil && own == nil {
		return refuse("a note that answers nothing known is nothing here")
	}
	edits := 0
	if before := m.Thing(text(o["id"])); before != nil {
		edits = before.Edits + 1
	}
	m.show(&Thing{ID: text(o["id"]), Kind: "comment", By: by, Text: text(o["content"]), ReplyTo: idOf(o["inReplyTo"]), Visibility: "public", Listed: true, Edits: edits})
	return nil
}

// ---- coming, and who answers

// joined is actions/join.ex for its own events: free is accepted, the rest waits,
// and to a full one nothing is said.
func (m *Mobilizon) joined(from *remote, activity document) error {
	id := idOf(activity["object"])
	m.mu.Lock()
	d, own := m.drafts[id]
	m.mu.Unlock()
	if !own {
		return refuse("not found")
	}
	going := 0
	t := m.Thing(id)
	for _, state := range t.Guests {
		if state == "going" {
			going++
		}
	}
	if d.Seats > 0 && going >= d.Seats {
		return refuse("maximum_attendee_capacity_reached, and nobody is told")
	}
	m.update(func() {
		thing := m.things[id]
		if thing.Guests == nil {
			thing.Guests = map[string]string{}
		}
		thing.Guests[from.id] = "waiting"
	})
	m.joins[from.id+" "+id] = activity
	if d.JoinMode != "" && d.JoinMode != "free" {
		return nil
	}
	return m.decide(from, id, "Accept", m.Alice)
}

// Decide is what a moderator of the group does with someone who wants to come.
func (m *Mobilizon) Decide(who, event, kind string) error {
	m.work.Lock()
	defer m.work.Unlock()
	r := m.acquainted(who)
	if r == nil || m.joins[who+" "+event] == nil {
		return refuse("%s did not ask", who)
	}
	return m.decide(r, event, kind, m.Moderator)
}

func (m *Mobilizon) decide(r *remote, event, kind string, by *Actor) error {
	join := clone(m.joins[r.id+" "+event]).(document)
	delete(join, "@context")
	m.update(func() {
		m.things[event].Guests[r.id] = map[string]string{"Accept": "going", "Reject": "rejected"}[kind]
	})
	return m.dispatch(by, r.inbox, document{
		"id": m.URL + "/" + strings.ToLower(kind) + "/join/" + fmt.Sprintf("%x", []byte(r.id+event)), "type": kind, "actor": by.ID, "attributedTo": m.City.ID, "object": join,
		"to": []any{r.id, m.Alice.ID}, "cc": []any{m.City.ID + "/followers"},
	})
}

// answered is what came back to a Join or Follow of its own.
func (m *Mobilizon) answered(from *remote, activity document, kind string) error {
	target := idOf(activity["object"])
	inner := object(activity["object"])
	if text(inner["type"]) == "Follow" || strings.HasPrefix(target, m.URL+"/follow/") {
		if err := m.onAnswer(from, activity, map[string]string{"Accept": "accepted", "Reject": "rejected"}[kind]); err != nil {
			return err
		}
		if kind == "Accept" {
			return m.backfill(from)
		}
		return nil
	}
	for event, join := range m.joins {
		if text(join["id"]) != target {
			continue
		}
		t := m.Thing(event)
		// can_manage_event?: the organiser of the event, or its group.
		if t == nil || t.By != from.id {
			return refuse("%s does not manage %s", from.id, event)
		}
		state := map[string]string{"Accept": "going", "Reject": "rejected"}[kind]
		if t.Guests[m.Alice.ID] == state {
			return refuse("answered already")
		}
		m.update(func() { m.things[event].Guests[m.Alice.ID] = state })
		return nil
	}
	return refuse("not found")
}

// join shows at once that she comes, before anybody answered.
func (m *Mobilizon) join(event string) error {
	t := m.Thing(event)
	if t == nil || t.Kind != "event" {
		return refuse("nobody here sees %s", event)
	}
	if t.JoinMode == "external" {
		return refuse("one signs up at %s", t.JoinURL)
	}
	r, err := m.actor(t.By)
	if err != nil {
		return err
	}
	join := document{"id": m.next("join/event"), "type": "Join", "actor": m.Alice.ID, "object": event, "participationMessage": nil, "to": []any{m.Alice.ID, t.By}, "cc": []any{}}
	m.work.Lock()
	m.joins[event] = join
	m.work.Unlock()
	m.update(func() {
		thing := m.things[event]
		if thing.Guests == nil {
			thing.Guests = map[string]string{}
		}
		if thing.Guests[m.Alice.ID] = "going"; thing.JoinMode != "free" {
			thing.Guests[m.Alice.ID] = "waiting"
		}
	})
	return m.dispatch(m.Alice, r.inbox, clone(join).(document))
}

func (m *Mobilizon) leave(event string) error {
	t := m.Thing(event)
	if t == nil {
		return refuse("nobody here sees %s", event)
	}
	r, err := m.actor(t.By)
	if err != nil {
		return err
	}
	m.update(func() { delete(m.things[event].Guests, m.Alice.ID) })
	return m.dispatch(m.Alice, r.inbox, document{"id": m.next("leave/event"), "type": "Leave", "actor": m.Alice.ID, "object": event, "to": []any{t.By}})
}

// ---- comments

func (m *Mobilizon) comment(event, body string) (string, error) {
	t := m.Thing(event)
	if t == nil {
		return "", refuse("nobody here sees %s", event)
	}
	r, err := m.actor(t.By)
	if err != nil {
		return "", err
	}
	id := m.next("comments")
	n := document{
		"id": id, "url": id, "uuid": "5f5f5f5f-0000-4000-8000-000000000000", "type": "Note", "actor": m.Alice.ID, "attributedTo": m.Alice.ID, "to": []any{Public}, "cc": []any{t.By, m.Alice.Followers},
		"content": "<p>" + html.EscapeString(body) + "</p>", "mediaType": "text/html", "inReplyTo": event, "published": m.now().UTC().Format(time.RFC3339), "tag": []any{}, "isAnnouncement": false, "language": "en", "attachment": []any{},
	}
	m.put(n)
	m.show(&Thing{ID: id, Kind: "comment", By: m.Alice.ID, Text: text(n["content"]), ReplyTo: event, Visibility: "public"})
	return id, m.dispatch(m.Alice, r.deliverTo(), document{"id": id + "/activity", "type": "Create", "actor": m.Alice.ID, "to": n["to"], "cc": n["cc"], "object": clone(n)})
}

func (m *Mobilizon) editComment(id, body string) error {
	n := m.document(id)
	if n == nil {
		return refuse("there is no %s", id)
	}
	n["content"], n["updated"] = "<p>"+html.EscapeString(body)+"</p>", m.now().UTC().Add(time.Second).Format(time.RFC3339)
	m.put(n)
	r := m.acquainted(ids(n["cc"])[0])
	return m.dispatch(m.Alice, r.deliverTo(), document{"id": id + "/activity", "type": "Update", "actor": m.Alice.ID, "to": n["to"], "cc": n["cc"], "object": n})
}

func (m *Mobilizon) removeComment(id string) error {
	n := m.document(id)
	if n == nil {
		return refuse("there is no %s", id)
	}
	m.take(id)
	r := m.acquainted(ids(n["cc"])[0])
	return m.dispatch(m.Alice, r.deliverTo(), document{"id": id + "/delete", "type": "Delete", "actor": m.Alice.ID, "to": []any{Public}, "object": document{"type": "Tombstone", "formerType": "Note", "deleted": m.now().UTC().Format(time.RFC3339), "id": id}})
}

// ---- its own events

func (m *Mobilizon) eventDocument(id string, d Draft, state string, updated time.Time) document {
	o := document{
		"id": id, "url": id, "uuid": id[strings.LastIndexByte(id, '/')+1:], "type": "Event", "to": []any{Public}, "cc": []any{m.City.Followers}, "actor": m.Alice.ID, "attributedTo": m.City.ID, "name": d.Title,
		"content": "<p>" + d.Text + "</p>", "mediaType": "text/html", "summary": d.Start.Format("Monday, January 2") + " - " + d.Place, "startTime": d.Start.Format(time.RFC3339), "endTime": d.End.Format(time.RFC3339),
		"published": "2026-11-01T10:00:00Z", "updated": updated.UTC().Format(time.RFC3339), "timezone": "Europe/Paris", "inLanguage": "fr", "category": "SCIENCE_TECH", "joinMode": "free", "externalParticipationUrl": nil,
		"maximumAttendeeCapacity": 0, "remainingAttendeeCapacity": 0, "participantCount": 1, "anonymousParticipationEnabled": true, "repliesModerationOption": "allow_all", "commentsEnabled": true, "isOnline": false, "draft": false,
		"status": state, "ical:status": state, "contacts": []any{}, "tag": []any{document{"type": "Hashtag", "name": "#go", "href": m.URL + "/tags/go"}},
		"location": document{"type": "Place", "id": m.URL + "/address/" + fmt.Sprintf("%x", []byte(d.Place)), "name": d.Place, "latitude": 45.7, "longitude": 4.8, "address": document{"type": "PostalAddress", "streetAddress": "1 rue", "addressLocality": "Lyon", "postalCode": "69001", "addressRegion": "", "addressCountry": "France"}},
	}
	attachment := []any{document{"type": "PropertyValue", "propertyID": "mz:live:other_stream", "value": "https://stream.example/1", "name": "Stream"}}
	if d.Image != "" {
		attachment = append(attachment, document{"type": "Document", "mediaType": "image/jpeg", "url": d.Image, "name": "Banner"})
	}
	o["attachment"] = append(attachment, document{"type": "Link", "mediaType": "text/html", "href": "https://site.example/", "name": "Website"})
	if d.JoinMode != "" {
		o["joinMode"] = d.JoinMode
	}
	if d.Seats > 0 {
		o["maximumAttendeeCapacity"] = d.Seats
	}
	return o
}

// toFollowers sends to who follows the group or the relay, once to each inbox.
func (m *Mobilizon) toFollowers(of *Actor, as *Actor, activity document) error {
	m.mu.Lock()
	var inboxes []string
	for id := range m.followers[of.ID] {
		if r := m.known[id]; r != nil && !slices.Contains(inboxes, r.deliverTo()) {
			inboxes = append(inboxes, r.deliverTo())
		}
	}
	m.mu.Unlock()
	for _, inbox := range inboxes {
		if err := m.dispatch(as, inbox, clone(activity).(document)); err != nil {
			return err
		}
	}
	return nil
}

// federate sends a change of an event as the server does: the activity of the
// person to the followers of the group and of the relay, the group's Announce of
// it, and the relay's Announce of the event when it is new.
func (m *Mobilizon) federate(kind string, o document) error {
	id := text(o["id"])
	// Create and every Update have the same id.
	activity := document{"id": id + "/activity", "type": kind, "actor": m.Alice.ID, "attributedTo": m.City.ID, "to": []any{Public}, "cc": []any{m.City.Followers}, "object": o}
	if kind == "Delete" {
		activity["id"] = id + "/delete"
	}
	for _, of := range []*Actor{m.City, m.Relay} {
		if err := m.toFollowers(of, m.Alice, activity); err != nil {
			return err
		}
	}
	if err := m.toFollowers(m.City, m.City, document{"id": m.next("announces"), "type": "Announce", "actor": m.City.ID, "to": []any{m.City.Followers}, "cc": []any{Public}, "object": activity}); err != nil {
		return err
	}
	if kind != "Create" {
		return nil
	}
	return m.toFollowers(m.Relay, m.Relay, document{"id": id + "/announces/" + m.Relay.ID, "type": "Announce", "actor": m.Relay.ID, "attributedTo": m.City.ID, "object": o, "to": []any{m.Relay.Followers}, "cc": []any{}})
}

func (m *Mobilizon) save(id string, d Draft, state string, updated time.Time) document {
	o := m.eventDocument(id, d, state, updated)
	served := clone(o).(document)
	served["@context"] = mobilizonContext
	m.put(served)
	m.update(func() {
		m.drafts[id] = d
		before := m.things[id]
		t := &Thing{ID: id, Kind: "event", By: m.City.ID, Title: d.Title, Start: d.Start, State: strings.ToLower(state), Listed: true}
		if before != nil {
			t.Guests = before.Guests
		}
		m.things[id] = t
		for i, a := range m.City.outbox {
			if idOf(object(a)["object"]) == id {
				m.City.outbox = slices.Delete(m.City.outbox, i, i+1)
				break
			}
		}
		m.City.outbox = append(m.City.outbox, document{"id": id + "/activity", "type": "Create", "actor": m.Alice.ID, "attributedTo": m.City.ID, "to": []any{Public}, "cc": []any{m.City.Followers}, "object": clone(o)})
	})
	return o
}

func (m *Mobilizon) publish(d Draft) (string, error) {
	m.mu.Lock()
	m.sequence++
	id := fmt.Sprintf("%s/events/7c9e6679-7425-40de-944b-%012d", m.URL, m.sequence)
	m.mu.Unlock()
	return id, m.federate("Create", m.save(id, d, "CONFIRMED", m.now()))
}

func (m *Mobilizon) change(id string, d Draft) error {
	return m.federate("Update", m.save(id, d, "CONFIRMED", m.now().Add(time.Second)))
}

func (m *Mobilizon) cancel(id string) error {
	m.mu.Lock()
	d, ok := m.drafts[id]
	m.mu.Unlock()
	if !ok {
		return refuse("there is no %s", id)
	}
	return m.federate("Update", m.save(id, d, "CANCELLED", m.now().Add(2*time.Second)))
}

func (m *Mobilizon) delete(id string) error {
	m.take(id)
	m.update(func() {
		delete(m.things, id)
		m.City.outbox = slices.DeleteFunc(m.City.outbox, func(a any) bool { return idOf(object(a)["object"]) == id })
	})
	return m.federate("Delete", document{"type": "Tombstone", "formerType": "Event", "deleted": m.now().UTC().Format(time.RFC3339), "id": id})
}
