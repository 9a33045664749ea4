package activitystreams

import "konfa/community"

var collectionTypes = map[string]bool{"Collection": true, "OrderedCollection": true, "CollectionPage": true, "OrderedCollectionPage": true}

// maxItems bounds one page; PieFed and Mastodon stay far below.
const maxItems = 2000

// Page is a collection or one page of it.
type Page struct {
	ID, Type             string
	TotalItems           int // -1 where it is not said
	Items                []Ref
	First, Next          Ref // embedded, or an address to fetch
	Prev, Last           Ref
	PartOf, AttributedTo string
	Dropped              int // items that could not be read
}

// ReadCollection reads a collection or a page of one. Mobilizon puts items
// where orderedItems belong: both are read whatever the type is.
func ReadCollection(b []byte) (*Page, error) {
	v, err := parseObject(b)
	if err != nil {
		return nil, err
	}
	return readCollection(v)
}

func readCollection(v *value) (*Page, error) {
	t, ok := v.typeIn(collectionTypes)
	if !ok {
		if t == "" {
			return nil, malformed("the document has no type")
		}
		return nil, malformed("this is of type %s, not a collection", t)
	}
	p := &Page{
		ID: v.property("id").id(), Type: t, TotalItems: -1,
		First: ref(v.property("first")), Next: ref(v.property("next")), Prev: ref(v.property("prev")), Last: ref(v.property("last")),
		PartOf: v.property("partOf").id(), AttributedTo: v.property("attributedTo").id(),
	}
	if p.ID != "" && !webID(p.ID) {
		return nil, community.Errorf(community.Invalid, "%q is no id of a collection", p.ID)
	}
	if n, ok := v.property("totalItems").whole(1 << 40); ok {
		p.TotalItems = n
	}
	for _, key := range []string{"orderedItems", "items"} {
		list := v.property(key)
		for _, e := range list.list(maxItems) {
			if r := ref(e); r.ID != "" || r.Raw != nil {
				p.Items = append(p.Items, r)
			} else {
				p.Dropped++
			}
		}
		if list != nil && list.kind == kindArray && len(list.items) > maxItems {
			p.Dropped += len(list.items) - maxItems
		}
		if len(p.Items) > 0 {
			break
		}
	}
	return p, nil
}
