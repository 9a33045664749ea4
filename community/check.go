package community

import (
	"net/url"
	"sync"
	"time"
	"unicode/utf8"
)

func checkTexts(p *problems, field string, texts Texts, minLen, maxLen int) {
	seen := map[string]bool{}
	for _, t := range texts {
		switch n := utf8.RuneCountInString(t.Text); {
		case n < minLen:
			p.add(field, "short", "at least %d characters", minLen)
		case n > maxLen:
			p.add(field, "long", "at most %d characters, this has %d", maxLen, n)
		}
		if t.Lang != "" && !ValidLang(t.Lang) {
			p.add(field, "language", "%q is not a language tag such as en or ru", t.Lang)
		}
		if seen[t.Lang] {
			p.add(field, "language_twice", "the language %q is given twice", t.Lang)
		}
		seen[t.Lang] = true
	}
}

func checkZone(p *problems, zone string) {
	if zone == "" {
		p.add("zone", "required", "a time zone is needed, such as Europe/Belgrade")
	} else if !ValidZone(zone) {
		p.add("zone", "zone", "%q is not an IANA time zone such as Europe/Belgrade", zone)
	}
}

// ValidZone tells whether zone is in the IANA database. "Local" is not: it
// means another thing on every machine.
func ValidZone(zone string) bool {
	if zone == "" || zone == "Local" {
		return false
	}
	_, err := loadZone(zone)
	return err == nil
}

// zones keeps loaded zones: parsing one costs more than everything else on a
// page. Its size is bounded by the number of IANA names, as only found ones are
// kept.
var zones sync.Map // string -> *time.Location

func loadZone(zone string) (*time.Location, error) {
	if l, ok := zones.Load(zone); ok {
		return l.(*time.Location), nil
	}
	l, err := time.LoadLocation(zone)
	if err != nil {
		return nil, err
	}
	zones.Store(zone, l)
	return l, nil
}

func location(zone string) *time.Location {
	if zone == "" || zone == "Local" {
		return time.UTC
	}
	l, err := loadZone(zone)
	if err != nil {
		return time.UTC
	}
	return l
}

func httpURL(s string) bool {
	if len(s) > 2000 {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}
