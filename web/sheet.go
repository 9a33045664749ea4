package web

// squeezeSheet takes out of a style sheet what browsers do not need: comments,
// indents, and blanks around punctuation. Sheets of ours only: a colon with a
// blank behind it is always that of a declaration.
func squeezeSheet(css []byte) []byte {
	out := make([]byte, 0, len(css))
	blank := func(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
	mark := func(c byte) bool { return c == '{' || c == '}' || c == ';' || c == ',' }
	for i := 0; i < len(css); {
		c := css[i]
		switch {
		case c == '"' || c == '\'':
			j := i + 1
			for j < len(css) && css[j] != c {
				if css[j] == '\\' {
					j++
				}
				j++
			}
			j = min(j+1, len(css))
			out = append(out, css[i:j]...)
			i = j
		case c == '/' && i+1 < len(css) && css[i+1] == '*':
			for i += 2; i+1 < len(css) && (css[i] != '*' || css[i+1] != '/'); i++ {
			}
			i = min(i+2, len(css))
		case blank(c):
			for i < len(css) && blank(css[i]) {
				i++
			}
			if i == len(css) || len(out) == 0 || mark(css[i]) && css[i] != ',' {
				continue
			}
			if last := out[len(out)-1]; !mark(last) && last != ':' && css[i] != ',' && last != ' ' {
				out = append(out, ' ')
			}
		default:
			if c == '}' && len(out) > 0 && out[len(out)-1] == ';' {
				out = out[:len(out)-1]
			}
			out = append(out, c)
			i++
		}
	}
	return out
}
