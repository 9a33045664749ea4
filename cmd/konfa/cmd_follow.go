package main

import (
	"konfa/community"
	"konfa/storage"
)

type followCmd struct {
	Target string `arg:"" help:"@city@host, an address, or just a host."`
	As     string `help:"Who follows: the city, the node, or both (a sister city gets both)." default:"city" enum:"city,node,both" placeholder:"ACTOR"`
}

// followView is one follow, in either direction.
type followView struct {
	Local   community.LocalActor  `json:"local"`
	Actor   string                `json:"actor"` // id
	Address string                `json:"address"`
	Name    string                `json:"name"`
	State   community.FollowState `json:"state"`
	Created string                `json:"created,omitempty"`
}

func followOf(f *community.Follow) followView {
	v := followView{Local: f.Local, State: f.State, Created: stamp(f.Created)}
	if f.Actor != nil {
		v.Actor, v.Address, v.Name = f.Actor.URI, f.Actor.Address(), f.Actor.DisplayName()
	}
	return v
}

func locals(as string) []community.LocalActor {
	switch as {
	case "node":
		return []community.LocalActor{community.NodeActor}
	case "both":
		return []community.LocalActor{community.CityActor, community.NodeActor}
	}
	return []community.LocalActor{community.CityActor}
}

func (x *followCmd) Run(a *app) error {
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	fed, err := connect(c, n)
	if err != nil {
		return err
	}
	var last followView
	for _, local := range locals(x.As) {
		f, err := fed.Follow(a.ctx, console, local, x.Target)
		if err != nil {
			return err
		}
		last = followOf(f)
	}
	return a.print(last, func() {
		if last.State == community.Accepted {
			a.say("following %s", clean(last.Address))
			return
		}
		a.say("asked %s; konfa serve delivers it, konfa following shows the answer", clean(last.Address))
	})
}

type unfollowCmd struct {
	Target string `arg:"" help:"@city@host, an address, or just a host."`
	As     string `help:"Who stops following: the city, the node, or both." default:"city" enum:"city,node,both" placeholder:"ACTOR"`
}

func (x *unfollowCmd) Run(a *app) error {
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	fed, err := connect(c, n)
	if err != nil {
		return err
	}
	for _, local := range locals(x.As) {
		if err := fed.Unfollow(a.ctx, console, local, x.Target); err != nil {
			return err
		}
	}
	return a.print(struct {
		Unfollowed string `json:"unfollowed"`
	}{x.Target}, func() { a.say("no longer following %s", x.Target) })
}

type followersCmd struct{}

func (x *followersCmd) Run(a *app) error {
	return a.follows("nobody follows this city yet", (*storage.Reader).Followers)
}

type followingCmd struct{}

func (x *followingCmd) Run(a *app) error {
	return a.follows("this city follows nobody yet", (*storage.Reader).FollowedList)
}
