package web

import (
	"bytes"
	"html"
	"net/http"
	"net/url"
	"strings"
)

// serverCookie keeps the server that a visitor comes from, if they want that.
const serverCookie = "server"

// rememberServer keeps, or forgets, where a visitor comes from.
func (s *Server) rememberServer(w http.ResponseWriter, r *http.Request, handle string, keep bool) {
	c := &http.Cookie{
		Name: serverCookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.site.Base, "https"),
		Value: url.QueryEscape(handle), MaxAge: 365 * 24 * 3600,
	}
	known := rememberedServer(r)
	switch {
	case keep && known == handle, !keep && known == "":
		return
	case !keep:
		c.Value, c.MaxAge = "", -1
	}
	http.SetCookie(w, c)
}

// rememberedServer is where a visitor comes from, or "".
func rememberedServer(r *http.Request) string {
	c, err := r.Cookie(serverCookie)
	if err != nil || len(c.Value) > 1000 {
		return ""
	}
	typed, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	handle, _, ok := readHandle(typed)
	if !ok {
		return ""
	}
	return handle
}

// Pages are kept for everyone, so that what one visitor wants remembered is
// written into the copy that goes to them. In a text of someone else a quotation
// mark is always escaped, so that these are in our forms alone.
var (
	emptyServer = []byte(` value="" data-server`)
	keepServer  = []byte(` value="1" data-keep`)
)

// personal fills a visitor's own server into the forms of a page; false if there
// is nothing to fill.
func personal(page []byte, r *http.Request) ([]byte, bool) {
	server := rememberedServer(r)
	if server == "" || !bytes.Contains(page, keepServer) {
		return page, false
	}
	page = bytes.ReplaceAll(page, emptyServer, []byte(` value="`+html.EscapeString(server)+`" data-server`))
	return bytes.ReplaceAll(page, keepServer, []byte(` value="1" checked data-keep`)), true
}

// with is the document with another body, for one visitor alone.
func (d *document) with(body []byte) *document {
	own := plainDocument(body, d.kind)
	own.policy, own.langs, own.keep = d.policy, d.langs, "private, no-cache"
	return &own
}
