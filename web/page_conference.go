package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// ownConference returns a published conference of ours. What was deleted is
// gone for ever (410); a draft is nobody's business (404).
func (s *Server) ownConference(ctx context.Context, slug string) (*community.Conference, error) {
	c, err := s.store.Conference(ctx, slug)
	if err != nil {
		return nil, s.gone(ctx, "conf/"+slug, err)
	}
	if c.Draft {
		return nil, community.Errorf(community.NotFound, "there is no such conference")
	}
	return c, nil
}

// gone turns a NotFound into Gone where a tombstone stands.
func (s *Server) gone(ctx context.Context, key string, err error) error {
	if community.CodeOf(err) != community.NotFound {
		return err
	}
	if _, dead := s.store.Tombstone(ctx, key); dead == nil {
		return community.Errorf(community.Gone, "this was deleted")
	}
	return err
}

// calendarConference returns a conference of another server that this city
// announced, of a sister city whose conferences are shown here, or that the
// world lists.
func (s *Server) calendarConference(ctx context.Context, id string) (*community.Conference, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, community.Errorf(community.NotFound, "there is no such conference")
	}
	c, err := s.store.ConferenceByID(ctx, n)
	if err != nil {
		return nil, err
	}
	if c.Own() || c.Draft {
		return nil, community.Errorf(community.NotFound, "there is no such conference")
	}
	if c.Announced.IsZero() {
		shown, err := s.node.ShowsElsewhere(ctx, c)
		if err == nil && !shown {
			shown, err = s.store.InWorld(ctx, c.ID)
		}
		if err != nil {
			return nil, err
		}
		if !shown {
			return nil, community.Errorf(community.NotFound, "there is no such conference")
		}
	}
	return c, nil
}

// conference is one conference of ours: /conf/{slug}.
func (s *Server) conference(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	c, err := s.ownConference(ctx, param(r, "slug"))
	if err != nil {
		return nil, err
	}
	return s.conferenceShown(ctx, v, r, c)
}

// elsewhere is a conference of another city in our calendar: /elsewhere/{id}.
func (s *Server) elsewhere(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	c, err := s.calendarConference(ctx, param(r, "id"))
	if err != nil {
		return nil, err
	}
	sh, err := s.conferenceShown(ctx, v, r, c)
	if err == nil {
		// Whoever made it has the page that counts.
		sh.page.Canonical, sh.page.ActivityID = pageURL(v.site, c), c.URI
		sh.page.Image = c.Cover
	}
	return sh, err
}

func (s *Server) conferenceShown(ctx context.Context, v *viewer, r *http.Request, c *community.Conference) (*shown, error) {
	number, err := pageNumber(r)
	if err != nil {
		return nil, err
	}
	texts := v.reading(r, conferencePath(c), &c.Title, &c.Text, &c.HTML)
	var siblings []community.Conference
	if c.SeriesID != 0 {
		siblings, err = s.store.Conferences(ctx, storage.ConferenceQuery{Calendar: true, SeriesID: c.SeriesID, EndsAfter: v.now, Limit: 7})
		if err != nil {
			return nil, err
		}
	}
	id := conferenceID(v.site, c)
	news, err := s.store.Posts(ctx, standing(storage.PostQuery{ConferenceID: c.ID, Limit: 5}))
	if err != nil {
		return nil, err
	}
	rs, err := s.talk(ctx, v, id, storage.TalkQuery{Thread: id}, number, conferencePath(c))
	if err != nil {
		return nil, err
	}
	if !c.Own() && len(rs.List) == 0 {
		rs = nil // people talk about it at its own place
	}
	if c.Own() {
		v.invite(rs, c)
	}
	body := v.conference(c, siblings, v.postCards(news), rs)
	if err := s.completeBox(ctx, v, r, c, &body.Come); err != nil {
		return nil, err
	}
	if body.Coming, err = s.comingTo(ctx, v, c, false); err != nil {
		return nil, err
	}
	if body.More, err = s.conferenceMore(ctx, v, r, c); err != nil {
		return nil, err
	}
	body.More.Texts = texts
	carriers, err := s.node.Carriers(ctx, c)
	if err != nil {
		return nil, err
	}
	for i := range carriers {
		body.AlsoBy = append(body.AlsoBy, cityPerson(&carriers[i]))
	}
	if body.Tools, err = s.tools(ctx, v, c); err != nil {
		return nil, err
	}
	w := v.when(c, v.city)
	description := v.T("conf.summary", "When", w.Line(), "Where", v.where(c))
	if more := prose.Summary(v.pick(c.HTML).Text, 160); more != "" {
		description += ". " + more
	}
	return &shown{"conference", page{
		Heading:     v.pick(c.Title).Text,
		Description: description,
		Kind:        "article",
		Section:     "conf",
		ActivityID:  conferenceID(v.site, c),
		Calendar:    conferencePath(c) + ".ics",
		OEmbed:      v.oembedOf(c),
		Image:       v.cardOf("/conf/"+c.Slug, v.pick(c.Title).Text+": "+w.Line()+", "+v.where(c), c.Updated),
		Pictures:    origins(c.Cover),
		Published:   c.Published.Format(time.RFC3339),
		Data:        v.schemaEvent(c),
		Body:        body,
	}}, nil
}
