package node

import (
	"context"
	"strings"
	"time"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// pointed begins the word under which a sent address is noted.
const pointed = "link "

// maxPointedADay bounds how many addresses the city sends to people it was asked
// to write to by whoever looks at its pages.
const maxPointedADay = 200

// maxPointedToOne bounds how many of these one person gets in a day: others may
// have asked in their name.
const maxPointedToOne = 4

// PointTo sends someone elsewhere a direct message of the city with the address
// of a thing of ours, as a visitor asked who says to be them: once for each
// thing. Refused when they have it already, are kept out, or too much was sent
// today.
func (n *Node) PointTo(ctx context.Context, to *community.Actor, object, lang string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		title, address, err := n.thing(ctx, tx, city, object)
		if err != nil {
			return err
		}
		if err := tx.SaveActor(ctx, to); err != nil {
			return err
		}
		refused := func(why string) error {
			return community.Errorf(community.Refused, "%s is not written to: %s", to.Address(), why)
		}
		if b, err := tx.BlockOf(ctx, to.Host, to.URI); err == nil {
			return refused("blocked by " + orElse(b.Domain, b.ActorURI))
		} else if community.CodeOf(err) != community.NotFound {
			return err
		}
		path, _ := n.site.Path(object)
		told, err := tx.ToldOf(ctx, to.ID, pointed+path)
		if err != nil {
			return err
		}
		if told {
			return refused("they have the address already")
		}
		day := tx.Now().Add(-24 * time.Hour)
		theirs, err := tx.CountTold(ctx, to.ID, pointed, day)
		if err != nil {
			return err
		}
		if theirs >= maxPointedToOne {
			return refused("they were written to often enough today")
		}
		today, err := tx.CountTold(ctx, 0, pointed, day)
		if err != nil {
			return err
		}
		if today >= maxPointedADay {
			return refused("the city has written to enough people today")
		}
		v := voiceFor(city, lang)
		m := message{To: to, Lang: v.Lang(), State: pointed + path}
		how := v.T("link.how")
		if slug, ok := n.site.ConferenceSlug(object); ok {
			c, err := n.ownConference(ctx, tx.Reader, slug)
			if err != nil {
				return err
			}
			// "going" in answer to the message is a sign-up, as below the conference.
			if m.Conference = c.ID; c.RSVP != community.RSVPOff {
				how += " " + v.T("rsvp.answer_to")
			}
		}
		m.Text = strings.Join([]string{
			v.T("link.text", "City", prose.Escape(city.Name.In(v.Lang())), "Title", prose.Escape(title.In(v.Lang())), "Link", address),
			how, v.T("link.sorry"),
		}, "\n\n")
		uri, err := n.sayDirectly(ctx, tx, m)
		if err == nil && uri == "" {
			err = refused("they are no person, or have heard enough")
		}
		return err
	})
}

// thing is what a published thing of ours is called, and where it is.
func (n *Node) thing(ctx context.Context, tx *storage.Tx, city *community.City, id string) (community.Texts, string, error) {
	if slug, ok := n.site.ConferenceSlug(id); ok {
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err == nil && c.Draft {
			err = community.Errorf(community.NotFound, "there is no conference %q", slug)
		}
		if err != nil {
			return nil, "", err
		}
		return c.Title, n.site.Conference(c.Slug), nil
	}
	if slug, ok := n.site.PostSlug(id); ok {
		p, err := n.ownPost(ctx, tx.Reader, slug)
		if err == nil && (p.Draft || !everyoneSees(p)) {
			err = community.Errorf(community.NotFound, "there is no post %q", slug)
		}
		if err != nil {
			return nil, "", err
		}
		if len(p.Title) > 0 {
			return p.Title, n.site.Post(p.Slug), nil
		}
		return p.HTML.Map(func(s string) string { return prose.Text(s, 80) }), n.site.Post(p.Slug), nil
	}
	switch local, _ := n.site.LocalActor(id); local {
	case community.CityActor:
		return city.Name, "@" + city.Handle + "@" + n.site.Host() + " " + n.site.Base + "/", nil
	default:
		handle, ok := local.Member()
		if !ok {
			break
		}
		m, err := tx.Member(ctx, handle)
		if err == nil && !m.Active() {
			err = community.Errorf(community.NotFound, "there is nobody called %s", handle)
		}
		if err != nil {
			return nil, "", err
		}
		return community.Plain("", m.Name), n.site.Actor(local), nil
	}
	return nil, "", community.Errorf(community.Refused, "%s is nothing of ours", id)
}
