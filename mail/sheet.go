package mail

import (
	"bytes"
	"embed"
	"html/template"
	"math"
	"net/url"
	"regexp"
	"strings"
	"time"

	"konfa/community"
)

// sheet is what stands in a letter, before it becomes text and HTML.
type sheet struct {
	Lang, Subject  string
	City, CityURL  string
	Accent, OnText string // colours of the button: its ground and its words
	Hello, Lead    string
	QuoteHead      string
	Quote          []paragraph // of the organisers
	Title          string
	Facts          []fact
	Party          string
	Buttons        []button
	Address        string // says what the bare address is for
	More           string
	Why            []string // why it came, and whether it can be answered
	Stop, StopText string
	StopLine       string
}

// fact is a line about the conference.
type fact struct{ Name, Text, URL string }

// button leads somewhere.
type button struct {
	Text, URL string
	Main      bool
}

// paragraph is made of lines, and these of pieces, some of which are links.
type paragraph [][]piece

type piece struct{ Text, URL string }

//go:embed letter.html
var letterFile embed.FS

var letterPage = template.Must(template.ParseFS(letterFile, "letter.html"))

// sheet writes the letter of a kind whose words begin with key.
func (w *writing) sheet(key string) *sheet {
	l, c := w.letter, w.Conference
	names := map[string]any{}
	for k, v := range l.Args {
		names[k] = line(v, 500)
	}
	names["City"], names["Title"], names["Name"] = w.city(), w.title(), w.name()
	if c != nil {
		names["Day"] = w.day(c, l.Created)
	}
	lead := key + ".lead"
	switch l.Kind {
	case community.LetterOffered:
		until, err := time.Parse(time.RFC3339, l.Args["Until"])
		if err != nil {
			lead = key + ".lead_open"
		} else if c != nil {
			names["Until"] = w.moment(until.In(c.Location()))
		}
	case community.LetterApplication:
		if answer := l.Args["Accepted"]; answer == "yes" || answer == "no" {
			lead = key + "." + answer
		}
	}
	accent, onText := colours(w.City.Settings.Accent)
	s := &sheet{
		Lang: w.lang, City: w.city(), CityURL: w.site.Base + "/", Accent: accent, OnText: onText,
		Subject: line(upperFirst(w.T(key+".subject", names)), maxSubject), Lead: upperFirst(w.T(lead, names)), Title: w.title(),
	}
	if subject := line(l.Args["Subject"], maxSubject); subject != "" {
		s.Subject = subject
	}
	if w.name() != "" {
		s.Hello = w.T("mail.hello", names)
	}
	if text := lines(l.Args["Text"]); text != "" {
		s.Quote = paragraphs(text)
		if l.Kind != community.LetterMessage && l.Kind != community.LetterOrder {
			s.QuoteHead = w.T("mail.organisers", nil)
		}
	}
	if w.Has(key + ".more") {
		s.More = w.T(key+".more", names)
	}
	if l.Kind == community.LetterOffered && lead != key+".lead" {
		s.More = ""
	}
	if c != nil {
		s.Facts = w.facts(c)
	}
	if g := w.Guest; g != nil && g.Plus > 0 && (w.inside() || l.Kind == community.LetterWaiting || l.Kind == community.LetterOffered || l.Kind == community.LetterPending) {
		s.Party = w.N("mail.with", g.Plus)
	}
	s.Buttons = w.buttons(key)
	for _, b := range s.Buttons {
		if b.Main {
			s.Address = w.T("mail.address", nil)
		}
	}
	s.Why = []string{w.why(names)}
	if l.Args["ReplyTo"] != "" || w.City.Settings.ReplyTo != "" {
		s.Why = append(s.Why, w.T("mail.reply", nil))
	} else {
		s.Why = append(s.Why, w.T("mail.no_reply", nil))
	}
	if s.Stop = webAddress(l.Args["Stop"]); s.Stop != "" {
		s.StopText = w.T("mail.stop_link", nil)
		s.StopLine = w.T("mail.stop", map[string]any{"Link": s.Stop})
	}
	return s
}

func (w *writing) why(names map[string]any) string {
	switch {
	case w.letter.Kind == community.LetterConfirm || w.letter.Kind == community.LetterTest:
		return w.T("mail.because_asked", names)
	case w.about():
		return w.T("mail.because", names)
	case w.letter.MemberID != 0:
		return w.T("mail.because_member", names)
	}
	return w.T("mail.because_asked", names)
}

// facts are when and where.
func (w *writing) facts(c *community.Conference) []fact {
	var out []fact
	add := func(key, text, address string) {
		if text = line(text, 2000); text != "" {
			out = append(out, fact{w.T(key, nil), text, webAddress(address)})
		}
	}
	if c.Status == community.Postponed {
		return nil // nobody knows when
	}
	out = append(out, fact{w.T("mail.when", nil), w.when(c, w.City), ""})
	if v := c.Venue; v != nil && c.Status != community.MovedOnline {
		add("mail.where", v.Line(), "")
		if w.inside() {
			add("mail.how", v.Directions, "")
		}
	}
	if c.OnlineURL != "" && w.inside() {
		add("mail.online", c.OnlineURL, c.OnlineURL)
	}
	if w.inside() || w.letter.Kind == community.LetterOffered {
		add("mail.cost", c.Cost, "")
	}
	if w.letter.Kind != community.LetterDeleted && c.Own() && c.Slug != "" {
		add("mail.page", w.site.Conference(c.Slug), w.site.Conference(c.Slug))
	}
	return out
}

// buttons are what can be done about the letter, first what it is for.
func (w *writing) buttons(key string) []button {
	var out []button
	add := func(text, to string, main bool) {
		if to = webAddress(to); to != "" {
			out = append(out, button{text, to, main})
		}
	}
	args := w.letter.Args
	switch w.letter.Kind {
	case community.LetterOffered, community.LetterReconfirm:
		yes := args["Yes"]
		if yes == "" {
			yes = args["Link"]
		}
		add(w.T(key+".button", nil), yes, true)
		add(w.T(key+".no", nil), args["No"], false)
	case community.LetterThanks:
		if c := w.Conference; c != nil {
			add(w.T("button.page", nil), w.site.Conference(c.Slug), true)
		}
	case community.LetterDeleted, community.LetterCancelled, community.LetterDeclined:
	default:
		if w.Has(key + ".button") {
			add(w.T(key+".button", nil), args["Link"], true)
		} else if w.about() {
			add(w.T("button.change", nil), args["Link"], false)
		}
	}
	return out
}

// webAddress is s if it is an address that a letter may lead to, else "".
func webAddress(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(s) > 2000 || strings.ContainsAny(s, " \t\r\n<>\"") {
		return ""
	}
	return u.String()
}

var addressPattern = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)\]»”]`)

// paragraphs parts a text at its empty lines, and finds the addresses in it.
func paragraphs(text string) []paragraph {
	var out []paragraph
	for _, block := range strings.Split(text, "\n\n") {
		var p paragraph
		for _, l := range strings.Split(strings.Trim(block, "\n"), "\n") {
			var pieces []piece
			for l != "" {
				at := addressPattern.FindStringIndex(l)
				if at == nil {
					pieces = append(pieces, piece{Text: l})
					break
				}
				if at[0] > 0 {
					pieces = append(pieces, piece{Text: l[:at[0]]})
				}
				pieces = append(pieces, piece{l[at[0]:at[1]], webAddress(l[at[0]:at[1]])})
				l = l[at[1]:]
			}
			p = append(p, pieces)
		}
		if len(p) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// plain is the letter as text.
func (s *sheet) plain() string {
	var b strings.Builder
	block := func(lines ...string) {
		for _, l := range lines {
			if l != "" {
				b.WriteString(l + "\n")
			}
		}
		b.WriteString("\n")
	}
	if s.Hello != "" {
		block(s.Hello)
	}
	block(s.Lead)
	if len(s.Quote) > 0 {
		if s.QuoteHead != "" {
			block(s.QuoteHead)
		}
		for _, p := range s.Quote {
			for _, l := range p {
				if s.QuoteHead != "" {
					b.WriteString("> ")
				}
				for _, piece := range l {
					b.WriteString(piece.Text)
				}
				b.WriteString("\n")
			}
			b.WriteString("\n")
		}
	}
	if len(s.Facts) > 0 {
		var facts []string
		for _, f := range s.Facts {
			facts = append(facts, f.Name+": "+f.Text)
		}
		block(append([]string{s.Title}, facts...)...)
	}
	if s.Party != "" {
		block(s.Party)
	}
	if s.More != "" {
		block(s.More)
	}
	for _, x := range s.Buttons {
		block(x.Text+":", x.URL)
	}
	b.WriteString("-- \n") // RFC 3676 §4.3: what follows is no part of the text
	block(append([]string{s.City + " · " + s.CityURL}, append(s.Why, s.StopLine)...)...)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// html is the letter as a document of its own.
func (s *sheet) html() (string, error) {
	var b bytes.Buffer
	if err := letterPage.Execute(&b, s); err != nil {
		return "", community.Errorf(community.Internal, "writing a letter: %w", err)
	}
	return b.String(), nil
}

// defaultAccent is the one of the pages.
const defaultAccent = "#a4431f"

var accentPattern = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// colours are those of the button: the city's accent and words that can be read
// on it (WCAG 2.2 §1.4.3).
func colours(accent string) (ground, text string) {
	if !accentPattern.MatchString(accent) {
		accent = defaultAccent
	}
	channel := func(s string) float64 {
		n := 0
		for _, r := range strings.ToLower(s) {
			n = n*16 + strings.IndexRune("0123456789abcdef", r)
		}
		c := float64(n) / 255
		if c <= 0.03928 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	luminance := 0.2126*channel(accent[1:3]) + 0.7152*channel(accent[3:5]) + 0.0722*channel(accent[5:7])
	if 1.05/(luminance+0.05) >= 4.5 {
		return accent, "#ffffff"
	}
	return accent, "#111111"
}
