package web

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"konfa/calendar"
	"konfa/community"
	"konfa/node"
)

// The files of an export. Their fields are for other programs: they stay.
type (
	exportedAccount struct {
		URL       string   `json:"url"`
		Address   string   `json:"address"`
		Handle    string   `json:"handle"`
		Name      string   `json:"name"`
		About     string   `json:"about,omitempty"`
		Languages []string `json:"languages,omitempty"`
		Lang      string   `json:"lang,omitempty"`
		Role      string   `json:"role"`
		Email     string   `json:"email,omitempty"`
		Created   string   `json:"created"`
		Aliases   []string `json:"also_known_as,omitempty"`
		MovedTo   string   `json:"moved_to,omitempty"`
		Conduct   int      `json:"conduct_version,omitempty"`
		Agreed    string   `json:"conduct_agreed,omitempty"`

		PasswordSet string            `json:"password_set,omitempty"`
		Passkeys    []exportedProof   `json:"passkeys,omitempty"`
		Identities  []exportedProof   `json:"identities,omitempty"`
		Sessions    []exportedSession `json:"sessions,omitempty"`
		Links       []exportedProof   `json:"links,omitempty"`
		Invites     []exportedInvite  `json:"invites,omitempty"`
		Following   []string          `json:"following,omitempty"`
	}
	exportedProof struct {
		Name    string `json:"name,omitempty"`
		Issuer  string `json:"issuer,omitempty"`
		Subject string `json:"subject,omitempty"`
		Created string `json:"created"`
		Used    string `json:"last_used,omitempty"`
		Ended   string `json:"revoked,omitempty"`
	}
	exportedSession struct {
		Browser string `json:"browser"`
		Created string `json:"created"`
		Used    string `json:"last_used"`
	}
	exportedInvite struct {
		Note    string `json:"note,omitempty"`
		Role    string `json:"role"`
		Uses    int    `json:"uses"`
		Used    int    `json:"used"`
		Created string `json:"created"`
		Expires string `json:"expires"`
	}
	exportedGuest struct {
		Conference string            `json:"conference"`
		Title      string            `json:"title"`
		Start      string            `json:"start"`
		End        string            `json:"end"`
		State      string            `json:"state"`
		Plus       int               `json:"plus,omitempty"`
		Comment    string            `json:"comment,omitempty"`
		Answers    map[string]string `json:"answers,omitempty"`
		Shown      string            `json:"shown,omitempty"`
		CheckedIn  string            `json:"checked_in,omitempty"`
		Answered   string            `json:"answered"`
	}
	exportedPost struct {
		URL       string          `json:"url"`
		Text      community.Texts `json:"text"`
		Draft     bool            `json:"draft,omitempty"`
		Published string          `json:"published,omitempty"`
		ReplyTo   string          `json:"reply_to,omitempty"`
	}
	exportedStay struct {
		City    string `json:"city"`
		From    string `json:"from"`
		To      string `json:"to,omitempty"`
		Visible bool   `json:"visible"`
	}
	exportedNotice struct {
		Kind    string            `json:"kind"`
		Subject string            `json:"subject,omitempty"`
		Args    map[string]string `json:"args,omitempty"`
		Created string            `json:"created"`
		Read    string            `json:"read,omitempty"`
	}
	exportedLetter struct {
		Kind    string            `json:"kind"`
		To      string            `json:"to"`
		State   string            `json:"state"`
		Args    map[string]string `json:"args,omitempty"`
		Created string            `json:"created"`
		Sent    string            `json:"sent,omitempty"`
	}
	exportedAudit struct {
		Action  string            `json:"action"`
		Reason  string            `json:"reason,omitempty"`
		Details map[string]string `json:"details,omitempty"`
		Created string            `json:"created"`
	}
)

func exportStamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// export is everything that is kept about who is signed in: GET /me/export.zip.
func (s *Server) export(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if !s.asking.allow(r) {
		return errRate
	}
	d, err := s.node.MyData(r.Context(), v.by(), v.me.Handle)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []struct {
		name string
		data any
	}{
		{"account.json", s.exportAccount(v, d)}, {"conferences.json", s.exportGuests(d)}, {"posts.json", s.exportPosts(d)}, {"stays.json", exportStays(d)},
		{"notices.json", exportNotices(d)}, {"letters.json", exportLetters(d)}, {"audit.json", exportAudits(d)},
	} {
		file, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: v.now})
		if err != nil {
			return err
		}
		e := json.NewEncoder(file)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(f.data); err != nil {
			return err
		}
	}
	file, err := z.CreateHeader(&zip.FileHeader{Name: "conferences.ics", Method: zip.Deflate, Modified: v.now})
	if err != nil {
		return err
	}
	cal := calendar.Calendar{Name: v.T("mine.calendar_name", "City", v.cityName().Text), URL: s.site.Base + "/", Zone: v.city.Zone, Refresh: icsRefresh, Site: s.site, Langs: v.reads(v.city.Languages),
		Guest: &calendar.Guest{Name: v.me.Name, URI: s.site.Actor(community.MemberActor(v.me.Handle)), City: v.cityName().Text, CityURI: s.site.Actor(community.CityActor), Parts: map[int64]calendar.Part{}}}
	for _, mc := range d.Conferences {
		if stat, ok := partStat[mc.Guest.State]; ok {
			cal.Events = append(cal.Events, mc.Conference)
			cal.Guest.Parts[mc.Conference.ID] = calendar.Part{Stat: stat}
		}
	}
	if err := calendar.Encode(file, cal); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="`+v.city.Handle+"-"+v.me.Handle+"-"+v.now.Format(time.DateOnly)+`.zip"`)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Content-Security-Policy", "default-src 'none'")
	if r.Method != http.MethodHead {
		w.Write(b.Bytes())
	}
	return nil
}

func (s *Server) exportAccount(v *viewer, d *node.Mine) exportedAccount {
	m := d.Member
	a := exportedAccount{URL: s.site.Actor(community.MemberActor(m.Handle)), Address: "@" + m.Handle + "@" + s.site.Host(), Handle: m.Handle, Name: m.Name, About: m.About, Languages: m.Languages,
		Lang: m.Lang, Role: string(m.Role), Email: m.Email, Created: exportStamp(m.Created), Aliases: m.AlsoKnownAs, MovedTo: m.MovedTo, Conduct: m.Conduct, Agreed: exportStamp(m.Agreed)}
	if d.Proofs.Password != nil {
		a.PasswordSet = exportStamp(d.Proofs.Password.Changed)
	}
	for _, k := range d.Proofs.Passkeys {
		a.Passkeys = append(a.Passkeys, exportedProof{Name: k.Name, Created: exportStamp(k.Created), Used: exportStamp(k.LastUsed)})
	}
	for _, i := range d.Proofs.Identities {
		a.Identities = append(a.Identities, exportedProof{Name: i.Name, Issuer: i.Issuer, Subject: i.Subject, Created: exportStamp(i.Created), Used: exportStamp(i.LastUsed)})
	}
	for _, x := range d.Sessions {
		a.Sessions = append(a.Sessions, exportedSession{x.Agent, exportStamp(x.Created), exportStamp(x.LastUsed)})
	}
	for _, l := range d.Links {
		a.Links = append(a.Links, exportedProof{Name: l.Name, Created: exportStamp(l.Created), Used: exportStamp(l.LastUsed), Ended: exportStamp(l.Revoked)})
	}
	for _, i := range d.Invites {
		a.Invites = append(a.Invites, exportedInvite{i.Note, string(i.Role), i.Uses, i.Used, exportStamp(i.Created), exportStamp(i.Expires)})
	}
	for _, f := range d.Following {
		if f.Actor != nil {
			a.Following = append(a.Following, f.Actor.URI)
		}
	}
	return a
}

func (s *Server) exportGuests(d *node.Mine) []exportedGuest {
	out := []exportedGuest{}
	for _, mc := range d.Conferences {
		c, g := mc.Conference, mc.Guest
		at := c.URI
		if c.Own() {
			at = s.site.Conference(c.Slug)
		}
		out = append(out, exportedGuest{at, c.Title.First(), exportStamp(c.Start), exportStamp(c.End), string(g.State), g.Plus, g.Comment, g.Answers, string(g.Shown), exportStamp(g.CheckedIn), exportStamp(g.Created)})
	}
	return out
}

func (s *Server) exportPosts(d *node.Mine) []exportedPost {
	out := []exportedPost{}
	for _, p := range d.Posts {
		out = append(out, exportedPost{s.site.Post(p.Slug), p.Text, p.Draft, exportStamp(p.Published), p.ReplyTo})
	}
	return out
}

func exportStays(d *node.Mine) []exportedStay {
	out := []exportedStay{}
	for _, x := range d.Stays {
		e := exportedStay{From: x.From.Format(time.DateOnly), Visible: x.Visible}
		if x.Actor != nil {
			e.City = x.Actor.URI
		}
		if !x.To.IsZero() {
			e.To = x.To.Format(time.DateOnly)
		}
		out = append(out, e)
	}
	return out
}

func exportNotices(d *node.Mine) []exportedNotice {
	out := []exportedNotice{}
	for _, x := range d.Notices {
		out = append(out, exportedNotice{string(x.Kind), x.Subject, x.Args, exportStamp(x.Created), exportStamp(x.Read)})
	}
	return out
}

// exportLetters leaves out what would sign someone in.
func exportLetters(d *node.Mine) []exportedLetter {
	out := []exportedLetter{}
	for _, x := range d.Letters {
		args := map[string]string{}
		for k, v := range x.Args {
			if k != "Link" && k != "Stop" && k != "No" {
				args[k] = v
			}
		}
		out = append(out, exportedLetter{string(x.Kind), x.To, string(x.State), args, exportStamp(x.Created), exportStamp(x.Sent)})
	}
	return out
}

// exportAudits leaves out which steward it was.
func exportAudits(d *node.Mine) []exportedAudit {
	out := []exportedAudit{}
	for _, x := range d.Audits {
		out = append(out, exportedAudit{x.Action, x.Reason, x.Details, exportStamp(x.Created)})
	}
	return out
}
