package web

import (
	"strings"
	"sync"

	"konfa/community"
)

// notice says what a notice says, in one language.
func (t *tongue) notice(n *community.Notice) string {
	pairs := []any{"Title", "", "City", "", "From", "", "To", ""}
	for name, value := range n.Args {
		pairs = append(pairs, name, value)
	}
	return t.T("notice."+string(n.Kind), pairs...)
}

var allTongues = sync.OnceValues(loadTongues)

// NoticeText says what a notice says, in the first of the languages that there
// are words in; for those who show notices elsewhere than on a page.
func NoticeText(langs []string, n *community.Notice) (string, error) {
	ts, err := allTongues()
	if err != nil {
		return "", err
	}
	for _, lang := range langs {
		if t, ok := ts.byCode(lang); ok {
			return t.notice(n), nil
		}
	}
	return ts.list[0].notice(n), nil
}

// LoggedPath is the path of a request for a log, without what is secret in it.
func LoggedPath(path string) string {
	for _, secret := range []string{minePath, rsvpPath, mailPath, loginPath + "/", setupPath + "/"} {
		if strings.HasPrefix(path, secret) {
			return secret + "…"
		}
	}
	return path
}
