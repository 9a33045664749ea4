package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"konfa/community"
	"konfa/node"
	"konfa/prose"
	"konfa/storage"
)

// Where posts are written: those of the city by stewards, their own by members.
const (
	deskPostsPath = deskPath + "/posts"
	myPostsPath   = "/me/posts"
)

// maxPostPictures is how many pictures a post has: Mastodon shows four.
const maxPostPictures = 4

// postsPage lists posts with drafts.
type deskPostsPage struct {
	Own     bool // one's own, not the city's
	New     string
	List    []deskPost
	Empty   empty
	Pager   pager
	Deleted bool
}

// deskPost is a post in a list of the desk.
type deskPost struct {
	Title, Date, Edit, Page string
	Badges                  []badge
}

// postEditPage is where a post is written.
type postEditPage struct {
	Form       *form
	Path, Page string
	Heading    string
	Draft, New bool
	Langs      []langRow
	More       []formOption
	Visibility []formOption
	Confs      []formOption
	As         []formOption // whose it is, where one may choose
	Pictures   []pictureRow
	Kept       []*community.Picture // by their fields, nil for none
	Saved      string
	Changed    []change
	Preview    *postPreview
	Pictured   bool // there are pictures
	Fixed      bool // published: what it is and who sees it stays
	Delete     string
	Back       string
}

// pictureRow is a picture of a post.
type pictureRow struct {
	Name, Label string
	Picture     *community.Picture
}

type postPreview struct {
	Title text
	Text  rich
	Mock  *mock
}

// writer says where someone writes: at the desk for the city, or for themselves.
type writer struct {
	own  bool
	base string
}

var (
	deskWriter = writer{false, deskPostsPath}
	ownWriter  = writer{true, myPostsPath}
)

func (x writer) role() community.Role {
	if x.own {
		return community.Regular
	}
	return community.Steward
}

func (x writer) path(p *community.Post) string { return x.base + "/" + url.PathEscape(p.Slug) }

// showWriting shows a page of posts: at the desk, or to a member.
func (s *Server) showWriting(w http.ResponseWriter, r *http.Request, v *viewer, x writer, template string, p page, status int) error {
	p.Sheets = writeSheets
	if !x.own {
		return s.showDesk(w, r, v, deskPostsPath, template, p, status)
	}
	p.NoIndex, p.Class = true, "desk"
	return s.once(w, r, v, &shown{template, p}, r.URL.Query(), status)
}

// deskPosts lists posts: GET /desk/posts and /me/posts.
func (s *Server) deskPosts(x writer) http.HandlerFunc {
	return s.signed(x.role(), func(w http.ResponseWriter, r *http.Request, v *viewer) error {
		ctx := r.Context()
		number, err := pageNumber(r)
		if err != nil {
			return err
		}
		q := storage.PostQuery{Own: true, Drafts: true, Kinds: []community.PostKind{community.OrdinaryPost}, Standing: true}
		if x.own {
			q.Author = community.MemberActor(v.me.Handle)
		}
		total, err := s.store.CountPosts(ctx, q)
		if err != nil {
			return err
		}
		q.Limit, q.Offset = perPage, (number-1)*perPage
		list, err := s.store.Posts(ctx, q)
		if err != nil {
			return err
		}
		p := deskPostsPage{Own: x.own, New: x.base + "/new", Empty: empty{Title: v.T("write.posts_none")}, Deleted: r.URL.Query().Get("deleted") == "1",
			Pager: newPager(x.base, nil, number, total, v.T("conferences.newer"), v.T("conferences.older"))}
		for i := range list {
			post := &list[i]
			row := deskPost{Title: postName(v, post), Page: "/posts/" + post.Slug, Date: v.stamp(post.Published)}
			if post.Draft {
				row.Page, row.Date = "", v.stamp(post.Created)
				row.Badges = append(row.Badges, badge{"draft", v.T("conf.draft")})
			}
			if post.Visibility != community.Public {
				row.Badges = append(row.Badges, badge{"seen", v.T("write_name.visibility_" + string(post.Visibility))})
			}
			if _, member := post.Author.Member(); member && !x.own {
				row.Badges = append(row.Badges, badge{"by", v.author(post).Name})
			}
			if mayEditPost(v, post) {
				row.Edit = x.path(post)
			}
			p.List = append(p.List, row)
		}
		return s.showWriting(w, r, v, x, "desk_posts", page{Heading: v.T("write.posts"), Body: p}, http.StatusOK)
	})
}

// postName is what a post is called in a list.
func postName(v *viewer, p *community.Post) string {
	if t := v.pick(p.Title).Text; t != "" {
		return t
	}
	return prose.Cut(v.excerpt(p.HTML, 90).Text, 80)
}

// mayEditPost tells whether a reader may change a post: stewards those of the city,
// everyone their own.
func mayEditPost(v *viewer, p *community.Post) bool {
	if handle, ok := p.Author.Member(); ok {
		return handle == v.me.Handle
	}
	return p.Author == community.CityActor && v.me.Role.AtLeast(community.Steward)
}

// newPost is where a post is begun: GET /desk/posts/new, with conf for what it is
// about.
func (s *Server) newPost(x writer) http.HandlerFunc {
	return s.signed(x.role(), func(w http.ResponseWriter, r *http.Request, v *viewer) error {
		f := newForm(nil)
		f.Set("lang", v.city.Languages[0])
		f.Set("visibility", string(community.Public))
		f.Set("conference", r.URL.Query().Get("conf"))
		f.Set("as", "city")
		f.Set("key", newKey())
		return s.showPost(w, r, v, x, nil, f, postEditPage{}, http.StatusOK)
	})
}

// fillPost writes a post into a form.
func (s *Server) fillPost(ctx context.Context, v *viewer, f *form, p *community.Post) error {
	v.fillTexts(f, v.city, map[string]community.Texts{"title": p.Title, "text": p.Text})
	f.Set("warning", p.Warning)
	f.Set("visibility", string(p.Visibility))
	f.Set("tags", strings.Join(p.Tags, ", "))
	if p.ConferenceID != 0 {
		c, err := s.store.ConferenceByID(ctx, p.ConferenceID)
		if err == nil {
			f.Set("conference", c.Slug)
		} else if community.CodeOf(err) != community.NotFound {
			return err
		}
	}
	f.Set("version", version(p.Updated))
	return nil
}

// storedPost reads a post that the reader may change.
func (s *Server) storedPost(r *http.Request, v *viewer) (*community.Post, error) {
	p, err := s.store.Post(r.Context(), param(r, "slug"))
	if err != nil {
		return nil, s.gone(r.Context(), "posts/"+param(r, "slug"), err)
	}
	if !mayEditPost(v, p) || p.Kind != community.OrdinaryPost {
		return nil, community.Errorf(community.NotFound, "there is no such post")
	}
	return p, nil
}

// editPost is where one is edited: GET /desk/posts/{slug} and /me/posts/{slug}.
func (s *Server) editPost(x writer) http.HandlerFunc {
	return s.signed(x.role(), func(w http.ResponseWriter, r *http.Request, v *viewer) error {
		p, err := s.storedPost(r, v)
		if err != nil {
			return err
		}
		f := newForm(nil)
		if err := s.fillPost(r.Context(), v, f, p); err != nil {
			return err
		}
		f.Set("key", newKey())
		body := postEditPage{}
		if done := r.URL.Query().Get("done"); done == "saved" || done == "published" {
			body.Saved = v.T("write_name.done_" + done)
		}
		return s.showPost(w, r, v, x, p, f, body, http.StatusOK)
	})
}

func (s *Server) showPost(w http.ResponseWriter, r *http.Request, v *viewer, x writer, stored *community.Post, f *form, p postEditPage, status int) error {
	ctx := r.Context()
	p.Form, p.Draft, p.New, p.Path, p.Heading, p.Back = f, true, stored == nil, x.base+"/new", v.T("write.post_new"), x.base
	if stored != nil {
		p.Draft, p.Path, p.Heading = stored.Draft, x.path(stored), postName(v, stored)
		p.Delete = x.path(stored) + "/delete"
		if !stored.Draft {
			p.Fixed, p.Page = true, "/posts/"+stored.Slug
		}
	}
	p.Langs, p.More = v.langRows(f, v.T("write.post_title"), false, 12), v.moreLanguages(f)
	for _, x := range []community.Visibility{community.Public, community.Unlisted, community.Followers} {
		p.Visibility = append(p.Visibility, formOption{Value: string(x), Text: v.T("write_name.visibility_" + string(x)), Hint: v.T("write_name.visibility_" + string(x) + "_hint")})
	}
	if !x.own && stored == nil {
		p.As = []formOption{{Value: "city", Text: v.cityName().Text}, {Value: "me", Text: v.me.Name}}
	}
	var err error
	if p.Confs, err = s.confOptions(ctx, v, f.Value("conference")); err != nil {
		return err
	}
	pg := page{Heading: p.Heading, Scripts: writeScripts}
	for i := range maxPostPictures {
		row := pictureRow{Name: "picture_" + strconv.Itoa(i), Label: v.T("write.picture_number", "Number", i+1)}
		switch {
		case i < len(p.Kept):
			row.Picture = p.Kept[i]
		case p.Kept == nil && stored != nil && i < len(stored.Pictures):
			row.Picture = &stored.Pictures[i]
		}
		pg.Pictures = append(pg.Pictures, origins(row.Picture)...)
		p.Pictures = append(p.Pictures, row)
		p.Pictured = p.Pictured || row.Picture != nil || f.Wrong(row.Name) != "" || f.Wrong(row.Name+"_alt") != ""
	}
	pg.Body = p
	if p.Preview != nil {
		for i := range p.Preview.Mock.Pictures {
			pg.Pictures = append(pg.Pictures, origins(&p.Preview.Mock.Pictures[i])...)
		}
	}
	return s.showWriting(w, r, v, x, "desk_post", pg, status)
}

// confOptions are the conferences that a post may be about: the last ones and the
// next, and the one that is chosen.
func (s *Server) confOptions(ctx context.Context, v *viewer, chosen string) ([]formOption, error) {
	past, err := s.store.Conferences(ctx, storage.ConferenceQuery{Own: true, EndsBefore: v.now, Order: storage.ByStartDesc, Limit: 15})
	if err != nil {
		return nil, err
	}
	coming, err := s.store.Conferences(ctx, storage.ConferenceQuery{Own: true, EndsAfter: v.now, Limit: 15})
	if err != nil {
		return nil, err
	}
	out := []formOption{{Value: "", Text: v.T("write.about_none")}}
	for _, c := range append(coming, past...) {
		out = append(out, formOption{Value: c.Slug, Text: prose.Cut(v.pick(c.Title).Text, 60) + " · " + v.day(c.LocalStart(), true)})
	}
	if chosen != "" && !slices.ContainsFunc(out, func(o formOption) bool { return o.Value == chosen }) {
		if c, err := s.store.Conference(ctx, chosen); err == nil && !c.Draft {
			out = append(out, formOption{Value: c.Slug, Text: prose.Cut(v.pick(c.Title).Text, 60)})
		}
	}
	return out, nil
}

// savePost takes what was typed: POST to where a post is begun or edited.
func (s *Server) savePost(x writer, isNew bool) http.HandlerFunc {
	return s.signed(x.role(), s.written(func(w http.ResponseWriter, r *http.Request, v *viewer) error {
		var stored *community.Post
		if !isNew {
			var err error
			if stored, err = s.storedPost(r, v); err != nil {
				return err
			}
		}
		return s.takePost(w, r, v, x, stored)
	}))
}

// postFieldsOf says which field of the form a field of a post is.
func (v *viewer) postFieldsOf(f *form) map[string]string {
	return map[string]string{"title": v.fieldOfLang(f, "title", 1, community.MaxTitle), "text": v.fieldOfLang(f, "text", 1, community.MaxText), "pictures": "picture_0"}
}

// readPost writes what was typed into a post.
func (s *Server) readPost(ctx context.Context, v *viewer, f *form, p *community.Post) error {
	p.Title, p.Text = v.textsOf(f, "title"), v.textsOf(f, "text")
	p.Warning = strings.TrimSpace(f.Value("warning"))
	if len([]rune(p.Warning)) > community.MaxTitle {
		f.wrong("warning", v.T("write.too_long", "Most", community.MaxTitle))
	}
	p.Tags = listed(f.Value("tags"))
	if p.Draft || p.Slug == "" {
		p.Visibility = community.Visibility(f.Value("visibility"))
		if !slices.Contains([]community.Visibility{community.Public, community.Unlisted, community.Followers}, p.Visibility) {
			f.wrong("visibility", v.T("write.choose"))
		}
		p.ConferenceID = 0
		if slug := f.Value("conference"); slug != "" {
			c, err := s.store.Conference(ctx, slug)
			switch {
			case err == nil && !c.Draft:
				p.ConferenceID = c.ID
			case err == nil || community.CodeOf(err) == community.NotFound:
				f.wrong("conference", v.T("write.choose"))
			default:
				return err
			}
		}
	}
	return nil
}

// readPictures takes the pictures of a post: those that were there, and new ones.
func (s *Server) readPictures(r *http.Request, v *viewer, f *form, p *community.Post) ([]*community.Picture, error) {
	kept := make([]*community.Picture, maxPostPictures)
	before := p.Pictures
	p.Pictures = nil
	for i := range kept {
		var now *community.Picture
		if i < len(before) {
			now = &before[i]
		}
		pic, err := s.takePicture(r, v, f, uploadsOf(r), "picture_"+strconv.Itoa(i), now)
		if err != nil {
			return nil, err
		}
		if kept[i] = pic; pic != nil {
			p.Pictures = append(p.Pictures, *pic)
		}
	}
	return kept, nil
}

func (s *Server) takePost(w http.ResponseWriter, r *http.Request, v *viewer, x writer, stored *community.Post) error {
	ctx := r.Context()
	f := newForm(r.PostForm)
	if sentKey(f) == "" {
		f.Set("key", newKey())
	}
	turns := v.turnLanguages(f)
	p := &community.Post{Author: community.CityActor, Draft: true}
	if x.own || stored == nil && f.Value("as") == "me" {
		p.Author, p.AuthorName = community.MemberActor(v.me.Handle), v.me.Name
	}
	if stored != nil {
		copied := *stored
		p = &copied
	}
	before := f.Problems
	kept, err := s.readPictures(r, v, f, p)
	if err != nil {
		return err
	}
	if turns {
		f.Problems = before
		return s.showPost(w, r, v, x, stored, f, postEditPage{Kept: kept}, turned(f))
	}
	if err := s.readPost(ctx, v, f, p); err != nil {
		return err
	}
	sketch := func() *community.Post {
		c := *p
		c.Title, c.Text, c.Tags = slices.Clone(p.Title), slices.Clone(p.Text), slices.Clone(p.Tags)
		return &c
	}
	y := sketch()
	doc, err := s.node.SketchPost(ctx, y)
	if err != nil || !f.OK() {
		if err != nil {
			if err := s.refuseMore(f, v, err, v.postFieldsOf(f)); err != nil {
				return err
			}
		}
		return s.showPost(w, r, v, x, stored, f, postEditPage{Kept: kept}, http.StatusUnprocessableEntity)
	}
	do := f.Value("do")
	if do == "preview" {
		m, err := v.postMock(y, doc)
		if err != nil {
			return err
		}
		return s.showPost(w, r, v, x, stored, f, postEditPage{Kept: kept, Preview: &postPreview{v.pick(y.Title), v.main(y.HTML), m}}, http.StatusOK)
	}
	var out *community.Post
	done := "saved"
	if stored == nil {
		if p.Draft = do != "publish"; !p.Draft {
			done = "published"
		}
		out, err = s.node.AddPost(ctx, v.by(), p, node.Publish{Once: sentKey(f)})
	} else {
		if stored.Draft && do == "publish" {
			done = "published"
		}
		out, err = s.node.EditPost(ctx, v.by(), stored.Slug, node.Edit{Seen: seen(f), Publish: do == "publish"}, func(now *community.Post) error {
			now.Title, now.Text, now.Warning, now.Tags, now.Visibility, now.ConferenceID, now.Pictures = p.Title, p.Text, p.Warning, p.Tags, p.Visibility, p.ConferenceID, p.Pictures
			return nil
		})
	}
	if edited(err) {
		return s.sayWhoWroteFaster(w, r, v, x, stored, f, kept)
	}
	if err != nil {
		status, err := s.refuse(f, v, err, v.postFieldsOf(f))
		if err != nil {
			return err
		}
		return s.showPost(w, r, v, x, stored, f, postEditPage{Kept: kept}, status)
	}
	back := x
	if handle, member := out.Author.Member(); member && handle == v.me.Handle && !x.own {
		back = ownWriter
	}
	return seeOther(back.path(out) + "?done=" + done)
}

// sayWhoWroteFaster gives the form back with what is stored now beside it.
func (s *Server) sayWhoWroteFaster(w http.ResponseWriter, r *http.Request, v *viewer, x writer, stored *community.Post, f *form, kept []*community.Picture) error {
	now, err := s.store.Post(r.Context(), stored.Slug)
	if err != nil {
		return err
	}
	fresh := newForm(nil)
	if err := s.fillPost(r.Context(), v, fresh, now); err != nil {
		return err
	}
	var labels [][2]string
	for _, l := range v.langsOf(f) {
		labels = append(labels, [2]string{"title." + l, v.T("write.post_title")}, [2]string{"text." + l, v.T("write.text")})
	}
	labels = append(labels, [2]string{"warning", v.T("write.warning")}, [2]string{"tags", v.T("write.tags")})
	p := postEditPage{Kept: kept, Changed: changes(f, fresh, labels)}
	if len(p.Changed) == 0 {
		return seeOther(x.path(now) + "?done=saved") // sent twice
	}
	f.Set("version", version(now.Updated))
	f.Error = v.T("error.edited")
	return s.showPost(w, r, v, x, now, f, p, http.StatusConflict)
}

// removePost deletes a post: POST /desk/posts/{slug}/delete with sure.
func (s *Server) removePost(x writer) http.HandlerFunc {
	return s.signed(x.role(), s.written(func(w http.ResponseWriter, r *http.Request, v *viewer) error {
		p, err := s.storedPost(r, v)
		if err != nil {
			return err
		}
		f := newForm(nil)
		if r.PostFormValue("sure") != "1" {
			if err := s.fillPost(r.Context(), v, f, p); err != nil {
				return err
			}
			f.wrong("sure", v.T("write.delete_unsure"))
			return s.showPost(w, r, v, x, p, f, postEditPage{}, http.StatusUnprocessableEntity)
		}
		if err := s.node.DeletePost(r.Context(), v.by(), p.Slug); err != nil {
			return err
		}
		return seeOther(x.base + "?deleted=1")
	}))
}

// previewText renders Markdown as the pages do, for whoever writes it: POST
// /desk/preview with text. The answer is a piece of safe HTML.
func (s *Server) previewText(w http.ResponseWriter, r *http.Request, v *viewer) error {
	text := r.PostFormValue("text")
	if len([]rune(text)) > community.MaxText {
		return community.Errorf(community.Invalid, "at most %d characters", community.MaxText)
	}
	html := raise(prose.Markdown(text))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Content-Language", v.Code)
	w.WriteHeader(http.StatusOK)
	_, err := w.Write([]byte(html))
	return err
}
