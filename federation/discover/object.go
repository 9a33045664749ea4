package discover

import (
	"context"
	"encoding/json"
	"errors"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
)

// Object fetches any ActivityPub object, signed. It came from the address that
// its id is; if another address of the same origin led to it, it was fetched
// again from there. What is gone is an error with the code Gone, and what does
// not exist one with NotFound.
func (r *Resolver) Object(ctx context.Context, uri string) (*fetch.Document, error) {
	doc, err := oneFlight(ctx, r, "object "+uri, func(ctx context.Context) (*fetch.Document, error) {
		doc, err := r.get(ctx, uri)
		if err != nil {
			return nil, err
		}
		id, err := idOf(doc)
		if err != nil || fetch.SameAddress(id, doc.URL) {
			return doc, err
		}
		if doc, err = r.own(ctx, id, doc); err != nil {
			return nil, err
		}
		again, err := idOf(doc)
		if err != nil {
			return nil, err
		}
		if again != id || !fetch.SameAddress(again, doc.URL) {
			return nil, notItself(again, doc.URL)
		}
		return doc, nil
	})
	if err != nil {
		return nil, explain(uri, err)
	}
	own := *doc
	return &own, nil
}

// idOf reads the id of a document exactly as activitystreams reads it: a field
// of a struct would also be filled by "ID", and what is checked here would not
// be what is believed later.
func idOf(doc *fetch.Document) (string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(doc.Body, &object); err != nil {
		return "", community.Errorf(community.Invalid, "the document at %s cannot be read: %w", doc.URL, err)
	}
	raw, ok := object["id"]
	if !ok {
		raw = object["@id"]
	}
	id := text(raw)
	if id == "" {
		return "", community.Errorf(community.Refused, "the document at %s has no id", doc.URL)
	}
	return id, nil
}

// Stop, returned by the visitor of a collection, ends the reading without an
// error.
//
//lint:ignore ST1012 it is a signal like io/fs.SkipDir, not a failure
var Stop = errors.New("enough")

// Bounds of reading a collection.
const (
	maxPages = 50
	maxItems = 2000
	// maxEmpty is how many pages in a row may have nothing: Mastodon leaves out
	// on a page what may not be seen, but Gancio names a next page for ever while
	// it has no event at all.
	maxEmpty = 3
)

// Collection reads a collection page by page and shows its items in order, at
// most limit of them (0 means 2000). Pages must be on the origin of the
// collection; one that was read before ends the reading. Items are what the
// server of the collection says: whatever is from elsewhere must be fetched
// from there before it is believed.
func (r *Resolver) Collection(ctx context.Context, uri string, limit int, visit func(activitystreams.Ref) error) error {
	if limit <= 0 || limit > maxItems {
		limit = maxItems
	}
	seen := map[string]bool{}
	empty := 0
	next := activitystreams.Ref{ID: uri}
	for n := 0; n < maxPages; n++ {
		body := next.Raw
		if body == nil {
			if next.ID == "" || seen[next.ID] {
				return nil
			}
			seen[next.ID] = true
			doc, err := r.get(ctx, next.ID)
			if err != nil {
				return explain(next.ID, err)
			}
			if !fetch.SameOrigin(doc.URL, uri) {
				return notItself(next.ID, doc.URL)
			}
			body = doc.Body
		} else if next.ID != "" {
			if seen[next.ID] {
				return nil
			}
			seen[next.ID] = true
		}
		page, err := activitystreams.ReadCollection(body)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			if limit == 0 {
				return nil
			}
			limit--
			if err := visit(item); err != nil {
				if errors.Is(err, Stop) {
					return nil
				}
				return err
			}
		}
		if empty++; len(page.Items) > 0 {
			empty = 0
		}
		embedded := next
		next = page.Next
		if embedded.Raw != nil && len(page.Items) == 0 && next.ID == "" && next.Raw == nil {
			// Only its id and type were embedded.
			next = activitystreams.Ref{ID: embedded.ID}
			delete(seen, embedded.ID)
		}
		if next.ID == "" && next.Raw == nil && len(page.Items) == 0 {
			next = page.First
		}
		if limit == 0 || empty > maxEmpty || next.ID == "" && next.Raw == nil {
			return nil
		}
		if next.ID != "" && !fetch.SameOrigin(next.ID, uri) {
			return community.Errorf(community.Refused, "the collection %s goes on at another server, %s", uri, next.ID)
		}
	}
	return nil
}
