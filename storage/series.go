package storage

import (
	"context"
	"encoding/json"

	"konfa/community"
)

const seriesColumns = "id, rule, template, horizon, ended, created"

func scanSeries(row row, s *community.Series) error {
	return row.Scan(&s.ID, &s.Rule, fromJSON{&s.Template}, instant{&s.Horizon}, instant{&s.Ended}, instant{&s.Created})
}

// Series reads a series.
func (r *Reader) Series(ctx context.Context, id int64) (*community.Series, error) {
	return one(ctx, r, "series", scanSeries, "SELECT "+seriesColumns+" FROM series WHERE id = ?", id)
}

// OpenSeries lists the series that go on, the one with the nearest horizon
// first.
func (r *Reader) OpenSeries(ctx context.Context) ([]community.Series, error) {
	return list(ctx, r, scanSeries, "SELECT "+seriesColumns+" FROM series WHERE ended = 0 ORDER BY horizon, id")
}

// InsertSeries adds a series.
func (tx *Tx) InsertSeries(ctx context.Context, s *community.Series) error {
	template, err := json.Marshal(&s.Template)
	if err != nil {
		return err
	}
	return tx.insert(ctx, &s.ID, "INSERT INTO series (rule, template, horizon, ended, created) VALUES (?, ?, ?, ?, ?) RETURNING id",
		s.Rule, string(template), s.Horizon, s.Ended, s.Created)
}

// UpdateSeries writes a series.
func (tx *Tx) UpdateSeries(ctx context.Context, s *community.Series) error {
	template, err := json.Marshal(&s.Template)
	if err != nil {
		return err
	}
	return tx.update(ctx, "series", "UPDATE series SET rule = ?, template = ?, horizon = ?, ended = ?, created = ? WHERE id = ?",
		s.Rule, string(template), s.Horizon, s.Ended, s.Created, s.ID)
}
