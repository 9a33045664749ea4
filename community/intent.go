package community

import "slices"

// Intent is what someone wants to do, on their own server, with something of
// ours. The names are those of the activities (FEP-3b86).
type Intent string

// The intents. ReplyIntent makes something new, in answer to the thing.
const (
	FollowIntent   Intent = "Follow"
	JoinIntent     Intent = "Join"
	LeaveIntent    Intent = "Leave"
	ReplyIntent    Intent = "Create"
	LikeIntent     Intent = "Like"
	AnnounceIntent Intent = "Announce"
	ObjectIntent   Intent = "Object" // just look at it there
)

// Intents lists all of them.
var Intents = []Intent{FollowIntent, JoinIntent, LeaveIntent, ReplyIntent, LikeIntent, AnnounceIntent, ObjectIntent}

// Known tells whether the intent is one of those.
func (i Intent) Known() bool { return slices.Contains(Intents, i) }
