package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind says why a document could not be had.
type Kind string

// The kinds of failure.
const (
	BadURL       Kind = "bad_url"      // not an address that we go to
	Blocked      Kind = "blocked"      // it leads to an address that we must not reach
	NotFound     Kind = "not_found"    // 404
	Gone         Kind = "gone"         // 410: deleted for good
	Unauthorized Kind = "unauthorized" // 401: the signature was not believed, or there was none
	Forbidden    Kind = "forbidden"    // 403: they want nothing of us
	Busy         Kind = "busy"         // 429 or 503: later; see RetryAfter
	Status       Kind = "status"       // another status that is no success
	Redirects    Kind = "redirects"    // too many of them, or to somewhere we do not go
	TooLarge     Kind = "too_large"
	WrongType    Kind = "wrong_type" // another content type than asked for
	Timeout      Kind = "timeout"
	TLS          Kind = "tls"
	Network      Kind = "network" // no such name, connection refused or lost
)

// Error is why a document could not be had.
type Error struct {
	Kind       Kind
	URL        string
	Status     int           // 0 when there was no answer
	RetryAfter time.Duration // 0 when they did not say
	Msg        string
	Err        error
}

func (e *Error) Error() string {
	s := e.URL + ": " + e.Msg
	if e.Err != nil {
		s += fmt.Sprintf(" (%v)", e.Err)
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Temporary tells whether the same request may succeed later.
func (e *Error) Temporary() bool {
	switch e.Kind {
	case Timeout, TLS, Network, Busy:
		return true
	case Status:
		return e.Status >= 500
	}
	return false
}

// KindOf returns the kind of an error of this package, and "" for others.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// statusError is the error of an answer that is no success, nil for one that is.
func statusError(address string, status int, retryAfter time.Duration) *Error {
	if status >= 200 && status < 300 {
		return nil
	}
	e := &Error{Kind: Status, URL: address, Status: status, RetryAfter: retryAfter}
	switch status {
	case http.StatusNotFound:
		e.Kind, e.Msg = NotFound, "it does not exist"
	case http.StatusGone:
		e.Kind, e.Msg = Gone, "it was deleted"
	case http.StatusUnauthorized:
		e.Kind, e.Msg = Unauthorized, "the server wants a signature that it can check"
	case http.StatusForbidden:
		e.Kind, e.Msg = Forbidden, "the server refuses us"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		e.Kind, e.Msg = Busy, fmt.Sprintf("the server is busy (status %d)", status)
	default:
		e.Msg = fmt.Sprintf("the server answered with status %d", status)
	}
	return e
}
