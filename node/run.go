package node

import (
	"context"
	"slices"
	"time"

	"konfa/community"
	"konfa/storage"
)

// mayRun returns nil when whoever asks may run a conference of ours: a steward,
// or a member named as one of its organisers.
func (n *Node) mayRun(by By, c *community.Conference) error {
	err := by.may(community.Steward)
	if err == nil || by.Member == nil || by.Member.MayAct() != nil || !c.Own() {
		return err
	}
	if slices.ContainsFunc(c.Organisers, func(o community.Organiser) bool { return o.Handle != "" && o.Handle == by.Member.Handle }) {
		return nil
	}
	return err
}

// Run returns a conference of ours for whoever may run it, drafts too. Forbidden
// for everyone else.
func (n *Node) Run(ctx context.Context, by By, slug string) (*community.Conference, error) {
	if by.Member == nil && !by.Console {
		return nil, by.may(community.Steward)
	}
	c, err := n.ownConference(ctx, n.store.Reader, slug)
	if err != nil {
		return nil, err
	}
	return c, n.mayRun(by, c)
}

// Runs lists the conferences of ours that a member is named as an organiser of,
// drafts too, what comes last first.
func (n *Node) Runs(ctx context.Context, by By, q storage.ConferenceQuery) ([]community.Conference, error) {
	if err := by.may(community.Newcomer); err != nil {
		return nil, err
	}
	q.Own, q.Drafts = true, true
	if by.may(community.Steward) != nil {
		q.Organiser = by.Member.Handle
	}
	return n.store.Conferences(ctx, q)
}

// keepSent is how long it is remembered that a form was sent.
const keepSent = 7 * 24 * time.Hour

// sent tells what the form with a key made, if it was sent before. An empty key
// is of no form.
func (n *Node) sent(ctx context.Context, tx *storage.Tx, key string) (made string, done bool, err error) {
	if key == "" {
		return "", false, nil
	}
	made, err = tx.Sent(ctx, key)
	done, err = found(err)
	return made, done, err
}

// saveSent remembers what a form made.
func (n *Node) saveSent(ctx context.Context, tx *storage.Tx, key, made string) error {
	if key == "" {
		return nil
	}
	if err := tx.PruneSent(ctx, tx.Now().Add(-keepSent)); err != nil {
		return err
	}
	return tx.SaveSent(ctx, key, made)
}
