package mail

import (
	"bytes"
	"encoding/json"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"konfa/calendar"
	"konfa/community"
)

// Bounds of what a letter holds, in characters. What is longer is cut.
const (
	maxSubject = 150
	maxText    = 20_000
	maxName    = 60
	maxAddress = 254 // RFC 5321 §4.5.3.1.3
)

// About is what a letter is about.
type About struct {
	City       *community.City
	Conference *community.Conference // nil where there is none any more, or never was
	Guest      *community.Guest      // nil likewise
	Member     *community.Member     // nil likewise
}

// Mail is a letter in its words, to be sent or looked at.
type Mail struct {
	ID       string // of the message, without brackets: the same whenever the letter is made anew
	Date     time.Time
	From, To netmail.Address
	ReplyTo  *netmail.Address // nil: nobody reads answers
	Subject  string           // one line
	Lang     string
	Text     string // plain text, lines end in \n
	HTML     string // a whole document that loads nothing
	Stop     string // address that turns such mail off (RFC 8058), or empty
	Calendar []byte // iCalendar, or nil
	Method   string // of it (RFC 5546): REQUEST or CANCEL
}

// Compose makes a letter of the node at site. From is the address that letters
// come from; the city's name is put before it. Invalid for a letter that
// goes to no address, or one whose words nobody wrote.
func Compose(site community.Site, from string, l *community.Letter, a About) (*Mail, error) {
	to, err := address(l.To)
	if err != nil {
		return nil, err
	}
	sender, err := address(from)
	if err != nil {
		return nil, err
	}
	a.Conference = subject(l, a.Conference)
	langs := []string{l.Lang}
	if a.Member != nil {
		langs = append(append(langs, a.Member.Lang), a.Member.Languages...)
	}
	v := voiceFor(append(langs, a.City.Languages...)...)
	w := &writing{voice: v, site: site, letter: l, About: a, langs: append([]string{v.lang}, append(langs, a.City.Languages...)...)}
	key := "kind." + string(l.Kind)
	if !v.Has(key + ".lead") {
		return nil, community.Errorf(community.Invalid, "there are no words for a letter of the kind %q", l.Kind)
	}
	if w.about() && a.Conference == nil {
		return nil, community.Errorf(community.Invalid, "the conference of this letter is not there any more")
	}
	sheet := w.sheet(key)
	m := &Mail{
		ID:   "konfa." + strconv.FormatInt(l.ID, 10) + "." + strconv.FormatInt(l.Created.UnixMicro(), 36) + "@" + hostname(site),
		Date: l.Created, From: netmail.Address{Name: w.city(), Address: sender}, To: netmail.Address{Name: w.name(), Address: to},
		Subject: sheet.Subject, Lang: v.lang, Text: sheet.plain(), Stop: l.Args["Stop"],
	}
	if m.HTML, err = sheet.html(); err != nil {
		return nil, err
	}
	reply := l.Args["ReplyTo"]
	if reply == "" {
		reply = a.City.Settings.ReplyTo
	}
	if r, err := address(reply); err == nil {
		m.ReplyTo = &netmail.Address{Address: r}
	}
	if method := w.method(); method != "" {
		if m.Calendar, err = w.invite(method, sender, to); err != nil {
			return nil, err
		}
		m.Method = method
	}
	return m, nil
}

// subject is the conference of a letter: as it is, or as it was when it was
// deleted.
func subject(l *community.Letter, c *community.Conference) *community.Conference {
	if c != nil || l.Args["Conference"] == "" {
		return c
	}
	var was community.Conference
	if json.Unmarshal([]byte(l.Args["Conference"]), &was) != nil || len(was.Title) == 0 || was.Start.IsZero() || !was.End.After(was.Start) {
		return nil
	}
	return &was
}

// address is the bare address of s, which becomes a line of a header and a
// command of SMTP: what could end either is refused.
func address(s string) (string, error) {
	a, err := netmail.ParseAddress(s)
	if err != nil || len(a.Address) > maxAddress || strings.ContainsFunc(a.Address, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' || unicode.IsControl(r) }) {
		return "", community.Errorf(community.Invalid, "%q is not an e-mail address", line(s, 100))
	}
	return a.Address, nil
}

// hostname is the host of the node without a port.
func hostname(site community.Site) string {
	host := site.Host()
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return host
}

// line makes one line of a text, of at most max characters, without what turns
// letters around or hides them.
func line(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u2028', r == '\u2029', r == utf8.RuneError, r == '\ufeff':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > max {
		s = strings.TrimSpace(string([]rune(s)[:max-1])) + "…"
	}
	return s
}

// lines cleans a text of many lines.
func lines(s string) string {
	var out []string
	for _, l := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		out = append(out, line(l, maxText))
	}
	s = strings.TrimSpace(strings.Join(out, "\n"))
	if utf8.RuneCountInString(s) > maxText {
		s = string([]rune(s)[:maxText-1]) + "…"
	}
	return s
}

// writing is a letter being written.
type writing struct {
	*voice
	About
	site   community.Site
	letter *community.Letter
	langs  []string // of the reader, best first
}

// about tells whether the letter is about a conference.
func (w *writing) about() bool { return w.letter.ConferenceID != 0 }

func (w *writing) city() string { return line(w.City.Name.In(w.langs...), maxName) }

func (w *writing) title() string {
	if w.Conference == nil {
		return ""
	}
	return line(w.Conference.Title.In(w.langs...), 200)
}

// name is whom the letter greets. Someone else may have typed that name beside
// this address: one that looks like an advertisement greets nobody.
func (w *writing) name() string {
	name := ""
	switch {
	case w.letter.Kind == community.LetterConfirm:
	case w.Member != nil:
		name = w.Member.Name
	case w.Guest != nil:
		name = w.Guest.Name
	}
	if name = line(name, 1000); utf8.RuneCountInString(name) > maxName || strings.ContainsAny(name, "@/<>\"\\:;,[]()") || strings.Contains(strings.ToLower(name), "www.") {
		return ""
	}
	return name
}

// method is what a calendar shall do with the letter.
func (w *writing) method() string {
	if w.Conference == nil || w.Conference.Draft {
		return ""
	}
	switch w.letter.Kind {
	case community.LetterGoing, community.LetterMovedUp:
		return "REQUEST"
	case community.LetterChanged:
		if w.Guest != nil && w.Guest.State == community.Going {
			return "REQUEST"
		}
	case community.LetterCancelled, community.LetterDeleted, community.LetterLeft, community.LetterDeclined:
		return "CANCEL"
	}
	return ""
}

// invite is the calendar file of the letter.
func (w *writing) invite(method, from, to string) ([]byte, error) {
	stat := "ACCEPTED"
	if w.letter.Kind == community.LetterLeft || w.letter.Kind == community.LetterDeclined {
		stat = "DECLINED"
	}
	c := *w.Conference
	if !w.inside() {
		c.OnlineURL = ""
	}
	var b bytes.Buffer
	err := calendar.Encode(&b, calendar.Calendar{
		Method: method, Stamp: w.letter.Created, Zone: w.City.Zone, Events: []community.Conference{c}, Site: w.site, Langs: w.langs,
		Guest: &calendar.Guest{Name: w.name(), URI: "mailto:" + to, City: w.city(), CityURI: "mailto:" + from, Parts: map[int64]calendar.Part{c.ID: {Stat: stat}}},
	})
	return b.Bytes(), err
}

// inside tells whether the letter goes to someone who has a seat, and is told
// where the call is.
func (w *writing) inside() bool {
	switch w.letter.Kind {
	case community.LetterGoing, community.LetterMovedUp, community.LetterReminder, community.LetterReconfirm:
		return true
	case community.LetterChanged, community.LetterMessage:
		return w.Guest != nil && w.Guest.State == community.Going
	}
	return false
}
