package community

import (
	"slices"
	"strings"
	"time"
)

// Visibility says who may see a post.
type Visibility string

// The visibilities, as the fediverse knows them.
const (
	Public    Visibility = "public"
	Unlisted  Visibility = "unlisted"
	Followers Visibility = "followers"
	Direct    Visibility = "direct"
)

// PostKind says what a post is for.
type PostKind string

// The kinds. Only ordinary posts are news; the others exist for servers that
// cannot do with the conference itself.
const (
	OrdinaryPost PostKind = ""
	PollPost     PostKind = "poll"    // asks below a conference who comes
	NoticePost   PostKind = "notice"  // tells below a conference what changed
	CardPost     PostKind = "card"    // a conference as a picture with a few words
	MessagePost  PostKind = "message" // the city's direct message to one person
)

// PostState says whether a post is shown.
type PostState string

// The states.
const (
	Shown   PostState = ""
	Held    PostState = "held"    // waits for a steward
	Hidden  PostState = "hidden"  // a steward took it away
	Offered PostState = "offered" // mentions the city, for the stewards to boost or not

	Silenced PostState = "silenced" // of ours: its author is silenced
)

// Post is something said: by the city, by a member, or by someone elsewhere in
// answer to us. With a title it is an Article, without one a Note.
type Post struct {
	ID   int64
	Slug string // of ours
	URI  string // of others: its ActivityPub id; empty for ours
	URL  string // of others: the page for people

	Author     LocalActor // of ours: CityActor or a member
	AuthorID   int64      // of others: the remote actor; 0 for ours
	AuthorName string     // filled on reading

	Title   Texts
	Text    Texts  // Markdown of ours
	HTML    Texts  // safe HTML
	Warning string // the content warning of a Note

	ReplyTo      string // ActivityPub id of what it answers, or empty
	Thread       string // ActivityPub id of what is talked about, or empty
	Path         string // where it stands in the talk (ThreadPath)
	ConferenceID int64  // the conference it belongs to, or 0
	Visibility   Visibility
	Tags         []string
	Mentions     []Mention
	Pictures     []Picture

	Kind  PostKind
	State PostState
	// Source is the activity that brought a post of others, as it came. It is
	// kept while the city may boost it, and not filled on reading.
	Source []byte

	Draft     bool
	Created   time.Time
	Published time.Time
	Updated   time.Time
	Announced time.Time // when the city boosted it; zero if it does not
}

// MentionMode says what becomes of a public post that mentions the city.
type MentionMode string

// The ways: the stewards are asked, it is boosted by itself when its author is
// known to the city, or nothing.
const (
	MentionsAsk    MentionMode = "ask"
	MentionsBoost  MentionMode = "boost"
	MentionsIgnore MentionMode = "ignore"
)

// MentionModes lists all of them.
var MentionModes = []MentionMode{MentionsAsk, MentionsBoost, MentionsIgnore}

// Mention is an actor named in a post.
type Mention struct {
	Name string `json:"name"` // "@anna@example.org"
	URI  string `json:"uri"`
}

// Own tells whether the post is of this node.
func (p *Post) Own() bool { return p.URI == "" }

// Article tells whether the post goes out as an Article.
func (p *Post) Article() bool { return p.Title.First() != "" }

// Tidy puts the post into its normal form before Check.
func (p *Post) Tidy() {
	for i := range p.Title {
		p.Title[i].Text = oneLine(p.Title[i].Text)
		p.Title[i].Lang = strings.ToLower(p.Title[i].Lang)
	}
	for i := range p.Text {
		p.Text[i].Text = strings.TrimSpace(cleanText(p.Text[i].Text))
		p.Text[i].Lang = strings.ToLower(p.Text[i].Lang)
	}
	p.Title = slices.DeleteFunc(p.Title, func(t Phrase) bool { return t.Text == "" })
	p.Text = slices.DeleteFunc(p.Text, func(t Phrase) bool { return t.Text == "" })
	p.Warning = oneLine(p.Warning)
	p.Tags = tidyTags(p.Tags)
	if p.Visibility == "" {
		p.Visibility = Public
	}
}

// Check reports everything that is wrong with the post, all together.
func (p *Post) Check() error {
	var pr problems
	if p.Text.First() == "" {
		pr.add("text", "required", "a post needs a text")
	}
	checkTexts(&pr, "title", p.Title, 1, MaxTitle)
	checkTexts(&pr, "text", p.Text, 1, MaxText)
	if len(p.Tags) > MaxTags {
		pr.add("tags", "many", "at most %d tags", MaxTags)
	}
	switch p.Visibility {
	case Public, Unlisted, Followers, Direct:
	default:
		pr.add("visibility", "choice", "visibility is public, unlisted, followers or direct")
	}
	for _, pic := range p.Pictures {
		if !httpURL(pic.URL) {
			pr.add("pictures", "url", "%q is not an http or https address", pic.URL)
		}
	}
	return pr.err()
}
