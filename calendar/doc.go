// Package calendar writes conferences as iCalendar and as JSON, and reads the
// calendars and lists of others: iCalendar files of any program, the list of
// confs.tech, and our own JSON.
//
// Reading is tolerant: what cannot be understood is a Problem with its line, and
// the rest is kept. It is bounded in bytes, events and the work that recurrence
// rules may cost.
package calendar

import (
	"time"

	"konfa/community"
	"konfa/gazetteer"
)

// Calendar is what Encode and EncodeJSON write.
type Calendar struct {
	Name        string
	Description string        // plain text
	URL         string        // the page of the calendar
	Zone        string        // IANA, of the city
	Refresh     time.Duration // how often clients shall read it again; 0: an hour
	Events      []community.Conference
	Site        community.Site
	Langs       []string // of the reader, best first: which text to choose
	Guest       *Guest   // whose calendar it is; nil: everyone's

	// Method makes it a message to Guest about the one event that it holds
	// (RFC 5546): REQUEST or CANCEL. Stamp is when that was written.
	Method string
	Stamp  time.Time
}

// Guest is the person whose own calendar it is, and the city whose server keeps
// it.
type Guest struct {
	Name, URI     string
	City, CityURI string
	Parts         map[int64]Part // by the ID of the conference
}

// Part is how a guest stands to a conference.
type Part struct {
	Stat  string // PARTSTAT (RFC 5545 §3.2.12); empty for what is only suggested
	Note  string // a line on top of the description
	Title string // instead of the conference's own
}

// DecodeOptions says what a file does not.
type DecodeOptions struct {
	City *community.City // the importing city; gives Zone and Lang where they are empty
	Zone string          // IANA, for times that name no zone
	Lang string          // of texts that name no language
	// Locate finds a city and its zone; nil means gazetteer.Find.
	Locate func(city, country string) (gazetteer.Place, bool)
	// Now is from when recurrence rules are followed; zero: from their start.
	Now time.Time
	// Horizon is how far after Now (or their start) they are followed; 0: a year.
	Horizon time.Duration
}

// Limits of what is read.
const (
	MaxBytes  = 20 << 20
	MaxEvents = 20_000
)

// Row is a conference that was read. It has passed Tidy and Check.
type Row struct {
	Line       int // where it begins in the file, from 1
	Conference community.Conference
	Rule       string // the recurrence rule it is an instance of, or empty
}

// Problem is a conference that was not read, and why.
type Problem struct {
	Line  int // in the file, from 1
	Title string
	Msg   string // for people
}

func (o DecodeOptions) filled() DecodeOptions {
	if o.City != nil {
		if o.Zone == "" {
			o.Zone = o.City.Zone
		}
		if o.Lang == "" && len(o.City.Languages) > 0 {
			o.Lang = o.City.Languages[0]
		}
	}
	if !community.ValidZone(o.Zone) {
		o.Zone = "UTC"
	}
	if o.Locate == nil {
		o.Locate = gazetteer.Find
	}
	if o.Horizon <= 0 {
		o.Horizon = 366 * 24 * time.Hour
	}
	return o
}
