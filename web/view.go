package web

import (
	"html/template"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"konfa/community"
	"konfa/node"
	"konfa/prose"

	"golang.org/x/net/idna"
)

// viewer turns what is stored into what one reader sees: in a language, at a
// moment.
type viewer struct {
	*tongue
	city *community.City
	site community.Site
	now  time.Time

	me      *community.Member  // who is signed in, or nil
	session *community.Session // of theirs, or nil
	typed   *form              // into the form of this page, which comes back with mistakes, or nil
}

// by is who asks.
func (v *viewer) by() node.By { return node.By{Member: v.me} }

// text is a text for a page. Lang is set only where it is not the language of
// the page, to be marked with lang=.
type text struct{ Text, Lang string }

// rich is safe HTML for a page.
type rich struct {
	HTML template.HTML
	Lang string
}

// link is an address with a name.
type link struct{ Name, URL string }

// picture is an image that a page shows.
type picture = community.Picture

// badge is a short mark beside a title. Kind is also its CSS class.
type badge struct{ Kind, Text string }

// empty is what stands where nothing is.
type empty struct{ Title, Text string }

// copyField is a value to copy.
type copyField struct {
	Value, Label string
	Size         int
}

func newCopy(value, label string) copyField {
	return copyField{Value: value, Label: label, Size: min(max(len(value), 12), 48)}
}

// remoteForm asks a reader for their own server. Object is what they want to
// follow or answer there.
type remoteForm struct {
	ID, Object         string
	Actions            []action // what pressing its buttons does, the main one first
	Typed, Error, Hint string
	Direct             string // the button that asks for a message instead, where there is no other way
}

// action is a button of a form.
type action struct {
	Intent community.Intent
	Text   string
}

// act makes the form for one thing and what can be done with it.
func (v *viewer) act(id, object string, actions ...action) remoteForm {
	return remoteForm{ID: id, Object: object, Actions: actions}
}

// talkActions are what can be done with something that was said.
func (v *viewer) talkActions() []action {
	return []action{{community.ReplyIntent, v.T("post.reply_go")}, {community.LikeIntent, v.T("action.like")}, {community.AnnounceIntent, v.T("action.announce")}}
}

// person is someone, with an address where there is one.
type person struct{ Name, Path, Note, Initial string }

func (v *viewer) langOf(lang string) string {
	if lang == v.Code {
		return ""
	}
	return lang
}

// pick chooses among the languages of a text for this reader.
func (v *viewer) pick(t community.Texts) text {
	p := t.Best(v.reads(v.city.Languages)...)
	return text{p.Text, v.langOf(p.Lang)}
}

// html chooses among the languages of a safe HTML text.
func (v *viewer) html(t community.Texts) rich {
	p := t.Best(v.reads(v.city.Languages)...)
	return rich{template.HTML(p.Text), v.langOf(p.Lang)}
}

// raise lifts the headings of safe HTML by one, for a text that stands right
// below the h1 of its page: there they begin at h2. In safe HTML every < that is
// no tag is escaped.
func raise(safe string) template.HTML {
	if !strings.Contains(safe, "<h3") {
		return template.HTML(safe)
	}
	return template.HTML(raised.Replace(safe))
}

var raised = strings.NewReplacer("<h3>", "<h2>", "</h3>", "</h2>", "<h4>", "<h3>", "</h4>", "</h3>", "<h5>", "<h4>", "</h5>", "</h4>", "<h6>", "<h5>", "</h6>", "</h5>")

// main is html for the text that a page is about.
func (v *viewer) main(t community.Texts) rich {
	out := v.html(t)
	out.HTML = raise(string(out.HTML))
	return out
}

// markdown renders a text of our own that is stored as Markdown alone.
func (v *viewer) markdown(t community.Texts) rich {
	p := t.Best(v.reads(v.city.Languages)...)
	if p.Text == "" {
		return rich{}
	}
	return rich{raise(prose.Markdown(p.Text)), v.langOf(p.Lang)}
}

// excerpt is the beginning of a safe HTML text as plain text.
func (v *viewer) excerpt(t community.Texts, length int) text {
	p := t.Best(v.reads(v.city.Languages)...)
	return text{prose.Text(p.Text, length), v.langOf(p.Lang)}
}

func (v *viewer) cityName() text { return v.pick(v.city.Name) }

// handle is the fediverse address of the city.
func (v *viewer) handle() string { return "@" + v.city.Handle + "@" + v.site.Host() }

// conferencePath is where our page of a conference is. Those of other servers
// that we know have one too, so that they can be read without leaving.
func conferencePath(c *community.Conference) string {
	if c.Own() {
		return "/conf/" + c.Slug
	}
	return "/elsewhere/" + strconv.FormatInt(c.ID, 10)
}

// conferenceID is the ActivityPub id of a conference: what other servers know
// it by.
func conferenceID(s community.Site, c *community.Conference) string {
	if c.Own() {
		return s.Conference(c.Slug)
	}
	return c.URI
}

// card is a conference in a list.
type card struct {
	Path   string
	Title  text
	When   when
	Soon   string
	Where  string
	Host   string // of a cross-posted one
	Left   string // "3 seats left"
	Badges []badge
	Faded  bool
	Now    bool // it is going on
	Open   bool // one can still say to come
	Button string
	Seats  []string
}

func (v *viewer) card(c *community.Conference) card {
	k := card{
		Path:   conferencePath(c),
		Title:  v.pick(c.Title),
		When:   v.when(c, v.city),
		Where:  v.where(c),
		Badges: v.badges(c),
		Faded:  c.Status == community.Cancelled,
		Now:    !c.Past(v.now) && !c.Start.After(v.now),
		Open:   v.open(c),
	}
	if !c.Own() {
		k.Host = c.Origin
	}
	if k.When.Timed && c.Zone != v.city.Zone && (c.Venue == nil || c.Status == community.MovedOnline) {
		k.When.Abroad = true // no place says whose clock it is
	}
	if !c.Past(v.now) && c.Status != community.Cancelled {
		k.Soon = v.soon(c, v.now)
		if k.Seats = v.seats(c); full(c) {
			// The badge says it already.
			k.Seats = slices.DeleteFunc(k.Seats, func(s string) bool { return s == v.T("seats.full") })
		}
		k.Button = v.comeButton(c)
		// Free seats are news only when they run out.
		if left, ok := seatsLeft(c); ok && k.Open && left > 0 && left <= max(5, c.Capacity/5) {
			k.Left = v.N("seats.left", left)
		}
	}
	return k
}

func (v *viewer) cards(cs []community.Conference) []card {
	out := make([]card, len(cs))
	for i := range cs {
		out[i] = v.card(&cs[i])
	}
	return out
}

// open tells whether a guest can still ask to come.
func (v *viewer) open(c *community.Conference) bool {
	return !c.Draft && !c.Past(v.now) && c.Status != community.Cancelled
}

// where is the place in one line.
func (v *viewer) where(c *community.Conference) string {
	line := c.Venue.Line()
	switch {
	case c.Status == community.MovedOnline, line == "" && c.OnlineURL != "":
		return v.T("conf.online")
	case line == "":
		return v.T("conf.place_later")
	case c.OnlineURL != "":
		return line + " · " + v.T("conf.online")
	}
	return line
}

// seatsLeft are the free seats of a conference of ours. Of others we know the
// capacity but not who comes, so there is nothing to say.
func seatsLeft(c *community.Conference) (int, bool) {
	if !c.Own() {
		return 0, false
	}
	return c.SeatsLeft()
}

// full tells whether a newcomer would have to wait.
func full(c *community.Conference) bool {
	left, ok := seatsLeft(c)
	return ok && (left == 0 || c.Seats.Waiting > 0)
}

// badges are the states of a conference that a list must not hide.
func (v *viewer) badges(c *community.Conference) []badge {
	var bs []badge
	if c.Draft {
		bs = append(bs, badge{"draft", v.T("conf.draft")})
	}
	switch c.Status {
	case community.Cancelled, community.Postponed, community.Tentative, community.MovedOnline:
		bs = append(bs, badge{strings.ReplaceAll(string(c.Status), "_", "-"), v.T("conf.status." + string(c.Status))})
	}
	if v.open(c) && full(c) && c.JoinMode != community.External {
		bs = append(bs, badge{"full", v.T("conf.status.full")})
	}
	return bs
}

// seats says in words how many come and how many still can.
func (v *viewer) seats(c *community.Conference) []string {
	var out []string
	over := c.Past(v.now)
	if c.JoinMode == community.External && c.Seats.Going == 0 {
		return nil
	}
	switch n := c.Seats.Going; {
	case n > 0 && over:
		out = append(out, v.N("seats.went", n))
	case n > 0:
		out = append(out, v.N("seats.going", n))
	}
	if over || c.Status == community.Cancelled {
		return out
	}
	if c.Seats.Maybe > 0 {
		out = append(out, v.N("seats.maybe", c.Seats.Maybe))
	}
	if left, ok := seatsLeft(c); ok && c.JoinMode != community.External {
		if full(c) {
			out = append(out, v.T("seats.full"))
		} else {
			out = append(out, v.N("seats.left", left))
		}
	}
	if c.Seats.Waiting > 0 {
		out = append(out, v.N("seats.waiting", c.Seats.Waiting))
	}
	if c.Seats.Pending > 0 {
		out = append(out, v.N("seats.pending", c.Seats.Pending))
	}
	return out
}

// spoken names languages: "English, Russian".
func (v *viewer) spoken(codes []string) string {
	names := make([]string, len(codes))
	for i, c := range codes {
		names[i] = v.languageName(c)
	}
	return upperFirst(strings.Join(names, ", "))
}

func (v *viewer) tags(tags []string) []link {
	out := make([]link, len(tags))
	for i, tag := range tags {
		out[i] = link{Name: tag, URL: "/tags/" + url.PathEscape(tag)}
	}
	return out
}

// member is how a member of ours is shown.
func (v *viewer) member(m *community.Member) person {
	return person{Name: m.Name, Path: "/people/" + m.Handle, Note: "@" + m.Handle + "@" + v.site.Host(), Initial: initial(m.Name)}
}

// organisers are the people behind a conference. Members of ours and actors
// elsewhere have an address, others only a name.
func (v *viewer) organisers(c *community.Conference) []person {
	out := make([]person, 0, len(c.Organisers))
	for _, o := range c.Organisers {
		p := person{Name: o.Name}
		switch {
		case o.Handle != "":
			p.Path = "/people/" + url.PathEscape(o.Handle)
			if p.Name == "" {
				p.Name = "@" + o.Handle
			}
		case o.URI != "":
			p.Path = o.URI
			if p.Name == "" {
				p.Name = hostOf(o.URI)
			}
		}
		p.Initial = initial(p.Name)
		out = append(out, p)
	}
	return out
}

// stewards are those who keep order, as pages show them.
func (v *viewer) stewards(ms []community.Member) []person {
	var out []person
	for i := range ms {
		if m := &ms[i]; m.Role == community.Steward && m.Active() {
			out = append(out, v.member(m))
		}
	}
	return out
}

// links are the city's own, with only what a browser may open.
func (v *viewer) links() []link {
	var out []link
	for _, l := range v.city.Links {
		name := l.Name
		if name == "" {
			name = hostOf(l.URL)
		}
		out = append(out, link{name, l.URL})
	}
	return out
}

// hostOf is the host of an address, as a name for it.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Host, "www.")
}

// initial is the letter that stands for a face.
func initial(name string) string {
	for _, r := range strings.TrimLeft(name, "@ ") {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "·"
}

// origins are the places that pictures of a page come from, for its
// Content-Security-Policy.
func origins(pics ...*picture) []string {
	var out []string
	for _, p := range pics {
		if p == nil {
			continue
		}
		u, err := url.Parse(p.URL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			continue
		}
		// As browsers compare it: in ASCII. A name that is none in DNS, or has a
		// sign with a meaning in the header, has no place there.
		host := u.Hostname()
		if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
			if addr.Is6() {
				host = "[" + host + "]"
			}
		} else if host, err = idna.Lookup.ToASCII(host); err != nil {
			continue
		}
		if port := u.Port(); port != "" {
			host += ":" + port
		}
		if strings.ContainsFunc(host, func(r rune) bool { return r > 'z' || strings.ContainsRune("; ,'\"*", r) }) {
			continue
		}
		if o := u.Scheme + "://" + host; !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}
