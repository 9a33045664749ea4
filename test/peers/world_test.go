package peers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

type knownCity struct {
	Host     string   `json:"host"`
	Name     string   `json:"name"`
	State    string   `json:"state"`
	Followed bool     `json:"followed"`
	From     []string `json:"from"`
}

// cities are those that a city knows, by host.
func (c *city) cities(command ...string) map[string]knownCity {
	c.t.Helper()
	var list []knownCity
	c.run(&list, append([]string{"cities"}, command...)...)
	out := map[string]knownCity{}
	for _, k := range list {
		out[k.Host] = k
	}
	return out
}

func (c *city) world() string {
	c.t.Helper()
	_, _, body := c.get("/world", "text/html")
	return string(body)
}

// Four cities, each of which follows the next: the first gets to know the third,
// and never the fourth.
func TestCitiesInAChain(t *testing.T) {
	t.Parallel()
	a := found(t, cityOptions{Host: "127.0.0.81"})
	b := found(t, cityOptions{Name: "Almaty", Host: "127.0.0.82"})
	c := found(t, cityOptions{Name: "Phuket", Host: "127.0.0.83"})
	d := found(t, cityOptions{Name: "Yerevan", Host: "127.0.0.84"})
	c.follow(d.address(), d.cityURI())
	c.awaitFollowing(d.cityURI())
	b.follow(c.address(), c.cityURI())
	b.awaitFollowing(c.cityURI())
	far := d.addConference("Wine in the yard", "--duration", "2h")
	near := b.addConference("Apples and tea", "--duration", "2h")
	beach := c.addConference("Beach clean-up", "--duration", "2h", "--venue", "Nai Harn")
	b.awaitForeign(beach.URI, nil)

	// C is away when A hears of it: by its host alone.
	c.process.stop(t)
	a.follow(b.address(), b.cityURI())
	eventually(t, "A hears of C", func() error {
		known := a.cities()
		if k := known[c.host]; k.State != "heard" || !slices.Contains(k.From, "Almaty") || !known[b.host].Followed || known[b.host].Name != "Almaty" {
			return fmt.Errorf("%+v", known)
		}
		return nil
	})
	_, _, page := a.get("/world/cities", "text/html")
	if !strings.Contains(string(page), c.host) || !strings.Contains(string(page), "Known from Almaty") {
		t.Errorf("the page of cities has no %s", c.host)
	}

	// It comes back, and is confirmed when asked again.
	c.serve()
	eventually(t, "C is confirmed", func() error {
		if k := a.cities("look")[c.host]; k.State != "confirmed" || k.Name != "Phuket" {
			return fmt.Errorf("%+v", k)
		}
		return nil
	})
	eventually(t, "A lists what is on in B and C", func() error {
		page := a.world()
		for _, title := range []string{near.Title, beach.Title, "Hosted by Phuket", "Hosted by Almaty", "<svg"} {
			if !strings.Contains(page, title) {
				return fmt.Errorf("no %q in the world", title)
			}
		}
		return nil
	})
	if known := a.cities("look"); known[d.host].Host != "" || strings.Contains(a.world(), far.Title) || a.foreign(far.URI) != nil {
		t.Errorf("A knows D: %+v", known)
	}
	if known := b.cities("look"); known[d.host].State != "confirmed" || !known[c.host].Followed {
		t.Errorf("B does not know D: %+v", known)
	}

	// B stops following C: nobody names it to A any more.
	b.run(nil, "unfollow", c.address())
	eventually(t, "C lapses", func() error {
		if known := a.cities("look"); known[c.host].Host != "" {
			return fmt.Errorf("%+v", known)
		}
		if strings.Contains(a.world(), beach.Title) {
			return fmt.Errorf("the world lists it still")
		}
		return nil
	})
	// What is on in B stays.
	if !strings.Contains(a.world(), near.Title) {
		t.Error("what is on in B left with it")
	}
}
