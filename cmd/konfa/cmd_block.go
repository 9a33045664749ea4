package main

import (
	"fmt"
	"strings"

	"konfa/blocklist"
	"konfa/community"
	"konfa/node"

	"golang.org/x/net/idna"
)

type blockCmd struct {
	Add    blockAddCmd    `cmd:"" help:"Keep out a server with all its subdomains, or one person."`
	List   blockListCmd   `cmd:"" help:"List who is kept out."`
	Remove blockRemoveCmd `cmd:"" help:"Let them in again."`
	Import blockImportCmd `cmd:"" help:"Read a list of domain blocks as Mastodon exports it (CSV)."`
}

type blockView struct {
	Domain   string             `json:"domain,omitempty"`
	Actor    string             `json:"actor,omitempty"`
	Severity community.Severity `json:"severity"`
	Reason   string             `json:"reason,omitempty"`
	By       string             `json:"by,omitempty"`
	Created  string             `json:"created,omitempty"`
}

func blockOf(b *community.Block) blockView {
	return blockView{b.Domain, b.ActorURI, b.Severity, b.Reason, b.By, stamp(b.Created)}
}

// blockTarget tells a domain from an actor: their id, or the address of one who
// is known here.
func (a *app) blockTarget(n *node.Node, what string) (domain, actor string, err error) {
	what = strings.TrimSpace(what)
	if strings.Contains(what, "://") {
		return "", what, nil
	}
	handle, host, ok := strings.Cut(strings.TrimPrefix(what, "@"), "@")
	if !ok {
		domain, err = blockDomain(what)
		return domain, "", err
	}
	if host, err = blockDomain(host); err != nil {
		return "", "", err
	}
	known, err := n.Store().ActorByAddress(a.ctx, handle, host)
	if err != nil {
		return "", "", notFoundHint(err, "nobody of this address is known here; give the address of their profile as their server writes it")
	}
	return "", known.URI, nil
}

func blockDomain(what string) (string, error) {
	d := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(what), "*."), "."))
	name, port, _ := strings.Cut(d, ":")
	ascii, err := idna.Lookup.ToASCII(name)
	if err != nil || ascii == "" || strings.ContainsAny(ascii, "/@ ") {
		return "", withHint(fmt.Errorf("%q is not a domain", what), "write it like spam.example, or name one actor: @name@host")
	}
	if port != "" {
		ascii += ":" + port
	}
	return ascii, nil
}

type blockAddCmd struct {
	Target   string `arg:"" help:"A domain, or one actor: @name@host, or their id."`
	Severity string `help:"suspend refuses everything; silence takes what they send but shows it nowhere." default:"suspend" enum:"suspend,silence"`
	Reason   string `help:"Why." placeholder:"TEXT"`
}

func (x *blockAddCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	domain, actor, err := a.blockTarget(n, x.Target)
	if err != nil {
		return err
	}
	b := &community.Block{Domain: domain, ActorURI: actor, Severity: community.Severity(x.Severity), Reason: x.Reason}
	if err := n.AddBlock(a.ctx, console, b); err != nil {
		return err
	}
	return a.print(blockOf(b), func() { a.say("%s: %s", b.Severity, domain+actor) })
}

type blockListCmd struct{}

func (x *blockListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	list, err := n.Store().Blocks(a.ctx)
	if err != nil {
		return err
	}
	views := make([]blockView, len(list))
	rows := make([][]string, len(list))
	for i := range list {
		views[i] = blockOf(&list[i])
		rows[i] = []string{list[i].Domain + list[i].ActorURI, string(list[i].Severity), short(list[i].Reason, 60), list[i].By}
	}
	return a.print(views, func() { a.table("nobody is kept out", []string{"WHO", "SEVERITY", "REASON", "BY"}, rows) })
}

type blockRemoveCmd struct {
	Target string `arg:"" help:"A domain, or one actor: @name@host, or their id."`
}

func (x *blockRemoveCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	domain, actor, err := a.blockTarget(n, x.Target)
	if err != nil {
		return err
	}
	if err := n.RemoveBlock(a.ctx, console, domain, actor); err != nil {
		return notFoundHint(err, "konfa block list shows them")
	}
	return a.print(struct {
		Removed string `json:"removed"`
	}{domain + actor}, func() { a.say("no longer kept out: %s", domain+actor) })
}

type blockImportCmd struct {
	File string `arg:"" help:"The CSV file, - for standard input."`
}

func (x *blockImportCmd) Run(a *app) error {
	text, err := a.readFile(x.File)
	if err != nil {
		return err
	}
	blocks, problems, err := blocklist.Read(strings.NewReader(text))
	if err != nil {
		return err
	}
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	added, err := n.ImportBlocks(a.ctx, console, blocks)
	if err != nil {
		return err
	}
	bad := make([]rowProblem, len(problems))
	for i, p := range problems {
		bad[i] = rowProblem{Line: p.Line, Msg: p.Msg}
	}
	out := struct {
		Added    int          `json:"added"`
		Known    int          `json:"known"`
		Problems []rowProblem `json:"problems"`
	}{added, len(blocks) - added, bad}
	return a.print(out, func() {
		a.say("%d added, %d known before, %d lines skipped", out.Added, out.Known, len(bad))
		for _, b := range bad {
			fmt.Fprintf(a.err, "line %d: %s\n", b.Line, clean(b.Msg))
		}
	})
}

// rowProblem is a row of an import that was skipped.
type rowProblem struct {
	Line  int    `json:"line"`
	Title string `json:"title,omitempty"`
	Msg   string `json:"message"`
}
