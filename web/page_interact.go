package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"konfa/community"
	"konfa/prose"
)

// interactPage shows something of another server and what can be done with it.
type interactPage struct {
	Found    bool
	Kind     string
	Title    text
	When     *when
	Where    string
	Line     string
	Text     text
	URL      string
	OpenText string
	What     string
	Address  copyField
	Form     remoteForm
	Commands []command
	Typed    string
}

// command is how someone of this city does it here.
type command struct{ Text, Line string }

// interact is where other servers and browsers send people with the address of
// something: /authorize_interaction?uri=, ?acct= or ?object= (OStatus,
// FEP-3b86). It is looked up anew each time.
func (s *Server) interact(w http.ResponseWriter, r *http.Request) error {
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	q := r.URL.Query()
	kept := s.meant(r, []string{"uri", "acct", "object", "intent"})
	do := community.Intent(kept.Get("intent"))
	if !do.Known() {
		do = community.ObjectIntent
	}
	typed := strings.TrimSpace(q.Get("uri"))
	for _, name := range []string{"acct", "object"} {
		if typed == "" {
			typed = strings.TrimSpace(q.Get(name))
		}
	}
	if to, ok := s.ours(v, typed); ok {
		switch do {
		case community.JoinIntent, community.LeaveIntent:
			to += "#come"
		case community.ReplyIntent:
			to += "#replies"
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	p := interactPage{Title: text{Text: v.T("interact.none")}, Text: text{Text: v.T("interact.none_text")}, Typed: typed}
	status := http.StatusOK
	if typed != "" {
		found, err := s.lookUp(r, v, typed, do)
		switch {
		case err == nil:
			p = *found
		case err == errRate:
			return err
		default:
			s.log.Info("an address from elsewhere cannot be shown", "uri", typed, "err", err)
			p.Title, p.Text = text{Text: v.T("interact.failed")}, text{Text: v.T("interact.failed_text")}
			status = http.StatusNotFound
		}
	}
	return s.once(w, r, v, &shown{"interact", page{Heading: p.Title.Text, NoIndex: true, Body: p}}, kept, status)
}

// ours returns the path of our page for an address or handle of ours.
func (s *Server) ours(v *viewer, typed string) (string, bool) {
	if path, ok := v.site.Path(typed); ok {
		if path == "city" {
			path = ""
		}
		// What follows our host may itself begin with / or \, which browsers
		// take for another host.
		to, err := url.Parse("/" + strings.TrimLeft(path, "/"))
		if err != nil || to.Host != "" {
			return "", false
		}
		return to.String(), true
	}
	handle, host, ok := readHandle(strings.TrimPrefix(typed, "acct:"))
	if !ok || host != v.site.Host() {
		return "", false
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(handle, "@"), "@")
	switch name {
	case v.city.Handle, host, "city":
		return "/", true
	case "node":
		return "/about", true
	}
	if community.ValidHandle(name) {
		return "/people/" + url.PathEscape(name), true
	}
	return "", false
}

// lookUp finds what an address of another server is: among what we have, else
// by asking there.
func (s *Server) lookUp(r *http.Request, v *viewer, typed string, do community.Intent) (*interactPage, error) {
	ctx, cancel := context.WithTimeout(r.Context(), remoteTime)
	defer cancel()
	if webAddress(typed) {
		if c, err := s.store.ConferenceByURI(ctx, typed); err == nil && !c.Draft {
			return v.seenConference(c, do), nil
		}
		if a, err := s.store.Actor(ctx, typed); err == nil && a.Gone.IsZero() {
			return v.seenActor(a), nil
		}
	} else if _, _, ok := readHandle(typed); !ok {
		return nil, community.Errorf(community.Invalid, "%.100q is no address", typed)
	}
	if s.remote == nil {
		return nil, community.Errorf(community.NotFound, "other servers are not asked")
	}
	if !s.asking.allow(r) {
		return nil, errRate
	}
	a, err := s.remote.FetchActor(ctx, typed)
	if err == nil {
		return v.seenActor(a), nil
	}
	if !webAddress(typed) {
		return nil, err
	}
	if c, err := s.remote.FetchConference(ctx, typed); err == nil {
		return v.seenConference(c, do), nil
	}
	p, author, err := s.remote.FetchPost(ctx, typed)
	if err != nil {
		return nil, err
	}
	return v.seenPost(p, author, do), nil
}

func (v *viewer) seenActor(a *community.Actor) *interactPage {
	kind := "interact.actor"
	switch a.Type {
	case "Group", "Organization":
		kind = "interact.city"
	case "Application", "Service":
		kind = "interact.application"
	}
	address := a.URL
	if address == "" {
		address = a.URI
	}
	p := v.seen(kind, hostOf(a.URI), address, a.URI)
	p.Title = text{Text: a.DisplayName()}
	p.Line = a.Address()
	p.Text = text{Text: prose.Text(a.About, 600)}
	p.Address = newCopy(a.Address(), v.T("interact.field"))
	p.Form.Actions = []action{{community.FollowIntent, v.T("follow.go")}}
	p.What = v.T("interact.follow")
	p.Commands = []command{{v.T("interact.steward"), "konfa follow " + shellWord(a.Address())}}
	return p
}

func (v *viewer) seenConference(c *community.Conference, do community.Intent) *interactPage {
	p := v.seen("interact.conference", hostOf(c.URI), pageURL(v.site, c), c.URI)
	w := v.when(c, v.city)
	p.Title, p.When, p.Where = v.pick(c.Title), &w, v.where(c)
	p.Text = v.excerpt(c.HTML, 600)
	p.Form.Actions = []action{{community.JoinIntent, v.comeButton(c)}}
	p.What = v.T("interact.come")
	by := map[community.Intent]command{
		community.JoinIntent:     {v.T("interact.member_join"), "konfa conf join " + shellWord(c.URI) + " --as NAME"},
		community.LeaveIntent:    {v.T("interact.member_leave"), "konfa conf leave " + shellWord(c.URI) + " --as NAME"},
		community.ReplyIntent:    {v.T("interact.member_reply"), replyCommand(c.URI)},
		community.AnnounceIntent: {v.T("interact.steward_conf"), "konfa conf announce " + shellWord(c.URI)},
	}
	if line, ok := by[do]; ok {
		p.Commands = []command{line}
	} else {
		p.Commands = []command{by[community.JoinIntent], by[community.AnnounceIntent]}
	}
	return p
}

// seenPost is what someone on another server said.
func (v *viewer) seenPost(post *community.Post, author *community.Actor, _ community.Intent) *interactPage {
	p := v.seen("interact.post", hostOf(post.URI), postURL(post), post.URI)
	p.Title = v.pick(post.Title)
	if p.Title.Text == "" {
		p.Title = text{Text: author.DisplayName()}
	}
	p.Line = author.Address()
	if p.Text = v.excerpt(post.HTML, 600); post.Warning != "" {
		p.Text = text{Text: post.Warning}
	}
	p.Form.Actions = v.talkActions()
	p.What = v.T("interact.answer")
	p.Commands = []command{{v.T("interact.member_reply"), replyCommand(post.URI)}}
	return p
}

func replyCommand(uri string) string {
	return "konfa post --as NAME --reply-to " + shellWord(uri) + ` "…"`
}

// shellWord quotes an address that is to be pasted into a shell: it came from
// elsewhere.
func shellWord(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("-._~:/@%+=,", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

func (v *viewer) seen(kind, host, address, uri string) *interactPage {
	return &interactPage{
		Found: true, Kind: v.T(kind, "Host", host), URL: address, OpenText: v.T("interact.open", "Host", hostOf(address)),
		Address: newCopy(uri, v.T("interact.field")), Form: remoteForm{ID: "server", Object: uri},
	}
}
