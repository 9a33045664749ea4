package web

import (
	"bytes"
	"encoding/json"
	"time"
)

const jsonFeedKind = "application/feed+json; charset=utf-8"

// The members of JSON Feed 1.1 that we write.
type jsonFeed struct {
	Version     string         `json:"version"`
	Title       string         `json:"title"`
	HomePage    string         `json:"home_page_url"`
	FeedURL     string         `json:"feed_url"`
	Description string         `json:"description,omitempty"`
	NextURL     string         `json:"next_url,omitempty"`
	Language    string         `json:"language"`
	Authors     []jsonAuthor   `json:"authors"`
	Items       []jsonFeedItem `json:"items"`
}

type jsonAuthor struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

type jsonFeedItem struct {
	ID        string       `json:"id"`
	URL       string       `json:"url"`
	Title     string       `json:"title,omitempty"`
	HTML      string       `json:"content_html"`
	Summary   string       `json:"summary,omitempty"`
	Image     string       `json:"image,omitempty"`
	Published string       `json:"date_published"`
	Modified  string       `json:"date_modified"`
	Authors   []jsonAuthor `json:"authors"`
	Tags      []string     `json:"tags,omitempty"`
	Language  string       `json:"language,omitempty"`
}

// writeJSONFeed writes the feed as JSON Feed 1.1.
func writeJSONFeed(f *feed) ([]byte, error) {
	out := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: f.title, HomePage: f.home, FeedURL: f.self, Description: f.lead, NextURL: f.next,
		Language: f.language, Authors: []jsonAuthor{{f.v.cityName().Text, f.v.site.Base + "/"}}, Items: []jsonFeedItem{},
	}
	for _, e := range f.entries {
		x := jsonFeedItem{
			ID: e.id, URL: e.url, Title: e.title, HTML: e.html, Summary: e.summary, Published: e.published.Format(time.RFC3339), Modified: e.updated.Format(time.RFC3339),
			Authors: []jsonAuthor{{Name: e.author}}, Tags: e.tags, Language: e.lang,
		}
		if e.image != nil {
			x.Image = e.image.URL
		}
		out.Items = append(out.Items, x)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(out)
	return b.Bytes(), err
}
