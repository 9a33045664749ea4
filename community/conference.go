package community

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Status says how sure a conference is.
type Status string

// The statuses, after schema.org's EventStatusType and RFC 5545.
const (
	Scheduled   Status = "scheduled"
	Tentative   Status = "tentative"
	Cancelled   Status = "cancelled"
	Postponed   Status = "postponed"
	MovedOnline Status = "moved_online"
)

// Statuses lists all of them.
var Statuses = []Status{Scheduled, Tentative, Cancelled, Postponed, MovedOnline}

// JoinMode says who may come.
type JoinMode string

// The ways to come: at once, after a steward says yes, or somewhere else.
const (
	Free       JoinMode = "free"
	Restricted JoinMode = "restricted"
	External   JoinMode = "external"
)

// JoinModes lists all of them.
var JoinModes = []JoinMode{Free, Restricted, External}

// ReplyMode says who may answer a conference in public.
type ReplyMode string

// The ways answers become the conference's discussion: at once, after a steward
// has seen them, or not at all.
const (
	RepliesOpen      ReplyMode = "open"
	RepliesModerated ReplyMode = "moderated"
	RepliesClosed    ReplyMode = "closed"
)

// ReplyModes lists all of them.
var ReplyModes = []ReplyMode{RepliesOpen, RepliesModerated, RepliesClosed}

// RSVPMode says how people on servers that know nothing of events, such as
// Mastodon, sign up.
type RSVPMode string

// The ways: by the poll below the conference or an answer that says so, by an
// answer alone, or not at all.
const (
	RSVPPoll  RSVPMode = "poll"
	RSVPWords RSVPMode = "words"
	RSVPOff   RSVPMode = "off"
)

// RSVPModes lists all of them.
var RSVPModes = []RSVPMode{RSVPPoll, RSVPWords, RSVPOff}

// Conference is a meeting with a time and a place, or online: ours, or one of
// another server that we know of (Own tells).
type Conference struct {
	ID   int64
	UUID string // of ours: RFC 9562; of others: theirs or empty
	Slug string // of ours: the last part of its address, fixed once published
	URI  string // of others: its ActivityPub id; empty for ours
	URL  string // of others: the page for people

	OriginID int64  // of others: the remote actor it belongs to; 0 for ours
	Origin   string // of others: the name to show as host, filled on reading

	Title Texts
	Text  Texts // Markdown of ours; empty for others
	HTML  Texts // safe HTML, made from Text, or sanitised from what others sent

	// Start and End are instants (UTC, microseconds). A conference of whole
	// days starts at midnight of Zone and ends at the midnight after its last
	// day. OpenEnd means that nobody said when it ends; End is then a guess
	// that is not shown.
	Start   time.Time
	End     time.Time
	AllDay  bool
	OpenEnd bool
	Zone    string // IANA

	Venue     *Venue // nil: online, or not said yet
	OnlineURL string // address of the call or the stream

	Capacity    int // seats; 0 means no limit
	JoinMode    JoinMode
	ExternalURL string // where to sign up when JoinMode is External
	Replies     ReplyMode
	RSVP        RSVPMode
	Questions   []Question // to those who want to come
	// OfferHours is how long a seat that got free is kept for the next in the
	// waiting list to take; 0 gives it to them at once, -1 leaves it to stewards.
	OfferHours int
	Reconfirm  bool     // guests are asked two days before whether they still come
	Access     []string // some of Accesses

	Languages  []string
	Cost       string // free text: "free", "500 RSD for tea"
	Cover      *Picture
	Tags       []string // without #
	Category   string   // one of Categories
	Organisers []Organiser
	Link       string // its own website

	Status Status
	Draft  bool

	SeriesID int64 // the series it is an instance of, or 0

	UID      string // RFC 5545 UID: stable for ever
	Sequence int    // RFC 5545 SEQUENCE: grows with each change that matters to guests
	// ImportKey recognises the same row when an import is run again.
	ImportKey string

	Created   time.Time
	Published time.Time // zero while a draft; never changes afterwards
	Updated   time.Time
	// Announced is when this city announced a conference of another city to
	// its followers; zero if it did not. Such a conference is in our calendar.
	Announced time.Time
	// TwinOf is another conference that is the same one, known from another
	// server, and that lists show in its stead; 0 for none. It is filled on
	// reading and written on its own.
	TwinOf int64

	Seats Seats // filled on reading
}

// Seats counts the people of a conference, plus-ones included.
type Seats struct {
	Going   int
	Offered int // seats kept for some of those who waited
	Maybe   int
	Waiting int
	Pending int
}

// Venue is where people meet. A venue needs a name or an address; coordinates
// are never required.
type Venue struct {
	Name       string `json:"name,omitempty"`
	Street     string `json:"street,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Locality   string `json:"locality,omitempty"` // the town
	Region     string `json:"region,omitempty"`
	Country    string `json:"country,omitempty"` // a name or ISO code, as given
	Directions string `json:"directions,omitempty"`
	Place      *Point `json:"place,omitempty"`
	// Revision changes whenever the venue does: Mobilizon and Gancio never
	// update a place they know by its id (event-peers §2.1, §2.2).
	Revision int `json:"revision,omitempty"`
}

// Line is the venue in one line: name, street, town.
func (v *Venue) Line() string {
	if v == nil {
		return ""
	}
	var parts []string
	for _, s := range []string{v.Name, v.Street, v.Locality} {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(parts, s) {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return strings.TrimSpace(v.Country)
	}
	return strings.Join(parts, ", ")
}

// Address is the venue without its name, in one line.
func (v *Venue) Address() string {
	if v == nil {
		return ""
	}
	var parts []string
	for _, s := range []string{v.Street, strings.TrimSpace(v.PostalCode + " " + v.Locality), v.Region, v.Country} {
		if s = strings.TrimSpace(s); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

// Organiser is someone who makes a conference happen: a member, an actor
// elsewhere, or just a name.
type Organiser struct {
	Name   string `json:"name"`
	Handle string `json:"handle,omitempty"` // of a member of this node
	URI    string `json:"uri,omitempty"`    // of an actor elsewhere
}

// Own tells whether the conference is of this node.
func (c *Conference) Own() bool { return c.URI == "" }

// Location returns the clock of the conference, UTC where its zone is unknown.
func (c *Conference) Location() *time.Location { return location(c.Zone) }

// LocalStart is Start on the clock of the conference.
func (c *Conference) LocalStart() time.Time { return c.Start.In(c.Location()) }

// LocalEnd is End on the clock of the conference. For whole days it is the last
// moment of the last day, so that its date is the day people think of.
func (c *Conference) LocalEnd() time.Time {
	if c.AllDay {
		return c.End.Add(-time.Second).In(c.Location())
	}
	return c.End.In(c.Location())
}

// Past tells whether the conference is over at the given instant.
func (c *Conference) Past(now time.Time) bool { return !c.End.After(now) }

// Online tells whether one can take part from anywhere.
func (c *Conference) Online() bool { return c.OnlineURL != "" || c.Status == MovedOnline }

// SeatsLeft returns the free seats, and false where there is no limit.
func (c *Conference) SeatsLeft() (int, bool) {
	if c.Capacity == 0 {
		return 0, false
	}
	return max(0, c.Capacity-c.Seats.Going-c.Seats.Offered), true
}

// openEndLength is the guess for a conference of which nobody said when it ends.
const openEndLength = 2 * time.Hour

// Tidy puts the conference into its normal form before Check: trimmed texts,
// tags without #, instants in UTC microseconds, defaults where nothing was
// said, whole days from the first moment to the last.
func (c *Conference) Tidy() {
	for i := range c.Title {
		c.Title[i].Text = oneLine(c.Title[i].Text)
		c.Title[i].Lang = strings.ToLower(c.Title[i].Lang)
	}
	for i := range c.Text {
		c.Text[i].Text = strings.TrimSpace(cleanText(c.Text[i].Text))
		c.Text[i].Lang = strings.ToLower(c.Text[i].Lang)
	}
	c.Title = slices.DeleteFunc(c.Title, func(p Phrase) bool { return p.Text == "" })
	c.Text = slices.DeleteFunc(c.Text, func(p Phrase) bool { return p.Text == "" })
	c.Start = Instant(c.Start)
	if c.OpenEnd || c.End.IsZero() {
		c.OpenEnd = true
		c.End = c.Start.Add(openEndLength)
		if c.AllDay {
			c.OpenEnd = false
			c.End = DaysAfter(c.LocalStart(), 1)
		}
	}
	if c.AllDay {
		c.Start = DaysAfter(c.LocalStart(), 0)
		if end := c.End.In(c.Location()); !end.Equal(DaysAfter(end, 0)) {
			c.End = DaysAfter(end, 1)
		}
		c.Start = Instant(c.Start)
	}
	c.End = Instant(c.End)
	if c.JoinMode == "" {
		c.JoinMode = Free
	}
	if c.Replies == "" {
		c.Replies = RepliesOpen
	}
	if c.RSVP == "" {
		c.RSVP = RSVPPoll
	}
	if c.Status == "" {
		c.Status = Scheduled
	}
	if c.Category == "" {
		c.Category = DefaultCategory
	}
	c.Tags = tidyTags(c.Tags)
	c.Cost = oneLine(c.Cost)
	if c.Venue != nil {
		v := c.Venue
		for _, s := range []*string{&v.Name, &v.Street, &v.PostalCode, &v.Locality, &v.Region, &v.Country} {
			*s = oneLine(*s)
		}
		if v.Line() == "" && v.Place == nil {
			c.Venue = nil
		}
	}
}

// Check reports everything that is wrong with the conference, all together.
func (c *Conference) Check() error {
	var p problems
	if len(c.Title) == 0 {
		p.add("title", "required", "a conference needs a title")
	}
	checkTexts(&p, "title", c.Title, MinTitle, MaxTitle)
	checkTexts(&p, "text", c.Text, 0, MaxText)
	checkZone(&p, c.Zone)
	switch {
	case c.Start.IsZero():
		p.add("start", "required", "a conference needs a start")
	case c.Start.Year() < 1970 || c.Start.Year() > 9998:
		p.add("start", "year", "the year %d is out of range", c.Start.Year())
	case !c.End.After(c.Start):
		p.add("end", "order", "a conference ends after it starts")
	case c.End.Sub(c.Start) > 366*24*time.Hour:
		p.add("end", "length", "a conference lasts at most a year")
	}
	if v := c.Venue; v != nil {
		for _, f := range [][2]string{{"name", v.Name}, {"street", v.Street}, {"postal_code", v.PostalCode}, {"locality", v.Locality}, {"region", v.Region}, {"country", v.Country}} {
			if utf8.RuneCountInString(f[1]) > 300 {
				p.add("venue."+f[0], "long", "at most 300 characters")
			}
		}
		if utf8.RuneCountInString(v.Directions) > 2000 {
			p.add("venue.directions", "long", "at most 2,000 characters")
		}
		if v.Place != nil && !v.Place.Valid() {
			p.add("venue.place", "place", "latitude is -90 to 90, longitude -180 to 180")
		}
	}
	for _, f := range [][2]string{{"online_url", c.OnlineURL}, {"link", c.Link}} {
		if f[1] != "" && !httpURL(f[1]) {
			p.add(f[0], "url", "%q is not an http or https address", f[1])
		}
	}
	if c.Capacity < 0 || c.Capacity > 1_000_000 {
		p.add("capacity", "capacity", "seats are between 1 and 1,000,000, or 0 for no limit")
	}
	if !slices.Contains(JoinModes, c.JoinMode) {
		p.add("join_mode", "choice", "join mode is free, restricted or external")
	}
	if c.JoinMode == External && !httpURL(c.ExternalURL) && !strings.HasPrefix(c.ExternalURL, "mailto:") {
		p.add("external_url", "url", "say where to sign up: an https or mailto address")
	}
	if !slices.Contains(ReplyModes, c.Replies) {
		p.add("replies", "choice", "replies are open, moderated or closed")
	}
	if !slices.Contains(RSVPModes, c.RSVP) {
		p.add("rsvp", "choice", "rsvp is poll, words or off")
	}
	checkQuestions(&p, c.Questions)
	if c.OfferHours < -1 || c.OfferHours > 7*24 {
		p.add("offer_hours", "offer_hours", "a seat is kept for at most 168 hours")
	}
	for _, a := range c.Access {
		if !slices.Contains(Accesses, a) {
			p.add("access", "choice", "%q is nothing that is known of places", a)
		}
	}
	for _, l := range c.Languages {
		if !ValidLang(l) {
			p.add("languages", "language", "%q is not a language tag such as en or ru", l)
		}
	}
	if utf8.RuneCountInString(c.Cost) > MaxCost {
		p.add("cost", "long", "at most %d characters", MaxCost)
	}
	if c.Cover != nil {
		if !httpURL(c.Cover.URL) {
			p.add("cover", "url", "%q is not an http or https address", c.Cover.URL)
		}
		if strings.TrimSpace(c.Cover.Alt) == "" {
			p.add("cover_alt", "required", "describe the picture for those who do not see it")
		}
	}
	if len(c.Tags) > MaxTags {
		p.add("tags", "many", "at most %d tags", MaxTags)
	}
	if !slices.Contains(Categories, c.Category) {
		p.add("category", "choice", "%q is not a category; see FEP-8a8e", c.Category)
	}
	if !slices.Contains(Statuses, c.Status) {
		p.add("status", "choice", "status is scheduled, tentative, cancelled, postponed or moved_online")
	}
	for _, o := range c.Organisers {
		if o.Name == "" && o.Handle == "" && o.URI == "" {
			p.add("organisers", "required", "an organiser needs a name")
		}
		if o.URI != "" && !httpURL(o.URI) {
			p.add("organisers", "url", "%q is not an http or https address", o.URI)
		}
	}
	return p.err()
}

// Matters tells whether guests must hear of the change from old to c: another
// time, place, status or way in.
func (c *Conference) Matters(old *Conference) bool {
	venue := func(v *Venue) string { return v.Line() + "\x00" + v.Address() }
	return !c.Start.Equal(old.Start) || !c.End.Equal(old.End) || c.AllDay != old.AllDay || c.Zone != old.Zone ||
		c.Status != old.Status || c.OnlineURL != old.OnlineURL || venue(c.Venue) != venue(old.Venue)
}

// DaysAfter is when the day begins that is n days after the day of t, on the
// clock of t: at midnight, or at one where the clocks are changed at midnight.
// To add days to the first moment of such a day would carry its one o'clock on.
func DaysAfter(t time.Time, n int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+n, 0, 0, 0, 0, t.Location())
}

// Instant is t in UTC, cut to the microseconds that storage keeps.
func Instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

func tidyTags(tags []string) []string {
	var out []string
	for _, t := range tags {
		var b strings.Builder
		for _, r := range strings.TrimLeft(strings.TrimSpace(t), "#") {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mn, r), r == '_':
				b.WriteRune(unicode.ToLower(r))
			case r == ' ' || r == '-' || r == '.' || r == '/':
				b.WriteByte('_')
			}
		}
		tag := strings.Trim(b.String(), "_")
		if n := utf8.RuneCountInString(tag); n == 0 || n > MaxTag || slices.Contains(out, tag) {
			continue
		}
		out = append(out, tag)
	}
	return out
}

// cleanText drops what no text needs and some databases refuse: invalid UTF-8
// and control characters other than line breaks and tabs.
func cleanText(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r == '\r' {
			return '\n'
		}
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

func oneLine(s string) string { return strings.Join(strings.Fields(cleanText(s)), " ") }
