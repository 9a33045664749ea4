package gazetteer

import (
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestFind(t *testing.T) {
	for _, c := range []struct{ city, country, name, iso, zone string }{
		{"Belgrade", "Serbia", "Belgrade", "RS", "Europe/Belgrade"},
		{"белград", "", "Belgrade", "RS", "Europe/Belgrade"},
		{"BEOGRAD", "rs", "Belgrade", "RS", "Europe/Belgrade"},
		{"Sandusky, OH", "U.S.A.", "Sandusky", "US", "America/New_York"},
		{"Portland, ME", "US", "Portland", "US", "America/New_York"},
		{"Portland", "US", "Portland", "US", "America/Los_Angeles"},
		{"Portland, Maine", "", "Portland", "US", "America/New_York"},
		{"London, ON", "Canada", "London", "CA", "America/Toronto"},
		{"London", "", "London", "GB", "Europe/London"},
		{"Санкт-Петербург", "Россия", "Saint Petersburg", "RU", "Europe/Moscow"},
		{"Москва", "", "Moscow", "RU", "Europe/Moscow"},
		{"Новосибирск", "", "Novosibirsk", "RU", "Asia/Novosibirsk"},
		{"Пхукет", "Таиланд", "Phuket", "TH", "Asia/Bangkok"},
		{"Алматы", "", "Almaty", "KZ", "Asia/Almaty"},
		{"Лимассол", "Кипр", "Limassol", "CY", "Asia/Nicosia"},
		{"Edinburgh", "Scotland", "Edinburgh", "GB", "Europe/London"},
		{"Zurich", "Switzerland", "Zürich", "CH", "Europe/Zurich"},
		{"Frankfurt", "Germany", "Frankfurt am Main", "DE", "Europe/Berlin"},
		{"New York", "U.S.A.", "New York City", "US", "America/New_York"},
		{"Washington, D.C.", "USA", "Washington, D.C.", "US", "America/New_York"},
		{"Berlin, Germany", "", "Berlin", "DE", "Europe/Berlin"},
		{"Kyiv", "Ukraine", "Kyiv", "UA", "Europe/Kyiv"},
		{"Seoul", "Korea", "Seoul", "KR", "Asia/Seoul"},
		{"Pristina", "Kosovo", "Pristina", "XK", "Europe/Belgrade"},
	} {
		p, ok := Find(c.city, c.country)
		if !ok || p.Name != c.name || p.Country != c.iso || p.Zone != c.zone {
			t.Errorf("Find(%q, %q) = %+v, %v", c.city, c.country, p, ok)
		}
	}
	for _, c := range [][2]string{{"", ""}, {",", ""}, {"Nowhereville", "Serbia"}, {"Belgrade", "Japan"}, {strings.Repeat("a", 1000), ""}} {
		if p, ok := Find(c[0], c[1]); ok {
			t.Errorf("Find(%q, %q) found %+v", c[0], c[1], p)
		}
	}
}

// The first use may come from everywhere at once.
func TestConcurrent(t *testing.T) {
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if _, ok := Find("Белград", "Сербия"); !ok {
				t.Error("not found")
			}
			Search("бел", 3)
		})
	}
}

func TestCountry(t *testing.T) {
	for name, want := range map[string]string{
		"RS": "RS", "rs": "RS", "Serbia": "RS", "Сербия": "RS", "U.S.A.": "US", "U.K.": "GB", "UK": "GB", "Scotland": "GB", "Korea": "KR", "Czech Republic": "CZ",
		"Kosovo": "XK", "the Netherlands": "NL", "Deutschland": "DE", "Türkiye": "TR", "Turkey": "TR", "Россия": "RU", "США": "US", "Georgia": "GE", "Hong Kong": "HK",
		"Côte d’Ivoire": "CI", "North Macedonia": "MK",
	} {
		if got, ok := Country(name); !ok || got != want {
			t.Errorf("Country(%q) = %q, %v; want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "XX", "Atlantis", "zz"} {
		if got, ok := Country(name); ok {
			t.Errorf("Country(%q) = %q", name, got)
		}
	}
	if got := CountryName("RS", "ru-RU") + CountryName("rs", "en") + CountryName("RS", "sr-Latn") + CountryName("QQ", ""); got != "СербияSerbiaSrbijaQQ" {
		t.Errorf("CountryName: %q", got)
	}
}

func TestSearch(t *testing.T) {
	for prefix, want := range map[string]string{"belg": "Belgrade", "Бел": "Belgrade", "san fr": "San Francisco", "Кёльн": "Köln"} {
		got := Search(prefix, 3)
		if len(got) == 0 || len(got) > 3 || got[0].Name != want {
			t.Errorf("Search(%q) = %+v", prefix, got)
		}
	}
	if got := Search("", 5); got != nil {
		t.Errorf("Search of nothing = %+v", got)
	}
}

// Every other name finds the city that its line names.
func TestAliases(t *testing.T) {
	for line := range strings.Lines(aliasesText) {
		f := strings.SplitN(strings.TrimSpace(line), "|", 3)
		if strings.HasPrefix(line, "#") || len(f) != 3 {
			continue
		}
		want, ok := places().named(Fold(f[0]), f[1], "")
		if !ok {
			t.Errorf("%s (%s) is not in the data", f[0], f[1])
			continue
		}
		for other := range strings.SplitSeq(f[2], ",") {
			if got, _ := Find(other, f[1]); got != want {
				t.Errorf("%q in %s finds %+v, not %s", other, f[1], got, f[0])
			}
		}
	}
}

// The data are in the order that the search relies on, and every zone exists.
func TestData(t *testing.T) {
	x := places()
	if len(x.lines) < 40_000 {
		t.Errorf("only %d places", len(x.lines))
	}
	for _, z := range x.zones {
		if _, err := time.LoadLocation(z); err != nil {
			t.Error(err)
		}
	}
	for i := range x.lines {
		r := x.row(i)
		if i > 0 && x.key(i) < x.key(i-1) {
			t.Fatalf("%q after %q", x.key(i), x.key(i-1))
		}
		if Fold(r.Name) != x.key(i) {
			t.Fatalf("%q has the key %q", r.Name, x.key(i))
		}
		if CountryName(r.Country, "en") == r.Country || r.Lat < -90 || r.Lat > 90 || r.Lon < -180 || r.Lon > 180 {
			t.Fatalf("%+v", r)
		}
	}
	if n := len(placesPacked) + len(countriesPacked); n > 1_500_000 {
		t.Errorf("%d bytes of data", n)
	}
}

func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	places()
	countries()
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := *places()
	kept := len(x.text) + 4*cap(x.lines) + 48*cap(x.aliases)
	if kept > 8<<20 {
		t.Errorf("the index keeps %d bytes", kept)
	}
	for range 1000 {
		Find("Белград", "Сербия")
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("index %d KiB, whole heap %d KiB", kept>>10, after.HeapAlloc>>10)
	if after.HeapAlloc > 15<<20 {
		t.Errorf("heap of %d bytes", after.HeapAlloc)
	}
}

// Of the cities of a real list of conferences nearly all are found.
func TestRealCities(t *testing.T) {
	data, err := os.ReadFile("../../shared/data/conferences.json")
	if err != nil {
		t.Skip("the list of conferences is not here")
	}
	var rows []struct{ City, Country string }
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	all, found := 0, 0
	missing := map[string]int{}
	for _, r := range rows {
		if r.City == "" {
			continue
		}
		all++
		if _, ok := Find(r.City, r.Country); ok {
			found++
		} else {
			missing[r.City+" / "+r.Country]++
		}
	}
	t.Logf("%d of %d found; not: %v", found, all, missing)
	if all < 1800 || found*1000 < all*990 {
		t.Errorf("%d of %d cities found", found, all)
	}
}

func BenchmarkFind(b *testing.B) {
	places()
	countries()
	for b.Loop() {
		Find("Sandusky, OH", "U.S.A.")
	}
}

func FuzzFind(f *testing.F) {
	f.Add("Sandusky, OH", "U.S.A.")
	f.Add("Белград", "")
	f.Add("a/b|c&d(", "GE")
	f.Fuzz(func(t *testing.T, city, country string) {
		if Fold(Fold(city)) != Fold(city) {
			t.Fatalf("Fold(%q) = %q folds to %q", city, Fold(city), Fold(Fold(city)))
		}
		iso, known := Country(country)
		if p, ok := Find(city, country); ok && known && p.Country != iso {
			t.Fatalf("Find(%q, %q) = %+v", city, country, p)
		}
		Search(city, 5)
	})
}
