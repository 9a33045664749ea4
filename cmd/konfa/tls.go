package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// secure is how this process speaks HTTPS: not at all (config is nil, a proxy
// does it), with certificates from files, or with certificates got by ACME.
type secure struct {
	config *tls.Config
	magic  *certmagic.Config
	issuer *certmagic.ACMEIssuer
	cache  *certmagic.Cache
}

func newTLS(ctx context.Context, c *Config, log *slog.Logger) (*secure, error) {
	switch {
	case c.ACMEEmail != "":
		return newACME(c, log)
	case c.TLSCert != "":
		files := &certFiles{cert: c.TLSCert, key: c.TLSKey, log: log}
		if _, err := files.get(nil); err != nil {
			return nil, err
		}
		return &secure{config: &tls.Config{GetCertificate: files.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}}, nil
	}
	return &secure{}, nil
}

// newACME prepares certmagic. Its storage is under data, so that several
// restarts do not ask for several certificates.
func newACME(c *Config, log *slog.Logger) (*secure, error) {
	var roots *x509.CertPool
	if c.ACMERoot != "" {
		var err error
		if roots, err = certPool(c.ACMERoot, nil); err != nil {
			return nil, err
		}
	}
	logger := zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(os.Stderr), zap.WarnLevel))
	s := &secure{}
	config := certmagic.Config{
		Storage: &certmagic.FileStorage{Path: filepath.Join(c.Data, "acme")},
		Logger:  logger,
		OnEvent: func(_ context.Context, event string, data map[string]any) error {
			switch event {
			case "cert_obtained", "cert_failed":
				log.Info("certificate", "event", event, "name", data["identifier"], "err", data["error"])
			}
			return nil
		},
	}
	s.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return s.magic, nil },
		Logger:           logger,
	})
	s.magic = certmagic.New(s.cache, config)
	directory := c.ACMEDirectory
	if directory == "" {
		directory = certmagic.LetsEncryptProductionCA
	}
	s.issuer = certmagic.NewACMEIssuer(s.magic, certmagic.ACMEIssuer{
		CA: directory, Email: c.ACMEEmail, Agreed: true, TrustedRoots: roots,
		AltHTTPPort: portOf(c.HTTPListen), AltTLSALPNPort: portOf(c.Listen), Logger: logger,
	})
	s.magic.Issuers = []certmagic.Issuer{s.issuer}
	s.config = s.magic.TLSConfig()
	s.config.MinVersion = tls.VersionTLS12
	s.config.NextProtos = append([]string{"h2", "http/1.1"}, s.config.NextProtos...)
	return s, nil
}

// challenges answers the authority's questions and leaves the rest to next.
func (s *secure) challenges(next http.Handler) http.Handler {
	if s.issuer == nil {
		return next
	}
	return s.issuer.HTTPChallengeHandler(next)
}

// start gets certificates in the background and renews them from then on.
func (s *secure) start(ctx context.Context, c *Config) error {
	if s.magic == nil {
		return nil
	}
	return s.magic.ManageAsync(ctx, []string{c.Host()})
}

func (s *secure) close() {
	if s.cache != nil {
		s.cache.Stop()
	}
}

func portOf(addr string) int {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	return n
}

// certFiles reads a certificate again when its files change, so that whoever
// renews it need not restart us. While the new files do not fit, the old
// certificate stays in use.
type certFiles struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex // guards what follows
	looked  time.Time
	changed time.Time // of the files when they were read
	pair    *tls.Certificate
}

// lookEvery is how often handshakes look at the files.
const lookEvery = time.Second

func (f *certFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pair != nil && time.Since(f.looked) < lookEvery {
		return f.pair, nil
	}
	f.looked = time.Now()
	changed := newest(f.cert, f.key)
	if f.pair != nil && changed.Equal(f.changed) {
		return f.pair, nil
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		if f.pair == nil {
			return nil, fmt.Errorf("the certificate cannot be read: %w", err)
		}
		f.log.Warn("the new certificate cannot be used, the old one stays", "err", err)
		f.changed = changed
		return f.pair, nil
	}
	if f.pair != nil {
		f.log.Info("certificate read again", "file", f.cert)
	}
	f.pair, f.changed = &pair, changed
	return f.pair, nil
}

// newest is when the files last changed; the zero time if one is not there.
func newest(files ...string) time.Time {
	var t time.Time
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			return time.Time{}
		}
		if info.ModTime().After(t) {
			t = info.ModTime()
		}
	}
	return t
}
