package gazetteer

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:embed countries.tsv.gz
var countriesPacked []byte

// countryAliases are names that no list of countries has: parts that people
// take for countries, old names, and shorthand. Folded.
var countryAliases = map[string]string{
	"usa": "US", "united states of america": "US", "the united states": "US", "america": "US", "сша": "US", "америка": "US",
	"uk": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB",
	"великобритания": "GB", "англия": "GB", "шотландия": "GB", "уэльс": "GB",
	"korea": "KR", "republic of korea": "KR", "корея": "KR", "czech republic": "CZ", "czechia": "CZ", "чешская республика": "CZ",
	"macedonia": "MK", "македония": "MK", "russian federation": "RU", "российская федерация": "RU", "рф": "RU",
	"holland": "NL", "голландия": "NL", "the netherlands": "NL", "turkey": "TR", "turkiye": "TR", "uae": "AE", "эмираты": "AE", "оаэ": "AE",
	"hong kong": "HK", "hong kong sar": "HK", "hongkong": "HK", "macau": "MO", "macao": "MO", "burma": "MM", "ivory coast": "CI", "cape verde": "CV", "swaziland": "SZ",
	"bosnia": "BA", "bosnia and herzegovina": "BA", "босния": "BA", "viet nam": "VN", "белоруссия": "BY", "молдавия": "MD", "киргизия": "KG",
	"republic of ireland": "IE", "palestine": "PS", "vatican": "VA", "peoples republic of china": "CN", "prc": "CN", "brasil": "BR", "deutschland": "DE",
	"dominican republic": "DO", "trinidad": "TT", "kosovo": "XK", "east timor": "TL", "congo": "CG", "drc": "CD", "saint martin": "MF",
	"republic of moldova": "MD", "republic of serbia": "RS", "srbija": "RS", "косово": "XK", "south korea": "KR", "north korea": "KP",
}

// countries is what countries.tsv.gz holds, by code and by folded name.
var countries = sync.OnceValue(func() (c struct {
	byName  map[string]string
	english map[string]string
	russian map[string]string
	serbian map[string]string
}) {
	c.byName, c.english, c.russian, c.serbian = map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	var rows [][]string
	for line := range strings.Lines(unpack(countriesPacked)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	for _, r := range rows {
		c.english[r[0]], c.russian[r[0]], c.serbian[r[0]] = r[1], r[2], r[9]
	}
	// A name in two languages can mean two countries; the language that comes
	// first in the file wins, English before all.
	for i := 1; i < len(rows[0]); i++ {
		for _, r := range rows {
			if key := Fold(r[i]); key != "" && c.byName[key] == "" {
				c.byName[key] = r[0]
			}
		}
	}
	for name, code := range countryAliases {
		c.byName[name] = code
	}
	return c
})

// unpack returns data that the program carries; it panics if they are broken,
// which a test excludes.
func unpack(packed []byte) string {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(fmt.Sprintf("gazetteer: data: %v", err))
	}
	var b strings.Builder
	if _, err := io.Copy(&b, z); err != nil {
		panic(fmt.Sprintf("gazetteer: data: %v", err))
	}
	return b.String()
}

// Country returns the ISO 3166-1 alpha-2 code (XK for Kosovo) of a country
// named by its code or by a name in one of some twenty languages: "RS",
// "Serbia", "Сербия", "U.S.A.", "Scotland".
func Country(nameOrCode string) (iso2 string, ok bool) {
	if len(nameOrCode) > 200 {
		return "", false
	}
	c := countries()
	name := strings.TrimSpace(nameOrCode)
	if code := strings.ToUpper(name); len(code) == 2 && c.english[code] != "" {
		return code, true
	}
	key := Fold(name)
	if iso2, ok = c.byName[key]; !ok {
		iso2, ok = c.byName[strings.TrimPrefix(key, "the ")]
	}
	return iso2, ok
}

// CountryName returns the English name of a country, or the Russian or Serbian one
// (in Latin letters) for a language that begins with "ru" or "sr"; the code itself
// where it is unknown.
func CountryName(iso2, lang string) string {
	c := countries()
	names := c.english
	switch base, _, _ := strings.Cut(strings.ToLower(lang), "-"); base {
	case "ru":
		names = c.russian
	case "sr":
		names = c.serbian
	}
	if name := names[strings.ToUpper(iso2)]; name != "" {
		return name
	}
	return iso2
}
