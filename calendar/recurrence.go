package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"konfa/community"
)

// maxRuleTime bounds the time that the rules of one file may take together: a
// rule that never matches makes the library look at every day up to the year
// 9999.
var maxRuleTime = 10 * time.Second // shorter in tests

// maxSteps bounds the instances of one rule that are passed over before now.
const maxSteps = 50_000

type budget struct{ until time.Time }

// expand makes the instances of a recurring event: what the rule and RDATE
// give, less EXDATE, with the overrides in place of those that they name.
func (f *file) expand(e *event, overrides []*event, b *budget, add func(*event, *community.Conference, string)) {
	base, start, ok := f.conference(e)
	if !ok {
		return
	}
	now := f.o.Now
	if now.IsZero() {
		now = base.Start.Add(-time.Second)
	}
	horizon := now.Add(f.o.Horizon)
	if time.Now().After(b.until) {
		f.problem(e.line, e.title(), "the rules of this file take too long; this one was not followed")
		return
	}
	rule := strings.TrimSpace(e.get("RRULE").value)
	length := base.End.Sub(base.Start)
	days := int(base.LocalEnd().Sub(base.LocalStart())/(24*time.Hour)) + 1
	starts, past, err := f.starts(e, start, rule, now.Add(-max(length, 0)), horizon)
	if err != "" {
		f.problem(e.line, e.title(), err)
		return
	}

	replaced := map[string]*event{}
	for _, o := range overrides {
		id := o.get("RECURRENCE-ID")
		m, ok := f.when(&id, id.value)
		if !ok {
			f.problem(o.line, o.title(), "the RECURRENCE-ID is not a date")
			continue
		}
		replaced[stamp(m)] = o
	}
	made := 0
	for _, m := range starts {
		if made >= community.MaxInstances {
			f.problem(e.line, e.title(), fmt.Sprintf("more than %d instances: the later ones are left out", community.MaxInstances))
			break
		}
		id := stamp(m)
		if o := replaced[id]; o != nil {
			continue
		}
		c := *base
		c.Tags = slices.Clone(base.Tags)
		c.Title, c.Text = slices.Clone(base.Title), slices.Clone(base.Text)
		if base.Venue != nil {
			v := *base.Venue
			c.Venue = &v
		}
		if base.Cover != nil {
			p := *base.Cover
			c.Cover = &p
		}
		if base.AllDay {
			c.Start = midnight(m.local, c.Location())
			c.End = midnight(m.local.AddDate(0, 0, days), c.Location())
		} else {
			c.Start = m.instant
			if !base.OpenEnd {
				c.End = m.instant.Add(length)
			}
		}
		instanceIdentity(&c, e.uid(), m)
		add(e, &c, rule)
		made++
	}
	for _, o := range overrides {
		id := o.get("RECURRENCE-ID")
		m, ok := f.when(&id, id.value)
		if !ok || replaced[stamp(m)] != o {
			continue
		}
		c, _, ok := f.conference(inherit(o, e))
		if !ok || !c.Start.Before(horizon) {
			continue
		}
		end := c.End
		if c.OpenEnd {
			end = c.Start.Add(2 * time.Hour)
		}
		if !f.o.Now.IsZero() && !end.After(now) {
			continue
		}
		instanceIdentity(c, e.uid(), m)
		add(o, c, rule)
		made++
	}
	if made == 0 && past {
		f.problem(e.line, e.title(), "all that this event repeats is over")
	}
}

// inherit gives an override what it does not say itself.
func inherit(o, master *event) *event {
	merged := &event{line: o.line, props: slices.Clone(o.props)}
	for _, p := range master.props {
		switch p.name {
		case "RRULE", "RDATE", "EXDATE", "DTEND", "DURATION", "SEQUENCE", "STATUS", "X-KONFA-STATUS":
			continue
		}
		if merged.get(p.name).name == "" {
			merged.props = append(merged.props, p)
		}
	}
	if merged.get("DTSTART").name == "" {
		merged.props = append(merged.props, master.get("DTSTART"))
	}
	return merged
}

// stamp names an instance by when it would start: the same for a date, a time
// in UTC and one with a zone.
func stamp(m moment) string {
	if m.date {
		return m.local.Format(dateFormat)
	}
	return m.instant.UTC().Format(utcFormat)
}

// instanceIdentity gives an instance an UID and a key of its own that stay the
// same when the calendar is read again.
func instanceIdentity(c *community.Conference, uid string, m moment) {
	c.UID = uid + "-" + stamp(m)
	c.ImportKey = key(c.UID)
	if len(c.UID) > maxUID {
		c.UID = digest(c.UID)
	}
}

// starts lists when an event begins, in order and each once, after from and up
// to horizon; past tells that there was one before. The error is for people.
func (f *file) starts(e *event, start moment, rule string, from, horizon time.Time) (out []moment, past bool, problem string) {
	// Instants of whole days are those of the city's midnight: good enough to
	// tell what is over.
	at := func(m moment) time.Time {
		if m.date {
			return midnight(m.local, m.clock.loc)
		}
		return m.instant
	}
	excluded := map[string]bool{}
	excludedDays := map[string]bool{}
	for _, p := range e.all("EXDATE") {
		for _, s := range strings.Split(p.value, ",") {
			if m, ok := f.when(&p, s); ok {
				if m.date {
					excludedDays[m.local.Format(dateFormat)] = true
				} else {
					excluded[stamp(m)] = true
					if start.date {
						excludedDays[m.local.Format(dateFormat)] = true
					}
				}
			}
		}
	}
	seen := map[string]bool{}
	take := func(m moment) {
		id := stamp(m)
		if seen[id] || excluded[id] || excludedDays[m.local.Format(dateFormat)] {
			return
		}
		seen[id] = true
		if !at(m).After(from) {
			past = true
			return
		}
		if at(m).After(horizon) {
			return
		}
		out = append(out, m)
	}
	local := func(t time.Time) moment {
		m := moment{date: start.date, local: t, clock: start.clock}
		if !m.date {
			m.instant = m.clock.at(t)
		}
		return m
	}
	take(start) // DTSTART is the first instance, whatever the rule says
	if rule != "" {
		r, msg := f.rule(rule, start)
		if msg != "" {
			return nil, false, msg
		}
		next := r.Iterator()
		for range maxSteps {
			t, ok := next()
			if !ok {
				break
			}
			m := local(t)
			if at(m).After(horizon) || len(out) > community.MaxInstances {
				break
			}
			take(m)
		}
	}
	for _, p := range e.all("RDATE") {
		for i, s := range strings.Split(p.value, ",") {
			if i >= community.MaxInstances {
				break
			}
			s, _, _ = strings.Cut(s, "/") // a PERIOD: its start
			if m, ok := f.when(&p, s); ok && m.date == start.date {
				if !m.date && m.clock.own == nil && p.param("TZID") == "" && strings.HasSuffix(strings.ToUpper(s), "Z") {
					m.clock = start.clock
				}
				take(m)
			}
		}
	}
	slices.SortFunc(out, func(a, b moment) int { return at(a).Compare(at(b)) })
	return out, past, ""
}

// rule reads an RRULE for local times that are given as if UTC, so that seven
// in the evening stays seven when the clocks change.
func (f *file) rule(rule string, start moment) (*rrule.RRule, string) {
	if len(rule) > 1000 {
		return nil, "the recurrence rule is too long"
	}
	text := strings.ToUpper(strings.ReplaceAll(rule, " ", ""))
	var until time.Time
	var parts []string
	for _, p := range strings.Split(text, ";") {
		name, value, _ := strings.Cut(p, "=")
		switch {
		case p == "" || strings.HasPrefix(name, "X-"):
		case name == "UNTIL":
			t, ok := parseStamp(strings.TrimSuffix(value, "Z"))
			if !ok {
				return nil, "the end of the recurrence rule is not a date"
			}
			switch {
			case len(value) == len(dateFormat): // the whole of that day
				t = t.Add(24*time.Hour - time.Second)
			case strings.HasSuffix(value, "Z") && !start.date:
				if start.clock.own != nil {
					t = t.Add(time.Duration(start.clock.own.offsetAt(t)) * time.Second)
				} else {
					lt := t.In(start.clock.loc)
					_, o := lt.Zone()
					t = t.Add(time.Duration(o) * time.Second)
				}
			}
			until = t
		default:
			parts = append(parts, p)
		}
	}
	opt, err := rrule.StrToROptionInLocation(strings.Join(parts, ";"), time.UTC)
	if err != nil {
		return nil, "the recurrence rule cannot be understood"
	}
	switch opt.Freq {
	case rrule.YEARLY, rrule.MONTHLY, rrule.WEEKLY, rrule.DAILY:
	default:
		return nil, "the event repeats more often than daily"
	}
	if opt.Interval > 1000 || len(opt.Byhour) > 1 || len(opt.Byminute) > 1 || len(opt.Bysecond) > 1 {
		return nil, "the recurrence rule is not one of conferences"
	}
	opt.Dtstart = start.local
	opt.Until = until
	r, err := rrule.NewRRule(*opt)
	if err != nil {
		return nil, "the recurrence rule cannot be followed"
	}
	return r, ""
}
