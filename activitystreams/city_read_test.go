package activitystreams

import (
	"os"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestReadCity(t *testing.T) {
	ours, err := os.ReadFile("testdata/city.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	k, err := ReadCity(ours)
	if err != nil {
		t.Fatal(err)
	}
	if k.Place == nil || k.Country == "" || k.Following == "" || len(k.Name) < 2 {
		t.Errorf("what we write of a city is not read whole: %+v", k)
	}

	for name, c := range map[string]struct {
		doc  string
		want community.KnownCity
	}{
		"bare":         {`{"id":"https://b.example/city","type":"Group","name":"Belgrade"}`, community.KnownCity{Name: community.Plain("", "Belgrade")}},
		"nowhere":      {`{"type":"Group","location":{"latitude":0,"longitude":0}}`, community.KnownCity{}},
		"not on earth": {`{"type":"Group","location":{"latitude":91,"longitude":5}}`, community.KnownCity{}},
		"in a list": {`{"type":"Group","location":[{"latitude":44.8,"longitude":20.5,"address":{"addressCountry":"rs"}}]}`,
			community.KnownCity{Country: "RS", Place: &community.Point{Lat: 44.8, Lon: 20.5}}},
		"a country in words": {`{"type":"Group","location":{"address":{"addressCountry":"Serbia"}}}`, community.KnownCity{}},
		"a strange address":  {`{"type":"Group","following":"javascript:alert(1)"}`, community.KnownCity{}},
	} {
		got, err := ReadCity([]byte(c.doc))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(&c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	for _, doc := range []string{`{"type":"Person"}`, `{}`, `[]`, `{"type":"Group"`, ``} {
		if k, err := ReadCity([]byte(doc)); err == nil {
			t.Errorf("%s was read as %+v", doc, k)
		}
	}
}

func FuzzReadCity(f *testing.F) {
	seed(f)
	f.Add([]byte(`{"type":"Group","name":["a"],"nameMap":{"en":1,"ru":"x"},"location":[[],{"latitude":1e400,"longitude":"x","address":[{}]}],"following":{"id":"https://a.example/f"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := ReadCity(b)
		if err != nil {
			refused(t, err)
			return
		}
		if k.Place != nil && !k.Place.Valid() {
			t.Errorf("%v is not on earth", *k.Place)
		}
		if k.Country != "" && len(k.Country) != 2 || k.Following != "" && !webID(k.Following) {
			t.Errorf("country %q, following %q", k.Country, k.Following)
		}
		for _, p := range k.Name {
			if len([]rune(p.Text)) > community.MaxName || !utf8.ValidString(p.Text) {
				t.Errorf("the name %q", p.Text)
			}
		}
	})
}
