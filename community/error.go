package community

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what kind of failure an Error is. The edges (web, federation,
// command line) map it to a status of their own; nothing below them knows of
// HTTP.
type Code string

// The kinds of failure.
const (
	Invalid   Code = "invalid"   // what was asked for is malformed; Fields says where
	NotFound  Code = "not_found" // there is no such thing
	Gone      Code = "gone"      // there was, and it was deleted
	Conflict  Code = "conflict"  // it contradicts the present state: taken, already done, full
	Forbidden Code = "forbidden" // this person or server may not
	Refused   Code = "refused"   // a well-formed request that our rules turn down
	Internal  Code = "internal"  // our own fault
)

// Error is the one error type that crosses package borders. Msg is written for
// people and says what is wrong; Hint says what to do about it. Err is for logs
// only.
type Error struct {
	Code   Code
	Key    string // catalogue key of Msg for the web; empty means Msg is shown as it is
	Msg    string
	Hint   string
	Fields []FieldError
	Err    error
}

// FieldError names one input that is wrong, and why.
type FieldError struct {
	Field string `json:"field"` // the name of the field in the API and the forms
	Key   string `json:"key"`   // catalogue key, "error.<key>"
	Msg   string `json:"message"`
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Msg)
	for i, f := range e.Fields {
		if i == 0 && e.Msg == "" {
			fmt.Fprintf(&b, "%s: %s", f.Field, f.Msg)
			continue
		}
		fmt.Fprintf(&b, "; %s: %s", f.Field, f.Msg)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, " (%v)", e.Err)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of a code with a message for people. A wrapped error
// (%w) can be found again with errors.Is.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	e := &Error{Code: code, Msg: err.Error()}
	if inner := errors.Unwrap(err); inner != nil {
		e.Msg = strings.TrimSuffix(strings.TrimSuffix(e.Msg, inner.Error()), ": ")
		e.Err = inner
	}
	return e
}

// WithHint returns the error with the given advice for whoever reads it.
func (e *Error) WithHint(hint string) *Error {
	e.Hint = hint
	return e
}

// CodeOf returns the code of err, Internal for an error that is not ours, and
// the empty code for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// problems gathers field errors so that all of them are reported together.
type problems []FieldError

func (p *problems) add(field, key, format string, args ...any) {
	*p = append(*p, FieldError{Field: field, Key: key, Msg: fmt.Sprintf(format, args...)})
}

// err returns nil when nothing was added.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &Error{Code: Invalid, Key: "error.fields", Msg: "some fields need another look", Fields: p}
}
