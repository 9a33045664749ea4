package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// confsPath is where the conferences are written.
const confsPath = deskPath + "/conf"

// deskConf is where a conference is run.
func deskConf(c *community.Conference) string { return confsPath + "/" + url.PathEscape(c.Slug) }

// confNav is the navigation of one conference at the desk, with a part of it
// marked: "", "guests", "door", "preview" or "more".
func (s *Server) confNav(v *viewer, c *community.Conference, current string) []deskLink {
	out := []deskLink{{deskConf(c), v.T("write.nav_edit"), current == ""}}
	add := func(part, text string) {
		out = append(out, deskLink{deskConf(c) + "/" + part, text, current == part})
	}
	add("preview", v.T("write.nav_preview"))
	if !c.Draft {
		add("guests", v.T("write.nav_guests"))
		add("door", v.T("write.nav_door"))
		out = append(out, deskLink{conferencePath(c) + "/flyer", v.T("write.nav_flyer"), false})
	}
	return out
}

// tools lead from the page of a conference to its desk, for those who may run it.
func (s *Server) tools(ctx context.Context, v *viewer, c *community.Conference) ([]deskLink, error) {
	if v.me == nil || !c.Own() {
		return nil, nil
	}
	switch _, err := s.node.Run(ctx, v.by(), c.Slug); community.CodeOf(err) {
	case "":
		return s.confNav(v, c, "page"), nil
	case community.Forbidden:
		return nil, nil
	default:
		return nil, err
	}
}

// ran is a page of one conference for whoever may run it.
func (s *Server) ran(h func(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error) http.HandlerFunc {
	return s.signed(community.Newcomer, s.written(func(w http.ResponseWriter, r *http.Request, v *viewer) error {
		c, err := s.node.Run(r.Context(), v.by(), param(r, "slug"))
		if err != nil {
			return err
		}
		return h(w, r, v, c)
	}))
}

// confsPage lists the conferences of the desk.
type confsPage struct {
	Past      bool
	Query     string
	Drafts    []deskCard
	List      []deskCard
	Empty     empty
	Pager     pager
	New       string // where a new one is written; empty for those who may not
	Deleted   bool
	PastPath  string
	ComePath  string
	CountText string
}

// deskCard is a conference in a list of the desk.
type deskCard struct {
	card
	Edit, Guests string
	Counts       []string
}

func (v *viewer) deskCards(cs []community.Conference) []deskCard {
	out := make([]deskCard, len(cs))
	for i := range cs {
		c := &cs[i]
		out[i] = deskCard{card: v.card(c), Edit: deskConf(c), Counts: v.seats(c)}
		if !c.Draft {
			out[i].Guests = deskConf(c) + "/guests"
		}
	}
	return out
}

// deskConfs lists what is written and what is to come: GET /desk/conf, with q, past
// and page. Organisers see theirs.
func (s *Server) deskConfs(w http.ResponseWriter, r *http.Request, v *viewer) error {
	ctx := r.Context()
	number, err := pageNumber(r)
	if err != nil {
		return err
	}
	query := strings.TrimSpace(strings.ToValidUTF8(r.URL.Query().Get("q"), ""))
	if len(query) > maxParam {
		query = ""
	}
	p := confsPage{Past: r.URL.Query().Get("past") == "1", Query: query, ComePath: confsPath, PastPath: confsPath + "?past=1", Deleted: r.URL.Query().Get("deleted") == "1"}
	if v.me.Role.AtLeast(community.Steward) {
		p.New = confsPath + "/new"
	}
	q := storage.ConferenceQuery{Text: query, EndsAfter: v.now, Limit: perPage + 1, Offset: (number - 1) * perPage}
	if p.Past {
		q.EndsAfter, q.EndsBefore, q.Order = time.Time{}, v.now, storage.ByStartDesc
	}
	list, err := s.node.Runs(ctx, v.by(), q)
	if err != nil {
		return err
	}
	more := len(list) > perPage
	list = list[:min(len(list), perPage)]
	if !p.Past && number == 1 {
		// A draft is no less a draft when its day has passed.
		all, err := s.node.Runs(ctx, v.by(), storage.ConferenceQuery{Text: query, Order: storage.ByStartDesc, Limit: 500})
		if err != nil {
			return err
		}
		p.Drafts = v.deskCards(slices.DeleteFunc(all, func(c community.Conference) bool { return !c.Draft }))
	}
	if !p.Past {
		list = slices.DeleteFunc(list, func(c community.Conference) bool { return c.Draft })
	}
	p.List = v.deskCards(list)
	params := url.Values{}
	if query != "" {
		params.Set("q", query)
	}
	if p.Past {
		params.Set("past", "1")
	}
	total := (number-1)*perPage + len(list)
	if more {
		total = number*perPage + 1
	}
	p.Pager = newPager(confsPath, params, number, total, v.T("conferences.newer"), v.T("conferences.older"))
	p.Empty = empty{Title: v.T("write.confs_none")}
	return s.showDesk(w, r, v, confsPath, "desk_confs", page{Heading: v.T("write.confs"), Sheets: writeSheets, Body: p}, http.StatusOK)
}

// writeSheets and writeScripts come with the pages where something is written.
var (
	writeSheets  = []string{"write.css"}
	writeScripts = []string{"desk.js"}
)

// confPage is where a conference is written.
type confPage struct {
	Form      *form
	Conf      *community.Conference // nil for a new one
	Path      string
	Nav       []deskLink
	Title     string
	Draft     bool
	Langs     []langRow
	More      []formOption // languages to add
	Zones     []string
	Questions []questionRow
	Saved     string
	Page      string // of the published conference
	Preview   *confPreview
	Changed   []change
	Hears     string
	Following string // that there are more of its series
	Series    *seriesLine
	Where     bool // sections that are open
	Coming    bool
	People    bool
	Picture   bool
	Cover     *community.Picture
	Good      bool
	Options   confOptions
	Restore   bool // it was called off
	Status    string
	Key       string // for what the buttons beside the form do
}

// seriesLine says what series a conference is one of.
type seriesLine struct {
	Rule  string
	Ended bool
	Path  string
}

// questionRow is one question to guests.
type questionRow struct {
	N                    int
	Number               string
	Text, Kind, Choices  fieldView
	Required             fieldView
	KeyName, Key, Remove string
}

// confOptions are what there is to choose from.
type confOptions struct {
	Join, Offer, RSVP, Replies, Access, Category, Status, AllDay, Reconfirm, Scope []formOption
}

// confPreview is a conference as it would be.
type confPreview struct {
	Title text
	When  when
	Where string
	Text  rich
	Mock  *mock
}

// zoneNames are zones to choose from; any other can be typed.
var zoneNames = strings.Fields(`Europe/Belgrade Europe/Moscow Europe/London Europe/Berlin Europe/Paris Europe/Madrid Europe/Lisbon Europe/Warsaw Europe/Helsinki
	Europe/Athens Europe/Kyiv Europe/Istanbul Asia/Tbilisi Asia/Yerevan Asia/Almaty Asia/Tashkent Asia/Yekaterinburg Asia/Novosibirsk Asia/Vladivostok Asia/Jerusalem
	Asia/Dubai Asia/Bangkok Asia/Makassar Asia/Tokyo Asia/Kolkata America/New_York America/Los_Angeles America/Argentina/Buenos_Aires America/Sao_Paulo UTC`)

// confChoices are the options of the form in the reader's language.
func (v *viewer) confChoices(following int) confOptions {
	name := func(family, value string) string { return v.T("write_name." + family + "_" + strings.ToLower(value)) }
	of := func(family string, values ...string) []formOption {
		var out []formOption
		for _, x := range values {
			o := formOption{Value: x, Text: name(family, x)}
			if key := "write_name." + family + "_" + strings.ToLower(x) + "_hint"; v.Has(key) {
				o.Hint = v.T(key)
			}
			out = append(out, o)
		}
		return out
	}
	o := confOptions{
		Join:      of("join", "free", "restricted", "external"),
		RSVP:      of("rsvp", "poll", "words", "off"),
		Replies:   of("replies", "open", "moderated", "closed"),
		Access:    of("access", community.Accesses...),
		Category:  of("category", community.Categories...),
		Status:    of("status", "scheduled", "tentative", "moved_online"),
		AllDay:    []formOption{{Value: "1", Text: v.T("write.all_day")}},
		Reconfirm: []formOption{{Value: "1", Text: v.T("write.reconfirm"), Hint: v.T("write.reconfirm_hint")}},
		Scope:     []formOption{{Value: "", Text: v.T("write.scope_one")}, {Value: "following", Text: v.N("write.scope_following", following)}},
	}
	slices.SortFunc(o.Category[1:], func(a, b formOption) int { return strings.Compare(a.Text, b.Text) })
	for _, h := range []int{0, 2, 6, 12, 24, 48, 72} {
		text := v.T("write.offer_at_once")
		if h > 0 {
			text = v.N("write.offer_for", h)
		}
		o.Offer = append(o.Offer, formOption{Value: strconv.Itoa(h), Text: text})
	}
	o.Offer = append(o.Offer, formOption{Value: "-1", Text: v.T("write.offer_stewards")})
	return o
}

// touched tells whether any of the fields has something in it, or is wrong.
func touched(f *form, names ...string) bool {
	for _, n := range names {
		if strings.TrimSpace(f.Value(n)) != "" || f.Wrong(n) != "" {
			return true
		}
	}
	return false
}

// emptyConference is what a new one begins with: nothing but what is the same every
// time.
func (s *Server) emptyConference(v *viewer) *community.Conference {
	return &community.Conference{Zone: v.city.Zone, JoinMode: community.Free, RSVP: community.RSVPPoll, Replies: community.RepliesOpen,
		Status: community.Scheduled, Category: community.DefaultCategory, Draft: true}
}

// newConf is where a conference is begun: GET /desk/conf/new.
func (s *Server) newConf(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(nil)
	c := s.emptyConference(v)
	s.fillConference(r.Context(), v, f, c)
	f.Set("lang", v.city.Languages[0])
	f.Set("organisers", "@"+v.me.Handle)
	f.Set("key", newKey())
	return s.showConf(w, r, v, nil, f, confPage{}, http.StatusOK)
}

// editConf is where one is edited: GET /desk/conf/{slug}.
func (s *Server) editConf(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(nil)
	s.fillConference(r.Context(), v, f, c)
	f.Set("key", newKey())
	p := confPage{Cover: c.Cover}
	for _, done := range []string{"saved", "published", "copied", "called_off", "restored", "repeated", "ended", "offered", "moved"} {
		if r.URL.Query().Get("done") == done {
			p.Saved = v.T("write_name.done_" + done)
		}
	}
	return s.showConf(w, r, v, c, f, p, http.StatusOK)
}

// showConf shows the form of a conference. C is what is stored, nil for a new one.
func (s *Server) showConf(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference, f *form, p confPage, status int) error {
	ctx := r.Context()
	p.Form, p.Conf, p.Draft, p.Key = f, c, true, newKey()
	p.Path, p.Title = confsPath+"/new", v.T("write.conf_new")
	following := 0
	if c != nil {
		p.Path, p.Draft, p.Nav, p.Title = deskConf(c), c.Draft, s.confNav(v, c, ""), v.pick(c.Title).Text
		p.Restore = c.Status == community.Cancelled || c.Status == community.Postponed
		if p.Restore {
			p.Status = v.T("conf.status." + string(c.Status))
		}
		if !c.Draft {
			p.Page = conferencePath(c)
			h, err := s.node.Hearing(ctx, c)
			if err != nil {
				return err
			}
			p.Hears = v.hearing(h)
		}
		if c.SeriesID != 0 {
			var err error
			if following, err = s.node.Following(ctx, c); err != nil {
				return err
			}
			series, err := s.store.Series(ctx, c.SeriesID)
			if err != nil {
				return err
			}
			p.Series = &seriesLine{Rule: v.ruleWords(series.Rule), Ended: !series.Ended.IsZero(), Path: deskConf(c) + "/repeat"}
			if following > 0 {
				p.Following = v.N("write.scope_following", following)
			}
		}
	}
	p.Langs, p.More, p.Options = v.langRows(f, v.T("write.title"), true, 10), v.moreLanguages(f), v.confChoices(following)
	p.Zones = zoneNames
	if v.city.Zone != "" && !slices.Contains(zoneNames, v.city.Zone) {
		p.Zones = append([]string{v.city.Zone}, zoneNames...)
	}
	for i := range questionCount(f) {
		n := "question." + strconv.Itoa(i) + "."
		kinds := []formOption{{Value: string(community.AskText), Text: v.T("write.ask_text")}, {Value: string(community.AskChoice), Text: v.T("write.ask_choice")}, {Value: string(community.AskYes), Text: v.T("write.ask_yes")}}
		p.Questions = append(p.Questions, questionRow{
			N: i, Number: v.T("write.question", "Number", i+1), KeyName: n + "key", Key: f.Value(n + "key"), Remove: "drop_question:" + strconv.Itoa(i),
			Text: newField(f, n+"text", v.T("write.question_text"), "required", true), Kind: newField(f, n+"kind", v.T("write.question_kind"), "options", kinds, "required", true),
			Choices:  newField(f, n+"choices", v.T("write.question_answers"), "rows", 3, "hint", v.T("write.question_answers_hint")),
			Required: newField(f, n+"required", "", "options", []formOption{{Value: "1", Text: v.T("write.question_required")}}),
		})
	}
	p.Where = touched(f, "region", "country", "postal_code", "coordinates", "directions")
	p.Coming = len(p.Questions) > 0 || touched(f, "external_url") || f.Has("reconfirm", "1") || f.Value("offer_hours") != "0" || f.Value("rsvp") != string(community.RSVPPoll) || f.Value("replies") != string(community.RepliesOpen) || f.Value("join_mode") != string(community.Free)
	p.People = f.Wrong("organisers") != "" || touched(f, "link")
	p.Picture = p.Cover != nil || touched(f, "cover_alt") || f.Wrong("cover") != ""
	p.Good = touched(f, "spoken", "cost", "tags", "access") && c != nil || f.Wrong("spoken") != "" || f.Wrong("cost") != "" || f.Wrong("tags") != "" || f.Wrong("category") != "" || f.Wrong("status") != ""
	pg := page{Heading: p.Title, Sheets: writeSheets, Scripts: writeScripts, Body: p}
	pg.Pictures = append(pg.Pictures, origins(p.Cover)...)
	if p.Preview != nil && p.Preview.Mock != nil {
		for i := range p.Preview.Mock.Pictures {
			pg.Pictures = append(pg.Pictures, origins(&p.Preview.Mock.Pictures[i])...)
		}
	}
	return s.showDesk(w, r, v, confsPath, "desk_conf", pg, status)
}

// saveNewConf makes a conference: POST /desk/conf/new.
func (s *Server) saveNewConf(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.saveConf(w, r, v, nil)
}

// saveConf takes what was typed: POST /desk/conf/new and /desk/conf/{slug}. "do"
// says which button it was.
func (s *Server) saveConf(w http.ResponseWriter, r *http.Request, v *viewer, stored *community.Conference) error {
	ctx := r.Context()
	f := newForm(r.PostForm)
	if sentKey(f) == "" {
		f.Set("key", newKey())
	}
	var err error
	if v.turnLanguages(f) || v.turnQuestions(f) {
		c := s.emptyConference(v)
		if stored != nil {
			c.Cover = stored.Cover
		}
		if c.Cover, err = s.takePicture(r, v, f, uploadsOf(r), "cover", c.Cover); err != nil {
			return err
		}
		f.Problems = slices.DeleteFunc(f.Problems, func(p fieldProblem) bool { return p.Name == "cover_alt" })
		return s.showConf(w, r, v, stored, f, confPage{Cover: c.Cover}, turned(f))
	}
	c := s.emptyConference(v)
	if stored != nil {
		copied := *stored
		c = &copied
	}
	if err := s.readConference(r, v, f, c); err != nil {
		return err
	}
	doc, err := s.node.Sketch(ctx, sketchOf(c))
	if err != nil || !f.OK() {
		if err != nil {
			if err := s.refuseMore(f, v, err, s.fieldsOf(v, f)); err != nil {
				return err
			}
		}
		return s.showConf(w, r, v, stored, f, confPage{Cover: c.Cover}, http.StatusUnprocessableEntity)
	}
	do := f.Value("do")
	if do == "preview" {
		x := sketchOf(c)
		if _, err := s.node.Sketch(ctx, x); err != nil {
			return err
		}
		m, err := v.conferenceMock(x, doc)
		if err != nil {
			return err
		}
		preview := &confPreview{Title: v.pick(x.Title), When: v.when(x, v.city), Where: v.where(x), Text: v.main(x.HTML), Mock: m}
		return s.showConf(w, r, v, stored, f, confPage{Preview: preview, Cover: c.Cover}, http.StatusOK)
	}
	var out *community.Conference
	done := "saved"
	if stored == nil {
		if c.Draft = do != "publish"; !c.Draft {
			done = "published"
		}
		out, err = s.node.AddConference(ctx, v.by(), c, node.Publish{Once: sentKey(f)})
	} else {
		e := node.Edit{Seen: seen(f), Message: f.Value("message"), Publish: do == "publish", Following: f.Value("scope") == "following"}
		if stored.Draft && e.Publish {
			done = "published"
		}
		out, err = s.node.EditConference(ctx, v.by(), stored.Slug, e, func(x *community.Conference) error {
			typed := *c
			*x = typed
			return nil
		})
	}
	if edited(err) {
		return s.sayWhoWasFaster(w, r, v, stored, f, c.Cover)
	}
	if err != nil {
		status, err := s.refuse(f, v, err, s.fieldsOf(v, f))
		if err != nil {
			return err
		}
		return s.showConf(w, r, v, stored, f, confPage{Cover: c.Cover}, status)
	}
	return seeOther(deskConf(out) + "?done=" + done)
}

// sayWhoWasFaster gives the form back with what is stored now beside it. Saving
// again is then meant.
func (s *Server) sayWhoWasFaster(w http.ResponseWriter, r *http.Request, v *viewer, stored *community.Conference, f *form, cover *community.Picture) error {
	ctx := r.Context()
	now, err := s.node.Run(ctx, v.by(), stored.Slug)
	if err != nil {
		return err
	}
	if c := sketchOf(now); f.Value("version") == version(c.Updated) || sameAsTyped(ctx, s, v, f, now) {
		return seeOther(deskConf(now) + "?done=saved") // sent twice
	}
	fresh := newForm(nil)
	s.fillConference(ctx, v, fresh, now)
	var labels [][2]string
	for _, l := range v.langsOf(f) {
		labels = append(labels, [2]string{"title." + l, v.T("write.title")}, [2]string{"text." + l, v.T("write.text")})
	}
	for _, l := range confLabels {
		labels = append(labels, [2]string{l[0], v.T(l[1])})
	}
	p := confPage{Changed: changes(f, fresh, labels), Cover: cover}
	f.Set("version", version(now.Updated))
	f.Error = v.T("error.edited")
	return s.showConf(w, r, v, now, f, p, http.StatusConflict)
}

// sameAsTyped tells whether what is stored is what was typed: then the form was
// sent twice, or both wrote the same.
func sameAsTyped(ctx context.Context, s *Server, v *viewer, f *form, now *community.Conference) bool {
	fresh := newForm(nil)
	s.fillConference(ctx, v, fresh, now)
	names := []string{}
	for _, l := range confLabels {
		names = append(names, l[0])
	}
	for _, l := range v.langsOf(f) {
		names = append(names, "title."+l, "text."+l)
	}
	var labels [][2]string
	for _, n := range names {
		labels = append(labels, [2]string{n, n})
	}
	return len(changes(f, fresh, labels)) == 0
}

// turned is the status of a form that came back because of one of its buttons.
func turned(f *form) int {
	if f.OK() {
		return http.StatusOK
	}
	return http.StatusUnprocessableEntity
}

// sketchOf is a copy of a conference that may be changed.
func sketchOf(c *community.Conference) *community.Conference {
	x := *c
	x.Title, x.Text = slices.Clone(c.Title), slices.Clone(c.Text)
	x.Tags, x.Languages = slices.Clone(c.Tags), slices.Clone(c.Languages)
	if c.Venue != nil {
		venue := *c.Venue
		x.Venue = &venue
	}
	return &x
}

// fieldsOf says which field of this form a field of a conference is.
func (s *Server) fieldsOf(v *viewer, f *form) map[string]string {
	out := map[string]string{"title": v.fieldOfLang(f, "title", community.MinTitle, community.MaxTitle), "text": v.fieldOfLang(f, "text", 0, community.MaxText)}
	for k, x := range confFields {
		out[k] = x
	}
	return out
}

// refuseMore is refuse for a form of which something is known to be wrong already:
// a field is named once.
func (s *Server) refuseMore(f *form, v *viewer, err error, names map[string]string) error {
	before := f.Problems
	more := newForm(f.values)
	if _, err := s.refuse(more, v, err, names); err != nil {
		return err
	}
	for _, p := range more.Problems {
		base, _, _ := strings.Cut(p.Name, "_")
		if !slices.ContainsFunc(before, func(x fieldProblem) bool {
			return x.Name == p.Name || (base == "start" || base == "end") && strings.HasPrefix(x.Name, base+"_")
		}) &&
			!(base == "end" && slices.ContainsFunc(before, func(x fieldProblem) bool { return strings.HasPrefix(x.Name, "start_") })) {
			f.Problems = append(f.Problems, p)
		}
	}
	if f.OK() {
		f.Error, f.Hint = more.Error, more.Hint
	}
	return nil
}

// previewConf shows a conference as it would be, drafts too: as a page, or as
// Mastodon shows it: GET /desk/conf/{slug}/preview, with as.
func (s *Server) previewConf(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	ctx := r.Context()
	if r.URL.Query().Get("as") == "page" {
		sh, err := s.conferenceShown(ctx, v, r, c)
		if err != nil {
			return err
		}
		body, ok := sh.page.Body.(conferencePage)
		if !ok {
			return errors.New("the page of a conference is something else")
		}
		body.Banners = append([]banner{{Kind: "draft", Title: v.T("write.preview"), Text: v.T("write.preview_only"), URL: ""}}, body.Banners...)
		sh.page.Body, sh.page.NoIndex, sh.page.Desk, sh.page.Data = body, true, v.deskNav(confsPath), nil
		return s.once(w, r, v, sh, r.URL.Query(), http.StatusOK)
	}
	x := sketchOf(c)
	doc, err := s.node.Sketch(ctx, x)
	if err != nil {
		return err
	}
	m, err := v.conferenceMock(x, doc)
	if err != nil {
		return err
	}
	body := struct {
		Nav   []deskLink
		Title text
		Page  string
		Mock  *mock
		Card  *mockCard
		When  when
		Where string
	}{s.confNav(v, c, "preview"), v.pick(c.Title), deskConf(c) + "/preview?as=page", m, &mockCard{Title: v.pick(x.Title).Text, Host: v.site.Host(), Image: deskConf(c) + "/card.png?v=" + version(c.Updated)}, v.when(x, v.city), v.where(x)}
	if m.Card != nil {
		m.Card.Image = body.Card.Image
	}
	pg := page{Heading: v.pick(c.Title).Text, Sheets: writeSheets, Body: body}
	for i := range m.Pictures {
		pg.Pictures = append(pg.Pictures, origins(&m.Pictures[i])...)
	}
	return s.showDesk(w, r, v, confsPath, "desk_preview", pg, http.StatusOK)
}
