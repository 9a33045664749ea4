package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"konfa/community"
)

// serverTime bounds a letter on its way to the mail server.
const serverTime = time.Minute

// Server is a mail server that takes letters to everyone.
type Server struct {
	Host, User, Password string
	Port                 int
	TLS                  bool // from the first byte (RFC 8314 §3.3), not by STARTTLS
}

// ParseServer reads smtp://user:password@host:port, or smtps:// for one that
// speaks TLS from the beginning. The ports are 587 and 465 where none is named.
func ParseServer(s string) (*Server, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return nil, community.Errorf(community.Invalid, "this is not the address of a mail server").WithHint("write smtp://user:password@host:port")
	}
	out := &Server{Host: u.Hostname(), User: u.User.Username(), TLS: u.Scheme == "smtps", Port: 587}
	out.Password, _ = u.User.Password()
	if out.TLS {
		out.Port = 465
	}
	if p := u.Port(); p != "" {
		if out.Port, err = strconv.Atoi(p); err != nil || out.Port < 1 || out.Port > 65535 {
			return nil, community.Errorf(community.Invalid, "%q is no port", p)
		}
	}
	return out, nil
}

// near tells whether the server runs on this machine: nobody is in between.
func (s *Server) near() bool {
	if s.Host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(s.Host)
	return err == nil && ip.IsLoopback()
}

// client makes a connection to be. To another machine it is encrypted or there is
// none; on this one it is where the server offers that, whatever its
// certificate.
//
// Keep gets the connection once there is one: the client forgets it when what
// follows fails.
func (s *Server) client(helo string, roots *x509.CertPool, dial func(ctx context.Context, network, address string) (net.Conn, error), keep func(net.Conn)) (*gomail.Client, error) {
	conf := &tls.Config{ServerName: s.Host, RootCAs: roots, MinVersion: tls.VersionTLS12}
	options := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(serverTime), gomail.WithHELO(helo), gomail.WithTLSConfig(conf)}
	switch {
	case s.TLS:
		options = append(options, gomail.WithSSL())
	case s.near():
		conf.InsecureSkipVerify = true // it is ourselves
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.User != "" {
		ways := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5}
		if s.near() {
			ways = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc, gomail.SMTPAuthCramMD5}
		}
		options = append(options, gomail.WithOpportunisticSMTPAuth(ways...), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	options = append(options, gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		keep(conn)
		if s.TLS {
			return tls.Client(conn, conf), nil // the client leaves that to whoever dials
		}
		return conn, nil
	}))
	c, err := gomail.NewClient(s.Host, options...)
	if err != nil {
		return nil, community.Errorf(community.Internal, "setting up mail: %w", err)
	}
	return c, nil
}

// outcome is what became of a try to send a letter.
type outcome struct {
	sent    bool
	final   bool   // the server wants this letter never
	broken  bool   // the connection is of no more use
	receipt string // what the server said when it took it
	err     string // why it did not
}

// hand gives one letter to the server.
func hand(c *gomail.Client, m *Mail) outcome {
	msg, err := m.message()
	if err != nil {
		return outcome{final: true, err: err.Error()}
	}
	err = c.Send(msg)
	if msg.IsDelivered() {
		// Whatever went wrong after that, they have it.
		return outcome{sent: true, broken: err != nil, receipt: line(msg.ServerResponse(), 300)}
	}
	o := outcome{err: line(errorText(err), 500)}
	se, ok := errors.AsType[*gomail.SendError](err)
	if !ok || se.ErrorCode() == 0 {
		o.broken = true
		return o
	}
	// A server that says goodbye (421) means the connection, not the letter.
	o.final, o.broken = se.ErrorCode() >= 500, se.ErrorCode() == 421
	return o
}

func errorText(err error) string {
	if err == nil {
		return "the mail server did not take it"
	}
	return err.Error()
}
