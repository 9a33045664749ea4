package node

import (
	"context"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/prose"
)

// Sketch completes a conference that is not stored, or stored otherwise, as if it
// were published now, and returns the document that other servers would get of it.
// Nothing is written. Invalid names every field that is wrong.
func (n *Node) Sketch(ctx context.Context, c *community.Conference) ([]byte, error) {
	city, err := n.store.City(ctx)
	if err != nil {
		return nil, err
	}
	if c.Zone == "" {
		c.Zone = city.Zone
	}
	c.Tidy()
	inLanguage(city.Languages[0], c.Title, c.Text)
	if len(c.Languages) == 0 {
		c.Languages = c.Title.Languages()
	}
	c.HTML = c.Text.Map(prose.Markdown)
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Slug == "" {
		c.Slug = slugsOf(c)[0]
	}
	if c.Published.IsZero() {
		c.Published, c.Updated = n.Now(), n.Now()
	}
	return n.enc.Event(c, activitystreams.EventExtra{City: city, Author: community.CityActor, Type: "Event"})
}

// SketchPost does that with a post.
func (n *Node) SketchPost(ctx context.Context, p *community.Post) ([]byte, error) {
	city, err := n.store.City(ctx)
	if err != nil {
		return nil, err
	}
	p.Tidy()
	inLanguage(city.Languages[0], p.Title, p.Text)
	p.HTML = p.Text.Map(prose.Markdown)
	for _, t := range p.Text {
		p.Tags = append(p.Tags, prose.Hashtags(t.Text)...)
	}
	p.Tidy()
	if err := p.Check(); err != nil {
		return nil, err
	}
	if p.Author == "" {
		p.Author = community.CityActor
	}
	if p.Slug == "" {
		p.Slug = community.Slug(orElse(p.Title.First(), prose.Text(p.HTML.First(), 50)), "post")
	}
	if p.Published.IsZero() {
		p.Published, p.Updated = n.Now(), n.Now()
	}
	return n.enc.Post(p)
}
