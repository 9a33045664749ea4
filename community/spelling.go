package community

import "strings"

// Spellings lists the other ways in which servers write one id: with http for
// https, with a slash behind it, and both. A fragment may be part of what is
// meant and stays.
func Spellings(id string) []string {
	var out []string
	schemes := []string{id}
	if rest, ok := strings.CutPrefix(id, "https://"); ok {
		schemes = append(schemes, "http://"+rest)
	} else if rest, ok := strings.CutPrefix(id, "http://"); ok {
		schemes = append(schemes, "https://"+rest)
	}
	for _, s := range schemes {
		out = append(out, s)
		if strings.ContainsAny(s, "?#") {
			continue
		}
		if bare, ok := strings.CutSuffix(s, "/"); ok {
			out = append(out, bare)
		} else {
			out = append(out, s+"/")
		}
	}
	return out[1:]
}
