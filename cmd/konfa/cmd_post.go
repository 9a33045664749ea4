package main

import (
	"errors"
	"reflect"
	"strings"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

type postCmd struct {
	Add    postAddCmd    `cmd:"" default:"withargs" help:"Say something: konfa post \"See you on Thursday\"."`
	List   postListCmd   `cmd:"" help:"What was said last."`
	Show   postShowCmd   `cmd:"" help:"Show one post."`
	Edit   postEditCmd   `cmd:"" help:"Change a post; followers get the new text."`
	Delete postDeleteCmd `cmd:"" help:"Delete a post; its address answers 410 for ever."`
}

type postAddCmd struct {
	Text       string   `arg:"" optional:"" help:"What to say, in Markdown."`
	Title      string   `help:"With a title it is an article." placeholder:"TITLE"`
	TitleIn    []string `name:"title-in" sep:"none" help:"The title in one more language." placeholder:"LANG=TITLE"`
	TextIn     []string `name:"text-in" sep:"none" help:"The text in one more language." placeholder:"LANG=TEXT"`
	File       string   `help:"Read the text from a file, - for standard input." placeholder:"FILE"`
	Lang       string   `help:"The language of the text (default: the city's main one)." placeholder:"LANG"`
	As         string   `help:"Say it as a member, not as the city." placeholder:"HANDLE"`
	ReplyTo    string   `help:"What it answers." placeholder:"ADDRESS"`
	Warning    string   `help:"A content warning." placeholder:"TEXT"`
	Visibility string   `help:"public, unlisted or followers." default:"public" enum:"public,unlisted,followers"`
	Tag        []string `aliases:"tags" help:"Tags." placeholder:"TAG"`
	Draft      bool     `help:"Keep it a draft."`
	Quiet      bool     `help:"Publish without telling followers."`
}

func (x *postAddCmd) Run(a *app) error {
	text := x.Text
	if x.File != "" {
		if text != "" {
			return usagef("leave one out", "the text is given twice: as an argument and by --file")
		}
		b, err := a.readFile(x.File)
		if err != nil {
			return err
		}
		text = b
	}
	if strings.TrimSpace(text) == "" {
		return usagef(`say konfa post "See you on Thursday", or konfa post --file - to read it`, "there is nothing to say")
	}
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	if x.ReplyTo != "" {
		// Whom it answers must be known, to get it.
		fed, err := connect(c, n)
		if err != nil {
			return err
		}
		if err := fed.Know(a.ctx, x.ReplyTo); err != nil {
			return withHint(err, "give the address of the post itself; konfa inspect ADDRESS shows what stands there")
		}
	}
	city, err := n.City(a.ctx)
	if err != nil {
		return err
	}
	if x.Lang == "" {
		x.Lang = city.Languages[0]
	}
	var p problems
	post := &community.Post{
		Title: inLanguages(&p, "--title-in", x.Lang, x.Title, x.TitleIn), Text: inLanguages(&p, "--text-in", x.Lang, text, x.TextIn),
		Warning: x.Warning, ReplyTo: x.ReplyTo, Visibility: community.Visibility(x.Visibility), Tags: nonEmpty(x.Tag), Draft: x.Draft,
	}
	if err := p.err(); err != nil {
		return err
	}
	by := console
	if x.As != "" && x.As != string(community.CityActor) {
		m, err := findMember(a, n, x.As)
		if err != nil {
			return err
		}
		post.Author = community.MemberActor(m.Handle)
	}
	made, err := n.AddPost(a.ctx, by, post, node.Publish{Quiet: x.Quiet})
	if err != nil {
		return err
	}
	return a.printPost(n.Site(), made)
}

func (a *app) printPost(site community.Site, p *community.Post) error {
	v := postOf(site, p)
	return a.print(v, func() {
		a.say("%s", v.URL)
		if v.Title != "" {
			a.say("%s", clean(v.Title))
		}
		for _, t := range p.Text {
			for _, l := range strings.Split(t.Text, "\n") {
				a.say("%s", clean(l))
			}
		}
	})
}

type postListCmd struct {
	Drafts bool `help:"Drafts too."`
	Others bool `help:"What others said to us, too."`
	Limit  int  `help:"At most so many." default:"50" placeholder:"N"`
}

func (x *postListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	list, err := n.Store().Posts(a.ctx, storage.PostQuery{Own: !x.Others, Kinds: []community.PostKind{community.OrdinaryPost}, Drafts: x.Drafts, Limit: x.Limit})
	if err != nil {
		return err
	}
	views := make([]postView, len(list))
	rows := make([][]string, len(list))
	for i := range list {
		v := postOf(n.Site(), &list[i])
		views[i] = v
		first := v.Title
		if first == "" {
			first = list[i].Text.First()
		}
		if first == "" {
			first = list[i].HTML.First()
		}
		rows[i] = []string{v.Published, v.Author, short(first, 60), v.URL}
	}
	return a.print(views, func() { a.table("nothing was said yet", []string{"PUBLISHED", "BY", "TEXT", "ADDRESS"}, rows) })
}

// findPost finds a post of ours by slug or address.
func findPost(a *app, n *node.Node, what string) (*community.Post, error) {
	if slug, ok := n.Site().PostSlug(what); ok {
		what = slug
	}
	p, err := n.Store().Post(a.ctx, what)
	if e, ok := errors.AsType[*community.Error](err); ok && e.Code == community.NotFound {
		if _, gone := n.Store().Tombstone(a.ctx, "posts/"+what); gone == nil {
			return nil, community.Errorf(community.Gone, "the post %s was deleted", what)
		}
		return nil, community.Errorf(community.NotFound, "there is no post %s", what).WithHint("konfa post list shows them")
	}
	return p, err
}

type postShowCmd struct {
	Post string `arg:"" help:"Its slug or address."`
}

func (x *postShowCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	p, err := findPost(a, n, x.Post)
	if err != nil {
		return err
	}
	return a.printPost(n.Site(), p)
}

type postEditCmd struct {
	Post    string   `arg:"" help:"Its slug or address."`
	Text    string   `arg:"" optional:"" help:"The new text."`
	Title   string   `help:"The new title." placeholder:"TITLE"`
	TextIn  []string `name:"text-in" sep:"none" help:"The text in one more language." placeholder:"LANG=TEXT"`
	File    string   `help:"Read the new text from a file, - for standard input." placeholder:"FILE"`
	Lang    string   `help:"The language of the text." placeholder:"LANG"`
	Warning *string  `help:"A content warning." placeholder:"TEXT"`
}

func (x *postEditCmd) Run(a *app) error {
	said := *x
	said.Post, said.Lang = "", ""
	if reflect.ValueOf(said).IsZero() {
		return usagef("say the new text: konfa post edit NAME \"See you on Friday\", or --file - to read it", "nothing is to be changed")
	}
	text := x.Text
	if x.File != "" {
		b, err := a.readFile(x.File)
		if err != nil {
			return err
		}
		text = b
	}
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	p, err := findPost(a, n, x.Post)
	if err != nil {
		return err
	}
	p, err = n.UpdatePost(a.ctx, console, p.Slug, func(p *community.Post) error {
		lang := x.Lang
		if langs := p.Text.Languages(); lang == "" && len(langs) > 0 {
			lang = langs[0]
		}
		var wrong problems
		for _, t := range inLanguages(&wrong, "--text-in", lang, text, x.TextIn) {
			p.Text = putPhrase(p.Text, t)
		}
		if x.Title != "" {
			p.Title = putPhrase(p.Title, community.Phrase{Lang: lang, Text: x.Title})
		}
		put(&p.Warning, x.Warning)
		return wrong.err()
	})
	if err != nil {
		return err
	}
	return a.printPost(n.Site(), p)
}

type postDeleteCmd struct {
	Post string `arg:"" help:"Its slug or address."`
}

func (x *postDeleteCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	p, err := findPost(a, n, x.Post)
	if err != nil {
		return err
	}
	if err := n.DeletePost(a.ctx, console, p.Slug); err != nil {
		return err
	}
	return a.print(doneView{Deleted: p.Slug, URL: n.Site().Post(p.Slug)}, func() { a.say("deleted %s", p.Slug) })
}
