package node

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// reply is a post of someone elsewhere.
func (w *world) reply(a *community.Actor, id, to, html string) *community.Post {
	return &community.Post{URI: "https://" + a.Host + "/n/" + id, HTML: community.Plain("en", html), ReplyTo: to, Visibility: community.Public, Published: w.Now(), Updated: w.Now()}
}

func (w *world) mustReply(t *testing.T, a *community.Actor, p *community.Post) {
	t.Helper()
	if err := w.ReceivePost(t.Context(), a, p, []string{city}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) noGuest(t *testing.T, c *community.Conference, a *community.Actor) {
	t.Helper()
	_, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{ActorID: a.ID})
	wantCode(t, err, community.NotFound)
}

const mentionCity = `<p><span class="h-card"><a href="https://bg.example/city" class="u-url mention">@belgrade</a></span> `

func TestWordsAreGuests(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, func(c *community.Conference) { c.Capacity = 3 })
	id := w.site.Conference(c.Slug)
	a := w.stranger(t, bob)
	// Quoted text, links and a content warning say nothing.
	p := w.reply(a, "1", id, mentionCity+`<blockquote>who is not going?</blockquote> I'm coming with a friend! <a href="https://x.example">if</a></p>`)
	p.Warning = "not sure"
	w.mustReply(t, a, p)
	g := w.guest(t, c, a)
	if g.State != community.Going || g.Plus != 1 || g.Via != community.ByWords || g.AnswerURI != "https://far.example/n/1" || g.Lang != "en" {
		t.Fatalf("%+v", g)
	}
	if got := w.messages(t, a); len(got) != 1 || !strings.Contains(got[0], "You have a seat") || !strings.Contains(got[0], "1 person comes along with you.") {
		t.Errorf("%q", got)
	}
	// It is part of the talk as well, and the message answers it.
	if n, err := w.store.CountPosts(t.Context(), storage.PostQuery{ConferenceID: c.ID, Visibilities: shown}); n != 1 || err != nil {
		t.Errorf("%d posts, %v", n, err)
	}
	dms, err := w.store.Posts(t.Context(), storage.PostQuery{Kinds: []community.PostKind{community.MessagePost}})
	if err != nil || len(dms) != 1 || dms[0].ReplyTo != p.URI {
		t.Fatalf("%+v, %v", dms, err)
	}

	// Small talk changes nothing and is not answered.
	w.mustReply(t, a, w.reply(a, "2", id, mentionCity+"Is anyone going by tram?</p>"))
	if got := w.messages(t, a); len(got) != 1 || !reflect.DeepEqual(w.guest(t, c, a), g) {
		t.Errorf("%q, %+v", got, w.guest(t, c, a))
	}

	// An edit of what gave the answer counts, in whatever it says clearly.
	edit := func(id, html string) {
		t.Helper()
		w.pass(time.Minute)
		w.mustReply(t, a, w.reply(a, id, w.site.Conference(c.Slug), html))
	}
	edit("1", "I'm coming")
	if g := w.guest(t, c, a); g.State != community.Going || g.Plus != 0 {
		t.Errorf("%+v", g)
	}
	edit("1", "I love trams")
	wantState(t, w.guest(t, c, a), community.Going)
	edit("1", "Maybe I'll come")
	wantState(t, w.guest(t, c, a), community.Maybe)

	// The answer to the message counts the same, and its language is kept.
	dm := w.reply(a, "3", w.site.Post(dms[0].Slug), "всё-таки приду")
	dm.HTML[0].Lang, dm.Visibility = "ru", community.Direct
	w.mustReply(t, a, dm)
	if g := w.guest(t, c, a); g.State != community.Going || g.Lang != "ru" || g.AnswerURI != dm.URI {
		t.Errorf("%+v", g)
	}
	if got := w.messages(t, a); !strings.Contains(got[len(got)-1], "За вами место") || !strings.Contains(got[len(got)-1], "вт 24 ноя. 16:00–18:00") {
		t.Errorf("%q", got[len(got)-1])
	}
	edit("1", "I can't make it") // it does not count any more
	wantState(t, w.guest(t, c, a), community.Going)
	if err := w.ReceiveDelete(t.Context(), a, "https://far.example/n/1"); err != nil {
		t.Fatal(err)
	}
	wantState(t, w.guest(t, c, a), community.Going)

	// Deleted, what gave the answer takes it back; not what someone else deletes.
	wantCode(t, w.ReceiveDelete(t.Context(), w.stranger(t, "https://far.example/u/carl"), dm.URI), community.Forbidden)
	wantState(t, w.guest(t, c, a), community.Going)
	if err := w.ReceiveDelete(t.Context(), a, dm.URI); err != nil {
		t.Fatal(err)
	}
	wantState(t, w.guest(t, c, a), community.NotGoing)
}

// Where words are not asked for, nobody is taken at them; nor are programs,
// answers to others, and someone else's messages.
func TestWordsThatAreNoAnswer(t *testing.T) {
	w := newWorld(t)
	off := w.conf(t, func(c *community.Conference) { c.RSVP = community.RSVPOff })
	c := w.conf(t, nil)
	a, e := w.stranger(t, bob), w.stranger(t, eve)
	w.mustReply(t, a, w.reply(a, "1", w.site.Conference(off.Slug), "I'm coming"))
	w.noGuest(t, off, a)
	robot := &community.Actor{URI: "https://far.example/u/robot", Type: "Service", Handle: "robot", Host: "far.example", Inbox: "https://far.example/i"}
	if _, err := w.SaveActor(t.Context(), robot); err != nil {
		t.Fatal(err)
	}
	w.mustReply(t, robot, w.reply(robot, "2", w.site.Conference(c.Slug), "I'm coming"))
	w.noGuest(t, c, robot)
	w.mustReply(t, e, w.reply(e, "3", w.site.Conference(c.Slug), "I have a question"))
	w.mustReply(t, a, w.reply(a, "4", "https://evil.example/n/3", "I'm coming"))
	w.noGuest(t, c, a)
	own, err := w.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "Who bakes a cake?"), ReplyTo: w.site.Conference(c.Slug)}, Publish{})
	if err != nil {
		t.Fatal(err)
	}
	w.mustReply(t, a, w.reply(a, "5", w.site.Post(own.Slug), "Count me in"))
	w.noGuest(t, c, a)
	// The message to someone else.
	w.mustReply(t, e, w.reply(e, "6", w.site.Conference(c.Slug), "I'm coming"))
	dms, err := w.store.Posts(t.Context(), storage.PostQuery{Kinds: []community.PostKind{community.MessagePost}})
	if err != nil || len(dms) != 1 {
		t.Fatalf("%+v, %v", dms, err)
	}
	w.mustReply(t, a, w.reply(a, "7", w.site.Post(dms[0].Slug), "I'm coming"))
	w.noGuest(t, c, a)
	if got := w.messages(t, a); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// Whatever the conference says of talk, who says that they come is heard; what
// nobody can come to is told so.
func TestWordsAreAnswered(t *testing.T) {
	w := newWorld(t)
	n := 0
	said := func(want string, change func(*community.Conference)) *community.Conference {
		t.Helper()
		n++
		c, a := w.conf(t, change), w.stranger(t, fmt.Sprintf("https://far.example/u/%d", n))
		w.mustReply(t, a, w.reply(a, fmt.Sprint(n), w.site.Conference(c.Slug), "I'm coming +1"))
		if got := w.messages(t, a); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%q, want %q", got, want)
		}
		return c
	}
	said("You have a seat", func(c *community.Conference) { c.Replies = community.RepliesModerated })
	closed := said("You have a seat", func(c *community.Conference) { c.Replies = community.RepliesClosed })
	if got, err := w.store.CountPosts(t.Context(), storage.PostQuery{ConferenceID: closed.ID, Visibilities: shown}); got != 0 || err != nil {
		t.Errorf("%d posts below what is closed, %v", got, err)
	}
	said("The organisers decide", func(c *community.Conference) { c.JoinMode = community.Restricted })
	said("1 seat, fewer than you are", func(c *community.Conference) { c.Capacity = 1 })
	said("elsewhere: https://tickets.example/1", func(c *community.Conference) {
		c.JoinMode, c.ExternalURL = community.External, "https://tickets.example/1"
	})
	said("is cancelled", func(c *community.Conference) { c.Status = community.Cancelled })
	said("is over", func(c *community.Conference) { c.Start, c.End = w.now.Add(-3*time.Hour), w.now.Add(-time.Hour) })
	said("has begun", func(c *community.Conference) { c.Start = w.now.Add(-time.Hour) })
	// In closed talk, too, the answer is taken back with what gave it.
	a := w.stranger(t, "https://far.example/u/2")
	if err := w.ReceiveDelete(t.Context(), a, "https://far.example/n/2"); err != nil {
		t.Fatal(err)
	}
	wantState(t, w.guest(t, closed, a), community.NotGoing)
}

// What is over stays as it was, when people let their old posts go.
func TestOldPostsGo(t *testing.T) {
	w := newWorld(t)
	c, a := w.conf(t, nil), w.stranger(t, bob)
	w.mustReply(t, a, w.reply(a, "1", w.site.Conference(c.Slug), "I'm coming"))
	w.pass(30 * 24 * time.Hour)
	if err := w.ReceiveDelete(t.Context(), a, "https://far.example/n/1"); err != nil {
		t.Fatal(err)
	}
	wantState(t, w.guest(t, c, a), community.Going)
}

// A conference in a language that the city does not use is answered in it, and
// the answer bears the language of the account.
func TestWordsOfTheConference(t *testing.T) {
	w := newWorld(t)
	if err := w.UpdateCity(t.Context(), console, func(c *community.City) error { c.Languages = []string{"en"}; return nil }); err != nil {
		t.Fatal(err)
	}
	c := w.conf(t, func(c *community.Conference) { c.Title = community.Plain("ru", "Вечер карт") })
	a := w.stranger(t, bob)
	w.mustReply(t, a, w.reply(a, "1", w.site.Conference(c.Slug), mentionCity+"Я иду!</p>"))
	if g := w.guest(t, c, a); g.State != community.Going {
		t.Errorf("%+v", g)
	}
	plain := w.conf(t, nil)
	w.mustReply(t, a, w.reply(a, "2", w.site.Conference(plain.Slug), mentionCity+"Я иду!</p>"))
	w.noGuest(t, plain, a)
}

// Who mends a post until it says that they come is heard, unless they have
// answered in another way; a vote keeps those whom they bring along.
func TestChangedWordsAreHeard(t *testing.T) {
	w := newWorld(t)
	c, a := w.conf(t, nil), w.stranger(t, bob)
	id := w.site.Conference(c.Slug)
	w.mustReply(t, a, w.reply(a, "1", id, "Looks nice"))
	w.noGuest(t, c, a)
	w.pass(time.Minute)
	w.mustReply(t, a, w.reply(a, "1", id, "I'm coming +2"))
	if g := w.guest(t, c, a); g.State != community.Going || g.Plus != 2 || g.AnswerURI != "https://far.example/n/1" {
		t.Fatalf("%+v", g)
	}
	w.mustReply(t, a, w.reply(a, "2", id, "Can't make it after all"))
	wantState(t, w.guest(t, c, a), community.NotGoing)
	w.pass(time.Minute)
	w.mustReply(t, a, w.reply(a, "1", id, "I'm coming +3"))
	wantState(t, w.guest(t, c, a), community.NotGoing)

	asked, poll := w.asking(t, nil)
	w.mustReply(t, a, w.reply(a, "3", w.site.Conference(asked.Slug), "I'm coming +2"))
	w.mustVote(t, a, poll, "I'm coming")
	if g := w.guest(t, asked, a); g.State != community.Going || g.Plus != 2 {
		t.Errorf("after the vote %+v", g)
	}
}
