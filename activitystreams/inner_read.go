package activitystreams

import "slices"

// Inner is an activity inside of another one. It identifies something that is
// known here, so it may lack what an activity of its own must have: Gancio
// undoes a Follow without saying whose it was.
type Inner struct {
	ID, Type, Actor string
	Object          string // id
	Emoji           bool   // a reaction with an emoji
}

// ReadInner reads an activity inside of another one. What cannot be read counts
// as not said.
func ReadInner(b []byte) Inner {
	v, err := parseObjectTo(b, 3)
	if err != nil {
		return Inner{}
	}
	t, _ := v.typeIn(activityNames)
	return Inner{
		ID: v.property("id").id(), Type: t, Actor: v.property("actor").id(), Object: v.property("object").id(),
		Emoji: v.property("content").text() != "" || v.get("_misskey_reaction").text() != "",
	}
}

// TypeOf is the type of a document, as Ref has it, or "".
func TypeOf(b []byte) string {
	v, err := parseObjectTo(b, 2)
	if err != nil {
		return ""
	}
	return v.meaning()
}

// FormerType is what a Tombstone was before, or "".
func FormerType(b []byte) string {
	v, err := parseObjectTo(b, 2)
	if err != nil {
		return ""
	}
	return first(v.property("formerType")).text()
}

// meaning is the type by which a document is read: of several, an Event is more
// than the Note or the Document that it is for those who know no events.
func (v *value) meaning() string {
	types := v.types()
	if slices.Contains(types, "Event") {
		return "Event"
	}
	t, _ := v.typeIn(knownTypes)
	return t
}
