package mail

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// town is a founded city on a real database, with a clock that the test moves.
type town struct {
	*testing.T
	*node.Node
	mu  sync.Mutex
	now time.Time
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{T: t, now: time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)}
	clock := func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
	store, err := storage.Open(t.Context(), storage.Options{Data: t.TempDir(), Clock: clock, Synchronous: "OFF"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w.Node = node.New(store, community.NewSite("https://bg.example"), node.Options{Clock: clock, Log: quiet()})
	if err := w.Found(t.Context(), belgrade(), &community.Member{Handle: "anna", Name: "Anna", Email: "anna@x.example"}); err != nil {
		t.Fatal(err)
	}
	return w
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func belgrade() *community.City {
	return &community.City{Handle: "belgrade", Name: community.Texts{{Lang: "en", Text: "Belgrade"}, {Lang: "ru", Text: "Белград"}},
		Zone: "Europe/Belgrade", Country: "RS", Languages: []string{"en", "ru"}}
}

func (w *town) pass(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.now = w.now.Add(d) }

// write queues a letter.
func (w *town) write(l community.Letter) *community.Letter {
	w.Helper()
	if l.Kind == "" {
		l.Kind = community.LetterTest
	}
	l.State, l.Created, l.NextTry = community.LetterDue, w.Now(), w.Now()
	if err := w.Store().Write(w.Context(), func(tx *storage.Tx) error { return tx.InsertLetter(w.Context(), &l) }); err != nil {
		w.Fatal(err)
	}
	return &l
}

// look reads a letter as it is now.
func (w *town) look(l *community.Letter) *community.Letter {
	w.Helper()
	out, err := w.Store().Letter(w.Context(), l.ID)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

func (w *town) send(p *Post, want int) {
	w.Helper()
	if n, err := p.Send(w.Context()); err != nil || n != want {
		w.Fatalf("%d letters were dealt with, want %d: %v", n, want, err)
	}
}

func near(s *smtpd) *Server { return &Server{Host: "127.0.0.1", Port: s.port()} }

func TestSending(t *testing.T) {
	w, s := newTown(t), newSMTPD(t, nil)
	p := New(w.Node, Options{Server: near(s), Log: quiet()})
	w.send(p, 0)
	a, b := w.write(community.Letter{To: "eva@x.example"}), w.write(community.Letter{To: "ada@x.example", Lang: "ru"})
	full, nobody := w.write(community.Letter{To: "full@x.example"}), w.write(community.Letter{To: "nobody@x.example"})
	spam := w.write(community.Letter{To: "ivo@x.example", Kind: community.LetterSignIn, Args: map[string]string{"Name": "x", "Link": "https://bg.example/SPAM"}})
	bad := w.write(community.Letter{To: "x@x.example\r\nRCPT TO:<victim@x.example>"})
	w.send(p, 6)
	got, conns := s.mails()
	if len(got) != 2 || conns != 1 || got[0].from != "no-reply@bg.example" || got[0].to != "eva@x.example" || got[1].to != "ada@x.example" {
		t.Fatalf("%d connections: %+v", conns, got)
	}
	for _, l := range []*community.Letter{a, b} {
		if l := w.look(l); l.State != community.LetterSent || !strings.Contains(l.Receipt, "queued as") || l.Attempts != 1 || !l.Sent.Equal(w.Now()) {
			t.Fatalf("%+v", l)
		}
	}
	if l := w.look(full); l.State != community.LetterDue || !strings.Contains(l.LastError, "452") || !l.NextTry.After(w.Now()) {
		t.Fatalf("%+v", l)
	}
	if l := w.look(nobody); l.State != community.LetterLost || !strings.Contains(l.LastError, "nobody of that name") {
		t.Fatalf("%+v", l)
	}
	if l := w.look(spam); l.State != community.LetterLost || l.Args["Link"] != "" || l.Args["Name"] != "x" {
		t.Fatalf("%+v", l)
	}
	if l := w.look(bad); l.State != community.LetterLost || !strings.Contains(l.LastError, "not an e-mail address") {
		t.Fatalf("%+v", l)
	}
	// What is refused for now is tried again for three days, ever more seldom.
	tries := 1
	for range 1000 {
		l := w.look(full)
		if l.State != community.LetterDue {
			break
		}
		w.mu.Lock()
		wait := l.NextTry.Sub(w.now)
		w.now = l.NextTry
		w.mu.Unlock()
		if wait < 40*time.Second || wait > 8*time.Hour {
			t.Fatalf("it waits for %s", wait)
		}
		w.send(p, 1)
		tries++
	}
	if l := w.look(full); l.State != community.LetterLost || tries < 12 || tries > 40 || w.Now().Sub(l.Created) < 2*24*time.Hour {
		t.Fatalf("after %d tries: %+v", tries, l)
	}
}

func TestOnlyOneSends(t *testing.T) {
	w, s := newTown(t), newSMTPD(t, nil)
	const letters = 40
	for range letters {
		w.write(community.Letter{To: "eva@x.example", Kind: community.LetterApplication})
	}
	// More than perHour to one address are put off.
	var wg sync.WaitGroup
	for range 4 {
		p := New(w.Node, Options{Server: near(s), Log: quiet()})
		wg.Go(func() {
			if _, err := p.Send(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, _ := s.mails()
	seen := map[string]bool{}
	for _, m := range got {
		id := header(t, m.data).Get("Message-Id")
		if seen[id] {
			t.Fatalf("%s was sent twice", id)
		}
		seen[id] = true
	}
	if len(got) < perHour || len(got) > perHour+4 {
		t.Fatalf("%d letters went to one address in an hour", len(got))
	}
	w.pass(61 * time.Minute)
	if _, err := New(w.Node, Options{Server: near(s), Log: quiet()}).Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.mails(); len(got) != letters {
		t.Fatalf("%d letters were sent in the end", len(got))
	}
}

// A server that cannot be reached holds up all letters, and none is lost.
func TestServerAway(t *testing.T) {
	w := newTown(t)
	s := newSMTPD(t, nil)
	addr := near(s)
	s.ln.Close()
	a, b := w.write(community.Letter{To: "eva@x.example"}), w.write(community.Letter{To: "ada@x.example"})
	p := New(w.Node, Options{Server: addr, Log: quiet()})
	w.send(p, 1)
	w.send(p, 0)
	if l := w.look(a); l.State != community.LetterDue || l.LastError == "" {
		t.Fatalf("%+v", l)
	}
	if l := w.look(b); l.State != community.LetterDue || l.Attempts != 0 {
		t.Fatalf("%+v", l)
	}
	w.pass(longestRest)
	back := newSMTPD(t, nil)
	p.o.Server = near(back)
	w.send(p, 2)
	if got, _ := back.mails(); len(got) != 2 {
		t.Fatal(got)
	}
}

// A server that ends the connection, or says goodbye, is called again.
func TestHangUp(t *testing.T) {
	w := newTown(t)
	var mu sync.Mutex
	n := 0
	s := newSMTPD(t, func(s *smtpd) {
		s.say = func(command, _ string) string {
			mu.Lock()
			defer mu.Unlock()
			if command != "MAIL" {
				return ""
			}
			switch n++; n {
			case 1:
				return "hangup"
			case 2:
				return "421 4.3.2 closing"
			}
			return ""
		}
	})
	var all []*community.Letter
	for _, to := range []string{"a@x.example", "b@x.example", "c@x.example"} {
		all = append(all, w.write(community.Letter{To: to}))
	}
	p := New(w.Node, Options{Server: near(s), Log: quiet()})
	w.send(p, 3)
	if got, _ := s.mails(); len(got) != 1 || w.look(all[2]).State != community.LetterSent {
		t.Fatal(got)
	}
	w.pass(2 * time.Minute)
	w.send(p, 2)
	if got, _ := s.mails(); len(got) != 3 {
		t.Fatal(got)
	}
}

func TestEncryption(t *testing.T) {
	conf, roots := certificate(t, "mail.example")
	far := func(s *smtpd, tls bool) *Server {
		return &Server{Host: "mail.example", Port: 587, TLS: tls, User: s.user, Password: s.pass}
	}
	for name, c := range map[string]struct {
		change func(*smtpd)
		server func(*smtpd) *Server
		trust  bool
		ok     bool
	}{
		"STARTTLS":                     {func(s *smtpd) { s.tls, s.user, s.pass = conf, "u", "p" }, func(s *smtpd) *Server { return far(s, false) }, true, true},
		"TLS":                          {func(s *smtpd) { s.tls, s.ssl, s.user, s.pass = conf, true, "u", "p" }, func(s *smtpd) *Server { return far(s, true) }, true, true},
		"no STARTTLS where it must be": {nil, func(s *smtpd) *Server { return far(s, false) }, true, false},
		"a certificate nobody knows":   {func(s *smtpd) { s.tls = conf }, func(s *smtpd) *Server { return far(s, false) }, false, false},
		"a wrong password": {func(s *smtpd) { s.tls, s.user, s.pass = conf, "u", "p" }, func(s *smtpd) *Server {
			out := far(s, false)
			out.Password = "q"
			return out
		}, true, false},
		"on this machine, any certificate": {func(s *smtpd) { s.tls = conf }, near, false, true},
		"on this machine, in the clear": {func(s *smtpd) { s.user, s.pass = "u", "p" }, func(s *smtpd) *Server {
			return &Server{Host: "127.0.0.1", Port: s.port(), User: "u", Password: "p"}
		}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := newTown(t), newSMTPD(t, c.change)
			o := Options{Server: c.server(s), Log: quiet(), Dial: dialTo(s)}
			if c.trust {
				o.RootCAs = roots
			}
			l := w.write(community.Letter{To: "eva@x.example"})
			w.send(New(w.Node, o), 1)
			got, _ := s.mails()
			if (len(got) == 1) != c.ok {
				t.Fatalf("%+v, %s", got, w.look(l).LastError)
			}
			if c.ok && got[0].secure != (s.tls != nil) || c.ok && got[0].user != s.user {
				t.Fatalf("%+v", got[0])
			}
			if !c.ok && w.look(l).State != community.LetterDue {
				t.Fatalf("a letter is lost for a fault of the server: %+v", w.look(l))
			}
			if strings.Contains(w.look(l).LastError, o.Server.Password) && o.Server.Password != "" && len(o.Server.Password) > 1 {
				t.Fatal("the password is in the log")
			}
		})
	}
}

func TestKeptAndStopped(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	start := w.now.Add(48 * time.Hour)
	c, err := w.AddConference(ctx, node.By{Console: true}, &community.Conference{Title: community.Plain("en", "Tea"), Start: start, End: start.Add(time.Hour)}, node.Publish{})
	if err != nil {
		t.Fatal(err)
	}
	g := &community.Guest{ConferenceID: c.ID, Email: "Eva@x.example", Name: "Eva", State: community.Going, Created: w.Now()}
	save := func() {
		t.Helper()
		if err := w.Store().Write(ctx, func(tx *storage.Tx) error { return tx.SaveGuest(ctx, g) }); err != nil {
			t.Fatal(err)
		}
	}
	save()
	p := New(w.Node, Options{Log: quiet()})
	about := func(kind community.LetterKind, args map[string]string) *community.Letter {
		return w.write(community.Letter{Kind: kind, To: g.Email, GuestID: g.ID, ConferenceID: c.ID, Args: args})
	}
	check := func(l *community.Letter, state community.LetterState, why string) {
		t.Helper()
		w.send(p, 1)
		if l := w.look(l); l.State != state || l.LastError != why {
			t.Fatalf("%s is %s (%s), want %s (%s)", l.Kind, l.State, l.LastError, state, why)
		}
	}
	check(about(community.LetterGoing, nil), community.LetterKept, "")
	secret := w.write(community.Letter{Kind: community.LetterSignIn, To: "anna@x.example", Args: map[string]string{"Link": "https://bg.example/login/x"}})
	check(secret, community.LetterKept, "")
	if w.look(secret).Args["Link"] == "" {
		t.Fatal("what is kept has lost its link")
	}
	check(about(community.LetterWaiting, map[string]string{"Place": "1"}), community.LetterUnfit, Outdated)
	check(about(community.LetterChanged, map[string]string{"Until": w.Now().Format(time.RFC3339)}), community.LetterUnfit, TooLate)
	check(about(community.LetterCancelled, nil), community.LetterUnfit, Outdated)
	if err := w.Store().Write(ctx, func(tx *storage.Tx) error {
		return tx.SaveMailOff(ctx, 0, "eva@x.example", []community.LetterKind{community.LetterReminder})
	}); err != nil {
		t.Fatal(err)
	}
	check(about(community.LetterReminder, nil), community.LetterUnfit, Off)
	check(about(community.LetterReconfirm, nil), community.LetterKept, "")
	late := w.write(community.Letter{Kind: community.LetterSignIn, To: "anna@x.example"})
	w.pass(community.KeepSignIn)
	check(late, community.LetterUnfit, TooLate)
	reminder := about(community.LetterReconfirm, nil)
	w.pass(48 * time.Hour)
	check(reminder, community.LetterUnfit, TooLate)
	check(about(community.LetterThanks, nil), community.LetterKept, "")
	w.pass(8 * 24 * time.Hour)
	check(about(community.LetterThanks, nil), community.LetterUnfit, TooLate)
	check(about(community.LetterGoing, nil), community.LetterUnfit, TooLate)
	check(w.write(community.Letter{Kind: "nonsense", To: "a@x.example"}), community.LetterLost, `there are no words for a letter of the kind "nonsense"`)
}

// The worker sends what is queued without being asked, and ends when told to.
func TestRun(t *testing.T) {
	w, s := newTown(t), newSMTPD(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- New(w.Node, Options{Server: near(s), Log: quiet(), From: "hello@bg.example"}).Run(ctx) }()
	l := w.write(community.Letter{To: "eva@x.example"})
	for end := time.Now().Add(20 * time.Second); w.look(l).State != community.LetterSent; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing was sent")
		}
	}
	if got, _ := s.mails(); got[0].from != "hello@bg.example" {
		t.Fatal(got)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestSendOne(t *testing.T) {
	w, s := newTown(t), newSMTPD(t, nil)
	p := New(w.Node, Options{Server: near(s), Log: quiet()})
	l := w.write(community.Letter{To: "eva@x.example"})
	if l, err := p.SendOne(t.Context(), l.ID); err != nil || l.State != community.LetterSent {
		t.Fatal(l, err)
	}
	if _, err := p.SendOne(t.Context(), l.ID); community.CodeOf(err) != community.Conflict {
		t.Fatal(err)
	}
}

func TestParseServer(t *testing.T) {
	for in, want := range map[string]Server{
		"smtp://mail.example":                  {Host: "mail.example", Port: 587},
		"smtps://mail.example":                 {Host: "mail.example", Port: 465, TLS: true},
		"smtp://a%40b.example:p%3Aw@[::1]:25/": {Host: "::1", Port: 25, User: "a@b.example", Password: "p:w"},
		"smtp://localhost:1025":                {Host: "localhost", Port: 1025},
	} {
		got, err := ParseServer(in)
		if err != nil || *got != want {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "mail.example", "http://mail.example", "smtp://", "smtp://x:0", "smtp://x:99999", "smtp://x/y", "smtp://x?y", "smtp://u:se cret@x"} {
		if got, err := ParseServer(bad); err == nil {
			t.Errorf("%q is %+v", bad, got)
		} else if strings.Contains(err.Error(), "se cret") {
			t.Error("the password is in the error")
		}
	}
}
