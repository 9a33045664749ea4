package activitystreams

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// cutHTML shortens safe HTML to at most limit bytes, after the last whole
// paragraph, list or other block that fits. Where not even the first one does,
// it is cut after a word and what is open is closed.
func cutHTML(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	if limit <= 0 {
		return ""
	}
	var open []string // names of open elements
	closing := 0      // bytes that closing them takes
	whole := 0        // end of the last whole block
	pos := 0
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		tt := z.Next()
		if tt == html.ErrorToken {
			break
		}
		raw := z.Raw()
		size := len(raw)
		text := ""
		if tt == html.TextToken {
			text = string(raw)
		}
		name, _ := z.TagName()
		tag := string(name)
		own := 0 // bytes that closing this element will take
		if tt == html.StartTagToken && !void(atom.Lookup(name)) {
			own = len(tag) + 3
		} else if tt == html.EndTagToken {
			own = -len(tag) - 3
		}
		if pos+size+closing+own > limit {
			if whole > 0 {
				return s[:whole]
			}
			head := s[:pos]
			if text != "" {
				head += cutText(text, limit-pos-closing)
			}
			for i := len(open) - 1; i >= 0; i-- {
				head += "</" + open[i] + ">"
			}
			return head
		}
		pos += size
		switch tt {
		case html.StartTagToken:
			if own > 0 {
				open = append(open, tag)
				closing += own
			}
		case html.EndTagToken:
			if n := len(open); n > 0 && open[n-1] == tag {
				open = open[:n-1]
				closing -= len(tag) + 3
			}
		}
		if len(open) == 0 && tt != html.TextToken {
			whole = pos
		}
	}
	return s[:whole]
}

func void(a atom.Atom) bool {
	switch a {
	case atom.Br, atom.Hr, atom.Img, atom.Wbr:
		return true
	}
	return false
}

// cutText cuts escaped text after a word; never inside a character or an entity.
func cutText(s string, limit int) string {
	if limit <= 0 {
		return ""
	}
	if len(s) > limit {
		s = s[:limit]
		for len(s) > 0 {
			if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n > 1 {
				break
			}
			s = s[:len(s)-1]
		}
		if i := strings.LastIndexByte(s, '&'); i >= 0 && !strings.Contains(s[i:], ";") {
			s = s[:i]
		}
		if i := strings.LastIndexAny(s, " \n"); i > len(s)/2 {
			s = s[:i]
		}
		s = strings.TrimRight(s, " \n")
	}
	return s
}
