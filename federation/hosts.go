package federation

import (
	"strings"

	"konfa/federation/fetch"
)

// hostOf is the host of an id in its one form, or "" for what is no address.
func hostOf(uri string) string {
	if !strings.HasPrefix(uri, "https://") && !strings.HasPrefix(uri, "http://") {
		return ""
	}
	return fetch.Host(uri)
}
