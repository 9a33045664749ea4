package federation

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

	"konfa/community"
	"konfa/storage"
)

// Sizes of pages. Mastodon's outbox has 20 as well; readers that take the first
// page only (Mobilizon) get what is newest.
const (
	outboxPage  = 20
	itemsPage   = 40
	featuredMax = 5
	// outboxBytes bounds the embedded activities of a page, since Misskey reads
	// no more than 256 KiB; the rest goes by id.
	outboxBytes = 192 << 10
)

type actorOf = func(*http.Request) (community.LocalActor, error)

// getOutbox answers with the public activities of an actor, newest first, by a
// cursor that stays valid when new ones come.
func (s *Server) getOutbox(of actorOf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := of(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		ctx, id := r.Context(), s.site.Outbox(a)
		query := r.URL.Query()
		if !query.Has("page") && !query.Has("before") {
			total, err := s.store.CountOutbox(ctx, a)
			if err != nil {
				s.fail(w, r, err)
				return
			}
			body, err := s.node.Encoder().Collection(id, true, total, id+"?page=true", "")
			s.answer(w, r, body, err)
			return
		}
		before, err := cursor(query, "before")
		if err != nil {
			s.fail(w, r, err)
			return
		}
		list, err := s.store.Outbox(ctx, a, before, outboxPage)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		total, err := s.store.CountOutbox(ctx, a)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		told, err := s.outboxItems(ctx, a, list)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		items := make([]any, 0, len(told))
		size := 0
		for i := range told {
			if size += len(told[i].JSON); size > outboxBytes {
				items = append(items, s.site.Activity(told[i].UUID))
				continue
			}
			items = append(items, told[i].JSON)
		}
		next := ""
		if len(list) == outboxPage {
			next = id + "?before=" + strconv.FormatInt(list[len(list)-1].ID, 10)
		}
		page := id + "?page=true"
		if before > 0 {
			page = id + "?before=" + strconv.FormatInt(before, 10)
		}
		body, err := s.node.Encoder().CollectionPage(page, id, next, "", true, total, items)
		s.answer(w, r, body, err)
	}
}

func cursor(query url.Values, name string) (int64, error) {
	v := query.Get(name)
	if v == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return 0, community.Errorf(community.Invalid, "%q is not a page of this collection", v)
	}
	return n, nil
}

// getFollowers counts followers. Who they are stays between them and the
// actor, as with Lemmy: a list of people who care for a place is not for
// everyone.
func (s *Server) getFollowers(of actorOf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := of(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		total, err := s.store.CountFollowers(r.Context(), a)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		body, err := s.node.Encoder().Collection(s.site.Followers(a), true, total, "", "")
		s.answer(w, r, body, err)
	}
}

// getFollowing lists whom the city and the node follow: sister cities are no
// secret. Of members only the number is told.
func (s *Server) getFollowing(of actorOf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := of(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		ctx, id := r.Context(), s.site.Following(a)
		total, err := s.store.CountFollowed(ctx, a)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		_, member := a.Member()
		query := r.URL.Query()
		if member || (!query.Has("page") && !query.Has("after")) {
			first := ""
			if !member {
				first = id + "?page=true"
			}
			body, err := s.node.Encoder().Collection(id, true, total, first, "")
			s.answer(w, r, body, err)
			return
		}
		after, err := cursor(query, "after")
		if err != nil {
			s.fail(w, r, err)
			return
		}
		list, err := s.store.FollowedList(ctx, storage.FollowQuery{Local: a, State: community.Accepted, After: after, Limit: itemsPage})
		if err != nil {
			s.fail(w, r, err)
			return
		}
		items := make([]any, 0, len(list))
		for _, f := range list {
			if f.Actor != nil {
				items = append(items, f.Actor.URI)
			}
		}
		next := ""
		if len(list) == itemsPage {
			next = id + "?after=" + strconv.FormatInt(list[len(list)-1].ID, 10)
		}
		page := id + "?page=true"
		if after > 0 {
			page = id + "?after=" + strconv.FormatInt(after, 10)
		}
		body, err := s.node.Encoder().CollectionPage(page, id, next, "", true, total, items)
		s.answer(w, r, body, err)
	}
}

// getFeatured lists what the city puts first: its next conferences, by id, as
// Mastodon skips embedded events.
func (s *Server) getFeatured(of actorOf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := of(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		items := []any{}
		if a == community.CityActor {
			list, err := s.store.Conferences(r.Context(), storage.ConferenceQuery{Own: true, EndsAfter: s.now(), Limit: featuredMax})
			if err != nil {
				s.fail(w, r, err)
				return
			}
			items = s.conferenceIDs(list)
		}
		body, err := s.node.Encoder().CollectionWithItems(s.site.Featured(a), true, items)
		s.answer(w, r, body, err)
	}
}

// getUpcoming lists the conferences that are not over yet, the next one first
// (FEP-8a8e upcomingEvents), those announced for sister cities included.
func (s *Server) getUpcoming(of actorOf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := of(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if _, member := a.Member(); member {
			s.fail(w, r, community.Errorf(community.NotFound, "members have no calendar of their own"))
			return
		}
		ctx, q := r.Context(), storage.ConferenceQuery{Calendar: true, EndsAfter: s.now()}
		total, err := s.store.CountConferences(ctx, q)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.numbered(w, r, s.site.Upcoming(a), true, total, func(limit, offset int) ([]any, error) {
			q.Limit, q.Offset = limit, offset
			list, err := s.store.Conferences(ctx, q)
			return s.conferenceIDs(list), err
		})
	}
}

func (s *Server) conferenceIDs(list []community.Conference) []any {
	items := make([]any, 0, len(list))
	for i := range list {
		if list[i].Own() {
			items = append(items, s.site.Conference(list[i].Slug))
		} else {
			items = append(items, list[i].URI)
		}
	}
	return items
}

// maxPage bounds how far a numbered collection can be paged through.
const maxPage = 10_000

func pageNumber(query url.Values) (int, error) {
	v := query.Get("page")
	if v == "true" || v == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxPage {
		return 0, community.Errorf(community.Invalid, "%q is not a page of this collection", v)
	}
	return n, nil
}

// numbered answers with a collection of a known total, or with the page of it
// that the query names, whose items are read then.
func (s *Server) numbered(w http.ResponseWriter, r *http.Request, id string, ordered bool, total int, read func(limit, offset int) ([]any, error)) {
	page := func(n int) string { return id + "?page=" + strconv.Itoa(n) }
	query := r.URL.Query()
	if !query.Has("page") {
		body, err := s.node.Encoder().Collection(id, ordered, total, page(1), "")
		s.answer(w, r, body, err)
		return
	}
	n, err := pageNumber(query)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	items, err := read(itemsPage, (n-1)*itemsPage)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	next, prev := "", ""
	if n*itemsPage < total {
		next = page(n + 1)
	}
	if n > 1 {
		prev = page(n - 1)
	}
	body, err := s.node.Encoder().CollectionPage(page(n), id, next, prev, ordered, total, items)
	s.answer(w, r, body, err)
}

func (s *Server) getConferenceReplies(w http.ResponseWriter, r *http.Request) {
	c, ok := s.published(w, r)
	if !ok {
		return
	}
	s.replies(w, r, s.site.Conference(c.Slug))
}

func (s *Server) getPostReplies(w http.ResponseWriter, r *http.Request) {
	slug := chi.URLParam(r, "slug")
	p, err := s.store.Post(r.Context(), slug)
	if err == nil && (p.Draft || (p.Visibility != community.Public && p.Visibility != community.Unlisted)) {
		err = community.Errorf(community.NotFound, "there is no such post")
	}
	if err != nil {
		if community.CodeOf(err) == community.NotFound && s.wasDeleted(r.Context(), "posts/"+slug) {
			err = community.Errorf(community.Gone, "this post was deleted")
		}
		s.fail(w, r, err)
		return
	}
	s.replies(w, r, s.site.Post(p.Slug))
}

// replies lists the answers to an object of ours that are shown, by their ids.
func (s *Server) replies(w http.ResponseWriter, r *http.Request, object string) {
	ctx, q := r.Context(), storage.TalkQuery{ReplyTo: object}
	total, err := s.store.CountTalk(ctx, q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.numbered(w, r, s.site.Replies(object), false, total, func(limit, offset int) ([]any, error) {
		q.Limit, q.Offset = limit, offset
		posts, err := s.store.Talk(ctx, q)
		items := make([]any, 0, len(posts))
		for i := range posts {
			if posts[i].Own() {
				items = append(items, s.site.Post(posts[i].Slug))
			} else {
				items = append(items, posts[i].URI)
			}
		}
		return items, err
	})
}
