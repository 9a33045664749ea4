package activitystreams

import (
	"net/url"
	"time"

	"github.com/go-fed/activity/streams"
	"github.com/go-fed/activity/streams/vocab"
)

// The setters below give one name to what go-fed spells out for each of its
// properties; an empty value sets nothing, so that nothing empty goes out.

type typed interface {
	vocab.Type
	SetJSONLDId(vocab.JSONLDIdProperty)
	GetUnknownProperties() map[string]interface{}
}

// object has what every ActivityStreams object has.
type object interface {
	typed
	SetActivityStreamsAttachment(vocab.ActivityStreamsAttachmentProperty)
	SetActivityStreamsAttributedTo(vocab.ActivityStreamsAttributedToProperty)
	SetActivityStreamsAudience(vocab.ActivityStreamsAudienceProperty)
	SetActivityStreamsCc(vocab.ActivityStreamsCcProperty)
	SetActivityStreamsContent(vocab.ActivityStreamsContentProperty)
	SetActivityStreamsIcon(vocab.ActivityStreamsIconProperty)
	SetActivityStreamsImage(vocab.ActivityStreamsImageProperty)
	SetActivityStreamsLocation(vocab.ActivityStreamsLocationProperty)
	SetActivityStreamsMediaType(vocab.ActivityStreamsMediaTypeProperty)
	SetActivityStreamsName(vocab.ActivityStreamsNameProperty)
	SetActivityStreamsPublished(vocab.ActivityStreamsPublishedProperty)
	SetActivityStreamsReplies(vocab.ActivityStreamsRepliesProperty)
	SetActivityStreamsSummary(vocab.ActivityStreamsSummaryProperty)
	SetActivityStreamsTag(vocab.ActivityStreamsTagProperty)
	SetActivityStreamsTo(vocab.ActivityStreamsToProperty)
	SetActivityStreamsUpdated(vocab.ActivityStreamsUpdatedProperty)
	SetActivityStreamsUrl(vocab.ActivityStreamsUrlProperty)
}

// iri keeps an address byte for byte: parsing one and printing it again may
// change it, and an id that changed is another id.
func iri(s string) *url.URL { return &url.URL{Opaque: s} }

func setID(o typed, id string) {
	if id == "" {
		return
	}
	p := streams.NewJSONLDIdProperty()
	p.Set(iri(id))
	o.SetJSONLDId(p)
}

func setName(o interface {
	SetActivityStreamsName(vocab.ActivityStreamsNameProperty)
}, s string) {
	if s == "" {
		return
	}
	p := streams.NewActivityStreamsNameProperty()
	p.AppendXMLSchemaString(s)
	o.SetActivityStreamsName(p)
}

func setSummary(o interface {
	SetActivityStreamsSummary(vocab.ActivityStreamsSummaryProperty)
}, s string) {
	if s == "" {
		return
	}
	p := streams.NewActivityStreamsSummaryProperty()
	p.AppendXMLSchemaString(s)
	o.SetActivityStreamsSummary(p)
}

func setContent(o interface {
	SetActivityStreamsContent(vocab.ActivityStreamsContentProperty)
}, s string) {
	if s == "" {
		return
	}
	p := streams.NewActivityStreamsContentProperty()
	p.AppendXMLSchemaString(s)
	o.SetActivityStreamsContent(p)
}

func setMediaType(o interface {
	SetActivityStreamsMediaType(vocab.ActivityStreamsMediaTypeProperty)
}, s string) {
	if s == "" {
		return
	}
	p := streams.NewActivityStreamsMediaTypeProperty()
	p.Set(s)
	o.SetActivityStreamsMediaType(p)
}

func setURL(o object, s string) {
	if s == "" {
		return
	}
	p := streams.NewActivityStreamsUrlProperty()
	p.AppendIRI(iri(s))
	o.SetActivityStreamsUrl(p)
}

func setTimes(o object, published, updated time.Time) {
	if !published.IsZero() {
		p := streams.NewActivityStreamsPublishedProperty()
		p.Set(published.UTC())
		o.SetActivityStreamsPublished(p)
	}
	// What was never changed does not say when: GoToSocial shows it as edited if
	// it does, and takes an object that was updated before it was published for
	// malformed.
	if edited(published, updated) {
		p := streams.NewActivityStreamsUpdatedProperty()
		p.Set(updated.UTC())
		o.SetActivityStreamsUpdated(p)
	}
}

// edited tells whether something was changed after it was published, as far as
// the wire can tell.
func edited(published, updated time.Time) bool {
	return !updated.IsZero() && updated.Sub(published) >= time.Millisecond
}

// withUpdated adds the time of a change to the millisecond where it has more than
// seconds, which is all that the library writes: Mastodon takes an edit only if
// it is newer than the last one. All peers read fractions.
func withUpdated(with pairs, published, updated time.Time) pairs {
	ms := updated.UTC().Truncate(time.Millisecond)
	if published.IsZero() || !edited(published, updated) || ms.Nanosecond() == 0 {
		return with
	}
	return append(with, pair{"updated", ms.Format("2006-01-02T15:04:05.000Z07:00")})
}

func setAddress(o interface {
	SetActivityStreamsTo(vocab.ActivityStreamsToProperty)
	SetActivityStreamsCc(vocab.ActivityStreamsCcProperty)
}, to, cc []string) {
	if len(to) > 0 {
		p := streams.NewActivityStreamsToProperty()
		for _, s := range to {
			p.AppendIRI(iri(s))
		}
		o.SetActivityStreamsTo(p)
	}
	if len(cc) > 0 {
		p := streams.NewActivityStreamsCcProperty()
		for _, s := range cc {
			p.AppendIRI(iri(s))
		}
		o.SetActivityStreamsCc(p)
	}
}

func setAuthor(o object, actor string) {
	p := streams.NewActivityStreamsAttributedToProperty()
	p.AppendIRI(iri(actor))
	o.SetActivityStreamsAttributedTo(p)
}

func setAudience(o interface {
	SetActivityStreamsAudience(vocab.ActivityStreamsAudienceProperty)
}, actor string) {
	p := streams.NewActivityStreamsAudienceProperty()
	p.AppendIRI(iri(actor))
	o.SetActivityStreamsAudience(p)
}

// setReplies puts the collection of answers, with an empty first page that says
// where they begin: GoToSocial and Mastodon look for answers only where a page
// is embedded. Its items are fetched by those who want them. A total below 0 is
// not told.
func setReplies(o object, id string, total int) {
	page := streams.NewActivityStreamsCollectionPage()
	part := streams.NewActivityStreamsPartOfProperty()
	part.SetIRI(iri(id))
	page.SetActivityStreamsPartOf(part)
	next := streams.NewActivityStreamsNextProperty()
	next.SetIRI(iri(id + "?page=1"))
	page.SetActivityStreamsNext(next)
	page.SetActivityStreamsItems(streams.NewActivityStreamsItemsProperty())

	c := streams.NewActivityStreamsCollection()
	setID(c, id)
	if total >= 0 {
		setTotal(c, total)
	}
	first := streams.NewActivityStreamsFirstProperty()
	first.SetActivityStreamsCollectionPage(page)
	c.SetActivityStreamsFirst(first)
	p := streams.NewActivityStreamsRepliesProperty()
	p.SetActivityStreamsCollection(c)
	o.SetActivityStreamsReplies(p)
}

func setTotal(o interface {
	SetActivityStreamsTotalItems(vocab.ActivityStreamsTotalItemsProperty)
}, n int) {
	p := streams.NewActivityStreamsTotalItemsProperty()
	p.Set(n)
	o.SetActivityStreamsTotalItems(p)
}
