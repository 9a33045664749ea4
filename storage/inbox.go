package storage

import (
	"cmp"
	"context"
	"slices"

	"konfa/community"
)

// Inbox is a place to deliver to.
type Inbox struct {
	Host     string
	URL      string   // a shared inbox, or a personal one where there is none
	Software string   // of the host, or empty
	Personal []string // the personal inboxes of the followers behind it, in order
}

type followerInbox struct{ uri, host, shared, inbox string }

const followerInboxes = `SELECT a.uri, a.host, a.shared_inbox, a.inbox FROM follower f JOIN actor a ON a.id = f.actor_id
	WHERE f.local = ? AND f.state = 'accepted' AND a.gone = 0`

// FollowerInboxes lists the distinct places where the followers of one of our
// actors are reached, by host. Followers that are gone or suspended are left
// out.
func (r *Reader) FollowerInboxes(ctx context.Context, local community.LocalActor) ([]Inbox, error) {
	blocks, err := r.blocking(ctx)
	if err != nil {
		return nil, err
	}
	all, err := list(ctx, r, func(row row, f *followerInbox) error { return row.Scan(&f.uri, &f.host, &f.shared, &f.inbox) }, followerInboxes, local)
	if err != nil {
		return nil, err
	}
	software, err := r.software(ctx)
	if err != nil {
		return nil, err
	}
	type place struct{ host, url string }
	at := map[place]int{}
	var out []Inbox
	for _, f := range all {
		p := place{f.host, f.shared}
		if f.shared == "" {
			p.url = f.inbox
		}
		if b := blocks.of(f.host, f.uri); p.url == "" || b != nil && b.Severity == community.Suspend {
			continue
		}
		i, ok := at[p]
		if !ok {
			i = len(out)
			at[p] = i
			out = append(out, Inbox{Host: f.host, URL: p.url, Software: software[f.host]})
		}
		if f.inbox != "" {
			out[i].Personal = append(out[i].Personal, f.inbox)
		}
	}
	for i := range out {
		slices.Sort(out[i].Personal)
		out[i].Personal = slices.Compact(out[i].Personal)
	}
	slices.SortFunc(out, func(a, b Inbox) int { return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.URL, b.URL)) })
	return out, nil
}

// software maps hosts to what they run, where that is known.
func (r *Reader) software(ctx context.Context) (map[string]string, error) {
	type peer struct{ host, software string }
	ps, err := list(ctx, r, func(row row, p *peer) error { return row.Scan(&p.host, &p.software) }, "SELECT host, software FROM peer WHERE software <> ''")
	out := make(map[string]string, len(ps))
	for _, p := range ps {
		out[p.host] = p.software
	}
	return out, err
}
