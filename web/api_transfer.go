package web

import (
	"bytes"
	"net/http"

	"konfa/calendar"
	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// apiExport hands out the calendar of the city whole: GET /api/v1/export, with
// ?format=json or ics.
func (s *Server) apiExport(w http.ResponseWriter, r *http.Request) error {
	p := newQuery(r, "format", "own")
	format := p.choice("format", "json", "json", "ics")
	own := p.yes("own")
	if p.err != nil {
		return p.err
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	cs, err := s.store.Conferences(r.Context(), storage.ConferenceQuery{Calendar: true, Own: own})
	if err != nil {
		return err
	}
	var d document
	if format == "ics" {
		d, err = s.encodeICS(v, v.cityName().Text, cs)
	} else {
		var b bytes.Buffer
		err = calendar.EncodeJSON(&b, calendar.Calendar{Name: v.cityName().Text, URL: s.site.Base + "/", Zone: v.city.Zone, Events: cs, Site: s.site, Langs: v.reads(v.city.Languages)})
		if err == nil {
			d, err = newDocument(b.Bytes(), "application/json")
		}
	}
	if err != nil {
		return err
	}
	d.policy, d.name = w.Header().Get("Content-Security-Policy"), v.city.Handle+"."+format
	return d.serve(w, r)
}

// importOutput says what an import did, or would do.
type importOutput struct {
	Preview  bool          `json:"preview"`
	Added    int           `json:"added"`
	Changed  int           `json:"changed"`
	Same     int           `json:"same"`
	Skipped  int           `json:"skipped"`
	Slugs    []string      `json:"slugs"`
	Problems []importIssue `json:"problems"`
}

// importIssue is a conference that was skipped, and why.
type importIssue struct {
	Line    int    `json:"line"` // in the file, from 1
	Title   string `json:"title"`
	Message string `json:"message"`
}

// apiImport takes over conferences from a file of iCalendar, confs.tech or our
// own JSON: POST /api/v1/import, with ?preview=1 and ?announce=1. The body is the
// file.
func (s *Server) apiImport(w http.ResponseWriter, r *http.Request, by node.By) error {
	p := newQuery(r, "preview", "announce", "zone", "language")
	preview, announce := p.yes("preview"), p.yes("announce")
	zone, lang := p.values.Get("zone"), p.values.Get("language")
	switch {
	case p.err != nil:
		return p.err
	case zone != "" && !community.ValidZone(zone):
		return invalidField("zone", "zone", "this is not an IANA time zone such as Europe/Belgrade")
	case lang != "" && !community.ValidLang(lang):
		return invalidField("language", "language", "this is not a language tag such as en or ru")
	}
	// Before the file is read: a stranger's is not worth the work.
	if !by.Member.Role.AtLeast(community.Steward) {
		return community.Errorf(community.Forbidden, "imports are for stewards")
	}
	city, err := s.currentCity(r.Context())
	if err != nil {
		return err
	}
	rows, bad, err := calendar.Decode(http.MaxBytesReader(w, r.Body, maxImport), calendar.DecodeOptions{City: city, Zone: zone, Lang: lang, Now: s.node.Now()})
	if err != nil {
		return err
	}
	cs := make([]community.Conference, len(rows))
	for i := range rows {
		cs[i] = rows[i].Conference
	}
	var done node.ImportResult
	if preview {
		done, err = s.node.PreviewImport(r.Context(), by, cs)
	} else {
		done, err = s.node.ImportConferences(r.Context(), by, cs, announce)
	}
	if err != nil {
		return err
	}
	out := importOutput{Preview: preview, Added: done.Added, Changed: done.Changed, Same: done.Same, Slugs: list(done.Slugs), Problems: []importIssue{}}
	for _, b := range bad {
		out.Problems = append(out.Problems, importIssue{b.Line, b.Title, b.Msg})
	}
	for _, b := range done.Problems {
		line := 0
		if b.Row >= 0 && b.Row < len(rows) {
			line = rows[b.Row].Line
		}
		out.Problems = append(out.Problems, importIssue{line, b.Title, b.Msg})
	}
	out.Skipped = len(out.Problems)
	return answer(w, r, http.StatusOK, out)
}
