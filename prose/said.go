package prose

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Said is the plain text of what someone wrote themselves: HTML without what they
// quote, whom they mention and where they link to. Paragraphs and line breaks are
// new lines.
func Said(src string) string {
	src = bounded(src, maxInput)
	var b strings.Builder
	others := 0 // quotes, links and code around
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		tt := z.Next()
		if tt == html.ErrorToken {
			return strings.TrimSpace(b.String())
		}
		t := z.Token()
		switch t.DataAtom {
		case atom.Blockquote, atom.A, atom.Code, atom.Pre, atom.Del, atom.S, atom.Script, atom.Style:
			switch tt {
			case html.StartTagToken:
				others++
			case html.EndTagToken:
				others = max(0, others-1)
			}
			b.WriteByte(' ')
		case atom.Br, atom.P, atom.Div, atom.Li, atom.Ul, atom.Ol, atom.Hr, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
			b.WriteByte('\n')
		default:
			if tt == html.TextToken && others == 0 {
				b.WriteString(t.Data)
			}
		}
	}
}
