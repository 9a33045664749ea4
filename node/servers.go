package node

import (
	"context"
	"slices"
	"strconv"
	"time"

	"konfa/community"
	"konfa/storage"
)

// MaxImported is how many domains one list of blocks may have.
const MaxImported = 20000

// keepPreviews is how long a list that was only looked at is kept.
const keepPreviews = 24 * time.Hour

// ImportRow is what a list of blocks would change about one domain.
type ImportRow struct {
	community.Block
	Was       community.Severity // before; empty for a domain that has no rule
	Change    string             // "new", "harder", "softer", "same"
	Followers int                // of ours that would be lost
	Followed  int
}

// ImportPreview is what a list of blocks would change.
type ImportPreview struct {
	Rows                          []ImportRow
	New, Harder, Softer, Same     int
	LostFollowers, LostFollowings int
}

// ImportBlocks adds a list of blocks, all or none, as rules that stand until they
// are removed. It returns how many are new.
func (n *Node) ImportBlocks(ctx context.Context, by By, blocks []community.Block) (int, error) {
	v, err := n.PrepareBlocks(ctx, by, "", blocks)
	if err != nil {
		return 0, err
	}
	p, err := n.ApplyBlocks(ctx, by, v.ID)
	if err != nil {
		return 0, err
	}
	return p.New, nil
}

// PrepareBlocks keeps a list of blocks from elsewhere to be looked at. Two lines
// about one domain count as the harder one.
func (n *Node) PrepareBlocks(ctx context.Context, by By, name string, blocks []community.Block) (*community.BlockImport, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	if len(blocks) > MaxImported {
		return nil, community.Errorf(community.Invalid, "this list has %d domains, more than %d", len(blocks), MaxImported)
	}
	v := &community.BlockImport{Name: name, By: by.Name()}
	at := map[string]int{}
	for _, b := range blocks {
		if err := n.tidyBlock(&b); err != nil {
			return nil, err
		}
		if i, ok := at[b.Domain+b.ActorURI]; ok {
			v.New[i] = harderBlock(v.New[i], b)
			continue
		}
		at[b.Domain+b.ActorURI] = len(v.New)
		v.New = append(v.New, b)
	}
	err := n.write(ctx, func(tx *storage.Tx) error {
		v.Created = tx.Now()
		if err := tx.PruneBlockImports(ctx, tx.Now().Add(-keepPreviews)); err != nil {
			return err
		}
		return tx.InsertBlockImport(ctx, v)
	})
	return v, err
}

func harderBlock(a, b community.Block) community.Block {
	if hardness(b.Severity) > hardness(a.Severity) {
		a, b = b, a
	}
	a.RejectMedia, a.RejectReports, a.Obfuscate = a.RejectMedia || b.RejectMedia, a.RejectReports || b.RejectReports, a.Obfuscate || b.Obfuscate
	return a
}

func hardness(s community.Severity) int {
	return slices.Index([]community.Severity{"", community.NoBlock, community.Silence, community.Suspend}, s)
}

// PreviewBlocks tells what a list would change. NotFound for one that is not kept
// any more.
func (n *Node) PreviewBlocks(ctx context.Context, by By, id int64) (*community.BlockImport, *ImportPreview, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, nil, err
	}
	v, err := n.store.BlockImport(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	p, err := n.previewBlocks(ctx, n.store.Reader, v)
	return v, p, err
}

func (n *Node) previewBlocks(ctx context.Context, r *storage.Reader, v *community.BlockImport) (*ImportPreview, error) {
	have, err := r.Blocks(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := n.counts(ctx, r)
	if err != nil {
		return nil, err
	}
	rules := map[string]community.Block{}
	for _, b := range have {
		rules[b.Domain+b.ActorURI] = b
	}
	p := &ImportPreview{}
	for _, b := range v.New {
		row := ImportRow{Block: b, Change: "new"}
		if old, ok := rules[b.Domain+b.ActorURI]; ok {
			row.Was = old.Severity
			switch h, o := hardness(b.Severity), hardness(old.Severity); {
			case h > o:
				row.Change = "harder"
			case h < o:
				row.Change = "softer" // it is left as it is
			case b.RejectMedia && !old.RejectMedia || b.RejectReports && !old.RejectReports:
				row.Change = "harder"
			default:
				row.Change = "same"
			}
		}
		if b.Domain != "" && b.Severity == community.Suspend && (row.Change == "new" || row.Change == "harder") {
			c := counts.of(b.Domain)
			row.Followers, row.Followed = c.Followers, c.Followed
		}
		switch row.Change {
		case "new":
			p.New++
		case "harder":
			p.Harder++
		case "softer":
			p.Softer++
		default:
			p.Same++
		}
		p.LostFollowers += row.Followers
		p.LostFollowings += row.Followed
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

// ApplyBlocks takes a list over: what is new or harder than what is here. A rule
// of ours that is harder stays. Conflict if it was done already.
func (n *Node) ApplyBlocks(ctx context.Context, by By, id int64) (*ImportPreview, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	var p *ImportPreview
	err := n.write(ctx, func(tx *storage.Tx) error {
		v, err := tx.BlockImport(ctx, id)
		if err != nil {
			return err
		}
		if !v.Applied.IsZero() {
			return community.Errorf(community.Conflict, "this list was taken over already")
		}
		if p, err = n.previewBlocks(ctx, tx.Reader, v); err != nil {
			return err
		}
		for _, row := range p.Rows {
			if row.Change != "new" && row.Change != "harder" {
				continue
			}
			b := row.Block
			b.By, b.Created = by.Name(), tx.Now()
			old, err := tx.Block(ctx, b.Domain, b.ActorURI)
			if ok, err := found(err); err != nil {
				return err
			} else if ok {
				v.Old = append(v.Old, *old)
				b = harderBlock(b, *old)
				b.MeasureID = 0
				if old.MeasureID != 0 {
					if err := n.outlive(ctx, tx, old.MeasureID); err != nil {
						return err
					}
				}
			}
			if err := tx.SaveBlock(ctx, &b); err != nil {
				return err
			}
		}
		v.Applied = tx.Now()
		if err := tx.UpdateBlockImport(ctx, v); err != nil {
			return err
		}
		d := map[string]string{"new": strconv.Itoa(p.New), "harder": strconv.Itoa(p.Harder), "file": v.Name}
		if err := n.audit(ctx, tx, by, community.Audit{Action: "block.import", Object: "servers", Name: v.Name, Details: d}); err != nil {
			return err
		}
		return n.enforce(ctx, tx)
	})
	return p, err
}

// outlive ends a measure whose block a harder rule takes the place of.
func (n *Node) outlive(ctx context.Context, tx *storage.Tx, id int64) error {
	m, err := tx.Measure(ctx, id)
	if ok, err := found(err); !ok || !m.Standing() {
		return err
	}
	m.State, m.Ended = community.MeasureLifted, tx.Now()
	return tx.UpdateMeasure(ctx, m)
}

// UndoBlocks takes a list back: its domains have the rules again that they had,
// unless something was decided about them since. Follows that it ended do not come
// back by themselves.
func (n *Node) UndoBlocks(ctx context.Context, by By, id int64) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		v, err := tx.BlockImport(ctx, id)
		if err != nil {
			return err
		}
		if v.Applied.IsZero() || !v.Undone.IsZero() {
			return community.Errorf(community.Conflict, "there is nothing to take back")
		}
		was := map[string]community.Block{}
		for _, b := range v.Old {
			was[b.Domain+b.ActorURI] = b
		}
		for _, b := range v.New {
			now, err := tx.Block(ctx, b.Domain, b.ActorURI)
			if ok, err := found(err); err != nil {
				return err
			} else if !ok || now.MeasureID != 0 || !now.Created.Equal(v.Applied) {
				continue // decided anew, or left alone by the list
			}
			if err := tx.DeleteBlock(ctx, b.Domain, b.ActorURI); err != nil {
				return err
			}
			if old, ok := was[b.Domain+b.ActorURI]; ok {
				old.MeasureID = 0 // its measure is over
				if err := tx.SaveBlock(ctx, &old); err != nil {
					return err
				}
			}
		}
		v.Undone = tx.Now()
		if err := tx.UpdateBlockImport(ctx, v); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "block.undo", Object: "servers", Name: v.Name})
	})
}

// hostCounts is what there is of each domain, with all below it.
type hostCounts struct {
	hosts []storage.HostCount
	sums  map[string]storage.HostCount
}

func (n *Node) counts(ctx context.Context, r *storage.Reader) (*hostCounts, error) {
	hosts, err := r.HostCounts(ctx)
	if err != nil {
		return nil, err
	}
	h := &hostCounts{hosts: hosts, sums: map[string]storage.HostCount{}}
	for _, c := range hosts {
		for _, d := range storage.DomainsOf(c.Host) {
			sum := h.sums[d]
			h.sums[d] = storage.HostCount{Host: d, Followers: sum.Followers + c.Followers, Followed: sum.Followed + c.Followed, People: sum.People + c.People}
		}
	}
	return h, nil
}

func (h *hostCounts) of(domain string) storage.HostCount { return h.sums[domain] }

// Server is a rule about a server, and what there is of it.
type Server struct {
	community.Block
	storage.HostCount
}

// Servers lists the rules about servers and people of other servers, and what
// there is of each server.
func (n *Node) Servers(ctx context.Context, by By) ([]Server, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	blocks, err := n.store.Blocks(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := n.counts(ctx, n.store.Reader)
	if err != nil {
		return nil, err
	}
	out := make([]Server, len(blocks))
	for i, b := range blocks {
		out[i].Block = b
		if b.Domain != "" {
			out[i].HostCount = counts.of(b.Domain)
		}
	}
	return out, nil
}

// AllowServer puts a server on the list of those that the city has to do with,
// where it goes by one.
func (n *Node) AllowServer(ctx context.Context, by By, domain, reason string) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	b := community.Block{Domain: domain}
	if err := n.tidyBlock(&b); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		err := tx.SaveAllowedServer(ctx, &community.AllowedServer{Domain: b.Domain, Reason: reason, By: by.Name(), Created: tx.Now()})
		if err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "server.allow", Object: b.Domain, Name: b.Domain, Reason: reason})
	})
}

// DisallowServer takes a server off that list: where the city goes by it, follows
// and seats of that server end.
func (n *Node) DisallowServer(ctx context.Context, by By, domain string) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		if err := tx.DeleteAllowedServer(ctx, domain); err != nil {
			return err
		}
		if err := n.audit(ctx, tx, by, community.Audit{Action: "server.disallow", Object: domain, Name: domain}); err != nil {
			return err
		}
		return n.enforce(ctx, tx)
	})
}

// SetFederation says with which servers the city has to do. Before it goes by a
// list, all are put on it with whom it has to do now: whom it follows, who
// follows it, and its sister cities.
func (n *Node) SetFederation(ctx context.Context, by By, f community.Federation) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	if f != community.FederationOpen && f != community.FederationListed {
		return community.Errorf(community.Invalid, "federation is open or listed, not %q", f)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		if city.Settings.Federation == f {
			return nil
		}
		city.Settings.Federation, city.Updated = f, tx.Now()
		if f == community.FederationListed {
			counts, err := n.counts(ctx, tx.Reader)
			if err != nil {
				return err
			}
			blocks, err := tx.Blocking(ctx)
			if err != nil {
				return err
			}
			known, err := tx.AllowedServers(ctx)
			if err != nil {
				return err
			}
			for _, c := range counts.hosts {
				listed := slices.ContainsFunc(known, func(a community.AllowedServer) bool { return underDomain(c.Host, a.Domain) })
				if c.Followers+c.Followed == 0 || listed || blocks.Of(c.Host, "") != nil {
					continue
				}
				if err := tx.SaveAllowedServer(ctx, &community.AllowedServer{Domain: c.Host, By: by.Name(), Created: tx.Now()}); err != nil {
					return err
				}
			}
		}
		if err := tx.SaveCity(ctx, city); err != nil {
			return err
		}
		if err := tx.AddWorldTodo(ctx, "blocks", 0); err != nil {
			return err
		}
		if err := n.audit(ctx, tx, by, community.Audit{Action: "server.mode", Object: "servers", Details: map[string]string{"mode": orElse(string(f), "open")}}); err != nil {
			return err
		}
		return n.enforce(ctx, tx)
	})
}
