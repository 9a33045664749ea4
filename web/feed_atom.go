package web

import (
	"encoding/xml"
	"html"
	"time"
)

const atomKind = "application/atom+xml; charset=utf-8"

// The elements of Atom (RFC 4287) that we write.
type atomFeed struct {
	XMLName   xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang      string      `xml:"xml:lang,attr"`
	ID        string      `xml:"id"`
	Title     string      `xml:"title"`
	Subtitle  string      `xml:"subtitle,omitempty"`
	Updated   string      `xml:"updated"`
	Author    atomAuthor  `xml:"author"`
	Links     []atomLink  `xml:"link"`
	Generator string      `xml:"generator"`
	Icon      string      `xml:"icon,omitempty"`
	Entries   []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
	URI  string `xml:"uri,omitempty"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Lang string `xml:"xml:lang,attr,omitempty"`
	Body string `xml:",chardata"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

type atomEntry struct {
	Lang       string         `xml:"xml:lang,attr,omitempty"`
	ID         string         `xml:"id"`
	Title      string         `xml:"title"`
	Links      []atomLink     `xml:"link"`
	Published  string         `xml:"published"`
	Updated    string         `xml:"updated"`
	Author     atomAuthor     `xml:"author"`
	Categories []atomCategory `xml:"category"`
	Summary    atomText       `xml:"summary"`
	Content    atomText       `xml:"content"`
}

// writeAtom writes the feed as Atom 1.0, paged as RFC 5005 says.
func writeAtom(f *feed) ([]byte, error) {
	out := atomFeed{
		Lang: f.language, ID: f.id, Title: f.title, Subtitle: f.lead, Updated: f.updated.Format(time.RFC3339),
		Author: atomAuthor{Name: f.v.cityName().Text, URI: f.v.site.Base + "/"}, Generator: "konfa",
		Links: []atomLink{
			{"self", "application/atom+xml", f.self},
			{"alternate", "text/html", f.home},
			{"first", "application/atom+xml", f.first},
			{"last", "application/atom+xml", f.last},
		},
	}
	if f.prev != "" {
		out.Links = append(out.Links, atomLink{"previous", "application/atom+xml", f.prev})
	}
	if f.next != "" {
		out.Links = append(out.Links, atomLink{"next", "application/atom+xml", f.next})
	}
	for _, e := range f.entries {
		x := atomEntry{
			Lang: e.lang, ID: e.id, Title: e.title, Published: e.published.Format(time.RFC3339), Updated: e.updated.Format(time.RFC3339),
			Author: atomAuthor{Name: e.author}, Summary: atomText{Type: "text", Body: e.summary}, Content: atomText{Type: "html", Body: e.html},
			Links: []atomLink{{"alternate", "text/html", e.url}},
		}
		if e.title == "" { // Atom wants one
			x.Title = e.summary
		}
		for _, t := range e.tags {
			x.Categories = append(x.Categories, atomCategory{t})
		}
		if e.image != nil {
			x.Links = append(x.Links, atomLink{"enclosure", imageKind(e.image), e.image.URL})
		}
		out.Entries = append(out.Entries, x)
	}
	return marshalXML(out)
}

func marshalXML(v any) ([]byte, error) {
	b, err := xml.Marshal(v)
	return append([]byte(xml.Header), b...), err
}

// imageKind is the media type of a picture, a likely one where nobody said.
func imageKind(p *picture) string {
	if p.MediaType != "" {
		return p.MediaType
	}
	return "image/jpeg"
}

func escape(s string) string { return html.EscapeString(s) }
