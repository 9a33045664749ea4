package standin

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Pixelfed is a server of March 2024: pictures, and answers to them.
type Pixelfed struct {
	social
	Me       *Actor
	finished map[string]bool // ids of activities that were done; used under work alone
}

// pixelfedSigned is InboxWorker.verifySignature: a day to either side, the path
// without its query, the digest computed anew, no blanks after commas.
var pixelfedSigned = verifies{past: 24 * time.Hour, future: 24 * time.Hour, digest: digestRecomputed, query: queryNever}

// NewPixelfed starts a server with one person, dansup.
func NewPixelfed(network *Network, host string) (*Pixelfed, error) {
	s, err := start(network, host, "pixelfed", "0.11.13")
	if err != nil {
		return nil, err
	}
	f := &Pixelfed{finished: map[string]bool{}}
	f.social = social{Server: s, path: "p/dansup", look: f.lookup, retries: true, context: []any{asContext, securityContext, document{"Hashtag": "as:Hashtag", "sensitive": "as:sensitive", "pixelfed": "http://pixelfed.org/ns#"}}}
	// HttpSignature._headersToSign: no query.
	s.signs = signs{post: []string{"(request-target)", "host", "date", "digest"}, get: []string{"(request-target)", "host", "date"}, algorithm: "rsa-sha256"}
	s.userAgent = "(Pixelfed/0.11.13; +" + s.URL + ")"
	id := s.URL + "/users/dansup"
	f.Me = s.add(&Actor{Name: "dansup", ID: id, Type: "Person", Inbox: id + "/inbox", Shared: s.URL + "/f/inbox", Outbox: id + "/outbox", Followers: id + "/followers",
		describe: func(a *Actor) document {
			return document{"url": s.URL + "/dansup", "following": a.ID + "/following", "manuallyApprovesFollowers": false}
		}})
	f.me = f.Me
	s.fetcher = s.add(&Actor{Name: host, ID: s.URL + "/i/actor", Type: "Application", Inbox: s.URL + "/i/actor/inbox", Outbox: s.URL + "/i/actor/outbox"})
	s.inbox = f.receive
	s.Acts = f.acts()
	// It has neither edits of comments nor boosts of what it does not show.
	s.Acts.Edit = nil
	return f, nil
}

func (f *Pixelfed) lookup(who string) (*remote, error) {
	user, server, ok := splitAddress(who)
	if !ok || strings.Contains(who, "://") {
		return f.profile(who)
	}
	j, err := f.finger(server, "acct:"+user+"@"+server)
	if err != nil {
		return nil, err
	}
	self := j.self(activityJSON, ldJSON)
	if self == "" {
		return nil, refuse("WebFinger names no self")
	}
	return f.profile(self)
}

// maxDepth is json_decode($payload, true, 8): what is nested deeper is null.
const maxDepth = 8

// fetchJSON is Helpers::fetchFromUrl.
func (f *Pixelfed) fetchJSON(uri string) (document, error) {
	d, _, err := f.fetch(uri)
	if err != nil {
		return nil, err
	}
	if depth(d) > maxDepth {
		return nil, refuse("%s is nested %d levels deep", uri, depth(d))
	}
	return d, nil
}

// profile is Helpers::profileUpdateOrCreate.
func (f *Pixelfed) profile(uri string) (*remote, error) {
	uri, _, _ = strings.Cut(uri, "#")
	if r := f.acquainted(uri); r != nil {
		return r, nil
	}
	d, err := f.fetchJSON(uri)
	if err != nil {
		return nil, err
	}
	id := text(d["id"])
	if id == "" || name(id) != name(uri) {
		return nil, refuse("%s calls itself %q", uri, id)
	}
	if !alphanumeric(strings.NewReplacer("_", "", ".", "", "-", "").Replace(text(d["preferredUsername"]))) {
		return nil, refuse("the username %q", text(d["preferredUsername"]))
	}
	if !strings.HasPrefix(text(d["inbox"]), "https://") {
		return nil, refuse("the inbox %q", text(d["inbox"]))
	}
	r := asRemote(d)
	if r.keyID == "" || r.key == nil {
		return nil, refuse("publicKey is not one object")
	}
	return f.remember(r), nil
}

func alphanumeric(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// receive is FederationController: whatever it is, the answer is 200; the rest is
// done by workers, which tell nobody.
func (f *Pixelfed) receive(in *Incoming) Answer {
	return answer(http.StatusOK, http.StatusOK, f.job(in))
}

func (f *Pixelfed) job(in *Incoming) error {
	if in.Activity == nil || depth(in.Activity) > maxDepth {
		return refuse("nested deeper than %d levels: json_decode gives null", maxDepth)
	}
	id := text(in.Activity["id"])
	if id == "" {
		return refuse("no id")
	}
	if text(in.Activity["type"]) == "Delete" {
		// Only a Tombstone of something that is known here, or a Person.
		o := object(in.Activity["object"])
		t := f.Thing(text(o["id"]))
		if text(o["type"]) != "Tombstone" || t == nil {
			return refuse("a Delete of nothing that is known")
		}
	} else {
		if f.finished[id] {
			return refuse("done already")
		}
		f.finished[id] = true
	}
	from, err := f.signer(in)
	if err != nil {
		return err
	}
	return f.process(from, in.Activity)
}

func (f *Pixelfed) signer(in *Incoming) (*remote, error) {
	p, err := parseSignature(in.Header, false)
	if err != nil {
		return nil, err
	}
	if p.headers == nil {
		return nil, refuse("Signature is missing headers")
	}
	if err := pixelfedSigned.check(f.Server, in.Request, in.Body, p); err != nil {
		return nil, err
	}
	if o := object(in.Activity["object"]); o["attributedTo"] != nil {
		by := o["attributedTo"]
		if isList(by) && len(many(by)) > 0 {
			by = many(by)[0]
		}
		if name(idOf(by)) != name(p.keyID) {
			return nil, refuse("attributedTo is of another host than the key")
		}
	}
	if name(p.keyID) == "" || name(p.keyID) != name(text(in.Activity["id"])) {
		return nil, refuse("the id is of another host than the key")
	}
	actor := idOf(in.Activity["actor"])
	from, err := f.profile(actor)
	if err != nil {
		return nil, err
	}
	if err = pixelfedSigned.arithmetic(in.Request, in.Body, p, from.key); err != nil {
		// blindKeyRotation reads it again.
		f.Forget(actor)
		if from, err = f.profile(actor); err != nil {
			return nil, err
		}
		err = pixelfedSigned.arithmetic(in.Request, in.Body, p, from.key)
	}
	return from, err
}

func (f *Pixelfed) process(from *remote, activity document) error {
	o, target := object(activity["object"]), idOf(activity["object"])
	switch text(activity["type"]) {
	case "Create":
		return f.create(from, o, activity)
	case "Update":
		// Notes that are known, and people.
		switch {
		case o == nil:
			return refuse("Update of a bare id")
		case text(o["type"]) == "Note" && f.has(target):
			f.update(func() {
				t := f.things[target]
				t.Text, t.Images = text(o["content"]), pictures(o)
				t.Edits++
			})
			return nil
		}
		return refuse("an Update of %v", o["type"])
	case "Delete":
		if t := f.Thing(target); t.By != from.id {
			return refuse("of someone else")
		}
		f.hide(target)
		return nil
	case "Announce":
		if !f.has(target) {
			if err := f.fetchNote(target); err != nil {
				return err
			}
		}
		f.onBoost(from, activity, target)
		return nil
	case "Follow":
		return f.onFollow(from, activity, nil)
	case "Accept":
		// The Follow must be there whole.
		if o == nil || text(o["type"]) != "Follow" || f.local(text(o["actor"])) == nil {
			return refuse("an Accept without its Follow")
		}
		return f.onAnswer(from, activity, "accepted")
	case "Reject":
		return f.onAnswer(from, activity, "rejected")
	case "Like":
		if f.document(target) == nil {
			return refuse("a Like of something elsewhere")
		}
		return nil
	case "Undo":
		return f.onUndo(from, activity)
	case "Add", "View", "Flag":
		return nil
	}
	return refuse("the verb %v", activity["type"])
}

// pixelfedMedia is media_types of config/pixelfed.php as it comes.
var pixelfedMedia = []string{"image/jpeg", "image/png", "image/gif"}

// create is handleCreateActivity.
func (f *Pixelfed) create(from *remote, o, activity document) error {
	if o == nil || o["to"] == nil {
		return refuse("no object, or without to")
	}
	to, cc := ids(o["to"]), ids(o["cc"])
	switch {
	case text(o["type"]) == "Question":
		return refuse("polls are not switched on")
	case isList(o["to"]) && (isList(o["cc"]) || !present(o, "cc")) && len(to) == 1 && len(cc) == 0 && f.local(to[0]) != nil:
		f.show(&Thing{ID: text(o["id"]), Kind: "message", By: from.id, Text: text(o["content"]), Visibility: "direct", ReplyTo: idOf(o["inReplyTo"])})
		f.update(func() { f.notify(Notice{Kind: "mention", To: f.Me.ID, By: from.id, About: text(o["id"])}) })
		return nil
	case text(o["type"]) == "Note" && idOf(o["inReplyTo"]) != "":
		// handleNoteReply reads the note again, and its parent.
		if err := f.fetchNote(idOf(o["inReplyTo"])); err != nil {
			return refuse("the parent: %v", err)
		}
		return f.fetchNote(text(o["id"]))
	case text(o["type"]) == "Note" && len(many(o["attachment"])) > 0:
		if err := verifyAttachments(o); err != nil {
			return err
		}
		if !f.follows(from.id) {
			return refuse("nobody here follows %s", from.id)
		}
		return f.store(from, o, activity)
	}
	return refuse("a %v, or without a picture", o["type"])
}

// verifyAttachments: every one must be a picture in a form that is allowed.
func verifyAttachments(o document) error {
	if !isList(o["attachment"]) {
		return refuse("attachment is no list")
	}
	for _, a := range many(o["attachment"]) {
		d := object(a)
		switch {
		case !ofTypes(d, []string{"Document", "Image"}):
			return refuse("an attachment of type %v", d["type"])
		case !strings.HasPrefix(text(d["url"]), "https://"):
			return refuse("an attachment without url")
		case !slices.Contains(pixelfedMedia, text(d["mediaType"])):
			return refuse("an attachment of %v", d["mediaType"])
		}
		for _, side := range []string{"width", "height"} {
			if v, there := d[side]; there && v != nil {
				if n, _, ok := number(v); !ok || n < 1 || n > 5000 {
					return refuse("the %s %v", side, v)
				}
			}
		}
	}
	return nil
}

func pictures(o document) []Image {
	var out []Image
	for _, a := range many(o["attachment"]) {
		out = append(out, Image{text(object(a)["url"]), text(object(a)["name"])})
	}
	return out
}

// fetchNote is statusFirstOrFetch.
func (f *Pixelfed) fetchNote(uri string) error {
	if f.has(uri) || f.document(uri) != nil {
		return nil
	}
	o, err := f.fetchJSON(uri)
	if err != nil {
		return err
	}
	switch {
	case o["@context"] == nil || o["published"] == nil:
		return refuse("%s has no context or was never published", uri)
	case text(o["type"]) != "Note":
		return refuse("%s is a %v", uri, o["type"])
	case name(text(o["id"])) != name(uri):
		return refuse("%s calls itself %s", uri, text(o["id"]))
	}
	by, err := f.profile(text(o["attributedTo"]))
	if err != nil {
		return err
	}
	if idOf(o["inReplyTo"]) == "" {
		if err := verifyAttachments(o); err != nil || len(many(o["attachment"])) == 0 {
			return refuse("a note without a picture: %v", err)
		}
	}
	return f.store(by, o, document{})
}

// store is Helpers::storeStatus.
func (f *Pixelfed) store(from *remote, o, activity document) error {
	id := text(o["id"])
	if u := text(o["url"]); u != "" && name(u) != name(id) {
		return refuse("id and url are of two hosts")
	}
	if o["published"] == nil {
		return refuse("never published")
	}
	kind := "photo"
	if idOf(o["inReplyTo"]) != "" {
		kind = "comment"
	}
	warning := ""
	if sensitive, _ := o["sensitive"].(bool); sensitive {
		warning = text(o["summary"])
	}
	f.show(&Thing{ID: id, Kind: kind, By: from.id, Text: text(o["content"]), Warning: warning, Link: text(o["url"]), Images: pictures(o), ReplyTo: idOf(o["inReplyTo"]), Listed: true, Visibility: visibility(o, activity, from.followers)})
	return nil
}
