package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/maypok86/otter/v2"

	"konfa/community"
)

// keepCeremony is how long someone may take to show a passkey: a page to sign in
// may stand open for a while before they do.
const keepCeremony = 10 * time.Minute

// passkeys verifies passkeys for the host of the node. Each ceremony is good once.
type passkeys struct {
	rp         *webauthn.WebAuthn
	ceremonies *otter.Cache[string, ceremony]
}

// ceremony is a question to a browser that waits for its answer.
type ceremony struct {
	data    webauthn.SessionData
	session int64 // that adds a passkey, 0 to sign in
}

// newPasskeys returns nil where the node has no name that passkeys can be bound to:
// an address of numbers.
func newPasskeys(site community.Site, name string) *passkeys {
	u, err := url.Parse(site.Base)
	if err != nil || protocol.ValidateRPID(u.Hostname()) != nil {
		return nil
	}
	rp, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: name, RPOrigins: []string{site.Base},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationPreferred,
		},
		// Some password managers say more than they were asked.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil
	}
	return &passkeys{rp, otter.Must(&otter.Options[string, ceremony]{MaximumSize: 20_000, ExpiryCalculator: otter.ExpiryCreating[string, ceremony](keepCeremony)})}
}

// begin keeps a ceremony and answers with the question for the browser.
func (p *passkeys) begin(w http.ResponseWriter, c ceremony, options any) error {
	id := rand.Text()
	p.ceremonies.Set(id, c)
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]any{"ceremony": id, "options": options})
}

// take returns a ceremony once.
func (p *passkeys) take(id string) (ceremony, bool) {
	if _, ok := p.ceremonies.GetIfPresent(id); !ok {
		return ceremony{}, false // or too old
	}
	return p.ceremonies.Invalidate(id)
}

// keyHolder is a member as the library knows them.
type keyHolder struct {
	id           []byte
	handle, name string
	keys         []webauthn.Credential
}

func (k keyHolder) WebAuthnID() []byte                         { return k.id }
func (k keyHolder) WebAuthnName() string                       { return k.handle }
func (k keyHolder) WebAuthnDisplayName() string                { return k.name }
func (k keyHolder) WebAuthnCredentials() []webauthn.Credential { return k.keys }

// keyHolder makes one of a member and their passkeys. Their id says nothing of
// them to whoever finds the device.
func (s *Server) keyHolder(m *community.Member, keys []community.Passkey) (keyHolder, error) {
	sum := sha256.Sum256([]byte(s.site.Base + "/people/" + strconv.FormatInt(m.ID, 10)))
	h := keyHolder{id: sum[:], handle: m.Handle, name: m.Name}
	for _, k := range keys {
		var c webauthn.Credential
		if err := json.Unmarshal([]byte(k.Data), &c); err != nil {
			return h, err
		}
		h.keys = append(h.keys, c)
	}
	return h, nil
}

// errPasskey: what the browser sent is no passkey of ours.
var errPasskey = &community.Error{Code: community.Forbidden, Key: "error.passkey", Msg: "this passkey does not work here"}

var errNoPasskeys = &community.Error{Code: community.NotFound, Key: "error.no_passkeys", Msg: "this node has no name that a passkey could be for"}

// beginPasskeyLogin asks the browser for a passkey: POST /login/passkey/begin.
func (s *Server) beginPasskeyLogin(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if err := s.posted(w, r); err != nil {
		return err
	}
	if s.passkeys == nil {
		return errNoPasskeys
	}
	options, data, err := s.passkeys.rp.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationPreferred))
	if err != nil {
		return err
	}
	return s.passkeys.begin(w, ceremony{data: *data}, options.Response)
}

// passkeyLogin signs in who showed a passkey: POST /login/passkey.
func (s *Server) passkeyLogin(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if err := s.posted(w, r); err != nil {
		return err
	}
	if s.passkeys == nil {
		return errNoPasskeys
	}
	if !s.guessing.allow(r) {
		return errRate
	}
	c, ok := s.passkeys.take(r.PostFormValue("ceremony"))
	if !ok || c.session != 0 {
		return errPasskey
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes([]byte(r.PostFormValue("credential")))
	if err != nil {
		return errPasskey
	}
	find := func(rawID, userHandle []byte) (webauthn.User, error) {
		key, m, err := s.node.PasskeyOf(r.Context(), rawID)
		if err != nil {
			return nil, err
		}
		h, err := s.keyHolder(m, []community.Passkey{*key})
		if err == nil && !bytes.Equal(h.id, userHandle) {
			err = errPasskey
		}
		return h, err
	}
	_, credential, err := s.passkeys.rp.ValidatePasskeyLogin(find, c.data, answer)
	if err != nil {
		s.log.Info("a passkey was refused", "err", err)
		return errPasskey
	}
	if credential.Authenticator.CloneWarning {
		s.log.Warn("the counter of a passkey went back: there may be a copy of it")
		return errPasskey
	}
	data, err := json.Marshal(credential)
	if err != nil {
		return err
	}
	secret, m, err := s.node.SignInByPasskey(r.Context(), credential.ID, string(data), r.UserAgent())
	if err != nil {
		return err
	}
	if err := s.enter(w, r, secret); err != nil {
		return err
	}
	return goTo(w, s.home(r, m))
}

// goTo tells a script where to go next.
func goTo(w http.ResponseWriter, path string) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]string{"to": path})
}

// beginPasskey asks the browser to make a passkey: POST /me/passkeys/begin.
func (s *Server) beginPasskey(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if s.passkeys == nil {
		return errNoPasskeys
	}
	if err := s.proven(v, securityPath); err != nil {
		return errProve
	}
	proofs, err := s.node.Proofs(r.Context(), v.by(), v.me.Handle)
	if err != nil {
		return err
	}
	h, err := s.keyHolder(v.me, proofs.Passkeys)
	if err != nil {
		return err
	}
	var known []protocol.CredentialDescriptor
	for _, k := range h.keys {
		known = append(known, k.Descriptor())
	}
	options, data, err := s.passkeys.rp.BeginRegistration(h, webauthn.WithExclusions(known))
	if err != nil {
		return err
	}
	return s.passkeys.begin(w, ceremony{*data, v.session.ID}, options.Response)
}

// errProve: a script asks for what needs a proof anew.
var errProve = &community.Error{Code: community.Forbidden, Key: "error.prove", Msg: "show once more that it is you"}

// addPasskey keeps the passkey that a browser made: POST /me/passkeys.
func (s *Server) addPasskey(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if s.passkeys == nil {
		return errNoPasskeys
	}
	if err := s.proven(v, securityPath); err != nil {
		return errProve
	}
	c, ok := s.passkeys.take(r.PostFormValue("ceremony"))
	if !ok || c.session != v.session.ID {
		return errPasskey
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes([]byte(r.PostFormValue("credential")))
	if err != nil {
		return errPasskey
	}
	h, err := s.keyHolder(v.me, nil)
	if err != nil {
		return err
	}
	credential, err := s.passkeys.rp.CreateCredential(h, c.data, answer)
	if err != nil {
		s.log.Info("a new passkey was refused", "err", err)
		return errPasskey
	}
	data, err := json.Marshal(credential)
	if err != nil {
		return err
	}
	name := r.PostFormValue("name")
	if name == "" {
		name = v.browser(r.UserAgent())
	}
	if _, err := s.node.AddPasskey(r.Context(), v.by(), v.me.Handle, community.Passkey{Credential: credential.ID, Name: name, Data: string(data)}); err != nil {
		return err
	}
	return goTo(w, securityPath+"?saved=passkey")
}
