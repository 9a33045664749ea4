package peers

import (
	"strings"
	"testing"
	"time"

	"konfa/test/standin"
)

// The city publishes, changes, calls off and takes away, and the people of every
// software see it as well as that software can show it.
func TestWhatBecomesOfAConference(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, cityOptions{Handle: "belgrade", Host: "seen.localhost"})
	art := pictures(t, "127.0.0.141")
	c.befriend()
	day := time.Now().AddDate(0, 0, 7)
	clock := func(hour, minute int) time.Time {
		zone, err := time.LoadLocation("Europe/Belgrade")
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, zone)
	}
	when := day.Format("2006-01-02")

	// A post shows the line of when and where; an event has it for itself.
	var conf conference
	post := all(says("Maps and tea", "19:00", "Central Library"))
	event := all(kind("event"), says("Maps and tea"), begins(clock(19, 0)), at("Central Library"))
	published := expected{
		"mastodon": all(post, kind("status"), listed), "mastodon 4.4": all(post, kind("status"), listed),
		"gotosocial": all(post, kind("status")), "misskey": all(post, kind("status")),
		"friendica": event, "hubzilla": all(post, kind("event"), begins(clock(19, 0))), "gancio": all(event, listed), "wordpress": all(event, listed), "mobilizon": all(event, listed, in("confirmed")),
		"piefed": event, "lemmy": all(post, kind("thread")), "mbin": all(post, kind("thread")),
		"pixelfed": all(post, kind("photo")),
	}
	t.Run("published", func(t *testing.T) {
		conf = c.city.addConference("Maps and tea", "--start", when+"T19:00", "--duration", "2h", "--venue", "Central Library", "--street", "Makedonska 22", "--locality", "Belgrade", "--lat", "44.8", "--lon", "20", "--tag", "maps", "--text", "Bring a **map**.",
			"--cover", art.url+"/poster.jpg", "--cover-alt", "A poster")
		c.see(t, conf.URI, published)
	})
	t.Run("found by its address", func(t *testing.T) {
		if err := c.mastodon.Search(conf.URI); err != nil {
			t.Error(err)
		}
		pinned, err := c.mastodon.Featured(c.city.cityURI())
		if err != nil {
			t.Error(err)
		}
		for _, id := range pinned {
			if c.mastodon.Thing(id) == nil {
				t.Errorf("%s is pinned, and nobody sees it", id)
			}
		}
	})
	t.Run("with a picture", func(t *testing.T) {
		with := pictured(art.url + "/poster.jpg")
		c.see(t, conf.URI, expected{"": with})
	})
	t.Run("a point on the map", func(t *testing.T) {
		c.see(t, conf.URI, expected{"": says("Maps"), "mobilizon": sight(func(t *standin.Thing) error {
			if t.Latitude != 44.8 || t.Longitude != 20 {
				return errorf("it is at %v, %v", t.Latitude, t.Longitude)
			}
			return nil
		})})
	})

	later := all(says("Maps, tea and cake", "20:30"))
	moved := all(kind("event"), says("Maps, tea and cake"), begins(clock(20, 30)), at("Dom omladine"))
	note := sight(func(thing *standin.Thing) error { return nil })
	t.Run("moved", func(t *testing.T) {
		c.city.run(nil, "conf", "update", conf.Slug, "--title", "Maps, tea and cake", "--start", when+"T20:30", "--venue", "Dom omladine", "--street", "Makedonska 24")
		c.see(t, conf.URI, expected{
			"": all(later, says("Dom omladine")), "friendica": moved, "gancio": moved, "wordpress": moved, "mobilizon": all(moved, listed), "piefed": moved,
			// No edit is taken there: the post stays, and a note below says it.
			"mastodon 4.4": note, "misskey": note,
		})
		for _, name := range []string{"mastodon 4.4", "misskey"} {
			c.told(t, name, conf.URI, "20:30", "Dom omladine")
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		c.city.run(nil, "conf", "cancel", conf.Slug, "--message", "The kettle broke")
		off := says("Cancelled")
		c.see(t, conf.URI, expected{
			"": off, "mobilizon": in("cancelled"), "friendica": off, "gancio": off, "wordpress": off, "piefed": off,
			"mastodon 4.4": note, "misskey": note,
		})
		for _, name := range []string{"mastodon 4.4", "misskey"} {
			c.told(t, name, conf.URI, "is cancelled")
		}
	})
	t.Run("removed", func(t *testing.T) {
		c.city.run(nil, "conf", "delete", conf.Slug)
		c.gone(t, conf.URI, nil)
		if status, _, _ := c.city.get(conf.URI, activityJSON); status != 410 {
			t.Errorf("the conference answers %d, which Mobilizon asks for", status)
		}
	})
	t.Run("no picture and no venue", func(t *testing.T) {
		conf := c.city.addConference("On the line", "--online", "https://meet.example/x", "--start", when+"T18:00", "--duration", "1h")
		line := all(says("On the line", "18:00"))
		c.see(t, conf.URI, expected{
			"": line, "friendica": kind("event"), "gancio": all(kind("event"), says("On the line"), listed), "wordpress": all(kind("event"), says("On the line")), "mobilizon": all(kind("event"), says("On the line"), listed), "piefed": all(kind("event"), says("On the line")),
			"pixelfed": "it shows pictures only",
		})
		c.city.run(nil, "conf", "update", conf.Slug, "--title", "Still on the line")
		c.see(t, conf.URI, expected{
			"": says("Still on the line"), "mastodon 4.4": note, "misskey": note, "pixelfed": "it shows pictures only",
		})
	})
	t.Run("long, and in Cyrillic", func(t *testing.T) {
		long := strings.Repeat("Долгий разговор о том, как всё устроено. ", 970)
		conf := c.city.addConference("Вечер коротких докладов", "--lang", "ru", "--start", when+"T19:00", "--duration", "2h", "--venue", "Дом омладине", "--street", "Makedonska 22", "--text", long, "--cover", art.url+"/poster.jpg", "--cover-alt", "Афиша")
		c.see(t, conf.URI, expected{"": says("Вечер коротких докладов")})
		for _, v := range c.visitors {
			for _, r := range v.Receipts() {
				if r.Size > 64<<10 {
					t.Errorf("%s got %d bytes", v.name, r.Size)
				}
			}
		}
	})
	t.Run("in two languages", func(t *testing.T) {
		conf := c.city.addConference("Evening of talks", "--lang", "en", "--title-in", "ru=Вечер докладов", "--text", "Short talks.", "--text-in", "ru=Короткие доклады.", "--start", when+"T19:00", "--duration", "2h", "--venue", "Library", "--street", "Makedonska 22", "--cover", art.url+"/poster.jpg", "--cover-alt", "A poster")
		c.see(t, conf.URI, expected{
			"": says("Evening of talks"), "mastodon": all(says("Evening of talks"), tongue("en")), "mastodon 4.4": all(says("Evening of talks"), tongue("en")),
		})
	})
	c.settled()
	c.nobodyComplained(t)
}
