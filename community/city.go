package community

import (
	"slices"
	"strings"
	"time"
)

// City is the community that this node is the home of: what people follow.
type City struct {
	Handle    string   // ValidHandle; with the host it is the fediverse address
	Name      Texts    // "Belgrade", "Белград"
	About     Texts    // Markdown
	Zone      string   // IANA, the clock of the city
	Country   string   // ISO 3166-1 alpha-2, upper case
	Languages []string // of its pages and texts, the main one first
	Place     *Point   // where it is on earth
	Picture   *Picture // square, shown as the avatar
	Banner    *Picture // wide, shown on top of its pages
	Links     []Link   // its chat, its site
	Mentions  MentionMode
	Settings  Settings
	Created   time.Time
	Updated   time.Time
}

// Point is a place on earth in degrees, WGS 84.
type Point struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// Valid tells whether the point is on earth.
func (p Point) Valid() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180
}

// Link is an address with a name: "Chat", "https://t.me/…".
type Link struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Picture is an image that can be fetched by anyone. Alt describes it for those
// who do not see it.
type Picture struct {
	URL       string `json:"url"`
	MediaType string `json:"media_type,omitempty"`
	Alt       string `json:"alt,omitempty"`
	Width     int    `json:"width,omitempty"`  // pixels, 0 where unknown
	Height    int    `json:"height,omitempty"` // pixels
	Blurhash  string `json:"blurhash,omitempty"`
}

// Limits of texts, in characters. They are inside what every peer takes:
// Mobilizon refuses an actor whose summary is longer than 5,000 and an event
// whose name is outside 3 to 200.
const (
	MinTitle   = 3
	MaxTitle   = 200
	MaxText    = 40_000
	MaxAbout   = 4_000
	MaxName    = 100
	MaxTag     = 39 // Mobilizon drops tags of 40 and more
	MaxTags    = 20
	MaxCost    = 200
	MaxComment = 1_000
	MaxPlus    = 9
)

// Check reports everything that is wrong with the city, all together.
func (c *City) Check() error {
	var p problems
	if !ValidHandle(c.Handle) {
		p.add("handle", "handle", "a handle has 1 to 30 small Latin letters, digits or _")
	}
	if ReservedHandle(c.Handle) {
		p.add("handle", "handle_reserved", "%q is a name of the program itself", c.Handle)
	}
	if strings.TrimSpace(c.Name.First()) == "" {
		p.add("name", "required", "a city needs a name")
	}
	checkTexts(&p, "name", c.Name, 0, MaxName)
	checkTexts(&p, "about", c.About, 0, MaxAbout)
	checkZone(&p, c.Zone)
	if c.Country != "" && (len(c.Country) != 2 || c.Country != strings.ToUpper(c.Country)) {
		p.add("country", "country", "a country is two capital letters, such as RS")
	}
	if len(c.Languages) == 0 {
		p.add("languages", "required", "a city speaks at least one language")
	}
	for _, l := range c.Languages {
		if !ValidLang(l) {
			p.add("languages", "language", "%q is not a language tag such as en or ru", l)
		}
	}
	if c.Place != nil && !c.Place.Valid() {
		p.add("place", "place", "latitude is -90 to 90, longitude -180 to 180")
	}
	for field, pic := range map[string]*Picture{"picture": c.Picture, "banner": c.Banner} {
		if pic != nil && !httpURL(pic.URL) {
			p.add(field, "url", "%q is not an http or https address", pic.URL)
		}
	}
	if !validAccent(c.Settings.Accent) {
		p.add("accent", "accent", "%q is no colour such as #a4431f", c.Settings.Accent)
	}
	if c.Mentions != "" && !slices.Contains(MentionModes, c.Mentions) {
		p.add("mentions", "choice", "mentions is ask, boost or ignore")
	}
	for _, l := range c.Links {
		if !httpURL(l.URL) {
			p.add("links", "url", "%q is not an http or https address", l.URL)
		}
	}
	return p.err()
}

// validAccent tells whether a text is "#" and six hexadecimal digits, or empty.
func validAccent(s string) bool {
	return s == "" || len(s) == 7 && s[0] == '#' && strings.Trim(s[1:], "0123456789abcdefABCDEF") == ""
}

// ReservedHandle names what cannot be the handle of a city or a member, since
// the node answers to it already.
func ReservedHandle(h string) bool {
	switch h {
	case "node", "city", "desk", "admin", "relay", "inbox", "actor":
		return true
	}
	return false
}
