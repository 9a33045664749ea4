package storage

import (
	"context"
	"net"
	"slices"
	"strings"

	"konfa/community"
)

func scanBlock(row row, b *community.Block) error {
	return row.Scan(&b.ID, &b.Domain, &b.ActorURI, &b.Severity, &b.Reason, &b.By, instant{&b.Created},
		&b.MeasureID, flag{&b.RejectMedia}, flag{&b.RejectReports}, flag{&b.Obfuscate})
}

const blockColumns = "id, domain, actor_uri, severity, reason, by_member, created, measure_id, reject_media, reject_reports, obfuscate"

// unlisted makes a block of every server that is not on the list of a city that
// has to do with a list alone. The pattern is what encoding/json makes of
// community.Settings; inside of another text of theirs its quotes are escaped.
const unlisted = `FROM city WHERE settings LIKE '%"federation":"listed"%'`

// Blocks lists all blocks, domains first.
func (r *Reader) Blocks(ctx context.Context) ([]community.Block, error) {
	return list(ctx, r, scanBlock, "SELECT "+blockColumns+" FROM block ORDER BY CASE WHEN domain = '' THEN 1 ELSE 0 END, domain, actor_uri")
}

// BlockOf finds the strongest block that applies to an actor or a host: of the
// actor, of the host, or of a domain above it; or that the host is on no list,
// where the city goes by one. Either argument may be empty. NotFound if there is
// none. What only refuses pictures or reports is no block here.
func (r *Reader) BlockOf(ctx context.Context, host, actorURI string) (*community.Block, error) {
	const strongest = " ORDER BY CASE WHEN severity = 'suspend' THEN 0 ELSE 1 END, id DESC LIMIT 1"
	on := texts(domains(host))
	q, args := "SELECT "+blockColumns+" FROM block WHERE severity <> 'none' AND ((actor_uri <> '' AND actor_uri = ?) OR (domain <> '' AND domain"+r.sql.inTexts+"))", []any{actorURI, on}
	if host != "" {
		q += " UNION ALL SELECT 0, ?, '', 'suspend', '', '', 0, 0, 0, 0, 0 " + unlisted + " AND NOT EXISTS (SELECT 1 FROM allowed_server WHERE domain" + r.sql.inTexts + ")"
		args = append(args, strings.ToLower(host), on)
	}
	return one(ctx, r, "block", scanBlock, "SELECT "+blockColumns+" FROM ("+q+") AS b"+strongest, args...)
}

// ServerRule tells what is refused of a host beside what a block keeps out.
func (r *Reader) ServerRule(ctx context.Context, host string) (community.ServerRule, error) {
	scan := func(row row, v *community.ServerRule) error {
		return row.Scan(flag{&v.RejectMedia}, flag{&v.RejectReports})
	}
	v, err := one(ctx, r, "rule", scan, "SELECT COALESCE(MAX(reject_media), 0), COALESCE(MAX(reject_reports), 0) FROM block WHERE domain <> '' AND domain"+r.sql.inTexts, texts(domains(host)))
	if err != nil {
		return community.ServerRule{}, err
	}
	return *v, nil
}

// Block reads the block of a domain or of an actor itself.
func (r *Reader) Block(ctx context.Context, domain, actorURI string) (*community.Block, error) {
	return one(ctx, r, "block", scanBlock, "SELECT "+blockColumns+" FROM block WHERE domain = ? AND actor_uri = ?", domain, actorURI)
}

// SaveBlock adds or replaces the block of a domain or of an actor.
func (tx *Tx) SaveBlock(ctx context.Context, b *community.Block) error {
	if err := tx.AddWorldTodo(ctx, "blocks", 0); err != nil {
		return err
	}
	return tx.insert(ctx, &b.ID, `INSERT INTO block (domain, actor_uri, severity, reason, by_member, created, measure_id, reject_media, reject_reports, obfuscate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (domain, actor_uri) DO UPDATE SET severity = excluded.severity, reason = excluded.reason, by_member = excluded.by_member,
			measure_id = excluded.measure_id, reject_media = excluded.reject_media, reject_reports = excluded.reject_reports, obfuscate = excluded.obfuscate RETURNING id`,
		b.Domain, b.ActorURI, b.Severity, b.Reason, b.By, b.Created, b.MeasureID, b.RejectMedia, b.RejectReports, b.Obfuscate)
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

// BlockIndex answers BlockOf for many at once.
type BlockIndex struct {
	domain, actor map[string]*community.Block
	listed        map[string]bool // nil unless the city goes by a list
}

// Blocking reads all blocks.
func (r *Reader) Blocking(ctx context.Context) (*BlockIndex, error) {
	bs, err := r.Blocks(ctx)
	if err != nil {
		return nil, err
	}
	x := &BlockIndex{domain: map[string]*community.Block{}, actor: map[string]*community.Block{}}
	for i, b := range bs {
		switch {
		case b.Severity == community.NoBlock:
		case b.Domain != "":
			x.domain[b.Domain] = &bs[i]
		default:
			x.actor[b.ActorURI] = &bs[i]
		}
	}
	byList, err := value[int](ctx, r, "SELECT COUNT(*) "+unlisted)
	if err != nil || byList == 0 {
		return x, err
	}
	allowed, err := r.AllowedServers(ctx)
	x.listed = map[string]bool{}
	for _, a := range allowed {
		x.listed[a.Domain] = true
	}
	return x, err
}

// Empty tells whether nobody is kept out.
func (x *BlockIndex) Empty() bool { return len(x.domain)+len(x.actor) == 0 && x.listed == nil }

// Of is the strongest block of an actor or a host, or nil.
func (x *BlockIndex) Of(host, actorURI string) *community.Block {
	b := x.actor[actorURI]
	if b != nil && b.Severity == community.Suspend || len(x.domain) == 0 && x.listed == nil {
		return b
	}
	names := domains(host)
	for _, d := range names {
		if found := x.domain[d]; found != nil && (b == nil || found.Severity == community.Suspend) {
			b = found
			if b.Severity == community.Suspend {
				return b
			}
		}
	}
	if x.listed != nil && len(names) > 0 && !slices.ContainsFunc(names, func(d string) bool { return x.listed[d] }) {
		return &community.Block{Domain: names[0], Severity: community.Suspend}
	}
	return b
}
