package standin

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Thing is one object as the people of a server see it. What a software does not
// show is left empty.
type Thing struct {
	ID      string
	Kind    string // "status", "event", "thread", "comment", "photo", "message"
	By      string // id of the author
	In      string // the community it stands in
	Title   string
	Text    string // HTML
	Warning string // has to be opened to see Text
	Link    string // where its title or its last line leads

	Start, End         time.Time
	Zone               string
	Place              string
	Address            string
	Latitude           float64
	Longitude          float64
	State              string // "confirmed", "tentative", "cancelled"
	JoinMode           string
	JoinURL            string
	Seats              int
	Category           string
	Online             bool
	Listed             bool // found in lists and by searching, not only by its address
	Images             []Image
	Links              []string
	Tags               []string
	Language           string
	Visibility         string // "public", "unlisted", "private", "direct"
	ReplyTo            string
	Closed             bool // takes no answers
	Poll               *Poll
	Edits              int
	Boosts, Likes      map[string]string // actor to the id of the activity
	Guests             map[string]string // actor to "waiting", "going", "rejected"
	published, updated time.Time
}

// Image is a picture beside a text.
type Image struct {
	URL, Alt string
}

// Poll is a question with answers and what was counted.
type Poll struct {
	Options []Option
	Many    bool
	End     time.Time
	Closed  bool
	Voters  int
	Renewed int // how often everybody had to vote again
}

// Option is one answer of a poll.
type Option struct {
	Name  string
	Votes int
}

// Says is all the text that a reader can get to see.
func (t *Thing) Says() string {
	return strings.Join([]string{t.Title, Plain(t.Warning), Plain(t.Text), t.Place, t.Address, t.Link}, " | ")
}

func (t *Thing) String() string {
	return fmt.Sprintf("%s %s by %s: %q warning %q text %q link %s start %v place %q state %q images %v edits %d listed %v visibility %q in %q", t.Kind, t.ID, t.By, t.Title, t.Warning, Plain(t.Text), t.Link, t.Start, t.Place, t.State, t.Images, t.Edits, t.Listed, t.Visibility, t.In)
}

func (t *Thing) copy() *Thing {
	c := *t
	c.Images, c.Links, c.Tags = slices.Clone(t.Images), slices.Clone(t.Links), slices.Clone(t.Tags)
	c.Boosts, c.Likes, c.Guests = maps.Clone(t.Boosts), maps.Clone(t.Likes), maps.Clone(t.Guests)
	if t.Poll != nil {
		p := *t.Poll
		p.Options = slices.Clone(p.Options)
		c.Poll = &p
	}
	return &c
}

// Notice is a notification to someone of the server.
type Notice struct {
	Kind  string // "mention", "reply", "boost", "like", "follow", "poll"
	To    string // id of the one who sees it
	By    string
	About string // id of the thing
}
