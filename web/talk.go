package web

import (
	"context"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/storage"
)

const (
	// talkPage is how many answers a page shows.
	talkPage = 50
	// maxIndent is how deep answers are moved in: beyond it a phone has no room.
	maxIndent = 5
)

// talk is what people said about a conference or a post, a page of it, from
// above to below.
func (s *Server) talk(ctx context.Context, v *viewer, object string, q storage.TalkQuery, number int, address string) (*replies, error) {
	total, err := s.store.CountTalk(ctx, q)
	if err != nil {
		return nil, err
	}
	if number > 1 && (number-1)*talkPage >= total {
		return nil, community.Errorf(community.NotFound, "there is no page %d", number)
	}
	q.Limit, q.Offset = talkPage, (number-1)*talkPage
	posts, err := s.store.Talk(ctx, q)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for i := range posts {
		ids = append(ids, posts[i].AuthorID)
	}
	authors, err := s.store.Actors(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := v.talk(posts, authors, q.Below)
	out.Pager = newPagerOf(talkPage, address, nil, number, total, v.T("replies.newer"), v.T("replies.older"))
	for _, at := range []*string{&out.Pager.Prev, &out.Pager.Next} {
		if *at != "" {
			*at += "#replies"
		}
	}
	counts, err := s.store.Reactions(ctx, object)
	if err != nil {
		return nil, err
	}
	if total > 0 {
		out.Counts = append(out.Counts, v.N("replies.count", total))
	}
	if n := counts[community.Like] + counts[community.Emoji]; n > 0 {
		out.Counts = append(out.Counts, v.N("reactions.like", n))
	}
	if n := counts[community.Announce]; n > 0 {
		out.Counts = append(out.Counts, v.N("reactions.announce", n))
	}
	return out, nil
}

// talk lays answers out that come in the order they are read. Each is moved in
// below what it answers, as far as that is on the page.
func (v *viewer) talk(posts []community.Post, authors map[int64]*community.Actor, top *community.Post) *replies {
	out := &replies{}
	root := ""
	if top != nil {
		root = top.Path
	}
	var above []string // the paths of what the next one may answer, outermost first
	for i := range posts {
		p := &posts[i]
		for len(above) > 0 && !strings.HasPrefix(p.Path, above[len(above)-1]) {
			above = above[:len(above)-1]
		}
		parent := community.PathAbove(p.Path)
		at := root
		if len(above) > 0 {
			at = above[len(above)-1]
		}
		r := v.reply(p, authors[p.AuthorID])
		r.Indent, r.Apart = min(len(above), maxIndent), parent != at
		above = append(above, p.Path)
		out.List = append(out.List, r)
	}
	return out
}

func (v *viewer) reply(p *community.Post, a *community.Actor) reply {
	r := reply{
		ID: "answer-" + strconv.FormatInt(p.ID, 10), Published: p.Published.Format(time.RFC3339), Date: v.stamp(p.Published), Warning: p.Warning, Text: v.html(p.HTML),
	}
	if r.Text.Lang != "" {
		r.Spoken = upperFirst(v.languageName(r.Text.Lang))
	}
	if p.Updated.Sub(p.Published) > time.Minute {
		r.Edited = v.stamp(p.Updated)
	}
	r.Object = p.URI
	if p.Own() {
		r.Object = v.site.Post(p.Slug)
		r.Author, r.URL = v.author(p), "/posts/"+p.Slug
		r.Author.Note = v.handle()
		if handle, ok := p.Author.Member(); ok {
			r.Author.Note = "@" + handle + "@" + v.site.Host()
		}
		return r
	}
	r.URL = postURL(p)
	if a != nil {
		r.Author = v.stranger(a)
	}
	return r
}

// stranger is how someone of another server is shown.
func (v *viewer) stranger(a *community.Actor) person {
	p := person{Name: a.DisplayName(), Path: a.URL, Note: a.Address(), Initial: initial(a.DisplayName())}
	if p.Path == "" {
		p.Path = a.URI
	}
	if p.Note == p.Name {
		p.Note = ""
	}
	return p
}

// postURL is the page of a post of another server.
func postURL(p *community.Post) string {
	if p.URL != "" {
		return p.URL
	}
	return p.URI
}

// invite says who may answer a conference, and offers to do so.
func (v *viewer) invite(rs *replies, c *community.Conference) {
	switch c.Replies {
	case community.RepliesClosed:
		rs.Note = v.T("replies.closed")
		return
	case community.RepliesModerated:
		rs.Note = v.T("replies.moderated")
	}
	f := v.act("answer", conferenceID(v.site, c), v.talkActions()...)
	rs.Form = &f
}
