package federation

import (
	"slices"
	"strings"

	"konfa/community"
)

// A profile row says what a software cannot take, and why. Software nobody
// knows gets the standard.
type profileRow struct {
	software string
	activity string // a type, several separated by blanks, or "*"
	object   string // the same for the type of the object
	why      string
}

// noNeed is why a form goes only to the software that needs it.
const noNeed = "its software needs no such form"

// unsent is what is not sent to whom (event-peers §2.4b; interop §3). The first
// row that fits decides; sent rows before it make exceptions.
var unsent = []profileRow{
	{"gancio", "Announce", "*", "it takes events from Create only, and answers 404"},
	{"gancio", "Create Update Delete", "Note Article Question", "it does not answer for replies while they are switched off, and 404 for articles"},
	{"gancio", "Update", "Group Person Application Organization Service", "it never answers"},
	{"gancio", "Join Leave TentativeAccept Ignore Offer Invite", "*", "nobody can sign up there; it answers 404"},
	{"gancio", "Undo", "Join Event Offer Invite Announce Like", "it never answers"},
	{"gancio", "Flag Block Move Add Remove Delete", "Person Group Application *", "it knows Delete of an event only"},

	{"mobilizon", "Like EmojiReact Dislike Block TentativeAccept Ignore Offer Question Move", "*", "it does not support the activity"},
	{"mobilizon", "Create Update Delete", "Question", "it knows no polls; people sign up by Join"},
	{"mobilizon", "Undo", "Join Event Like Offer", "it undoes follows and announcements only"},

	{"konfa", "Create Update Delete", "Question", "its members sign up by Join"},

	{"wordpress", "Announce", "*", "the event bridge does not handle announcements"},
	{"wordpress", "Create Update Delete", "Question", "it would be a comment without its options"},
	{"wordpress", "Join Leave TentativeAccept Offer Invite", "*", "people sign up on its pages"},

	{"hubzilla", "Create", "Event", "it gets the announcement: it would file the event under the id of the Create"},
	{"hubzilla", "Join Leave Ignore Offer", "*", "people sign up there by Accept, and are answered by message"},

	{"mastodon", "Join Leave TentativeAccept Ignore Offer Invite", "*", "it knows nothing of sign-ups"},
	{"gotosocial", "Join Leave TentativeAccept Ignore Offer Invite", "*", "it knows nothing of sign-ups"},
	{"misskey", "Join Leave TentativeAccept Ignore Offer Invite", "*", "it knows nothing of sign-ups"},

	{"pixelfed", "Create Update Announce", "Event Article", "it takes notes with pictures only"},
	{"pixelfed", "Join Leave TentativeAccept Ignore Offer Invite", "*", "it knows nothing of sign-ups"},

	{"lemmy", "Create Update Delete Announce", "Event Note Article Question", "it takes what a group says wrapped into an announcement, with a person as the author"},
	{"lemmy", "Undo", "Announce", "it does not get the announcement either"},
	{"lemmy", "Join Leave TentativeAccept Ignore Offer Invite", "*", "it knows nothing of sign-ups"},
	{"piefed", "Create Update Delete Announce", "Event Note Article Question", "as Lemmy"},
	{"piefed", "Undo", "Announce", "as Lemmy"},
	{"piefed", "Join Leave TentativeAccept Ignore Offer Invite", "*", "it knows nothing of sign-ups"},
	{"mbin", "Create Update Delete Announce", "Event Note Article Question", "as Lemmy"},
	{"mbin", "Undo", "Announce", "as Lemmy"},
	{"mbin", "Join Leave TentativeAccept Ignore Offer Invite", "*", "it knows nothing of sign-ups"},
}

// sentAnyway are exceptions to unsent.
var sentAnyway = []profileRow{
	{"gancio", "Delete", "Event", "it takes events away"},
}

// refuses tells why a software is not sent an activity, or "". What was written
// for it in a form of its own is what the others are left out for.
func refuses(software string, form community.Form, activity, object string) string {
	if form != community.Standard {
		return ""
	}
	if secluded(activity, object) && software != "" && software != "konfa" {
		return "only konfa understands it"
	}
	for _, row := range sentAnyway {
		if row.fits(software, activity, object) {
			return ""
		}
	}
	for _, row := range unsent {
		if row.fits(software, activity, object) {
			return row.why
		}
	}
	return ""
}

// special tells whether there is anything to know about a software.
func special(software string) bool {
	return personal(software) || slices.ContainsFunc(unsent, func(row profileRow) bool { return row.software == software })
}

// dependent tells whether a software's profile may keep an activity of a type
// from it, or send it elsewhere.
func dependent(activity string) bool {
	if secluded(activity, "") {
		return true
	}
	for _, row := range unsent {
		if listed(row.activity, activity) {
			return true
		}
	}
	return false
}

func (p profileRow) fits(software, activity, object string) bool {
	return p.software == software && listed(p.activity, activity) && listed(p.object, object)
}

func listed(list, typ string) bool {
	for t := range strings.FieldsSeq(list) {
		if t == "*" || t == typ {
			return true
		}
	}
	return false
}

// personal tells whether a software must be sent to at each actor's own inbox.
// The event bridge of WordPress does not learn from the shared inbox for whom
// an activity is (event-peers §2.3).
func personal(software string) bool { return software == "wordpress" }

// atOnce is how many deliveries a software gets at once. WordPress keeps its list
// of things to do in one row that each request reads at its start and writes
// back at its end: of two that come together it forgets what one of them was to
// cause, such as the Accept of a Follow or the comment that an answer becomes.
func atOnce(software string) int {
	if software == "wordpress" {
		return 1
	}
	return laneWidth
}

// republishes tells whether a software publishes events of others as its own.
func republishes(software string) bool { return software == "wordpress" }

// takesEd25519 tells whether a peer verifies Ed25519 over RFC 9421 from the first
// request on, which makes signing 50 times cheaper. Of the others, those who do
// cannot be told from those who do not.
func takesEd25519(p *community.Peer) bool {
	return p != nil && p.Software == "konfa" && p.Scheme != "cavage"
}

// sendsOnce tells whether a software never tries again to deliver: what it says
// while this node restarts is lost but for its outbox (event-peers §0.6).
func sendsOnce(software string) bool {
	return software == "gancio" || software == "mobilizon" || software == "wordpress"
}
