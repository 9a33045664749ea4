package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"sync"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"konfa/community"
)

// OIDC is who else vouches for members (OpenID Connect Core 1.0).
type OIDC struct {
	Issuer       string // its address, as it calls itself
	ClientID     string
	ClientSecret string
	Name         string       // what it is called on the page
	Client       *http.Client // goes no further than outgoing requests may
}

// oidcPath is where the provider sends people back to.
const oidcPath = loginPath + "/oidc"

// How long someone may take at the provider, and to join after it vouched for
// them.
const (
	keepAsked   = 15 * time.Minute
	keepVouched = time.Hour
)

// provenAtMost is how long ago someone may have proved to the provider who they
// are, when they are to prove it anew: a little more than the way back takes.
const provenAtMost = 5 * time.Minute

// oidc knows the provider, once it was asked.
type oidc struct {
	OIDC
	back string // absolute address of oidcPath

	mu       sync.Mutex
	provider *goidc.Provider // guarded by mu
}

func newOIDC(o OIDC, site community.Site) *oidc {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 20 * time.Second}
	}
	return &oidc{OIDC: o, back: site.Base + oidcPath}
}

// oidcName is what the provider is called, or "".
func (s *Server) oidcName() string {
	if s.oidc == nil {
		return ""
	}
	return s.oidc.Name
}

// errProvider: the provider does not answer, or says what cannot be.
func errProvider(err error) error {
	return &community.Error{Code: community.Refused, Key: "error.provider", Msg: "signing in there did not work: try again, or sign in in another way", Err: err}
}

// config asks the provider where things are, once it answers.
func (o *oidc) config(ctx context.Context) (*oauth2.Config, *goidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider == nil {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		p, err := goidc.NewProvider(goidc.ClientContext(ctx, o.Client), o.Issuer)
		if err != nil {
			return nil, nil, errProvider(err)
		}
		o.provider = p
	}
	return &oauth2.Config{
		ClientID: o.ClientID, ClientSecret: o.ClientSecret, Endpoint: o.provider.Endpoint(), RedirectURL: o.back,
		Scopes: []string{goidc.ScopeOpenID, "profile", "email"},
	}, o.provider, nil
}

// asked is what a browser keeps while its reader is at the provider.
type asked struct {
	State, Nonce, Verifier, To string
	Link                       int64 // the session that links the identity, 0 to sign in
	Again                      bool  // they are signed in and prove it anew
}

// vouched is an identity that is nobody's here yet.
type vouched struct{ Issuer, Subject, Name, Email, Shown string }

const (
	askedCookie   = "asked"
	vouchedCookie = "vouched"
)

// startOIDC sends someone to the provider: POST /login/oidc. With link=1 who is
// signed in adds it to their ways to sign in.
func (s *Server) startOIDC(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if err := s.posted(w, r); err != nil {
		return err
	}
	if s.oidc == nil {
		return community.Errorf(community.NotFound, "nobody else vouches for members here")
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	if !s.asking.allow(r) {
		return errRate
	}
	a := asked{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), To: after(r)}
	options := []oauth2.AuthCodeOption{goidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
	switch {
	case r.PostFormValue("link") != "":
		if v.me == nil {
			return seeOther(loginPath)
		}
		if err := s.proven(v, securityPath); err != nil {
			return err
		}
		a.Link, a.To = v.session.ID, securityPath
	case v.me != nil:
		a.Again = true
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	config, _, err := s.oidc.config(r.Context())
	if err != nil {
		return err
	}
	if err := s.keepSealed(w, askedCookie, a, keepAsked); err != nil {
		return err
	}
	http.Redirect(w, r, config.AuthCodeURL(a.State, options...), http.StatusSeeOther)
	return nil
}

// claims are what the provider says of someone.
type claims struct {
	Name     string `json:"name"`
	Username string `json:"preferred_username"`
	Email    string `json:"email"`
	AuthTime int64  `json:"auth_time"`
}

// vouch verifies what the provider sent someone back with.
func (s *Server) vouch(r *http.Request, a asked) (*goidc.IDToken, claims, error) {
	var c claims
	q := r.URL.Query()
	if q.Get("state") == "" || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(a.State)) != 1 {
		return nil, c, errProvider(community.Errorf(community.Forbidden, "the state is another one"))
	}
	if q.Get("code") == "" {
		return nil, c, errProvider(community.Errorf(community.Refused, "the provider says %.100q", q.Get("error")))
	}
	config, provider, err := s.oidc.config(r.Context())
	if err != nil {
		return nil, c, err
	}
	ctx, cancel := context.WithTimeout(goidc.ClientContext(r.Context(), s.oidc.Client), 20*time.Second)
	defer cancel()
	token, err := config.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return nil, c, errProvider(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.VerifierContext(goidc.ClientContext(context.WithoutCancel(ctx), s.oidc.Client), &goidc.Config{ClientID: s.oidc.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, c, errProvider(err)
	}
	if a.Nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1 {
		return nil, c, errProvider(community.Errorf(community.Forbidden, "the nonce is another one"))
	}
	if err := id.Claims(&c); err != nil {
		return nil, c, errProvider(err)
	}
	if id.Subject == "" || len(id.Subject) > 255 {
		return nil, c, errProvider(community.Errorf(community.Invalid, "the provider names nobody"))
	}
	if c.Email == "" && c.Name == "" {
		// Many providers say more at another address than in the token.
		if info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token)); err == nil && info.Subject == id.Subject {
			auth := c.AuthTime
			_ = info.Claims(&c)
			c.AuthTime = auth
		}
	}
	if a.Again && time.Since(time.Unix(c.AuthTime, 0)) > provenAtMost {
		return nil, c, errProvider(community.Errorf(community.Forbidden, "the provider did not ask anew"))
	}
	return id, c, nil
}

// endOIDC takes someone back from the provider: GET /login/oidc.
func (s *Server) endOIDC(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if s.oidc == nil {
		return community.Errorf(community.NotFound, "nobody else vouches for members here")
	}
	var a asked
	if !s.openSealed(r, askedCookie, &a) {
		return errProvider(community.Errorf(community.Forbidden, "this browser did not ask"))
	}
	s.dropSealed(w, askedCookie) // it is good once
	id, c, err := s.vouch(r, a)
	if err != nil {
		s.log.Info("signing in elsewhere did not work", "issuer", s.oidc.Issuer, "err", err)
		return err
	}
	shown := c.Email
	for _, other := range []string{c.Username, c.Name, id.Subject} {
		if shown == "" {
			shown = other
		}
	}
	if a.Link != 0 {
		v, err := s.viewer(r)
		if err != nil {
			return err
		}
		if v.me == nil || v.session.ID != a.Link {
			return errProvider(community.Errorf(community.Forbidden, "another session asked"))
		}
		if err := s.node.LinkIdentity(r.Context(), v.by(), v.me.Handle, community.Identity{Issuer: id.Issuer, Subject: id.Subject, Name: shown}); err != nil {
			return err
		}
		return seeOther(securityPath + "?saved=identity")
	}
	secret, m, err := s.node.SignInByIdentity(r.Context(), id.Issuer, id.Subject, shown, r.UserAgent())
	if community.CodeOf(err) == community.NotFound {
		if err := s.keepSealed(w, vouchedCookie, vouched{id.Issuer, id.Subject, c.Name, c.Email, shown}, keepVouched); err != nil {
			return err
		}
		return seeOther(joinPath)
	}
	if err != nil {
		return err
	}
	if err := s.enter(w, r, secret); err != nil {
		return err
	}
	to := a.To
	if to == "/" && m.Role == community.Steward {
		to = deskPath
	}
	return seeOther(to)
}
