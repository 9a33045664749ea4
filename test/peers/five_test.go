package peers

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
)

// five are cities that share with one another, with what they sent one another
// counted over every restart.
type five struct {
	t      *testing.T
	cities []*city
	logs   [][]*output // of every process of each city
}

// foundFive founds five cities. Hosts begins the addresses: 127.0.x.
func foundFive(t *testing.T, hosts string) *five {
	t.Helper()
	f := &five{t: t}
	for i, name := range []string{"Belgrade", "Phuket", "Almaty", "Lisbon", "Tbilisi"} {
		c := found(t, cityOptions{Name: name, Host: fmt.Sprintf("%s.%d", hosts, i+1)})
		f.cities = append(f.cities, c)
		f.logs = append(f.logs, []*output{c.process.log})
	}
	return f
}

// restart starts a city again that was killed.
func (f *five) restart(i int) {
	f.t.Helper()
	f.cities[i].serve()
	f.logs[i] = append(f.logs[i], f.cities[i].process.log)
}

// request is a line about an answered request.
var request = regexp.MustCompile(`msg=request .*method=(\w+) path=(\S+) .*code=(\d+) .*agent="?(\w+)`)

// deliveries counts what the cities took from one another in their inboxes.
func (f *five) deliveries() int {
	return f.count(func(method, path, code string) bool {
		return method == "POST" && strings.HasSuffix(path, "/inbox") && code == "202"
	})
}

// fetches counts how often a conference was asked for by another city.
func (f *five) fetches() int {
	return f.count(func(method, path, code string) bool { return method == "GET" && strings.HasPrefix(path, "/conf/") })
}

func (f *five) count(of func(method, path, code string) bool) int {
	n := 0
	for _, logs := range f.logs {
		for _, log := range logs {
			for line := range strings.Lines(log.String()) {
				if m := request.FindStringSubmatch(line); m != nil && m[4] == "konfa" && of(m[1], m[2], m[3]) {
					n++
				}
			}
		}
	}
	return n
}

// outboxes counts the public activities of each city.
func (f *five) outboxes() []int {
	f.t.Helper()
	out := make([]int, len(f.cities))
	for i, c := range f.cities {
		c.inside(func(ctx context.Context, n *node.Node) (err error) {
			out[i], err = n.Store().CountOutbox(ctx, community.CityActor)
			return err
		})
	}
	return out
}

// busy tells what a city still has to do, or "".
func (f *five) busy(i int) (what string) {
	c := f.cities[i]
	c.inside(func(ctx context.Context, n *node.Node) error {
		fans, err := n.Store().Fanouts(ctx, 1)
		if err != nil {
			return err
		}
		todo, err := n.Store().ReceivedSince(ctx, 0, time.Now().AddDate(1, 0, 0), 1)
		if err != nil {
			return err
		}
		peers, err := n.Store().Peers(ctx)
		if err != nil {
			return err
		}
		waiting := 0
		for _, p := range peers {
			waiting += p.Waiting
		}
		if len(fans)+len(todo)+waiting > 0 {
			what = fmt.Sprintf("%s: %d to be sent, %d on their way, %d to be done", c.name, len(fans), waiting, len(todo))
		}
		return nil
	})
	return what
}

// settle waits until nobody has anything left to send or to do.
func (f *five) settle() {
	f.t.Helper()
	last := -1
	eventually(f.t, "all is quiet", func() error {
		for i := range f.cities {
			if what := f.busy(i); what != "" {
				last = -1
				return fmt.Errorf("%s", what)
			}
		}
		if n := f.deliveries(); n != last {
			last = n
			return fmt.Errorf("%d deliveries by now", n)
		}
		return nil
	})
}

// costs does something, waits until all is quiet, and asserts how many deliveries
// it caused over all cities, and that nobody but those named published anything.
func (f *five) costs(what string, most int, publishers []int, do func()) {
	f.t.Helper()
	before, outboxes := f.deliveries(), f.outboxes()
	do()
	f.settle()
	if n := f.deliveries() - before; n > most {
		f.t.Errorf("%s: %d deliveries, %d are enough", what, n, most)
	} else if n < most/2 {
		f.t.Errorf("%s: only %d deliveries were counted, %d are needed", what, n, most)
	} else {
		f.t.Logf("%s: %d deliveries of at most %d", what, n, most)
	}
	for i, n := range f.outboxes() {
		if n != outboxes[i] && !slices.Contains(publishers, i) {
			f.t.Errorf("%s: %s published %d activities of its own accord", what, f.cities[i].name, n-outboxes[i])
		}
	}
}

// sister makes city i a sister of j, and waits for the yes.
func (f *five) sister(i, j int, announce string) {
	f.t.Helper()
	f.cities[i].run(nil, "sister", "add", f.cities[j].address(), "--announce", announce)
}

type sisterly struct {
	Address string `json:"address"`
	State   string `json:"state"`
}

// awaitSisters waits until every city sees all of its sisters in a state.
func (f *five) awaitSisters(state string, each int) {
	f.t.Helper()
	for _, c := range f.cities {
		eventually(f.t, c.name+" and her sisters are "+state, func() error {
			var list []sisterly
			c.run(&list, "sister", "list")
			n := 0
			for _, s := range list {
				if s.State == state {
					n++
				}
			}
			if n != each {
				return fmt.Errorf("%+v", list)
			}
			return nil
		})
	}
}

type offered struct {
	ID         int64  `json:"id"`
	Kind       string `json:"kind"`
	State      string `json:"state"`
	Conference string `json:"conference"`
	Reason     string `json:"reason"`
}

// offer waits for an offer of a conference in a state, on one side of a city.
func (f *five) offer(i int, side, uri, state string) offered {
	f.t.Helper()
	var got offered
	eventually(f.t, fmt.Sprintf("%s has an offer of %s, %s", f.cities[i].name, uri, state), func() error {
		var list []offered
		f.cities[i].run(&list, "offer", "list", side)
		for _, o := range list {
			if o.Conference == uri && o.State == state {
				got = o
				return nil
			}
		}
		return fmt.Errorf("%+v", list)
	})
	return got
}

// shows asserts that a conference is exactly so often, once or not at all, in
// everything a city shows of its calendar: pages, calendar and feeds.
func (f *five) shows(i int, title string, times int) {
	f.t.Helper()
	c := f.cities[i]
	escaped := strings.ReplaceAll(title, ",", "\\,")
	for _, place := range []struct{ path, mark string }{
		{"/conf.ics", "SUMMARY:" + escaped}, {"/conf.ics", "SUMMARY;LANGUAGE=en:" + escaped}, {"/conf", ">" + title + "</a></h3>"},
		{"/feed.atom", ">" + title + "</title>"}, {"/feed.rss", ">" + title + "</title>"}, {"/feed.json", `"title":"` + title + `"`},
	} {
		eventually(f.t, fmt.Sprintf("%s of %s has %q %d times", place.path, c.name, title, times), func() error {
			status, _, body := c.get(place.path, "")
			text := strings.ReplaceAll(string(body), "\r\n ", "")
			n := strings.Count(text, place.mark)
			if place.path == "/conf" {
				text, _, _ = strings.Cut(text, `id="elsewhere"`) // what sister cities do is not announced
				n = strings.Count(text, place.mark)
			}
			if strings.HasPrefix(place.path, "/feed.json") {
				n = strings.Count(strings.ReplaceAll(text, `": "`, `":"`), place.mark)
			}
			if place.path == "/conf.ics" {
				// The language is said or not.
				n = strings.Count(text, "SUMMARY:"+escaped+"\r\n") + strings.Count(text, "SUMMARY;LANGUAGE=en:"+escaped+"\r\n")
			}
			if status != 200 || n != times {
				return fmt.Errorf("%d times (%d):\n%s", n, status, text)
			}
			return nil
		})
	}
}

// calendars waits until the calendar of each city has exactly these of the others'
// conferences, by title, and says what they are like.
func (f *five) calendars(want []map[string]string) {
	f.t.Helper()
	for i, c := range f.cities {
		eventually(f.t, "the calendar of "+c.name, func() error {
			got := map[string]string{}
			for _, conf := range c.conferences() {
				key := conf.Title
				if _, twice := got[key]; twice {
					return fmt.Errorf("%q is there twice", key)
				}
				got[key] = conf.Status
			}
			if !maps.Equal(got, want[i]) {
				return fmt.Errorf("it has %v, and should have %v", got, want[i])
			}
			return nil
		})
	}
}

// Five cities, all sisters of one another: three announce by themselves, one asks
// her stewards, one announces only what is offered to her.
func TestFiveCities(t *testing.T) {
	t.Parallel()
	const belgrade, phuket, almaty, lisbon, tbilisi = 0, 1, 2, 3, 4
	f := foundFive(t, "127.0.5")
	how := []string{"auto", "approve", "never", "auto", "auto"}
	for i := range f.cities {
		for j := range f.cities {
			if i != j {
				f.sister(i, j, how[i])
			}
		}
	}
	f.awaitSisters("mutual", 4)
	f.settle()

	others := len(f.cities) - 1
	calendars := make([]map[string]string, len(f.cities))
	for i := range calendars {
		calendars[i] = map[string]string{}
	}
	in := func(title, status string, cities ...int) {
		for _, i := range cities {
			calendars[i][title] = status
		}
	}
	out := func(title string) {
		for _, c := range calendars {
			delete(c, title)
		}
	}
	check := func() { t.Helper(); f.calendars(calendars) }

	// One conference, announced by two: one delivery for each other city, thrice.
	var tea conference
	f.costs("a conference that two announce", 3*others, []int{belgrade, lisbon, tbilisi}, func() {
		tea = f.cities[belgrade].addConference("Tea for five", "--duration", "1h", "--venue", "Hall")
		for _, i := range []int{phuket, almaty, lisbon, tbilisi} {
			f.cities[i].awaitForeign(tea.URI, nil)
		}
	})
	in("Tea for five", "scheduled", belgrade, lisbon, tbilisi)
	check()

	// A steward says yes; another city is asked, says no, is asked again, says yes.
	f.costs("a yes", others, []int{phuket}, func() {
		o := f.offer(phuket, "--in", tea.URI, "offered")
		f.cities[phuket].run(nil, "offer", "accept", fmt.Sprint(o.ID))
	})
	f.costs("an offer and a no", 2, nil, func() {
		f.cities[belgrade].run(nil, "offer", "make", tea.Slug, f.cities[almaty].host, "--note", "Please")
		o := f.offer(almaty, "--in", tea.URI, "offered")
		f.cities[almaty].run(nil, "offer", "decline", fmt.Sprint(o.ID), "-m", "Too late")
		if o := f.offer(belgrade, "--out", tea.URI, "declined"); o.Reason != "Too late" {
			t.Errorf("the reason reads %q", o.Reason)
		}
	})
	f.costs("an offer and a yes", 2+others, []int{almaty}, func() {
		f.cities[belgrade].run(nil, "offer", "make", tea.Slug, f.cities[almaty].host)
		o := f.offer(almaty, "--in", tea.URI, "offered")
		f.cities[almaty].run(nil, "offer", "accept", fmt.Sprint(o.ID))
		f.offer(belgrade, "--out", tea.URI, "accepted")
	})
	in("Tea for five", "scheduled", phuket, almaty)
	check()
	for i := range f.cities {
		f.shows(i, "Tea for five", 1)
	}
	// The origin knows who carries it, on its page too.
	_, _, page := f.cities[belgrade].get("/conf/"+tea.Slug, "")
	for _, i := range []int{phuket, almaty, lisbon, tbilisi} {
		if !strings.Contains(string(page), ">"+f.cities[i].name+"</a>") {
			t.Errorf("the page does not say that %s announced it", f.cities[i].name)
		}
	}
	if _, _, page := f.cities[almaty].get("/conf", ""); !strings.Contains(string(page), "Hosted by Belgrade") {
		t.Error("Almaty does not say whose it is")
	}

	// A change costs one delivery for each city, and nobody says anything.
	fetched := f.fetches()
	f.costs("a change", others, []int{belgrade}, func() {
		f.cities[belgrade].run(nil, "conf", "update", tea.Slug, "--title", "Tea for everyone")
		for _, i := range []int{phuket, almaty, lisbon, tbilisi} {
			f.cities[i].awaitForeign(tea.URI, func(c *conference) error {
				if c.Title != "Tea for everyone" {
					return fmt.Errorf("%+v", *c)
				}
				return nil
			})
		}
	})
	if n := f.fetches() - fetched; n > 0 {
		t.Errorf("a change that was sent was fetched %d times as well", n)
	}
	out("Tea for five")
	in("Tea for everyone", "scheduled", belgrade, phuket, almaty, lisbon, tbilisi)
	check()

	// One city takes it out, and a change does not bring it back.
	f.costs("a withdrawal", others, []int{lisbon}, func() { f.cities[lisbon].run(nil, "conf", "withdraw", tea.URI) })
	delete(calendars[lisbon], "Tea for everyone")
	f.costs("a change after that", others, []int{belgrade}, func() {
		f.cities[belgrade].run(nil, "conf", "update", tea.Slug, "--text", "With cake")
	})
	check()
	f.shows(lisbon, "Tea for everyone", 0)

	// The offer is taken back.
	f.costs("a revoked offer", 1+others, []int{almaty}, func() {
		o := f.offer(belgrade, "--out", tea.URI, "accepted")
		f.cities[belgrade].run(nil, "offer", "revoke", fmt.Sprint(o.ID))
		f.offer(almaty, "--in", tea.URI, "revoked")
	})
	delete(calendars[almaty], "Tea for everyone")
	check()

	// Called off, then gone: who announced it says so to her followers.
	f.costs("a cancellation", others, []int{belgrade}, func() { f.cities[belgrade].run(nil, "conf", "cancel", tea.Slug, "-m", "No water") })
	in("Tea for everyone", "cancelled", belgrade, phuket, tbilisi)
	check()
	f.costs("a deletion", 3*others, []int{belgrade, phuket, tbilisi}, func() {
		f.cities[belgrade].run(nil, "conf", "delete", tea.Slug)
		for _, i := range []int{phuket, almaty, lisbon, tbilisi} {
			f.cities[i].awaitNoForeign(tea.URI)
		}
	})
	out("Tea for everyone")
	check()

	// Each is away in turn, killed, while another publishes and changes, and a
	// third is killed right after she published; then all is as it should be.
	var shared conference
	title := "Shared, version 0"
	f.costs("one more", 3*others, []int{tbilisi, belgrade, lisbon}, func() {
		shared = f.cities[tbilisi].addConference(title, "--duration", "1h", "--venue", "Bridge")
	})
	carriers := []int{tbilisi, belgrade, lisbon}
	in(title, "scheduled", carriers...)
	check()
	for away := range f.cities {
		publisher := (away + 1) % len(f.cities)
		f.cities[away].process.kill()
		made := f.cities[publisher].addConference(fmt.Sprintf("While %s was away", f.cities[away].name), "--duration", "1h", "--venue", "Room "+fmt.Sprint(away))
		f.cities[publisher].process.kill()
		next := fmt.Sprintf("Shared, version %d", away+1)
		f.cities[tbilisi].run(nil, "conf", "update", shared.Slug, "--title", next)
		f.restart(publisher)
		f.restart(away)
		out(title)
		title = next
		in(title, "scheduled", carriers...)
		in(made.Title, "scheduled", publisher)
		for i, h := range how {
			if h == "auto" {
				in(made.Title, "scheduled", i)
			}
		}
		check()
	}
	f.settle()
	check()
	for i := range f.cities {
		for title := range calendars[i] {
			f.shows(i, title, 1)
		}
	}
	// After all of it a change is still as cheap.
	f.costs("a change after the outages", others, []int{tbilisi}, func() {
		f.cities[tbilisi].run(nil, "conf", "update", shared.Slug, "--text", "Still here")
	})
}

// Five cities in a ring, each announcing by herself what the next one does: it
// goes one step, and not around.
func TestRingOfCities(t *testing.T) {
	t.Parallel()
	f := foundFive(t, "127.0.6")
	n := len(f.cities)
	for i := range f.cities {
		f.sister(i, (i+1)%n, "auto")
	}
	// Each follows one, and is followed by another one.
	f.awaitSisters("following", 1)
	f.awaitSisters("follows_us", 1)
	f.settle()

	var made []conference
	for i, c := range f.cities {
		before := (i + n - 1) % n
		f.costs("a conference of "+c.name, 3, []int{i, before}, func() {
			made = append(made, c.addConference("Only from "+c.name, "--duration", "1h", "--venue", "Hall of "+c.name))
			f.cities[before].awaitForeign(made[i].URI, nil)
		})
	}
	calendars := make([]map[string]string, n)
	for i, c := range f.cities {
		next := f.cities[(i+1)%n]
		calendars[i] = map[string]string{"Only from " + c.name: "scheduled", "Only from " + next.name: "scheduled"}
	}
	f.calendars(calendars)
	// What is published within the second in which two become sisters is new.
	time.Sleep(1100 * time.Millisecond)
	// The other way round too: the ring is a chain of sisters in both directions,
	// and still nothing that was made before moves on.
	for i := range f.cities {
		f.sister(i, (i+n-1)%n, "auto")
	}
	f.awaitSisters("mutual", 2)
	f.settle()
	for i, c := range f.cities {
		f.costs("a change in "+c.name, 2, []int{i}, func() {
			c.run(nil, "conf", "update", made[i].Slug, "--text", "Changed")
		})
	}
	f.calendars(calendars)
	// A new one goes one step to both sides: two deliveries of it, and two of each
	// of the two announcements.
	f.costs("a new one", 6, []int{0, 1, n - 1}, func() {
		f.cities[0].addConference("Both ways", "--duration", "1h", "--venue", "Square")
		for _, i := range []int{1, n - 1} {
			f.shows(i, "Both ways", 1)
		}
	})
	for _, i := range []int{2, 3} {
		f.shows(i, "Both ways", 0)
	}
}
