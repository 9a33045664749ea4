package federation

import (
	"context"
	"slices"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
)

// onCreate and onUpdate: an event or a post of the sender, or of its server, is
// new or changed. Peers lose one or the other, so both do the same.
func (s *Server) onCreate(ctx context.Context, in *incoming) (string, error) {
	return s.onObject(ctx, in, in.Object)
}

func (s *Server) onUpdate(ctx context.Context, in *incoming) (string, error) {
	if in.Object.ID == in.from.URI || actorTypes[in.Object.Type] {
		return s.onActorUpdate(ctx, in)
	}
	return s.onObject(ctx, in, in.Object)
}

var actorTypes = map[string]bool{"Person": true, "Group": true, "Application": true, "Organization": true, "Service": true}

// onActorUpdate reads an actor again from its address; what was sent is not
// looked at.
func (s *Server) onActorUpdate(ctx context.Context, in *incoming) (string, error) {
	id := in.Object.ID
	if !fetch.SameOrigin(id, in.from.URI) {
		return "", community.Errorf(community.Forbidden, "%s is not of the server of %s", clip(id, 200), in.from.URI)
	}
	if id != in.from.URI {
		if _, err := s.store.Actor(ctx, id); err != nil {
			return "", community.Errorf(community.Refused, "%s is not known here", clip(id, 200))
		}
	}
	if _, err := s.resolver.Actor(ctx, id, 0); err != nil {
		return "", err
	}
	return "actor read again", nil
}

// onObject takes an object that the sender published.
func (s *Server) onObject(ctx context.Context, in *incoming, ref activitystreams.Ref) (string, error) {
	id, body, err := s.trusted(ctx, in.from.URI, ref)
	if err != nil {
		return "", err
	}
	kind := typeOf(ref, body)
	switch {
	case kind == "Event":
		if ref.Raw != nil && id == ref.ID && fetch.SameOrigin(id, in.from.URI) {
			if body, err = activitystreams.Addressed(body, in.Envelope); err != nil {
				return "", err
			}
		}
		return s.onEvent(ctx, in, id, body)
	case actorTypes[kind]:
		return "", community.Errorf(community.Refused, "an actor is read at its address, not from a Create")
	}
	return s.onPost(ctx, in, id, body)
}

// typeOf is the type of an object: as the envelope told it, or as the fetched
// document does.
func typeOf(ref activitystreams.Ref, body []byte) string {
	if ref.Raw != nil && ref.Type != "" {
		return ref.Type
	}
	return activitystreams.TypeOf(body)
}

// trusted returns an object that may be believed: as embedded where it is of the
// origin that signed, else as its own origin has it (FEP-fe34).
func (s *Server) trusted(ctx context.Context, signer string, ref activitystreams.Ref) (id string, body []byte, err error) {
	if ref.ID == "" {
		return "", nil, community.Errorf(community.Invalid, "the object has no id")
	}
	if _, ours := s.site.Path(ref.ID); ours {
		return "", nil, community.Errorf(community.Forbidden, "%s is of this server", clip(ref.ID, 200))
	}
	if ref.Raw != nil && fetch.SameOrigin(ref.ID, signer) {
		return ref.ID, ref.Raw, nil
	}
	return s.fetched(ctx, ref.ID)
}

// fetched reads an object where it lives.
func (s *Server) fetched(ctx context.Context, id string) (string, []byte, error) {
	if blocked, why := s.blocked(ctx, id); blocked {
		return "", nil, community.Errorf(community.Forbidden, "%s", why)
	}
	doc, err := s.resolver.Object(ctx, id)
	if err != nil {
		return "", nil, err
	}
	if doc.URL == id {
		return doc.URL, doc.Body, nil
	}
	// It was led elsewhere.
	if _, ours := s.site.Path(doc.URL); ours {
		return "", nil, community.Errorf(community.Forbidden, "%s leads back to this server", clip(id, 200))
	}
	if blocked, why := s.blocked(ctx, doc.URL); blocked {
		return "", nil, community.Errorf(community.Forbidden, "%s", why)
	}
	return doc.URL, doc.Body, nil
}

// speaksFor tells whether the word of an actor counts for an object of one of
// the given owners on its server: its own, or that of the server itself.
// Anyone else may share the server and no more; what they tell of is then read
// where it lives. A Service is no better: Mastodon and Misskey call everyone's
// bots so.
func speaksFor(a *community.Actor, owners ...string) bool {
	return slices.Contains(owners, a.URI) || a.Type == "Application"
}

// onEvent takes a conference of the sender's server.
func (s *Server) onEvent(ctx context.Context, in *incoming, id string, body []byte) (string, error) {
	ev, err := activitystreams.ReadEvent(body)
	if err != nil {
		return "", err
	}
	if !speaksFor(in.from, append(ev.AttributedTo, ev.Actor)...) {
		// Mobilizon's moderators change events of their group.
		if id, body, err = s.fetched(ctx, id); err != nil {
			return "", err
		}
	}
	c, err := s.foreignConference(ctx, id, body, in.from)
	if err != nil {
		return "", err
	}
	if err := s.genuine(ctx, c, in.from); err != nil {
		return "", err
	}
	if err := s.node.ReceiveConference(ctx, in.from, c); err != nil {
		return "", err
	}
	return "conference " + id, nil
}

// maxOwners is how many of those who may own an event are asked for.
const maxOwners = 3

// foreignConference reads an event of another server, which was fetched there
// or signed by it, and finds whose it is. known is an actor that need not be
// asked for again, or nil.
func (s *Server) foreignConference(ctx context.Context, id string, body []byte, known *community.Actor) (*community.Conference, error) {
	ev, err := activitystreams.ReadEvent(body)
	if err != nil {
		return nil, err
	}
	c := ev.Conference
	if c.URI == "" {
		c.URI = id
	}
	if !fetch.SameOrigin(c.URI, id) {
		return nil, community.Errorf(community.Forbidden, "%s calls itself %s", id, clip(c.URI, 200))
	}
	if !ev.Public {
		// FEP-8a8e: only what is addressed to everyone is listed.
		return nil, community.Errorf(community.Refused, "%s is not public", c.URI)
	}
	owners := ev.AttributedTo
	if ev.Actor != "" {
		owners = append(slices.Clone(owners), ev.Actor)
	}
	asked := 0
	for _, owner := range owners {
		if !fetch.SameOrigin(owner, c.URI) {
			continue // not theirs to give
		}
		if known != nil && owner == known.URI {
			c.OriginID = known.ID
			return &c, nil
		}
		if asked++; asked > maxOwners {
			break
		}
		a, err := s.actor(ctx, owner, actorAge)
		if err == nil {
			c.OriginID = a.ID
			return &c, nil
		}
		if temporary(err) && known == nil {
			return nil, err
		}
	}
	if known != nil && fetch.SameOrigin(known.URI, c.URI) {
		c.OriginID = known.ID
		return &c, nil
	}
	return nil, community.Errorf(community.Refused, "%s does not say whose it is", c.URI)
}

// onPost takes a note or an article of the sender.
func (s *Server) onPost(ctx context.Context, in *incoming, id string, body []byte) (string, error) {
	if v, err := activitystreams.ReadVote(body); err == nil {
		return s.onVote(ctx, in, v)
	}
	p, err := s.readPost(ctx, body)
	if err == nil && s.pollBeside(ctx, id, p.ReplyTo, body) {
		return "", community.Errorf(community.Refused, "%s is the poll beside a conference; members sign up by Join", id)
	}
	if err != nil {
		return "", err
	}
	author := in.from
	if p.AttributedTo != author.URI {
		if !speaksFor(in.from) {
			if id, body, err = s.fetched(ctx, id); err != nil {
				return "", err
			}
			if p, err = s.readPost(ctx, body); err != nil {
				return "", err
			}
		}
		if author, err = s.authorOf(ctx, id, p.AttributedTo); err != nil {
			return "", err
		}
		if !fetch.SameOrigin(author.URI, in.from.URI) {
			return "", community.Errorf(community.Forbidden, "%s cannot speak for %s", in.from.URI, author.URI)
		}
	}
	if len(p.To)+len(p.Cc) == 0 {
		p.Visibility = activitystreams.VisibilityOf(in.To, in.Cc)
	}
	to := slices.Concat(p.To, p.Cc, p.Audience, in.everyone())
	if s.callsUs(p, to) {
		s.readAbove(ctx, in.from.Host, p.ReplyTo)
	}
	if p.Source = in.source(id); p.Source != nil && p.ReplyTo != "" && !s.passing(ctx, author, in.Type) {
		p.Source = nil
	}
	return s.keepPost(ctx, author, id, p, to)
}

// pollBeside tells of the poll by which another city asks people of servers that
// know no events. Whoever is here answers the conference itself.
func (s *Server) pollBeside(ctx context.Context, id, replyTo string, body []byte) bool {
	if replyTo == "" || !fetch.SameOrigin(id, replyTo) || typeOf(activitystreams.Ref{}, body) != "Question" {
		return false
	}
	_, err := s.store.ConferenceByURI(ctx, replyTo)
	return err == nil
}

// source is the activity as it came, if it is what servers of threads pass on
// (FEP-1b12): with the whole object inside.
func (in *incoming) source(object string) []byte {
	if (in.Type != "Create" && in.Type != "Update") || in.Object.Raw == nil || in.Object.ID != object {
		return nil
	}
	return in.Raw
}

// onVote takes a vote of the sender in a poll of ours. Nobody votes for someone
// else, not even the server.
func (s *Server) onVote(ctx context.Context, in *incoming, v *activitystreams.Vote) (string, error) {
	if v.AttributedTo != in.from.URI {
		return "", community.Errorf(community.Forbidden, "%s cannot vote for %s", in.from.URI, clip(v.AttributedTo, 200))
	}
	if err := s.node.ReceiveVote(ctx, in.from, v.ID, v.Poll, v.Name); err != nil {
		return "", err
	}
	return "voted in " + v.Poll, nil
}

// authorOf is the actor that an object is attributed to: of the object's own
// origin, or nobody's word counts.
func (s *Server) authorOf(ctx context.Context, id, attributedTo string) (*community.Actor, error) {
	if attributedTo == "" || !fetch.SameOrigin(attributedTo, id) {
		return nil, community.Errorf(community.Forbidden, "%s is attributed to %q, which is of another server", id, clip(attributedTo, 200))
	}
	return s.actor(ctx, attributedTo, actorAge)
}

func (s *Server) keepPost(ctx context.Context, author *community.Actor, id string, p *activitystreams.RemotePost, to []string) (string, error) {
	post := p.Post
	if post.URI == "" {
		post.URI = id
	}
	if !fetch.SameOrigin(post.URI, id) {
		return "", community.Errorf(community.Forbidden, "%s calls itself %s", id, clip(post.URI, 200))
	}
	post.AuthorID = author.ID
	if err := s.node.ReceivePost(ctx, author, &post, to); err != nil {
		return "", err
	}
	return "post " + post.URI, nil
}

// onForwarded takes what one server passed on for another, as Mastodon does with
// answers in a thread. Its own signature is not looked at: the object is read
// where it lives, if it answers something of ours at all.
func (s *Server) onForwarded(ctx context.Context, env *activitystreams.Envelope) (string, error) {
	if env.Type == "Delete" {
		return s.deletedElsewhere(ctx, env.Object.ID)
	}
	if env.Object.Raw == nil {
		return "", community.Errorf(community.Refused, "a passed on %s without its object cannot be ours", env.Type)
	}
	said, err := s.readPost(ctx, env.Object.Raw)
	if err != nil {
		return "", err
	}
	if !s.knownHere(ctx, said.ReplyTo) {
		return "", community.Errorf(community.Refused, "it was passed on by another server and answers nothing of ours")
	}
	id, body, err := s.fetched(ctx, env.Object.ID)
	if err != nil {
		return "", err
	}
	p, err := s.readPost(ctx, body)
	if err != nil {
		return "", err
	}
	author, err := s.authorOf(ctx, id, p.AttributedTo)
	if err != nil {
		return "", err
	}
	return s.keepPost(ctx, author, id, p, slices.Concat(p.To, p.Cc))
}

// knownHere tells whether an id is of ours or of something that is kept here.
func (s *Server) knownHere(ctx context.Context, id string) bool {
	if id == "" {
		return false
	}
	if _, ours := s.site.Path(id); ours {
		return true
	}
	if _, err := s.store.ConferenceByURI(ctx, id); err == nil {
		return true
	}
	_, err := s.store.PostByURI(ctx, id)
	return err == nil
}
