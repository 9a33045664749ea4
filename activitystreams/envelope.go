package activitystreams

import (
	"strings"
	"time"

	"konfa/community"
)

// Envelope is the outside of an activity: enough to decide who must be asked
// and what is to be done.
type Envelope struct {
	ID      string // empty where a server gave none: Mobilizon's Leave of a group
	Type    string // the first one that is known
	Actor   string
	Object  Ref   // the first one
	Objects []Ref // all of them, where object is an array (PieFed's batches, Flag)
	Target  Ref
	Origin  Ref
	Result  Ref

	Instrument Ref
	To, Cc     []string // PublicURI in any of its spellings is this one
	Content    string   // as sent: not sanitised
	Summary    string   // as sent
	Published  time.Time
	Updated    time.Time
	Start, End time.Time // of a Travel
	Emoji      string    // of an EmojiReact, or of a Like that carries one
	Raw        []byte    // the activity as it came
}

// Ref points to an object: Raw is nil when only its address was given.
type Ref struct {
	ID, Type string
	Raw      []byte
}

// activities are the types that are activities, and whether konfa acts on them.
var activities = map[string]bool{
	"Accept": true, "Announce": true, "Block": true, "Create": true, "Delete": true, "EmojiReact": true, "Flag": true,
	"Follow": true, "Ignore": true, "Invite": true, "Join": true, "Leave": true, "Like": true, "Move": true, "Offer": true,
	"Reject": true, "TentativeAccept": true, "Travel": true, "Undo": true, "Update": true,
	"Add": false, "Arrive": false, "Activity": false, "Dislike": false, "Listen": false, "Read": false, "Remove": false,
	"TentativeReject": false, "View": false, "QuoteRequest": false,
	// Lemmy
	"Lock": false, "Resolve": false, "Warn": false, "Report": false,
}

var activityNames = names(activities)

func names(m map[string]bool) map[string]bool {
	out := make(map[string]bool, len(m))
	for k := range m {
		out[k] = true
	}
	return out
}

// Handled tells whether konfa acts on activities of this type.
func Handled(activityType string) bool { return activities[activityType] }

// ReadEnvelope reads the outside of an activity. Of the object only id and type
// are looked at.
func ReadEnvelope(b []byte) (*Envelope, error) {
	// The activity, the elements of its arrays, and what is directly in these:
	// {"object":[{"id":…}]} is the deepest that counts.
	v, err := parseObjectTo(b, 3)
	if err != nil {
		return nil, err
	}
	return envelope(v)
}

func envelope(v *value) (*Envelope, error) {
	t, known := v.typeIn(activityNames)
	switch {
	case t == "":
		return nil, malformed("the document has no type")
	case !known && (actorTypes[t] || postTypes[t] || collectionTypes[t] || t == "Event" || t == "Place" || t == "Tombstone"):
		return nil, malformed("this is of type %s, not an activity", t)
	}
	e := &Envelope{
		ID: v.property("id").id(), Type: t, Actor: v.property("actor").id(),
		Target: ref(v.property("target")), Origin: ref(v.property("origin")), Result: ref(v.property("result")),
		Instrument: ref(v.property("instrument")),
		To:         v.property("to").ids(maxAddresses), Cc: v.property("cc").ids(maxAddresses),
		Published: v.property("published").when(), Updated: v.property("updated").when(),
		Start: v.property("startTime").when(), End: v.property("endTime").when(),
		Raw: v.raw,
	}
	if e.Actor == "" {
		return nil, malformed("the activity does not say who did it")
	}
	if !webID(e.Actor) {
		return nil, malformed("%q is no address of an actor", e.Actor)
	}
	if e.ID != "" && !webID(e.ID) {
		return nil, malformed("%q is no id of an activity", e.ID)
	}
	obj := v.property("object")
	for _, o := range obj.list(1024) {
		if r := ref(o); r.ID != "" || r.Raw != nil {
			e.Objects = append(e.Objects, r)
		}
	}
	if len(e.Objects) > 0 {
		e.Object = e.Objects[0]
	}
	if obj == nil || obj.kind != kindArray {
		e.Objects = nil
	}
	if e.Object.ID == "" && e.Object.Raw == nil && t != "Travel" { // which has none: it goes to its target
		return nil, malformed("the %s has no object", t)
	}
	if s := v.property("content").text(); len(s) <= maxContent {
		e.Content = s
	}
	if s := v.property("summary").text(); len(s) <= maxContent {
		e.Summary = s
	}
	switch t {
	case "EmojiReact":
		e.Emoji = emoji(e.Content)
	case "Like":
		if e.Emoji = emoji(v.get("_misskey_reaction").text()); e.Emoji == "" {
			e.Emoji = emoji(e.Content)
		}
	}
	return e, nil
}

// emoji lets through an emoji or a :shortcode:.
func emoji(s string) string {
	s = strings.TrimSpace(clean(s))
	if len(s) > 64 || strings.ContainsAny(s, "<>& \n\t") {
		return ""
	}
	return s
}

// ref reads a reference in any of its forms.
func ref(v *value) Ref {
	if v == nil {
		return Ref{}
	}
	if v.kind == kindArray {
		for _, e := range v.list(4) {
			return ref(e)
		}
		return Ref{}
	}
	if v.kind != kindObject {
		return Ref{ID: v.id()}
	}
	r := Ref{Raw: v.raw}
	if p := v.property("id"); p != nil {
		r.ID = p.id()
	}
	r.Type = v.meaning()
	if r.ID == "" && r.Type == "Link" {
		return Ref{ID: v.id()}
	}
	if len(v.keys) == 1 && r.ID != "" {
		r.Raw = nil // {"id": …} says no more than the address alone
	}
	return r
}

// knownTypes are all that konfa has a meaning for.
var knownTypes = func() map[string]bool {
	out := map[string]bool{"Event": true, "Place": true, "Tombstone": true}
	for _, m := range []map[string]bool{activityNames, actorTypes, postTypes, collectionTypes} {
		for k := range m {
			out[k] = true
		}
	}
	return out
}()

// VisibilityOf tells from its addresses who may see an object. Followers of
// someone cannot be told from a person by address alone; servers end such
// addresses in one of a few words.
func VisibilityOf(to, cc []string) community.Visibility {
	for _, s := range to {
		if s == PublicURI {
			return community.Public
		}
	}
	for _, s := range cc {
		if s == PublicURI {
			return community.Unlisted
		}
	}
	for _, l := range [][]string{to, cc} {
		for _, s := range l {
			for _, end := range []string{"/followers", "/subscribers", "/members"} {
				if strings.HasSuffix(s, end) || strings.Contains(s, end+"/") || strings.Contains(s, end+"?") {
					return community.Followers
				}
			}
			if strings.Contains(s, "/followers/") {
				return community.Followers
			}
		}
	}
	return community.Direct
}
