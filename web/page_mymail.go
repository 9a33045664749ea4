package web

import (
	"net/http"

	"konfa/community"
)

// myMailPath is where members say what mail they can do without.
const myMailPath = mePath + "/mail"

// myMail shows what mail a member gets: GET /me/mail.
func (s *Server) myMail(w http.ResponseWriter, r *http.Request, v *viewer) error {
	off, err := s.node.MemberMail(r.Context(), v.by(), v.me.Handle)
	if err != nil {
		return err
	}
	p := mailPage{Form: mailForm(off), Kinds: v.mailOptions(), Path: myMailPath, Address: v.me.Email, Saved: r.URL.Query().Get("saved") != ""}
	return s.showAccount(w, r, v, myMailPath, "mymail", v.T("mail.choice"), p, http.StatusOK)
}

// setMyMail notes it: POST /me/mail.
func (s *Server) setMyMail(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if err := s.node.SetMemberMail(r.Context(), v.by(), v.me.Handle, unwanted(r.PostForm)); err != nil {
		return err
	}
	return seeOther(myMailPath + "?saved=1")
}

// mailForm is the form with the kinds of letters ticked that are not off.
func mailForm(off []community.LetterKind) *form {
	f := newForm(nil)
	not := map[community.LetterKind]bool{}
	for _, k := range off {
		not[k] = true
	}
	for _, k := range community.OptionalLetters {
		if !not[k] {
			f.values.Add("want", string(k))
		}
	}
	return f
}
