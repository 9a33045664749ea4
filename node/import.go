package node

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"konfa/community"
	"konfa/storage"
)

// ImportResult says what an import did, or would do.
type ImportResult struct {
	Added    int          `json:"added"`
	Changed  int          `json:"changed"` // known by UID or key, and different now
	Same     int          `json:"same"`    // known, and the same
	Slugs    []string     `json:"slugs"`
	Problems []RowProblem `json:"problems"`
}

// RowProblem is a row that was skipped, and why. Row is the index in what was
// given.
type RowProblem struct {
	Row   int    `json:"row"`
	Title string `json:"title"`
	Msg   string `json:"message"`
}

// errPreview ends the transaction of a preview without leaving a trace.
var errPreview = errors.New("preview")

// ImportConferences takes over conferences of the city from elsewhere. Rows that
// are known by their UID or import key are brought up to date; rows that are
// wrong are reported and skipped; everything else is written in one transaction.
// Followers are not told unless announce is set.
func (n *Node) ImportConferences(ctx context.Context, by By, rows []community.Conference, announce bool) (ImportResult, error) {
	return n.importConferences(ctx, by, rows, announce, false)
}

// PreviewImport tells what ImportConferences would do, and does nothing.
func (n *Node) PreviewImport(ctx context.Context, by By, rows []community.Conference) (ImportResult, error) {
	return n.importConferences(ctx, by, rows, false, true)
}

func (n *Node) importConferences(ctx context.Context, by By, rows []community.Conference, announce, preview bool) (ImportResult, error) {
	var out ImportResult
	if err := by.may(community.Steward); err != nil {
		return out, err
	}
	pub := Publish{Quiet: !announce, Announce: announce}
	err := n.write(ctx, func(tx *storage.Tx) error {
		out = ImportResult{Slugs: []string{}, Problems: []RowProblem{}}
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		for i := range rows {
			row := rows[i] // a copy: the transaction may run again
			err := n.importRow(ctx, tx, city, &row, pub, &out)
			if code := community.CodeOf(err); code == community.Invalid || code == community.Conflict {
				out.Problems = append(out.Problems, RowProblem{Row: i, Title: row.Title.First(), Msg: err.Error()})
			} else if err != nil {
				return err
			}
		}
		if preview {
			return errPreview
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "conference.import", Object: "conf", Details: map[string]string{"added": strconv.Itoa(out.Added), "changed": strconv.Itoa(out.Changed)}})
	})
	if preview && errors.Is(err, errPreview) {
		err = nil
	}
	return out, err
}

func (n *Node) importRow(ctx context.Context, tx *storage.Tx, city *community.City, row *community.Conference, pub Publish, out *ImportResult) error {
	known, err := n.knownRow(ctx, tx, row)
	ok, err := found(err)
	if err != nil {
		return err
	}
	if !ok {
		if row.RSVP == "" && pub.Quiet {
			row.RSVP = community.RSVPWords // a poll for each row would be anything but quiet
		}
		if err := n.addConference(ctx, tx, row, pub); err != nil {
			return err
		}
		out.Added++
		out.Slugs = append(out.Slugs, row.Slug)
		return nil
	}
	if !known.Own() {
		return community.Errorf(community.Conflict, "%q is known already as a conference of %s", row.Title.First(), known.URI)
	}
	if row.Zone == "" {
		row.Zone = known.Zone
	}
	row.Tidy()
	keepUnsaid(row, known)
	if sameRow(known, row) {
		out.Same++
		return nil
	}
	err = n.updateConference(ctx, tx, city, known, func(c *community.Conference) error {
		takeOver(c, row)
		return nil
	}, pub)
	if err != nil {
		return err
	}
	out.Changed++
	out.Slugs = append(out.Slugs, known.Slug)
	return nil
}

func (n *Node) knownRow(ctx context.Context, tx *storage.Tx, row *community.Conference) (*community.Conference, error) {
	if row.ImportKey != "" {
		c, err := tx.ConferenceByImportKey(ctx, row.ImportKey)
		if err == nil || community.CodeOf(err) != community.NotFound {
			return c, err
		}
	}
	if row.UID != "" {
		return tx.ConferenceByUID(ctx, row.UID)
	}
	return nil, community.Errorf(community.NotFound, "this row is new")
}

// sameRow compares what an import brings with what is stored, as far as imports
// go.
func sameRow(a, b *community.Conference) bool {
	plain := func(t community.Texts) []string {
		var out []string
		for _, p := range t {
			out = append(out, p.Text)
		}
		return out
	}
	return !a.Matters(b) && slices.Equal(plain(a.Title), plain(b.Title)) && slices.Equal(plain(a.Text), plain(b.Text)) &&
		a.Link == b.Link && slices.Equal(a.Tags, b.Tags) && sameVenue(a.Venue, b.Venue) &&
		(b.Cover == nil || a.Cover != nil && *a.Cover == *b.Cover)
}

// keepUnsaid gives a row what it does not say of a conference that is known:
// stewards may have filled it in. For the same reason a source that knows of no
// trouble, as most say of everything, does not bring back what was cancelled.
func keepUnsaid(row, known *community.Conference) {
	if len(row.Text) == 0 {
		row.Text = slices.Clone(known.Text)
	}
	if len(row.Tags) == 0 {
		row.Tags = known.Tags
	}
	if row.Venue == nil {
		row.Venue = known.Venue
	}
	if row.Status == community.Scheduled {
		row.Status = known.Status
	}
	row.Link = orElse(row.Link, known.Link)
	row.OnlineURL = orElse(row.OnlineURL, known.OnlineURL)
}

// takeOver copies what an import knows; what stewards set here (seats, way in,
// organisers) stays.
func takeOver(c, row *community.Conference) {
	c.Title, c.Text, c.Link, c.Tags = row.Title, row.Text, row.Link, row.Tags
	c.Start, c.End, c.AllDay, c.OpenEnd, c.Zone = row.Start, row.End, row.AllDay, row.OpenEnd, row.Zone
	c.Status, c.OnlineURL = row.Status, row.OnlineURL
	c.Venue = nil
	if row.Venue != nil {
		venue := *row.Venue
		c.Venue = &venue
	}
	if row.Cover != nil {
		c.Cover = row.Cover
	}
	for _, t := range []community.Texts{c.Title, c.Text} {
		for i := range t {
			if t[i].Lang == "" && len(c.Languages) > 0 {
				t[i].Lang = c.Languages[0]
			}
		}
	}
}
