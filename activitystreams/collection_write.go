package activitystreams

import (
	"github.com/go-fed/activity/streams"
	"github.com/go-fed/activity/streams/vocab"
)

// Collection is the head of a long collection: how many there are and where its
// first and last page are. Both may be empty: Mastodon then takes the members
// for hidden and shows the number alone.
func (e *Encoder) Collection(id string, ordered bool, total int, first, last string) ([]byte, error) {
	c := collection(ordered)
	setID(c, id)
	setTotal(c, total)
	if first != "" {
		p := streams.NewActivityStreamsFirstProperty()
		p.SetIRI(iri(first))
		c.SetActivityStreamsFirst(p)
	}
	if last != "" {
		p := streams.NewActivityStreamsLastProperty()
		p.SetIRI(iri(last))
		c.SetActivityStreamsLast(p)
	}
	return finish(c, nil)
}

// CollectionPage is one page of a collection. Items are IRIs (string) or
// documents ([]byte).
func (e *Encoder) CollectionPage(id, partOf, next, prev string, ordered bool, total int, items []any) ([]byte, error) {
	c := page(ordered)
	setID(c, id)
	setTotal(c, total)
	if partOf != "" {
		p := streams.NewActivityStreamsPartOfProperty()
		p.SetIRI(iri(partOf))
		c.SetActivityStreamsPartOf(p)
	}
	if next != "" {
		p := streams.NewActivityStreamsNextProperty()
		p.SetIRI(iri(next))
		c.SetActivityStreamsNext(p)
	}
	if prev != "" {
		p := streams.NewActivityStreamsPrevProperty()
		p.SetIRI(iri(prev))
		c.SetActivityStreamsPrev(p)
	}
	return e.withItems(c, ordered, items)
}

// CollectionWithItems is a small collection, whole in one document.
func (e *Encoder) CollectionWithItems(id string, ordered bool, items []any) ([]byte, error) {
	c := collection(ordered)
	setID(c, id)
	setTotal(c, len(items))
	return e.withItems(c, ordered, items)
}

func (e *Encoder) withItems(c vocab.Type, ordered bool, items []any) ([]byte, error) {
	// Mastodon pairs the type with the key strictly.
	key := "items"
	if ordered {
		key = "orderedItems"
	}
	list, err := e.embed(items)
	if err != nil {
		return nil, err
	}
	return finish(c, pairs{{key, list}})
}

type collectionHead interface {
	typed
	SetActivityStreamsFirst(vocab.ActivityStreamsFirstProperty)
	SetActivityStreamsLast(vocab.ActivityStreamsLastProperty)
	SetActivityStreamsTotalItems(vocab.ActivityStreamsTotalItemsProperty)
}

type collectionPage interface {
	collectionHead
	SetActivityStreamsNext(vocab.ActivityStreamsNextProperty)
	SetActivityStreamsPartOf(vocab.ActivityStreamsPartOfProperty)
	SetActivityStreamsPrev(vocab.ActivityStreamsPrevProperty)
}

func collection(ordered bool) collectionHead {
	if ordered {
		return streams.NewActivityStreamsOrderedCollection()
	}
	return streams.NewActivityStreamsCollection()
}

func page(ordered bool) collectionPage {
	if ordered {
		return streams.NewActivityStreamsOrderedCollectionPage()
	}
	return streams.NewActivityStreamsCollectionPage()
}
