package activitystreams

import (
	"encoding/json"
	"time"

	"konfa/community"

	"github.com/go-fed/activity/streams"
	"github.com/go-fed/activity/streams/vocab"
)

// Activity is something that an actor of ours did. Object is an IRI (string), a
// document ([]byte or json.RawMessage, embedded without its @context), or an
// Activity, embedded whole; several of them ([]any) where the type allows it.
// To, Cc, Target, Origin, Result, Content, Summary, Audience, Published, Start and
// End are left out where empty.
type Activity struct {
	ID, Type               string
	Actor                  community.LocalActor
	To, Cc                 []string
	Object                 any
	Target, Origin, Result string
	Content, Summary       string
	Audience               string // FEP-1b12: the group it belongs to
	Published              time.Time
	Start, End             time.Time // of a Travel
}

// doing has what every activity type has.
type doing interface {
	typed
	SetActivityStreamsActor(vocab.ActivityStreamsActorProperty)
	SetActivityStreamsAudience(vocab.ActivityStreamsAudienceProperty)
	SetActivityStreamsCc(vocab.ActivityStreamsCcProperty)
	SetActivityStreamsContent(vocab.ActivityStreamsContentProperty)
	SetActivityStreamsEndTime(vocab.ActivityStreamsEndTimeProperty)
	SetActivityStreamsOrigin(vocab.ActivityStreamsOriginProperty)
	SetActivityStreamsPublished(vocab.ActivityStreamsPublishedProperty)
	SetActivityStreamsResult(vocab.ActivityStreamsResultProperty)
	SetActivityStreamsStartTime(vocab.ActivityStreamsStartTimeProperty)
	SetActivityStreamsSummary(vocab.ActivityStreamsSummaryProperty)
	SetActivityStreamsTarget(vocab.ActivityStreamsTargetProperty)
	SetActivityStreamsTo(vocab.ActivityStreamsToProperty)
}

var activityTypes = map[string]func() doing{
	"Accept":          func() doing { return streams.NewActivityStreamsAccept() },
	"Add":             func() doing { return streams.NewActivityStreamsAdd() },
	"Announce":        func() doing { return streams.NewActivityStreamsAnnounce() },
	"Block":           func() doing { return streams.NewActivityStreamsBlock() },
	"Create":          func() doing { return streams.NewActivityStreamsCreate() },
	"Delete":          func() doing { return streams.NewActivityStreamsDelete() },
	"Flag":            func() doing { return streams.NewActivityStreamsFlag() },
	"Follow":          func() doing { return streams.NewActivityStreamsFollow() },
	"Ignore":          func() doing { return streams.NewActivityStreamsIgnore() },
	"Invite":          func() doing { return streams.NewActivityStreamsInvite() },
	"Join":            func() doing { return streams.NewActivityStreamsJoin() },
	"Leave":           func() doing { return streams.NewActivityStreamsLeave() },
	"Like":            func() doing { return streams.NewActivityStreamsLike() },
	"Move":            func() doing { return streams.NewActivityStreamsMove() },
	"Offer":           func() doing { return streams.NewActivityStreamsOffer() },
	"Reject":          func() doing { return streams.NewActivityStreamsReject() },
	"Remove":          func() doing { return streams.NewActivityStreamsRemove() },
	"TentativeAccept": func() doing { return streams.NewActivityStreamsTentativeAccept() },
	"TentativeReject": func() doing { return streams.NewActivityStreamsTentativeReject() },
	"Travel":          func() doing { return streams.NewActivityStreamsTravel() },
	"Undo":            func() doing { return streams.NewActivityStreamsUndo() },
	"Update":          func() doing { return streams.NewActivityStreamsUpdate() },
}

// Activity writes an activity of one of our actors.
func (e *Encoder) Activity(a Activity) ([]byte, error) {
	m, err := e.activity(a)
	if err != nil {
		return nil, err
	}
	return finishMap(m, nil)
}

func (e *Encoder) activity(a Activity) (map[string]any, error) {
	make, ok := activityTypes[a.Type]
	if !ok {
		return nil, community.Errorf(community.Internal, "%q is no activity that we send", a.Type)
	}
	if a.ID == "" || a.Actor == "" {
		return nil, community.Errorf(community.Internal, "an activity needs an id and an actor") // GoToSocial drops those without
	}
	o := make()
	setID(o, a.ID)
	who := streams.NewActivityStreamsActorProperty()
	who.AppendIRI(iri(e.site.Actor(a.Actor)))
	o.SetActivityStreamsActor(who)
	setAddress(o, a.To, a.Cc)
	setContent(o, a.Content)
	setSummary(o, a.Summary)
	if !a.Published.IsZero() {
		p := streams.NewActivityStreamsPublishedProperty()
		p.Set(a.Published.UTC())
		o.SetActivityStreamsPublished(p)
	}
	if !a.Start.IsZero() {
		p := streams.NewActivityStreamsStartTimeProperty()
		p.Set(a.Start.UTC())
		o.SetActivityStreamsStartTime(p)
	}
	if !a.End.IsZero() {
		p := streams.NewActivityStreamsEndTimeProperty()
		p.Set(a.End.UTC())
		o.SetActivityStreamsEndTime(p)
	}
	if a.Target != "" {
		p := streams.NewActivityStreamsTargetProperty()
		p.AppendIRI(iri(a.Target))
		o.SetActivityStreamsTarget(p)
	}
	if a.Origin != "" {
		p := streams.NewActivityStreamsOriginProperty()
		p.AppendIRI(iri(a.Origin))
		o.SetActivityStreamsOrigin(p)
	}
	if a.Result != "" {
		p := streams.NewActivityStreamsResultProperty()
		p.AppendIRI(iri(a.Result))
		o.SetActivityStreamsResult(p)
	}
	if a.Audience != "" {
		setAudience(o, a.Audience)
	}
	m, err := streams.Serialize(o)
	if err != nil {
		return nil, community.Errorf(community.Internal, "the activity could not be written: %w", err)
	}
	delete(m, "@context")
	if a.Object != nil {
		if m["object"], err = e.embed(a.Object); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// embed makes what goes into object or a list of items.
func (e *Encoder) embed(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case []byte:
		return v, nil
	case json.RawMessage:
		return []byte(v), nil
	case Activity:
		return e.activity(v)
	case []string:
		return v, nil
	case []any:
		out := make([]any, 0, len(v))
		for _, one := range v {
			x, err := e.embed(one)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
		return out, nil
	}
	return nil, community.Errorf(community.Internal, "a %T cannot be the object of an activity", v)
}

// Tombstone stands where something of ours was deleted. Gancio deletes nothing
// without formerType.
func (e *Encoder) Tombstone(id, formerType string, deleted time.Time) ([]byte, error) {
	t := streams.NewActivityStreamsTombstone()
	setID(t, id)
	if formerType != "" {
		p := streams.NewActivityStreamsFormerTypeProperty()
		p.AppendXMLSchemaString(formerType)
		t.SetActivityStreamsFormerType(p)
	}
	if !deleted.IsZero() {
		p := streams.NewActivityStreamsDeletedProperty()
		p.Set(deleted.UTC())
		t.SetActivityStreamsDeleted(p)
	}
	return finish(t, nil)
}
