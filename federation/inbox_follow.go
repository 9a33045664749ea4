package federation

import (
	"context"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/node"
	"konfa/prose"
)

// onFollow: someone follows the city, the node or a member. The id is kept byte
// for byte, as WordPress and Gancio compare it, fragment and all.
func (s *Server) onFollow(ctx context.Context, in *incoming) (string, error) {
	object := in.Object.ID
	if isPublic([]string{object}) {
		return "", community.Errorf(community.Refused, "this server relays for nobody; follow %s", s.site.Actor(community.NodeActor))
	}
	if err := s.node.ReceiveFollow(ctx, in.from, in.uri, object); err != nil {
		return "", err
	}
	return "follows " + object, nil
}

// onUndo takes back what the same actor did. The undone activity comes embedded,
// or by its bare id, which is then looked up among what is known here.
func (s *Server) onUndo(ctx context.Context, in *incoming) (string, error) {
	ref := in.Object
	if ref.Raw == nil {
		return s.undoByID(ctx, in, ref.ID)
	}
	inner := activitystreams.ReadInner(ref.Raw)
	// The event bridge of WordPress names whom it followed as the one who did.
	mixedUp := inner.Type == "Follow" && inner.Actor == inner.Object
	if inner.Actor != "" && inner.Actor != in.from.URI && !mixedUp {
		return "", community.Errorf(community.Forbidden, "%s cannot undo what %s did", in.from.URI, inner.Actor)
	}
	switch inner.Type {
	case "Follow":
		return "unfollowed", s.node.ReceiveUndoFollow(ctx, in.from, inner.ID, inner.Object)
	case "Like", "EmojiReact":
		kind := community.Like
		if inner.Type == "EmojiReact" || inner.Emoji {
			kind = community.Emoji
		}
		return "reaction undone", s.node.ReceiveUndoReaction(ctx, in.from, inner.ID, kind, inner.Object)
	case "Announce":
		return "announcement undone", s.node.ReceiveUndoReaction(ctx, in.from, inner.ID, community.Announce, inner.Object)
	case "Offer":
		return "offer taken back", s.node.ReceiveUndoOffer(ctx, in.from, inner.ID, inner.Object)
	case "Join":
		return "left", s.node.ReceiveLeave(ctx, in.from, inner.Object, inner.ID)
	case "Travel":
		return "does not come", s.node.ReceiveUndoTravel(ctx, in.from, inner.ID)
	case "Accept", "TentativeAccept", "TentativeReject", "Reject":
		if _, ours := s.site.ConferenceSlug(s.told(ctx, inner.Object)); ours {
			return "answer taken back", s.node.ReceiveUndoAttendance(ctx, in.from, inner.ID)
		}
		if inner.Type != "Accept" {
			return "nothing to undo", nil
		}
		return "acceptance undone", s.node.ReceiveReject(ctx, in.from, node.Answer{ObjectURI: inner.Object})
	case "Block", "Dislike", "Ignore", "Flag":
		return "nothing to undo", nil
	}
	return "", community.Errorf(community.Refused, "an Undo of %s means nothing here", inner.Type)
}

func (s *Server) undoByID(ctx context.Context, in *incoming, id string) (string, error) {
	if id == "" {
		return "", community.Errorf(community.Invalid, "the Undo does not say of what")
	}
	found := func(err error) bool { return err == nil }
	if _, err := s.store.FollowerByURI(ctx, id); found(err) {
		return "unfollowed", s.node.ReceiveUndoFollow(ctx, in.from, id, "")
	}
	if r, err := s.store.ReactionByURI(ctx, id); found(err) {
		return "reaction undone", s.node.ReceiveUndoReaction(ctx, in.from, id, r.Kind, r.Object)
	}
	if _, err := s.store.GuestByAnswer(ctx, id); found(err) {
		return "answer taken back", s.node.ReceiveUndoAttendance(ctx, in.from, id)
	}
	if _, err := s.store.OfferByURI(ctx, community.OfferIn, id); found(err) {
		return "offer taken back", s.node.ReceiveUndoOffer(ctx, in.from, id, "")
	}
	if _, err := s.store.GuestByJoin(ctx, id); found(err) {
		return "left", s.node.ReceiveLeave(ctx, in.from, "", id)
	}
	if _, err := s.store.ArrivalByURI(ctx, id); found(err) {
		return "does not come", s.node.ReceiveUndoTravel(ctx, in.from, id)
	}
	return "", community.Errorf(community.NotFound, "nothing is known here of %s", clip(id, 200))
}

// answerOf says which activity of ours another one answers.
func answerOf(env *activitystreams.Envelope) node.Answer {
	a := node.Answer{ObjectURI: env.Object.ID, ObjectType: env.Object.Type, Result: env.Result.ID, Content: prose.Text(env.Content, community.MaxComment)}
	if env.Object.Raw == nil {
		return a
	}
	// The embedded activity is ours, told back: it only helps to find ours.
	inner := activitystreams.ReadInner(env.Object.Raw)
	a.InnerActor, a.InnerObject = inner.Actor, inner.Object
	return a
}

func (s *Server) onAccept(ctx context.Context, in *incoming) (string, error) {
	if outcome, ok, err := s.attends(ctx, in, community.Going); ok || err != nil {
		return outcome, err
	}
	a := answerOf(in.Envelope)
	err := s.node.ReceiveAccept(ctx, in.from, a)
	if community.CodeOf(err) == community.NotFound && a.ObjectType == "Join" {
		return s.adoptSeat(ctx, in, a, community.Going)
	}
	if err != nil {
		return "", err
	}
	// Their first publications may be older than our follow.
	if followed, err := s.store.FollowsActor(ctx, in.from.ID); err == nil && followed && a.ObjectType != "Join" {
		s.askPeer(in.from.Host)
		s.pullSoon(in.from.ID)
		poke(s.cityWake)
	}
	return "accepted", nil
}

func (s *Server) onReject(ctx context.Context, in *incoming) (string, error) {
	if outcome, ok, err := s.attends(ctx, in, community.NotGoing); ok || err != nil {
		return outcome, err
	}
	return "rejected", s.node.ReceiveReject(ctx, in.from, answerOf(in.Envelope))
}

func (s *Server) onTentativeAccept(ctx context.Context, in *incoming) (string, error) {
	if outcome, ok, err := s.attends(ctx, in, community.Maybe); ok || err != nil {
		return outcome, err
	}
	a := answerOf(in.Envelope)
	err := s.node.ReceiveTentative(ctx, in.from, a)
	if community.CodeOf(err) == community.NotFound && a.ObjectType == "Join" {
		return s.adoptSeat(ctx, in, a, community.Waitlisted)
	}
	return "accepted tentatively", err
}

// onIgnore: WordPress answers every Join so, as one signs up on its page.
func (s *Server) onIgnore(ctx context.Context, in *incoming) (string, error) {
	return "ignored", s.node.ReceiveIgnore(ctx, in.from, answerOf(in.Envelope))
}
