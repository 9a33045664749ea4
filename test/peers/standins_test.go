package peers

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/test/standin"
)

// visitor is a stand-in that took part in a journey.
type visitor struct {
	*standin.Server
	name string
}

// crowd is one city and a stand-in for each software.
type crowd struct {
	t        *testing.T
	city     *city
	visitors []*visitor

	mastodon, older *standin.Mastodon
	gotosocial      *standin.GoToSocial
	misskey         *standin.Misskey
	pixelfed        *standin.Pixelfed
	lemmy           *standin.Lemmy
	piefed          *standin.PieFed
	mbin            *standin.Mbin
	friendica       *standin.Friendica
	hubzilla        *standin.Hubzilla
	mobilizon       *standin.Mobilizon
	gancio          *standin.Gancio
	wordpress       *standin.WordPress
}

// network joins the stand-ins with the authority of these tests.
func network(t *testing.T) *standin.Network {
	return &standin.Network{
		Client: client,
		Certificate: func(host string) (tls.Certificate, error) {
			cert, key := certificate(t, host)
			return tls.LoadX509KeyPair(cert, key)
		},
	}
}

// newCrowd founds a city and starts all stand-ins.
func newCrowd(t *testing.T, o cityOptions) *crowd {
	t.Helper()
	c := &crowd{t: t, city: found(t, o)}
	net := network(t)
	var err error
	start := func(name string, s interface{ Base() *standin.Server }, failed error) {
		t.Helper()
		if failed != nil {
			t.Fatalf("%s: %v", name, failed)
		}
		c.visitors = append(c.visitors, &visitor{Server: s.Base(), name: name})
		t.Cleanup(s.Base().Close)
	}
	prefix := strings.Split(c.city.host, ".")[0]
	host := func(software string) string { return software + "-" + prefix + ".localhost" }
	c.mastodon, err = standin.NewMastodon(net, host("mastodon"), "4.5.2")
	start("mastodon", c.mastodon, err)
	c.older, err = standin.NewMastodon(net, host("mastodon44"), "4.4.9")
	start("mastodon 4.4", c.older, err)
	c.gotosocial, err = standin.NewGoToSocial(net, host("gotosocial"))
	start("gotosocial", c.gotosocial, err)
	c.misskey, err = standin.NewMisskey(net, host("misskey"))
	start("misskey", c.misskey, err)
	c.pixelfed, err = standin.NewPixelfed(net, host("pixelfed"))
	start("pixelfed", c.pixelfed, err)
	c.lemmy, err = standin.NewLemmy(net, host("lemmy"))
	start("lemmy", c.lemmy, err)
	c.piefed, err = standin.NewPieFed(net, host("piefed"))
	start("piefed", c.piefed, err)
	c.mbin, err = standin.NewMbin(net, host("mbin"))
	start("mbin", c.mbin, err)
	c.friendica, err = standin.NewFriendica(net, host("friendica"))
	start("friendica", c.friendica, err)
	c.hubzilla, err = standin.NewHubzilla(net, host("hubzilla"))
	start("hubzilla", c.hubzilla, err)
	c.mobilizon, err = standin.NewMobilizon(net, host("mobilizon"))
	start("mobilizon", c.mobilizon, err)
	c.gancio, err = standin.NewGancio(net, host("gancio"))
	start("gancio", c.gancio, err)
	c.wordpress, err = standin.NewWordPress(net, host("wordpress"))
	start("wordpress", c.wordpress, err)
	return c
}

// handle is what people type to follow the city in each software.
func (c *crowd) handle(v *visitor) string {
	switch v.name {
	case "mobilizon":
		return c.city.host // "add an instance": its Application
	case "gancio":
		return c.city.url
	case "lemmy", "piefed", "mbin":
		return "!" + strings.TrimPrefix(c.city.address(), "@")
	}
	return c.city.address()
}

// followed is which actor of the city a software follows.
func (c *crowd) followed(v *visitor) string {
	if v.name == "mobilizon" || v.name == "gancio" {
		return c.city.nodeURI()
	}
	return c.city.cityURI()
}

// befriend makes everybody follow the city.
func (c *crowd) befriend() {
	c.t.Helper()
	for _, v := range c.visitors {
		if err := v.Acts.Follow(c.handle(v)); err != nil {
			c.t.Fatalf("%s follows: %v", v.name, err)
		}
		v.await(c.t, "the follow is accepted", func() error {
			if got := v.Following(c.followed(v)); got != "accepted" {
				return fmt.Errorf("it is %q; %s", got, v.log(""))
			}
			return nil
		})
	}
}

func (v *visitor) await(t *testing.T, what string, check func() error) {
	t.Helper()
	if err := v.Await(within, check); err != nil {
		t.Errorf("%s: %s: %v", v.name, what, err)
	}
}

// log is what came to a visitor, about one object or at all.
func (v *visitor) log(about string) string {
	var lines []string
	for _, r := range v.Receipts() {
		if about == "" || r.Object() == about || strings.Contains(fmt.Sprint(r.Activity), about) {
			lines = append(lines, fmt.Sprintf("%s %s of %s: %d %s", r.Path, r.Type(), r.Object(), r.Status, r.Why))
		}
	}
	if len(lines) == 0 {
		return "nothing came"
	}
	return "there came\n\t" + strings.Join(lines, "\n\t")
}

// settled waits until the city has nothing left to send.
func (c *crowd) settled(except ...string) {
	c.t.Helper()
	eventually(c.t, "everything is sent", func() error {
		if n := c.city.unsent(); n > 0 {
			return fmt.Errorf("%d activities are not prepared yet", n)
		}
		for _, p := range c.city.peers() {
			if p.Waiting > 0 && !slices.Contains(except, p.Host) {
				return fmt.Errorf("%+v", p)
			}
		}
		return nil
	})
}

// sight is what a visitor should see of something the city did: the same for all
// in a journey, but for those that are named.
type sight func(t *standin.Thing) error

// expected is what a journey looks like at each software. A string instead of
// checks says why there is nothing to see, and that nothing was sent.
type expected map[string]any

// everyone lists the software of the crowd.
func (c *crowd) everyone() []string {
	var out []string
	for _, v := range c.visitors {
		out = append(out, v.name)
	}
	return out
}

// see checks an object at every visitor.
func (c *crowd) see(t *testing.T, id string, want expected) {
	t.Helper()
	for name := range want {
		if name != "" && !slices.Contains(c.everyone(), name) {
			t.Fatalf("nobody is called %s", name)
		}
	}
	// A stand-in has done with an activity when it answers: there is nothing to
	// wait for once all is sent.
	c.settled()
	for _, v := range c.visitors {
		w, ok := want[v.name]
		if !ok {
			if w, ok = want[""]; !ok {
				t.Errorf("%s: nothing is said about what it should see", v.name)
				continue
			}
		}
		t.Run(v.name, func(t *testing.T) {
			switch w := w.(type) {
			case string:
				if thing := c.thing(v, id); thing != nil {
					t.Errorf("although %s, it shows %v", w, thing)
				}
			case sight:
				thing := c.thing(v, id)
				if thing == nil {
					t.Fatalf("it is not there; %s", v.log(id))
				}
				if err := w(thing); err != nil {
					t.Errorf("%v\n\tin %v\n\t%s", err, thing, v.log(id))
				}
			default:
				t.Fatalf("%T", w)
			}
		})
	}
}

// thing is how a visitor sees an object of the city: by its id, or in the form
// that was made for its software.
func (c *crowd) thing(v *visitor, id string) *standin.Thing {
	switch v.name {
	case "hubzilla":
		return v.Thing(c.hubzilla.Item(id))
	case "pixelfed", "lemmy", "piefed", "mbin":
		if t := v.Thing(id); t != nil {
			return t
		}
		// A form of its own leads to the page of the conference.
		for _, t := range v.Things() {
			if t.Kind != "comment" && (strings.Contains(t.Text, id) || t.Link == id || strings.HasPrefix(t.ID, id+"/")) {
				return t
			}
		}
		return nil
	}
	return v.Thing(id)
}

// ---- what can be asked of a sight

func all(checks ...sight) sight {
	return func(t *standin.Thing) error {
		for _, check := range checks {
			if err := check(t); err != nil {
				return err
			}
		}
		return nil
	}
}

// says: a reader gets to see all these words.
func says(words ...string) sight {
	return func(t *standin.Thing) error {
		for _, w := range words {
			if !strings.Contains(t.Says(), w) {
				return fmt.Errorf("nobody reads %q", w)
			}
		}
		return nil
	}
}

func kind(want string) sight {
	return func(t *standin.Thing) error {
		if t.Kind != want {
			return fmt.Errorf("it is a %s, not a %s", t.Kind, want)
		}
		return nil
	}
}

func begins(want time.Time) sight {
	return func(t *standin.Thing) error {
		if !t.Start.Equal(want) {
			return fmt.Errorf("it begins at %v, not at %v", t.Start, want)
		}
		return nil
	}
}

func at(place string) sight {
	return func(t *standin.Thing) error {
		if !strings.Contains(t.Place, place) {
			return fmt.Errorf("it is at %q, not at %q", t.Place, place)
		}
		return nil
	}
}

func listed(t *standin.Thing) error {
	if !t.Listed {
		return fmt.Errorf("it is in no list")
	}
	return nil
}

func in(state string) sight {
	return func(t *standin.Thing) error {
		if t.State != state {
			return fmt.Errorf("it is %q, not %q", t.State, state)
		}
		return nil
	}
}

func pictured(url string) sight {
	return func(t *standin.Thing) error {
		if len(t.Images) == 0 || t.Images[0].URL != url {
			return fmt.Errorf("the pictures are %v", t.Images)
		}
		return nil
	}
}

func tongue(want string) sight {
	return func(t *standin.Thing) error {
		if t.Language != want {
			return fmt.Errorf("it is in %q, not %q", t.Language, want)
		}
		return nil
	}
}

// gone waits until nobody sees an object any more.
func (c *crowd) gone(t *testing.T, id string, stays expected) {
	t.Helper()
	c.settled()
	for _, v := range c.visitors {
		t.Run(v.name, func(t *testing.T) {
			thing := c.thing(v, id)
			if why, ok := stays[v.name]; ok {
				if thing == nil {
					t.Errorf("it is gone although %v", why)
				}
			} else if thing != nil {
				t.Errorf("it still sees %v\n\t%s", thing, v.log(id))
			}
		})
	}
}

// picture is a server with pictures.
func pictures(t *testing.T, address string) *stranger {
	s := newStranger(t, address)
	s.page("/poster.jpg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write([]byte("\xff\xd8\xff\xe0 a picture"))
	})
	return s
}

func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }

func (c *crowd) visitor(name string) *visitor {
	c.t.Helper()
	for _, v := range c.visitors {
		if v.name == name {
			return v
		}
	}
	c.t.Fatalf("nobody is called %s", name)
	return nil
}

// told waits for a note below a thing that says all these words.
func (c *crowd) told(t *testing.T, name, about string, words ...string) {
	t.Helper()
	c.settled()
	v := c.visitor(name)
	var seen []string
	for _, reply := range v.RepliesTo(about) {
		missing := slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(reply.Says(), w) })
		if !missing {
			return
		}
		seen = append(seen, reply.Says())
	}
	t.Errorf("%s: of %q the notes below %s say %q; %s", name, words, about, seen, v.log(about))
}

// nobodyComplained fails for everything that a visitor answered with an error,
// or never. What it took and dropped it may have dropped for good reasons. Each
// of but is how a complaint begins that is all right.
func (c *crowd) nobodyComplained(t *testing.T, but ...string) {
	t.Helper()
	for _, v := range c.visitors {
		fine := false
		for _, r := range v.Receipts() {
			complaint := v.name + " " + r.Type() + " " + r.Why
			// A refusal is tried once more in the other scheme of signatures, which few
			// know.
			fine = slices.ContainsFunc(but, func(b string) bool { return strings.HasPrefix(complaint, b) }) || fine && r.Header.Get("Signature-Input") != ""
			if !fine && (r.Status >= 400 || r.Status == 0) {
				t.Errorf("%s answered %s of %s with %d: %s", v.name, r.Type(), r.Object(), r.Status, r.Why)
			}
		}
	}
}

// quiet waits until the city has done with everything that came in.
func (c *crowd) quiet() {
	c.t.Helper()
	eventually(c.t, "what came in is read", func() error {
		if at := c.city.unread(); !at.IsZero() {
			return fmt.Errorf("the next is due at %v", at)
		}
		return nil
	})
}
