package web

import (
	"net/http"
	"net/url"
	"slices"

	"konfa/community"
)

// mailPath is where readers turn off mail that they can do without: the letters
// name the rest of the address.
const mailPath = "/mail/"

// mailPage is what a reader wants no more mail about.
type mailPage struct {
	Form    *form
	Kinds   []formOption
	Path    string
	Address string
	Saved   bool
}

// mailToken is what the address names.
func mailToken(r *http.Request) string {
	token := param(r, "token")
	if len(token) > 100 {
		return ""
	}
	return token
}

// mailOptions are the kinds of letters that one can do without.
func (t *tongue) mailOptions() []formOption {
	var out []formOption
	for _, k := range community.OptionalLetters {
		out = append(out, formOption{string(k), t.T("mail.kind_" + string(k)), t.T("mail.hint_" + string(k))})
	}
	return out
}

// mailChoice shows what mail someone gets: GET /mail/{token}.
func (s *Server) mailChoice(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	c, err := s.node.MailChoice(r.Context(), mailToken(r))
	if err != nil {
		return err
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	p := mailPage{mailForm(c.Off), v.mailOptions(), mailPath + url.PathEscape(mailToken(r)), c.Address, r.URL.Query().Get("saved") != ""}
	return s.once(w, r, v, &shown{"mail", page{Heading: v.T("mail.choice"), NoIndex: true, Class: "narrow", Body: p}}, nil, http.StatusOK)
}

// setMailChoice notes it: POST /mail/{token}. Programs for mail send
// List-Unsubscribe=One-Click and nothing else (RFC 8058 §3.2).
func (s *Server) setMailChoice(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if !s.writes.allow(r) {
		return errRate
	}
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := readSmallForm(r); err != nil {
		return err
	}
	if err := s.node.SetMailChoice(r.Context(), mailToken(r), unwanted(r.PostForm)); err != nil {
		return err
	}
	if r.PostForm.Get("List-Unsubscribe") != "" {
		w.WriteHeader(http.StatusNoContent) // nobody looks at a page
		return nil
	}
	return seeOther(mailPath + url.PathEscape(mailToken(r)) + "?saved=1")
}

// unwanted are the kinds of letters that a form leaves out: all of them for
// List-Unsubscribe=One-Click, and for the button that says so.
func unwanted(f url.Values) []community.LetterKind {
	all := f.Get("List-Unsubscribe") == "One-Click" || f.Get("all") != ""
	var off []community.LetterKind
	for _, k := range community.OptionalLetters {
		if all || !slices.Contains(f["want"], string(k)) {
			off = append(off, k)
		}
	}
	return off
}

// readSmallForm reads a form, also one in the encoding of files, which RFC 8058
// allows too.
func readSmallForm(r *http.Request) error {
	if err := r.ParseMultipartForm(16 << 10); err != nil && err != http.ErrNotMultipart {
		return community.Errorf(community.Invalid, "the form cannot be read: %w", err)
	}
	if r.PostForm == nil {
		r.PostForm = url.Values{}
	}
	if r.MultipartForm != nil {
		for k, vs := range r.MultipartForm.Value {
			if len(r.PostForm[k]) == 0 {
				r.PostForm[k] = vs
			}
		}
	}
	return nil
}

// stillPage asks a guest whether they still come.
type stillPage struct {
	Path, Back string
	When       when
	Title      text
	URL, Where string
	No         bool // what was clicked in the letter
	Said       bool // they have said yes
	Over       string
}

// still asks a guest whether they still come: GET /rsvp/{token}/still. Opening it
// says nothing, as programs that read mail for people open every address in it.
func (s *Server) still(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	at, err := s.node.RSVP(r.Context(), rsvpToken(r))
	if err != nil {
		return err
	}
	back := rsvpPath + url.PathEscape(rsvpToken(r))
	c := at.Conference
	if at.Guest.State != community.Going {
		return seeOther(back)
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	p := stillPage{Path: back + "/still", Back: back, When: v.when(c, v.city), Title: v.pick(c.Title), URL: conferencePath(c), Where: v.where(c),
		No: r.URL.Query().Get("no") != "", Said: !at.Guest.Reconfirmed.IsZero()}
	switch {
	case c.Status == community.Cancelled:
		p.Over = v.T("error.cancelled")
	case c.Past(v.now):
		p.Over = v.T("error.over")
	}
	return s.once(w, r, v, &shown{"still", page{Heading: v.T("still.title"), NoIndex: true, Class: "rsvp", Body: p}}, nil, http.StatusOK)
}

// saidStill takes the answer: POST /rsvp/{token}/still with answer going or no.
func (s *Server) saidStill(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if !s.writes.allow(r) {
		return errRate
	}
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		return community.Errorf(community.Invalid, "the form cannot be read: %w", err)
	}
	answer := r.PostForm.Get("answer")
	if answer != "going" && answer != "no" {
		return errAnswer
	}
	_, err := s.node.Reconfirm(r.Context(), rsvpToken(r), answer == "going")
	s.changed.Add(1)
	if err != nil {
		return err
	}
	back := rsvpPath + url.PathEscape(rsvpToken(r))
	if answer == "going" {
		return seeOther(back + "/still?said=1")
	}
	return seeOther(back + "?saved=1")
}
