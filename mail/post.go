package mail

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// Times and bounds of sending.
const (
	claimFor    = 5 * time.Minute // longer than serverTime, so that no letter has two senders
	firstPause  = time.Minute     // before a letter is tried again; then twice as long, and so on
	longestWait = 6 * time.Hour
	idle        = 30 * time.Second // how long nothing is looked for when nobody calls
	shortRest   = 15 * time.Second // after the mail server could not be reached
	longestRest = 10 * time.Minute

	// perHour is how many letters one address gets in an hour, whatever
	// happens: more is a mistake or a mischief.
	perHour = 30
)

// Reasons for which a letter was not sent, as its LastError says them.
const (
	TooLate  = "late"     // what it is about has begun, or is over
	Outdated = "outdated" // its reader stands elsewhere by now
	Off      = "off"      // its reader wants no such mail
)

// Options say how mail is sent.
type Options struct {
	Server  *Server // nil: letters are kept
	From    string  // address that letters come from; empty: no-reply at the host of the node
	Log     *slog.Logger
	RootCAs *x509.CertPool // whom to trust; nil: the system's
	// Dial connects to the server; nil: as usual.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Post sends the letters of a node.
type Post struct {
	node  *node.Node
	store *storage.Store
	o     Options
	owner string // of the letters that this process claims

	client *gomail.Client // with a connection, or nil
	rest   time.Duration  // how long the next rest is, after the server could not be reached
	until  time.Time      // when this rest is over
	why    string         // why it could not be reached
}

// New makes the sender of a node's letters. It is for one goroutine.
func New(n *node.Node, o Options) *Post {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.From == "" {
		o.From = DefaultFrom(n.Site())
	}
	return &Post{node: n, store: n.Store(), o: o, owner: rand.Text()}
}

// DefaultFrom is the address that letters come from where nobody chose one.
func DefaultFrom(site community.Site) string { return "no-reply@" + hostname(site) }

// Run sends letters until ctx ends.
func (p *Post) Run(ctx context.Context) error {
	defer p.hangUp()
	wake := p.store.Watch(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-timer.C:
		}
		n, err := p.Send(ctx)
		if err != nil && ctx.Err() == nil {
			p.o.Log.Error("sending letters", "error", err)
		}
		if n > 0 {
			p.o.Log.Debug("letters were dealt with", "count", n)
		}
		timer.Reset(p.wait(ctx))
	}
}

// wait is how long there is nothing to do.
func (p *Post) wait(ctx context.Context) time.Duration {
	d := idle
	if next, err := p.store.NextLetter(ctx); err == nil && !next.IsZero() {
		d = min(d, next.Sub(p.node.Now()))
	}
	if rest := p.until.Sub(p.node.Now()); rest > 0 {
		d = max(d, rest)
	}
	return max(d, 50*time.Millisecond)
}

// Send deals with the letters that are due: sends them over one connection, or
// notes why not. It tells how many they were. While the mail server cannot be
// reached, they wait.
func (p *Post) Send(ctx context.Context) (int, error) {
	defer p.hangUp()
	for n := 0; ; n++ {
		if ctx.Err() != nil || p.until.After(p.node.Now()) {
			return n, ctx.Err()
		}
		l, err := p.claim(ctx, 0)
		if l == nil || err != nil {
			return n, err
		}
		if err := p.settle(ctx, l); err != nil {
			return n, err
		}
	}
}

// SendOne deals with one letter that waits, whether it is due or not, and returns
// it as it is afterwards. Conflict while another process has it.
func (p *Post) SendOne(ctx context.Context, id int64) (*community.Letter, error) {
	defer p.hangUp()
	l, err := p.claim(ctx, id)
	if err != nil {
		return nil, err
	}
	if l == nil {
		return nil, community.Errorf(community.Conflict, "this letter is being sent already, or was")
	}
	if err := p.settle(ctx, l); err != nil {
		return nil, err
	}
	return p.store.Letter(ctx, id)
}

// claim takes a letter for this process, or returns nil.
func (p *Post) claim(ctx context.Context, id int64) (*community.Letter, error) {
	if id == 0 {
		// A look costs no transaction.
		if next, err := p.store.NextLetter(ctx); err != nil || next.IsZero() || next.After(p.node.Now()) {
			return nil, err
		}
	}
	var l *community.Letter
	err := p.store.Write(ctx, func(tx *storage.Tx) (err error) {
		l, err = tx.ClaimLetter(ctx, id, p.owner, tx.Now().Add(claimFor))
		return err
	})
	if community.CodeOf(err) == community.NotFound {
		return nil, nil
	}
	return l, err
}

// settle sends a claimed letter, or does not, and notes what came of it.
func (p *Post) settle(ctx context.Context, l *community.Letter) error {
	p.try(ctx, l)
	now := p.node.Now()
	if l.State != community.LetterDue {
		l.Sent = now
		if l.Kind.Secret() && l.State != community.LetterKept {
			delete(l.Args, "Link") // it need not lie around
		}
	}
	// What was sent is noted even if we are being stopped.
	ctx = context.WithoutCancel(ctx)
	return p.store.Write(ctx, func(tx *storage.Tx) error {
		_, err := tx.SettleLetter(ctx, l, p.owner)
		return err
	})
}

// try changes the letter into what it is after one try.
func (p *Post) try(ctx context.Context, l *community.Letter) {
	later := func(why string, wait time.Duration) {
		l.LastError, l.NextTry = why, p.node.Now().Add(wait)
		if l.NextTry.Sub(l.Created) > community.TryLetters {
			l.State = community.LetterLost
			p.o.Log.Warn("a letter is given up", "letter", l.ID, "kind", string(l.Kind), "error", why)
		}
	}
	a, err := p.about(ctx, l)
	if err != nil {
		p.o.Log.Error("reading what a letter is about", "letter", l.ID, "error", err)
		later(err.Error(), backoff(l.Attempts))
		l.Attempts++
		return
	}
	why, err := p.unfit(ctx, l, a)
	if err != nil {
		later(err.Error(), backoff(l.Attempts))
		l.Attempts++
		return
	}
	if why != "" {
		l.State, l.LastError = community.LetterUnfit, why
		return
	}
	m, err := Compose(p.node.Site(), p.o.From, l, *a)
	if err != nil {
		l.State, l.LastError = community.LetterLost, line(err.Error(), 500)
		return
	}
	if p.o.Server == nil {
		l.State, l.LastError = community.LetterKept, ""
		return
	}
	if n, err := p.store.CountSent(ctx, l.To, p.node.Now().Add(-time.Hour)); err != nil || n >= perHour {
		later("this address got too many letters within an hour", time.Hour)
		return
	}
	if err := p.connect(ctx); err != nil {
		// The server is to blame, and all letters wait for it.
		p.rest = min(max(2*p.rest, shortRest), longestRest)
		p.until, p.why = p.node.Now().Add(p.rest), line(err.Error(), 500)
		p.o.Log.Warn("the mail server cannot be reached", "error", p.why, "again_in", p.rest.String())
		l.Attempts++
		later(p.why, p.rest)
		return
	}
	p.rest, p.why = 0, ""
	o := hand(p.client, m)
	l.Attempts++
	if o.broken {
		p.hangUp()
	}
	switch {
	case o.sent:
		l.State, l.LastError, l.Receipt = community.LetterSent, "", o.receipt
	case o.final:
		l.State, l.LastError = community.LetterLost, o.err
		p.o.Log.Info("a letter was refused", "letter", l.ID, "kind", string(l.Kind), "error", o.err)
	default:
		later(o.err, backoff(l.Attempts-1))
	}
}

// backoff is how long a letter waits after so many tries: a minute, two, four,
// each a quarter more or less, so that not all come at once.
func backoff(tries int) time.Duration {
	d := min(firstPause<<min(tries, 12), longestWait)
	return d*3/4 + mathrand.N(d/2)
}

func (p *Post) connect(ctx context.Context) error {
	if p.client != nil {
		return nil
	}
	var conn net.Conn
	c, err := p.o.Server.client(hostname(p.node.Site()), p.o.RootCAs, p.o.Dial, func(c net.Conn) { conn = c })
	if err != nil {
		return err
	}
	if err := c.DialWithContext(ctx); err != nil {
		if conn != nil {
			_ = conn.Close()
		}
		return err
	}
	p.client = c
	return nil
}

func (p *Post) hangUp() {
	if p.client != nil {
		_ = p.client.Close() // a goodbye that nobody hears does no harm
		p.client = nil
	}
}

// about reads what a letter is about.
func (p *Post) about(ctx context.Context, l *community.Letter) (*About, error) {
	return Read(ctx, p.store.Reader, l)
}

// Read reads what a letter is about.
func Read(ctx context.Context, r *storage.Reader, l *community.Letter) (*About, error) {
	city, err := r.City(ctx)
	if err != nil {
		return nil, err
	}
	a := &About{City: city}
	there := func(err error) error {
		if community.CodeOf(err) == community.NotFound {
			return nil
		}
		return err
	}
	if l.ConferenceID != 0 {
		if a.Conference, err = r.ConferenceByID(ctx, l.ConferenceID); there(err) != nil {
			return nil, err
		}
	}
	if l.GuestID != 0 {
		if a.Guest, err = r.GuestByID(ctx, l.GuestID); there(err) != nil {
			return nil, err
		}
	}
	if l.MemberID != 0 {
		if a.Member, err = r.MemberByID(ctx, l.MemberID); there(err) != nil {
			return nil, err
		}
	}
	return a, nil
}

// stands are the states in which a guest is still told what a letter says.
var stands = map[community.LetterKind][]community.GuestState{
	community.LetterConfirm:   {community.Unconfirmed},
	community.LetterGoing:     {community.Going},
	community.LetterMaybe:     {community.Maybe},
	community.LetterWaiting:   {community.Waitlisted},
	community.LetterPending:   {community.Pending},
	community.LetterOffered:   {community.SeatOffered},
	community.LetterMovedUp:   {community.Going},
	community.LetterDeclined:  {community.Declined},
	community.LetterLeft:      {community.NotGoing},
	community.LetterReconfirm: {community.Going},
	community.LetterReminder:  {community.Going},
	community.LetterThanks:    {community.Going},
}

// unfit tells why a letter is better not sent any more, or "".
func (p *Post) unfit(ctx context.Context, l *community.Letter, a *About) (string, error) {
	now := p.node.Now()
	if l.Kind.Optional() {
		memberID, address := l.MemberID, strings.ToLower(l.To)
		if memberID != 0 {
			address = ""
		}
		off, err := p.store.MailOff(ctx, memberID, address)
		if err != nil || slices.Contains(off, l.Kind) {
			return Off, err
		}
	}
	if a.Member != nil && !a.Member.Active() {
		return Outdated, nil
	}
	if l.Kind == community.LetterSignIn && now.Sub(l.Created) >= community.KeepSignIn {
		return TooLate, nil
	}
	if until, err := time.Parse(time.RFC3339, l.Args["Until"]); err == nil && !until.After(now) {
		return TooLate, nil
	}
	states, ok := stands[l.Kind]
	if ok && l.GuestID != 0 && (a.Guest == nil || !slices.Contains(states, a.Guest.State)) {
		return Outdated, nil
	}
	c := a.Conference
	if c == nil {
		return "", nil
	}
	switch l.Kind {
	case community.LetterReminder, community.LetterReconfirm:
		if c.Status == community.Cancelled || c.Status == community.Postponed {
			return Outdated, nil
		}
		if !c.Start.After(now) {
			return TooLate, nil
		}
	case community.LetterThanks:
		if now.Sub(c.End) > 7*24*time.Hour {
			return TooLate, nil
		}
	case community.LetterMessage, community.LetterLeft:
	case community.LetterCancelled:
		if c.Status != community.Cancelled {
			return Outdated, nil // it takes place after all
		}
		if c.Past(now) {
			return TooLate, nil
		}
	default:
		if c.Past(now) {
			return TooLate, nil
		}
	}
	return "", nil
}
