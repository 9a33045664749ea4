package web

import (
	"encoding/json"
	"html/template"
	"time"

	"konfa/community"
	"konfa/prose"
)

// mock is a post as Mastodon shows it.
type mock struct {
	Name, Handle, Initial, Date string
	Warning                     string
	Text                        template.HTML
	Pictures                    []picture
	Card                        *mockCard
}

// mockCard is the card of a link below it.
type mockCard struct {
	Title, Text, Host string
	Image             string // address of the picture, or empty
}

// wire is what Mastodon looks at in a document.
type wire struct {
	Type       string `json:"type"`
	Name       string `json:"name"`
	Summary    string `json:"summary"`
	Content    string `json:"content"`
	URL        string `json:"url"`
	ID         string `json:"id"`
	Attachment []struct {
		Type string `json:"type"`
		URL  string `json:"url"`
		Name string `json:"name"`
	} `json:"attachment"`
}

// mastodon shows a document of ours as Mastodon does: a Note with its content; an
// Event or Article, which it knows not, with its name, its summary and its address.
// It reads neither the time nor the place of an event.
func (v *viewer) mastodon(doc []byte, who person, handle string, at time.Time, card *mockCard) (*mock, error) {
	var d wire
	if err := json.Unmarshal(doc, &d); err != nil {
		return nil, community.Errorf(community.Internal, "reading a document of our own: %w", err)
	}
	m := &mock{Name: who.Name, Handle: handle, Initial: who.Initial, Date: v.stamp(at), Card: card}
	if d.URL == "" {
		d.URL = d.ID
	}
	switch d.Type {
	case "Note", "Question":
		m.Warning = d.Summary
		m.Text = template.HTML(prose.Sanitise(d.Content))
	default:
		text := "<p><strong>" + template.HTMLEscapeString(d.Name) + "</strong></p>"
		if d.Summary != "" {
			text += "<p>" + d.Summary + "</p>"
		}
		m.Text = template.HTML(prose.Sanitise(text + `<p><a href="` + template.HTMLEscapeString(d.URL) + `">` + template.HTMLEscapeString(d.URL) + "</a></p>"))
	}
	for _, a := range d.Attachment {
		if (a.Type == "Image" || a.Type == "Document") && a.URL != "" && len(m.Pictures) < 4 {
			m.Pictures = append(m.Pictures, picture{URL: a.URL, Alt: a.Name})
		}
	}
	if len(m.Pictures) > 0 {
		m.Card = nil // it shows one or the other
	}
	return m, nil
}

// conferenceMock is a conference as Mastodon shows it.
func (v *viewer) conferenceMock(c *community.Conference, doc []byte) (*mock, error) {
	name := v.cityName().Text
	card := &mockCard{Title: v.pick(c.Title).Text, Text: prose.Cut(v.T("conf.summary", "When", v.when(c, v.city).Line(), "Where", v.where(c)), 160), Host: v.site.Host()}
	return v.mastodon(doc, person{Name: name, Initial: initial(name)}, v.handle(), v.now, card)
}

// postMock is a post as Mastodon shows it.
func (v *viewer) postMock(p *community.Post, doc []byte) (*mock, error) {
	who, handle := v.author(p), v.handle()
	if member, ok := p.Author.Member(); ok {
		handle = "@" + member + "@" + v.site.Host()
	}
	var card *mockCard
	if p.Article() {
		card = &mockCard{Title: v.pick(p.Title).Text, Text: v.excerpt(p.HTML, 160).Text, Host: v.site.Host()}
	}
	return v.mastodon(doc, who, handle, v.now, card)
}
