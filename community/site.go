package community

import (
	"net/url"
	"strconv"
	"strings"
)

// Site makes and reads the addresses of this node. Base has no trailing slash.
// An address is the ActivityPub id of what lives there.
type Site struct {
	Base string // "https://belgrade.example"
}

// NewSite takes the public address of the node.
func NewSite(base string) Site { return Site{Base: strings.TrimRight(base, "/")} }

// Host is the host of the node, with a port if there is one.
func (s Site) Host() string {
	u, err := url.Parse(s.Base)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// Actor is the id of one of our actors.
func (s Site) Actor(a LocalActor) string { return s.Base + "/" + string(a) }

// Key is the id of the RSA key of an actor. Lemmy insists on a fragment.
func (s Site) Key(a LocalActor) string { return s.Actor(a) + "#main-key" }

// EdKey is the id of the Ed25519 key of an actor (FEP-521a).
func (s Site) EdKey(a LocalActor) string { return s.Actor(a) + "#ed25519-key" }

// Media is a picture of ours in one size.
func (s Site) Media(name string) string { return s.Base + "/media/" + name }

// Inbox of one actor.
func (s Site) Inbox(a LocalActor) string { return s.Actor(a) + "/inbox" }

// SharedInbox of the node.
func (s Site) SharedInbox() string { return s.Base + "/inbox" }

// Outbox of one actor.
func (s Site) Outbox(a LocalActor) string { return s.Actor(a) + "/outbox" }

// Followers of one actor.
func (s Site) Followers(a LocalActor) string { return s.Actor(a) + "/followers" }

// FollowersSync lists the followers of an actor on the server that asks
// (FEP-8fcf).
func (s Site) FollowersSync(a LocalActor) string { return s.Actor(a) + "/followers_synchronization" }

// Following of one actor.
func (s Site) Following(a LocalActor) string { return s.Actor(a) + "/following" }

// Featured is the collection of what the city puts first.
func (s Site) Featured(a LocalActor) string { return s.Actor(a) + "/featured" }

// Upcoming is the collection of what comes next (FEP-8a8e upcomingEvents).
func (s Site) Upcoming(a LocalActor) string { return s.Actor(a) + "/upcoming" }

// Conference is the id of a conference of ours.
func (s Site) Conference(slug string) string { return s.Base + "/conf/" + slug }

// Attendees is the collection of a conference's guests, counts only.
func (s Site) Attendees(slug string) string { return s.Conference(slug) + "/attendees" }

// Organizers is the collection of a conference's organisers.
func (s Site) Organizers(slug string) string { return s.Conference(slug) + "/organizers" }

// Replies is the collection of answers to a conference or a post.
func (s Site) Replies(id string) string { return id + "/replies" }

// Venue is the id of a place; it changes with the place.
func (s Site) Venue(slug string, revision int) string {
	return s.Conference(slug) + "/venue/" + strconv.Itoa(revision)
}

// RSVP is the page at which a guest without an account changes their answer.
func (s Site) RSVP(token string) string { return s.Base + "/rsvp/" + token }

// MailOff is the page at which mail is turned off without signing in.
func (s Site) MailOff(token string) string { return s.Base + "/mail/" + token }

// Confirm is the page that confirms an e-mail address, once.
func (s Site) Confirm(secret string) string { return s.Base + "/me/confirm/" + secret }

// Invite is the page by which people join.
func (s Site) Invite(secret string) string { return s.Base + "/join/" + secret }

// Apply is the page that confirms the address of someone who wants to join.
func (s Site) Apply(secret string) string { return s.Base + "/join/confirm/" + secret }

// SignIn is the page that signs a member in, once.
func (s Site) SignIn(secret string) string { return s.Base + "/login/" + secret }

// Appeal is the page at which one objects to what the stewards decided.
func (s Site) Appeal(token string) string { return s.Base + "/appeal/" + token }

// Case is the page of a case, for stewards.
func (s Site) Case(id int64) string { return s.Base + "/desk/reports/" + strconv.FormatInt(id, 10) }

// Post is the id of a post of ours.
func (s Site) Post(slug string) string { return s.Base + "/posts/" + slug }

// Activity is the id of an activity of ours.
func (s Site) Activity(uuid string) string { return s.Base + "/activities/" + uuid }

// Tag is the page of a tag.
func (s Site) Tag(tag string) string { return s.Base + "/tags/" + url.PathEscape(tag) }

// Path returns the path of an id of ours below the base, without the leading
// slash and without query and fragment, and false for an id of someone else.
func (s Site) Path(id string) (string, bool) {
	rest, ok := strings.CutPrefix(id, s.Base+"/")
	if !ok {
		if strings.TrimRight(id, "/") == s.Base {
			return "", true
		}
		return "", false
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	return strings.TrimRight(rest, "/"), true
}

// LocalActor returns the actor of ours that an id names.
func (s Site) LocalActor(id string) (LocalActor, bool) {
	path, ok := s.Path(id)
	if !ok {
		return "", false
	}
	switch LocalActor(path) {
	case CityActor, NodeActor, DeskActor:
		return LocalActor(path), true
	}
	if name, ok := strings.CutPrefix(path, "people/"); ok && ValidHandle(name) {
		return LocalActor(path), true
	}
	return "", false
}

// ConferenceSlug returns the slug of a conference of ours that an id names.
func (s Site) ConferenceSlug(id string) (string, bool) { return s.slug(id, "conf/") }

// PostSlug returns the slug of a post of ours that an id names.
func (s Site) PostSlug(id string) (string, bool) { return s.slug(id, "posts/") }

func (s Site) slug(id, prefix string) (string, bool) {
	path, ok := s.Path(id)
	if !ok {
		return "", false
	}
	slug, ok := strings.CutPrefix(path, prefix)
	return slug, ok && slug != "" && !strings.Contains(slug, "/")
}
