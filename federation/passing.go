package federation

import (
	"context"

	"golang.org/x/time/rate"

	"konfa/community"
	"konfa/federation/fetch"
)

// How much of what someone elsewhere says in our talks is passed on to the
// servers that know the city as a community (FEP-1b12), of one author and of
// one host: what comes in once goes out as often as there are such servers. The
// rest is kept and shown here as ever.
const (
	passedRate      = rate.Limit(1.0 / 30) // a second
	passedBurst     = 60
	passedHostRate  = rate.Limit(1)
	passedHostBurst = 600
)

// passing takes a turn of an author for an activity of a type. What is deleted
// has turns of its own, so that it can go where it went.
func (s *Server) passing(ctx context.Context, author *community.Actor, typ string) bool {
	key := ""
	if typ == "Delete" {
		key = "Delete "
	}
	_, ok := s.passedRates.take(key+author.URI, 1)
	if ok {
		_, ok = s.passedHosts.take(key+fetch.Host(author.URI), 1)
	}
	if !ok {
		s.log.WarnContext(ctx, "too much at once to be passed on", "actor", author.URI, "type", typ)
	}
	return ok
}
