package activitystreams

import (
	"testing"

	"konfa/community"
)

func benchDoc(b *testing.B, make func(e *Encoder) ([]byte, error)) []byte {
	b.Helper()
	doc, err := make(NewEncoder(site))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	return doc
}

func BenchmarkEvent(b *testing.B) {
	e, c, city := NewEncoder(site), twoLanguages(), testCity()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Event(c, EventExtra{City: city}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkActivity(b *testing.B) {
	e := NewEncoder(site)
	event := benchDoc(b, func(e *Encoder) ([]byte, error) { return e.Event(twoLanguages(), EventExtra{}) })
	for b.Loop() {
		if _, err := e.Activity(Activity{ID: site.Activity("1"), Type: "Create", Actor: community.CityActor, To: []string{PublicURI}, Object: event}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadEnvelope(b *testing.B) {
	doc := benchDoc(b, func(e *Encoder) ([]byte, error) {
		event, err := e.Event(twoLanguages(), EventExtra{})
		if err != nil {
			return nil, err
		}
		return e.Activity(Activity{ID: site.Activity("1"), Type: "Create", Actor: community.CityActor, To: []string{PublicURI}, Object: event})
	})
	for b.Loop() {
		if _, err := ReadEnvelope(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadEvent(b *testing.B) {
	doc := benchDoc(b, func(e *Encoder) ([]byte, error) { return e.Event(twoLanguages(), EventExtra{}) })
	for b.Loop() {
		if _, err := ReadEvent(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadActor(b *testing.B) {
	keys := testKeys(b)
	doc := benchDoc(b, func(e *Encoder) ([]byte, error) { return e.City(testCity(), keys) })
	for b.Loop() {
		if _, err := ReadActor(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadPost(b *testing.B) {
	doc := benchDoc(b, func(e *Encoder) ([]byte, error) {
		return e.Post(&community.Post{Slug: "x", Author: community.CityActor, HTML: community.Plain("en", `<p><span class="h-card"><a href="https://a.example/@b" class="u-url mention">@<span>b</span></a></span> Hello there, see you on <a href="https://b.example/">Saturday</a></p>`), Visibility: community.Public})
	})
	for b.Loop() {
		if _, err := ReadPost(doc); err != nil {
			b.Fatal(err)
		}
	}
}
