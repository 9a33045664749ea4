package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"konfa/federation"
	"konfa/node"
	"konfa/web"
)

type serveCmd struct {
	Listen          *string `help:"Where to listen (default 127.0.0.1:8080)." placeholder:"ADDR:PORT"`
	TLSCert         *string `name:"tls-cert" help:"Serve HTTPS with this certificate." placeholder:"FILE"`
	TLSKey          *string `name:"tls-key" help:"The key of the certificate." placeholder:"FILE"`
	ACMEEmail       *string `name:"acme-email" help:"Get certificates by themselves; the address the authority may write to." placeholder:"ADDRESS"`
	ACMEDirectory   *string `name:"acme-directory" help:"The ACME directory of another authority." placeholder:"URL"`
	ACMERoot        *string `name:"acme-root" help:"Whom to trust when talking to that authority." placeholder:"FILE"`
	HTTPListen      *string `name:"http-listen" help:"Where plain HTTP redirects to HTTPS." placeholder:"ADDR:PORT"`
	TrustedProxies  *string `help:"Proxies whose X-Forwarded-* are believed, with commas between." placeholder:"CIDRS"`
	AllowAddresses  *string `help:"Private addresses that outgoing requests may reach." placeholder:"CIDRS"`
	ExtraCA         *string `name:"extra-ca" help:"More authorities that outgoing requests trust." placeholder:"FILE"`
	SMTP            *string `name:"smtp" help:"Where to send mail." placeholder:"URL"`
	SMTPFrom        *string `name:"smtp-from" help:"The address that mail comes from." placeholder:"ADDRESS"`
	OIDCIssuer      *string `name:"oidc-issuer" help:"Another provider by which members sign in (OpenID Connect)." placeholder:"URL"`
	OIDCClientID    *string `name:"oidc-client-id" help:"Who this node is there." placeholder:"ID"`
	OIDCSecret      *string `name:"oidc-client-secret" help:"What proves it." placeholder:"SECRET"`
	OIDCName        *string `name:"oidc-name" help:"What the provider is called on the page." placeholder:"NAME"`
	AuthorizedFetch *string `help:"Hand out ActivityPub documents to signed requests only (true or false)." placeholder:"BOOL"`
	Backups         *string `help:"Where to keep the backups that are made by themselves." placeholder:"DIR"`
	BackupHours     *string `help:"How often one is made, in hours; 0 for never." placeholder:"HOURS"`
	BackupKeep      *string `help:"How many of them are kept." placeholder:"N"`
	LogFormat       *string `help:"text or json." placeholder:"FORMAT"`
	LogLevel        *string `help:"debug, info, warn or error." placeholder:"LEVEL"`
	WhileStdin      bool    `hidden:"" help:"End when standard input does, so that no demo outlives its terminal."`
}

// flags returns the keys that were given as flags.
func (x *serveCmd) flags(f map[string]string) map[string]string {
	setFlag(f, "listen", x.Listen)
	setFlag(f, "tls_cert", x.TLSCert)
	setFlag(f, "tls_key", x.TLSKey)
	setFlag(f, "acme_email", x.ACMEEmail)
	setFlag(f, "acme_directory", x.ACMEDirectory)
	setFlag(f, "acme_root", x.ACMERoot)
	setFlag(f, "http_listen", x.HTTPListen)
	setFlag(f, "trusted_proxies", x.TrustedProxies)
	setFlag(f, "allow_addresses", x.AllowAddresses)
	setFlag(f, "extra_ca", x.ExtraCA)
	setFlag(f, "smtp", x.SMTP)
	setFlag(f, "smtp_from", x.SMTPFrom)
	setFlag(f, "oidc_issuer", x.OIDCIssuer)
	setFlag(f, "oidc_client_id", x.OIDCClientID)
	setFlag(f, "oidc_client_secret", x.OIDCSecret)
	setFlag(f, "oidc_name", x.OIDCName)
	setFlag(f, "authorized_fetch", x.AuthorizedFetch)
	setFlag(f, "backups", x.Backups)
	setFlag(f, "backup_hours", x.BackupHours)
	setFlag(f, "backup_keep", x.BackupKeep)
	setFlag(f, "log_format", x.LogFormat)
	setFlag(f, "log_level", x.LogLevel)
	return f
}

// stopWithin bounds how long serve takes to end: requests and deliveries under
// way get as long to finish.
const stopWithin = 9 * time.Second

func (x *serveCmd) Run(a *app) error {
	c, err := LoadConfig(a.cli.Config, true, a.environ, x.flags(a.cli.flags()))
	if err != nil {
		return err
	}
	if err := checkBuild(a.ctx); err != nil {
		return err
	}
	log := newLogger(a.err, c)
	if !c.read {
		if wrote, err := WriteConfigFile(c.File, nil); err != nil {
			log.Warn("the configuration file could not be written", "file", c.File, "err", err)
		} else if wrote {
			log.Info("wrote a configuration file that explains every setting", "file", c.File)
		}
	}
	store, err := openStore(a.ctx, c)
	if err != nil {
		return err
	}
	defer store.Close()
	n, err := a.node(c, store, log, true)
	founded := !errors.Is(err, errNoCity)
	if err != nil && founded {
		return err
	}
	ctx, cancel := context.WithCancel(a.ctx)
	defer cancel()
	if x.WhileStdin {
		go func() {
			io.Copy(io.Discard, a.in)
			cancel()
		}()
	}
	return a.serve(ctx, c, n, founded, log)
}

func notFounded() error {
	return withHint(errNoCity,
		"konfa init --city Belgrade --steward anna founds one; konfa init --help tells the rest")
}

// serve runs the node until ctx ends or something fails. One without a city waits
// for someone to found it in a browser.
func (a *app) serve(ctx context.Context, c *Config, n *node.Node, founded bool, log *slog.Logger) error {
	fetch, err := fetchOptions(c)
	if err != nil {
		return err
	}
	fed, err := federation.New(n, federation.Options{Log: log, Fetch: fetch, AuthorizedFetch: c.AuthorizedFetch, Version: version()})
	if err != nil {
		return err
	}
	pages, err := web.New(n, web.Options{Log: log, Version: version(), Remote: fed, Mail: c.SMTP != "", MailFrom: c.SMTPFrom, Machine: &machine{c, n, fed}, OIDC: c.oidc(fetch)})
	if err != nil {
		return err
	}
	secure, err := newTLS(ctx, c, log)
	if err != nil {
		return err
	}
	defer secure.close()
	metrics := newMetrics(n, log)

	var everything switchable
	var first *founding
	if founded {
		everything.set(router(c, n, fed, pages, metrics, log))
	} else {
		first = newFounding(n, fed, pages, c, metrics, log, &everything)
	}
	main := newServer(&everything, log)
	main.TLSConfig = secure.config
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return withHint(fmt.Errorf("cannot listen on %s: %w", c.Listen, reason(err)), "another program may be there already: set listen to a free address and port")
	}
	failed := make(chan error, 3)
	go func() {
		if secure.config != nil {
			failed <- main.ServeTLS(ln, "", "")
			return
		}
		failed <- main.Serve(ln)
	}()
	var plain *http.Server
	if c.HTTPListen != "" {
		pln, err := net.Listen("tcp", c.HTTPListen)
		if err != nil {
			main.Close()
			return withHint(fmt.Errorf("cannot listen on %s: %w", c.HTTPListen, reason(err)), "set http_listen to a free address and port")
		}
		plain = newServer(secure.challenges(redirect(c.URL)), log)
		go func() { failed <- plain.Serve(pln) }()
	}
	if err := secure.start(ctx, c); err != nil {
		main.Close()
		return err
	}

	if first != nil {
		first.announce(a.err, c)
		if there, err := first.wait(ctx, n, failed); err != nil || !there {
			main.Close()
			if plain != nil {
				plain.Close()
			}
			return err
		}
		if err := errors.Join(n.CheckBase(ctx, true), n.Equip(ctx)); err != nil {
			return err
		}
		everything.set(router(c, n, fed, pages, metrics, log))
		close(first.served)
		log.Info("the city is founded")
	}

	// Not ended by ctx itself, so that its end is told from a failure.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	post, err := newPost(c, n, log)
	if err != nil {
		main.Close()
		return err
	}
	worked, posted := make(chan error, 1), make(chan struct{})
	go func() { worked <- fed.Run(background) }()
	go keepBackups(background, c, n, log)
	go func() {
		defer close(posted)
		_ = post.Run(background) // it ends when told to, and else never
	}()

	log.Info("serving", "url", c.URL, "listen", ln.Addr().String(), "tls", secure.config != nil, "database", n.Store().Engine(), "version", version())
	if strings.HasPrefix(c.URL, "http://") && len(c.AllowAddresses) == 0 {
		log.Warn("url is plain http: no other server will talk with this one; fine for trying it out")
	}

	var failure error
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case failure = <-failed:
		log.Error("the server ended", "err", failure)
	case failure = <-worked:
		log.Error("the background work ended", "err", failure)
		worked <- nil
	}
	stop()
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	for _, s := range []*http.Server{main, plain} {
		if s == nil {
			continue
		}
		if err := s.Shutdown(deadline); err != nil {
			s.Close()
		}
	}
	select {
	case err := <-worked:
		if err != nil && !errors.Is(err, context.Canceled) && failure == nil {
			failure = err
		}
	case <-deadline.Done():
		log.Warn("some deliveries did not end in time; they are kept and tried again")
	}
	select {
	case <-posted:
	case <-deadline.Done():
		log.Warn("a letter was under way; it may be sent once more")
	}
	log.Info("stopped")
	return failure
}

// reason is what the system said, without the address that is said already.
func reason(err error) error {
	if oe, ok := errors.AsType[*net.OpError](err); ok {
		return oe.Err
	}
	return err
}

// newServer bounds how long and how much a stranger may keep us busy.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// redirect sends readers of plain HTTP to the public address.
func redirect(base string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := http.StatusMovedPermanently
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			code = http.StatusPermanentRedirect
		}
		http.Redirect(w, r, base+r.URL.RequestURI(), code)
	})
}
