package mail

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// smtpd is a small strict mail server (RFC 5321): commands in their order, lines
// that end in CRLF and are not too long, or it says so.
type smtpd struct {
	*testing.T
	ln    net.Listener
	tls   *tls.Config // offers STARTTLS
	ssl   bool        // TLS from the first byte
	user  string      // wants to know who sends
	pass  string
	say   func(command, arg string) string // overrides an answer; "" = as usual, "hangup" = ends
	mu    sync.Mutex
	got   []taken
	conns int
	wg    sync.WaitGroup
}

// taken is a mail that the server took.
type taken struct {
	from, to string
	data     string
	secure   bool
	user     string
}

func newSMTPD(t *testing.T, change func(*smtpd)) *smtpd {
	t.Helper()
	s := &smtpd{T: t}
	if change != nil {
		change(s)
	}
	var err error
	if s.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.wg.Go(s.accept)
	t.Cleanup(func() { s.ln.Close(); s.wg.Wait() })
	return s
}

func (s *smtpd) accept() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns++
		s.mu.Unlock()
		s.wg.Go(func() { defer c.Close(); s.serve(c) })
	}
}

func (s *smtpd) port() int { return s.ln.Addr().(*net.TCPAddr).Port }

// mails are what it took, and over how many connections.
func (s *smtpd) mails() ([]taken, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]taken{}, s.got...), s.conns
}

var (
	mailFrom = regexp.MustCompile(`^FROM:<([^<>\s]*)>( BODY=8BITMIME)?( SMTPUTF8)?$`)
	rcptTo   = regexp.MustCompile(`^TO:<([^<>\s]+@[^<>\s]+)>$`)
)

func (s *smtpd) serve(c net.Conn) {
	secure := false
	if s.ssl {
		c, secure = tls.Server(c, s.tls), true
	}
	c.SetDeadline(time.Now().Add(30 * time.Second))
	r, w := bufio.NewReader(c), textproto.NewWriter(bufio.NewWriter(c))
	say := func(format string, args ...any) { w.PrintfLine(format, args...) }
	var user, from, to string
	greeted := false
	say("220 mail.example ESMTP")
	for {
		raw, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if !strings.HasSuffix(raw, "\r\n") || len(raw) > 512 {
			s.Errorf("the line %q is not one of SMTP", raw)
			return
		}
		command, arg, _ := strings.Cut(strings.TrimSuffix(raw, "\r\n"), " ")
		command = strings.ToUpper(command)
		if s.say != nil {
			if answer := s.say(command, arg); answer == "hangup" {
				return
			} else if answer != "" {
				say("%s", answer)
				continue
			}
		}
		switch command {
		case "EHLO":
			if arg != "bg.example" {
				s.Errorf("it calls itself %q", arg)
			}
			greeted, from, to = true, "", ""
			ext := []string{"mail.example", "8BITMIME", "ENHANCEDSTATUSCODES"}
			if s.tls != nil && !secure {
				ext = append(ext, "STARTTLS")
			}
			if s.user != "" && (secure || s.tls == nil) {
				ext = append(ext, "AUTH PLAIN LOGIN")
			}
			for i, e := range ext {
				sep := "-"
				if i == len(ext)-1 {
					sep = " "
				}
				say("250%s%s", sep, e)
			}
		case "STARTTLS":
			if s.tls == nil || secure {
				say("503 not here")
				continue
			}
			say("220 go ahead")
			if r.Buffered() > 0 {
				s.Error("something was sent before TLS began")
				return
			}
			t := tls.Server(c, s.tls)
			if t.Handshake() != nil {
				return
			}
			c, secure, greeted, user = t, true, false, ""
			c.SetDeadline(time.Now().Add(30 * time.Second))
			r, w = bufio.NewReader(c), textproto.NewWriter(bufio.NewWriter(c))
		case "AUTH":
			how, first, _ := strings.Cut(arg, " ")
			if how != "PLAIN" || !greeted {
				say("504 not this way")
				continue
			}
			b, _ := base64.StdEncoding.DecodeString(first)
			if string(b) != "\x00"+s.user+"\x00"+s.pass {
				say("535 5.7.8 wrong password")
				continue
			}
			user = s.user
			say("235 welcome")
		case "MAIL":
			m := mailFrom.FindStringSubmatch(arg)
			switch {
			case !greeted || from != "":
				say("503 out of order")
			case s.user != "" && user == "":
				say("530 5.7.0 who are you?")
			case m == nil:
				s.Errorf("MAIL %q", arg)
				say("501 what?")
			default:
				from = m[1]
				say("250 2.1.0 ok")
			}
		case "RCPT":
			m := rcptTo.FindStringSubmatch(arg)
			switch {
			case from == "" || to != "":
				say("503 out of order")
			case m == nil:
				s.Errorf("RCPT %q", arg)
				say("501 what?")
			case strings.HasPrefix(m[1], "full@"):
				say("452 4.2.2 the mailbox is full")
			case strings.HasPrefix(m[1], "nobody@"):
				say("550 5.1.1 there is nobody of that name")
			default:
				to = m[1]
				say("250 2.1.5 ok")
			}
		case "DATA":
			if to == "" {
				say("503 out of order")
				continue
			}
			say("354 go on")
			data, err := readData(r)
			if err != nil {
				s.Error(err)
				return
			}
			if strings.Contains(data, "SPAM") {
				say("554 5.7.1 we do not want that")
				from, to = "", ""
				continue
			}
			s.mu.Lock()
			s.got = append(s.got, taken{from, to, data, secure, user})
			n := len(s.got)
			s.mu.Unlock()
			from, to = "", ""
			say("250 2.0.0 queued as %d", n)
		case "RSET":
			from, to = "", ""
			say("250 ok")
		case "NOOP":
			say("250 ok")
		case "*": // ends a dialogue about who one is (RFC 4954 §4)
			say("501 5.7.0 never mind")
		case "QUIT":
			say("221 bye")
			return
		default:
			s.Errorf("the command %q", raw)
			say("500 what?")
		}
	}
}

// readData reads up to the lone dot and refuses bare line ends, lines over 998
// bytes and what is not 7 or 8 bit text.
func readData(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		l, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		if !strings.HasSuffix(l, "\r\n") || strings.Count(l, "\r") != 1 || len(l) > 1000 || strings.ContainsRune(l, 0) {
			return "", fmt.Errorf("the line %q cannot stand in a mail", l)
		}
		if l == ".\r\n" {
			return b.String(), nil
		}
		b.WriteString(strings.TrimPrefix(l, "."))
	}
}

// certificate is one of its own for a host, and the pool that trusts it.
func certificate(t *testing.T, host string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// dialTo reaches the server under whatever name.
func dialTo(s *smtpd) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.ln.Addr().String())
	}
}
