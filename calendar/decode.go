package calendar

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"

	"konfa/community"
	"konfa/prose"
)

// Decode finds out which of the formats r holds and reads it: iCalendar, the
// list of confs.tech, or our own JSON. It fails with an Invalid error on
// anything else, and when nothing at all could be read.
func Decode(r io.Reader, o DecodeOptions) ([]Row, []Problem, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, nil, community.Errorf(community.Invalid, "the file cannot be read: %w", err)
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte(bom)), " \t\r\n")
	upper := strings.ToUpper(string(head[:min(len(head), 64)]))
	switch {
	case strings.HasPrefix(upper, "BEGIN:VCALENDAR") || strings.HasPrefix(upper, "BEGIN:VEVENT"):
		return DecodeICS(b, o)
	case strings.HasPrefix(upper, "["):
		return DecodeConfsTech(b, o)
	case strings.HasPrefix(upper, "{"):
		return DecodeJSON(b, o)
	case upper == "":
		return nil, nil, community.Errorf(community.Invalid, "the file is empty")
	case strings.HasPrefix(upper, "<"):
		return nil, nil, community.Errorf(community.Invalid, "this is a web page, not a calendar").
			WithHint("look on that page for a link to the calendar itself, often called iCal or .ics")
	}
	return nil, nil, community.Errorf(community.Invalid, "this is no calendar that can be read").
		WithHint("give an iCalendar file (.ics), a list in the form of confs.tech, or an export of konfa (.json)")
}

const bom = "\uFEFF"

// limitReader fails beyond MaxBytes instead of ending early, so that a file
// that is too long is not taken for a broken one.
type limitReader struct {
	r    io.Reader
	left int64
}

func limited(r io.Reader) io.Reader { return &limitReader{r, MaxBytes} }

func (l *limitReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		if n, err := io.ReadFull(l.r, make([]byte, 1)); n == 0 {
			return 0, err
		}
		return 0, errTooLong
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

var errTooLong = community.Errorf(community.Invalid, "the file is longer than 20 MiB").WithHint("split it, by year for example")

// readError makes an error for people of one that a reader gave.
func readError(err error) error {
	if errors.Is(err, errTooLong) {
		return errTooLong
	}
	return community.Errorf(community.Invalid, "the file cannot be read: %w", err)
}

// settle brings a conference that was read into the form that our rules want,
// as far as that loses nothing that matters, and says in words what is still
// wrong with it.
func settle(c *community.Conference) (problem string) {
	for i := range c.Title {
		c.Title[i].Text = prose.Cut(strings.Join(strings.Fields(c.Title[i].Text), " "), community.MaxTitle)
	}
	for i := range c.Text {
		c.Text[i].Text = prose.Cut(c.Text[i].Text, community.MaxText)
	}
	c.Link = webAddress(c.Link)
	c.OnlineURL = webAddress(c.OnlineURL)
	if c.Cover != nil {
		if c.Cover.URL = webAddress(c.Cover.URL); c.Cover.URL == "" {
			c.Cover = nil
		} else if strings.TrimSpace(c.Cover.Alt) == "" {
			c.Cover.Alt = c.Title.First()
		}
	}
	if v := c.Venue; v != nil {
		for _, s := range []*string{&v.Name, &v.Street, &v.PostalCode, &v.Locality, &v.Region, &v.Country} {
			*s = prose.Cut(*s, 300)
		}
		v.Directions = prose.Cut(v.Directions, 2000)
		if v.Place != nil && !v.Place.Valid() {
			v.Place = nil
		}
	}
	var langs []string
	for _, l := range c.Languages {
		if community.ValidLang(l) {
			langs = append(langs, l)
		}
	}
	c.Languages = langs
	c.Tidy()
	if len(c.Tags) > community.MaxTags {
		c.Tags = c.Tags[:community.MaxTags]
	}
	c.Cost = prose.Cut(c.Cost, community.MaxCost)
	if err := c.Check(); err != nil {
		var e *community.Error
		if !errors.As(err, &e) || len(e.Fields) == 0 {
			return err.Error()
		}
		parts := make([]string, len(e.Fields))
		for i, f := range e.Fields {
			parts[i] = f.Field + ": " + f.Msg
		}
		return strings.Join(parts, "; ")
	}
	return ""
}

// webAddress returns s if it is an http or https address, else "".
func webAddress(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 2000 || !utf8.ValidString(s) {
		return ""
	}
	if !strings.HasPrefix(strings.ToLower(s), "https://") && !strings.HasPrefix(strings.ToLower(s), "http://") {
		return ""
	}
	if strings.ContainsAny(s, " \t\r\n<>\"") {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return ""
	}
	return s
}
