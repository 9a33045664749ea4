package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"

	"konfa/community"
	"konfa/mail"
	"konfa/node"
	"konfa/storage"
)

// Remote is what the pages need of other servers.
type Remote interface {
	// IntentTemplate returns the address on a visitor's own server where one
	// does something with a thing of ours, with {uri}, {object} or {inReplyTo}
	// for what (OStatus, FEP-3b86). Handle is "@anna@host" or "host". The keys
	// of its errors are intent.unknown, intent.silent and intent.none.
	IntentTemplate(ctx context.Context, handle string, want community.Intent) (string, error)
	// PointTo sends whoever has a handle a direct message with the address of a
	// thing of ours, in a language they read.
	PointTo(ctx context.Context, handle, object, lang string) error
	// FetchConference reads a conference of another server.
	FetchConference(ctx context.Context, uri string) (*community.Conference, error)
	// Know makes sure that what a member answers is known here.
	Know(ctx context.Context, uri string) error
	// FetchPost reads what someone on another server said to everyone.
	FetchPost(ctx context.Context, uri string) (*community.Post, *community.Actor, error)
	// FetchActor reads an account of another server by address or handle.
	FetchActor(ctx context.Context, what string) (*community.Actor, error)
	// AddAlias, RemoveAlias and MoveAway name another account of a member, take that
	// back, and move a member to another server (see package node).
	AddAlias(ctx context.Context, by node.By, handle, account string) (*community.Actor, error)
	RemoveAlias(ctx context.Context, by node.By, handle, account string) error
	MoveAway(ctx context.Context, by node.By, handle, account string) (*community.Actor, error)
	// AddSister makes another city a sister city: an address, a handle or a host.
	AddSister(ctx context.Context, by node.By, what string, change func(*community.Sister) error) (*community.Sister, error)
}

// Options are what a Server needs beside its node.
type Options struct {
	Log     *slog.Logger // nil: slog.Default()
	Version string
	Source  string  // address of the source code of this version, or empty
	Remote  Remote  // nil: other servers are not asked
	Machine Machine // nil: there are no pages about the machine
	// Mail tells that letters leave: an answer by e-mail waits for the link in
	// one. Else it counts at once and the link is shown.
	Mail bool
	// MailFrom is the address that letters come from; empty: the one of package
	// mail.
	MailFrom string
	OIDC     *OIDC // nil: nobody else vouches for members
}

// Server answers people and their programs. It is safe for concurrent use.
// Requests reach it with RemoteAddr being who asks, whatever proxies stand
// between.
type Server struct {
	node     *node.Node
	store    *storage.Store
	site     community.Site
	log      *slog.Logger
	version  string
	source   string
	remote   Remote
	routes   chi.Router // set by Routes
	mails    bool
	mailFrom string

	machine   Machine
	lookedAt  looked
	tongues   *tongues
	assets    *assets
	renderer  *renderer
	openapi   document
	cache     *cache
	worldKept worldKeeper
	forms     *http.CrossOriginProtection

	passkeys *passkeys // nil where there can be none
	oidc     *oidc     // nil: nobody else vouches for members
	sealKey  [32]byte

	guessing *limits     // passwords and passkeys, for each address
	guessed  *nameLimits // passwords, for each name that is typed
	joining  *limits

	writes    *limits // of the API
	asking    *limits // that make us ask another server
	sending   *limits // that make us write to someone
	reporting *limits // of strangers, who complain
	coming    *limits // answers of those who are not signed in
	mu        sync.Mutex
	city      *community.City // guarded by mu
	cityAt    time.Time       // guarded by mu
	cityGen   uint64          // guarded by mu
	changed   atomic.Uint64   // grows with each change that this server made
}

// New makes the pages of a node.
func New(n *node.Node, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	s := &Server{
		node: n, store: n.Store(), site: n.Site(), log: o.Log, version: o.Version, source: o.Source, remote: o.Remote, machine: o.Machine, mails: o.Mail, mailFrom: cmp.Or(o.MailFrom, mail.DefaultFrom(n.Site())),
		forms: http.NewCrossOriginProtection(),
		// A person writes slower than this; a script is asked to wait.
		writes: newLimits(5, 60),
		asking: newLimits(0.5, 15),
		// Nobody needs more than a few letters with an address.
		sending:   newLimits(1.0/1200, 3),
		reporting: newLimits(1.0/300, 5),
		// A venue has one address for all who come.
		coming: newLimits(1.0/20, 40),
		// Someone who does not remember tries a few.
		guessing: newLimits(1.0/10, 20),
		guessed:  newNameLimits(1.0/30, 10),
		joining:  newLimits(1.0/60, 10),
	}
	var err error
	rand.Read(s.sealKey[:])
	s.passkeys = newPasskeys(s.site, s.site.Host())
	if o.OIDC != nil {
		s.oidc = newOIDC(*o.OIDC, s.site)
	}
	if s.tongues, err = loadTongues(); err != nil {
		return nil, err
	}
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.renderer, err = newRenderer(s.tongues, s.assets.path); err != nil {
		return nil, err
	}
	if s.openapi, err = newDocument(openapiYAML, "application/yaml; charset=utf-8"); err != nil {
		return nil, err
	}
	if s.cache, err = newCache(&s.changed); err != nil {
		return nil, err
	}
	return s, nil
}

// currentCity returns the city, kept for a moment since every request needs it.
func (s *Server) currentCity(ctx context.Context) (*community.City, error) {
	now, gen := time.Now(), s.changed.Load()
	s.mu.Lock()
	if s.city != nil && now.Sub(s.cityAt) < recheck && s.cityGen == gen {
		defer s.mu.Unlock()
		return s.city, nil
	}
	s.mu.Unlock()
	city, err := s.store.City(ctx)
	if err != nil {
		if community.CodeOf(err) == community.NotFound {
			return nil, errNotFounded
		}
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.city, s.cityAt, s.cityGen = city, now, gen
	return city, nil
}

// viewer is the reader of a request.
func (s *Server) viewer(r *http.Request) (*viewer, error) {
	city, err := s.currentCity(r.Context())
	if err != nil {
		return nil, err
	}
	by, session, err := s.who(r)
	if err != nil {
		return nil, err
	}
	return &viewer{tongue: s.tongues.choose(r, city.Languages), city: city, site: s.site, now: s.node.Now(), me: by.Member, session: session}, nil
}
