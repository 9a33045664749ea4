package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"

	"konfa/community"
	"konfa/palette"
)

// themeOf is the theme of a city: of its own accent, or of the sheet's.
func themeOf(city *community.City) palette.Theme {
	if c, err := palette.Parse(city.Settings.Accent); err == nil {
		return palette.Derive(c)
	}
	return palette.Derive(palette.Default)
}

// themeCSS is a small sheet that is read after style.css. On paper everything
// stays black.
func themeCSS(t palette.Theme) string {
	rule := func(s palette.Scheme) string {
		return ":root{--accent:" + s.Accent.String() + ";--accent-deep:" + s.Deep.String() + ";--on-accent:" + s.On.String() + ";--tint:" + s.Tint.String() + "}"
	}
	return "@media screen{" + rule(t.Light) + "}@media screen and (prefers-color-scheme:dark){" + rule(t.Dark) + "}\n"
}

// themePath is where the sheet of an accent is, or empty where the city has
// none. It names the accent, so that any process can make it, and what came of it,
// so that it may be kept for ever.
func themePath(accent string) string {
	c, err := palette.Parse(accent)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(themeCSS(palette.Derive(c))))
	return "/static/theme." + c.String()[1:] + hex.EncodeToString(sum[:4]) + ".css"
}

var themeFile = regexp.MustCompile(`^theme\.([0-9a-f]{6})[0-9a-f]{8}\.css$`)

// theme serves the sheet of an accent.
func (s *Server) theme(w http.ResponseWriter, r *http.Request, name string) error {
	m := themeFile.FindStringSubmatch(name)
	if m == nil || themePath("#"+m[1]) != "/static/"+name {
		return community.Errorf(community.NotFound, "there is no such file")
	}
	c, err := palette.Parse("#" + m[1])
	if err != nil {
		return err
	}
	d := plainDocument([]byte(themeCSS(palette.Derive(c))), "text/css; charset=utf-8")
	d.keep = "public, max-age=31536000, immutable"
	return d.serve(w, r)
}

// isTheme tells whether a file of /static is made from a colour.
func isTheme(name string) bool { return strings.HasPrefix(name, "theme.") }
