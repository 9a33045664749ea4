package community

import (
	"strings"
	"time"
)

// LocalActor names an actor of this node by the path of its id: "city", "node"
// or "people/anna".
type LocalActor string

// The actors every node has.
const (
	CityActor LocalActor = "city" // Group: people follow it
	NodeActor LocalActor = "node" // Application: signs fetches, publishes to servers
	// DeskActor is a Service: the author of what the city says, for servers that
	// take no group as one.
	DeskActor LocalActor = "desk"
)

// MemberActor is the actor of a member.
func MemberActor(handle string) LocalActor { return LocalActor("people/" + handle) }

// Member returns the handle of a member's actor, and false for the other two.
func (a LocalActor) Member() (string, bool) { return strings.CutPrefix(string(a), "people/") }

// Actor is someone on another server: a person, a city, a service.
type Actor struct {
	ID          int64
	URI         string
	Type        string // Person, Group, Application, Organization, Service
	Handle      string // preferredUsername
	Host        string // of the URI, ASCII, lower case, with a port if not the default
	Name        string
	About       string // safe HTML
	URL         string // the page for people
	Inbox       string
	SharedInbox string // or empty
	Outbox      string
	Followers   string
	Featured    string
	Upcoming    string // FEP-8a8e upcomingEvents
	Icon        *Picture
	Keys        []PublicKey
	AlsoKnownAs []string
	MovedTo     string
	Locked      bool   // manuallyApprovesFollowers
	Software    string // of its host, filled on reading
	Fetched     time.Time
	Gone        time.Time // zero unless its server said that it was deleted
}

// Address is the handle as people write it: @anna@example.org.
func (a *Actor) Address() string {
	if a.Handle == "" {
		return a.URI
	}
	return "@" + a.Handle + "@" + a.Host
}

// DisplayName is the name, or the address where there is none.
func (a *Actor) DisplayName() string {
	if a.Name != "" {
		return a.Name
	}
	return a.Address()
}

// DeliverTo is where to send what need not reach this actor alone.
func (a *Actor) DeliverTo() string {
	if a.SharedInbox != "" {
		return a.SharedInbox
	}
	return a.Inbox
}

// PublicKey is a key of a remote actor. PEM holds a PKIX or PKCS#1 RSA key or a
// PKIX Ed25519 key.
type PublicKey struct {
	ID  string `json:"id"`
	PEM string `json:"pem"`
}

// KeyPair is a private key of a local actor. RSA is of 2048 bits; Ed25519 is
// used among those who can.
type KeyPair struct {
	ID      int64
	Actor   LocalActor
	Kind    string // "rsa" or "ed25519"
	Private []byte // PKCS#8 DER
	Created time.Time
	Retired time.Time // zero for the one in use
}

// FollowState is where a follow stands.
type FollowState string

// The states of a follow, in either direction.
const (
	Asked    FollowState = "asked"
	Accepted FollowState = "accepted"
	Rejected FollowState = "rejected"
)

// Follow ties one of our actors to a remote one: a follower when they follow
// us, a followed when we follow them.
type Follow struct {
	ID      int64
	Local   LocalActor
	ActorID int64
	Actor   *Actor // filled on reading
	URI     string // id of the Follow activity, kept byte for byte with its fragment
	State   FollowState
	Created time.Time
	Updated time.Time
}

// Peer is another server, as far as we know it.
type Peer struct {
	Host            string // ASCII, lower case, with a port if not the default
	Software        string // NodeInfo software.name, lower case, or empty
	Version         string
	Application     string    // id of its Application actor (FEP-2677), or empty
	Scheme          string    // signature scheme that worked: "", "cavage", "rfc9421"
	Asked           time.Time // when NodeInfo was read or tried
	LastSeen        time.Time // last request of it that we accepted
	LastDelivered   time.Time // last delivery that succeeded
	Failures        int       // in a row
	FailingSince    time.Time
	NextTry         time.Time // zero: now
	LastError       string
	LastRefused     string // why we last refused something of it
	LastRefusedAt   time.Time
	Waiting         int       // deliveries, filled on reading
	OldestWaiting   time.Time // filled on reading
	Followers       int       // of ours on that host, filled on reading
	Followed        int       // by us on that host, filled on reading
	BlockedSeverity string    // filled on reading: "", "silence", "suspend"
}

// Severity says what a block does.
type Severity string

// Suspend refuses everything. Silence takes what comes but shows it nowhere and
// shares nothing of it. NoBlock keeps nobody out: only pictures or reports.
const (
	NoBlock Severity = "none"
	Silence Severity = "silence"
	Suspend Severity = "suspend"
)

// Block keeps out a domain with all its subdomains, or one actor.
type Block struct {
	ID       int64
	Domain   string // ASCII, lower case; or empty
	ActorURI string // or empty
	Severity Severity
	Reason   string
	By       string // handle of the steward
	Created  time.Time

	MeasureID     int64 // the measure that it belongs to and ends with, or 0
	RejectMedia   bool  // pictures are not shown
	RejectReports bool  // complaints are not taken
	Obfuscate     bool  // the public log does not name the domain
}

// Token lets a program act for a member through the JSON API. Only the hash of
// its secret is kept.
type Token struct {
	ID       int64
	MemberID int64
	Name     string
	Hash     []byte // SHA-256 of the secret
	Created  time.Time
	LastUsed time.Time
	Revoked  time.Time
}

// Reaction is what someone elsewhere did to a conference or post of ours.
type Reaction struct {
	ID      int64
	ActorID int64
	Kind    ReactionKind
	Emoji   string // of an EmojiReact
	Object  string // ActivityPub id of what it is about
	URI     string // id of the activity, to undo it
	Created time.Time
}

// ReactionKind is what a reaction is.
type ReactionKind string

// The kinds of reaction.
const (
	Like     ReactionKind = "like"
	Emoji    ReactionKind = "emoji"
	Announce ReactionKind = "announce"
)
