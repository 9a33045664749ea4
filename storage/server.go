package storage

import (
	"context"
	"time"

	"konfa/community"
)

// AllowedServers lists with whom the city has to do where it goes by a list.
func (r *Reader) AllowedServers(ctx context.Context) ([]community.AllowedServer, error) {
	scan := func(row row, a *community.AllowedServer) error {
		return row.Scan(&a.Domain, &a.Reason, &a.By, instant{&a.Created})
	}
	return list(ctx, r, scan, "SELECT domain, reason, by_member, created FROM allowed_server ORDER BY domain")
}

// SaveAllowedServer puts a server on that list, or changes why it is there.
func (tx *Tx) SaveAllowedServer(ctx context.Context, a *community.AllowedServer) error {
	if err := tx.AddWorldTodo(ctx, "blocks", 0); err != nil {
		return err
	}
	return tx.exec(ctx, `INSERT INTO allowed_server (domain, reason, by_member, created) VALUES (?, ?, ?, ?)
		ON CONFLICT (domain) DO UPDATE SET reason = excluded.reason, by_member = excluded.by_member`, a.Domain, a.Reason, a.By, a.Created)
}

// DeleteAllowedServer takes a server off that list; NotFound if it is not on it.
func (tx *Tx) DeleteAllowedServer(ctx context.Context, domain string) error {
	if err := tx.AddWorldTodo(ctx, "blocks", 0); err != nil {
		return err
	}
	return tx.update(ctx, "server", "DELETE FROM allowed_server WHERE domain = ?", domain)
}

// HostCount is what there is of a host: who follows one of ours, whom ours
// follow, and who is known at all.
type HostCount struct {
	Host                        string
	Followers, Followed, People int
}

// HostCounts counts them for every host that is known.
func (r *Reader) HostCounts(ctx context.Context) ([]HostCount, error) {
	scan := func(row row, c *HostCount) error {
		return row.Scan(&c.Host, number{&c.People}, number{&c.Followers}, number{&c.Followed})
	}
	return list(ctx, r, scan, `SELECT a.host, COUNT(*), CAST(COALESCE(SUM((SELECT COUNT(*) FROM follower f WHERE f.actor_id = a.id)), 0) AS BIGINT),
		CAST(COALESCE(SUM((SELECT COUNT(*) FROM followed f WHERE f.actor_id = a.id AND f.state = 'accepted')), 0) AS BIGINT) FROM actor a WHERE a.gone = 0 GROUP BY a.host ORDER BY a.host`)
}

const blockImportColumns = "id, name, by_member, rows_new, rows_old, created, applied, undone"

func scanBlockImport(row row, v *community.BlockImport) error {
	return row.Scan(&v.ID, &v.Name, &v.By, fromJSON{&v.New}, fromJSON{&v.Old}, instant{&v.Created}, instant{&v.Applied}, instant{&v.Undone})
}

// BlockImport reads a list of blocks that was brought here.
func (r *Reader) BlockImport(ctx context.Context, id int64) (*community.BlockImport, error) {
	return one(ctx, r, "import", scanBlockImport, "SELECT "+blockImportColumns+" FROM block_import WHERE id = ?", id)
}

// BlockImports lists those that were applied, newest first.
func (r *Reader) BlockImports(ctx context.Context, limit int) ([]community.BlockImport, error) {
	return list(ctx, r, scanBlockImport, "SELECT "+blockImportColumns+" FROM block_import WHERE applied > 0 ORDER BY id DESC LIMIT ?", limit)
}

// InsertBlockImport adds a list of blocks.
func (tx *Tx) InsertBlockImport(ctx context.Context, v *community.BlockImport) error {
	return tx.insert(ctx, &v.ID, "INSERT INTO block_import (name, by_member, rows_new, rows_old, created, applied, undone) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
		v.Name, v.By, asJSON{v.New}, asJSON{v.Old}, v.Created, v.Applied, v.Undone)
}

// UpdateBlockImport writes what became of it.
func (tx *Tx) UpdateBlockImport(ctx context.Context, v *community.BlockImport) error {
	return tx.update(ctx, "import", "UPDATE block_import SET rows_old = ?, applied = ?, undone = ? WHERE id = ?", asJSON{v.Old}, v.Applied, v.Undone, v.ID)
}

// PruneBlockImports forgets lists that were looked at before an instant and never
// applied.
func (tx *Tx) PruneBlockImports(ctx context.Context, before time.Time) error {
	return tx.exec(ctx, "DELETE FROM block_import WHERE applied = 0 AND created < ?", before)
}

// DomainsOf lists a host and the domains above it, with and without its port.
func DomainsOf(host string) []string { return domains(host) }
