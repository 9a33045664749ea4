package standin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mastodon is a server of version 4.4 or later. From 4.5 on it takes changes of
// events and signatures by RFC 9421.
type Mastodon struct {
	social
	Me     *Actor // a person
	modern bool

	// broken is until when a circuit stays open (guarded by mu).
	broken time.Time
	// Limited lists hosts that are blocked here (403).
	blocked map[string]bool
}

// mastodonSigned is signature_verification.rb / signed_request.rb.
var mastodonSigned = verifies{
	// SignatureParser takes blanks after commas.
	trims: true,
	// signed_request.rb: rsa-sha256 and hs2019, which is also what is meant by none.
	algorithms: []string{"rsa-sha256", "hs2019", ""},
	// POST must cover the digest, GET the host; (request-target) or digest.
	need: []string{"digest"}, needGet: []string{"(request-target)", "host"},
	// CLOCK_SKEW_MARGIN 1 h, and 5 min of life without expires.
	past: 65 * time.Minute, future: time.Hour,
	digest: digestListed,
	// verified with the query, then without.
	query: queryEither,
}

// NewMastodon starts a server with one person, alice.
func NewMastodon(network *Network, host, version string) (*Mastodon, error) {
	s, err := start(network, host, "mastodon", version)
	if err != nil {
		return nil, err
	}
	m := &Mastodon{blocked: map[string]bool{}, modern: !strings.HasPrefix(version, "4.4")}
	m.social = social{Server: s, path: "users/alice/statuses", look: m.lookup, retries: true, context: []any{asContext, document{"ostatus": "http://ostatus.org#", "sensitive": "as:sensitive", "toot": "http://joinmastodon.org/ns#", "votersCount": "toot:votersCount"}}}
	// request.rb: (request-target) last, with the query; everything else that is
	// set before is covered too.
	s.signs = signs{post: []string{"host", "date", "content-type", "digest", "(request-target)"}, get: []string{"host", "date", "(request-target)"}, algorithm: "rsa-sha256", query: true}
	s.userAgent = "Mastodon/" + version + " (http.rb/5.3.1; +" + s.URL + "/)"
	// actor_json.rb
	id := s.URL + "/users/alice"
	m.Me = s.add(&Actor{
		Name: "alice", ID: id, Type: "Person", Inbox: id + "/inbox", Shared: s.URL + "/inbox", Outbox: id + "/outbox", Followers: id + "/followers",
		describe: func(a *Actor) document {
			return document{
				"@context":  []any{asContext, securityContext, document{"manuallyApprovesFollowers": "as:manuallyApprovesFollowers", "toot": "http://joinmastodon.org/ns#", "featured": document{"@id": "toot:featured", "@type": "@id"}, "discoverable": "toot:discoverable"}},
				"following": a.ID + "/following", "featured": a.ID + "/collections/featured", "name": "Alice", "summary": "<p>I like maps</p>", "manuallyApprovesFollowers": false,
				"discoverable": true, "indexable": false, "published": "2024-01-01T00:00:00Z", "url": s.URL + "/@alice", "tag": []any{}, "attachment": []any{}, "devices": nil,
			}
		},
	})
	m.me = m.Me
	s.fetcher = s.add(&Actor{Name: s.Host, ID: s.URL + "/actor", Type: "Application", Inbox: s.URL + "/actor/inbox", Outbox: s.URL + "/actor/outbox", describe: func(a *Actor) document {
		return document{"manuallyApprovesFollowers": true, "endpoints": document{"sharedInbox": s.URL + "/inbox"}}
	}})
	s.inbox = m.receive
	s.Acts = m.acts()
	s.Acts.Vote = m.vote
	return m, nil
}

// Secure makes the server show its documents to signed requests only
// (AUTHORIZED_FETCH).
func (m *Mastodon) Secure() { m.guard = m.signedOnly(&mastodonSigned) }

// Block keeps a host out, as an administrator does.
func (m *Mastodon) Block(host string) { m.update(func() { m.blocked[host] = true }) }

// mastodonActor are the types that process_account_service.rb takes.
var mastodonActor = []string{"Application", "Group", "Organization", "Person", "Service"}

// remoteName is Account::USERNAME_RE for accounts elsewhere.
var remoteName = regexp.MustCompile(`(?i)^[a-z0-9_]+([.-]+[a-z0-9_]+)*$`)

// lookup is ResolveAccountService and the search field.
func (m *Mastodon) lookup(who string) (*remote, error) {
	user, server, ok := splitAddress(who)
	if !ok || strings.Contains(who, "://") {
		if r := m.acquainted(who); r != nil {
			return r, nil
		}
		return m.account(who)
	}
	j, err := m.finger(server, "acct:"+user+"@"+server)
	if err != nil {
		return nil, err
	}
	self := j.self(activityJSON, ldJSON)
	if self == "" {
		return nil, refuse("WebFinger names no self of a type of ActivityPub")
	}
	return m.account(self)
}

// account is FetchRemoteActorService: it reads an actor and takes the way round
// by WebFinger for one that it does not know yet.
func (m *Mastodon) account(uri string) (*remote, error) {
	uri, _, _ = strings.Cut(uri, "#")
	d, _, err := m.fetch(uri)
	if err != nil {
		return nil, err
	}
	// jsonld_helper.rb supported_context?
	if !slices.Contains(ids(d["@context"]), asContext) {
		return nil, refuse("the context lacks %s", asContext)
	}
	// fetch_resource: json['id'] must be what was asked for.
	if text(d["id"]) != uri {
		return nil, refuse("%s calls itself %s", uri, text(d["id"]))
	}
	typ := ""
	for _, t := range many(d["type"]) {
		if slices.Contains(mastodonActor, text(t)) && typ == "" {
			typ = text(t)
		}
	}
	if typ == "" {
		return nil, refuse("no type of an actor: %v", d["type"])
	}
	user := text(d["preferredUsername"])
	if user == "" || !remoteName.MatchString(user) {
		return nil, refuse("the username %q", user)
	}
	if text(d["inbox"]) == "" {
		return nil, refuse("no inbox")
	}
	r := asRemote(d)
	// process_account_service.rb: publicKey may be a list; owner must be the actor.
	k := object(d["publicKey"])
	if k == nil && len(many(d["publicKey"])) > 0 {
		k = object(first(d["publicKey"]))
	}
	if k == nil || idOf(k["owner"]) != r.id {
		return nil, refuse("no key that is owned by %s", r.id)
	}
	if r.key, err = rsaKey(text(k["publicKeyPem"])); err != nil {
		return nil, err
	}
	r.keyID = text(k["id"])
	// An account whose name did not change is not looked up again.
	if before := m.acquainted(r.id); before == nil || before.handle != r.handle {
		if err := m.confirm(r, user, host(r.id)); err != nil {
			return nil, err
		}
	}
	return m.remember(r), nil
}

// confirm is check_webfinger!: acct to subject to self, with one more hop where
// the subject is another one.
func (m *Mastodon) confirm(r *remote, user, server string) error {
	for hop := 0; ; hop++ {
		j, err := m.finger(server, "acct:"+user+"@"+server)
		if err != nil {
			if template, err2 := m.hostMeta(server); err2 == nil {
				j, err = m.fingerAt(strings.ReplaceAll(template, "{uri}", "acct:"+user+"@"+server))
			}
			if err != nil {
				return err
			}
		}
		subject := strings.TrimPrefix(j.Subject, "acct:")
		if strings.EqualFold(subject, user+"@"+server) {
			if self := j.self(activityJSON, ldJSON); self != r.id {
				return refuse("WebFinger names %q as self of %s", self, r.id)
			}
			r.handle = user + "@" + server
			return nil
		}
		if hop == 1 {
			return refuse("WebFinger goes on and on")
		}
		if user, server, _ = strings.Cut(subject, "@"); user == "" || server == "" {
			return refuse("the subject %q", j.Subject)
		}
	}
}

func (m *Mastodon) receive(in *Incoming) Answer {
	if in.Activity == nil {
		return Answer{Status: http.StatusBadRequest, Why: "not JSON"}
	}
	actor := idOf(in.Activity["actor"])
	if m.isBlocked(host(actor)) {
		return Answer{Status: http.StatusForbidden, Why: "blocked"}
	}
	// inboxes_controller.rb unknown_affected_account?: not worth a check.
	if t := text(in.Activity["type"]); (t == "Delete" || t == "Update") && idOf(in.Activity["object"]) == actor && m.acquainted(actor) == nil {
		return Answer{Status: http.StatusAccepted, Why: "of a stranger"}
	}
	from, err := m.signer(in)
	if err != nil {
		return answer(0, http.StatusUnauthorized, err)
	}
	m.synchronize(from, in)
	// ProcessCollectionService: another actor's word needs a signature of its own.
	if from.id != actor {
		return Answer{Status: http.StatusAccepted, Why: "signed by " + from.id}
	}
	// The request is answered before the work is done: whatever comes of it, 202.
	return answer(http.StatusAccepted, http.StatusAccepted, m.process(from, in.Activity, in.Body))
}

func (m *Mastodon) isBlocked(host string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.blocked[host]
}

// signer is who signed a request. 401 is a bad signature, 400 a header that
// cannot be read, 503 a key that cannot be had now.
func (m *Mastodon) signer(in *Incoming) (*remote, error) {
	var keyID string
	var check func(*remote) error
	// A Signature-Input switches to RFC 9421, whatever else is there.
	if m.modern && in.Header.Get("Signature-Input") != "" {
		sig, err := parseMessageSignature(in.Header)
		if err != nil {
			return nil, status(http.StatusBadRequest, "%v", err)
		}
		// HttpMessageSignature: keyid, created, @method, @target-uri, and the digest of a POST.
		if sig.keyID == "" || sig.created.IsZero() || !slices.Contains(sig.covered, "@method") || !slices.Contains(sig.covered, "@target-uri") || !slices.Contains(sig.covered, "content-digest") {
			return nil, status(http.StatusUnauthorized, "the signature lacks a component: %v", sig.covered)
		}
		if now := m.now(); now.Sub(sig.created) > mastodonSigned.past || sig.created.Sub(now) > mastodonSigned.future {
			return nil, status(http.StatusUnauthorized, "created at %v", sig.created)
		}
		keyID = sig.keyID
		check = func(r *remote) error { return sig.verify(in.Request, in.Body, m.URL, r.key) }
	} else {
		if in.Header.Get("Signature") == "" {
			return nil, status(http.StatusUnauthorized, "not signed")
		}
		p, err := parseSignature(in.Header, true)
		if err != nil {
			return nil, status(http.StatusBadRequest, "%v", err)
		}
		if (p.covers("(created)") || p.covers("(expires)")) && p.algorithm != "hs2019" {
			return nil, status(http.StatusUnauthorized, "(created) goes with hs2019 only")
		}
		if !p.covers("date") && !p.covers("(created)") || !p.covers("(request-target)") && !p.covers("digest") {
			return nil, status(http.StatusUnauthorized, "too little is signed: %v", p.headers)
		}
		if err := mastodonSigned.check(m.Server, in.Request, in.Body, p); err != nil {
			return nil, status(http.StatusUnauthorized, "%v", err)
		}
		keyID = p.keyID
		check = func(r *remote) error { return mastodonSigned.arithmetic(in.Request, in.Body, p, r.key) }
	}
	owner, _, _ := strings.Cut(keyID, "#")
	from := m.acquainted(owner)
	if from != nil && check(from) == nil {
		return from, nil
	}
	// stoplight_wrapper: one failure to connect opens the circuit for 5 minutes,
	// for all that comes from the same address.
	m.mu.Lock()
	broken := m.broken
	m.mu.Unlock()
	if m.now().Before(broken) {
		return nil, status(http.StatusServiceUnavailable, "the circuit is open")
	}
	fresh, err := m.account(owner)
	if errors.Is(err, errUnreachable) {
		until := m.now().Add(5 * time.Minute)
		m.update(func() { m.broken = until })
		return nil, status(http.StatusServiceUnavailable, "%v", err)
	}
	if err != nil {
		return nil, status(http.StatusUnauthorized, "the key of %s: %v", keyID, err)
	}
	if err := check(fresh); err != nil {
		return nil, status(http.StatusUnauthorized, "%v", err)
	}
	return fresh, nil
}

func (m *Mastodon) process(from *remote, activity document, raw []byte) error {
	if text(activity["id"]) == "" && text(activity["type"]) != "Delete" {
		return refuse("no id")
	}
	target := idOf(activity["object"])
	switch text(activity["type"]) {
	case "Create":
		return m.create(from, activity, raw)
	case "Update":
		if target == from.id {
			_, err := m.account(target)
			return err
		}
		return m.edited(from, activity, raw)
	case "Delete":
		if target == from.id {
			m.Forget(from.id)
			for _, t := range m.Things() {
				if t.By == from.id {
					m.hide(t.ID)
				}
			}
			return nil
		}
		t := m.Thing(target)
		if t != nil && t.By != from.id {
			return refuse("%s is of %s", target, t.By)
		}
		// Remembered for 6 hours should it come before what it is about.
		m.hide(target)
		return nil
	case "Announce":
		return m.announce(from, activity)
	case "Like":
		if m.local(m.authorHere(target)) == nil {
			return refuse("a Like of something that is not of here")
		}
		m.update(func() { m.notify(Notice{Kind: "like", To: m.Me.ID, By: from.id, About: target}) })
		return nil
	case "Follow":
		return m.onFollow(from, activity, nil)
	case "Accept":
		return m.answered(from, activity, "accepted")
	case "Reject":
		return m.answered(from, activity, "rejected")
	case "Undo":
		return m.onUndo(from, activity)
	case "Block":
		m.update(func() {
			delete(m.following[target], from.id)
			delete(m.followers[target], from.id)
		})
		return nil
	case "Move":
		return m.moved(from, activity)
	case "Flag", "Add", "Remove", "QuoteRequest":
		return nil
	}
	// activity.rb factory: nothing is known of Join, Leave, Offer, EmojiReact …
	return refuse("the activity %s is not known", activity["type"])
}

func (m *Mastodon) authorHere(id string) string {
	return idOf(m.document(id)["attributedTo"])
}

// answered matches by the id of the Follow, or else by the embedded actor.
func (m *Mastodon) answered(from *remote, activity document, state string) error {
	if idOf(activity["object"]) == m.followID(from.id) {
		m.update(func() { m.following[m.Me.ID][from.id] = state })
		return nil
	}
	return m.onAnswer(from, activity, state)
}

// mastodonStatus and mastodonConverted are SUPPORTED_TYPES and CONVERTED_TYPES.
var (
	mastodonStatus    = []string{"Note", "Question"}
	mastodonConverted = []string{"Image", "Audio", "Video", "Article", "Page", "Event"}
)

func ofTypes(o document, list []string) bool {
	return slices.ContainsFunc(many(o["type"]), func(t any) bool { return slices.Contains(list, text(t)) })
}

func (m *Mastodon) create(from *remote, activity document, raw []byte) error {
	o := object(activity["object"])
	if o == nil {
		return refuse("Create of a bare id")
	}
	if err := m.acceptable(from, o); err != nil {
		return err
	}
	id := text(o["id"])
	if m.has(id) {
		return refuse("known")
	}
	// related_to_local_activity?
	addressed := false
	for _, who := range append(append(ids(o["to"]), ids(o["cc"])...), append(ids(activity["to"]), ids(activity["cc"])...)...) {
		addressed = addressed || m.local(who) != nil
	}
	answers := idOf(o["inReplyTo"])
	parent := m.Thing(answers)
	related := m.follows(from.id) || addressed || parent != nil && (m.follows(parent.By) || m.local(parent.By) != nil) || m.document(answers) != nil
	if !related {
		return refuse("nobody here follows %s, and it is for nobody", from.id)
	}
	t := m.status(from, o, activity, keyOrder(raw, "object"))
	m.show(t)
	m.mentions(from, o, activity, t)
	return nil
}

// acceptable is what holds of every status, pushed or fetched.
func (m *Mastodon) acceptable(from *remote, o document) error {
	id := text(o["id"])
	switch {
	case !ofTypes(o, mastodonStatus) && !ofTypes(o, mastodonConverted):
		return refuse("the type %v is not supported", o["type"])
	case id == "" || host(id) != host(from.id):
		return refuse("%q is not of the host of %s", id, from.id)
	case m.isDead(id):
		return refuse("%s was deleted", id)
	}
	// The first of a list counts.
	if by := ids(o["attributedTo"]); len(by) == 0 || by[0] != from.id {
		return refuse("attributed to %v, said by %s", o["attributedTo"], from.id)
	}
	return nil
}

// status is StatusParser and process_status_params.
func (m *Mastodon) status(from *remote, o, activity document, order map[string][]string) *Thing {
	t := &Thing{ID: text(o["id"]), Kind: "status", By: from.id, ReplyTo: idOf(o["inReplyTo"]), Visibility: visibility(o, activity, from.followers), Listed: true}
	t.published, t.updated = instant(o["published"]), instant(o["updated"])
	t.Link = mastodonURL(o)
	if t.Link == "" {
		t.Link = t.ID
	}
	if ofTypes(o, mastodonConverted) {
		// converted_text: name, summary, link. content, startTime, location, image
		// are not looked at, and summary is no warning.
		t.Title = text(o["name"])
		t.Text = "<p><strong>" + t.Title + "</strong></p>\n\n" + text(o["summary"]) + `<p><a href="` + t.Link + `">` + t.Link + "</a></p>"
	} else {
		// Of a note name does not count.
		t.Text = text(o["content"])
		if t.Text == "" {
			if first := order["contentMap"]; len(first) > 0 {
				t.Text = text(object(o["contentMap"])[first[0]])
			}
		}
		t.Warning = text(o["summary"])
	}
	// The language is the first key of contentMap, nameMap or summaryMap.
	for _, name := range []string{"contentMap", "nameMap", "summaryMap"} {
		if first := order[name]; len(first) > 0 && t.Language == "" {
			t.Language = first[0]
		}
	}
	for _, a := range many(o["attachment"]) {
		d := object(a)
		address := text(d["url"])
		if d == nil || address == "" || len(t.Images) == 4 || !slices.Contains(mastodonMedia, text(d["mediaType"])) {
			continue
		}
		alt := text(d["summary"])
		if alt == "" {
			alt = text(d["name"])
		}
		t.Images = append(t.Images, Image{address, alt})
	}
	for _, tag := range many(o["tag"]) {
		if d := object(tag); text(d["type"]) == "Hashtag" {
			t.Tags = append(t.Tags, strings.TrimPrefix(text(d["name"]), "#"))
		}
	}
	if text(o["type"]) == "Question" {
		t.Poll = pollOf(o)
	}
	if t.Visibility == "direct" {
		t.Kind, t.Listed = "message", false
	}
	return t
}

// mastodonMedia are those of MediaAttachment that matter here.
var mastodonMedia = []string{"image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif", "image/avif", "video/mp4", "video/webm", "video/quicktime", "video/ogg"}

// mastodonURL is url_to_href: a string, or the first link with mimeType (sic)
// text/html in a list of objects.
func mastodonURL(o document) string {
	if u := text(o["url"]); strings.HasPrefix(u, "http") {
		return u
	}
	for _, e := range many(o["url"]) {
		if d := object(e); text(d["mimeType"]) == "text/html" {
			return text(d["href"])
		}
	}
	return ""
}

// pollOf is PollParser.
func pollOf(o document) *Poll {
	p := &Poll{End: instant(o["endTime"])}
	list := many(o["oneOf"])
	if anyOf := many(o["anyOf"]); len(anyOf) > 0 {
		list, p.Many = anyOf, true
	}
	for _, e := range list {
		d := object(e)
		name := text(d["name"])
		if name == "" {
			name = text(d["content"])
		}
		votes, _, _ := number(object(d["replies"])["totalItems"])
		p.Options = append(p.Options, Option{name, int(votes)})
	}
	if c := o["closed"]; c != nil {
		p.Closed = true
	}
	voters, _, _ := number(o["votersCount"])
	p.Voters = int(voters)
	return p
}

// mentions tells those who are tagged and addressed as well, and whose status is
// answered.
func (m *Mastodon) mentions(from *remote, o, activity document, t *Thing) {
	addressed := append(append(ids(o["to"]), ids(o["cc"])...), append(ids(activity["to"]), ids(activity["cc"])...)...)
	m.update(func() {
		for _, tag := range many(o["tag"]) {
			d := object(tag)
			if text(d["type"]) != "Mention" || !slices.Contains(addressed, text(d["href"])) {
				continue
			}
			for _, a := range m.actors {
				if a.ID == text(d["href"]) {
					m.notify(Notice{Kind: "mention", To: a.ID, By: from.id, About: t.ID})
				}
			}
		}
	})
}

// edited is activity/update.rb.
func (m *Mastodon) edited(from *remote, activity document, raw []byte) error {
	o := object(activity["object"])
	if o == nil {
		return refuse("Update of a bare id")
	}
	// Only since 4.5.0 are changes of converted types looked at.
	if !m.modern && !ofTypes(o, mastodonStatus) {
		return refuse("Update of %v is not handled before 4.5", o["type"])
	}
	if err := m.acceptable(from, o); err != nil {
		return err
	}
	before := m.Thing(text(o["id"]))
	if before == nil {
		if p := instant(o["published"]); m.now().Sub(p) > 24*time.Hour {
			return refuse("an Update of something unknown that is older than a day")
		}
		return m.create(from, activity, raw)
	}
	if before.By != from.id {
		return refuse("%s is of %s", before.ID, before.By)
	}
	t := m.status(from, o, activity, keyOrder(raw, "object"))
	last := before.updated
	if last.IsZero() {
		last = before.published
	}
	if t.updated.IsZero() || !t.updated.After(last) {
		// Without a later updated only the counts of a poll are taken.
		if before.Poll != nil && t.Poll != nil {
			m.update(func() { m.things[before.ID].Poll = t.Poll })
			return nil
		}
		return refuse("updated is %v, and was %v", t.updated, last)
	}
	t.Edits, t.Boosts, t.Likes = before.Edits+1, before.Boosts, before.Likes
	m.show(t)
	return nil
}

// announce is activity/announce.rb.
func (m *Mastodon) announce(from *remote, activity document) error {
	target := idOf(activity["object"])
	if target == "" {
		return refuse("Announce of nothing")
	}
	ours := m.document(target) != nil
	if !m.follows(from.id) && !ours {
		return refuse("nobody here follows %s", from.id)
	}
	if ours {
		m.update(func() { m.notify(Notice{Kind: "boost", To: m.Me.ID, By: from.id, About: target}) })
		return nil
	}
	if !m.has(target) {
		if err := m.fetchStatus(target); err != nil {
			return err
		}
	}
	t := m.Thing(target)
	if t == nil {
		return refuse("%s is nothing to boost", target)
	}
	if t.Visibility != "public" && t.Visibility != "unlisted" {
		return refuse("%s is %s", target, t.Visibility)
	}
	m.onBoost(from, activity, target)
	return nil
}

// fetchStatus is FetchRemoteStatusService: a status, or a Create or Announce of
// one.
func (m *Mastodon) fetchStatus(uri string) error {
	d, p, err := m.fetch(uri)
	if err != nil {
		return err
	}
	if text(d["id"]) != uri {
		return refuse("%s calls itself %s", uri, text(d["id"]))
	}
	o, activity, path := d, document{}, ""
	if t := text(d["type"]); t == "Create" || t == "Announce" {
		if o = object(d["object"]); o == nil {
			return m.fetchStatus(idOf(d["object"]))
		}
		activity, path = d, "object"
	}
	by := ids(o["attributedTo"])
	if len(by) == 0 {
		return refuse("%s has no author", uri)
	}
	from := m.acquainted(by[0])
	if from == nil {
		if from, err = m.account(by[0]); err != nil {
			return err
		}
	}
	if err := m.acceptable(from, o); err != nil {
		return err
	}
	m.show(m.status(from, o, activity, keyOrder(p.body, path)))
	return nil
}

// Search puts a status by its address into the search field.
func (m *Mastodon) Search(uri string) error {
	m.work.Lock()
	defer m.work.Unlock()
	return m.fetchStatus(uri)
}

// Featured reads what an actor pinned: addresses, or notes whole
// (fetch_featured_collection_service.rb).
func (m *Mastodon) Featured(who string) ([]string, error) {
	r := m.acquainted(who)
	if r == nil {
		return nil, refuse("%s is not known", who)
	}
	d, _, err := m.fetch(text(r.document["featured"]))
	if err != nil {
		return nil, err
	}
	if t := text(d["type"]); t != "OrderedCollection" && t != "Collection" {
		return nil, refuse("featured is a %s", t)
	}
	items := many(d["orderedItems"])
	if text(d["type"]) == "Collection" {
		items = many(d["items"])
	}
	var pinned []string
	for _, item := range items {
		if d := object(item); d != nil && text(d["type"]) != "Note" {
			continue // an Event that is written out is passed over
		}
		id := idOf(item)
		m.work.Lock()
		err := error(nil)
		if !m.has(id) {
			err = m.fetchStatus(id)
		}
		m.work.Unlock()
		if err != nil {
			return pinned, err
		}
		pinned = append(pinned, id)
	}
	return pinned, nil
}

// moved is activity/move.rb: who follows the old account follows the new one,
// which must know the old one.
func (m *Mastodon) moved(from *remote, activity document) error {
	if idOf(activity["object"]) != from.id {
		return refuse("%s moves %s", from.id, idOf(activity["object"]))
	}
	d, _, err := m.fetch(idOf(activity["target"]))
	if err != nil {
		return err
	}
	// alsoKnownAs of one entry need not be a list.
	if !slices.Contains(ids(d["alsoKnownAs"]), from.id) {
		return refuse("%s does not know %s", idOf(activity["target"]), from.id)
	}
	to, err := m.account(idOf(activity["target"]))
	if err != nil {
		return err
	}
	if m.Following(from.id) != "accepted" {
		return nil
	}
	m.update(func() {
		delete(m.following[m.Me.ID], from.id)
		m.following[m.Me.ID][to.id] = "asked"
	})
	return m.deliver(m.Me, to.inbox, document{"id": m.followID(to.id), "type": "Follow", "actor": m.Me.ID, "object": to.id})
}

// LoseFollows loses that anybody here follows an actor, without a word to it, as a
// restored backup does.
func (m *Mastodon) LoseFollows(who string) {
	m.update(func() {
		for _, list := range m.following {
			delete(list, who)
		}
	})
}

// syncForm is the header of FEP-8fcf.
var syncForm = regexp.MustCompile(`(collectionId|digest|url)="([^"]*)"`)

// synchronize is SynchronizeFollowersService: when the sender counts other
// followers here than there are, its list is read and what is too much goes.
func (m *Mastodon) synchronize(from *remote, in *Incoming) {
	h := map[string]string{}
	for _, f := range syncForm.FindAllStringSubmatch(in.Header.Get("Collection-Synchronization"), -1) {
		h[f[1]] = f[2]
	}
	if h["collectionId"] != from.followers || from.followers == "" || host(h["url"]) != host(from.id) {
		return
	}
	var mine []string
	m.mu.Lock()
	for a, list := range m.following {
		if list[from.id] == "accepted" {
			mine = append(mine, a)
		}
	}
	m.mu.Unlock()
	if followersDigest(mine) == h["digest"] {
		return
	}
	d, _, err := m.fetch(h["url"])
	if err != nil {
		return
	}
	theirs := append(ids(d["items"]), ids(d["orderedItems"])...)
	for _, a := range mine {
		if !slices.Contains(theirs, a) {
			m.update(func() { delete(m.following[a], from.id) })
		}
	}
	for _, a := range theirs {
		if m.local(a) != nil && !slices.Contains(mine, a) {
			// Followed by nobody here: the sender is told so.
			_ = m.send(m.local(a), from.inbox, document{"id": a + "#undo/" + strconv.FormatInt(m.now().UnixNano(), 10), "type": "Undo", "actor": a, "object": document{"id": m.followID(from.id), "type": "Follow", "actor": a, "object": from.id}})
		}
	}
}

// followersDigest is the XOR of the SHA-256 of ids (FEP-8fcf).
func followersDigest(ids []string) string {
	var sum [sha256.Size]byte
	for _, id := range ids {
		one := sha256.Sum256([]byte(id))
		for i := range sum {
			sum[i] ^= one[i]
		}
	}
	return hex.EncodeToString(sum[:])
}

// keyOrder lists the keys of every map in a document (or in one of its members)
// as they were written.
func keyOrder(raw []byte, member string) map[string][]string {
	var d map[string]json.RawMessage
	if json.Unmarshal(raw, &d) != nil {
		return nil
	}
	if member != "" {
		return keyOrder(d[member], "")
	}
	out := map[string][]string{}
	for name, value := range d {
		dec := json.NewDecoder(bytes.NewReader(value))
		if t, err := dec.Token(); err != nil || t != json.Delim('{') {
			continue
		}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				break
			}
			var skip json.RawMessage
			if dec.Decode(&skip) != nil {
				break
			}
			out[name] = append(out[name], key.(string))
		}
	}
	return out
}

// Report tells the server of a thing about it, in the name of this server
// (flag_serializer.rb: the actor is the instance, content at most 5000).
func (m *Mastodon) Report(id, comment string) error {
	t, r, err := m.authorOf(id)
	if err != nil {
		return err
	}
	return m.deliver(m.fetcher, r.inbox, document{"id": m.next("flags"), "type": "Flag", "actor": m.fetcher.ID, "content": comment, "object": []any{t.By, id}})
}
