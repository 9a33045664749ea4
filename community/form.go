package community

import (
	"slices"
	"strconv"
	"strings"
)

// Form is a way to say something that only some software needs, beside or in
// place of the standard one. An activity has one form.
type Form string

// The forms.
const (
	// Standard goes to everyone who takes the activity.
	Standard Form = ""
	// Threads wraps what happened into an Announce of the city (FEP-1b12), with
	// a person or a service as the author. Servers made of communities and
	// threads know a group only so.
	Threads Form = "threads"
	// ThreadEvents is Threads of a conference as an Event.
	ThreadEvents Form = "thread-events"
	// ThreadPages is Threads of a conference as a Page, for those who know no
	// Event.
	ThreadPages Form = "thread-pages"
	// Notices tells by a short Note below a conference what changed, where the
	// change itself is not taken.
	Notices Form = "notices"
	// Cards tells of a conference by a Note with its picture, where nothing else
	// is shown.
	Cards Form = "cards"
	// Boosts announces a new conference by its bare id instead of creating it,
	// where a Create would file it under an id that nothing else names.
	Boosts Form = "boosts"
)

// Forms lists all but the standard one.
var Forms = []Form{Threads, ThreadEvents, ThreadPages, Notices, Cards, Boosts}

// A need is software that needs a form, and why.
type need struct {
	software string
	before   string // only versions before this one; "" = all
	why      string
}

var needs = map[Form][]need{
	Threads: {
		{"lemmy", "", "its posts are by persons or services, and reach it through the group only"},
		{"piefed", "", "the same as Lemmy"},
		{"mbin", "", "the same as Lemmy"},
	},
	ThreadEvents: {
		{"lemmy", "", "it takes an event for a post"},
		{"piefed", "", "it keeps times and seats of an event"},
	},
	ThreadPages: {
		{"mbin", "", "of all there is it keeps pages, articles, videos, notes and polls; an event is ignored"},
	},
	Notices: {
		{"mastodon", "4.5", "it takes no edit of an event before 4.5 (mastodon#31114)"},
		{"hometown", "4.5", "it is Mastodon under another name"},
		{"misskey", "", "it takes no edit of anything but polls and people"},
	},
	Boosts: {
		{"hubzilla", "", "it files a created event under the id of the Create, so that changes, deletions and answers do not find it (8.8)"},
	},
	Cards: {
		{"pixelfed", "", "it shows notes with pictures only"},
	},
}

// Threaded tells whether the form is one of Announces, whose author is a person
// or a service.
func (f Form) Threaded() bool { return f == Threads || f == ThreadEvents || f == ThreadPages }

// Needs tells whether a software of some version, both as NodeInfo has them,
// needs the form. The standard one is for all that the profiles allow.
func (f Form) Needs(software, version string) bool {
	if f == Standard {
		return true
	}
	return slices.ContainsFunc(needs[f], func(n need) bool {
		return n.software == software && (n.before == "" || olderRelease(version, n.before))
	})
}

// Form is the form in which a post of ours goes out: what exists for some
// software only goes to nobody else.
func (p *Post) Form() Form {
	switch p.Kind {
	case NoticePost:
		return Notices
	case CardPost:
		return Cards
	}
	return Standard
}

// Software lists whose servers may need the form.
func (f Form) Software() []string {
	var out []string
	for _, n := range needs[f] {
		out = append(out, n.software)
	}
	return out
}

// olderRelease compares the leading numbers of two versions: 4.4.9+glitch is
// older than 4.5, and so is 4.5 not than itself. A version that begins with no
// number is older than all, as nothing good is known of it.
func olderRelease(version, than string) bool {
	a, b := release(version), release(than)
	return slices.Compare(a, b) < 0
}

func release(version string) []int {
	var out []int
	for part := range strings.SplitSeq(strings.TrimPrefix(version, "v"), ".") {
		digits := part
		if i := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
			digits = part[:i]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			break
		}
		out = append(out, n)
		if len(digits) < len(part) {
			break
		}
	}
	return out
}
