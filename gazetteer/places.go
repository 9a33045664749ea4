package gazetteer

import (
	"cmp"
	_ "embed"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
)

//go:embed places.tsv.gz
var placesPacked []byte

//go:embed aliases.txt
var aliasesText string

// Place is a city.
type Place struct {
	Name       string
	Country    string  // ISO 3166-1 alpha-2
	Zone       string  // IANA
	Lat, Lon   float64 // degrees, WGS 84
	Population int
}

// index is the data as it lies in the file, sorted by folded name and then by
// population, and where its lines begin: 2 MiB of text and 200 KiB of offsets
// instead of 50,000 structs.
type index struct {
	text    string
	lines   []uint32
	zones   []string
	aliases []alias // sorted by key
}

// alias is another name of a place.
type alias struct {
	key     string // folded
	name    string // folded name in the data
	country string
}

var places = sync.OnceValue(func() *index {
	text := unpack(placesPacked)
	head, rest, _ := strings.Cut(text, "\n")
	x := &index{text: rest, zones: strings.Split(head, "\t")}
	x.lines = make([]uint32, 0, strings.Count(rest, "\n"))
	for at := 0; at < len(rest); {
		x.lines = append(x.lines, uint32(at))
		at += strings.IndexByte(rest[at:], '\n') + 1
	}
	for line := range strings.Lines(aliasesText) {
		f := strings.SplitN(strings.TrimSpace(line), "|", 3)
		if len(f) != 3 || strings.HasPrefix(line, "#") {
			continue
		}
		for other := range strings.SplitSeq(f[2], ",") {
			x.aliases = append(x.aliases, alias{Fold(other), Fold(f[0]), f[1]})
		}
	}
	slices.SortFunc(x.aliases, func(a, b alias) int { return strings.Compare(a.key, b.key) })
	return x
})

// key is the folded name of a line.
func (x *index) key(i int) string {
	line := x.text[x.lines[i]:]
	return line[:strings.IndexByte(line, '\t')]
}

// row is one line of the data.
type row struct {
	Place
	admin string
}

func (x *index) row(i int) row {
	line := x.text[x.lines[i]:]
	f := strings.SplitN(line[:strings.IndexByte(line, '\n')], "\t", 8)
	r := row{Place{Name: f[1], Country: f[2]}, f[3]}
	if r.Name == "" {
		r.Name = f[0]
	}
	r.Lat, _ = strconv.ParseFloat(f[4], 64)
	r.Lon, _ = strconv.ParseFloat(f[5], 64)
	zone, _ := strconv.Atoi(f[6])
	r.Zone = x.zones[zone]
	r.Population, _ = strconv.Atoi(f[7])
	return r
}

// from returns the first line whose key is not before key.
func (x *index) from(key string) int {
	return sort.Search(len(x.lines), func(i int) bool { return x.key(i) >= key })
}

// named finds the largest place of a folded name; empty country and admin mean
// any.
func (x *index) named(key, country, admin string) (Place, bool) {
	for i := x.from(key); i < len(x.lines) && x.key(i) == key; i++ {
		r := x.row(i)
		if (country == "" || r.Country == country) && (admin == "" || r.admin == admin) {
			return r.Place, true
		}
	}
	return Place{}, false
}

// called finds a place by its name in the data, or by one of its other names.
// Another name outdoes a smaller place that has it as its own: "Frankfurt" is
// the one on the Main.
func (x *index) called(key, country, admin string) (Place, bool) {
	best, ok := x.named(key, country, admin)
	i := sort.Search(len(x.aliases), func(i int) bool { return x.aliases[i].key >= key })
	for ; i < len(x.aliases) && x.aliases[i].key == key; i++ {
		a := x.aliases[i]
		if country != "" && country != a.country {
			continue
		}
		if p, found := x.named(a.name, a.country, admin); found && (!ok || p.Population > best.Population) {
			best, ok = p, true
		}
	}
	return best, ok
}

// Find returns the place that people mean by the name of a city and of its
// country, the largest where there are several. Case and diacritics do not
// matter; the country may be a name or a code, or empty; a region or country
// may follow the city after a comma ("Sandusky, OH"). Russian and other names of
// well-known cities are known.
func Find(city, country string) (Place, bool) {
	if len(city) > 200 || strings.TrimSpace(city) == "" {
		return Place{}, false
	}
	iso, _ := Country(country)
	parts := strings.FieldsFunc(city, func(r rune) bool { return r == ',' || r == '(' || r == ')' || r == ';' })
	if len(parts) == 0 {
		return Place{}, false
	}
	admin := ""
	for _, p := range parts[1:] {
		key := Fold(p)
		if code, ok := region(cmp.Or(iso, "US"), key); ok {
			iso, admin = cmp.Or(iso, "US"), code
		} else if c, ok := Country(p); ok && iso == "" {
			iso = c
		}
	}
	x := places()
	key := Fold(parts[0])
	names := []string{key, key + " city", strings.TrimSuffix(key, " city"), strings.ReplaceAll(key, " ", "")}
	for _, with := range []string{admin, ""} {
		for _, name := range names {
			if p, ok := x.called(name, iso, with); ok {
				return p, true
			}
		}
	}
	// A city that names its country only in its own name: Singapore, Monaco.
	// And two names of one place: "Biel / Bienne".
	for half := range strings.FieldsFuncSeq(parts[0], func(r rune) bool { return r == '/' || r == '|' || r == '&' }) {
		if p, ok := x.called(Fold(half), iso, admin); ok {
			return p, true
		}
	}
	return Place{}, false
}

// Search lists at most limit places whose name, or another name of which,
// begins with prefix, the largest first, for forms that complete what is typed.
func Search(prefix string, limit int) []Place {
	key := Fold(prefix)
	if key == "" || len(prefix) > 200 || limit <= 0 {
		return nil
	}
	x := places()
	var found []Place
	for i := x.from(key); i < len(x.lines) && strings.HasPrefix(x.key(i), key); i++ {
		found = append(found, x.row(i).Place)
	}
	i := sort.Search(len(x.aliases), func(i int) bool { return x.aliases[i].key >= key })
	for ; i < len(x.aliases) && strings.HasPrefix(x.aliases[i].key, key); i++ {
		if p, ok := x.named(x.aliases[i].name, x.aliases[i].country, ""); ok && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	slices.SortStableFunc(found, func(a, b Place) int { return b.Population - a.Population })
	return found[:min(limit, len(found))]
}
