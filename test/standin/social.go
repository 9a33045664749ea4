package standin

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"
)

// social is what people do on servers for short messages, in the form that
// Mastodon gave it; the fields are what others do differently.
type social struct {
	*Server
	me      *Actor
	path    string // of notes: "users/alice/statuses"
	context any
	// look finds an actor by an address or a URI, as the search field does.
	look func(who string) (*remote, error)
	// retries: what was not delivered is sent again later.
	retries bool
	// note, like and undo change what is sent.
	note func(document)
	like func(document)
	undo func(inner document) any

	queue []queued
}

type queued struct {
	as       *Actor
	inbox    string
	activity document
}

// deliver sends, and keeps what was not delivered where the software does.
func (c *social) deliver(as *Actor, inbox string, activity document) error {
	activity["@context"] = c.context
	if activity["@context"] == nil {
		activity["@context"] = asContext
	}
	err := c.send(as, inbox, activity)
	if c.retries && err != nil && (errors.Is(err, errUnreachable) || strings.Contains(err.Error(), ": 50") || strings.Contains(err.Error(), ": 429")) {
		c.mu.Lock()
		c.queue = append(c.queue, queued{as, inbox, activity})
		c.mu.Unlock()
		return nil
	}
	return err
}

// Flush sends again what could not be delivered. The error is of the first that
// could not again.
func (c *social) Flush() error {
	c.mu.Lock()
	queue := c.queue
	c.queue = nil
	c.mu.Unlock()
	for i, q := range queue {
		if err := c.send(q.as, q.inbox, q.activity); err != nil {
			c.mu.Lock()
			c.queue = append(queue[i:], c.queue...)
			c.mu.Unlock()
			return err
		}
	}
	return nil
}

func (c *social) acts() Acts {
	return Acts{
		Follow: c.follow, Unfollow: c.unfollow, Reply: c.reply, Message: c.message, Mention: c.mention, Edit: c.edit, Remove: c.remove,
		Like: c.likes, Unlike: c.unlike, Boost: c.boost, Unboost: c.unboost,
	}
}

func (c *social) followID(who string) string {
	return c.me.ID + "#follows/" + strings.NewReplacer("/", "-", ":", "-").Replace(who)
}

func (c *social) follow(who string) error {
	r, err := c.look(who)
	if err != nil {
		return err
	}
	c.update(func() { c.following[c.me.ID][r.id] = "asked" })
	return c.deliver(c.me, r.inbox, document{"id": c.followID(r.id), "type": "Follow", "actor": c.me.ID, "object": r.id})
}

func (c *social) unfollow(who string) error {
	r, err := c.look(who)
	if err != nil {
		return err
	}
	c.update(func() { delete(c.following[c.me.ID], r.id) })
	return c.undone(r, document{"id": c.followID(r.id), "type": "Follow", "actor": c.me.ID, "object": r.id})
}

func (c *social) undone(r *remote, inner document) error {
	var what any = inner
	if c.undo != nil {
		what = c.undo(inner)
	}
	return c.deliver(c.me, r.inbox, document{"id": idOf(inner) + "/undo", "type": "Undo", "actor": c.me.ID, "object": what})
}

// authorOf is who made a thing that is seen here.
func (c *social) authorOf(id string) (*Thing, *remote, error) {
	t := c.Thing(id)
	if t == nil {
		return nil, nil, refuse("nobody here sees %s", id)
	}
	r, err := c.look(t.By)
	return t, r, err
}

// compose is a note of ours.
func (c *social) compose(id, body string, to, cc []any, mentions ...*remote) document {
	text, tag := "", []any{}
	for _, m := range mentions {
		text += `<span class="h-card"><a href="` + m.id + `" class="u-url mention">@<span>` + html.EscapeString(strings.Split(m.handle, "@")[0]) + `</span></a></span> `
		tag = append(tag, document{"type": "Mention", "href": m.id, "name": "@" + m.handle})
	}
	n := document{
		"id": id, "type": "Note", "summary": nil, "inReplyTo": nil, "published": c.now().UTC().Format(time.RFC3339), "url": id,
		"attributedTo": c.me.ID, "to": to, "cc": cc, "sensitive": false, "tag": tag, "attachment": []any{},
		"content": "<p>" + text + html.EscapeString(body) + "</p>", "contentMap": document{"en": "<p>" + text + html.EscapeString(body) + "</p>"},
	}
	return n
}

func (c *social) publish(n document, inboxes ...string) (string, error) {
	if c.note != nil {
		c.note(n)
	}
	id := text(n["id"])
	c.put(n)
	activity := document{"id": id + "/activity", "type": "Create", "actor": c.me.ID, "published": n["published"], "to": n["to"], "cc": n["cc"], "object": n}
	c.update(func() { c.me.outbox = append(c.me.outbox, clone(activity)) })
	var errs []error
	for _, inbox := range inboxes {
		errs = append(errs, c.deliver(c.me, inbox, clone(activity).(document)))
	}
	return id, errors.Join(errs...)
}

func (c *social) reply(to, body string) (string, error) {
	t, r, err := c.authorOf(to)
	if err != nil {
		return "", err
	}
	recipients, cc := []any{Public}, []any{c.me.Followers, r.id}
	if t.Visibility == "direct" {
		recipients, cc = []any{r.id}, []any{}
	}
	n := c.compose(c.next(c.path), body, recipients, cc, r)
	n["inReplyTo"] = to
	return c.publish(n, r.deliverTo())
}

func (c *social) message(to, body string) (string, error) {
	r, err := c.look(to)
	if err != nil {
		return "", err
	}
	return c.publish(c.compose(c.next(c.path), body, []any{r.id}, []any{}, r), r.inbox)
}

func (c *social) mention(whom, body string) (string, error) {
	r, err := c.look(whom)
	if err != nil {
		return "", err
	}
	return c.publish(c.compose(c.next(c.path), body, []any{Public}, []any{c.me.Followers, r.id}, r), r.deliverTo())
}

// readers are the inboxes that a note of ours went to.
func (c *social) readers(n document) []string {
	var out []string
	for _, id := range append(ids(n["to"]), ids(n["cc"])...) {
		if r := c.acquainted(id); r != nil {
			out = append(out, r.deliverTo())
		}
	}
	return out
}

func (c *social) edit(id, body string) error {
	n := c.document(id)
	if n == nil {
		return refuse("there is no note %s", id)
	}
	before := text(n["content"])
	mention := ""
	if i := strings.LastIndex(before, "</span> "); i >= 0 {
		mention = before[len("<p>") : i+len("</span> ")]
	}
	n["content"] = "<p>" + mention + html.EscapeString(body) + "</p>"
	n["contentMap"] = document{"en": n["content"]}
	n["updated"] = c.now().UTC().Add(time.Second).Format(time.RFC3339)
	c.put(n)
	var errs []error
	for _, inbox := range c.readers(n) {
		errs = append(errs, c.deliver(c.me, inbox, document{"id": fmt.Sprintf("%s#updates/%d", id, c.now().UnixNano()), "type": "Update", "actor": c.me.ID, "to": n["to"], "cc": n["cc"], "object": n}))
	}
	return errors.Join(errs...)
}

func (c *social) remove(id string) error {
	n := c.document(id)
	if n == nil {
		return refuse("there is no note %s", id)
	}
	c.take(id)
	var errs []error
	for _, inbox := range c.readers(n) {
		errs = append(errs, c.deliver(c.me, inbox, document{"id": id + "#delete", "type": "Delete", "actor": c.me.ID, "to": []any{Public}, "object": document{"id": id, "type": "Tombstone"}}))
	}
	return errors.Join(errs...)
}

func (c *social) liking(id string) document {
	d := document{"id": c.me.ID + "#likes/" + strings.NewReplacer("/", "-", ":", "-").Replace(id), "type": "Like", "actor": c.me.ID, "object": id}
	if c.like != nil {
		c.like(d)
	}
	return d
}

func (c *social) likes(id string) error {
	_, r, err := c.authorOf(id)
	if err != nil {
		return err
	}
	return c.deliver(c.me, r.inbox, c.liking(id))
}

func (c *social) unlike(id string) error {
	_, r, err := c.authorOf(id)
	if err != nil {
		return err
	}
	return c.undone(r, c.liking(id))
}

func (c *social) boosting(id string, r *remote) document {
	return document{
		"id": c.me.ID + "/statuses/boost-" + strings.NewReplacer("/", "-", ":", "-").Replace(id) + "/activity", "type": "Announce", "actor": c.me.ID,
		"published": c.now().UTC().Format(time.RFC3339), "to": []any{Public}, "cc": []any{r.id, c.me.Followers}, "object": id,
	}
}

func (c *social) boost(id string) error {
	_, r, err := c.authorOf(id)
	if err != nil {
		return err
	}
	return c.deliver(c.me, r.deliverTo(), c.boosting(id, r))
}

func (c *social) unboost(id string) error {
	_, r, err := c.authorOf(id)
	if err != nil {
		return err
	}
	return c.undone(r, c.boosting(id, r))
}

// vote answers a poll: a note with a name and without content.
func (c *social) vote(poll, option string) error {
	t, r, err := c.authorOf(poll)
	if err != nil {
		return err
	}
	if t.Poll == nil {
		return refuse("%s is no poll", poll)
	}
	found := false
	for _, o := range t.Poll.Options {
		found = found || o.Name == option
	}
	if !found || t.Poll.Closed {
		return refuse("there is no %q to choose: %+v", option, *t.Poll)
	}
	id := c.next("users/" + c.me.Name + "#votes")
	return c.deliver(c.me, r.inbox, document{"id": id + "/activity", "type": "Create", "actor": c.me.ID, "to": r.id, "object": document{
		"id": id, "type": "Note", "name": option, "attributedTo": c.me.ID, "inReplyTo": poll, "to": r.id,
	}})
}

// ---- what comes in, as far as all do the same

// onFollow lets someone follow one of the server's actors and answers.
func (s *Server) onFollow(from *remote, activity document, by func(*Actor, document) document) error {
	a := s.local(idOf(activity["object"]))
	if a == nil {
		return refuse("nobody here is called %s", idOf(activity["object"]))
	}
	s.update(func() {
		s.followers[a.ID][from.id] = text(activity["id"])
		s.notify(Notice{Kind: "follow", To: a.ID, By: from.id})
	})
	accept := document{"@context": asContext, "id": a.ID + "#accepts/follows/" + fmt.Sprint(s.now().UnixNano()), "type": "Accept", "actor": a.ID, "object": activity}
	if by != nil {
		accept = by(a, activity)
	}
	inner := object(clone(activity))
	delete(inner, "@context")
	if accept["object"] != nil && object(accept["object"]) != nil {
		accept["object"] = inner
	}
	return s.send(a, from.inbox, accept)
}

// onAnswer notes the Accept or Reject of a follow. Which of the forms of its
// object is understood differs.
func (s *Server) onAnswer(from *remote, activity document, state string) error {
	o := activity["object"]
	who := ""
	if d := object(o); d != nil {
		if text(d["type"]) != "Follow" {
			return refuse("%s of a %s", activity["type"], d["type"])
		}
		who = idOf(d["actor"])
	}
	found := false
	s.update(func() {
		for actor, list := range s.following {
			if list[from.id] != "" && (who == "" || who == actor) {
				list[from.id], found = state, true
			}
		}
	})
	if !found {
		return refuse("nobody here asked to follow %s", from.id)
	}
	return nil
}

// unlikeOrUnboost takes a reaction back.
func (s *Server) onUndo(from *remote, activity document) error {
	inner := object(activity["object"])
	if inner == nil {
		return refuse("an Undo of a bare id")
	}
	if a := idOf(inner["actor"]); a != "" && a != from.id {
		return refuse("%s undoes what %s did", from.id, a)
	}
	target := idOf(inner["object"])
	done := false
	s.update(func() {
		switch text(inner["type"]) {
		case "Follow":
			if list := s.followers[target]; list != nil && list[from.id] != "" {
				delete(list, from.id)
				done = true
			}
		case "Announce":
			if t := s.things[target]; t != nil && t.Boosts[from.id] != "" {
				delete(t.Boosts, from.id)
				done = true
			}
		case "Like":
			if t := s.things[target]; t != nil && t.Likes[from.id] != "" {
				delete(t.Likes, from.id)
				done = true
			}
		}
	})
	if !done {
		return refuse("nothing to undo: %s of %s", inner["type"], target)
	}
	return nil
}

// onBoost shows a thing in the timeline of who follows the one that boosted it.
func (s *Server) onBoost(from *remote, activity document, target string) {
	s.update(func() {
		t := s.things[target]
		if t.Boosts == nil {
			t.Boosts = map[string]string{}
		}
		t.Boosts[from.id] = text(activity["id"])
		for _, a := range s.actors {
			if a.ID == t.By {
				s.notify(Notice{Kind: "boost", To: a.ID, By: from.id, About: target})
			}
		}
	})
}

// show puts a thing before the people of the server.
func (s *Server) show(t *Thing) {
	s.update(func() { s.things[t.ID] = t })
}

// hide takes a thing away for good.
func (s *Server) hide(id string) {
	s.update(func() {
		delete(s.things, id)
		s.dead[id] = true
	})
}

// visibility is who sees an object, by its to and cc.
func visibility(o, activity document, followers string) string {
	to, cc := o["to"], o["cc"]
	if to == nil && cc == nil {
		to, cc = activity["to"], activity["cc"]
	}
	has := func(list any, want string) bool {
		for _, id := range ids(list) {
			if id == want || want == Public && (id == "as:Public" || id == "Public") {
				return true
			}
		}
		return false
	}
	switch {
	case has(to, Public):
		return "public"
	case has(cc, Public):
		return "unlisted"
	case followers != "" && has(to, followers):
		return "private"
	}
	return "direct"
}

// unauthorized is the guard of servers that show nothing to strangers.
func (s *Server) signedOnly(v *verifies) func(*http.Request) error {
	return func(r *http.Request) error {
		p, err := parseSignature(r.Header, v.trims)
		if err != nil {
			return err
		}
		if err := v.check(s, r, nil, p); err != nil {
			return err
		}
		owner, _, _ := strings.Cut(p.keyID, "#")
		for _, again := range []bool{false, true} {
			from := s.acquainted(owner)
			if from == nil || again {
				d, _, err := s.fetch(owner)
				if err != nil {
					return err
				}
				from = s.remember(asRemote(d))
			}
			if from.key == nil {
				return refuse("%s has no key", owner)
			}
			if err = v.arithmetic(r, nil, p, from.key); err == nil {
				return nil
			}
		}
		return err
	}
}
