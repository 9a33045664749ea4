package main

import (
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"konfa/community"
	"konfa/mail"
	"konfa/node"
	"konfa/storage"
)

type mailCmd struct {
	List mailListCmd `cmd:"" default:"withargs" help:"What was sent, what waits and why, and what would have been sent."`
	Show mailShowCmd `cmd:"" help:"Print a letter as its reader sees it."`
	Test mailTestCmd `cmd:"" help:"Send a letter, and see what the mail server says."`
}

// newPost makes the sender of letters that the configuration describes.
func newPost(c *Config, n *node.Node, log *slog.Logger) (*mail.Post, error) {
	o := mail.Options{From: c.SMTPFrom, Log: log}
	if c.SMTP != "" {
		var err error
		if o.Server, err = mail.ParseServer(c.SMTP); err != nil {
			return nil, err
		}
		if o.RootCAs, err = c.RootCAs(); err != nil {
			return nil, err
		}
	}
	return mail.New(n, o), nil
}

// letterView is a letter in JSON. A link that lets its reader in is not in it.
type letterView struct {
	ID         int64                 `json:"id"`
	Kind       community.LetterKind  `json:"kind"`
	To         string                `json:"to"`
	State      community.LetterState `json:"state"`
	Attempts   int                   `json:"attempts"`
	Created    string                `json:"created"`
	NextTry    string                `json:"next_try,omitempty"`
	Done       string                `json:"done,omitempty"`
	Error      string                `json:"error,omitempty"`
	Receipt    string                `json:"receipt,omitempty"`
	Guest      int64                 `json:"guest,omitempty"`
	Conference int64                 `json:"conference,omitempty"`
}

func letterOf(l *community.Letter) letterView {
	v := letterView{ID: l.ID, Kind: l.Kind, To: l.To, State: l.State, Attempts: l.Attempts, Created: stamp(l.Created), Done: stamp(l.Sent),
		Error: l.LastError, Receipt: l.Receipt, Guest: l.GuestID, Conference: l.ConferenceID}
	if l.State == community.LetterDue {
		v.NextTry = stamp(l.NextTry)
	}
	return v
}

type mailListCmd struct {
	State string `help:"Only those: waiting, sent, failed, kept or stopped." placeholder:"STATE"`
	Conf  string `help:"Only those about a conference." placeholder:"SLUG"`
	To    string `help:"Only those to an address." placeholder:"ADDRESS"`
	Limit int    `help:"At most so many." default:"50" placeholder:"N"`
}

func (x *mailListCmd) Run(a *app) error {
	if x.State != "" && !slices.Contains(community.LetterStates, community.LetterState(x.State)) {
		return usageError{withHint(errors.New("no letter is "+x.State), "a letter is waiting, sent, failed, kept or stopped")}
	}
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	q := storage.LetterQuery{State: community.LetterState(x.State), Address: x.To, Limit: x.Limit}
	if x.Conf != "" {
		c, err := n.Store().Conference(a.ctx, x.Conf)
		if err != nil {
			return err
		}
		q.ConferenceID = c.ID
	}
	list, err := n.Store().Letters(a.ctx, q)
	if err != nil {
		return err
	}
	views := make([]letterView, len(list))
	for i := range list {
		views[i] = letterOf(&list[i])
	}
	return a.print(views, func() {
		rows := make([][]string, len(list))
		for i, l := range list {
			rows[i] = []string{strconv.FormatInt(l.ID, 10), a.ago(l.Created), string(l.Kind), l.To, string(l.State), short(orElse(l.LastError, l.Receipt), 60)}
		}
		a.table("no letters", []string{"ID", "WRITTEN", "KIND", "TO", "STATE", "WHY"}, rows)
	})
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

type mailShowCmd struct {
	ID   int64 `arg:"" help:"Its number, as konfa mail list has it."`
	Full bool  `help:"As it is sent, with headers, HTML and calendar."`
}

func (x *mailShowCmd) Run(a *app) error {
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	l, err := n.Store().Letter(a.ctx, x.ID)
	if err != nil {
		return err
	}
	about, err := mail.Read(a.ctx, n.Store().Reader, l)
	if err != nil {
		return err
	}
	m, err := mail.Compose(n.Site(), orElse(c.SMTPFrom, mail.DefaultFrom(n.Site())), l, *about)
	if err != nil {
		return err
	}
	v := struct {
		letterView
		Subject string `json:"subject"`
		Text    string `json:"text"`
		HTML    string `json:"html"`
	}{letterOf(l), m.Subject, m.Text, m.HTML}
	if x.Full && !a.cli.JSON {
		_, err := m.WriteTo(a.out)
		return err
	}
	return a.print(v, func() { a.say("To: %s\nSubject: %s\n\n%s", clean(l.To), clean(m.Subject), m.Text) })
}

type mailTestCmd struct {
	Address string `arg:"" help:"Where to send it."`
}

func (x *mailTestCmd) Run(a *app) error {
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	post, err := newPost(c, n, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	l, err := n.WriteTest(a.ctx, console, x.Address, "")
	if err != nil {
		return err
	}
	done, err := post.SendOne(a.ctx, l.ID)
	// A running serve may have been quicker.
	for end := a.now().Add(90 * time.Second); community.CodeOf(err) == community.Conflict && a.now().Before(end); {
		time.Sleep(200 * time.Millisecond)
		if done, err = n.Store().Letter(a.ctx, l.ID); err == nil && done.State == community.LetterDue && done.Attempts == 0 {
			err = community.Errorf(community.Conflict, "another process has not said yet what became of the letter")
		}
	}
	if err != nil {
		return err
	}
	if err := a.print(letterOf(done), func() {
		switch done.State {
		case community.LetterSent:
			a.say("sent to %s: %s", clean(done.To), clean(done.Receipt))
		case community.LetterKept:
			a.say("kept: no mail server is set up, so that stewards see it at the desk; set smtp to send it")
		}
	}); err != nil {
		return err
	}
	if done.State == community.LetterDue || done.State == community.LetterLost {
		return withHint(errors.New("the letter was not sent: "+clean(done.LastError)), "see smtp and smtp_from in the configuration")
	}
	return nil
}
