package web

import (
	"time"

	"konfa/community"
)

// postCard is a post in a list.
type postCard struct {
	Path      string
	Title     text
	Excerpt   text
	Warning   string
	Published string
	Date      string
	Author    person
	Boosted   bool   // said elsewhere, passed on by the city
	Host      string // where
}

// postPage is everything the page of one post shows.
type postPage struct {
	URL        string
	Title      text
	Author     person
	Published  string
	Date       string
	Edited     string
	Warning    string
	Text       rich
	Pictures   []picture
	Tags       []link
	Conference *card
	Address    copyField
	Form       remoteForm
	Replies    *replies
	Options    []option       // of a poll
	Closed     bool           // the poll takes no votes
	Texts      []languageLink // the languages it can be read in, where there are several
}

// option is one to vote for, with how many people are behind it.
type option struct {
	Name, Count string
}

// ask makes the page of a poll of what would be that of a post.
func (v *viewer) ask(page *postPage, poll *community.Poll, id string) {
	for _, o := range poll.Options {
		page.Options = append(page.Options, option{o.Name, v.N("poll.people", poll.Tally.Of(o.Answer))})
	}
	page.Closed = !poll.Closed.IsZero() || !poll.Ends.After(v.now)
	page.Form = v.act("server", id, action{community.ObjectIntent, v.T("poll.go")})
	page.Address = newCopy(id, v.T("poll.address"))
}

// replies are what people elsewhere said about a conference or a post.
type replies struct {
	List   []reply
	Counts []string
	Pager  pager
	Note   string      // who may answer, where not everyone may at once
	Form   *remoteForm // to answer from one's own server; nil where it stands elsewhere or nobody may
}

type reply struct {
	ID        string
	Object    string // the id of the answer
	Author    person
	URL       string
	Published string
	Date      string
	Edited    string
	Warning   string
	Text      rich
	Spoken    string // the language of the text where it is not that of the page
	Indent    int
	Apart     bool // what it answers is not right above it
}

// author is who wrote a post of ours.
func (v *viewer) author(p *community.Post) person {
	if handle, ok := p.Author.Member(); ok {
		name := p.AuthorName
		if name == "" {
			name = "@" + handle
		}
		return person{Name: name, Path: "/people/" + handle, Initial: initial(name)}
	}
	name := v.cityName().Text
	return person{Name: name, Path: "/", Initial: initial(name)}
}

// stamp is a moment on the clock of the city: "22 November 2026, 19:00".
func (v *viewer) stamp(at time.Time) string {
	local := at.In(v.location())
	return v.T("date.with_time", "Date", v.day(local, true), "Time", local.Format("15:04"))
}

func (v *viewer) location() *time.Location {
	c := community.Conference{Zone: v.city.Zone}
	return c.Location()
}

func (v *viewer) postCard(p *community.Post) postCard {
	return postCard{
		Path:      "/posts/" + p.Slug,
		Title:     v.pick(p.Title),
		Excerpt:   v.excerpt(p.HTML, 280),
		Warning:   p.Warning,
		Published: p.Published.Format(time.RFC3339),
		Date:      v.stamp(p.Published),
		Author:    v.author(p),
	}
}

func (v *viewer) postCards(ps []community.Post) []postCard {
	out := make([]postCard, len(ps))
	for i := range ps {
		out[i] = v.postCard(&ps[i])
	}
	return out
}

func (v *viewer) post(p *community.Post, about *community.Conference, rs *replies) postPage {
	id := v.site.Post(p.Slug)
	page := postPage{
		URL:       id,
		Title:     v.pick(p.Title),
		Author:    v.author(p),
		Published: p.Published.Format(time.RFC3339),
		Date:      v.stamp(p.Published),
		Warning:   p.Warning,
		Text:      v.main(p.HTML),
		Pictures:  p.Pictures,
		Tags:      v.tags(p.Tags),
		Address:   newCopy(id, v.T("post.address")),
		Form:      v.act("server", id, v.talkActions()...),
		Replies:   rs,
	}
	// Seconds between writing and publishing are no edit.
	if p.Updated.Sub(p.Published) > time.Minute {
		page.Edited = v.stamp(p.Updated)
	}
	if about != nil {
		c := v.card(about)
		page.Conference = &c
	}
	return page
}
