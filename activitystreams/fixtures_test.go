package activitystreams

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"konfa/community"
	"konfa/prose"
)

// testRSA is a key that was made for these tests: golden files need one that
// stays the same.
const testRSA = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqto6yd4MRFMopBw8vBig
4gI2ZgXKbu3lsyhUQ8fgVFRgIvsUJGlP7iAzI9pjA5TtzP4DF+NqlNut1DViZljc
rNQG+nhdmxKJwxB5nNb1k870ZoQXnf/Wa3POMbqDUU46xHfGUT5l7gC9MJjrlMnq
hEQcvDvhji/zUS6+ZmGJJQohq+HB9dAuWIRwpgRUezIkIt84JqZVgX1fr9D3N0a5
EPUPcDefNtJoOAYpVfJFXgXLWh4PEidmq7/6HlcrSDBaD09iOBtl3aziFYrjEEtR
zhFKW7jTykGLwJCUCvok4aK/gnVYGzXgwaaJrEXqLeNodhajkKxTCMbD8QOyrgxz
UQIDAQAB
-----END PUBLIC KEY-----
`

var site = community.NewSite("https://belgrade.example")

func testKeys(t testing.TB) ActorKeys {
	t.Helper()
	block, _ := pem.Decode([]byte(testRSA))
	if block == nil {
		t.Fatal("the test key is no PEM")
	}
	if k, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
		t.Fatal(err)
	} else if _, ok := k.(*rsa.PublicKey); !ok {
		t.Fatal("the test key is not RSA")
	}
	ed := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public()
	der, err := x509.MarshalPKIXPublicKey(ed)
	if err != nil {
		t.Fatal(err)
	}
	return ActorKeys{RSA: block.Bytes, Ed25519: der}
}

func testCity() *community.City {
	return &community.City{
		Handle: "belgrade", Name: community.Texts{{Lang: "en", Text: "Belgrade"}, {Lang: "ru", Text: "Белград"}},
		About: community.Texts{{Lang: "en", Text: "People of **Belgrade** who meet."}, {Lang: "ru", Text: "Люди Белграда."}},
		Zone:  "Europe/Belgrade", Country: "RS", Languages: []string{"en", "ru"}, Place: &community.Point{Lat: 44.8125, Lon: 20},
		Picture: &community.Picture{URL: "https://belgrade.example/media/city.png", MediaType: "image/png", Alt: "The white city", Width: 400, Height: 400},
		Banner:  &community.Picture{URL: "https://belgrade.example/media/river.jpg", MediaType: "image/jpeg", Alt: "Two rivers"},
		Links:   []community.Link{{Name: "Chat", URL: "https://t.me/belgrade?a=1&b=2"}},
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Updated: time.Date(2026, 3, 2, 3, 4, 5, 0, time.UTC),
	}
}

func rendered(t community.Texts) community.Texts { return t.Map(prose.Markdown) }

// oneLanguage is a conference with as little as possible.
func oneLanguage() *community.Conference {
	c := &community.Conference{
		UUID: "0192f0c1-2d3e-7f40-8a5b-6c7d8e9f0a1b", Slug: "reading-evening",
		Title: community.Texts{{Lang: "en", Text: "Reading evening"}},
		Text:  community.Texts{{Lang: "en", Text: "We read *aloud*.\n\nBring a book."}},
		Start: time.Date(2026, 5, 1, 16, 0, 0, 0, time.UTC), Zone: "Europe/Belgrade", OpenEnd: true,
		Venue:   &community.Venue{Name: "Library", Street: "Knez Mihailova 56", Revision: 1},
		Created: time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC), Published: time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC), Updated: time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC),
	}
	c.HTML = rendered(c.Text)
	c.Tidy()
	return c
}

// twoLanguages is a conference with everything.
func twoLanguages() *community.Conference {
	c := &community.Conference{
		UUID: "0192f0c1-2d3e-7f40-8a5b-6c7d8e9f0a1c", Slug: "go-conf",
		Title: community.Texts{{Lang: "ru", Text: "Конференция про Go"}, {Lang: "en", Text: "Go & friends"}},
		Text:  community.Texts{{Lang: "ru", Text: "Два дня **докладов**.\n\n- раз\n- два"}, {Lang: "en", Text: "Two days of *talks*.\n\n- one\n- two"}},
		Start: time.Date(2026, 10, 24, 8, 0, 0, 0, time.UTC), End: time.Date(2026, 10, 25, 17, 30, 0, 0, time.UTC), Zone: "Europe/Belgrade",
		Venue:     &community.Venue{Name: "Dom omladine", Street: "Makedonska 22", PostalCode: "11000", Locality: "Beograd", Region: "Belgrade", Country: "RS", Directions: "Second floor", Place: &community.Point{Lat: 44.8155, Lon: 20}, Revision: 3},
		OnlineURL: "https://meet.example/go?room=1&x=2", Capacity: 120, JoinMode: community.Restricted, Languages: []string{"ru", "en"},
		Cost: "500 RSD for tea", Cover: &community.Picture{URL: "https://belgrade.example/media/go.webp", MediaType: "image/webp", Alt: "A gopher", Width: 1200, Height: 630, Blurhash: "U5SY?Z00nOxu7ORP.8-pU^kVS#NGXyxbMxM{"},
		Tags: []string{"golang", "белград"}, Category: "DIY_MAKER_SPACES", Organisers: []community.Organiser{{Name: "Anna", Handle: "anna"}},
		Link: "https://goconf.example/", Status: community.Scheduled,
		Created: time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC), Published: time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC), Updated: time.Date(2026, 4, 2, 10, 0, 0, 0, time.UTC),
		Seats: community.Seats{Going: 38},
	}
	c.HTML = rendered(c.Text)
	c.Tidy()
	return c
}
