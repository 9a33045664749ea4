package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"konfa/community"
	"konfa/node"
)

// Limits of what programs may send, in bytes.
const (
	maxJSON   = 1 << 20
	maxImport = 32 << 20
)

// authenticate returns who a bearer token (RFC 6750) belongs to.
func (s *Server) authenticate(r *http.Request) (node.By, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	switch {
	case !strings.EqualFold(scheme, "Bearer") || secret == "":
		return node.By{}, errNoToken
	case len(secret) > 200:
		return node.By{}, errToken
	}
	by, err := s.node.Authenticate(r.Context(), secret)
	switch community.CodeOf(err) {
	case "":
		return by, nil
	case community.Internal:
		return node.By{}, err
	}
	return node.By{}, errToken
}

// maybeSteward tells whether the request comes with the token of a steward.
// Without any token it is a stranger's; a wrong token is an error.
func (s *Server) maybeSteward(r *http.Request) (bool, error) {
	if r.Header.Get("Authorization") == "" {
		return false, nil
	}
	by, err := s.authenticate(r)
	if err != nil {
		return false, err
	}
	return by.Member.Role.AtLeast(community.Steward), nil
}

// write runs a handler that changes something: a token is needed, nobody may do
// it too often, and the pages show it at once.
func (s *Server) write(h func(w http.ResponseWriter, r *http.Request, by node.By) error) http.HandlerFunc {
	return s.api(func(w http.ResponseWriter, r *http.Request) error {
		if !s.writes.allow(r) {
			return errRate
		}
		by, err := s.authenticate(r)
		if err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "no-store")
		defer s.changed.Add(1)
		return h(w, r, by)
	})
}

// read runs a handler that changes nothing.
func (s *Server) read(h handler) http.HandlerFunc {
	return s.api(func(w http.ResponseWriter, r *http.Request) error {
		vary(w.Header(), "Authorization")
		w.Header().Set("Cache-Control", "no-cache")
		return h(w, r)
	})
}

// preflight answers browsers that ask whether a script of another site may
// call the API (Fetch §4.8). It may: a token says who it is, never a cookie.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept-Language, If-None-Match")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// answer sends v as JSON.
func answer(w http.ResponseWriter, r *http.Request, status int, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // nobody takes this for HTML: the type is JSON, with nosniff
	if err := enc.Encode(v); err != nil {
		return err
	}
	b := buf.Bytes()
	if status == http.StatusOK && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		d := plainDocument(b, "application/json")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) && !d.unchanged(r) {
			var err error
			if d.packed, err = pack(b); err != nil {
				return err
			}
		}
		d.keep, d.policy = w.Header().Get("Cache-Control"), w.Header().Get("Content-Security-Policy")
		return d.serve(w, r)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		return errGone
	}
	return nil
}

// decode reads the JSON body of a request strictly: one value, of the right
// type, with no field that is not known.
func decode(w http.ResponseWriter, r *http.Request, into any, known []string) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return errMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSON))
	if err != nil {
		return err
	}
	return decodeStrict(body, into, known)
}

func decodeStrict(body []byte, into any, known []string) error {
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return badJSON(err, known)
	}
	if _, err := dec.Token(); err != io.EOF {
		return community.Errorf(community.Invalid, "there is more than one JSON value")
	}
	return nil
}

// badJSON says what is wrong with a body in words, and names the field.
func badJSON(err error, known []string) error {
	if e, ok := errors.AsType[*community.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return invalidField(e.Field, "type", "this cannot be "+e.Value)
	}
	// The text is what encoding/json says of an unknown field; it has no type
	// of its own.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name, _ = strconv.Unquote(name)
		msg := "there is no such field"
		if near := nearest(name, known); near != "" {
			msg += "; did you mean " + strconv.Quote(near) + "?"
		}
		return invalidField(name, "unknown", msg)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return community.Errorf(community.Invalid, "the JSON ends too early")
	}
	return community.Errorf(community.Invalid, "this is not JSON: %s", err.Error())
}

func invalidField(field, key, msg string) error {
	return &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look", Fields: []community.FieldError{{Field: field, Key: key, Msg: msg}}}
}

// nearest returns the known name that a mistyped one most likely means, or "".
func nearest(name string, known []string) string {
	// Two letters swapped are two changes.
	best, least := "", max(2, len(name)/3)+1
	if len(name) < 3 || len(name) > 60 {
		return ""
	}
	for _, k := range known {
		if d := distance(strings.ToLower(name), k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// query reads the parameters of a list, and refuses those it does not know.
type query struct {
	values url.Values
	known  []string
	err    error
}

func newQuery(r *http.Request, known ...string) *query {
	q := &query{values: r.URL.Query(), known: append(known, "lang")}
	for name, values := range q.values {
		for i := range values {
			values[i] = strings.ToValidUTF8(values[i], "")
		}
		if !slices.Contains(q.known, name) {
			msg := "there is no such parameter"
			if near := nearest(name, q.known); near != "" {
				msg += "; did you mean " + strconv.Quote(near) + "?"
			}
			q.err = invalidField(name, "unknown", msg)
		}
	}
	return q
}

// number reads a parameter between least and most.
func (q *query) number(name string, fallback, least, most int) int {
	raw := q.values.Get(name)
	if raw == "" {
		return fallback
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < least || n > most {
		q.err = invalidField(name, "range", "a number from "+itoa(least)+" to "+itoa(most))
		return fallback
	}
	return n
}

// choice reads a parameter that is one of a few words.
func (q *query) choice(name, fallback string, words ...string) string {
	v := q.values.Get(name)
	if v == "" {
		return fallback
	}
	if !slices.Contains(words, v) {
		q.err = invalidField(name, "choice", "one of "+strings.Join(words, ", "))
		return fallback
	}
	return v
}

// yes reads a switch: 1, true, 0 or false.
func (q *query) yes(name string) bool {
	switch q.choice(name, "0", "0", "1", "true", "false") {
	case "1", "true":
		return true
	}
	return false
}

// listLinks tells where the other pages of a list are (RFC 8288), and how long
// it is.
func listLinks(w http.ResponseWriter, r *http.Request, base string, page, limit, total int) {
	var links []string
	add := func(rel string, n int) {
		q := r.URL.Query()
		q.Set("page", itoa(n))
		links = append(links, "<"+base+withQuery(r.URL.Path, q)+`>; rel="`+rel+`"`)
	}
	if page > 1 {
		add("prev", page-1)
	}
	if page*limit < total {
		add("next", page+1)
	}
	if len(links) > 0 {
		w.Header().Set("Link", strings.Join(links, ", "))
	}
}
