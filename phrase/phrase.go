// Package phrase holds what the city itself says to people on other servers, in
// the languages it speaks, and what it understands of their answers. The words
// of its pages are elsewhere, since pages are not the city's voice.
package phrase

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed say/*.toml
var sayFiles embed.FS

// Voice says things in one language.
type Voice struct {
	lang string
	loc  *i18n.Localizer
}

// voices are all languages there is a catalogue for, English first.
var voices = sync.OnceValue(func() []*Voice {
	names, err := fs.Glob(sayFiles, "say/*.toml")
	if err != nil {
		panic(err) // the pattern is ours
	}
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	var out []*Voice
	for _, name := range names { // "en" comes first by its name
		f, err := bundle.LoadMessageFileFS(sayFiles, name)
		if err != nil {
			panic(fmt.Sprintf("the catalogue %s: %v", name, err)) // embedded: a test reads it
		}
		lang := f.Tag.String()
		out = append(out, &Voice{lang: lang, loc: i18n.NewLocalizer(bundle, lang)})
	}
	return out
})

// All lists the voices, English first.
func All() []*Voice { return voices() }

// In returns the voice for someone who reads the given languages, best first.
// English speaks where none of them is spoken.
func In(langs ...string) *Voice {
	all := voices()
	for _, want := range langs {
		base, _, _ := strings.Cut(strings.ToLower(want), "-")
		for _, v := range all {
			if v.lang == base {
				return v
			}
		}
	}
	return all[0]
}

// Lang is the language of the voice, such as "ru".
func (v *Voice) Lang() string { return v.lang }

// Speaks tells whether the voice is of a language, whatever its region.
func (v *Voice) Speaks(lang string) bool {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	return v.lang == base
}

// T returns a text with its names filled in: T("rsvp.going", "Title", "Tea").
// A key that no catalogue has comes back as it is; a test keeps that from
// happening.
func (v *Voice) T(key string, pairs ...any) string {
	s, err := v.loc.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: pairMap(pairs)})
	if err != nil && s == "" {
		return key
	}
	return s
}

// N returns a text in the plural form of n, which it knows as Count.
func (v *Voice) N(key string, n int, pairs ...any) string {
	m := pairMap(pairs)
	m["Count"] = n
	s, err := v.loc.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: m, PluralCount: n})
	if err != nil && s == "" {
		return key
	}
	return s
}

func pairMap(pairs []any) map[string]any {
	m := make(map[string]any, len(pairs)/2+1)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m
}
