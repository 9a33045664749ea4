package web

import (
	"net/http"
	"net/url"
	"strings"

	"konfa/community"
	"konfa/node"
)

// sessionCookie keeps someone signed in. Over HTTPS its prefix makes browsers
// refuse one that another host or plain HTTP set (RFC 6265bis §4.1.3.2).
func (s *Server) sessionCookie() string {
	if strings.HasPrefix(s.site.Base, "https:") {
		return "__Host-session"
	}
	return "session"
}

// sessionSecret is what the cookie of a request holds, or "".
func (s *Server) sessionSecret(r *http.Request) string {
	c, err := r.Cookie(s.sessionCookie())
	if err != nil || len(c.Value) > 100 {
		return ""
	}
	return c.Value
}

// who tells who is signed in: nobody (a nil Session) where there is no cookie, or
// one that is good no more.
func (s *Server) who(r *http.Request) (node.By, *community.Session, error) {
	secret := s.sessionSecret(r)
	if secret == "" {
		return node.By{}, nil, nil
	}
	by, session, err := s.node.Session(r.Context(), secret)
	if community.CodeOf(err) == community.Forbidden {
		return node.By{}, nil, nil
	}
	return by, session, err
}

// signIn gives a browser the secret of a session.
func (s *Server) signIn(w http.ResponseWriter, secret string) {
	http.SetCookie(w, &http.Cookie{
		Name: s.sessionCookie(), Value: secret, Path: "/", MaxAge: int(community.KeepSession.Seconds()), HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.site.Base, "https:"),
	})
}

// signOut takes it away.
func (s *Server) signOut(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{
		Name: s.sessionCookie(), Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.site.Base, "https:"),
	})
}

// maxForm is the size of a form without files, in bytes.
const maxForm = 256 << 10

// signed is a page for those who are signed in and have at least a role. It is
// kept by nobody else. A GET without a session goes to where one signs in and
// comes back. A POST comes from a form of ours, is read (but for files), and
// the pages show what it changed at once.
func (s *Server) signed(role community.Role, h func(w http.ResponseWriter, r *http.Request, v *viewer) error) http.HandlerFunc {
	return s.page(func(w http.ResponseWriter, r *http.Request) error {
		private(w.Header())
		v, err := s.viewer(r)
		if err != nil {
			return err
		}
		s.rememberLanguage(w, r)
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case v.me == nil && reads:
			return seeOther(loginPath + "?to=" + url.QueryEscape(withQuery(ownPath(r), r.URL.Query())))
		case v.me == nil:
			return &community.Error{Code: community.Forbidden, Key: "error.login", Msg: "you are not signed in"}
		case !v.me.Role.AtLeast(role):
			return &community.Error{Code: community.Forbidden, Key: "error.role." + string(role), Msg: "this needs a " + string(role)}
		case role != community.Newcomer && v.me.MayAct() != nil:
			return v.me.MayAct() // who moved away keeps no order here, and reads no lists of others
		}
		if !reads {
			if err := s.fromOurs(r); err != nil {
				return err
			}
			if hasFiles(r) {
				// Whoever takes the files reads it, to bounds of their own.
				r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
			} else if err := readTyped(w, r); err != nil {
				return err
			}
			defer s.changed.Add(1)
		}
		if err := s.mustAgree(r, v); err != nil {
			return err
		}
		return h(w, r, v)
	})
}

// posted reads a form without files that was sent from a page of ours.
func (s *Server) posted(w http.ResponseWriter, r *http.Request) error {
	if err := s.fromOurs(r); err != nil {
		return err
	}
	return readTyped(w, r)
}

// fromOurs refuses what another site made the browser send, and what comes too
// often.
func (s *Server) fromOurs(r *http.Request) error {
	if err := s.forms.Check(r); err != nil {
		return errCrossOrigin
	}
	if !s.writes.allow(r) {
		return errRate
	}
	return nil
}

// hasFiles tells whether a form comes in the encoding of files.
func hasFiles(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(kind)), "multipart/")
}

// readTyped reads a form without files. One with files would be unpacked by the
// first look at a field, into memory and onto the disk: it is refused.
func readTyped(w http.ResponseWriter, r *http.Request) error {
	if hasFiles(r) {
		return errMediaType
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return community.Errorf(community.Invalid, "the form cannot be read: %w", err)
	}
	return nil
}
