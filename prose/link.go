package prose

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Link makes links of the mentions and tags in safe HTML that are not links
// yet, with the classes by which fediverse servers know them. mention and tag
// return the address for "@anna@host" and for a tag without #, or "" to leave
// it as text; either may be nil. The result is as safe as Sanitise's.
func Link(src string, mention, tag func(string) string) string {
	if !strings.ContainsAny(src, "@#") {
		return src
	}
	var b strings.Builder
	b.Grow(len(src) + len(src)/2)
	inside := 0 // links and code around
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		tt := z.Next()
		if tt == html.ErrorToken {
			return Sanitise(b.String())
		}
		raw := string(z.Raw())
		t := z.Token()
		if t.DataAtom == atom.A || t.DataAtom == atom.Code || t.DataAtom == atom.Pre {
			switch tt {
			case html.StartTagToken:
				inside++
			case html.EndTagToken:
				inside--
			}
		}
		if tt != html.TextToken || inside > 0 {
			b.WriteString(raw)
			continue
		}
		linkText(&b, t.Data, mention, tag)
	}
}

func linkText(b *strings.Builder, text string, mention, tag func(string) string) {
	type link struct {
		match
		href, class string
	}
	var links []link
	if mention != nil {
		for _, m := range find(mentionPattern, text) {
			if address, ok := mentionAddress(m.text); ok {
				links = append(links, link{m, mention(address), "u-url mention"})
			}
		}
	}
	if tag != nil {
		for _, m := range find(tagPattern, text) {
			if isTag(m.text[1:]) {
				links = append(links, link{m, tag(m.text[1:]), "mention hashtag"})
			}
		}
	}
	slices.SortFunc(links, func(x, y link) int { return x.start - y.start })
	at := 0
	for _, l := range links {
		if l.href == "" || l.start < at {
			continue
		}
		b.WriteString(html.EscapeString(text[at:l.start]))
		b.WriteString(`<a href="` + html.EscapeString(l.href) + `" class="` + l.class + `">` + html.EscapeString(l.text) + `</a>`)
		at = l.end
	}
	b.WriteString(html.EscapeString(text[at:]))
}
