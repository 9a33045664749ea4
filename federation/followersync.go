package federation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
	"konfa/storage"
)

// Two servers can lose sight of who follows whom: an Undo that never arrived, a
// restored backup. FEP-8fcf lets the sender of an activity say which followers
// it counts on the receiving server, in one short digest.

const (
	maxSyncHeader = 4096
	// syncKept is how long the digest for a host is used before it is counted
	// anew: a busy host gets many activities in a row.
	syncKept = time.Minute
	// syncPause is how long one actor's followers are left alone after a look at
	// them, whatever its server says meanwhile.
	syncPause = 15 * time.Minute
	// maxSynced bounds what a server may list: our actors that follow one of its.
	maxSynced = 2000
)

// readsSync lists whose servers act on the header. For the others it would only
// be one more thing to sign.
func readsSync(software string) bool {
	switch software {
	case "konfa", "mastodon", "hometown", "tootik":
		return true
	}
	return false
}

// digest is the digest of some followers: the XOR of the SHA-256 of their ids, in
// hexadecimal digits.
func digestOfFollowers(ids []string) string {
	var sum [sha256.Size]byte
	for _, id := range ids {
		one := sha256.Sum256([]byte(id))
		for i := range sum {
			sum[i] ^= one[i]
		}
	}
	return hex.EncodeToString(sum[:])
}

// syncs remembers what was said to hosts, and whose followers were looked at.
type syncs struct {
	mu     sync.Mutex
	said   map[string]saidSync  // by actor of ours and host; guarded by mu
	looked map[string]time.Time // by id of a remote actor; guarded by mu
	asks   chan syncAsk
}

type saidSync struct {
	value string
	at    time.Time
}

// syncAsk is a header that did not fit what we know.
type syncAsk struct{ actor, url string }

// followersAt lists the followers of an actor of ours on one server, by the
// scheme and authority that it has.
func (s *Server) followersAt(ctx context.Context, a community.LocalActor, origin string) ([]string, error) {
	list, err := s.store.Followers(ctx, storage.FollowQuery{Local: a, State: community.Accepted, Host: fetch.Host(origin)})
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, f := range list {
		if fetch.SameOrigin(f.Actor.URI, origin) {
			ids = append(ids, f.Actor.URI)
		}
	}
	return ids, nil
}

// syncHeader is the header for an activity to an inbox, or "" where there is
// nothing to compare.
func (s *Server) syncHeader(ctx context.Context, a *storage.Activity, inbox string, peer *community.Peer) string {
	if !a.Public || peer == nil || !readsSync(peer.Software) {
		return ""
	}
	key := string(a.Actor) + " " + fetch.Host(inbox)
	now := s.clock()
	s.syncs.mu.Lock()
	said, ok := s.syncs.said[key]
	s.syncs.mu.Unlock()
	if ok && now.Sub(said.at) < syncKept {
		return said.value
	}
	ids, err := s.followersAt(ctx, a.Actor, inbox)
	if err != nil {
		return ""
	}
	said = saidSync{at: now}
	if len(ids) > 0 {
		said.value = `collectionId="` + s.site.Followers(a.Actor) + `",url="` + s.site.FollowersSync(a.Actor) + `",digest="` + digestOfFollowers(ids) + `"`
	}
	s.syncs.mu.Lock()
	defer s.syncs.mu.Unlock()
	if s.syncs.said == nil || len(s.syncs.said) > 4096 {
		s.syncs.said = map[string]saidSync{}
	}
	s.syncs.said[key] = said
	return said.value
}

// getFollowersSync lists the followers of an actor of ours on the server that
// asks, which must prove who it is.
func (s *Server) getFollowersSync(of actorOf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := of(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		v, err := s.verifier.Verify(r, nil)
		if err != nil {
			s.unverified(w, r, err)
			return
		}
		if blocked, reason := s.blocked(r.Context(), v.Owner); blocked {
			s.problem(w, http.StatusForbidden, reason)
			return
		}
		ids, err := s.followersAt(r.Context(), a, v.Owner)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		items := make([]any, len(ids))
		for i, id := range ids {
			items[i] = id
		}
		body, err := s.node.Encoder().CollectionWithItems(s.site.FollowersSync(a), true, items)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		w.Header().Set("Cache-Control", "private, no-store")
		w.Header().Set("Content-Type", activitystreams.ContentType)
		_, _ = w.Write(body)
	}
}

// synchronization is what the header says.
type synchronization struct{ collection, url, digest string }

// readSync reads the header. ok is false for one that says nothing usable.
func readSync(value string) (out synchronization, ok bool) {
	if value == "" || len(value) > maxSyncHeader {
		return out, false
	}
	list, err := signature.ParseList(value)
	if err != nil {
		return out, false
	}
	out = synchronization{list["collectionid"], list["url"], strings.ToLower(list["digest"])}
	if raw, err := hex.DecodeString(out.digest); err != nil || len(raw) != sha256.Size {
		return out, false
	}
	u, err := url.Parse(out.url)
	return out, err == nil && u.Host != "" && out.collection != ""
}

// compareFollowers looks at the header of an activity that was believed: the
// signature must cover it, and it must be about the followers of the actor on
// its own server. What does not fit is settled later.
func (s *Server) compareFollowers(r *http.Request, v signature.Verified) {
	values := r.Header.Values(signature.SyncHeader)
	if !v.Synchronized || len(values) != 1 {
		return
	}
	said, ok := readSync(values[0])
	if !ok || !fetch.SameOrigin(said.url, v.Owner) {
		return
	}
	ctx := r.Context()
	from, err := s.store.Actor(ctx, v.Owner)
	if err != nil || from.Followers == "" || from.Followers != said.collection {
		return
	}
	ids, err := s.node.FollowersSeenBy(ctx, from)
	if err != nil || digestOfFollowers(ids) == said.digest {
		return
	}
	now := s.clock()
	s.syncs.mu.Lock()
	defer s.syncs.mu.Unlock()
	if at, ok := s.syncs.looked[from.URI]; ok && now.Sub(at) < syncPause {
		return
	}
	select {
	case s.syncs.asks <- syncAsk{from.URI, said.url}:
	default:
		return // the next activity says it again
	}
	if s.syncs.looked == nil || len(s.syncs.looked) > 4096 {
		s.syncs.looked = map[string]time.Time{}
	}
	s.syncs.looked[from.URI] = now
}

// syncLoop settles what did not fit, one actor after another.
func (s *Server) syncLoop(stop, work context.Context) {
	for {
		select {
		case <-stop.Done():
			return
		case ask := <-s.syncs.asks:
			ctx, cancel := context.WithTimeout(work, time.Minute)
			n, err := s.synchronize(ctx, ask)
			cancel()
			if err != nil {
				s.log.Info("comparing followers", "actor", ask.actor, "error", err)
			} else {
				s.log.Info("compared followers", "actor", ask.actor, "settled", n)
			}
		}
	}
}

func (s *Server) synchronize(ctx context.Context, ask syncAsk) (int, error) {
	from, err := s.store.Actor(ctx, ask.actor)
	if err != nil {
		return 0, err
	}
	var listed []string
	// A list that cannot be read to its end says nothing of who is missing.
	err = s.resolver.Collection(ctx, ask.url, maxSynced, func(ref activitystreams.Ref) error {
		listed = append(listed, ref.ID)
		return nil
	})
	if err != nil {
		return 0, err
	}
	if len(listed) >= maxSynced {
		return 0, community.Errorf(community.Refused, "the list of followers is too long to be compared")
	}
	return s.node.SynchronizeFollows(ctx, from, listed)
}
