package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"konfa/community"
)

// problem is one thing that is wrong, and what to do about it.
type problem struct{ what, hint string }

// problems gathers what is wrong, so that all of it is reported together.
type problems []problem

func (p *problems) add(what, hint string) { *p = append(*p, problem{what, hint}) }

func (p *problems) addf(hint, format string, args ...any) { p.add(fmt.Sprintf(format, args...), hint) }

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Error joins all of them in one line, for logs.
func (p problems) Error() string {
	var s []string
	for _, x := range p {
		s = append(s, x.what)
	}
	return strings.Join(s, "; ")
}

// hinted is an error with advice.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func withHint(err error, hint string) error { return hinted{err, hint} }

// hintOf returns the advice that comes with err, or "".
func hintOf(err error) string {
	if h, ok := errors.AsType[hinted](err); ok {
		return h.hint
	}
	if e, ok := errors.AsType[*community.Error](err); ok {
		return e.Hint
	}
	return ""
}

// notFoundHint adds where to look to an error about what is not there.
func notFoundHint(err error, hint string) error {
	if e, ok := errors.AsType[*community.Error](err); ok && e.Code == community.NotFound && e.Hint == "" {
		return withHint(err, hint)
	}
	return err
}

// usageError is wrong usage: exit status 2.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func usagef(hint, format string, args ...any) error {
	return usageError{withHint(fmt.Errorf(format, args...), hint)}
}

// report writes err for a person and returns the exit status.
func report(w io.Writer, err error) int {
	line := func(what, hint string) {
		fmt.Fprintln(w, "konfa: "+what)
		if hint != "" {
			fmt.Fprintln(w, "hint: "+hint)
		}
	}
	var list problems
	var ours *community.Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &list):
		for _, p := range list {
			line(p.what, p.hint)
		}
	case errors.As(err, &ours) && len(ours.Fields) > 0:
		for _, f := range ours.Fields {
			line(f.Field+": "+f.Msg, "")
		}
		if ours.Hint != "" {
			fmt.Fprintln(w, "hint: "+ours.Hint)
		}
	default:
		line(err.Error(), hintOf(err))
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}
