package activitystreams

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/prose"
)

// Inspection is what konfa makes of a document: the facts it takes over, one
// Line each, and in Notes what it leaves out or finds odd.
type Inspection struct {
	Kind   string      `json:"kind"` // activity, actor, event, post, collection, location, key, tombstone, webfinger, nodeinfo, links
	ID     string      `json:"id,omitempty"`
	Type   string      `json:"type,omitempty"`
	Lines  []Line      `json:"lines"`
	Nested *Inspection `json:"object,omitempty"` // the object of an activity, where it is embedded
	Notes  []string    `json:"notes,omitempty"`
}

// Line is one fact.
type Line struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Value returns the first value of a label, "" where there is none.
func (in *Inspection) Value(label string) string {
	for _, l := range in.Lines {
		if l.Label == label {
			return l.Value
		}
	}
	return ""
}

// Inspect tells what konfa makes of any document that servers show one another.
// An error says why it is refused.
func Inspect(b []byte) (*Inspection, error) {
	v, err := parse(b)
	if err != nil {
		return nil, err
	}
	if v.kind == kindArray {
		if in := inspectLocation(v); in != nil {
			return in, nil
		}
	}
	if v, err = parseObject(b); err != nil {
		return nil, err
	}
	in, err := inspect(v, 0)
	if err != nil {
		return nil, err
	}
	if keys := v.twice(); len(keys) > 0 {
		in.note("given twice, the last one counts: " + strings.Join(keys, ", "))
	}
	return in, nil
}

// maxNested bounds how deep activities in activities are described. Nobody
// sends more than Announce{Undo{Follow}}.
const maxNested = 6

func inspect(v *value, depth int) (*Inspection, error) {
	types := v.types()
	t, _ := v.typeIn(knownTypes)
	switch {
	case activityNames[t]:
		return inspectActivity(v, depth)
	case actorTypes[t]:
		return inspectActor(v)
	case slices.Contains(types, "Event"):
		return inspectEvent(v)
	case t == "Tombstone":
		return inspectTombstone(v)
	case collectionTypes[t]:
		return inspectCollection(v)
	case t == "Place":
		if in := inspectLocation(v); in != nil {
			return in, nil
		}
		return nil, malformed("the place has neither name nor address nor coordinates")
	case isPost(t):
		return inspectPost(v)
	case slices.Contains(types, "VirtualLocation"):
		if in := inspectLocation(v); in != nil {
			return in, nil
		}
	case v.get("publicKeyPem") != nil || v.get("publicKeyMultibase") != nil:
		return inspectKey(v)
	case t == "" && v.get("links") != nil && v.get("subject") != nil:
		return inspectWebFinger(v)
	case t == "" && v.get("software") != nil && v.get("version") != nil:
		return inspectNodeInfo(v)
	case t == "" && v.get("links") != nil:
		return inspectLinks(v)
	case t == "" && v.get("publicKey") != nil:
		return inspectKey(v)
	case t != "" && v.property("actor") != nil && v.property("object") != nil:
		return inspectActivity(v, depth)
	}
	if t == "" {
		return nil, malformed("the document has no type, and is neither WebFinger nor NodeInfo")
	}
	return nil, community.Errorf(community.Refused, "konfa has no use for a document of type %s", line(t, 60))
}

func isPost(t string) bool { _, ok := postTypes[t]; return ok }

func (in *Inspection) note(s string) {
	if s != "" && len(in.Notes) < 64 && !slices.Contains(in.Notes, s) {
		in.Notes = append(in.Notes, s)
	}
}

// add puts a fact where there is one.
func (in *Inspection) add(label string, values ...string) {
	for i, s := range values {
		if s == "" {
			continue
		}
		if i == 12 {
			in.Lines = append(in.Lines, Line{label, fmt.Sprintf("and %d more", len(values)-i)})
			return
		}
		in.Lines = append(in.Lines, Line{label, clean(prose.Cut(s, 2000))})
	}
}

func (in *Inspection) time(label string, t time.Time) {
	if !t.IsZero() {
		in.add(label, t.UTC().Format(time.RFC3339Nano))
	}
}

func (in *Inspection) texts(label string, t community.Texts) {
	for _, p := range t {
		s := p.Text
		if p.Lang != "" {
			s = p.Lang + ": " + s
		}
		in.add(label, s)
	}
}

// unused notes the keys that konfa does not read, so that nothing is left out
// in silence.
func (in *Inspection) unused(v *value, used string) {
	known := strings.Fields(used + " @context id @id type @type")
	var rest []string
	for i, k := range v.keys {
		k = strings.TrimPrefix(strings.TrimPrefix(k, "as:"), "https://www.w3.org/ns/activitystreams#")
		if v.items[i].kind == kindNull || slices.Contains(known, k) || slices.Contains(rest, k) {
			continue
		}
		switch k {
		case "signature", "proof":
			in.note("its " + k + " is not looked at: what matters is fetched from its own server")
			continue
		}
		rest = append(rest, k)
	}
	if len(rest) > 0 {
		sort.Strings(rest)
		if len(rest) > 40 {
			rest = append(rest[:40], "…")
		}
		in.note("not used: " + clean(strings.Join(rest, ", ")))
	}
}

func inspectActivity(v *value, depth int) (*Inspection, error) {
	e, err := envelope(v)
	if err != nil {
		return nil, err
	}
	in := &Inspection{Kind: "activity", ID: e.ID, Type: e.Type}
	in.add("Actor", e.Actor)
	if e.Objects == nil {
		in.add("Object", e.Object.ID)
	}
	for _, o := range e.Objects {
		in.add("Object", o.ID)
	}
	in.add("Target", e.Target.ID)
	in.add("Origin", e.Origin.ID)
	in.add("Result", e.Result.ID)
	in.add("To", e.To...)
	in.add("Cc", e.Cc...)
	in.time("Published", e.Published)
	in.time("Updated", e.Updated)
	in.add("Reason", line(e.Summary, 500))
	if e.Emoji != "" {
		in.add("Emoji", e.Emoji)
	} else {
		in.add("Content", prose.Text(e.Content[:min(len(e.Content), 20_000)], 500))
	}
	if e.ID == "" {
		in.note("it has no id, so it cannot be told from a repetition")
	} else if host(e.ID) != host(e.Actor) {
		in.note("its id is on another server than its actor: such an activity is refused")
	}
	if !Handled(e.Type) {
		in.note("konfa does nothing on an activity of type " + line(e.Type, 60))
	}
	if obj := v.property("object"); e.Object.Raw != nil {
		if obj.kind == kindArray {
			for _, o := range obj.list(64) {
				if o.kind == kindObject {
					obj = o
					break
				}
			}
			if len(e.Objects) > 1 {
				in.note(fmt.Sprintf("it has %d objects; the first one that is embedded is described", len(e.Objects)))
			}
		}
		switch nested, err := inspect(obj, depth+1); {
		case depth >= maxNested:
			in.note("what is nested deeper is not described")
		case err != nil && e.Type == "Delete":
			in.note("of what is deleted only id and type count")
			in.add("Object type", e.Object.Type)
		case err != nil:
			in.note("its object is not understood: " + err.Error())
			in.add("Object type", e.Object.Type)
		default:
			in.Nested = nested
			if host(nested.ID) != host(e.Actor) && nested.ID != "" {
				in.note("the embedded object is of another server: it is not believed but fetched")
			}
		}
	}
	in.unused(v, "actor object target origin result instrument to cc published updated content summary _misskey_reaction")
	return in, nil
}

func inspectActor(v *value) (*Inspection, error) {
	r := &reader{}
	a, err := r.actor(v)
	if err != nil {
		return nil, err
	}
	in := &Inspection{Kind: "actor", ID: a.URI, Type: a.Type, Notes: r.notes}
	in.add("Address", a.Address())
	in.add("Name", a.Name)
	in.add("About", prose.Text(a.About, 500))
	in.add("Page", a.URL)
	in.add("Inbox", a.Inbox)
	in.add("Shared inbox", a.SharedInbox)
	in.add("Outbox", a.Outbox)
	in.add("Followers", a.Followers)
	in.add("Featured", a.Featured)
	in.add("Upcoming", a.Upcoming)
	if a.Icon != nil {
		in.add("Icon", a.Icon.URL)
	}
	for _, k := range a.Keys {
		in.add("Key", k.ID)
	}
	in.add("Also known as", a.AlsoKnownAs...)
	in.add("Moved to", a.MovedTo)
	if a.Locked {
		in.add("Locked", "follows are answered by hand")
	}
	if a.Inbox == "" {
		in.note("it has no inbox: this is the stub beside a key; the actor itself is at its id")
	}
	if len(a.Keys) == 0 {
		in.note("it has no key of its own: nothing that it signs can be checked")
	}
	in.unused(v, "inbox outbox followers endpoints sharedInbox featured upcomingEvents alsoKnownAs movedTo manuallyApprovesFollowers url icon summary summaryMap name nameMap preferredUsername webfinger publicKey assertionMethod suspended")
	return in, nil
}

func inspectEvent(v *value) (*Inspection, error) {
	e, err := readEvent(v)
	if err != nil {
		return nil, err
	}
	in := &Inspection{Kind: "event", ID: e.URI, Type: "Event", Notes: e.Notes}
	in.texts("Title", e.Title)
	layout := "2006-01-02 15:04:05 -07:00"
	if e.AllDay {
		in.add("Days", e.LocalStart().Format(time.DateOnly)+" to "+e.LocalEnd().Format(time.DateOnly))
	}
	in.add("Start", e.LocalStart().Format(layout))
	if e.OpenEnd {
		in.add("End", "not said")
	} else {
		in.add("End", e.LocalEnd().Format(layout))
	}
	in.add("Zone", e.Zone)
	in.add("Status", string(e.Status))
	venueLines(in, e.Venue)
	in.add("Online", e.OnlineURL)
	in.add("Way to come", string(e.JoinMode))
	in.add("Sign up at", e.ExternalURL)
	if e.Capacity > 0 {
		in.add("Seats", strconv.Itoa(e.Capacity))
	}
	if e.Seats.Going > 0 {
		in.add("Going", strconv.Itoa(e.Seats.Going))
	}
	in.add("Cost", e.Cost)
	in.add("Category", e.Category)
	in.add("Tag", e.Tags...)
	in.add("Language", e.Languages...)
	in.add("Page", e.URL)
	in.add("Website", e.Link)
	if e.Cover != nil {
		in.add("Picture", e.Cover.URL)
	}
	for _, o := range e.Organisers {
		in.add("Organiser", strings.TrimSpace(o.Name+" "+o.URI))
	}
	in.add("Owner", e.AttributedTo...)
	if !slices.Contains(e.AttributedTo, e.Actor) {
		in.add("Organiser", e.Actor)
	}
	in.add("To", e.To...)
	in.add("Cc", e.Cc...)
	for _, t := range e.HTML {
		in.texts("Text", community.Texts{{Lang: t.Lang, Text: prose.Text(t.Text, 500)}})
	}
	in.time("Published", e.Published)
	in.time("Updated", e.Updated)
	if !e.Public {
		in.note("everyone is not among its recipients: it is not listed in the calendar")
	}
	if len(e.AttributedTo) == 0 && e.Actor == "" {
		in.note("it does not say whose it is")
	}
	in.unused(v, "name nameMap summary summaryMap content contentMap mediaType url attributedTo actor to cc attendees organizers replies requiredJoinVisibility startTime previousStartTime endTime displayEndTime timezone location onlineLink availableLanguage inLanguage tag category isOnline attachment sameAs price feeAmount feeCurrency buyTicketsLink participantCount maximumAttendeeCapacity remainingAttendeeCapacity anonymousParticipationEnabled externalParticipationUrl joinMode image contacts eventStatus status ical:status published updated uuid")
	return in, nil
}

func venueLines(in *Inspection, v *community.Venue) {
	if v == nil {
		return
	}
	in.add("Place", v.Name)
	in.add("Address", v.Address())
	in.add("Directions", v.Directions)
	if v.Place != nil {
		in.add("Coordinates", fmt.Sprintf("%g, %g", v.Place.Lat, v.Place.Lon))
	}
}

func inspectPost(v *value) (*Inspection, error) {
	p, err := readPost(v)
	if err != nil {
		return nil, err
	}
	in := &Inspection{Kind: "post", ID: p.URI, Type: p.Type, Notes: p.Notes}
	in.add("Author", p.AttributedTo)
	in.texts("Title", p.Title)
	in.add("Warning", p.Warning)
	for _, t := range p.HTML {
		in.texts("Text", community.Texts{{Lang: t.Lang, Text: prose.Text(t.Text, 500)}})
	}
	in.add("Answers", p.ReplyTo)
	in.add("Visibility", string(p.Visibility))
	in.add("To", p.To...)
	in.add("Cc", p.Cc...)
	in.add("Group", p.Audience...)
	in.add("Tag", p.Tags...)
	for _, m := range p.Mentions {
		in.add("Mention", m.Name)
	}
	for _, pic := range p.Pictures {
		in.add("Picture", pic.URL)
	}
	if p.Sensitive {
		in.add("Sensitive", "yes")
	}
	in.add("Page", p.URL)
	in.add("Conversation", p.Context)
	in.add("Replies", p.Replies)
	in.time("Published", p.Published)
	in.time("Updated", p.Updated)
	used := "attributedTo actor url content contentMap mediaType summary summaryMap sensitive inReplyTo to cc published updated context replies audience tag attachment image oneOf anyOf"
	if postTypes[p.Type] {
		used += " name nameMap"
	}
	if p.Type == "Video" || p.Type == "Audio" {
		used += " icon"
	}
	if v.property("language") != nil {
		used += " language"
	}
	in.unused(v, used)
	return in, nil
}

func inspectTombstone(v *value) (*Inspection, error) {
	in := &Inspection{Kind: "tombstone", Lines: []Line{}, ID: v.property("id").id(), Type: "Tombstone"}
	if !webID(in.ID) {
		return nil, malformed("the tombstone does not say what was deleted")
	}
	in.add("Former type", line(v.property("formerType").list1().text(), 60))
	in.time("Deleted", v.property("deleted").when())
	in.unused(v, "formerType deleted")
	return in, nil
}

func (v *value) list1() *value { return first(v) }

func inspectCollection(v *value) (*Inspection, error) {
	p, err := readCollection(v)
	if err != nil {
		return nil, err
	}
	in := &Inspection{Kind: "collection", ID: p.ID, Type: p.Type}
	if p.TotalItems >= 0 {
		in.add("Total", strconv.Itoa(p.TotalItems))
	}
	in.add("Items here", strconv.Itoa(len(p.Items)))
	for _, r := range p.Items {
		in.add("Item", strings.TrimSpace(r.Type+" "+r.ID))
		if len(in.Lines) > 40 {
			in.add("Item", "…")
			break
		}
	}
	in.add("First", p.First.ID)
	in.add("Next", p.Next.ID)
	in.add("Previous", p.Prev.ID)
	in.add("Last", p.Last.ID)
	in.add("Part of", p.PartOf)
	if p.Dropped > 0 {
		in.note(fmt.Sprintf("%d items could not be read", p.Dropped))
	}
	if p.First.Raw != nil {
		if f, err := parseObject(p.First.Raw); err == nil && collectionTypes[p.First.Type] {
			if in.Nested, err = inspectCollectionPage(f); err != nil {
				in.note("its first page is not understood: " + err.Error())
			}
		}
	}
	in.unused(v, "first next prev last partOf attributedTo totalItems items orderedItems")
	return in, nil
}

// inspectCollectionPage describes an embedded first page, which has none of its
// own.
func inspectCollectionPage(v *value) (*Inspection, error) {
	if first := v.property("first"); first != nil && first.kind == kindObject {
		return nil, malformed("a page does not begin with another page")
	}
	return inspectCollection(v)
}

// inspectLocation describes a bare location or a list of them, nil where it is
// none.
func inspectLocation(v *value) *Inspection {
	r, c := &reader{}, &community.Conference{}
	wrapped := &value{kind: kindObject, keys: []string{"location"}, items: []value{*v}}
	if v.kind == kindArray {
		for _, l := range v.list(16) {
			if types := l.types(); !slices.Contains(types, "Place") && !slices.Contains(types, "VirtualLocation") {
				return nil
			}
		}
	}
	r.place(wrapped, c)
	if c.Venue == nil && c.OnlineURL == "" {
		return nil
	}
	in := &Inspection{Kind: "location", ID: v.property("id").id(), Notes: r.notes}
	in.Type, _ = v.typeIn(knownTypes)
	venueLines(in, c.Venue)
	in.add("Online", c.OnlineURL)
	if v.kind == kindObject {
		in.unused(v, "name nameMap address latitude longitude summary summaryMap url")
	}
	return in
}

func inspectKey(v *value) (*Inspection, error) {
	owner, k, err := ReadKey(v.raw)
	if err != nil {
		return nil, err
	}
	in := &Inspection{Kind: "key", ID: k.ID}
	in.Type, _ = v.typeIn(knownTypes)
	in.add("Owner", owner)
	in.unused(v, "owner controller publicKeyPem publicKeyMultibase publicKey")
	return in, nil
}

func inspectWebFinger(v *value) (*Inspection, error) {
	in := &Inspection{Kind: "webfinger", ID: address(v.get("subject").text())}
	if in.ID == "" {
		return nil, malformed("the WebFinger document has no subject")
	}
	self := ""
	for _, l := range v.get("links").list(64) {
		rel, t := line(l.get("rel").text(), 200), l.get("type").text()
		to := l.get("href").id()
		if to == "" {
			to = line(l.get("template").text(), maxID)
		}
		if rel == "self" && self == "" && (t == ContentType || strings.HasPrefix(t, "application/ld+json")) {
			self = to
			in.add("Actor", to)
			continue
		}
		if rel != "" {
			in.add("Link", strings.TrimSpace(rel+" "+to))
		}
	}
	in.add("Also", v.get("aliases").ids(16)...)
	if self == "" {
		in.note("it names no actor: there is no link of rel self with type " + ContentType)
	}
	in.unused(v, "subject links aliases")
	return in, nil
}

func inspectNodeInfo(v *value) (*Inspection, error) {
	in := &Inspection{Kind: "nodeinfo", Type: line(v.get("version").text(), 20)}
	s := v.get("software")
	name := strings.ToLower(line(s.get("name").text(), 60))
	if name == "" {
		return nil, malformed("the NodeInfo document does not name the software")
	}
	in.add("Software", name)
	in.add("Version", line(s.get("version").text(), 60))
	for _, p := range v.get("protocols").list(16) {
		in.add("Protocol", line(p.text(), 60))
	}
	if n, ok := v.get("usage").get("users").get("total").whole(1 << 40); ok {
		in.add("People", strconv.Itoa(n))
	}
	in.unused(v, "version software protocols usage")
	return in, nil
}

func inspectLinks(v *value) (*Inspection, error) {
	in := &Inspection{Kind: "links"}
	readable := false
	for _, l := range v.get("links").list(64) {
		rel := line(l.get("rel").text(), 200)
		if rel == "" {
			in.note("a link without rel was dropped")
			continue
		}
		in.add("Link", strings.TrimSpace(rel+" "+l.get("href").id()))
		readable = readable || strings.HasSuffix(rel, "nodeinfo.diaspora.software/ns/schema/2.0") || strings.HasSuffix(rel, "nodeinfo.diaspora.software/ns/schema/2.1")
	}
	if len(in.Lines) == 0 {
		return nil, malformed("the list of links is empty")
	}
	if !readable {
		in.note("none of these leads to NodeInfo 2.0 or 2.1")
	}
	in.unused(v, "links")
	return in, nil
}
