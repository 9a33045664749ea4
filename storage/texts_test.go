package storage

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

// The quick reader agrees with encoding/json on all that both read, and what is
// written comes back.
func FuzzTexts(f *testing.F) {
	for _, s := range []string{`[{"lang":"en","text":"a\n\"b\" <p>\\"}]`, `[{"lang":"","text":""},{"lang":"ru","text":"ю"}]`, `[]`, `[{"lang":"en","text":"\u2028"}]`,
		`[{"text":"x","lang":"en"}]`, `[{"lang":"en","text":"x"},]`, `[{"lang":"\`, `[{"lang":"en","text":"x"}`, `null`} {
		f.Add(s, "en", "text")
	}
	f.Fuzz(func(t *testing.T, s, lang, text string) {
		if got, ok := quickTexts(s); ok && json.Valid([]byte(s)) {
			var want community.Texts
			if err := json.Unmarshal([]byte(s), &want); err != nil {
				t.Fatalf("%q is not texts, but was read as %v: %v", s, got, err)
			}
			// encoding/json repairs UTF-8; what is stored was repaired before.
			if cleanText(s) == s && !cmp.Equal(want, got) {
				t.Fatal(cmp.Diff(want, got))
			}
		}
		want := community.Texts{{Lang: cleanText(lang), Text: cleanText(text)}, {Lang: "x", Text: cleanText(s)}}
		var got community.Texts
		if err := unpackTexts(packTexts(want), &got); err != nil || !cmp.Equal(want, got) {
			t.Fatal(err, cmp.Diff(want, got))
		}
	})
}
