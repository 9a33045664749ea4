package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
)

// actPage is one thing to do with a conference: what it means, a form, a button.
type actPage struct {
	Form     *form
	Nav      []deskLink
	Title    text
	Heading  string
	Words    []string
	Hears    string
	Path     string
	Back     string
	Kind     string // "call-off", "move", "repeat", "end", "offer" or "delete"
	Button   string
	Danger   bool
	Choices  []formOption
	Weekdays []formOption
	Units    []formOption
	Ends     []formOption
	Rule     string
	Sisters  []formOption
	Offers   []offerLine
}

// offerLine is an offer to a sister city and what became of it.
type offerLine struct {
	City, State, Date, Reason, Note string
	Revoke                          string // number, where it can be taken back
}

func (s *Server) showAct(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference, p actPage, status int) error {
	p.Nav, p.Title, p.Back = s.confNav(v, c, "more"), v.pick(c.Title), deskConf(c)
	if p.Hears == "" && !c.Draft && (p.Kind == "call-off" || p.Kind == "move" || p.Kind == "delete") {
		h, err := s.node.Hearing(r.Context(), c)
		if err != nil {
			return err
		}
		p.Hears = v.hearing(h)
	}
	if p.Path == "" {
		p.Path = deskConf(c) + "/" + p.Kind
	}
	return s.showDesk(w, r, v, confsPath, "desk_act", page{Heading: p.Heading, Sheets: writeSheets, Body: p}, status)
}

// duplicateConf makes a draft like a conference: POST /desk/conf/{slug}/duplicate.
func (s *Server) duplicateConf(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(r.PostForm)
	d, err := s.node.DuplicateConference(r.Context(), v.by(), c.Slug, sentKey(f))
	if err != nil {
		return err
	}
	return seeOther(deskConf(d) + "?done=copied")
}

// callOffPage asks how and why: GET /desk/conf/{slug}/call-off.
func (s *Server) callOffPage(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(nil)
	f.Set("to", string(community.Cancelled))
	return s.showCallOff(w, r, v, c, f, http.StatusOK)
}

func (s *Server) showCallOff(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference, f *form, status int) error {
	return s.showAct(w, r, v, c, actPage{
		Form: f, Kind: "call-off", Heading: v.T("write.call_off"), Words: []string{v.T("write.call_off_text")}, Button: v.T("write.call_off_do"), Danger: true,
		Choices: []formOption{
			{Value: string(community.Cancelled), Text: v.T("write.call_off_cancel"), Hint: v.T("write.call_off_cancel_hint")},
			{Value: string(community.Postponed), Text: v.T("write.call_off_postpone"), Hint: v.T("write.call_off_postpone_hint")},
		},
	}, status)
}

// maxMessage is the length of what organisers say to guests, in characters.
const maxMessage = 2000

// message reads what organisers say to guests.
func (v *viewer) message(f *form) string {
	m := strings.TrimSpace(f.Value("message"))
	if len([]rune(m)) > maxMessage {
		f.wrong("message", v.T("write.too_long", "Most", maxMessage))
	}
	return m
}

// callOffConf cancels or postpones: POST /desk/conf/{slug}/call-off.
func (s *Server) callOffConf(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(r.PostForm)
	to := community.Status(f.Value("to"))
	if to != community.Cancelled && to != community.Postponed {
		f.wrong("to", v.T("write.choose"))
	}
	message := v.message(f)
	if !f.OK() {
		return s.showCallOff(w, r, v, c, f, http.StatusUnprocessableEntity)
	}
	if c.Status == to {
		return seeOther(deskConf(c) + "?done=called_off") // sent twice
	}
	if c.Draft {
		return s.showCallOff(w, r, v, c, draftStays(f, v), http.StatusConflict)
	}
	if _, err := s.node.CallOff(r.Context(), v.by(), c.Slug, to, message); err != nil {
		status, err := s.refuse(f, v, err, map[string]string{"text": "message"})
		if err != nil {
			return err
		}
		return s.showCallOff(w, r, v, c, f, status)
	}
	return seeOther(deskConf(c) + "?done=called_off")
}

func draftStays(f *form, v *viewer) *form {
	f.Error = v.T("write.draft_only")
	return f
}

// restoreConf lets a conference take place after all: POST
// /desk/conf/{slug}/restore.
func (s *Server) restoreConf(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	if c.Status == community.Cancelled || c.Status == community.Postponed {
		if _, err := s.node.RestoreConference(r.Context(), v.by(), c.Slug, ""); err != nil {
			return err
		}
	}
	return seeOther(deskConf(c) + "?done=restored")
}

// movePage moves a conference to another time: GET /desk/conf/{slug}/move.
func (s *Server) movePage(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(nil)
	s.fillConference(r.Context(), v, f, c)
	return s.showMove(w, r, v, c, f, http.StatusOK)
}

func (s *Server) showMove(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference, f *form, status int) error {
	return s.showAct(w, r, v, c, actPage{Form: f, Kind: "move", Heading: v.T("write.move"), Words: []string{v.when(c, v.city).Line()}, Button: v.T("write.move_do")}, status)
}

// moveConf moves it: POST /desk/conf/{slug}/move. One that was called off takes
// place then.
func (s *Server) moveConf(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(r.PostForm)
	x := *c
	if c.AllDay {
		f.Set("all_day", "1")
	}
	f.Set("zone", c.Zone)
	v.readTimes(f, &x)
	message := v.message(f)
	if !f.OK() {
		return s.showMove(w, r, v, c, f, http.StatusUnprocessableEntity)
	}
	_, err := s.node.EditConference(r.Context(), v.by(), c.Slug, node.Edit{Seen: seen(f), Message: message}, func(c *community.Conference) error {
		c.Start, c.End, c.OpenEnd = x.Start, x.End, x.OpenEnd
		if c.Status == community.Postponed || c.Status == community.Cancelled {
			c.Status = community.Scheduled
		}
		return nil
	})
	if edited(err) {
		f.Set("version", version(c.Updated))
	}
	if err != nil {
		status, err := s.refuse(f, v, err, confFields)
		if err != nil {
			return err
		}
		return s.showMove(w, r, v, c, f, status)
	}
	return seeOther(deskConf(c) + "?done=moved")
}

// deletePage asks once more: GET /desk/conf/{slug}/delete.
func (s *Server) deletePage(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	return s.showDelete(w, r, v, c, newForm(nil), http.StatusOK)
}

func (s *Server) showDelete(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference, f *form, status int) error {
	words := []string{v.T("write.delete_text")}
	if !c.Draft && !c.Past(v.now) {
		words = append(words, v.T("write.delete_rather"))
	}
	return s.showAct(w, r, v, c, actPage{Form: f, Kind: "delete", Heading: v.T("write.delete"), Words: words, Button: v.T("write.delete_do"), Danger: true,
		Choices: []formOption{{Value: "1", Text: v.T("write.delete_sure")}}}, status)
}

// deleteConf deletes it: POST /desk/conf/{slug}/delete with sure.
func (s *Server) deleteConf(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(r.PostForm)
	if !f.Has("sure", "1") {
		f.wrong("sure", v.T("write.delete_unsure"))
		return s.showDelete(w, r, v, c, f, http.StatusUnprocessableEntity)
	}
	if err := s.node.DeleteConference(r.Context(), v.by(), c.Slug); err != nil {
		return err
	}
	return seeOther(confsPath + "?deleted=1")
}

// weekdayCodes are the days of a rule, Monday first (RFC 5545 §3.3.10).
var weekdayCodes = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

// repeatPage says how a conference repeats, or ends that: GET
// /desk/conf/{slug}/repeat.
func (s *Server) repeatPage(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(nil)
	f.Set("how", "weekly")
	f.Set("every", "1")
	return s.showRepeat(w, r, v, c, f, http.StatusOK)
}

func (s *Server) showRepeat(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference, f *form, status int) error {
	if c.SeriesID != 0 {
		series, err := s.store.Series(r.Context(), c.SeriesID)
		if err != nil {
			return err
		}
		following, err := s.node.Following(r.Context(), c)
		if err != nil {
			return err
		}
		words := []string{v.ruleWords(series.Rule)}
		if !series.Ended.IsZero() {
			words = append(words, v.T("write.series_ended"))
		}
		p := actPage{Form: f, Kind: "repeat", Rule: "end", Heading: v.T("write.series_end"), Words: words, Button: v.T("write.series_end_do"), Danger: true}
		if following > 0 {
			p.Choices = []formOption{{Value: "1", Text: v.N("write.series_remove", following), Hint: v.T("write.series_remove_hint")}}
		}
		return s.showAct(w, r, v, c, p, status)
	}
	local := c.LocalStart()
	day := v.weekday(local)
	which := (local.Day()-1)/7 + 1
	choices := []formOption{{Value: "weekly", Text: v.T("write.repeat_weekly", "Day", day)},
		{Value: "monthly", Text: v.T("write.repeat_monthly", "Which", v.T("write_name.nth_"+strconv.Itoa(min(which, 4))), "Day", day)},
		{Value: "last", Text: v.T("write.repeat_last", "Day", day)}, {Value: "rule", Text: v.T("write.repeat_rule")}}
	return s.showAct(w, r, v, c, actPage{Form: f, Kind: "repeat", Heading: v.T("write.repeat"), Words: []string{v.T("write.repeat_text")}, Button: v.T("write.repeat_do"), Choices: choices}, status)
}

// ruleOf makes the rule of what was chosen.
func (v *viewer) ruleOf(f *form, c *community.Conference) string {
	local := c.LocalStart()
	code := weekdayCodes[(int(local.Weekday())+6)%7]
	rule := ""
	switch f.Value("how") {
	case "weekly":
		every, err := strconv.Atoi(strings.TrimSpace(f.Value("every")))
		if err != nil || every < 1 || every > 52 {
			f.wrong("every", v.T("write.repeat_every_wrong"))
			return ""
		}
		rule = "FREQ=WEEKLY;BYDAY=" + code
		if every > 1 {
			rule += ";INTERVAL=" + strconv.Itoa(every)
		}
	case "monthly":
		rule = "FREQ=MONTHLY;BYDAY=" + strconv.Itoa(min((local.Day()-1)/7+1, 4)) + code
	case "last":
		rule = "FREQ=MONTHLY;BYDAY=-1" + code
	case "rule":
		if rule = strings.ToUpper(strings.TrimSpace(f.Value("rule"))); rule == "" || len(rule) > 300 {
			f.wrong("rule", v.T("write.repeat_rule_wrong"))
			return ""
		}
		rule = strings.TrimPrefix(rule, "RRULE:")
		return rule
	default:
		f.wrong("how", v.T("write.choose"))
		return ""
	}
	if until := strings.TrimSpace(f.Value("until")); until != "" {
		day, err := time.ParseInLocation(time.DateOnly, until, c.Location())
		switch {
		case err != nil:
			f.wrong("until", v.T("write.date_wrong"))
		case !day.After(local):
			f.wrong("until", v.T("write.repeat_until_wrong"))
		default:
			rule += ";UNTIL=" + community.DaysAfter(day, 1).Add(-time.Second).UTC().Format("20060102T150405Z")
		}
	}
	return rule
}

// ruleWords says a rule in words where it is one of those that the desk makes.
func (v *viewer) ruleWords(rule string) string {
	parts := map[string]string{}
	for p := range strings.SplitSeq(rule, ";") {
		k, x, _ := strings.Cut(p, "=")
		parts[strings.ToUpper(k)] = strings.ToUpper(x)
	}
	by := parts["BYDAY"]
	if len(by) < 2 {
		return rule
	}
	at := slices.Index(weekdayCodes, by[len(by)-2:])
	if at < 0 {
		return rule
	}
	day := v.T("weekday.d" + strconv.Itoa((at+1)%7))
	switch n := by[:len(by)-2]; {
	case parts["FREQ"] == "WEEKLY" && n == "" && (parts["INTERVAL"] == "" || parts["INTERVAL"] == "1"):
		return v.T("write.repeat_weekly", "Day", day)
	case parts["FREQ"] == "WEEKLY" && n == "":
		weeks, err := strconv.Atoi(parts["INTERVAL"])
		if err != nil {
			return rule
		}
		return v.N("write.repeat_weeks", weeks, "Day", day)
	case parts["FREQ"] == "MONTHLY" && n == "-1":
		return v.T("write.repeat_last", "Day", day)
	case parts["FREQ"] == "MONTHLY" && len(n) == 1 && n >= "1" && n <= "4":
		return v.T("write.repeat_monthly", "Which", v.T("write_name.nth_"+n), "Day", day)
	}
	return rule
}

// repeatConf makes a series, or ends it: POST /desk/conf/{slug}/repeat.
func (s *Server) repeatConf(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(r.PostForm)
	if f.Value("end") == "1" {
		message := v.message(f)
		if !f.OK() {
			return s.showRepeat(w, r, v, c, f, http.StatusUnprocessableEntity)
		}
		if _, err := s.node.EndSeriesAt(r.Context(), v.by(), c.Slug, f.Has("remove", "1"), message); err != nil {
			return err
		}
		return seeOther(deskConf(c) + "?done=ended")
	}
	if c.SeriesID != 0 {
		return seeOther(deskConf(c) + "?done=repeated") // sent twice
	}
	rule := v.ruleOf(f, c)
	if !f.OK() {
		return s.showRepeat(w, r, v, c, f, http.StatusUnprocessableEntity)
	}
	if _, _, err := s.node.RepeatConference(r.Context(), v.by(), c.Slug, rule); err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showRepeat(w, r, v, c, f, status)
	}
	return seeOther(deskConf(c) + "?done=repeated")
}

// offerPage offers a conference to sister cities: GET /desk/conf/{slug}/offer.
func (s *Server) offerPage(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	return s.showOffer(w, r, v, c, newForm(nil), http.StatusOK)
}

func (s *Server) showOffer(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference, f *form, status int) error {
	ctx := r.Context()
	sisters, err := s.node.Sisters(ctx)
	if err != nil {
		return err
	}
	q := node.OfferList(false, true, false, 100)
	q.ConferenceID = c.ID
	made, err := s.store.Offers(ctx, q)
	if err != nil {
		return err
	}
	p := actPage{Form: f, Kind: "offer", Heading: v.T("write.offer"), Words: []string{v.T("write.offer_text", "Most", community.MaxOffers)}, Button: v.T("write.offer_do")}
	for i := range sisters {
		x := &sisters[i]
		if x.Theirs == community.Accepted && !slices.ContainsFunc(made, func(o community.Offer) bool { return o.ActorID == x.ActorID && o.Counts() }) {
			p.Sisters = append(p.Sisters, formOption{Value: x.Actor.URI, Text: x.Actor.DisplayName(), Hint: x.Actor.Address()})
		}
	}
	for i := range made {
		p.Offers = append(p.Offers, v.offerLine(&made[i]))
	}
	return s.showAct(w, r, v, c, p, status)
}

// offerLine is an offer in words.
func (v *viewer) offerLine(o *community.Offer) offerLine {
	line := offerLine{City: o.Actor.DisplayName(), State: v.T("write_name.offer_" + string(o.State)), Date: v.stamp(o.Updated), Reason: o.Reason, Note: o.Note}
	if o.Counts() {
		line.Revoke = strconv.FormatInt(o.ID, 10)
	}
	return line
}

// offerConf offers it: POST /desk/conf/{slug}/offer.
func (s *Server) offerConf(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(r.PostForm)
	if _, err := s.node.OfferConference(r.Context(), v.by(), c.Slug, f.values["cities"], f.Value("note")); err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showOffer(w, r, v, c, f, status)
	}
	return seeOther(deskConf(c) + "/offer?" + url.Values{"done": {"1"}}.Encode())
}
