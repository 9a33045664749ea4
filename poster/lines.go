package poster

import "strings"

// Sizes of a title, the first that fits is taken.
var sizes = []int{84, 74, 66, 58, 52, 46, 40}

// fitted breaks a title into lines that fit into a height, as large as may be.
// The smallest size is cut off where it must.
func (s *sheet) fitted(title string, width, height int) (size int, lines []string) {
	for _, size = range sizes {
		room := max(1, height/(size*115/100))
		lines = s.broken(title, width, size, true, room+1)
		if len(lines) <= room && len(lines) <= 4 && s.whole(lines, width, size) {
			return size, lines
		}
	}
	return size, s.broken(title, width, size, true, max(1, min(5, height/(size*115/100))))
}

// whole tells whether no line is too wide, as one of a single long word may be.
func (s *sheet) whole(lines []string, width, size int) bool {
	for _, l := range lines {
		if s.width(l, size, true) > width {
			return false
		}
	}
	return true
}

// broken breaks a text between words into at most so many lines. What is over ends
// in an ellipsis; so does a word that is too long for a line, once cut.
func (s *sheet) broken(text string, width, size int, bold bool, most int) []string {
	words := strings.Fields(s.known(text))
	var lines []string
	line := ""
	for i, w := range words {
		next := w
		if line != "" {
			next = line + " " + w
		}
		if line == "" || s.width(next, size, bold) <= width {
			line = next
			continue
		}
		if len(lines)+1 == most {
			return append(lines, s.cut(line+" "+strings.Join(words[i:], " "), width, size, bold))
		}
		lines, line = append(lines, line), w
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// cut shortens a text to a width.
func (s *sheet) cut(text string, width, size int, bold bool) string {
	if s.width(text, size, bold) <= width {
		return text
	}
	rs := []rune(text)
	for len(rs) > 0 && s.width(string(rs)+"…", size, bold) > width {
		rs = rs[:len(rs)-1]
	}
	return strings.TrimRight(string(rs), " ,.;:–—-") + "…"
}
