package web

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed catalogue/*.toml
var catalogueFiles embed.FS

// tongue is one language that the pages speak.
type tongue struct {
	Code string // BCP 47, the name of the catalogue
	Tag  string // for machines that read the page: with the script where it is not the usual one
	Name string // in itself: "Русский"
	loc  *i18n.Localizer
}

// tongues are all languages there is a catalogue for. The first one answers
// for those that are not there.
type tongues struct {
	list    []*tongue
	matcher language.Matcher
}

// loadTongues reads the embedded catalogues.
func loadTongues() (*tongues, error) {
	names, err := fs.Glob(catalogueFiles, "catalogue/*.toml")
	if err != nil {
		return nil, err
	}
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	ts := &tongues{}
	// A language has a catalogue of its own, "ru.toml", and one for each part of
	// the house, "desk.ru.toml".
	var tags []language.Tag
	for _, name := range names {
		f, err := bundle.LoadMessageFileFS(catalogueFiles, name)
		if err != nil {
			return nil, fmt.Errorf("the catalogue %s: %w", name, err)
		}
		if strings.Count(path.Base(name), ".") == 1 { // "en" comes first by its name
			ts.list = append(ts.list, &tongue{Code: f.Tag.String()})
			tags = append(tags, f.Tag)
		}
	}
	for _, t := range ts.list {
		t.loc = i18n.NewLocalizer(bundle, t.Code)
		t.Name, t.Tag = t.T("language"), t.Code
		if script := scripts[t.Code]; script != "" {
			t.Tag += "-" + script
		}
	}
	ts.matcher = language.NewMatcher(tags)
	return ts, nil
}

// scripts are those of catalogues that are not in the script which their language
// has by itself: without a word, machines would take Serbian for Cyrillic.
var scripts = map[string]string{"sr": "Latn"}

// understood are languages whose speakers read another one as their own, rather
// than English. Their standards differ in spelling and in some words.
var understood = map[string]string{"hr": "sr", "bs": "sr", "cnr": "sr", "sh": "sr"}

// baseOf is the language of a tag that its speakers are served in: "ru" of
// "ru-RU"; one catalogue is for all scripts and countries.
func baseOf(code string) string {
	base, _, _ := strings.Cut(strings.ToLower(code), "-")
	if other := understood[base]; other != "" {
		return other
	}
	return base
}

// byCode returns the language of a tag such as "ru" or "ru-RU".
func (ts *tongues) byCode(code string) (*tongue, bool) {
	base := baseOf(code)
	for _, t := range ts.list {
		if t.Code == base {
			return t, true
		}
	}
	return nil, false
}

// langCookie keeps the language that a reader chose. It holds nothing else, and
// is the only cookie of the pages.
const langCookie = "lang"

// choose picks the language of an answer: what the address says, what was
// chosen before, what the browser wants, what the city speaks.
func (ts *tongues) choose(r *http.Request, city []string) *tongue {
	if t, ok := ts.byCode(r.URL.Query().Get("lang")); ok {
		return t
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if t, ok := ts.byCode(c.Value); ok {
			return t
		}
	}
	if h := r.Header.Get("Accept-Language"); h != "" && len(h) < 1000 {
		if tags, _, err := language.ParseAcceptLanguage(h); err == nil && len(tags) > 0 {
			for i, tag := range tags { // the matcher would not read Latin for Cyrillic
				if base := baseOf(tag.String()); scripts[base] != "" {
					tags[i] = language.Make(base)
				}
			}
			if _, i, confidence := ts.matcher.Match(tags...); confidence >= language.High {
				return ts.list[i]
			}
		}
	}
	for _, code := range city {
		if t, ok := ts.byCode(code); ok {
			return t
		}
	}
	return ts.list[0]
}

// T returns a text with its names filled in: T("front.lead", "City", "Belgrade").
// A key that no catalogue has comes back as it is; a test keeps that from
// happening.
func (t *tongue) T(key string, pairs ...any) string {
	s, err := t.loc.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: pairMap(pairs)})
	if err != nil && s == "" {
		return key
	}
	return s
}

// N returns a text in the plural form of n, which it knows as Count.
func (t *tongue) N(key string, n int, pairs ...any) string {
	m := pairMap(pairs)
	m["Count"] = n
	s, err := t.loc.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: m, PluralCount: n})
	if err != nil && s == "" {
		return key
	}
	return s
}

// Has tells whether any catalogue has the key.
func (t *tongue) Has(key string) bool {
	s, err := t.loc.Localize(&i18n.LocalizeConfig{MessageID: key})
	return err == nil || s != ""
}

func pairMap(pairs []any) map[string]any {
	m := make(map[string]any, len(pairs)/2+1)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m
}

// reads lists the languages of a reader for picking among the texts of a
// conference: the one of the page first, then those of the city.
func (t *tongue) reads(city []string) []string {
	return append([]string{t.Code}, slices.DeleteFunc(slices.Clone(city), func(l string) bool { return l == t.Code })...)
}

// languageNames are what languages are called, in each tongue, where a page
// names the language of a talk.
func (t *tongue) languageName(code string) string {
	base, _, _ := strings.Cut(strings.ToLower(code), "-")
	if key := "lang_name." + base; t.Has(key) {
		return t.T(key)
	}
	return code
}
