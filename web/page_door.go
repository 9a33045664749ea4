package web

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"konfa/community"
	"konfa/node"

	"golang.org/x/text/unicode/norm"
)

// doorPage is the list at the door of a conference.
type doorPage struct {
	Path, Back string
	Title      text
	When       string
	Query      string
	Form       *form
	Guests     []doorGuest // those that match
	All        int
	WalkIns    []doorGuest
	Inside     int
	Expected   int
	Done       string // what was just noted
	Key        string // of the next one who walks in
	Data       string // doorData, for the script
	Words      string // what it says
}

// doorGuest is one line of the list.
type doorGuest struct {
	ID     int64  `json:"id,omitempty"`
	Key    string `json:"key,omitempty"` // of who walked in
	Name   string `json:"name"`
	Note   string `json:"note,omitempty"` // "+2", "waiting list"
	Size   int    `json:"size"`
	Going  bool   `json:"going,omitempty"`
	In     int64  `json:"in,omitempty"` // Unix milliseconds, 0 for not here
	Clock  string `json:"-"`            // when they came
	search string
}

// doorData is what the script of the page keeps, and asks for again.
type doorData struct {
	Conference int64       `json:"conference"`
	Now        int64       `json:"now"` // Unix milliseconds, by the clock that counts
	Zone       string      `json:"zone"`
	Guests     []doorGuest `json:"guests"`
	WalkIns    []doorGuest `json:"walk_ins"`
}

// doorWords are what the script of the door says, by the names it knows them by,
// with {name} and the like for it to fill in.
func (v *viewer) doorWords() map[string]string {
	return map[string]string{
		"in": v.T("door.in"), "undo": v.T("door.undo"), "unknown": v.T("door.unknown"), "offline": v.T("door.offline"), "camera": v.T("door.no_camera"),
		"inOf": v.T("door.in_of", "Name", "{name}"), "undoOf": v.T("door.undo_of", "Name", "{name}"), "out": v.T("door.out", "Name", "{name}"),
		"already": v.T("door.already", "Name", "{name}", "Time", "{time}"), "queued": v.T("door.queued", "Count", "{count}"),
		"refused": v.T("door.refused", "Name", "{name}", "Why", "{why}"),
	}
}

// door is the list and what is done with it: GET and POST /desk/conf/{slug}/door.
func (s *Server) door(w http.ResponseWriter, r *http.Request, v *viewer) error {
	slug := param(r, "slug")
	f := newForm(nil)
	status := http.StatusOK
	if r.Method == http.MethodPost {
		f = newForm(r.PostForm)
		done, err := s.doorAct(r, v, slug, f)
		if err == nil {
			q := url.Values{"done": {done}}
			if query := f.Value("q"); query != "" {
				q.Set("q", query)
			}
			return seeOther(withQuery("/desk/conf/"+url.PathEscape(slug)+"/door", q))
		}
		if community.CodeOf(err) == community.Forbidden {
			return err
		}
		if status, err = s.refuse(f, v, err, nil); err != nil {
			return err
		}
	}
	d, err := s.node.Door(r.Context(), v.by(), slug)
	if err != nil {
		return err
	}
	c, data := d.Conference, s.doorData(v, d)
	list, err := json.Marshal(data)
	if err != nil {
		return err
	}
	words, err := json.Marshal(v.doorWords())
	if err != nil {
		return err
	}
	body := doorPage{
		Path: "/desk/conf/" + c.Slug + "/door", Back: conferencePath(c), Title: v.pick(c.Title), When: v.when(c, v.city).Line(), Form: f,
		Query: strings.TrimSpace(r.FormValue("q")), Inside: d.Count.Inside(), Expected: d.Count.Expected, Key: rand.Text(),
		Data: string(list), Words: string(words), All: len(data.Guests),
	}
	if key := r.URL.Query().Get("done"); slices.Contains([]string{"in", "undo", "walk_in", "walk_out"}, key) {
		body.Done = v.T("door.done_" + key)
	}
	want := fold(body.Query)
	for _, g := range data.Guests {
		if matches(g.search, want) {
			body.Guests = append(body.Guests, g)
		}
	}
	for _, g := range data.WalkIns {
		if matches(g.search, want) {
			body.WalkIns = append(body.WalkIns, g)
		}
	}
	// Here alone, and only if who stands there says yes.
	w.Header().Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
	return s.showDesk(w, r, v, "", "door", page{Heading: v.T("door.title"), Class: "desk door", Sheets: []string{"door.css"}, Body: body}, status)
}

// doorAct does what one form of the page asks for, and names what was done.
func (s *Server) doorAct(r *http.Request, v *viewer, slug string, f *form) (string, error) {
	ctx, by := r.Context(), v.by()
	id, _ := strconv.ParseInt(f.Value("guest"), 10, 64)
	switch f.Value("act") {
	case "in":
		_, err := s.node.CheckIn(ctx, by, slug, id, time.Time{})
		return "in", err
	case "undo":
		_, err := s.node.UndoCheckIn(ctx, by, slug, id, time.Time{})
		return "undo", err
	case "ticket":
		_, err := s.node.CheckInTicket(ctx, by, slug, f.Value("ticket"), time.Time{})
		return "in", err
	case "walk_in":
		plus, err := strconv.Atoi(strings.TrimSpace(f.Value("plus")))
		if err != nil && strings.TrimSpace(f.Value("plus")) != "" {
			plus = -1 // no number is a wrong one
		}
		return "walk_in", s.node.AddWalkIn(ctx, by, slug, community.WalkIn{Key: f.Value("key"), Name: f.Value("name"), Plus: plus})
	case "walk_out":
		return "walk_out", s.node.TakeBackWalkIn(ctx, by, slug, f.Value("key"))
	}
	return "", community.Errorf(community.Invalid, "there is nothing to do")
}

// doorData is the list as the script of the page keeps it, by name.
func (s *Server) doorData(v *viewer, d *node.Door) doorData {
	c := d.Conference
	out := doorData{Conference: c.ID, Now: v.now.UnixMilli(), Zone: c.Zone, Guests: []doorGuest{}, WalkIns: []doorGuest{}}
	came := func(g *doorGuest, at time.Time) {
		if !at.IsZero() {
			g.In, g.Clock = at.UnixMilli(), at.In(c.Location()).Format("15:04")
		}
	}
	for i := range d.Guests {
		x := &d.Guests[i]
		g := doorGuest{ID: x.ID, Name: x.Name, Size: x.Size(), Going: x.State == community.Going}
		if g.Name == "" {
			g.Name = x.Email
		}
		var notes []string
		if x.Plus > 0 {
			notes = append(notes, "+"+strconv.Itoa(x.Plus))
		}
		if !g.Going {
			notes = append(notes, v.T("door.state_"+string(x.State)))
		}
		g.Note = strings.Join(notes, " · ")
		came(&g, x.CheckedIn)
		g.search = fold(g.Name + " " + x.Email)
		out.Guests = append(out.Guests, g)
	}
	slices.SortStableFunc(out.Guests, func(a, b doorGuest) int { return strings.Compare(fold(a.Name), fold(b.Name)) })
	for _, x := range d.WalkIns {
		if x.Gone {
			continue
		}
		g := doorGuest{Key: x.Key, Name: x.Name, Size: x.Size()}
		if g.Name == "" {
			g.Name = v.T("door.nameless")
		}
		if x.Plus > 0 {
			g.Note = "+" + strconv.Itoa(x.Plus)
		}
		came(&g, x.Arrived)
		g.search = fold(g.Name)
		out.WalkIns = append(out.WalkIns, g)
	}
	return out
}

// fold makes names comparable however they are typed: Đorđe is found by dorde,
// Семён by семен.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r == 'đ':
			b.WriteByte('d')
		case r == 'ł':
			b.WriteByte('l')
		case r == 'ø':
			b.WriteByte('o')
		case r == 'ß':
			b.WriteString("ss")
		case !unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// matches tells whether every word that is looked for begins a word of a name.
func matches(name, want string) bool {
	for _, w := range strings.Fields(want) {
		if !strings.HasPrefix(name, w) && !strings.Contains(name, " "+w) {
			return false
		}
	}
	return true
}

// doorNote is something that a door noted, maybe while it had no network.
type doorNote struct {
	Note   string `json:"note"` // the door's own name for it
	Act    string `json:"act"`  // as in the forms
	Guest  int64  `json:"guest"`
	Ticket string `json:"ticket"`
	Key    string `json:"key"`
	Name   string `json:"name"`
	Plus   int    `json:"plus"`
	At     int64  `json:"at"` // Unix milliseconds by the clock of Now
}

// doorAnswer is what became of one.
type doorAnswer struct {
	Note  string `json:"note"`
	OK    bool   `json:"ok"`
	Guest int64  `json:"guest,omitempty"`
	Error string `json:"error,omitempty"`
}

// maxNotes bounds how many notes come at once; a door sends more in turns.
const maxNotes = 200

// doorNotes takes what a door noted and answers with what became of it and with
// the whole list: POST /desk/conf/{slug}/door/notes. To send the same again changes
// nothing.
func (s *Server) doorNotes(w http.ResponseWriter, r *http.Request, v *viewer) error {
	slug := param(r, "slug")
	var in struct {
		Notes []doorNote `json:"notes"`
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxForm))
	if err := dec.Decode(&in); err != nil || len(in.Notes) > maxNotes {
		return community.Errorf(community.Invalid, "what the door noted cannot be read")
	}
	ctx, by := r.Context(), v.by()
	answers := make([]doorAnswer, 0, len(in.Notes))
	for _, n := range in.Notes {
		at := time.Time{}
		if n.At > 0 {
			at = time.UnixMilli(n.At)
		}
		a := doorAnswer{Note: n.Note, Guest: n.Guest}
		var g community.Guest
		var err error
		switch n.Act {
		case "in":
			g, err = s.node.CheckIn(ctx, by, slug, n.Guest, at)
		case "undo":
			g, err = s.node.UndoCheckIn(ctx, by, slug, n.Guest, at)
		case "ticket":
			g, err = s.node.CheckInTicket(ctx, by, slug, n.Ticket, at)
		case "walk_in":
			err = s.node.AddWalkIn(ctx, by, slug, community.WalkIn{Key: n.Key, Name: n.Name, Plus: n.Plus, Arrived: at})
		case "walk_out":
			err = s.node.TakeBackWalkIn(ctx, by, slug, n.Key)
		default:
			err = community.Errorf(community.Invalid, "%q is nothing that a door does", n.Act)
		}
		if a.OK = err == nil; a.OK {
			a.Guest = max(a.Guest, g.ID)
		} else {
			e, ok := errors.AsType[*community.Error](err)
			if !ok || e.Code == community.Internal || e.Code == community.Forbidden {
				return err
			}
			if a.Error = e.Msg; e.Key != "" && v.Has(e.Key) {
				a.Error = v.T(e.Key)
			}
		}
		answers = append(answers, a)
	}
	d, err := s.node.Door(ctx, by, slug)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(struct {
		Answers []doorAnswer `json:"answers"`
		Data    doorData     `json:"data"`
	}{answers, s.doorData(v, d)})
}
