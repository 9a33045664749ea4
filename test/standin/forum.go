package standin

import (
	"fmt"
	"html"
	"strings"
	"time"
)

// forum is what people do on servers of communities and threads.
type forum struct {
	*Server
	me      *Actor
	path    string // of comments: "comment"
	context any
	look    func(who string) (*remote, error)
	lost    bool // an inbox that answered 410 is not tried again, where the software does so
	gives   bool // up for good after a 410
}

func (c *forum) acts() Acts {
	return Acts{Follow: c.follow, Unfollow: c.unfollow, Reply: c.reply, Edit: c.edit, Remove: c.remove, Like: c.likes, Unlike: c.unlike}
}

func (c *forum) deliver(inbox string, activity document) error {
	if c.gives && c.lost {
		return refuse("given up for good")
	}
	activity["@context"] = c.context
	err := c.send(c.me, inbox, activity)
	if err != nil && (strings.Contains(err.Error(), ": 410") || strings.Contains(err.Error(), ": 418")) {
		c.lost = true
	}
	return err
}

func (c *forum) activity(kind string) string { return c.next("activities/" + strings.ToLower(kind)) }

func (c *forum) follow(who string) error {
	r, err := c.look(who)
	if err != nil {
		return err
	}
	c.update(func() { c.following[c.me.ID][r.id] = "asked" })
	return c.deliver(r.deliverTo(), document{"id": c.activity("follow"), "type": "Follow", "actor": c.me.ID, "object": r.id, "to": []any{r.id}})
}

func (c *forum) unfollow(who string) error {
	r, err := c.look(who)
	if err != nil {
		return err
	}
	c.update(func() { delete(c.following[c.me.ID], r.id) })
	return c.deliver(r.deliverTo(), document{"id": c.activity("undo"), "type": "Undo", "actor": c.me.ID, "to": []any{r.id}, "object": document{
		"id": c.activity("follow"), "type": "Follow", "actor": c.me.ID, "object": r.id, "to": []any{r.id},
	}})
}

// community is where a thing stands, which is where everything about it goes.
func (c *forum) community(id string) (*Thing, *remote, error) {
	t := c.Thing(id)
	if t == nil {
		return nil, nil, refuse("nobody here sees %s", id)
	}
	r, err := c.look(t.In)
	return t, r, err
}

func (c *forum) wrap(kind string, r *remote, cc []any, object any) document {
	return document{"id": c.activity(kind), "type": kind, "actor": c.me.ID, "to": []any{Public}, "cc": cc, "audience": r.id, "object": object}
}

func (c *forum) reply(to, body string) (string, error) {
	t, r, err := c.community(to)
	if err != nil {
		return "", err
	}
	id := c.next(c.path)
	content := "<p>" + html.EscapeString(body) + "</p>\n"
	cc := []any{r.id, t.By}
	n := document{
		"@context": c.context, "id": id, "type": "Note", "attributedTo": c.me.ID, "to": []any{Public}, "cc": cc, "content": content, "inReplyTo": to, "mediaType": "text/html",
		"source": document{"content": body, "mediaType": "text/markdown"}, "published": c.now().UTC().Format(time.RFC3339Nano), "audience": r.id, "distinguished": false,
		"language": document{"identifier": "en", "name": "English"}, "tag": []any{document{"href": t.By, "name": "@author", "type": "Mention"}}, "attachment": []any{},
	}
	c.put(n)
	c.show(&Thing{ID: id, Kind: "comment", By: c.me.ID, In: r.id, Text: content, ReplyTo: to})
	inner := clone(n).(document)
	delete(inner, "@context")
	return id, c.deliver(r.deliverTo(), c.wrap("Create", r, cc, inner))
}

func (c *forum) own(id string) (document, *remote, error) {
	n := c.document(id)
	if n == nil {
		return nil, nil, refuse("there is no comment %s", id)
	}
	r, err := c.look(text(n["audience"]))
	return n, r, err
}

func (c *forum) edit(id, body string) error {
	n, r, err := c.own(id)
	if err != nil {
		return err
	}
	n["content"], n["source"] = "<p>"+html.EscapeString(body)+"</p>\n", document{"content": body, "mediaType": "text/markdown"}
	n["updated"] = c.now().UTC().Add(time.Second).Format(time.RFC3339Nano)
	c.put(n)
	inner := clone(n).(document)
	delete(inner, "@context")
	return c.deliver(r.deliverTo(), c.wrap("Update", r, many(n["cc"]), inner))
}

func (c *forum) remove(id string) error {
	_, r, err := c.own(id)
	if err != nil {
		return err
	}
	c.take(id)
	return c.deliver(r.deliverTo(), c.wrap("Delete", r, []any{r.id}, id))
}

func (c *forum) vote(id string) (document, *remote, error) {
	t, r, err := c.community(id)
	if err != nil {
		return nil, nil, err
	}
	return document{"id": c.URL + "/activities/like/" + fmt.Sprintf("%x", []byte(t.ID)), "type": "Like", "actor": c.me.ID, "object": id, "audience": r.id}, r, nil
}

func (c *forum) likes(id string) error {
	v, r, err := c.vote(id)
	if err != nil {
		return err
	}
	return c.deliver(r.deliverTo(), v)
}

func (c *forum) unlike(id string) error {
	v, r, err := c.vote(id)
	if err != nil {
		return err
	}
	return c.deliver(r.deliverTo(), document{"id": c.activity("undo"), "type": "Undo", "actor": c.me.ID, "object": v, "audience": r.id})
}

// addressed lists who an object is for.
func addressed(o document) []string { return append(ids(o["to"]), ids(o["cc"])...) }

// isPublic is verify_is_public.
func isPublic(o document) bool {
	for _, id := range addressed(o) {
		if id == Public {
			return true
		}
	}
	return false
}
