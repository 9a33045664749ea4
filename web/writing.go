package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"konfa/community"
	"konfa/node"
)

// uploadsKey is where the files of a form are in the context of its request.
type uploadsKey struct{}

// written reads the form of a POST, with its files, before a handler.
func (s *Server) written(h func(http.ResponseWriter, *http.Request, *viewer) error) func(http.ResponseWriter, *http.Request, *viewer) error {
	return func(w http.ResponseWriter, r *http.Request, v *viewer) error {
		if r.Method != http.MethodPost {
			return h(w, r, v)
		}
		files, err := s.readForm(w, r)
		if err != nil {
			return err
		}
		return h(w, r.WithContext(context.WithValue(r.Context(), uploadsKey{}, files)), v)
	}
}

// uploadsOf are the files that came with a form.
func uploadsOf(r *http.Request) map[string]upload {
	files, _ := r.Context().Value(uploadsKey{}).(map[string]upload)
	return files
}

// newKey is a key for a form, so that what is sent twice is done once.
func newKey() string { return strings.ToLower(rand.Text()) }

// sentKey is the key that came with a form.
func sentKey(f *form) string {
	if k := f.Value("key"); len(k) <= 64 {
		return k
	}
	return ""
}

// seen is the version that was edited, as the form carries it.
func seen(f *form) time.Time {
	us, err := strconv.ParseInt(f.Value("version"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// version is how a form carries the version that it edits.
func version(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// maxLanguages bounds the languages of one text.
const maxLanguages = 8

// langRow is one language of what is written.
type langRow struct {
	Code, Name  string
	Title, Text fieldView
	Only        bool // there is no other, so it cannot be taken away
}

// langsOf are the languages of a form, in their order, at least one.
func (v *viewer) langsOf(f *form) []string {
	var out []string
	for _, l := range f.values["lang"] {
		l = strings.ToLower(strings.TrimSpace(l))
		if community.ValidLang(l) && !slices.Contains(out, l) && len(out) < maxLanguages {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		out = []string{v.city.Languages[0]}
	}
	f.Set("lang", out...)
	return out
}

// turnLanguages adds or takes away a language, as a button of the form asks, and
// tells whether one did.
func (v *viewer) turnLanguages(f *form) bool {
	langs := v.langsOf(f)
	what, lang, _ := strings.Cut(f.Value("do"), ":")
	switch what {
	case "add_lang":
		lang = strings.ToLower(strings.TrimSpace(f.Value("new_lang")))
		switch {
		case !community.ValidLang(lang):
			f.wrong("new_lang", v.T("write.lang_wrong"))
		case len(langs) >= maxLanguages:
			f.wrong("new_lang", v.T("write.lang_many"))
		case !slices.Contains(langs, lang):
			f.Set("lang", append(langs, lang)...)
		}
		f.Set("new_lang")
		return true
	case "drop_lang":
		if len(langs) > 1 {
			f.Set("lang", slices.DeleteFunc(langs, func(l string) bool { return l == lang })...)
			f.Set("title." + lang)
			f.Set("text." + lang)
		}
		return true
	}
	return false
}

// langRows are the fields of each language.
func (v *viewer) langRows(f *form, titleLabel string, titleNeeded bool, textRows int) []langRow {
	langs := v.langsOf(f)
	rows := make([]langRow, len(langs))
	for i, l := range langs {
		name := upperFirst(v.languageName(l))
		title, text := titleLabel, v.T("write.text")
		if len(langs) > 1 {
			title, text = title+" · "+name, text+" · "+name
		}
		rows[i] = langRow{Code: l, Name: name, Only: len(langs) == 1,
			Title: newField(f, "title."+l, title, "required", titleNeeded && i == 0),
			Text:  newField(f, "text."+l, text, "rows", textRows, "required", !titleNeeded && i == 0, "hint", map[bool]string{true: v.T("write.markdown")}[i == 0])}
	}
	return rows
}

// moreLanguages are those that can be added.
func (v *viewer) moreLanguages(f *form) []formOption {
	langs := v.langsOf(f)
	var out []formOption
	for _, l := range append(slices.Clone(v.city.Languages), "en", "ru", "sr", "hr", "uk", "be", "ka", "hy", "kk", "tr", "th", "de", "fr", "es", "pt", "it", "pl", "he", "ar", "zh", "ja") {
		if !slices.Contains(langs, l) && !slices.ContainsFunc(out, func(o formOption) bool { return o.Value == l }) {
			out = append(out, formOption{Value: l, Text: upperFirst(v.languageName(l))})
		}
	}
	return out
}

// textsOf are what was written in each language under a name.
func (v *viewer) textsOf(f *form, name string) community.Texts {
	var out community.Texts
	for _, l := range v.langsOf(f) {
		if t := f.Value(name + "." + l); strings.TrimSpace(t) != "" {
			out = append(out, community.Phrase{Lang: l, Text: t})
		}
	}
	return out
}

// fillTexts writes texts into the fields of their languages.
func (v *viewer) fillTexts(f *form, city *community.City, texts map[string]community.Texts) {
	var langs []string
	for _, name := range []string{"title", "text"} {
		for _, t := range texts[name] {
			l := t.Lang
			if l == "" {
				l = city.Languages[0]
			}
			if !slices.Contains(langs, l) {
				langs = append(langs, l)
			}
			f.Set(name+"."+l, t.Text)
		}
	}
	if len(langs) == 0 {
		langs = city.Languages[:1]
	}
	f.Set("lang", langs...)
}

// fieldOfLang is the field of the language whose text is too short or too long,
// where a rule names the text alone.
func (v *viewer) fieldOfLang(f *form, name string, least, most int) string {
	langs := v.langsOf(f)
	for _, l := range langs {
		t := strings.TrimSpace(f.Value(name + "." + l))
		if n := utf8.RuneCountInString(t); t != "" && n < least || n > most {
			return name + "." + l
		}
	}
	return name + "." + langs[0]
}

// change is a field that someone else changed while this one was edited.
type change struct{ Label, Theirs string }

// changes lists where a form differs from what is stored now.
func changes(typed, now *form, labels [][2]string) []change {
	var out []change
	for _, l := range labels {
		name := l[0]
		a, b := strings.Join(typed.values[name], ", "), strings.Join(now.values[name], ", ")
		if strings.ReplaceAll(strings.TrimSpace(a), "\r\n", "\n") != strings.ReplaceAll(strings.TrimSpace(b), "\r\n", "\n") {
			out = append(out, change{l[1], b})
		}
	}
	return out
}

// edited tells whether an error says that someone else was faster.
func edited(err error) bool {
	e, ok := err.(*community.Error)
	return ok && e.Key == "error.edited"
}

// hearing says in words who would hear of a change.
func (v *viewer) hearing(h node.Hearing) string {
	if h.Guests == 0 {
		return v.T("write.hears_nobody")
	}
	return v.N("write.hears", h.Guests, "Mail", h.Mail, "Fediverse", h.Fediverse)
}
