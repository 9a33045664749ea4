package activitystreams

import (
	"testing"

	"konfa/community"
)

// A city reads back where she is from what she writes.
func TestReadPlace(t *testing.T) {
	e := NewEncoder(community.NewSite("https://bg.example"))
	c := &community.City{Handle: "belgrade", Name: community.Plain("en", "Belgrade"), Zone: "Europe/Belgrade", Languages: []string{"en"}, Place: &community.Point{Lat: 44.8176, Lon: 20.4569}}
	doc, err := e.City(c, ActorKeys{})
	if err != nil {
		t.Fatal(err)
	}
	if p := ReadPlace(doc); p == nil || *p != *c.Place {
		t.Errorf("read as %+v from %s", p, doc)
	}
	for _, doc := range []string{``, `[]`, `{}`, `{"location":"Belgrade"}`, `{"location":{"type":"Place","name":"x"}}`, `{"location":{"type":"Place","latitude":444,"longitude":1}}`} {
		if p := ReadPlace([]byte(doc)); p != nil {
			t.Errorf("%s: %+v", doc, *p)
		}
	}
}
