package activitystreams

import (
	"slices"
	"strings"

	"konfa/community"
)

// postTypes are what is read as a post, and whether its name is a title and its
// summary no content warning.
var postTypes = map[string]bool{
	"Note": false, "Question": false, "ChatMessage": false,
	"Article": true, "Page": true, "Video": true, "Image": true, "Audio": true, "Document": true, "Album": true, "Link": true,
}

// RemotePost is what someone on another server said.
type RemotePost struct {
	community.Post // ReplyTo, Mentions, Tags and Visibility as far as the object says
	Type           string
	AttributedTo   string // who said it
	To, Cc         []string
	Sensitive      bool
	Context        string   // the conversation (FEP-7888), or empty
	Replies        string   // collection, or empty
	Audience       []string // groups it was sent to (FEP-1b12)
	Notes          []string // what was dropped or is odd
}

// ReadPost reads a Note or anything else that reads like one. To and Cc may be
// empty where a server puts them on the activity alone; Visibility is then
// Direct, and VisibilityOf tells it from those of the activity.
func ReadPost(b []byte) (*RemotePost, error) {
	v, err := parseObjectTo(b, maxDepth-1) // without @context
	if err != nil {
		return nil, err
	}
	return readPost(v)
}

func readPost(v *value) (*RemotePost, error) {
	types := v.types()
	t := ""
	for _, s := range types {
		if _, ok := postTypes[s]; ok {
			t = s
			break
		}
	}
	switch {
	case t == "" && slices.Contains(types, "Tombstone"):
		return nil, community.Errorf(community.Gone, "its server says that this was deleted")
	case t == "" && len(types) == 0:
		return nil, malformed("the document has no type")
	case t == "":
		return nil, malformed("this is of type %s, not a post", types[0])
	}
	r := &reader{}
	p := &RemotePost{Type: t}
	p.URI = v.property("id").id()
	if !webID(p.URI) {
		return nil, malformed("the post has no id that can be fetched")
	}
	if p.AttributedTo = v.property("attributedTo").id(); p.AttributedTo == "" {
		p.AttributedTo = v.property("actor").id()
	}
	if !webID(p.AttributedTo) {
		return nil, malformed("the post does not say whose it is")
	}
	if p.URL = v.property("url").page(); p.URL == "" {
		p.URL = p.URI
	}
	titled := postTypes[t]
	if titled {
		p.Title = v.texts("name", func(s string) string { return line(s, community.MaxTitle) })
	}
	p.HTML = v.texts("content", r.html(v.get("mediaType").text()))
	p.options(v)
	summary := line(v.texts("summary", func(s string) string { return s }).First(), 500)
	if !titled {
		p.Warning = summary
	} else if summary != "" && summary != p.Title.First() {
		if len(p.HTML) == 0 {
			p.HTML = community.Plain("", "<p>"+escape(summary)+"</p>")
		} else {
			r.note("its summary is left out, as the text is there")
		}
	}
	p.links(v)
	p.Sensitive = v.property("sensitive").yes()
	p.ReplyTo = v.property("inReplyTo").id()
	if p.ReplyTo != "" && !webID(p.ReplyTo) {
		r.note("what it answers was dropped: " + p.ReplyTo)
		p.ReplyTo = ""
	}
	p.To, p.Cc = v.property("to").ids(maxAddresses), v.property("cc").ids(maxAddresses)
	p.Visibility = VisibilityOf(p.To, p.Cc)
	p.Published, p.Updated = v.times()
	p.Created = p.Published
	p.Context, p.Replies, p.Audience = v.property("context").id(), v.property("replies").id(), v.property("audience").ids(16)
	p.Tags = r.tags(v)
	p.Mentions = r.mentions(v)
	p.Pictures = r.pictures(v, t)
	if !titled && len(p.HTML) == 0 && p.ReplyTo != "" && v.property("name").text() != "" {
		return nil, community.Errorf(community.Refused, "this is a vote in a poll, not an answer")
	}
	if len(p.HTML) == 0 && len(p.Title) == 0 && len(p.Pictures) == 0 {
		return nil, malformed("the post is empty")
	}
	if lang := v.property("language"); lang != nil && len(p.HTML) == 1 && p.HTML[0].Lang == "" { // Lemmy, PeerTube
		s := strings.ToLower(lang.get("identifier").text())
		if community.ValidLang(s) && s != "und" {
			p.HTML[0].Lang = s
		}
	}
	p.Tidy()
	p.Notes = r.notes
	return p, nil
}

// Vote is the choice of someone on another server in a poll.
type Vote struct {
	ID           string
	AttributedTo string
	Poll         string // id of what it votes in
	Name         string // of the option
}

// ReadVote reads a vote, which Mastodon and its kin write as a Note with a name
// and no content. NotFound where the object is something else.
func ReadVote(b []byte) (*Vote, error) {
	v, err := parseObjectTo(b, maxDepth-1)
	if err != nil {
		return nil, err
	}
	vote := &Vote{
		ID: v.property("id").id(), AttributedTo: v.property("attributedTo").id(), Poll: v.property("inReplyTo").id(),
		Name: line(v.property("name").text(), 500),
	}
	if vote.AttributedTo == "" {
		vote.AttributedTo = v.property("actor").id()
	}
	said := len(v.texts("content", func(s string) string { return strings.TrimSpace(s) })) > 0
	if !slices.Contains(v.types(), "Note") || vote.Name == "" || vote.Poll == "" || said || len(v.property("attachment").list(1)) > 0 {
		return nil, community.Errorf(community.NotFound, "this is not a vote")
	}
	if !webID(vote.ID) || !webID(vote.AttributedTo) || !webID(vote.Poll) {
		return nil, malformed("the vote does not say whose it is and for what")
	}
	return vote, nil
}

// options writes the choices of a poll below its question: konfa does not vote.
func (p *RemotePost) options(v *value) {
	var b strings.Builder
	for _, k := range []string{"oneOf", "anyOf"} {
		for _, o := range v.property(k).list(50) {
			if s := line(o.property("name").text(), 500); s != "" {
				b.WriteString("<li>" + escape(s) + "</li>")
			}
		}
	}
	if b.Len() == 0 {
		return
	}
	if len(p.HTML) == 0 {
		p.HTML = community.Texts{{}}
	}
	p.HTML[0].Text += "<ul>" + b.String() + "</ul>"
}

// links writes the addresses that a post is about below its text: a Page of
// Lemmy may be nothing but one.
func (p *RemotePost) links(v *value) {
	for _, a := range v.property("attachment").list(16) {
		to := link(a.get("href").text())
		if to == "" || !slices.Contains(a.types(), "Link") {
			continue
		}
		if len(p.HTML) == 0 {
			p.HTML = community.Texts{{}}
		}
		if strings.Contains(p.HTML[0].Text, escape(to)) {
			continue
		}
		name := line(a.get("name").text(), 200)
		if name == "" {
			name = to
		}
		p.HTML[0].Text += `<p><a href="` + escape(to) + `" rel="nofollow noopener noreferrer ugc">` + escape(name) + `</a></p>`
	}
}

func (r *reader) mentions(v *value) []community.Mention {
	var out []community.Mention
	for _, t := range v.property("tag").list(512) {
		if !slices.Contains(t.types(), "Mention") {
			continue
		}
		uri := t.get("href").id()
		if !webID(uri) || slices.ContainsFunc(out, func(m community.Mention) bool { return m.URI == uri }) {
			continue
		}
		if len(out) == maxMentions {
			r.note("only the first 64 mentions are kept")
			break
		}
		name := line(t.get("name").text(), 300)
		if name == "" {
			name = uri
		}
		out = append(out, community.Mention{Name: name, URI: uri})
	}
	return out
}

// pictures are the attachments that are pictures, and the preview of a video.
func (r *reader) pictures(v *value, t string) []community.Picture {
	var out []community.Picture
	add := func(p *community.Picture) {
		if p == nil || slices.ContainsFunc(out, func(o community.Picture) bool { return o.URL == p.URL }) {
			return
		}
		if len(out) == maxPictures {
			r.note("only the first 8 pictures are kept")
			return
		}
		out = append(out, *p)
	}
	for _, a := range v.property("attachment").list(64) {
		p := a.picture()
		switch {
		case p == nil || slices.Contains(a.types(), "Link"):
			continue
		case strings.HasPrefix(p.MediaType, "image/") || p.MediaType == "" && slices.Contains(a.types(), "Image"):
			add(p)
		default:
			r.note("an attachment that is no picture was dropped: " + p.URL)
		}
	}
	if len(out) == 0 && t != "Note" {
		add(v.property("image").largest())
	}
	if len(out) == 0 && (t == "Video" || t == "Audio") {
		add(v.property("icon").largest())
	}
	if len(out) == 0 && t == "Image" {
		add(v.picture())
	}
	return out
}
