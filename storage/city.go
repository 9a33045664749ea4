package storage

import (
	"context"

	"konfa/community"
)

const cityColumns = "handle, name, about, zone, country, languages, place, picture, banner, links, mentions, settings, created, updated"

func scanCity(row row, c *community.City) error {
	return row.Scan(&c.Handle, fromJSON{&c.Name}, fromJSON{&c.About}, &c.Zone, &c.Country, fromJSON{&c.Languages}, fromJSON{&c.Place},
		fromJSON{&c.Picture}, fromJSON{&c.Banner}, fromJSON{&c.Links}, &c.Mentions, fromJSON{&c.Settings}, instant{&c.Created}, instant{&c.Updated})
}

// City reads the city; NotFound before it was founded.
func (r *Reader) City(ctx context.Context) (*community.City, error) {
	return one(ctx, r, "city yet", scanCity, "SELECT "+cityColumns+" FROM city WHERE id = 1")
}

// SaveCity writes the one city of the node.
func (tx *Tx) SaveCity(ctx context.Context, c *community.City) error {
	return tx.exec(ctx, `INSERT INTO city (id, `+cityColumns+`) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, name = excluded.name, about = excluded.about, zone = excluded.zone,
			country = excluded.country, languages = excluded.languages, place = excluded.place, picture = excluded.picture,
			banner = excluded.banner, links = excluded.links, mentions = excluded.mentions, settings = excluded.settings, created = excluded.created, updated = excluded.updated`,
		c.Handle, asJSON{c.Name}, asJSON{c.About}, c.Zone, c.Country, asJSON{c.Languages}, asJSON{c.Place}, asJSON{c.Picture},
		asJSON{c.Banner}, asJSON{c.Links}, c.Mentions, asJSON{c.Settings}, c.Created, c.Updated)
}
