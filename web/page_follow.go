package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"konfa/community"

	"golang.org/x/net/publicsuffix"
)

// remoteTime bounds how long a visitor waits for their own server.
const remoteTime = 8 * time.Second

// followPage gives the form back, or asks before sending people to a host that
// they did not name.
type followPage struct {
	Title     string
	Address   copyField
	Form      remoteForm
	Written   bool // a message was sent instead
	LeaveURL  string
	LeaveHost string
}

// followForm shows the form alone: GET /follow.
func (s *Server) followAgain(_ context.Context, v *viewer, _ *http.Request) (*shown, error) {
	return followShown(v, v.followForm()), nil
}

func followShown(v *viewer, f remoteForm) *shown {
	title := v.T("follow.again")
	if len(f.Actions) > 0 && f.Actions[0].Intent != community.FollowIntent {
		title = v.T("follow.from_yours")
	}
	return &shown{"follow", page{Heading: title, NoIndex: true, Body: followPage{Title: title, Address: newCopy(addressOf(v, f.Object), v.T("follow.handle")), Form: f}}}
}

// addressOf is what to paste into the search of another server: a handle for
// the city, else the address of the thing.
func addressOf(v *viewer, object string) string {
	if object == v.site.Actor(community.CityActor) {
		return v.handle()
	}
	return object
}

// actionOf is what is done with a thing of ours: as the form says, or what one
// does with such a thing.
func (v *viewer) actionOf(intent community.Intent, object string) action {
	if !intent.Known() {
		intent = community.JoinIntent
		if slug, ok := v.site.PostSlug(object); ok && slug != "" {
			intent = community.ReplyIntent
		} else if _, ok := v.site.LocalActor(object); ok {
			intent = community.FollowIntent
		}
	}
	text := map[community.Intent]string{
		community.FollowIntent: v.T("follow.go"), community.JoinIntent: v.T("come.go"), community.LeaveIntent: v.T("action.leave"), community.ReplyIntent: v.T("post.reply_go"),
		community.LikeIntent: v.T("action.like"), community.AnnounceIntent: v.T("action.announce"), community.ObjectIntent: v.T("action.look"),
	}[intent]
	return action{intent, text}
}

// follow sends a visitor to their own server, to do something with a thing of
// ours there: POST /follow with handle, object and intent.
func (s *Server) follow(w http.ResponseWriter, r *http.Request) error {
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		return community.Errorf(community.Invalid, "the form cannot be read: %w", err)
	}
	f := v.followForm()
	f.Typed = strings.TrimSpace(r.PostForm.Get("handle"))
	if o := r.PostForm.Get("object"); o != "" {
		if !webAddress(o) {
			return community.Errorf(community.Invalid, "what to follow is not an address")
		}
		f.Object = o
	}
	do := v.actionOf(community.Intent(r.PostForm.Get("intent")), f.Object)
	f.Actions = []action{do}
	handle, host, ok := readHandle(f.Typed)
	switch {
	case f.Typed == "":
		f.Error = v.T("follow.error.empty")
	case !ok:
		f.Error = v.T("follow.error.form")
	case s.remote == nil:
		f.Error, f.Hint = v.T("follow.error.off"), v.T("follow.error.manual")
	case !s.asking.allow(r):
		f.Error = v.T("follow.error.rate")
	}
	if f.Error != "" {
		return s.formAgain(w, r, v, f)
	}
	s.rememberServer(w, r, handle, r.PostForm.Get("remember") != "")
	ctx, cancel := context.WithTimeout(r.Context(), remoteTime)
	defer cancel()
	if r.PostForm.Get("direct") != "" {
		return s.writeTo(ctx, w, r, v, f, handle)
	}
	template, err := s.remote.IntentTemplate(ctx, handle, do.Intent)
	target, ok := s.fill(template, f.Object)
	if err != nil || !ok {
		s.log.Info("a visitor's server gave no way", "host", host, "intent", do.Intent, "err", err)
		f.Error, f.Hint = v.noWay(err, handle, host), v.T("follow.error.manual")
		if _, mine := v.site.Path(f.Object); mine && handle != host && community.CodeOf(err) != community.Forbidden && keyOf(err) != "intent.unknown" && keyOf(err) != "intent.silent" {
			f.Direct = v.T("follow.direct")
		}
		return s.formAgain(w, r, v, f)
	}
	if !sameSite(host, target.Hostname()) {
		// An account may live on another host than its address says. That is
		// for the visitor to judge: nobody is sent where they did not ask.
		sh := followShown(v, f)
		sh.page.Heading = v.T("follow.leave")
		sh.page.Body = followPage{Form: f, LeaveURL: target.String(), LeaveHost: target.Host}
		return s.once(w, r, v, sh, nil, http.StatusOK)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, target.String(), http.StatusSeeOther)
	return nil
}

func keyOf(err error) string {
	if e, ok := errors.AsType[*community.Error](err); ok {
		return e.Key
	}
	return ""
}

// noWay says in plain words why someone cannot be sent to their server.
func (v *viewer) noWay(err error, handle, host string) string {
	switch keyOf(err) {
	case "intent.unknown":
		return v.T("follow.error.unknown", "Handle", handle)
	case "intent.silent":
		return v.T("follow.error.silent", "Host", host)
	}
	return v.T("follow.error.none", "Host", host)
}

// writeTo has the city send whoever has the handle a message with the address,
// where their server offers no other way. Whether there was such a person is
// not told: that is between them and their server.
func (s *Server) writeTo(ctx context.Context, w http.ResponseWriter, r *http.Request, v *viewer, f remoteForm, handle string) error {
	switch _, mine := v.site.Path(f.Object); {
	case !mine || !strings.HasPrefix(handle, "@"):
		return community.Errorf(community.Invalid, "a message needs a whole handle and a thing of ours")
	case !s.sending.allow(r):
		f.Error, f.Hint = v.T("follow.error.rate"), v.T("follow.error.manual")
		return s.formAgain(w, r, v, f)
	}
	if err := s.remote.PointTo(ctx, handle, f.Object, v.Code); err != nil {
		s.log.Info("no message was sent", "to", handle, "object", f.Object, "err", err)
		if community.CodeOf(err) == community.Internal {
			return err
		}
	}
	sh := followShown(v, f)
	sh.page.Heading = v.T("follow.direct_done")
	sh.page.Body = followPage{Address: newCopy(addressOf(v, f.Object), v.T("follow.handle")), Form: f, Written: true}
	return s.once(w, r, v, sh, nil, http.StatusOK)
}

// formAgain gives the form back with what was typed and what is wrong.
func (s *Server) formAgain(w http.ResponseWriter, r *http.Request, v *viewer, f remoteForm) error {
	return s.once(w, r, v, followShown(v, f), nil, http.StatusUnprocessableEntity)
}

// once renders a page that is for this one request alone. Params are the query
// parameters that it was made from.
func (s *Server) once(w http.ResponseWriter, r *http.Request, v *viewer, sh *shown, params url.Values, status int) error {
	s.frame(&sh.page, v, r, params)
	html, err := s.renderer.render(v.tongue, sh.template, &sh.page)
	if err != nil {
		return err
	}
	html, _ = personal(html, r)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Code)
	h.Set("Content-Security-Policy", s.pagePolicy(&sh.page))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(html)
	}
	return nil
}

var (
	handleForm = regexp.MustCompile(`^@?([^\s@/:?#]{1,64})@([^\s@/?#]{1,253})$`)
	hostForm   = regexp.MustCompile(`^[^\s@/?#:]+(\.[^\s@/?#:]+)+(:\d{1,5})?$|^localhost(:\d{1,5})?$|^\[[0-9a-fA-F:.]+\](:\d{1,5})?$`)
)

// readHandle understands what people type for their account: @anna@host,
// anna@host, host, https://host, https://host/@anna. Handle is "@anna@host" or
// "host".
func readHandle(typed string) (handle, host string, ok bool) {
	s := strings.TrimSpace(typed)
	if len(s) > 300 {
		return "", "", false
	}
	if u, err := url.Parse(s); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		name, _ := strings.CutPrefix(strings.Trim(u.Path, "/"), "@")
		if name == strings.Trim(u.Path, "/") || strings.Contains(name, "/") {
			name = ""
		}
		s = u.Host
		if strings.Contains(name, "@") {
			s = name // https://here/@anna@there
		} else if name != "" {
			s = name + "@" + u.Host
		}
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "acct:"), "@")
	if hostForm.MatchString(s) {
		return strings.ToLower(s), strings.ToLower(s), true
	}
	m := handleForm.FindStringSubmatch(s)
	if m == nil || !hostForm.MatchString(m[2]) {
		return "", "", false
	}
	host = strings.ToLower(m[2])
	return "@" + m[1] + "@" + host, host, true
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// fill puts an address into the template of another server. Only https is
// followed, and http where this node itself is plain http.
func (s *Server) fill(template, object string) (*url.URL, bool) {
	if template == "" || len(template) > 2000 {
		return nil, false
	}
	used := false
	address := placeholder.ReplaceAllStringFunc(template, func(p string) string {
		if p == "{uri}" || p == "{object}" || p == "{inReplyTo}" {
			used = true
			return url.QueryEscape(object)
		}
		return "" // on-success and its like: we have nothing to say there
	})
	u, err := url.Parse(address)
	if err != nil || !used || u.Host == "" || u.User != nil {
		return nil, false
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && strings.HasPrefix(s.site.Base, "http://")) {
		return nil, false
	}
	return u, true
}

// sameSite tells whether two hosts belong to one owner: the same, or below the
// same registrable domain.
func sameSite(named, found string) bool {
	if u, err := url.Parse("//" + named); err == nil {
		named = u.Hostname()
	}
	named, found = strings.ToLower(named), strings.ToLower(found)
	if named == found {
		return true
	}
	a, err := publicsuffix.EffectiveTLDPlusOne(named)
	if err != nil {
		return false
	}
	b, err := publicsuffix.EffectiveTLDPlusOne(found)
	return err == nil && a == b
}

// webAddress tells whether s is an address that other servers can know.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= 2000 && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}
