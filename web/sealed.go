package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// A sealed cookie keeps something in a browser for a while that nobody can change
// there: its value is JSON with a signature that is good while this process runs.

// sealedName is the name of a sealed cookie.
func (s *Server) sealedName(name string) string {
	if strings.HasPrefix(s.site.Base, "https:") {
		return "__Host-" + name
	}
	return name
}

type sealed struct {
	Until int64           `json:"until"` // Unix seconds
	Value json.RawMessage `json:"value"`
}

func (s *Server) seal(name string, body []byte) []byte {
	mac := hmac.New(sha256.New, s.sealKey[:])
	mac.Write([]byte(name + "\x00"))
	mac.Write(body)
	return mac.Sum(nil)
}

// keepSealed puts a value into a sealed cookie.
func (s *Server) keepSealed(w http.ResponseWriter, name string, value any, keep time.Duration) error {
	v, err := json.Marshal(value)
	if err != nil {
		return err
	}
	body, err := json.Marshal(sealed{s.node.Now().Add(keep).Unix(), v})
	if err != nil {
		return err
	}
	b64 := base64.RawURLEncoding
	http.SetCookie(w, &http.Cookie{
		Name: s.sealedName(name), Value: b64.EncodeToString(body) + "." + b64.EncodeToString(s.seal(name, body)), Path: "/", MaxAge: int(keep.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.site.Base, "https:"),
	})
	return nil
}

// openSealed reads a sealed cookie; false if there is none, or it is not ours, or
// too old.
func (s *Server) openSealed(r *http.Request, name string, value any) bool {
	c, err := r.Cookie(s.sealedName(name))
	if err != nil || len(c.Value) > 4000 {
		return false
	}
	body64, mac64, ok := strings.Cut(c.Value, ".")
	if !ok {
		return false
	}
	body, err := base64.RawURLEncoding.DecodeString(body64)
	if err != nil {
		return false
	}
	mac, err := base64.RawURLEncoding.DecodeString(mac64)
	if err != nil || !hmac.Equal(mac, s.seal(name, body)) {
		return false
	}
	var x sealed
	return json.Unmarshal(body, &x) == nil && x.Until > s.node.Now().Unix() && json.Unmarshal(x.Value, value) == nil
}

// dropSealed forgets a sealed cookie.
func (s *Server) dropSealed(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: s.sealedName(name), Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.site.Base, "https:")})
}
