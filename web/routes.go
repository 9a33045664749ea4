package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"konfa/community"
	"konfa/node"
)

// Routes says what is where. HEAD goes wherever GET goes. The addresses of
// actors and objects are shared with package federation, which hands over those
// who want a page.
func (s *Server) Routes(r chi.Router) {
	get := func(path string, h http.HandlerFunc) { r.Get(path, h); r.Head(path, h) }

	// Pages.
	get("/", s.show(s.front))
	get("/city", s.redirect("/"))
	get("/node", s.redirect("/about"))
	get(deskPath, s.deskHome)
	get(loginPath, s.page(s.login))
	r.Post(loginPath, s.page(s.mailLogin))
	get(loginPath+"/{secret}", s.page(s.loginLink))
	r.Post(loginPath+"/{secret}", s.page(s.useLoginLink))
	r.Post("/logout", s.page(s.logout))
	if s.machine != nil {
		get(healthPath, s.signed(community.Steward, s.health))
		r.Post(healthPath, s.signed(community.Steward, s.lookNow))
		get(serversPath, s.signed(community.Steward, s.servers))
		r.Post(serversPath, s.signed(community.Steward, s.tryServer))
		get(storagePath, s.signed(community.Steward, s.storageUse))
		r.Post(storagePath, s.signed(community.Steward, s.backUpNow))
	}
	get(setupPath, s.signed(community.Steward, s.firstRun))
	get(setupPath+"/live", s.signed(community.Steward, s.live))
	r.Post(setupPath+"/rules", s.signed(community.Steward, s.setRules))
	r.Post(setupPath+"/first", s.signed(community.Steward, s.addFirst))
	get("/about", s.show(s.about))
	get("/conf", s.show(s.conferences, "when", "tag", "q", "page"))
	get("/conf/", s.redirect("/conf"))
	get("/conf/{slug}", s.show(s.conference, "page", "came"))
	r.Post("/conf/{slug}/come", s.page(s.come))
	get("/elsewhere/{id}", s.show(s.elsewhere, "page"))
	get("/posts", s.show(s.posts, "page"))
	get("/posts/{slug}", s.show(s.post, "page"))
	get("/people/{name}", s.show(s.memberPage))
	get("/tags/{tag}", s.show(s.tag))
	get("/rsvp/{token}", s.page(s.rsvp))
	r.Post("/rsvp/{token}", s.page(s.fromHere(s.changeRSVP)))
	get("/my/{secret}", s.page(s.mine))
	r.Post("/my/{secret}/{act}", s.page(s.fromHere(s.mineAct)))
	get("/api", s.show(s.apiPage))
	get("/world", s.show(s.worldShown, worldParams...))
	get("/world/", s.redirect("/world"))
	get("/world/cities", s.show(s.citiesShown))
	get("/authorize_interaction", s.page(s.interact))
	get("/follow", s.show(s.followAgain))
	r.Post("/follow", s.page(s.fromHere(s.follow)))

	// Feeds and calendars.
	get("/conf.ics", s.page(s.calendarFile))
	get("/conf/{slug}.ics", s.page(s.conferenceICS))
	get("/conf/{slug}/qr.svg", s.page(s.conferenceQR))
	get("/elsewhere/{id}.ics", s.page(s.elsewhereICS))
	get("/my/{secret}.ics", s.page(s.mineICS))
	get("/rsvp/{token}.ics", s.page(s.rsvpICS))
	get("/feed.atom", s.feed(atomKind, writeAtom))
	get("/feed.rss", s.feed(rssKind, writeRSS))
	get("/feed.json", s.feed(jsonFeedKind, writeJSONFeed))

	get("/world.ics", s.page(s.worldFile))
	get("/world/feed.atom", s.worldFeed(atomKind, writeAtom))
	get("/world/feed.rss", s.worldFeed(rssKind, writeRSS))
	get("/world/feed.json", s.worldFeed(jsonFeedKind, writeJSONFeed))

	// The API of programs. A token is needed for everything that is not GET.
	get("/api/openapi.yaml", s.read(s.apiDescription))
	get("/api/v1/city", s.read(s.apiCity))
	get("/api/v1/conferences", s.read(s.apiConferences))
	r.Post("/api/v1/conferences", s.write(s.apiAddConference))
	get("/api/v1/conferences/{slug}", s.read(s.apiConference))
	r.Patch("/api/v1/conferences/{slug}", s.write(s.apiChangeConference))
	r.Delete("/api/v1/conferences/{slug}", s.write(s.apiDeleteConference))
	r.Post("/api/v1/conferences/{slug}/publish", s.write(s.apiPublishConference))
	r.Post("/api/v1/conferences/{slug}/cancel", s.write(s.apiCancelConference))
	get("/api/v1/conferences/{slug}/guests", s.read(s.apiGuests))
	r.Post("/api/v1/conferences/{slug}/guests/{id}/approve", s.write(s.apiApproveGuest))
	r.Post("/api/v1/conferences/{slug}/guests/{id}/decline", s.write(s.apiDeclineGuest))
	get("/api/v1/sisters", s.read(s.apiSisters))
	r.Post("/api/v1/sisters", s.write(s.apiAddSister))
	get("/api/v1/sisters/{id}", s.read(s.apiSister))
	r.Patch("/api/v1/sisters/{id}", s.write(s.apiChangeSister))
	r.Delete("/api/v1/sisters/{id}", s.write(s.apiRemoveSister))
	get("/api/v1/offers", s.read(s.apiOffers))
	r.Post("/api/v1/offers", s.write(s.apiMakeOffer))
	get("/api/v1/offers/{id}", s.read(s.apiOffer))
	r.Post("/api/v1/offers/{id}/accept", s.write(s.apiAcceptOffer))
	r.Post("/api/v1/offers/{id}/decline", s.write(s.apiDeclineOffer))
	r.Post("/api/v1/offers/{id}/revoke", s.write(s.apiRevokeOffer))
	get("/api/v1/posts", s.read(s.apiPosts))
	r.Post("/api/v1/posts", s.write(s.apiAddPost))
	get("/api/v1/posts/{slug}", s.read(s.apiPost))
	r.Patch("/api/v1/posts/{slug}", s.write(s.apiChangePost))
	r.Delete("/api/v1/posts/{slug}", s.write(s.apiDeletePost))
	get("/api/v1/me/notices", s.readMine(s.apiNotices))
	r.Post("/api/v1/me/notices/read", s.write(s.apiReadNotices))
	get("/api/v1/me/conferences", s.readMine(s.apiMine))
	r.Post("/api/v1/me/conferences", s.write(s.apiAnswer))
	get("/api/v1/me/stays", s.readMine(s.apiStays))
	r.Post("/api/v1/me/stays", s.write(s.apiVisit))
	r.Patch("/api/v1/me/stays/{id}", s.write(s.apiChangeStay))
	r.Delete("/api/v1/me/stays/{id}", s.write(s.apiEndStay))
	get("/api/v1/me/links", s.readMine(s.apiLinks))
	r.Post("/api/v1/me/links", s.write(s.apiAddLink))
	r.Delete("/api/v1/me/links/{id}", s.write(s.apiRevokeLink))
	get("/api/v1/arrivals", s.readMine(s.apiArrivals))
	get("/api/v1/world/conferences", s.read(s.apiWorldConferences))
	get("/api/v1/world/towns", s.read(s.apiWorldTowns))
	get("/api/v1/world/cities", s.read(s.apiWorldCities))
	get("/api/v1/replies", s.read(s.apiReplies))
	r.Post("/api/v1/replies/{id}/show", s.write(s.apiJudgeReply(node.ShowReply)))
	r.Post("/api/v1/replies/{id}/hide", s.write(s.apiJudgeReply(node.HideReply)))
	r.Delete("/api/v1/replies/{id}", s.write(s.apiJudgeReply(node.DeleteReply)))
	get("/api/v1/mentions", s.read(s.apiMentions))
	r.Post("/api/v1/mentions/{id}/boost", s.write(s.apiJudgeMention(true)))
	r.Post("/api/v1/mentions/{id}/dismiss", s.write(s.apiJudgeMention(false)))
	get("/api/v1/export", s.read(s.apiExport))
	r.Post("/api/v1/import", s.write(s.apiImport))

	// Files.
	get("/static/{file}", s.page(s.static))
	get("/media/{name}", s.page(s.media))
	get("/favicon.ico", s.redirect(s.assets.path("icon.svg")))
	get("/robots.txt", s.page(s.robots))

	r.NotFound(s.notFound)
	r.MethodNotAllowed(s.methodNotAllowed)
}
