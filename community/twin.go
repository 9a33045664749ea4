package community

import (
	"strings"
	"unicode"
)

// Idents are the ids by which calendars know a conference, wherever it was read
// from: its UID, and its UUID alone and with the host that its own server puts
// behind it.
func (c *Conference) Idents(host string) []string {
	var out []string
	if c.UID != "" {
		out = append(out, c.UID)
	}
	if c.UUID != "" {
		out = append(out, c.UUID)
		if host != "" {
			out = append(out, c.UUID+"@"+host)
		}
	}
	return out
}

// near is how far apart two places may be that are one, in km: maps differ.
const near = 0.2

// SameMeeting tells whether two conferences, of different servers, are one by
// what they say: the same title in some language, the same start, and the same
// place or online address. Two that say nothing of where are two.
func SameMeeting(a, b *Conference) bool {
	if !a.Start.Equal(b.Start) || a.AllDay != b.AllDay {
		return false
	}
	titles := map[string]bool{}
	for _, t := range a.Title {
		titles[folded(t.Text)] = true
	}
	same := false
	for _, t := range b.Title {
		key := folded(t.Text)
		same = same || key != "" && titles[key]
	}
	if !same {
		return false
	}
	v, w := a.Venue, b.Venue
	if v == nil && w == nil {
		return a.OnlineURL != "" && a.OnlineURL == b.OnlineURL
	}
	if v == nil || w == nil {
		return false
	}
	if v.Place != nil && w.Place != nil {
		return v.Place.Kilometres(*w.Place) <= near
	}
	equal := func(x, y string) bool { x, y = folded(x), folded(y); return x != "" && x == y }
	// Some put the town behind the name.
	bare := func(name string) string { name, _, _ = strings.Cut(name, ","); return name }
	return equal(bare(v.Name), bare(w.Name)) || equal(v.Street, w.Street) && (v.Locality == "" || w.Locality == "" || equal(v.Locality, w.Locality))
}

// folded is a text as far as it counts: its letters and digits, small.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
