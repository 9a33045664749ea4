package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"konfa/community"
)

// writingRoutes are the pages where conferences and posts are written, and where
// stewards see what others said.
func (s *Server) writingRoutes(r chi.Router) {
	get := func(path string, h http.HandlerFunc) { r.Get(path, h); r.Head(path, h) }
	steward := func(h func(http.ResponseWriter, *http.Request, *viewer) error) http.HandlerFunc {
		return s.signed(community.Steward, s.written(h))
	}
	get(confsPath, s.signed(community.Newcomer, s.deskConfs))
	get(confsPath+"/new", steward(s.newConf))
	r.Post(confsPath+"/new", steward(s.saveNewConf))
	one := confsPath + "/{slug}"
	get(one, s.ran(s.editConf))
	r.Post(one, s.ran(s.saveConf))
	get(one+"/preview", s.ran(s.previewConf))
	get(one+"/card.png", s.ran(s.draftCard))
	r.Post(one+"/duplicate", s.ran(s.duplicateConf))
	get(one+"/call-off", s.ran(s.callOffPage))
	r.Post(one+"/call-off", s.ran(s.callOffConf))
	r.Post(one+"/restore", s.ran(s.restoreConf))
	get(one+"/move", s.ran(s.movePage))
	r.Post(one+"/move", s.ran(s.moveConf))
	get(one+"/repeat", s.ran(s.repeatPage))
	r.Post(one+"/repeat", s.ran(s.repeatConf))
	get(one+"/offer", s.ran(s.offerPage))
	r.Post(one+"/offer", s.ran(s.offerConf))
	get(one+"/guests", s.ran(s.guestList))
	r.Post(one+"/guests", s.ran(s.guestAct))
	get(one+"/guests.csv", s.ran(s.guestCSV))
	get(one+"/guests/message", s.ran(s.guestMessage))
	r.Post(one+"/guests/message", s.ran(s.guestMessage))
	get(one+"/guests/add", s.ran(s.guestAdd))
	r.Post(one+"/guests/add", s.ran(s.guestAdd))
	get(one+"/guests/{id}", s.ran(s.guestOne))
	get(one+"/delete", s.ran(s.deletePage))
	r.Post(one+"/delete", s.ran(s.deleteConf))

	for _, x := range []writer{deskWriter, ownWriter} {
		get(x.base, s.deskPosts(x))
		get(x.base+"/new", s.newPost(x))
		r.Post(x.base+"/new", s.savePost(x, true))
		get(x.base+"/{slug}", s.editPost(x))
		r.Post(x.base+"/{slug}", s.savePost(x, false))
		r.Post(x.base+"/{slug}/delete", s.removePost(x))
	}
	r.Post(deskPath+"/preview", s.signed(community.Newcomer, s.written(s.previewText)))

	get(deskRepliesPath, steward(s.deskReplies))
	r.Post(deskRepliesPath+"/{id}", steward(s.judgeReply))
	get(deskMentionsPath, steward(s.deskMentions))
	r.Post(deskMentionsPath+"/{id}", steward(s.judgeMention))
	get(deskOffersPath, steward(s.deskOffers))
	r.Post(deskOffersPath+"/{id}", steward(s.judgeOffer))
	get(deskSistersPath, steward(s.deskSisters))
	r.Post(deskSistersPath, steward(s.addSister))
	get(deskSistersPath+"/{id}", steward(s.editSister))
	r.Post(deskSistersPath+"/{id}", steward(s.saveSister))
}
