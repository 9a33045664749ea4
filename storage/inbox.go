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
	Version  string   // of the software
	Asked    bool     // whether the host was asked what it runs
	Personal []string // the personal inboxes of the followers behind it, in order
}

type followerInbox struct{ uri, host, shared, inbox string }

const followerInboxes = `SELECT a.uri, a.host, a.shared_inbox, a.inbox FROM follower f JOIN actor a ON a.id = f.actor_id
	WHERE f.local = ? AND f.state = 'accepted' AND a.gone = 0`

// FollowerInboxes lists the distinct places where the followers of one of our
// actors are reached, by host. Followers that are gone or suspended are left
// out.
func (r *Reader) FollowerInboxes(ctx context.Context, local community.LocalActor) ([]Inbox, error) {
	blocks, err := r.Blocking(ctx)
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
		if b := blocks.Of(f.host, f.uri); p.url == "" || b != nil && b.Severity == community.Suspend {
			continue
		}
		i, ok := at[p]
		if !ok {
			i = len(out)
			at[p] = i
			s := software[f.host]
			out = append(out, Inbox{Host: f.host, URL: p.url, Software: s.name, Version: s.version, Asked: s.asked})
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

// running is what a host runs, as far as it said so.
type running struct {
	name, version string
	asked         bool
}

// software maps hosts to what they run, where they were asked.
func (r *Reader) software(ctx context.Context) (map[string]running, error) {
	type peer struct {
		host string
		running
	}
	scan := func(row row, p *peer) error { p.asked = true; return row.Scan(&p.host, &p.name, &p.version) }
	ps, err := list(ctx, r, scan, "SELECT host, software, version FROM peer WHERE asked <> 0")
	out := make(map[string]running, len(ps))
	for _, p := range ps {
		out[p.host] = p.running
	}
	return out, err
}

// NeedsForm tells whether a follower of one of our actors, or one of some other
// hosts, runs what needs a form, or was not asked yet what it runs.
func (r *Reader) NeedsForm(ctx context.Context, f community.Form, local community.LocalActor, others []string) (bool, error) {
	scan := func(row row, p *community.Peer) error {
		return row.Scan(&p.Host, &p.Software, &p.Version, instant{&p.Asked})
	}
	ps, err := list(ctx, r, scan, "SELECT host, software, version, asked FROM peer WHERE asked = 0 UNION SELECT host, software, version, asked FROM peer WHERE software <> '' AND software"+r.sql.inTexts, asJSON{f.Software()})
	if err != nil {
		return false, err
	}
	var hosts []string
	for _, p := range ps {
		if !p.Asked.IsZero() && !f.Needs(p.Software, p.Version) {
			continue
		}
		if slices.Contains(others, p.Host) {
			return true, nil
		}
		hosts = append(hosts, p.Host)
	}
	if len(hosts) == 0 {
		return false, nil
	}
	n, err := value[int](ctx, r, `SELECT 1 FROM actor a JOIN follower f ON f.actor_id = a.id
		WHERE a.host`+r.sql.inTexts+` AND f.local = ? AND f.state = 'accepted' AND a.gone = 0 LIMIT 1`, asJSON{hosts}, local)
	return n == 1, err
}
