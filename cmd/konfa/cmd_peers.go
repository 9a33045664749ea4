package main

import (
	"context"
	"strconv"

	"konfa/community"
	"konfa/storage"
)

// follows lists one side of the follows.
func (a *app) follows(none string, list func(*storage.Reader, context.Context, storage.FollowQuery) ([]community.Follow, error)) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	all, err := list(n.Store().Reader, a.ctx, storage.FollowQuery{})
	if err != nil {
		return err
	}
	views := make([]followView, len(all))
	rows := make([][]string, len(all))
	for i := range all {
		v := followOf(&all[i])
		views[i] = v
		rows[i] = []string{v.Address, short(v.Name, 40), string(v.Local), string(v.State), a.ago(all[i].Created)}
	}
	return a.print(views, func() { a.table(none, []string{"ADDRESS", "NAME", "OURS", "STATE", "SINCE"}, rows) })
}

type peersCmd struct{}

type peerView struct {
	Host          string `json:"host"`
	Software      string `json:"software"`
	Version       string `json:"version,omitempty"`
	Followers     int    `json:"followers"`
	Followed      int    `json:"followed"`
	Waiting       int    `json:"waiting"`
	OldestWaiting string `json:"oldest_waiting,omitempty"`
	Scheme        string `json:"signatures,omitempty"`
	LastSeen      string `json:"last_seen,omitempty"`
	LastDelivered string `json:"last_delivered,omitempty"`
	Failures      int    `json:"failures"`
	FailingSince  string `json:"failing_since,omitempty"`
	NextTry       string `json:"next_try,omitempty"`
	LastError     string `json:"last_error,omitempty"`
	LastRefused   string `json:"last_refused,omitempty"`
	LastRefusedAt string `json:"last_refused_at,omitempty"`
	Blocked       string `json:"blocked,omitempty"`
}

func (x *peersCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	list, err := n.Store().Peers(a.ctx)
	if err != nil {
		return err
	}
	views := make([]peerView, len(list))
	rows := make([][]string, len(list))
	for i, p := range list {
		views[i] = peerView{p.Host, p.Software, p.Version, p.Followers, p.Followed, p.Waiting, stamp(p.OldestWaiting), p.Scheme,
			stamp(p.LastSeen), stamp(p.LastDelivered), p.Failures, stamp(p.FailingSince), stamp(p.NextTry), p.LastError,
			p.LastRefused, stamp(p.LastRefusedAt), p.BlockedSeverity}
		trouble := p.LastError
		if trouble == "" && p.LastRefused != "" {
			trouble = "we refused: " + p.LastRefused
		}
		if p.BlockedSeverity != "" {
			trouble = "blocked (" + p.BlockedSeverity + ")"
		}
		rows[i] = []string{p.Host, p.Software + " " + short(p.Version, 16), strconv.Itoa(p.Followers), strconv.Itoa(p.Followed),
			strconv.Itoa(p.Waiting), a.ago(p.LastSeen), a.ago(p.LastDelivered), short(trouble, 60)}
	}
	return a.print(views, func() {
		a.table("no other server is known yet", []string{"HOST", "SOFTWARE", "FOLLOWERS", "FOLLOWED", "WAITING", "HEARD OF", "DELIVERED", "TROUBLE"}, rows)
	})
}
