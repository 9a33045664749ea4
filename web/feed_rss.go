package web

import (
	"encoding/xml"
	"time"
)

const rssKind = "application/rss+xml; charset=utf-8"

// The elements of RSS 2.0 that we write, with the paging links of Atom.
type rssFeed struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Atom    string     `xml:"xmlns:atom,attr"`
	DC      string     `xml:"xmlns:dc,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Built       string    `xml:"lastBuildDate"`
	Generator   string    `xml:"generator"`
	TTL         int       `xml:"ttl"`
	Links       []rssLink `xml:"atom:link"`
	Items       []rssItem `xml:"item"`
}

type rssLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type rssGUID struct {
	Permanent bool   `xml:"isPermaLink,attr"`
	Value     string `xml:",chardata"`
}

type rssItem struct {
	Title       string   `xml:"title,omitempty"`
	Link        string   `xml:"link"`
	GUID        rssGUID  `xml:"guid"`
	Published   string   `xml:"pubDate"`
	Creator     string   `xml:"dc:creator"`
	Categories  []string `xml:"category"`
	Description string   `xml:"description"`
}

// writeRSS writes the feed as RSS 2.0.
func writeRSS(f *feed) ([]byte, error) {
	lead := f.lead
	if lead == "" {
		lead = f.title // RSS wants a description
	}
	c := rssChannel{
		Title: f.title, Link: f.home, Description: lead, Language: f.language, Built: f.updated.Format(time.RFC1123Z), Generator: "konfa", TTL: 60,
		Links: []rssLink{{"self", "application/rss+xml", f.self}, {"first", "application/rss+xml", f.first}, {"last", "application/rss+xml", f.last}},
	}
	if f.prev != "" {
		c.Links = append(c.Links, rssLink{"previous", "application/rss+xml", f.prev})
	}
	if f.next != "" {
		c.Links = append(c.Links, rssLink{"next", "application/rss+xml", f.next})
	}
	for _, e := range f.entries {
		c.Items = append(c.Items, rssItem{
			Title: e.title, Link: e.url, GUID: rssGUID{e.id == e.url, e.id}, Published: e.published.Format(time.RFC1123Z),
			Creator: e.author, Categories: e.tags, Description: e.html,
		})
	}
	return marshalXML(rssFeed{Version: "2.0", Atom: "http://www.w3.org/2005/Atom", DC: "http://purl.org/dc/elements/1.1/", Channel: c})
}
