package prose

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// policy is what of foreign HTML is believed. What it lets through is written
// anew by the builder, which knows the same elements and decides where they may
// stand: two gates, of which each alone keeps scripts out.
var policy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(
		"p", "br", "hr", "del", "s", "strong", "b", "em", "i", "u", "code", "pre", "blockquote",
		"ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "ruby", "rt", "rp",
		"table", "thead", "tbody", "tr", "th", "td",
	)
	// These only part paragraphs; the builder never writes them.
	p.AllowElements("div", "section", "article", "header", "footer", "main", "aside", "figure", "figcaption", "address", "dl", "dt", "dd", "center", "details", "summary", "form", "fieldset")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("class").Matching(classList).OnElements("a", "span")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs("alt").OnElements("img")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.AllowURLSchemes("http", "https", "mailto", "xmpp", "tel")
	return p
}

var classList = regexp.MustCompile(`^[A-Za-z0-9_\- ]{1,500}$`)

// classes are those that fediverse servers give a meaning: what is a mention or
// a tag, and which part of a long address to hide.
var classes = map[string]bool{"mention": true, "hashtag": true, "u-url": true, "h-card": true, "invisible": true, "ellipsis": true}

// Sanitise makes foreign HTML safe to show, keeping what carries meaning: p br
// hr a span del s strong b em i u code pre blockquote ul ol li h3–h6 ruby table,
// links with rel="nofollow noopener noreferrer ugc", and the classes mention,
// hashtag, u-url, h-card, invisible, ellipsis. Pictures become their alt text.
// The highest heading becomes an h3 and the others follow it. Sanitise of its
// own output changes nothing.
func Sanitise(src string) string {
	src = bounded(src, maxInput)
	if !strings.ContainsAny(src, "<&\"'>\r") {
		return src
	}
	return build(policy.Sanitize(src))
}
