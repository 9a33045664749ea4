package activitystreams

import (
	"strings"

	"konfa/community"
)

// ReadCity reads what the Group of a city says of itself beside what every
// actor does: its names, where on earth it is, and where it lists whom it
// follows. Its id and page are for ReadActor.
func ReadCity(b []byte) (*community.KnownCity, error) {
	v, err := parseObject(b)
	if err != nil {
		return nil, err
	}
	if t, _ := v.typeIn(actorTypes); t != "Group" {
		return nil, malformed("this is of type %q, not a Group", t)
	}
	k := &community.KnownCity{
		Name:      v.texts("name", func(s string) string { return line(s, community.MaxName) }),
		Following: v.property("following").id(),
	}
	if !webID(k.Following) {
		k.Following = ""
	}
	l := first(v.property("location"))
	if l == nil {
		return k, nil
	}
	lat, oklat := l.property("latitude").number()
	lon, oklon := l.property("longitude").number()
	if at := (community.Point{Lat: lat, Lon: lon}); oklat && oklon && at.Valid() && (lat != 0 || lon != 0) {
		k.Place = &at
	}
	country := strings.ToUpper(line(l.get("address").get("addressCountry").text(), 100))
	if len(country) == 2 && country[0] >= 'A' && country[0] <= 'Z' && country[1] >= 'A' && country[1] <= 'Z' {
		k.Country = country
	}
	return k, nil
}
