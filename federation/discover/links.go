package discover

import (
	"context"

	"konfa/community"
)

// Links returns what WebFinger links an account, "user@host" with or without
// "acct:", to: by relation, the template where there is one, else the address.
// The first of a relation counts.
func (r *Resolver) Links(ctx context.Context, account string) (map[string]string, error) {
	user, host, ok := acct(account)
	if !ok {
		return nil, community.Errorf(community.Invalid, "%q is not a handle", account)
	}
	j, err := r.webfinger(ctx, host, "acct:"+user+"@"+host)
	if err != nil {
		return nil, explain("@"+user+"@"+host, err)
	}
	return j.byRel(), nil
}

// ServerLinks is Links of a server as a whole, by its host (FEP-d556).
func (r *Resolver) ServerLinks(ctx context.Context, host string) (map[string]string, error) {
	j, err := r.webfinger(ctx, host, "https://"+host)
	if err != nil {
		return nil, explain(host, err)
	}
	return j.byRel(), nil
}

func (j *jrd) byRel() map[string]string {
	out := make(map[string]string, len(j.links))
	for _, l := range j.links {
		if _, ok := out[l.rel]; ok {
			continue
		}
		if out[l.rel] = l.template; l.template == "" {
			out[l.rel] = l.href
		}
	}
	return out
}
