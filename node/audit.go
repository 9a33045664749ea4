package node

import (
	"context"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// audit writes down what a steward does, in the transaction that does it.
// Whoever asks for something of their own is no steward at work: their caller
// does not write it down.
func (n *Node) audit(ctx context.Context, tx *storage.Tx, by By, a community.Audit) error {
	a.By, a.Created = by.Name(), tx.Now()
	return tx.InsertAudit(ctx, &a)
}

// auditConference writes down what was done to a conference.
func (n *Node) auditConference(ctx context.Context, tx *storage.Tx, by By, action string, c *community.Conference, reason string) error {
	return n.audit(ctx, tx, by, community.Audit{Action: action, Object: conferenceKey(c), Name: c.Title.First(), Reason: reason})
}

// conferenceKey is what the log calls a conference: the path of ours, the id of
// others'.
func conferenceKey(c *community.Conference) string {
	if c.Own() {
		return "conf/" + c.Slug
	}
	return c.URI
}

// auditPost writes down what was done to a post; what people do to their own
// posts is their own business.
func (n *Node) auditPost(ctx context.Context, tx *storage.Tx, by By, action string, p *community.Post) error {
	if handle, ok := p.Author.Member(); ok && by.Member != nil && by.Member.Handle == handle {
		return nil
	}
	name := p.Title.First()
	if name == "" && p.Own() {
		name = prose.Text(p.HTML.First(), 80)
	} else if name == "" {
		name = p.AuthorName
	}
	return n.audit(ctx, tx, by, community.Audit{Action: action, Object: postKey(p), Name: name})
}

// postKey is what the log calls a post.
func postKey(p *community.Post) string {
	if p.Own() {
		return "posts/" + p.Slug
	}
	return p.URI
}

// auditActor writes down what was done to someone of another server.
func (n *Node) auditActor(ctx context.Context, tx *storage.Tx, by By, action string, a *community.Actor, reason string) error {
	return n.audit(ctx, tx, by, community.Audit{Action: action, Object: a.URI, Name: a.Address(), Reason: reason})
}

// auditFollow writes down whom the city or its node follows; whom members
// follow is their own business.
func (n *Node) auditFollow(ctx context.Context, tx *storage.Tx, by By, action string, local community.LocalActor, a *community.Actor) error {
	if _, ok := local.Member(); ok && !by.Console {
		return nil
	}
	return n.audit(ctx, tx, by, community.Audit{Action: action, Object: a.URI, Name: a.Address(), Details: map[string]string{"as": string(local)}})
}

// Audits lists what stewards did, newest first; stewards see it.
func (n *Node) Audits(ctx context.Context, by By, q storage.AuditQuery) ([]community.Audit, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	return n.store.Audits(ctx, q)
}
