package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"konfa/community"
	"konfa/prose"
)

// Where the code of conduct is read, agreed to and written.
const (
	conductPath     = "/conduct"
	agreePath       = conductPath + "/agree"
	conductDeskPath = deskPath + "/conduct"
)

// conductBody is a version of the code of conduct.
type conductBody struct {
	Text     rich
	Version  int
	Since    string
	By       string
	Note     string
	Old      bool // another one holds
	Versions []conductLink
	Agreed   string // when the reader agreed to this one
	// Of the page that asks to agree, and of the one at the desk.
	Form      *form
	To        string
	Agree     []formOption
	Preview   []rich
	Languages []conductLanguage
	Saved     bool
}

type conductLink struct {
	Version        int
	Since, Note    string
	Path, By       string
	Shown, Default bool
}

// conductLanguage is the field for the text in one language.
type conductLanguage struct{ Field, Name string }

// conductOf picks a version, the present one where number is no number of one.
func conductOf(list []community.Conduct, number string) *community.Conduct {
	if n, err := strconv.Atoi(number); err == nil {
		for i := range list {
			if list[i].Version == n {
				return &list[i]
			}
		}
	}
	return &list[0]
}

func (v *viewer) conduct(c *community.Conduct, list []community.Conduct) conductBody {
	p := c.Text.Best(v.reads(v.city.Languages)...)
	b := conductBody{Text: rich{raise(prose.Markdown(p.Text)), v.langOf(p.Lang)}, Version: c.Version, Since: v.stamp(c.Created), By: c.By, Note: c.Note, Old: c.Version != list[0].Version}
	for i, x := range list {
		l := conductLink{Version: x.Version, Since: v.stamp(x.Created), Note: x.Note, By: x.By, Path: conductPath, Shown: x.Version == c.Version, Default: x.By == ""}
		if i > 0 {
			l.Path += "?v=" + itoa(x.Version)
		}
		b.Versions = append(b.Versions, l)
	}
	return b
}

// conduct shows the code of conduct and what it was before: GET /conduct.
func (s *Server) conduct(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	list, err := s.node.Conducts(ctx)
	if err != nil {
		return nil, err
	}
	b := v.conduct(conductOf(list, r.URL.Query().Get("v")), list)
	if v.me != nil && v.me.Conduct == b.Version {
		b.Agreed = v.stamp(v.me.Agreed)
	}
	return &shown{"conduct", page{Heading: v.T("conduct.title"), Section: "about", Class: "narrow", Sheets: []string{"account.css"}, Body: b}}, nil
}

// mustAgree sends whoever has not agreed to the present code of conduct to where
// they do, unless what they ask for is theirs in any case: their data, the end of
// their account, the page itself.
func (s *Server) mustAgree(r *http.Request, v *viewer) error {
	switch path := r.URL.Path; {
	case path == agreePath, path == againPath, path == dataPath, path == mePath+"/export.zip", path == deletePath:
		return nil
	}
	must, err := s.node.MustAgree(r.Context(), v.me)
	if err != nil || !must {
		return err
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return seeOther(agreePath + "?to=" + url.QueryEscape(withQuery(ownPath(r), r.URL.Query())))
	}
	return &community.Error{Code: community.Forbidden, Key: "error.conduct", Msg: "please read the new code of conduct first", Hint: s.site.Base + agreePath}
}

// agreePage asks to agree: GET /conduct/agree.
func (s *Server) agreePage(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showAgree(w, r, v, newForm(nil), http.StatusOK)
}

func (s *Server) showAgree(w http.ResponseWriter, r *http.Request, v *viewer, f *form, status int) error {
	list, err := s.node.Conducts(r.Context())
	if err != nil {
		return err
	}
	b := v.conduct(&list[0], list)
	b.Form, b.To, b.Agree = f, after(r), []formOption{{Value: itoa(b.Version), Text: v.T("join.agree")}}
	return s.once(w, r, v, &shown{"agree", page{Heading: v.T("conduct.changed"), NoIndex: true, Class: "narrow", At: agreePath, Sheets: []string{"account.css"}, Body: b}}, url.Values{"to": {b.To}}, status)
}

// agree notes that they do: POST /conduct/agree.
func (s *Server) agree(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	n, err := strconv.Atoi(f.Value("conduct"))
	if err != nil {
		f.wrong("conduct", v.T("join.agree_missing"))
		return s.showAgree(w, r, v, f, http.StatusUnprocessableEntity)
	}
	if err := s.node.Agree(r.Context(), v.by(), v.me.Handle, n); err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showAgree(w, r, v, f, status)
	}
	return seeOther(after(r))
}

// conductDesk is where stewards write a new version: GET /desk/conduct.
func (s *Server) conductDesk(w http.ResponseWriter, r *http.Request, v *viewer) error {
	c, err := s.node.Conduct(r.Context())
	if err != nil {
		return err
	}
	f := newForm(url.Values{"after": {itoa(c.Version)}})
	for _, t := range c.Text {
		f.Set("text_"+t.Lang, t.Text)
	}
	return s.showConductDesk(w, r, v, f, nil, http.StatusOK)
}

func (s *Server) showConductDesk(w http.ResponseWriter, r *http.Request, v *viewer, f *form, preview community.Texts, status int) error {
	list, err := s.node.Conducts(r.Context())
	if err != nil {
		return err
	}
	b := v.conduct(&list[0], list)
	b.Form, b.Saved = f, r.URL.Query().Has("saved")
	for _, code := range s.conductLanguages(v, &list[0]) {
		b.Languages = append(b.Languages, conductLanguage{"text_" + code, v.languageName(code)})
	}
	for _, t := range preview {
		b.Preview = append(b.Preview, rich{raise(prose.Markdown(t.Text)), t.Lang})
	}
	return s.showDesk(w, r, v, conductDeskPath, "desk_conduct", page{Heading: v.T("conduct.title"), Sheets: []string{"account.css"}, Body: b}, status)
}

// conductLanguages are those in which it can be written: of the city, of the
// pages, of the version before.
func (s *Server) conductLanguages(v *viewer, c *community.Conduct) []string {
	var out []string
	seen := map[string]bool{}
	add := func(code string) {
		if !seen[code] {
			seen[code] = true
			out = append(out, code)
		}
	}
	for _, code := range v.city.Languages {
		add(code)
	}
	for _, t := range s.tongues.list {
		add(t.Code)
	}
	for _, t := range c.Text {
		add(t.Lang)
	}
	return out
}

// publishConduct shows a version as it would be, or publishes it: POST
// /desk/conduct with do.
func (s *Server) publishConduct(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	held, err := s.node.Conduct(r.Context())
	if err != nil {
		return err
	}
	c := community.Conduct{Note: f.Value("note")}
	for _, code := range s.conductLanguages(v, held) {
		if text := strings.TrimSpace(strings.ReplaceAll(f.Value("text_"+code), "\r\n", "\n")); text != "" {
			c.Text = append(c.Text, community.Phrase{Lang: code, Text: text})
		}
	}
	first := "text_" + s.conductLanguages(v, held)[0]
	if f.Value("do") == "preview" {
		return s.showConductDesk(w, r, v, f, c.Text, http.StatusOK)
	}
	after, _ := strconv.Atoi(f.Value("after")) // 0 is no version
	if _, err := s.node.PublishConduct(r.Context(), v.by(), c, after); err != nil {
		status, err := s.refuse(f, v, err, map[string]string{"text": first})
		if err != nil {
			return err
		}
		f.Set("after", itoa(held.Version))
		return s.showConductDesk(w, r, v, f, c.Text, status)
	}
	return seeOther(conductDeskPath + "?saved=1")
}
