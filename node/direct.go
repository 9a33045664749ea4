package node

import (
	"context"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"konfa/community"
	"konfa/phrase"
	"konfa/prose"
	"konfa/storage"
)

// The city answers people, not floods: so many direct messages an hour go to one
// person about one conference, and so many altogether.
const (
	messagesPerConference = 6
	messagesPerPerson     = 20
)

// message is what the city says to one person on another server.
type message struct {
	To         *community.Actor
	Text       string // Markdown; prose.Escape what others wrote
	Lang       string // of the text
	ReplyTo    string // id of what it answers, or empty
	Conference int64  // what it is about, or 0
	// State tells in a word what the message is about. What someone was told
	// last about a conference is not told again; empty is always news.
	State string
}

// sayDirectly sends a direct message of the city. It returns the id of the Note,
// or "" where nothing was said: to programs and groups, which may answer by
// themselves and never stop, to who is blocked or gone, what was said already,
// and more than a person wants to read.
func (n *Node) sayDirectly(ctx context.Context, tx *storage.Tx, m message) (string, error) {
	if ok, err := n.mayBeTold(ctx, tx, &m); !ok {
		return "", err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", community.Errorf(community.Internal, "making an id: %w", err)
	}
	now := tx.Now()
	p := &community.Post{
		// Nobody can guess the address, and it says nothing.
		Slug: "message-" + id.String(), Author: community.CityActor, Kind: community.MessagePost, Visibility: community.Direct,
		Text: community.Plain(m.Lang, m.Text), HTML: community.Plain(m.Lang, mentioned(m.To, prose.Markdown(m.Text))),
		Mentions: []community.Mention{{Name: m.To.Address(), URI: m.To.URI}},
		ReplyTo:  m.ReplyTo, ConferenceID: m.Conference,
		Created: now, Published: now, Updated: now,
	}
	if err := p.Check(); err != nil {
		return "", err
	}
	if err := tx.InsertPost(ctx, p); err != nil {
		return "", err
	}
	err = tx.InsertMessage(ctx, &storage.Message{ActorID: m.To.ID, ConferenceID: m.Conference, PostID: p.ID, State: m.State, Created: now})
	if err != nil {
		return "", err
	}
	doc, err := n.postDocument(ctx, tx.Reader, p)
	if err != nil {
		return "", err
	}
	uri := n.site.Post(p.Slug)
	// To the inbox of that person alone: a shared inbox is read for many.
	_, err = n.emit(ctx, tx, emission{
		actor: community.CityActor, typ: "Create", object: doc, objectID: uri, objectType: "Note",
		to: []string{m.To.URI}, inboxes: []storage.Target{target(m.To)},
	})
	return uri, err
}

// mayBeTold tells whether a message is sent at all.
func (n *Node) mayBeTold(ctx context.Context, tx *storage.Tx, m *message) (bool, error) {
	a := m.To
	if a.Type != "Person" || a.Inbox == "" || !a.Gone.IsZero() {
		return false, nil
	}
	if out, err := n.suspended(ctx, tx.Reader, a); out || err != nil {
		return false, err
	}
	if m.State != "" {
		last, err := tx.LastMessage(ctx, a.ID, m.Conference)
		if ok, err := found(err); err != nil || ok && last.State == m.State {
			return false, err
		}
	}
	since := tx.Now().Add(-time.Hour)
	if m.Conference != 0 {
		count, err := tx.CountMessages(ctx, a.ID, m.Conference, since)
		if err != nil || count >= messagesPerConference {
			return false, err
		}
	}
	count, err := tx.CountMessages(ctx, a.ID, 0, since)
	return err == nil && count < messagesPerPerson, err
}

// suspended tells whether a block keeps an actor out altogether.
func (n *Node) suspended(ctx context.Context, r *storage.Reader, a *community.Actor) (bool, error) {
	b, err := r.BlockOf(ctx, a.Host, a.URI)
	ok, err := found(err)
	return ok && b.Severity == community.Suspend, err
}

// mentioned puts the link to a person in front of a text, by which Mastodon and
// its kin know whom it is for.
func mentioned(a *community.Actor, text string) string {
	name := a.Handle
	if name == "" {
		name = a.DisplayName()
	}
	link := `<span class="h-card"><a href="` + html.EscapeString(orElse(a.URL, a.URI)) + `" class="u-url mention">@` + html.EscapeString(name) + `</a></span>`
	if rest, ok := strings.CutPrefix(text, "<p>"); ok {
		return "<p>" + link + " " + rest
	}
	return "<p>" + link + "</p>" + text
}

// voiceFor is how the city speaks to someone: in their language if they were
// heard to speak one, else in its own.
func voiceFor(city *community.City, heard ...string) *phrase.Voice {
	return phrase.In(slices.Concat(heard, city.Languages)...)
}

// MessageDocument is the ActivityPub document of a direct message of ours, for
// the server of whom it is to: host is the one that asks, and proved it. NotFound
// for everyone else.
func (n *Node) MessageDocument(ctx context.Context, slug, host string) ([]byte, error) {
	p, err := n.ownPost(ctx, n.store.Reader, slug)
	if err != nil {
		return nil, err
	}
	theirs := slices.ContainsFunc(p.Mentions, func(m community.Mention) bool { return hostOf(m.URI) == host })
	if p.Draft || p.Visibility != community.Direct || host == "" || !theirs {
		return nil, community.Errorf(community.NotFound, "there is no post %q", slug)
	}
	return n.postDocument(ctx, n.store.Reader, p)
}
