package community

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Announcing says what becomes of the conferences of a sister city.
type Announcing string

// The ways: followers are told at once, a steward decides about each, or nothing
// is done until a steward does it.
const (
	AnnounceAuto    Announcing = "auto"
	AnnounceApprove Announcing = "approve"
	AnnounceNever   Announcing = "never"
)

// Announcings lists all of them.
var Announcings = []Announcing{AnnounceAuto, AnnounceApprove, AnnounceNever}

// SisterState is how two cities stand to one another.
type SisterState string

// The states, seen from here. FollowsUs is a city that follows this one without
// being followed.
const (
	SisterAsked     SisterState = "asked"
	SisterFollowing SisterState = "following"
	SisterMutual    SisterState = "mutual"
	SisterFollowsUs SisterState = "follows_us"
	SisterRefused   SisterState = "refused"
	SisterApart     SisterState = "apart" // nobody follows anybody, after a block
)

// Limits of what is said of a sister city.
const (
	MaxSisterTags      = 20
	MaxSisterLanguages = 20
	MaxDistance        = 20_000 // km: nothing on earth is farther away
)

// Sister is another city that this one shares with. Those that only follow us
// have no ID and no settings.
type Sister struct {
	ID      int64
	ActorID int64  // the city: a Group
	Actor   *Actor // filled on reading
	NodeID  int64  // the Application of her server, or 0

	Show      bool       // her conferences are on our pages, though nobody announced them
	Announce  Announcing // and what else becomes of them
	Tags      []string   // only with one of these, without #; none: any
	Languages []string   // only in one of these; none: any
	Distance  int        // only so many km from our place; 0: any
	Place     *Point     // where she is, as she says

	Ours    FollowState // our follow of hers, filled on reading; "" for none
	Theirs  FollowState // and hers of us
	Created time.Time
	Updated time.Time
}

// NewSister is a sister city as long as nobody said otherwise: what she does is
// shown, and a steward decides what followers hear of.
func NewSister() *Sister { return &Sister{Show: true, Announce: AnnounceApprove} }

// State tells who follows whom.
func (s *Sister) State() SisterState {
	followed := s.Theirs == Accepted
	switch {
	case s.Ours == Accepted && followed:
		return SisterMutual
	case s.Ours == Accepted:
		return SisterFollowing
	case s.Ours == Rejected:
		return SisterRefused
	case s.Ours == Asked:
		return SisterAsked
	case followed:
		return SisterFollowsUs
	}
	return SisterApart
}

// Tidy puts the settings into their normal form before Check.
func (s *Sister) Tidy() {
	s.Tags = tidyTags(s.Tags)
	var langs []string
	for _, l := range s.Languages {
		if l = strings.ToLower(strings.TrimSpace(l)); l != "" && !slices.Contains(langs, l) {
			langs = append(langs, l)
		}
	}
	s.Languages = langs
	if s.Announce == "" {
		s.Announce = AnnounceApprove
	}
}

// Check reports everything that is wrong with the settings, all together. City
// is ours: a distance is measured from its place.
func (s *Sister) Check(city *City) error {
	var p problems
	if !slices.Contains(Announcings, s.Announce) {
		p.add("announce", "choice", "announce is auto, approve or never")
	}
	if len(s.Tags) > MaxSisterTags {
		p.add("tags", "many", "at most %d tags", MaxSisterTags)
	}
	if len(s.Languages) > MaxSisterLanguages {
		p.add("languages", "many", "at most %d languages", MaxSisterLanguages)
	}
	for _, l := range s.Languages {
		if !ValidLang(l) {
			p.add("languages", "language", "%q is not a language tag such as en or ru", l)
		}
	}
	switch {
	case s.Distance < 0 || s.Distance > MaxDistance:
		p.add("distance", "distance", "a distance is between 1 and %d km, or 0 for any", MaxDistance)
	case s.Distance > 0 && city.Place == nil:
		p.add("distance", "no_place", "this city does not say where it is, so nothing can be measured from it")
	}
	return p.err()
}

// Wants tells whether a conference of the sister city passes what a steward
// chose. City is ours. What is online is near to everyone; of what nobody says
// where it is, she herself is the place.
func (s *Sister) Wants(city *City, c *Conference) bool {
	if len(s.Tags) > 0 && !slices.ContainsFunc(c.Tags, func(t string) bool { return slices.Contains(s.Tags, t) }) {
		return false
	}
	if spoken := c.spoken(); len(s.Languages) > 0 && len(spoken) > 0 &&
		!slices.ContainsFunc(spoken, func(l string) bool {
			return slices.ContainsFunc(s.Languages, func(want string) bool { return baseLang(want) == baseLang(l) })
		}) {
		return false
	}
	if s.Distance == 0 || c.Online() {
		return true
	}
	at := s.Place
	if c.Venue != nil && c.Venue.Place != nil {
		at = c.Venue.Place
	}
	return at != nil && city.Place != nil && city.Place.Kilometres(*at) <= float64(s.Distance)
}

// spoken are the languages of a conference: those it names, else those of its
// title.
func (c *Conference) spoken() []string {
	if len(c.Languages) > 0 {
		return c.Languages
	}
	return c.Title.Languages()
}

// Kilometres is how far two places are apart along the surface of the earth,
// taken for a ball (haversine).
func (p Point) Kilometres(q Point) float64 {
	const radius, degree = 6371.0088, math.Pi / 180
	sin2 := func(x float64) float64 { s := math.Sin(x / 2); return s * s }
	h := sin2((q.Lat-p.Lat)*degree) + math.Cos(p.Lat*degree)*math.Cos(q.Lat*degree)*sin2((q.Lon-p.Lon)*degree)
	return 2 * radius * math.Asin(math.Sqrt(min(1, h)))
}

// MayAnnounce tells whether a conference of a sister city is one that may be
// announced without being asked for: still to come, and not called off.
func (c *Conference) MayAnnounce(now time.Time) bool {
	return !c.Own() && !c.Draft && c.Status != Cancelled && c.Start.After(now)
}

// ToCome tells whether there is still something to tell people of: a conference
// that is not over, and not called off.
func (c *Conference) ToCome(now time.Time) bool {
	return !c.Draft && c.Status != Cancelled && !c.Past(now)
}

// clipNote bounds what one city tells another, and keeps it in one piece.
func clipNote(s string) string {
	s = strings.TrimSpace(cleanText(s))
	if utf8.RuneCountInString(s) > MaxComment {
		s = string([]rune(s)[:MaxComment])
	}
	return s
}
