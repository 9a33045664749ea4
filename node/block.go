package node

import (
	"context"
	"regexp"
	"strings"

	"golang.org/x/net/idna"

	"konfa/community"
	"konfa/storage"
)

// domainPattern is a name or an IPv4 address; with a port, that one server alone.
var domainPattern = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(:[0-9]{1,5})?$`)

// AddBlock keeps out a domain with its subdomains, or one actor, until it is
// removed: a measure without a term. What was said of them before is replaced.
// With Suspend, those already following are gone at once. With NoBlock, only
// pictures or reports are refused.
func (n *Node) AddBlock(ctx context.Context, by By, b *community.Block) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	in := *b
	return n.write(ctx, func(tx *storage.Tx) error {
		*b = in // the transaction may run again
		if err := n.tidyBlock(b); err != nil {
			return err
		}
		if err := n.clearBlock(ctx, tx, by, b); err != nil {
			return err
		}
		b.By, b.Created = by.Name(), tx.Now()
		if b.RejectMedia || b.RejectReports || b.Obfuscate || b.Severity == community.NoBlock {
			rule := *b
			rule.Severity, rule.MeasureID = community.NoBlock, 0
			if err := tx.SaveBlock(ctx, &rule); err != nil {
				return err
			}
			if err := n.auditBlock(ctx, tx, by, "block.add", b); err != nil || b.Severity == community.NoBlock {
				return err
			}
		}
		m := &community.Measure{Kind: community.MeasureKind(b.Severity), TargetKind: community.TargetDomain, Target: b.Domain, Reason: b.Reason}
		if b.ActorURI != "" {
			m.TargetKind, m.Target = community.TargetActor, b.ActorURI
		}
		if err := n.impose(ctx, tx, by, m); err != nil {
			return err
		}
		b.MeasureID = m.ID
		return nil
	})
}

// clearBlock makes room for a new block of a domain or an actor.
func (n *Node) clearBlock(ctx context.Context, tx *storage.Tx, by By, b *community.Block) error {
	old, err := tx.Block(ctx, b.Domain, b.ActorURI)
	if ok, err := found(err); !ok {
		return err
	}
	if old.MeasureID == 0 {
		return tx.DeleteBlock(ctx, b.Domain, b.ActorURI)
	}
	m, err := tx.Measure(ctx, old.MeasureID)
	if err != nil {
		return err
	}
	if err := n.lift(ctx, tx, by, m, ""); err != nil {
		return err
	}
	_, err = tx.Block(ctx, b.Domain, b.ActorURI)
	if ok, err := found(err); !ok {
		return err
	}
	return tx.DeleteBlock(ctx, b.Domain, b.ActorURI) // what was before that measure
}

// auditBlock writes down what became of a block that is no measure.
func (n *Node) auditBlock(ctx context.Context, tx *storage.Tx, by By, action string, b *community.Block) error {
	a := community.Audit{Action: action, Object: b.Domain + b.ActorURI, Name: b.Domain + b.ActorURI, Reason: b.Reason}
	if action == "block.add" {
		a.Details = map[string]string{"severity": string(b.Severity)}
	}
	return n.audit(ctx, tx, by, a)
}

// enforce ends what the blocks of severity suspend forbid: follows in both
// directions, seats, and announcements. What the city boosts ends with either
// severity. It is done once for however many blocks. Whose follow ends is told
// so: else their server would show it for ever, also when the block is long gone.
func (n *Node) enforce(ctx context.Context, tx *storage.Tx) error {
	blocks, err := tx.Blocking(ctx)
	if err != nil {
		return err
	}
	out := func(host, uri string) bool {
		b := blocks.Of(host, uri)
		return b != nil && b.Severity == community.Suspend
	}
	suspended := func(a *community.Actor) bool { return a != nil && out(a.Host, a.URI) }
	for i, list := range []func(context.Context, storage.FollowQuery) ([]community.Follow, error){tx.FollowedList, tx.Followers} {
		q := storage.FollowQuery{Limit: 1000}
		for {
			follows, err := list(ctx, q)
			if err != nil {
				return err
			}
			for _, f := range follows {
				q.After = f.ID
				if !suspended(f.Actor) {
					continue
				}
				if i == 0 {
					if err := n.unfollow(ctx, tx, f.Local, f.Actor); err != nil {
						return err
					}
					continue
				}
				if err := tx.DeleteFollower(ctx, f.Local, f.ActorID); err != nil {
					return err
				}
				if err := n.emitReply(ctx, tx, "Reject", f.Actor, f.URI, "Follow", n.site.Actor(f.Local)); err != nil {
					return err
				}
			}
			if len(follows) < q.Limit {
				break
			}
		}
	}
	if err := n.clearSeats(ctx, tx, suspended); err != nil {
		return err
	}
	if err := n.endBoosts(ctx, tx); err != nil {
		return err
	}
	announced, err := tx.Conferences(ctx, storage.ConferenceQuery{Calendar: true, Foreign: true})
	if err != nil {
		return err
	}
	for i := range announced {
		c := &announced[i]
		origin, err := tx.ActorByID(ctx, c.OriginID)
		if ok, err := found(err); err != nil {
			return err
		} else if !ok || !suspended(origin) && !out(hostOf(c.URI), "") {
			continue
		}
		if err := n.withdraw(ctx, tx, c); err != nil {
			return err
		}
	}
	arrivals, err := tx.Arrivals(ctx, readArrivals)
	if err != nil {
		return err
	}
	for _, v := range arrivals {
		if !suspended(v.Actor) {
			continue
		}
		if err := tx.DeleteArrival(ctx, v.ID); err != nil {
			return err
		}
	}
	// What stood behind the conferences of a sister city that is kept out now is
	// shown by itself.
	sisters, err := tx.Sisters(ctx)
	if err != nil {
		return err
	}
	for i := range sisters {
		a := sisters[i].Actor
		_, err := tx.BlockOf(ctx, a.Host, a.URI)
		if blocked, err := found(err); err != nil {
			return err
		} else if !blocked {
			continue
		}
		if err := n.regroupOf(ctx, tx, a.ID); err != nil {
			return err
		}
	}
	return nil
}

// clearSeats takes those who are kept out now out of every conference of ours
// that is not over; who waits moves up.
func (n *Node) clearSeats(ctx context.Context, tx *storage.Tx, suspended func(*community.Actor) bool) error {
	ids, err := tx.GuestActors(ctx, tx.Now())
	if err != nil {
		return err
	}
	for _, id := range ids {
		a, err := tx.ActorByID(ctx, id)
		if err != nil {
			return err
		}
		if !suspended(a) {
			continue
		}
		guests, err := tx.GuestsOfActor(ctx, id)
		if err != nil {
			return err
		}
		for i := range guests {
			if err := n.leave(ctx, tx, &guests[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func underDomain(host, domain string) bool {
	name, _, _ := strings.Cut(host, ":")
	return name == domain || host == domain || strings.HasSuffix(name, "."+domain)
}

// tidyBlock brings a domain into the one form that is compared: ASCII, lower
// case, without dots around it. Blocks that miss a spelling do not block.
func (n *Node) tidyBlock(b *community.Block) error {
	switch b.Severity {
	case community.NoBlock:
		if b.ActorURI != "" {
			return community.Errorf(community.Invalid, "pictures and reports are refused of whole servers only")
		}
	case community.Silence, community.Suspend:
	case "":
		b.Severity = community.Suspend
	default:
		return community.Errorf(community.Invalid, "a block is silence, suspend or none, not %q", b.Severity)
	}
	if b.ActorURI != "" {
		if hostOf(b.ActorURI) == "" || hostOf(b.ActorURI) == n.site.Host() {
			return community.Errorf(community.Invalid, "%q is not the address of an actor elsewhere", b.ActorURI)
		}
		b.Domain = ""
		return nil
	}
	domain, err := idna.Lookup.ToASCII(strings.Trim(strings.TrimSpace(b.Domain), "."))
	if err != nil {
		domain = b.Domain // names with _ are in use and idna refuses them
	}
	domain = strings.ToLower(domain)
	if !domainPattern.MatchString(domain) {
		return community.Errorf(community.Invalid, "%q is not a domain such as spam.example", b.Domain)
	}
	if host, _, _ := strings.Cut(n.site.Host(), ":"); underDomain(host, domain) || domain == n.site.Host() {
		return community.Errorf(community.Refused, "%s is this node itself", domain)
	}
	b.Domain = domain
	return nil
}

// RemoveBlock lets a domain or an actor in again. NotFound when it is not
// blocked.
func (n *Node) RemoveBlock(ctx context.Context, by By, domain, actorURI string) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	b := community.Block{Domain: domain, ActorURI: actorURI}
	if err := n.tidyBlock(&b); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Block(ctx, b.Domain, b.ActorURI); err != nil {
			return err
		}
		if err := n.clearBlock(ctx, tx, by, &b); err != nil {
			return err
		}
		return n.auditBlock(ctx, tx, by, "block.remove", &b)
	})
}
