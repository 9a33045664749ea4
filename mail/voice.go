package mail

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

//go:embed catalogue/*.toml
var catalogueFiles embed.FS

// voice has the words of letters in one language.
type voice struct {
	lang string
	loc  *i18n.Localizer
}

// voices are all languages there is a catalogue for, English first.
var voices = sync.OnceValue(func() []*voice {
	names, err := fs.Glob(catalogueFiles, "catalogue/*.toml")
	if err != nil {
		panic(err) // the pattern is ours
	}
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	var out []*voice
	for _, name := range names { // "en" comes first by its name
		f, err := bundle.LoadMessageFileFS(catalogueFiles, name)
		if err != nil {
			panic(fmt.Sprintf("the catalogue %s: %v", name, err)) // embedded: a test reads it
		}
		lang := f.Tag.String()
		out = append(out, &voice{lang: lang, loc: i18n.NewLocalizer(bundle, lang)})
	}
	return out
})

// voiceFor is the voice for a reader of the given languages, best first.
func voiceFor(langs ...string) *voice {
	for _, want := range langs {
		base, _, _ := strings.Cut(strings.ToLower(want), "-")
		for _, v := range voices() {
			if v.lang == base {
				return v
			}
		}
	}
	return voices()[0]
}

// T returns a text with its names filled in.
func (v *voice) T(key string, names map[string]any) string {
	s, err := v.loc.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: names})
	if err != nil && s == "" {
		return key
	}
	return s
}

// N returns a text in the plural form of n, which it knows as Count.
func (v *voice) N(key string, n int) string {
	s, err := v.loc.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: map[string]any{"Count": n}, PluralCount: n})
	if err != nil && s == "" {
		return key
	}
	return s
}

// Has tells whether any catalogue has the key.
func (v *voice) Has(key string) bool {
	s, err := v.loc.Localize(&i18n.LocalizeConfig{MessageID: key})
	return err == nil || s != ""
}
