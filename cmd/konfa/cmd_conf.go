package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

type confCmd struct {
	Add      confAddCmd      `cmd:"" help:"Publish a conference for the city."`
	List     confListCmd     `cmd:"" help:"List conferences, the coming ones unless told otherwise."`
	Show     confShowCmd     `cmd:"" help:"Show one conference."`
	Update   confUpdateCmd   `cmd:"" help:"Change a conference; guests and followers are told."`
	Publish  confPublishCmd  `cmd:"" help:"Publish a draft."`
	Cancel   confCancelCmd   `cmd:"" help:"Call a conference off; it stays in sight."`
	Delete   confDeleteCmd   `cmd:"" help:"Delete a conference; its address answers 410 for ever."`
	Import   confImportCmd   `cmd:"" help:"Read conferences from a calendar (ICS) or a list (JSON), file or URL."`
	Export   confExportCmd   `cmd:"" help:"Write the calendar as ICS or JSON."`
	Announce confAnnounceCmd `cmd:"" help:"Share a conference of another city with your followers."`
	Withdraw confWithdrawCmd `cmd:"" help:"Take such a sharing back."`
	Apart    confApartCmd    `cmd:"" help:"Show a conference on its own that was taken for another one."`
	Join     confJoinCmd     `cmd:"" help:"A member comes to a conference, here or elsewhere."`
	Leave    confLeaveCmd    `cmd:"" help:"A member does not come after all."`
	Guests   confGuestsCmd   `cmd:"" help:"Who comes to a conference, and who waits."`
	Approve  confApproveCmd  `cmd:"" help:"Let a guest in who asked."`
	Promote  confPromoteCmd  `cmd:"" help:"Give a seat to someone who waits for one."`
	Decline  confDeclineCmd  `cmd:"" help:"Turn a guest down."`
}

// confFlags says what a conference is. What is nil was not said.
type confFlags struct {
	Lang        string   `help:"The language of title and text (default: the city's main one)." placeholder:"LANG"`
	TitleIn     []string `name:"title-in" sep:"none" help:"The title in one more language: ru=Вечер." placeholder:"LANG=TITLE"`
	Text        *string  `help:"What it is about, in Markdown." placeholder:"TEXT"`
	TextFile    string   `help:"Read the text from a file, - for standard input." placeholder:"FILE"`
	TextIn      []string `name:"text-in" sep:"none" help:"The text in one more language." placeholder:"LANG=TEXT"`
	Start       *string  `help:"When it starts: 2027-05-01T19:00 on its own clock; a date alone means the whole day." placeholder:"TIME"`
	End         *string  `help:"When it ends; the last day if it lasts whole days." placeholder:"TIME"`
	Duration    *string  `help:"How long it lasts, instead of --end: 2h30m." placeholder:"TIME"`
	AllDay      *bool    `help:"It lasts whole days."`
	Zone        *string  `help:"Its clock (default: the city's)." placeholder:"ZONE"`
	Venue       *string  `help:"The name of the place." placeholder:"NAME"`
	Street      *string  `help:"Street and number." placeholder:"TEXT"`
	PostalCode  *string  `placeholder:"CODE" help:"Postal code."`
	Locality    *string  `help:"Town." placeholder:"NAME"`
	Region      *string  `help:"Region." placeholder:"NAME"`
	Country     *string  `help:"Country." placeholder:"NAME"`
	Directions  *string  `help:"How to find it." placeholder:"TEXT"`
	Lat         *float64 `help:"Where it is on earth, in degrees." placeholder:"DEG"`
	Lon         *float64 `help:"Where it is on earth, in degrees." placeholder:"DEG"`
	Online      *string  `help:"The address of the call or the stream." placeholder:"URL"`
	Capacity    *int     `help:"Seats; 0 for no limit." placeholder:"N"`
	Join        *string  `help:"Who may come: free, restricted (a steward says yes) or external." placeholder:"MODE"`
	ExternalURL *string  `name:"external-url" help:"Where to sign up when --join is external." placeholder:"URL"`
	Replies     *string  `help:"Whose answers are shown: open (everyone's), moderated (of strangers after a steward has seen them) or closed (nobody's)." placeholder:"MODE"`
	RSVP        *string  `name:"rsvp" help:"How people without sign-ups on their server, as on Mastodon, come: poll (a vote, or an answer that says so), words (an answer) or off." placeholder:"MODE"`
	Language    []string `help:"The languages spoken there." placeholder:"LANG"`
	Cost        *string  `help:"What it costs, in words." placeholder:"TEXT"`
	Cover       *string  `help:"A picture." placeholder:"URL"`
	CoverAlt    *string  `help:"The picture in words, for those who do not see it." placeholder:"TEXT"`
	Tag         []string `aliases:"tags" help:"Tags." placeholder:"TAG"`
	Category    *string  `help:"A category of FEP-8a8e." placeholder:"NAME"`
	Organiser   []string `sep:"none" aliases:"organizer" help:"Who makes it: a member's handle or a name." placeholder:"NAME"`
	Link        *string  `help:"Its own website." placeholder:"URL"`
	Status      *string  `help:"scheduled, tentative, cancelled, postponed or moved_online." placeholder:"STATUS"`
}

// apply writes what was said into c. The zone of c must be set before.
func (f *confFlags) apply(a *app, c *community.Conference, title string) error {
	var p problems
	lang := f.Lang
	if lang == "" {
		lang = "en"
		if langs := c.Title.Languages(); len(langs) > 0 {
			lang = langs[0]
		}
	}
	set := func(texts *community.Texts, flag, first string, given bool, more []string) {
		add := inLanguages(&p, flag, lang, first, more)
		if given && first == "" {
			*texts = nil
		}
		for _, t := range add {
			*texts = putPhrase(*texts, t)
		}
	}
	set(&c.Title, "--title-in", title, false, f.TitleIn)
	body := ""
	if f.Text != nil {
		body = *f.Text
	}
	if f.TextFile != "" {
		b, err := a.readFile(f.TextFile)
		if err != nil {
			return err
		}
		body = b
	}
	set(&c.Text, "--text-in", body, f.Text != nil, f.TextIn)

	old := c.Zone
	put(&c.Zone, f.Zone)
	if !community.ValidZone(c.Zone) {
		p.addf("an IANA zone is written like Europe/Belgrade", "--zone: %q is not a time zone", c.Zone)
	} else if err := f.times(c, old); err != nil {
		p.add(err.Error(), hintOf(err))
	}
	f.venue(c, &p)
	put(&c.OnlineURL, f.Online)
	if f.Capacity != nil {
		c.Capacity = *f.Capacity
	}
	if f.Join != nil {
		c.JoinMode = community.JoinMode(*f.Join)
	}
	if f.RSVP != nil {
		c.RSVP = community.RSVPMode(*f.RSVP)
	}
	put(&c.ExternalURL, f.ExternalURL)
	if f.ExternalURL != nil && *f.ExternalURL != "" && f.Join == nil {
		c.JoinMode = community.External
	}
	if f.Replies != nil {
		c.Replies = community.ReplyMode(*f.Replies)
	}
	if f.Language != nil {
		c.Languages = f.Language
	}
	put(&c.Cost, f.Cost)
	if f.Cover != nil || f.CoverAlt != nil {
		var pic community.Picture
		if c.Cover != nil {
			pic = *c.Cover
		}
		if f.Cover != nil && *f.Cover != pic.URL {
			pic = community.Picture{URL: *f.Cover, Alt: pic.Alt}
		}
		put(&pic.Alt, f.CoverAlt)
		c.Cover = &pic
		if pic.URL == "" {
			c.Cover = nil
		}
	}
	if f.Tag != nil {
		c.Tags = nonEmpty(f.Tag)
	}
	put(&c.Category, f.Category)
	if f.Organiser != nil {
		c.Organisers = nil
		for _, o := range nonEmpty(f.Organiser) {
			c.Organisers = append(c.Organisers, community.Organiser{Name: o})
		}
	}
	put(&c.Link, f.Link)
	if f.Status != nil {
		c.Status = community.Status(*f.Status)
	}
	return p.err()
}

// times reads --start, --end, --duration and --all-day. A change of zone alone
// keeps the hands of the clock where they are.
func (f *confFlags) times(c *community.Conference, oldZone string) error {
	loc := c.Location()
	if c.Zone != oldZone && oldZone != "" && !c.Start.IsZero() {
		before, err := time.LoadLocation(oldZone)
		if err != nil {
			before = time.UTC
		}
		move := func(t time.Time) time.Time {
			t = t.In(before)
			return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, loc)
		}
		c.Start, c.End = move(c.Start), move(c.End)
	}
	length := c.End.Sub(c.Start)
	dayOnly := false
	if f.AllDay != nil {
		c.AllDay = *f.AllDay
	}
	if f.Start != nil {
		t, day, err := readTime(*f.Start, loc)
		if err != nil {
			return withHint(fmt.Errorf("--start: %w", err), hintOf(err))
		}
		dayOnly = day
		if day && f.AllDay == nil {
			c.AllDay = true
		} else if !day && f.AllDay == nil {
			c.AllDay = false
		}
		if c.AllDay {
			t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, loc)
		}
		if f.End == nil && f.Duration == nil && !c.OpenEnd && length > 0 && !dayOnly && !c.AllDay {
			c.End = t.Add(length) // moved to another hour, it lasts as long as before
		}
		c.Start = t
	}
	switch {
	case f.End != nil && f.Duration != nil:
		return withHint(errors.New("--end and --duration both say when it ends"), "leave one out")
	case f.End != nil && *f.End == "":
		c.OpenEnd, c.End = true, time.Time{}
	case f.End != nil:
		t, day, err := readTime(*f.End, loc)
		if err != nil {
			return withHint(fmt.Errorf("--end: %w", err), hintOf(err))
		}
		if day || c.AllDay {
			t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, loc)
		}
		c.OpenEnd, c.End = false, t
	case f.Duration != nil:
		d, err := time.ParseDuration(*f.Duration)
		if err != nil || d <= 0 {
			return withHint(fmt.Errorf("--duration: %q is not a length of time", *f.Duration), "write it like 2h or 1h30m")
		}
		c.OpenEnd, c.End = false, c.Start.Add(d)
	case c.AllDay && (f.Start != nil || f.AllDay != nil):
		s := c.Start.In(loc)
		days := max(1, int((length+12*time.Hour)/(24*time.Hour)))
		c.OpenEnd, c.End = false, time.Date(s.Year(), s.Month(), s.Day()+days, 0, 0, 0, 0, loc)
		c.Start = time.Date(s.Year(), s.Month(), s.Day(), 0, 0, 0, 0, loc)
	}
	return nil
}

func (f *confFlags) venue(c *community.Conference, p *problems) {
	if (f.Lat == nil) != (f.Lon == nil) {
		p.add("--lat and --lon belong together", "give both, or none")
		return
	}
	var v community.Venue
	if c.Venue != nil {
		v = *c.Venue
	}
	said := f.Lat != nil
	for _, x := range []struct {
		field *string
		flag  *string
	}{{&v.Name, f.Venue}, {&v.Street, f.Street}, {&v.PostalCode, f.PostalCode}, {&v.Locality, f.Locality},
		{&v.Region, f.Region}, {&v.Country, f.Country}, {&v.Directions, f.Directions}} {
		put(x.field, x.flag)
		said = said || x.flag != nil
	}
	if f.Lat != nil {
		v.Place = &community.Point{Lat: *f.Lat, Lon: *f.Lon}
	}
	if said {
		c.Venue = &v
	}
}

// readTime reads a time on the clock of loc, or an instant with its offset. A
// date alone is reported as day.
func readTime(s string, loc *time.Location) (t time.Time, day bool, err error) {
	s = strings.TrimSpace(s)
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, false, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t, false, nil
		}
	}
	if t, err := time.ParseInLocation("2006-01-02", s, loc); err == nil {
		return t, true, nil
	}
	return time.Time{}, false, withHint(fmt.Errorf("%q is not a time", s), "write it like 2027-05-01T19:00, or 2027-05-01 for a whole day")
}

// readFile reads a text of at most 1 MiB; - is standard input.
func (a *app) readFile(name string) (string, error) {
	r := a.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", withHint(err, "give the path of a text file, or - for standard input")
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, 1<<20+1))
	if err == nil && len(b) > 1<<20 {
		err = errors.New(name + " is longer than 1 MiB")
	}
	return string(b), err
}

func put(field, said *string) {
	if said != nil {
		*field = *said
	}
}

func nonEmpty(in []string) []string {
	var out []string
	for _, s := range in {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// putPhrase replaces the phrase of a language, or adds it at the end. An empty
// text takes the language away.
func putPhrase(texts community.Texts, p community.Phrase) community.Texts {
	var out community.Texts
	found := false
	for _, t := range texts {
		if strings.EqualFold(t.Lang, p.Lang) {
			found = true
			t.Text = p.Text
		}
		if t.Text != "" {
			out = append(out, t)
		}
	}
	if !found && p.Text != "" {
		out = append(out, p)
	}
	return out
}

// publishFlags says who hears of it.
type publishFlags struct {
	Quiet    bool `help:"Publish without telling followers." xor:"tell"`
	Announce bool `help:"Tell followers even of what is already past." xor:"tell"`
}

func (p publishFlags) publish() node.Publish {
	return node.Publish{Quiet: p.Quiet, Announce: p.Announce}
}

type confAddCmd struct {
	TitleArg string  `arg:"" optional:"" name:"title" help:"The title."`
	Title    *string `help:"The title." placeholder:"TITLE"`
	confFlags
	Rule  string `help:"It comes again and again: an RRULE such as FREQ=MONTHLY;BYDAY=1TH." placeholder:"RRULE"`
	Draft bool   `help:"Keep it a draft."`
	publishFlags
}

func (x *confAddCmd) Run(a *app) error {
	title := x.TitleArg
	put(&title, x.Title)
	if strings.TrimSpace(title) == "" && len(x.TitleIn) == 0 {
		return usagef(`say konfa conf add "An evening about maps" --start 2027-05-01T19:00`, "the conference has no title")
	}
	if x.Start == nil {
		return usagef("say --start 2027-05-01T19:00", "the conference has no start")
	}
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	city, err := n.City(a.ctx)
	if err != nil {
		return err
	}
	c := &community.Conference{Zone: city.Zone, Draft: x.Draft}
	if x.Lang == "" {
		x.Lang = city.Languages[0]
	}
	if err := x.apply(a, c, title); err != nil {
		return err
	}
	if err := nameOrganisers(a, n, c); err != nil {
		return err
	}
	if x.Rule != "" {
		series, made, err := n.AddSeries(a.ctx, console, c, x.Rule, x.publish())
		if err != nil {
			return err
		}
		views := conferenceViews(n.Site(), made)
		return a.print(struct {
			Series      int64            `json:"series"`
			Rule        string           `json:"rule"`
			Conferences []conferenceView `json:"conferences"`
		}{series.ID, series.Rule, views}, func() {
			a.say("%d conferences until %s", len(made), series.Horizon.Format("2006-01-02"))
			a.conferenceTable(made)
		})
	}
	made, err := n.AddConference(a.ctx, console, c, x.publish())
	if err != nil {
		return err
	}
	return a.printConference(n.Site(), made)
}

// nameOrganisers turns the handles of members among the organisers into those
// members.
func nameOrganisers(a *app, n *node.Node, c *community.Conference) error {
	for i, o := range c.Organisers {
		if o.Handle != "" || o.URI != "" || !community.ValidHandle(o.Name) {
			continue
		}
		m, err := n.Store().Member(a.ctx, o.Name)
		if community.CodeOf(err) == community.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		c.Organisers[i] = community.Organiser{Name: m.Name, Handle: m.Handle}
	}
	return nil
}

type confListCmd struct {
	Past    bool   `help:"Those that are over." xor:"when"`
	All     bool   `help:"Past and coming." xor:"when"`
	Drafts  bool   `help:"Drafts too."`
	Foreign bool   `help:"Those of other cities that we know of."`
	Tag     string `help:"With this tag." placeholder:"TAG"`
	Search  string `help:"With these words in title, text, place, tags or hosts." placeholder:"WORDS"`
	Twins   bool   `help:"With --foreign: also those that are known from several servers and shown once."`
	Limit   int    `help:"At most so many." default:"0" placeholder:"N"`
}

func (x *confListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	q := storage.ConferenceQuery{Calendar: !x.Foreign, Foreign: x.Foreign, Single: !x.Twins, Drafts: x.Drafts, Tag: strings.ToLower(strings.TrimPrefix(x.Tag, "#")), Text: x.Search, Limit: x.Limit}
	now := a.now()
	switch {
	case x.Past:
		q.EndsBefore, q.Order = now, storage.ByStartDesc
	case !x.All:
		q.EndsAfter = now
	}
	list, err := n.Store().Conferences(a.ctx, q)
	if err != nil {
		return err
	}
	return a.print(conferenceViews(n.Site(), list), func() { a.conferenceTable(list) })
}

// findConference finds a conference of ours by slug or address, or one of
// another city by its address.
func findConference(a *app, n *node.Node, what string) (*community.Conference, error) {
	if slug, ok := n.Site().ConferenceSlug(what); ok {
		what = slug
	}
	if strings.Contains(what, "://") {
		return n.Store().ConferenceByURI(a.ctx, what)
	}
	c, err := n.Store().Conference(a.ctx, what)
	if e, ok := errors.AsType[*community.Error](err); ok && e.Code == community.NotFound {
		if _, gone := n.Store().Tombstone(a.ctx, "conf/"+what); gone == nil {
			return nil, community.Errorf(community.Gone, "the conference %s was deleted", what)
		}
		return nil, community.Errorf(community.NotFound, "there is no conference %s", what).WithHint("konfa conf list --all --drafts shows their names, the last part of the address")
	}
	return c, err
}

type confShowCmd struct {
	Conference string `arg:"" help:"Its slug or address."`
	AP         bool   `name:"ap" help:"The ActivityPub document that others get."`
}

func (x *confShowCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	c, err := findConference(a, n, x.Conference)
	if err != nil {
		return err
	}
	if x.AP {
		doc, err := n.EventDocument(a.ctx, c.Slug)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "%s\n", doc)
		return err
	}
	v := conferenceOf(n.Site(), c)
	carriers, err := n.Carriers(a.ctx, c)
	if err != nil {
		return err
	}
	for i := range carriers {
		v.AnnouncedBy = append(v.AnnouncedBy, carrierView{carriers[i].URI, carriers[i].Address(), carriers[i].DisplayName()})
	}
	if c.TwinOf != 0 {
		twin, err := n.Store().ConferenceByID(a.ctx, c.TwinOf)
		if err != nil {
			return err
		}
		v.TwinOf = conferenceOf(n.Site(), twin).URI
	}
	return a.printConferenceView(c, v)
}

type confUpdateCmd struct {
	Conference string  `arg:"" help:"Its slug or address."`
	Title      *string `help:"The title." placeholder:"TITLE"`
	confFlags
}

func (x *confUpdateCmd) Run(a *app) error {
	said := *x
	said.Conference, said.Lang = "", ""
	if reflect.ValueOf(said).IsZero() {
		return usagef("say what to change, such as --start 2027-05-01T19:00; konfa conf update --help lists it all", "nothing is to be changed")
	}
	return a.changeConference(x.Conference, func(n *node.Node, slug string) (*community.Conference, error) {
		return n.UpdateConference(a.ctx, console, slug, func(c *community.Conference) error {
			title := ""
			put(&title, x.Title)
			if err := x.apply(a, c, title); err != nil {
				return err
			}
			return nameOrganisers(a, n, c)
		})
	})
}

type confPublishCmd struct {
	Conference string `arg:"" help:"Its slug."`
	publishFlags
}

func (x *confPublishCmd) Run(a *app) error {
	return a.changeConference(x.Conference, func(n *node.Node, slug string) (*community.Conference, error) {
		return n.PublishConference(a.ctx, console, slug, x.publish())
	})
}

type confCancelCmd struct {
	Conference string `arg:"" help:"Its slug or address."`
	Message    string `short:"m" help:"Why, for the guests." placeholder:"TEXT"`
}

func (x *confCancelCmd) Run(a *app) error {
	return a.changeConference(x.Conference, func(n *node.Node, slug string) (*community.Conference, error) {
		return n.CancelConference(a.ctx, console, slug, x.Message)
	})
}

type confDeleteCmd struct {
	Conference string `arg:"" help:"Its slug or address."`
}

func (x *confDeleteCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	c, err := findConference(a, n, x.Conference)
	if err != nil {
		return err
	}
	if err := n.DeleteConference(a.ctx, console, c.Slug); err != nil {
		return err
	}
	return a.print(doneView{Deleted: c.Slug, URL: n.Site().Conference(c.Slug)}, func() { a.say("deleted %s", c.Slug) })
}

// doneView is what is printed of something that is no longer there.
type doneView struct {
	Deleted string `json:"deleted"`
	URL     string `json:"url,omitempty"`
}

// changeConference finds a conference of ours, changes it and prints it.
func (a *app) changeConference(what string, change func(n *node.Node, slug string) (*community.Conference, error)) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	c, err := findConference(a, n, what)
	if err != nil {
		return err
	}
	if !c.Own() {
		return withHint(fmt.Errorf("%s is a conference of %s", c.URI, c.Origin), "only its own city can change it")
	}
	if c, err = change(n, c.Slug); err != nil {
		return err
	}
	return a.printConference(n.Site(), c)
}

type confAnnounceCmd struct {
	URI string `arg:"" name:"address" help:"The address of a conference of another city."`
}

func (x *confAnnounceCmd) Run(a *app) error {
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	uri, err := a.foreignConference(c, n, x.URI)
	if err != nil {
		return err
	}
	conf, err := n.AnnounceConference(a.ctx, console, uri)
	if err != nil {
		return err
	}
	return a.printConference(n.Site(), conf)
}

// foreignConference makes sure that a conference of another server is stored,
// fetching it if need be, and returns its id.
func (a *app) foreignConference(c *Config, n *node.Node, address string) (string, error) {
	if c, err := n.Store().ConferenceLike(a.ctx, address); err == nil {
		return c.URI, nil
	} else if community.CodeOf(err) != community.NotFound {
		return "", err
	}
	fed, err := connect(c, n)
	if err != nil {
		return "", err
	}
	conf, err := fed.FetchConference(a.ctx, address)
	if err != nil {
		return "", err
	}
	return conf.URI, nil
}

type confApartCmd struct {
	Conference string `arg:"" help:"Its slug or address."`
	Together   bool   `help:"Take that back."`
}

func (x *confApartCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	c, err := findConference(a, n, x.Conference)
	if err != nil {
		return err
	}
	if c, err = n.KeepApart(a.ctx, console, c.ID, x.Together); err != nil {
		return err
	}
	return a.printConference(n.Site(), c)
}

type confWithdrawCmd struct {
	URI string `arg:"" name:"address" help:"The address of the conference."`
}

func (x *confWithdrawCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	if err := n.WithdrawConference(a.ctx, console, x.URI); err != nil {
		return notFoundHint(err, "give its whole address: konfa conf list --foreign shows it")
	}
	return a.print(struct {
		Withdrawn string `json:"withdrawn"`
	}{x.URI}, func() { a.say("no longer shared: %s", x.URI) })
}

type confJoinCmd struct {
	Conference string `arg:"" help:"A slug of ours, or the address of a conference anywhere."`
	As         string `required:"" help:"The member who comes." placeholder:"HANDLE"`
	Maybe      bool   `help:"Perhaps."`
	Plus       int    `help:"People brought along." placeholder:"N"`
	Comment    string `help:"A word to the organisers." placeholder:"TEXT"`
}

func (x *confJoinCmd) Run(a *app) error {
	want := community.Want{State: community.Going, Plus: x.Plus}
	if x.Maybe {
		want.State = community.Maybe
	}
	return a.answer(x.Conference, x.As, want, x.Comment)
}

type confLeaveCmd struct {
	Conference string `arg:"" help:"A slug of ours, or the address of a conference anywhere."`
	As         string `required:"" help:"The member who does not come." placeholder:"HANDLE"`
}

func (x *confLeaveCmd) Run(a *app) error {
	return a.answer(x.Conference, x.As, community.Want{State: community.NotGoing}, "")
}

// answer answers for a member, to a conference of ours or of another server.
func (a *app) answer(what, handle string, want community.Want, comment string) error {
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	m, err := findMember(a, n, handle)
	if err != nil {
		return err
	}
	by := node.By{Member: m}
	var g *community.Guest
	if _, ours := n.Site().ConferenceSlug(what); ours || !strings.Contains(what, "://") {
		conf, err := findConference(a, n, what)
		if err != nil {
			return err
		}
		got, err := n.Answer(a.ctx, conf.Slug, storage.GuestKey{MemberID: m.ID}, want, comment)
		if err != nil {
			return err
		}
		g = &got
	} else {
		uri, err := a.foreignConference(c, n, what)
		if err != nil {
			return err
		}
		if want.State == community.NotGoing {
			if err := n.LeaveElsewhere(a.ctx, by, handle, uri); err != nil {
				return err
			}
			g = &community.Guest{MemberID: m.ID, Name: m.Name, State: community.NotGoing}
		} else if g, err = n.JoinElsewhere(a.ctx, by, handle, uri, want, comment); err != nil {
			return err
		}
	}
	g.Name = m.Name
	return a.print(guestOf(*g), func() { a.say("%s: %s", m.Name, g.State) })
}

type confGuestsCmd struct {
	Conference string `arg:"" help:"Its slug or address."`
}

func (x *confGuestsCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	c, err := findConference(a, n, x.Conference)
	if err != nil {
		return err
	}
	list, err := n.Store().Guests(a.ctx, c.ID)
	if err != nil {
		return err
	}
	views := make([]guestView, len(list))
	rows := make([][]string, len(list))
	for i, g := range list {
		views[i] = guestOf(g)
		rows[i] = []string{strconv.FormatInt(g.ID, 10), g.Name, string(g.State), strconv.Itoa(g.Plus), short(g.Comment, 50)}
	}
	return a.print(views, func() {
		a.table("nobody yet", []string{"ID", "NAME", "STATE", "PLUS", "COMMENT"}, rows)
	})
}

type confApproveCmd struct {
	Conference string `arg:"" help:"Its slug or address."`
	Guest      int64  `arg:"" help:"The number of the guest, from konfa conf guests."`
}

func (x *confApproveCmd) Run(a *app) error {
	return a.decide(x.Conference, x.Guest, (*node.Node).ApproveGuest)
}

type confPromoteCmd struct {
	Conference string `arg:"" help:"Its slug or address."`
	Guest      int64  `arg:"" help:"The number of the guest, from konfa conf guests."`
}

func (x *confPromoteCmd) Run(a *app) error {
	return a.decide(x.Conference, x.Guest, (*node.Node).PromoteGuest)
}

type confDeclineCmd struct {
	Conference string `arg:"" help:"Its slug or address."`
	Guest      int64  `arg:"" help:"The number of the guest, from konfa conf guests."`
}

func (x *confDeclineCmd) Run(a *app) error {
	return a.decide(x.Conference, x.Guest, (*node.Node).DeclineGuest)
}

// decide settles a guest who asked to come.
func (a *app) decide(what string, guest int64, do func(*node.Node, context.Context, node.By, string, int64) (community.Guest, error)) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	c, err := findConference(a, n, what)
	if err != nil {
		return err
	}
	g, err := do(n, a.ctx, console, c.Slug, guest)
	if err != nil {
		return err
	}
	return a.print(guestOf(g), func() { a.say("%d %s: %s", g.ID, g.Name, g.State) })
}
