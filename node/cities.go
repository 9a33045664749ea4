package node

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"konfa/community"
	"konfa/storage"
)

// Bounds of hearing of cities: one that names ten thousand others makes us keep
// a few and ask fewer.
const (
	MaxNamed         = 500 // names of one city that are looked at
	namedPerDay      = 20  // new ones on the word of one city
	namedPerSource   = 200 // in all
	heardPerDay      = 100 // new ones on anybody's word
	heardInAll       = 2000
	heardPerDomain   = 10 // hosts of one registrable domain
	nameLapses       = 30 * 24 * time.Hour
	cityLapses       = 14 * 24 * time.Hour // of silence, after which a city counts as heard of again
	cityPause        = 24 * time.Hour
	cityRefusedPause = 7 * 24 * time.Hour
	upcomingYears    = 5
)

// RegistrableDomain is the part of a host that someone registered: example.org
// of cities.example.org. Of an address it is the address.
func RegistrableDomain(host string) string {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	if net.ParseIP(name) != nil {
		return name
	}
	if d, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return d
	}
	return name
}

// cityURI tells whether an id can be that of a city: its Group is at /city.
func cityURI(id string) bool {
	u, err := url.Parse(id)
	return err == nil && len(id) <= 500 && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == "" &&
		strings.HasSuffix(u.Path, "/city")
}

// NameCities takes down the cities that one that we follow names, all of which
// it names when whole is set; what it does not name any more is forgotten then.
// It tells how many are new. Forbidden when nobody here follows who names them.
func (n *Node) NameCities(ctx context.Context, from *community.Actor, uris []string, whole bool) (int, error) {
	fresh := 0
	err := n.write(ctx, func(tx *storage.Tx) error {
		fresh = 0
		follows, err := n.stewardFollows(ctx, tx, from.Host)
		if err != nil {
			return err
		}
		if !follows {
			return community.Errorf(community.Forbidden, "the city does not follow %s", from.URI)
		}
		b, err := n.hearing(ctx, tx, from)
		if err != nil {
			return err
		}
		for _, uri := range uris[:min(len(uris), MaxNamed)] {
			isNew, err := b.name(ctx, uri)
			if err != nil {
				return err
			}
			if isNew {
				fresh++
			}
		}
		if whole {
			if err := tx.UnnameCities(ctx, from.ID, tx.Now()); err != nil {
				return err
			}
		}
		k, err := tx.KnownCity(ctx, from.Host)
		if ok, err := found(err); err != nil {
			return err
		} else if ok {
			k.NextLook = tx.Now().Add(cityPause)
			if err := tx.SaveKnownCity(ctx, k); err != nil {
				return err
			}
		}
		return tx.StampWorld(ctx)
	})
	return fresh, err
}

// hearing counts what may still be heard of.
type hearing struct {
	n       *Node
	tx      *storage.Tx
	from    *community.Actor
	today   int // on the word of from
	total   int
	anyone  int // today, on anybody's word
	all     int
	domains map[string]int
}

func (n *Node) hearing(ctx context.Context, tx *storage.Tx, from *community.Actor) (*hearing, error) {
	h := &hearing{n: n, tx: tx, from: from, domains: map[string]int{}}
	day := tx.Now().Add(-24 * time.Hour)
	var errs [4]error
	h.today, errs[0] = tx.CountNamed(ctx, from.ID, day)
	h.total, errs[1] = tx.CountNamed(ctx, from.ID, time.Time{})
	h.anyone, errs[2] = tx.CountNamed(ctx, 0, day)
	hosts, err := tx.KnownHosts(ctx)
	errs[3] = err
	for _, host := range hosts {
		h.domains[RegistrableDomain(host)]++
	}
	h.all = len(hosts)
	return h, errors.Join(errs[:]...)
}

// name takes down one city, if there is still room for it.
func (h *hearing) name(ctx context.Context, uri string) (fresh bool, err error) {
	host := hostOf(uri)
	if !cityURI(uri) || host == "" || host == h.n.site.Host() || host == h.from.Host {
		return false, nil
	}
	if _, ours := h.n.site.Path(uri); ours {
		return false, nil
	}
	if _, err := h.tx.BlockOf(ctx, host, uri); err == nil {
		return false, nil
	} else if community.CodeOf(err) != community.NotFound {
		return false, err
	}
	k, err := h.tx.KnownCity(ctx, host)
	known, err := found(err)
	if err != nil {
		return false, err
	}
	if known && k.URI != uri {
		return false, nil // one city of each host, the first that was named
	}
	named := false
	if known {
		if named, err = h.tx.Names(ctx, k.ID, h.from.ID); err != nil {
			return false, err
		}
	}
	if !named && (h.today >= namedPerDay || h.total >= namedPerSource) {
		return false, nil
	}
	if !known {
		domain := RegistrableDomain(host)
		if h.anyone >= heardPerDay || h.all >= heardInAll || h.domains[domain] >= heardPerDomain {
			return false, nil
		}
		k = &community.KnownCity{Host: host, URI: uri, State: community.Heard, Created: h.tx.Now(), NextTry: h.tx.Now()}
		if err := h.tx.SaveKnownCity(ctx, k); err != nil {
			return false, err
		}
		h.anyone++
		h.all++
		h.domains[domain]++
	}
	if !named {
		h.today++
		h.total++
	}
	return !known, h.tx.NameCity(ctx, k.ID, h.from.ID)
}

// ConfirmCity takes down that a city was asked and is one: a is its Group, card
// what else it says of itself. It must have been named, or be followed by the
// city or the node.
func (n *Node) ConfirmCity(ctx context.Context, a *community.Actor, card *community.KnownCity) (*community.KnownCity, error) {
	var out *community.KnownCity
	err := n.write(ctx, func(tx *storage.Tx) error {
		k, err := tx.KnownCity(ctx, a.Host)
		known, err := found(err)
		if err != nil {
			return err
		}
		follows, err := n.cityFollows(ctx, tx, a)
		if err != nil {
			return err
		}
		switch {
		case known && k.URI != a.URI && !follows:
			return community.Errorf(community.Refused, "the city of %s is %s", a.Host, k.URI)
		case !known && !follows:
			return community.Errorf(community.Refused, "nobody named %s", a.URI)
		case !known:
			k = &community.KnownCity{Host: a.Host, Created: tx.Now()}
		}
		was := *k
		k.URI, k.Handle, k.ActorID, k.Page = a.URI, a.Handle, a.ID, a.URL
		k.Name, k.Country, k.Place, k.Following = card.Name, card.Country, card.Place, card.Following
		if k.State != community.Confirmed || k.Confirmed.IsZero() {
			k.State, k.Confirmed = community.Confirmed, tx.Now()
			k.NextRead, k.NextLook = tx.Now(), tx.Now()
		}
		k.Seen, k.Failures, k.NextTry = tx.Now(), 0, tx.Now().Add(cityPause)
		if follows {
			k.Forgotten = time.Time{}
		}
		if err := tx.SaveKnownCity(ctx, k); err != nil {
			return err
		}
		if out = k; was.State != k.State || was.Country != k.Country || (was.Place == nil) != (k.Place == nil) || k.Place != nil && *was.Place != *k.Place ||
			was.ActorID != k.ActorID || was.Name.First() != k.Name.First() {
			if err := tx.AddWorldTodo(ctx, "actor", a.ID); err != nil {
				return err
			}
		}
		return tx.StampWorld(ctx)
	})
	return out, err
}

// cityFollows tells whether the city or the node follows an actor.
func (n *Node) cityFollows(ctx context.Context, tx *storage.Tx, a *community.Actor) (bool, error) {
	for _, local := range []community.LocalActor{community.CityActor, community.NodeActor} {
		f, err := tx.Followed(ctx, local, a.ID)
		if ok, err := found(err); err != nil || ok && f.State == community.Accepted {
			return ok, err
		}
	}
	return false, nil
}

// DoubtCity takes down that a city was asked in vain: it did not answer, or with
// no set, what answered is none. Asked again later and later; one that was
// confirmed stays so for two weeks.
func (n *Node) DoubtCity(ctx context.Context, host string, no bool) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		k, err := tx.KnownCity(ctx, host)
		if err != nil {
			return err
		}
		was := k.State
		k.Failures++
		pause := cityPause
		switch {
		case no:
			k.State, pause = community.NoCity, cityRefusedPause
		case k.State == community.Confirmed && tx.Now().Sub(k.Seen) > cityLapses:
			k.State = community.Heard
		case k.Failures <= 3:
			pause = []time.Duration{time.Minute, 10 * time.Minute, time.Hour}[k.Failures-1]
		}
		k.NextTry = tx.Now().Add(pause)
		if err := tx.SaveKnownCity(ctx, k); err != nil {
			return err
		}
		if k.State == was {
			return nil
		}
		if k.ActorID != 0 {
			if err := tx.AddWorldTodo(ctx, "actor", k.ActorID); err != nil {
				return err
			}
		}
		return tx.StampWorld(ctx)
	})
}

// CityRead takes down that the upcoming conferences of a city were read.
func (n *Node) CityRead(ctx context.Context, host string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		k, err := tx.KnownCity(ctx, host)
		if err != nil {
			return err
		}
		k.NextRead = tx.Now().Add(cityPause)
		return tx.SaveKnownCity(ctx, k)
	})
}

// CityLooked takes down that the list of whom a city follows could not be read
// now.
func (n *Node) CityLooked(ctx context.Context, host string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		k, err := tx.KnownCity(ctx, host)
		if err != nil {
			return err
		}
		k.NextLook = tx.Now().Add(time.Hour)
		return tx.SaveKnownCity(ctx, k)
	})
}

// AskCitiesNow has all known cities asked, and those we follow looked at, as soon
// as someone does so.
func (n *Node) AskCitiesNow(ctx context.Context) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		cities, err := tx.KnownCities(ctx, true)
		if err != nil {
			return err
		}
		for i := range cities {
			k := &cities[i]
			k.NextTry, k.NextRead, k.NextLook = tx.Now(), tx.Now(), tx.Now()
			if err := tx.SaveKnownCity(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
}

// LapseCities forgets the cities that nobody names any more, and tells how many
// those were.
func (n *Node) LapseCities(ctx context.Context) (int, error) {
	lapsed := 0
	err := n.write(ctx, func(tx *storage.Tx) error {
		if err := tx.UnnameStale(ctx, tx.Now().Add(-nameLapses)); err != nil {
			return err
		}
		cities, err := tx.LapsedCities(ctx)
		if err != nil || len(cities) == 0 {
			return err
		}
		for _, k := range cities {
			if err := tx.DeleteKnownCity(ctx, k.ID); err != nil {
				return err
			}
			if k.ActorID != 0 {
				if err := tx.AddWorldTodo(ctx, "actor", k.ActorID); err != nil {
					return err
				}
			}
		}
		lapsed = len(cities)
		return tx.StampWorld(ctx)
	})
	return lapsed, err
}

// ForgetCity puts a known city away: it is shown nowhere and not asked any more,
// whoever names it. Following it brings it back. What names it: host, handle or
// address.
func (n *Node) ForgetCity(ctx context.Context, by By, what string) (*community.KnownCity, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	var out *community.KnownCity
	err := n.write(ctx, func(tx *storage.Tx) error {
		k, err := tx.KnownCity(ctx, cityHost(what))
		if err != nil {
			return err
		}
		if k.Followed {
			return community.Errorf(community.Refused, "the city follows %s", k.Address()).WithHint("konfa unfollow " + k.Address() + " ends that")
		}
		k.Forgotten = tx.Now()
		if err := tx.SaveKnownCity(ctx, k); err != nil {
			return err
		}
		if err := n.audit(ctx, tx, by, community.Audit{Action: "city.forget", Object: orElse(k.URI, k.Host), Name: k.Name.First()}); err != nil {
			return err
		}
		if k.ActorID != 0 {
			if err := tx.AddWorldTodo(ctx, "actor", k.ActorID); err != nil {
				return err
			}
		}
		out = k
		return tx.StampWorld(ctx)
	})
	return out, err
}

// cityHost is the host in a handle, an address, or itself.
func cityHost(what string) string {
	what = strings.ToLower(strings.TrimSpace(what))
	if strings.Contains(what, "://") {
		return hostOf(what)
	}
	if i := strings.LastIndexByte(what, '@'); i >= 0 {
		what = what[i+1:]
	}
	host, _, _ := strings.Cut(what, "/")
	return host
}

// ReceiveFromCity is a conference that a known city has coming up. It is kept
// while that city is known.
func (n *Node) ReceiveFromCity(ctx context.Context, from *community.Actor, c *community.Conference) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		if hostOf(c.URI) != from.Host || c.OriginID != 0 && c.OriginID != from.ID {
			return community.Errorf(community.Forbidden, "%s is not of %s", c.URI, from.URI)
		}
		k, err := tx.KnownCity(ctx, from.Host)
		if err != nil {
			return err
		}
		if k.State != community.Confirmed || !k.Forgotten.IsZero() || k.ActorID != from.ID {
			return community.Errorf(community.Refused, "%s is not a city that is known here", from.URI)
		}
		if _, err := tx.BlockOf(ctx, from.Host, from.URI); err == nil {
			return community.Errorf(community.Refused, "%s is blocked here", from.URI)
		}
		if !c.End.After(tx.Now()) || c.Start.After(tx.Now().AddDate(upcomingYears, 0, 0)) {
			return community.Errorf(community.Refused, "%s is not coming up", c.URI)
		}
		c.OriginID = from.ID
		return n.storePassing(ctx, tx, c, storage.PassingCity)
	})
}

// DropFromCity forgets a conference that a known city had coming up and that is
// no more, unless someone here has to do with it.
func (n *Node) DropFromCity(ctx context.Context, uri string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		c, err := tx.ConferenceByURI(ctx, uri)
		if ok, err := found(err); err != nil || !ok {
			return err
		}
		why, err := tx.Passing(ctx, c.ID)
		if err != nil || why != storage.PassingCity {
			return err
		}
		return n.dropForeign(ctx, tx, c)
	})
}
