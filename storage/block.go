package storage

import (
	"context"
	"net"
	"strings"

	"konfa/community"
)

func scanBlock(row row, b *community.Block) error {
	return row.Scan(&b.ID, &b.Domain, &b.ActorURI, &b.Severity, &b.Reason, &b.By, instant{&b.Created})
}

const blockColumns = "id, domain, actor_uri, severity, reason, by_member, created"

// Blocks lists all blocks, domains first.
func (r *Reader) Blocks(ctx context.Context) ([]community.Block, error) {
	return list(ctx, r, scanBlock, "SELECT "+blockColumns+" FROM block ORDER BY CASE WHEN domain = '' THEN 1 ELSE 0 END, domain, actor_uri")
}

// BlockOf finds the strongest block that applies to an actor or a host: of the
// actor, of the host, or of a domain above it. Either argument may be empty.
// NotFound if there is none.
func (r *Reader) BlockOf(ctx context.Context, host, actorURI string) (*community.Block, error) {
	const strongest = " ORDER BY CASE WHEN severity = 'suspend' THEN 0 ELSE 1 END, id LIMIT 1"
	return one(ctx, r, "block", scanBlock, "SELECT "+blockColumns+" FROM block WHERE (actor_uri <> '' AND actor_uri = ?) OR (domain <> '' AND domain"+
		r.sql.inTexts+")"+strongest, actorURI, texts(domains(host)))
}

// SaveBlock adds or replaces the block of a domain or of an actor.
func (tx *Tx) SaveBlock(ctx context.Context, b *community.Block) error {
	if err := tx.AddWorldTodo(ctx, "blocks", 0); err != nil {
		return err
	}
	return tx.insert(ctx, &b.ID, `INSERT INTO block (domain, actor_uri, severity, reason, by_member, created) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (domain, actor_uri) DO UPDATE SET severity = excluded.severity, reason = excluded.reason, by_member = excluded.by_member RETURNING id`,
		b.Domain, b.ActorURI, b.Severity, b.Reason, b.By, b.Created)
}

// DeleteBlock lifts a block; NotFound if there is none.
func (tx *Tx) DeleteBlock(ctx context.Context, domain, actorURI string) error {
	if err := tx.AddWorldTodo(ctx, "blocks", 0); err != nil {
		return err
	}
	return tx.update(ctx, "block", "DELETE FROM block WHERE domain = ? AND actor_uri = ?", domain, actorURI)
}

// domains lists a host and the domains above it, with and without its port.
func domains(host string) []string {
	if host == "" {
		return nil
	}
	host = strings.ToLower(host)
	out := []string{host}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
		out = append(out, h)
	}
	if net.ParseIP(strings.Trim(name, "[]")) != nil {
		return out
	}
	for {
		_, above, ok := strings.Cut(name, ".")
		if !ok || above == "" {
			return out
		}
		out = append(out, above)
		name = above
	}
}

// texts is a JSON array even when there is nothing in it.
func texts(s []string) any {
	if len(s) == 0 {
		return "[]"
	}
	return asJSON{s}
}

// blockIndex answers BlockOf for many at once.
type blockIndex struct{ domain, actor map[string]*community.Block }

func (r *Reader) blocking(ctx context.Context) (*blockIndex, error) {
	bs, err := r.Blocks(ctx)
	x := &blockIndex{domain: map[string]*community.Block{}, actor: map[string]*community.Block{}}
	for i, b := range bs {
		if b.Domain != "" {
			x.domain[b.Domain] = &bs[i]
		} else {
			x.actor[b.ActorURI] = &bs[i]
		}
	}
	return x, err
}

func (x *blockIndex) of(host, actorURI string) *community.Block {
	b := x.actor[actorURI]
	if len(x.domain) == 0 || b != nil && b.Severity == community.Suspend {
		return b
	}
	for _, d := range domains(host) {
		if found := x.domain[d]; found != nil && (b == nil || found.Severity == community.Suspend) {
			b = found
			if b.Severity == community.Suspend {
				break
			}
		}
	}
	return b
}
