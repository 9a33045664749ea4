package federation

import (
	"net/http"
	"strconv"
	"strings"
)

// prefersActivity decides by Accept (RFC 9110 §12.5.1) whether a request wants
// ActivityPub rather than a page. Where the header is missing or leaves both
// open, fallback decides. A server that names ActivityPub at all and gives a
// page no higher weight gets ActivityPub.
func prefersActivity(r *http.Request, fallback bool) bool {
	values := r.Header.Values("Accept")
	if len(values) == 0 {
		return fallback
	}
	var activity, page, any float64
	named := false
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			media, params, _ := strings.Cut(part, ";")
			q := quality(params)
			switch strings.ToLower(strings.TrimSpace(media)) {
			case "application/activity+json", "application/ld+json":
				activity, named = max(activity, q), true
			case "application/json", "application/*":
				// Those who ask for some JSON mean this one: there is no other
				// at these addresses.
				activity = max(activity, q)
			case "text/html", "application/xhtml+xml", "text/*":
				page = max(page, q)
			case "*/*":
				any = max(any, q)
			}
		}
	}
	switch {
	case activity > 0 && activity == page:
		return named
	case activity > 0 || page > 0:
		return activity > page
	case any > 0:
		return fallback
	}
	return fallback
}

// quality reads q of a media range, 1 where there is none and 0 where it is
// not a number.
func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(p), "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || q < 0 || q > 1 {
			return 0
		}
		return q
	}
	return 1
}
