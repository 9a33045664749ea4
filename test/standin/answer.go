package standin

import (
	"errors"
	"fmt"
	"net/http"
)

// refusal is why something is not taken. It is what the self-tests ask for.
type refusal struct{ why string }

func (r *refusal) Error() string { return r.why }

func refuse(format string, args ...any) error {
	return &refusal{fmt.Sprintf(format, args...)}
}

// Answer is what an inbox does with a request.
type Answer struct {
	Status int    // 0: the connection hangs until the other side gives up
	Why    string // not taken, and why; "" when it was
	Header http.Header
}

func taken(status int) Answer { return Answer{Status: status} }

// answer gives the status for an error, or for none.
func answer(ok int, bad int, err error) Answer {
	if err == nil {
		return Answer{Status: ok}
	}
	if e, is := errors.AsType[*httpError](err); is {
		return Answer{Status: e.status, Why: e.Error()}
	}
	return Answer{Status: bad, Why: err.Error()}
}

// httpError is a refusal with a status of its own.
type httpError struct {
	status int
	why    string
}

func (e *httpError) Error() string { return e.why }

func status(code int, format string, args ...any) error {
	return &httpError{code, fmt.Sprintf(format, args...)}
}
