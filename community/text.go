package community

import (
	"regexp"
	"strings"
)

// Phrase is a text in one language. Lang is a BCP 47 tag, lower case, such as
// "en" or "sr-latn"; it may be empty where a stranger did not say.
type Phrase struct {
	Lang string `json:"lang"`
	Text string `json:"text"`
}

// Texts is one text in one or more languages, the main one first.
type Texts []Phrase

// Plain makes a Texts of one language.
func Plain(lang, text string) Texts {
	if text == "" {
		return nil
	}
	return Texts{{Lang: lang, Text: text}}
}

// First returns the text in the main language, or "".
func (t Texts) First() string {
	if len(t) == 0 {
		return ""
	}
	return t[0].Text
}

// Best returns the phrase that suits a reader of the given languages, best
// first: an exact match, then the same base language, then the main language.
func (t Texts) Best(langs ...string) Phrase {
	if len(t) == 0 {
		return Phrase{}
	}
	for _, want := range langs {
		for _, p := range t {
			if strings.EqualFold(p.Lang, want) {
				return p
			}
		}
		for _, p := range t {
			if baseLang(p.Lang) == baseLang(want) {
				return p
			}
		}
	}
	return t[0]
}

// In returns the text of Best.
func (t Texts) In(langs ...string) string { return t.Best(langs...).Text }

// Languages lists the languages in order, without empty ones.
func (t Texts) Languages() []string {
	var langs []string
	for _, p := range t {
		if p.Lang != "" {
			langs = append(langs, p.Lang)
		}
	}
	return langs
}

// Map applies f to each text and keeps the languages.
func (t Texts) Map(f func(string) string) Texts {
	if t == nil {
		return nil
	}
	out := make(Texts, len(t))
	for i, p := range t {
		out[i] = Phrase{Lang: p.Lang, Text: f(p.Text)}
	}
	return out
}

func baseLang(tag string) string {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return base
}

var langPattern = regexp.MustCompile(`^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}$`)

// ValidLang tells whether tag looks like a BCP 47 language tag.
func ValidLang(tag string) bool { return langPattern.MatchString(tag) }

var handlePattern = regexp.MustCompile(`^[a-z0-9_]{1,30}$`)

// ValidHandle tells whether s can be the name of an actor everywhere: Mastodon,
// Misskey and Mobilizon all take [a-z0-9_], and none fewer than 30 of them.
func ValidHandle(s string) bool { return handlePattern.MatchString(s) }
