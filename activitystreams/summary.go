package activitystreams

import (
	"strconv"
	"strings"
	"time"

	"konfa/community"
)

// words are what a summary is made of, in one language.
type words struct {
	days, months                                   [12]string
	online, cancelled, postponed, moved, tentative string
	more, cost, link, call                         string
}

var english = words{
	days:      [12]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
	months:    [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	online:    "online",
	cancelled: "Cancelled", postponed: "Postponed", moved: "Moved online", tentative: "Not certain yet",
	more: "Read on", cost: "Cost", link: "Website", call: "Take part online",
}

var russian = words{
	days:      [12]string{"вс", "пн", "вт", "ср", "чт", "пт", "сб"},
	months:    [12]string{"янв.", "фев.", "мар.", "апр.", "мая", "июн.", "июл.", "авг.", "сен.", "окт.", "ноя.", "дек."},
	online:    "онлайн",
	cancelled: "Отменено", postponed: "Перенесено", moved: "Переехало в онлайн", tentative: "Пока не точно",
	more: "Читать дальше", cost: "Стоимость", link: "Сайт", call: "Участвовать онлайн",
}

// wordsOf picks the words for a language: Russian for Russian, English for all
// that we have no words for.
func wordsOf(lang string) *words {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	if base == "ru" {
		return &russian
	}
	return &english
}

// EventSummary is the short line that says when and where: "Sat 1 May 10:00 ·
// Library, Berlin". Mastodon shows nothing else of an event but its title, and
// GoToSocial and Misskey show it in front of the text. The year is left out
// where it is that of the announcement.
func EventSummary(c *community.Conference, lang string) string {
	w := wordsOf(lang)
	var parts []string
	switch c.Status {
	case community.Cancelled:
		parts = append(parts, w.cancelled)
	case community.Postponed:
		parts = append(parts, w.postponed)
	case community.MovedOnline:
		parts = append(parts, w.moved)
	case community.Tentative:
		parts = append(parts, w.tentative)
	}
	parts = append(parts, w.when(c))
	venue := c.Venue
	if c.Status == community.MovedOnline {
		venue = nil
	}
	switch line := venue.Line(); {
	case line != "":
		parts = append(parts, line)
	case c.Online() && c.Status != community.MovedOnline:
		parts = append(parts, w.online)
	}
	return strings.Join(parts, " · ")
}

func (w *words) when(c *community.Conference) string {
	start, end := c.LocalStart(), c.LocalEnd()
	said := c.Published
	if said.IsZero() {
		said = c.Created
	}
	year := said.IsZero() || said.In(c.Location()).Year() != start.Year() || !c.OpenEnd && end.Year() != start.Year()
	sameDay := start.Year() == end.Year() && start.YearDay() == end.YearDay()
	var b strings.Builder
	switch {
	case c.AllDay && sameDay:
		b.WriteString(w.day(start, year))
	case c.AllDay:
		b.WriteString(w.day(start, year && end.Year() != start.Year()) + " – " + w.day(end, year))
	case c.OpenEnd:
		b.WriteString(w.day(start, year) + " " + start.Format("15:04"))
	case sameDay || end.Sub(start) < 12*time.Hour: // a night out is one evening
		b.WriteString(w.day(start, year) + " " + start.Format("15:04") + "–" + end.Format("15:04"))
	default:
		b.WriteString(w.day(start, year) + " " + start.Format("15:04") + " – " + w.day(end, year && end.Year() != start.Year()) + " " + end.Format("15:04"))
	}
	if !c.AllDay && c.Venue == nil && c.Online() {
		b.WriteString(" (" + clock(start) + ")") // who is anywhere needs to know whose clock
	}
	return b.String()
}

func (w *words) day(t time.Time, year bool) string {
	s := w.days[t.Weekday()] + " " + strconv.Itoa(t.Day()) + " " + w.months[t.Month()-1]
	if year {
		s += " " + strconv.Itoa(t.Year())
	}
	return s
}

func clock(t time.Time) string {
	_, offset := t.Zone()
	if offset == 0 {
		return "UTC"
	}
	sign := "+"
	if offset < 0 {
		sign, offset = "−", -offset
	}
	s := "UTC" + sign + strconv.Itoa(offset/3600)
	if m := offset / 60 % 60; m > 0 {
		s += ":" + strconv.Itoa(m/10) + strconv.Itoa(m%10)
	}
	return s
}
