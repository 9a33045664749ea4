package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"golang.org/x/net/idna"

	"konfa/mail"
)

// Config is everything that can be set from outside. A flag wins over the
// environment, which wins over the file, which wins over the default.
type Config struct {
	URL      string // public address, "https://belgrade.example": no path, no slash at the end
	Listen   string // host:port
	Data     string // directory
	Database string // empty for SQLite under Data, or postgres://…

	TLSCert, TLSKey string // PEM files; both or none
	ACMEEmail       string // with it, certificates are got by ACME
	ACMEDirectory   string // of the certificate authority; empty for Let's Encrypt
	ACMERoot        string // PEM file: whom to trust when talking to that authority
	HTTPListen      string // host:port that answers ACME challenges and redirects to HTTPS

	TrustedProxies []netip.Prefix // whose X-Forwarded-* count
	AllowAddresses []netip.Prefix // that outgoing requests may reach though private
	ExtraCA        string         // PEM file: more authorities that outgoing requests trust

	SMTP            string // smtp://user:pass@host:port
	Backups         string // directory of the backups made by themselves; empty for "backups" under Data
	BackupHours     int    // how often, 0 for never
	BackupKeep      int    // how many are kept
	SMTPFrom        string // address that mail comes from; empty: no-reply at the host of url
	OIDCIssuer      string // who else vouches for members, an https address; empty for nobody
	OIDCClientID    string
	OIDCSecret      string
	OIDCName        string // what it is called on the page to sign in
	AuthorizedFetch bool   // serve ActivityPub documents to signed requests only
	LogFormat       string // text or json
	LogLevel        string // debug, info, warn or error

	File string            // the file that was read, or that a first start writes
	read bool              // File exists
	from map[string]string // key -> where its value was said, for messages
	said map[string]string // key -> its value, the defaults included
}

// setting is one configuration key.
type setting struct {
	key     string
	def     string
	comment string // for the file; lines separated by \n
	set     func(c *Config, value string) error
}

// settings lists every key, in the order in which the file explains them.
var settings = []setting{
	{"url", "http://localhost:8080", "The public address of the node. It is part of every address others know\nyour city by, so it is fixed once you have federated.", func(c *Config, v string) error {
		u, err := publicURL(v)
		c.URL = u
		return err
	}},
	{"listen", "127.0.0.1:8080", "Where to listen: address and port. With acme_email and nothing said here\nit is \":443\".", func(c *Config, v string) error {
		c.Listen = v
		return hostPort(v)
	}},
	{"data", "./data", "The directory of everything kept: the SQLite file, certificates got by ACME.", text(func(c *Config) *string { return &c.Data })},
	{"database", "", "Empty: an SQLite file under data, nothing to install.\nOr PostgreSQL: \"postgres://user:password@host/database\".", func(c *Config, v string) error {
		c.Database = v
		return databaseURL(v)
	}},
	{"tls_cert", "", "Serve HTTPS with this certificate (PEM, the whole chain) and this key.\nThey are read again when the files change.", text(func(c *Config) *string { return &c.TLSCert })},
	{"tls_key", "", "", text(func(c *Config) *string { return &c.TLSKey })},
	{"acme_email", "", "With an e-mail address here, certificates are got and renewed by themselves\n(Let's Encrypt). Needs ports 443 and 80 reachable from outside.", func(c *Config, v string) error {
		c.ACMEEmail = v
		if v != "" && (!strings.Contains(v, "@") || strings.ContainsAny(v, " \t")) {
			return fmt.Errorf("%q is not an e-mail address", v)
		}
		return nil
	}},
	{"acme_directory", "", "Another certificate authority: its ACME directory, and the PEM file of the\nroot to trust when talking to it.", func(c *Config, v string) error {
		c.ACMEDirectory = v
		if v == "" {
			return nil
		}
		if u, err := url.Parse(v); err != nil || u.Scheme != "https" || u.Host == "" {
			return withHint(fmt.Errorf("%q is not an https address", v), "an ACME directory looks like https://ca.example/directory")
		}
		return nil
	}},
	{"acme_root", "", "", text(func(c *Config) *string { return &c.ACMERoot })},
	{"http_listen", "", "Where plain HTTP answers ACME challenges and sends everyone else to HTTPS.\nWith acme_email and nothing said here it is \":80\".", func(c *Config, v string) error {
		c.HTTPListen = v
		if v == "" {
			return nil
		}
		return hostPort(v)
	}},
	{"trusted_proxies", "", "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed,\nfor example [\"127.0.0.1\", \"10.0.0.0/8\"].", func(c *Config, v string) (err error) {
		c.TrustedProxies, err = prefixes(v)
		return err
	}},
	{"allow_addresses", "", "Private addresses that outgoing requests may reach all the same: for tests\nand the demo only, for example [\"127.0.0.0/8\"]. Plain http:// is allowed towards them.", func(c *Config, v string) (err error) {
		c.AllowAddresses, err = prefixes(v)
		return err
	}},
	{"extra_ca", "", "A PEM file of certificate authorities that outgoing requests trust beside\nthose of the system.", text(func(c *Config) *string { return &c.ExtraCA })},
	{"smtp", "", "Where to send mail: \"smtp://user:password@host:port\", or smtps:// for a server\nthat speaks TLS from the beginning. Empty: mail is kept and shown to stewards.", func(c *Config, v string) error {
		c.SMTP = v
		if v == "" {
			return nil
		}
		if _, err := mail.ParseServer(v); err != nil {
			return withHint(errors.New("this is not the address of a mail server"), "write smtp://user:password@host:port")
		}
		return nil
	}},
	{"backups", "", "The directory of the backups that serve makes by itself; empty: backups under data.\nBetter another disk.", text(func(c *Config) *string { return &c.Backups })},
	{"backup_hours", "24", "How often it makes one, in hours (0: never), and how many it keeps.", number(func(c *Config) *int { return &c.BackupHours }, 0, 24*366)},
	{"backup_keep", "7", "", number(func(c *Config) *int { return &c.BackupKeep }, 1, 10_000)},
	{"smtp_from", "", "The address that mail comes from. Empty: no-reply at the host of url. The mail\nserver must be allowed to send for it (SPF, DKIM).", func(c *Config, v string) error {
		c.SMTPFrom = v
		if v == "" {
			return nil
		}
		if a, err := netmail.ParseAddress(v); err != nil || a.Address != v {
			return withHint(fmt.Errorf("%q is not an e-mail address", v), "write it bare: hello@belgrade.example")
		}
		return nil
	}},
	{"oidc_issuer", "", "Let members sign in with an account elsewhere too (OpenID Connect): the address\nof the provider, as it calls itself. It sends people back to /login/oidc, an\naddress to register there with the url in front.", func(c *Config, v string) error {
		c.OIDCIssuer = v
		if v == "" {
			return nil
		}
		if u, err := url.Parse(v); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return withHint(fmt.Errorf("%q is not the address of a provider", v), "write it as the provider does, such as https://id.example/realms/city")
		}
		return nil
	}},
	{"oidc_client_id", "", "Who this node is there, and what proves it.", text(func(c *Config) *string { return &c.OIDCClientID })},
	{"oidc_client_secret", "", "", text(func(c *Config) *string { return &c.OIDCSecret })},
	{"oidc_name", "", "What the provider is called on the page. Empty: its host.", text(func(c *Config) *string { return &c.OIDCName })},
	{"authorized_fetch", "false", "Hand out ActivityPub documents to signed requests only. It keeps blocked\nservers from reading, and makes some small servers unable to follow you.", func(c *Config, v string) error {
		b, err := strconv.ParseBool(v)
		c.AuthorizedFetch = b
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", v)
		}
		return nil
	}},
	{"log_format", "text", "The log, on standard error: text or json; debug, info, warn or error.", choice(func(c *Config) *string { return &c.LogFormat }, "text", "json")},
	{"log_level", "info", "", choice(func(c *Config) *string { return &c.LogLevel }, "debug", "info", "warn", "error")},
}

// otherVariables are KONFA_* names in the environment that are no keys.
func otherVariable(name string) bool {
	return name == "KONFA_CONFIG" || name == "KONFA_DEMO_ONCE" || strings.HasPrefix(name, "KONFA_TEST_")
}

// defaultConfigFile is looked for in the working directory.
const defaultConfigFile = "konfa.toml"

// envName is the environment variable of a key.
func envName(key string) string { return "KONFA_" + strings.ToUpper(key) }

// LoadConfig reads the file, the environment ("NAME=value" pairs) and the flags
// (key -> value), and reports everything that is wrong with them together. File
// is the path given by --config, or empty. A file that was asked for by name
// may be absent only where mayWrite says that this command would write it.
func LoadConfig(file string, mayWrite bool, environ []string, flags map[string]string) (*Config, error) {
	c := &Config{from: map[string]string{}, said: map[string]string{}}
	var p problems
	env := konfaVariables(environ)
	named := true
	if c.File = file; c.File == "" {
		if c.File = env["KONFA_CONFIG"]; c.File == "" {
			c.File, named = defaultConfigFile, false
		}
	}

	values := map[string]string{}
	c.readFile(values, &p, named && !mayWrite)
	for _, name := range sortedKeys(env) {
		key := strings.ToLower(strings.TrimPrefix(name, "KONFA_"))
		if otherVariable(name) {
			continue
		}
		if findSetting(key) == nil || envName(key) != name {
			p.addf("did you mean "+envName(nearest(key, settingKeys()))+"?", "the environment has an unknown variable %s", name)
			continue
		}
		values[key], c.from[key] = env[name], name
	}
	for key, v := range flags {
		values[key], c.from[key] = v, "--"+strings.ReplaceAll(key, "_", "-")
	}

	for _, s := range settings {
		v, said := values[s.key]
		if !said {
			v = s.def
		}
		c.said[s.key] = strings.TrimSpace(v)
		if err := s.set(c, strings.TrimSpace(v)); err != nil {
			p.add(c.from[s.key]+": "+err.Error(), hintOf(err))
		}
	}
	c.check(&p)
	return c, p.err()
}

// shown is the value of a key without what is secret in it.
func (c *Config) shown(key string) string {
	v := c.said[key]
	if v != "" && strings.Contains(key, "secret") {
		return "…"
	}
	if u, err := url.Parse(v); err == nil && u.User != nil {
		if _, secret := u.User.Password(); secret {
			return u.Redacted()
		}
	}
	return v
}

// Said tells whether the key was set by file, environment or flag.
func (c *Config) Said(key string) bool { return c.from[key] != "" }

// ownURL tells whether the url that was set is meant for the data in use. A file
// speaks of its own data: with --data or --database naming others, its url is
// another city's.
func (c *Config) ownURL() bool {
	inFile := func(key string) bool { return strings.HasPrefix(c.from[key], c.File+",") }
	if !inFile("url") {
		return c.Said("url")
	}
	return (!c.Said("data") || inFile("data")) && (!c.Said("database") || inFile("database"))
}

// TLS tells whether this process itself speaks HTTPS.
func (c *Config) TLS() bool { return c.TLSCert != "" || c.ACMEEmail != "" }

// Host is the host of the public address, without a port.
func (c *Config) Host() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// readFile puts what the file says into values, as text.
func (c *Config) readFile(values map[string]string, p *problems, must bool) {
	f, err := os.Open(c.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if must {
			p.addf("look at the path, or run konfa init --config "+c.File+" to make one", "there is no configuration file %s", c.File)
		}
		return
	case err != nil:
		p.addf("see who owns it and who may read it", "the configuration file %s cannot be read: %v", c.File, errors.Unwrap(err))
		return
	}
	defer f.Close()
	c.read = true
	raw, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		p.addf("it should be a text file", "the configuration file %s cannot be read: %v", c.File, err)
		return
	}
	var table map[string]any
	if _, err := toml.Decode(string(raw), &table); err != nil {
		msg := err.Error()
		if pe, ok := errors.AsType[toml.ParseError](err); ok {
			msg = fmt.Sprintf("line %d: %s", pe.Position.Line, pe.Message)
		}
		p.addf(`each line is key = "value", with the quotes`, "%s is not TOML: %s", c.File, msg)
		return
	}
	for _, key := range sortedKeys(table) {
		if findSetting(key) == nil {
			p.addf("did you mean "+nearest(key, settingKeys())+"?", "%s has an unknown key %q", c.File, key)
			continue
		}
		c.from[key] = c.File + ", " + key
		switch v := table[key].(type) {
		case string:
			values[key] = v
		case bool:
			values[key] = strconv.FormatBool(v)
		case []any:
			var list []string
			for _, item := range v {
				s, ok := item.(string)
				if !ok {
					p.addf(`for example `+key+` = ["127.0.0.0/8"]`, "%s: a list of texts is expected", c.from[key])
					break
				}
				list = append(list, s)
			}
			values[key] = strings.Join(list, ",")
		default:
			p.addf(`write it in quotes: `+key+` = "…"`, "%s: a text is expected, not %v", c.from[key], v)
		}
	}
}

// check looks at what one key alone cannot tell.
func (c *Config) check(p *problems) {
	https := strings.HasPrefix(c.URL, "https://")
	if c.Data == "" {
		p.add("data names no directory", `leave it out for "./data"`)
	}
	switch {
	case c.TLSCert != "" && c.TLSKey == "":
		p.add("tls_cert is set without tls_key", "set both, or none and let a proxy speak HTTPS")
	case c.TLSKey != "" && c.TLSCert == "":
		p.add("tls_key is set without tls_cert", "set both, or none and let a proxy speak HTTPS")
	case c.TLSCert != "":
		bad := false
		for _, f := range [][2]string{{"tls_cert", c.TLSCert}, {"tls_key", c.TLSKey}} {
			if err := readable(f[1]); err != nil {
				p.add(f[0]+": "+err.Error(), "give the path of a PEM file that konfa may read")
				bad = true
			}
		}
		if !bad {
			if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
				p.add("tls_cert and tls_key do not fit: "+strings.TrimPrefix(err.Error(), "tls: "), "give a certificate and its own key, both PEM")
			}
		}
	}
	if c.TLSCert != "" && c.ACMEEmail != "" {
		p.add("tls_cert and acme_email are both set", "certificates come either from files or by ACME: leave one out")
	}
	if c.TLS() && c.URL != "" && !https {
		p.addf("write https://"+strings.TrimPrefix(c.URL, "http://"), "url is %s, but certificates are set up", c.URL)
	}
	if c.ACMEEmail != "" && c.ACMEDirectory == "" && https {
		if _, err := netip.ParseAddr(c.Host()); err == nil || c.Host() == "localhost" || !strings.Contains(c.Host(), ".") {
			p.addf("use a name that the world can look up, or tls_cert and tls_key", "no authority gives a certificate for %s", c.Host())
		}
	}
	if c.ACMEEmail == "" {
		for _, f := range [][2]string{{"acme_directory", c.ACMEDirectory}, {"acme_root", c.ACMERoot}} {
			if f[1] != "" {
				p.add(f[0]+" is set without acme_email", "set acme_email too, or leave it out")
			}
		}
	}
	switch {
	case c.OIDCIssuer != "" && c.OIDCClientID == "":
		p.add("oidc_issuer is set without oidc_client_id", "register the node with the provider: it gives the client id and the secret")
	case c.OIDCIssuer == "" && (c.OIDCClientID != "" || c.OIDCSecret != "" || c.OIDCName != ""):
		p.add("something of oidc is set without oidc_issuer", "set oidc_issuer too, or leave all of it out")
	case strings.HasPrefix(c.OIDCIssuer, "http:") && len(c.AllowAddresses) == 0:
		p.add("oidc_issuer is a plain http address", "a provider speaks https; http is for tests, with allow_addresses")
	}
	for _, f := range [][2]string{{"acme_root", c.ACMERoot}, {"extra_ca", c.ExtraCA}} {
		if f[1] == "" {
			continue
		}
		if _, err := certPool(f[1], nil); err != nil {
			p.add(f[0]+": "+err.Error(), "give the path of a PEM file with at least one certificate")
		}
	}
	if c.ACMEEmail != "" {
		if !c.Said("listen") {
			c.Listen = ":443"
		}
		if !c.Said("http_listen") {
			c.HTTPListen = ":80"
		}
	} else if c.HTTPListen != "" && c.TLSCert == "" {
		p.add("http_listen is set, but nothing here speaks HTTPS", "leave it out, or set tls_cert and tls_key, or acme_email")
	}
}

// RootCAs is whom outgoing requests trust: nil for the system's list (which
// SSL_CERT_FILE and SSL_CERT_DIR replace), with ExtraCA added to it.
func (c *Config) RootCAs() (*x509.CertPool, error) {
	if c.ExtraCA == "" {
		return nil, nil
	}
	system, err := x509.SystemCertPool()
	if err != nil {
		system = x509.NewCertPool()
	}
	return certPool(c.ExtraCA, system)
}

// certPool adds the certificates of a PEM file to base, or to an empty pool.
func certPool(file string, base *x509.CertPool) (*x509.CertPool, error) {
	if err := readable(file); err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if base == nil {
		base = x509.NewCertPool()
	}
	if !base.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return base, nil
}

func readable(file string) error {
	f, err := os.Open(file)
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = pe.Err
		}
		return fmt.Errorf("%s cannot be read: %w", file, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory", file)
	}
	return nil
}

// publicURL checks and normalises the address of the node.
func publicURL(v string) (string, error) {
	const hint = "write it like https://belgrade.example"
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "":
		return "", withHint(fmt.Errorf("%q is not an address", v), hint)
	case u.Scheme != "https" && u.Scheme != "http":
		return "", withHint(fmt.Errorf("%q is neither https:// nor http://", v), hint)
	case u.User != nil, strings.Trim(u.Path, "/") != "", u.RawQuery != "", u.Fragment != "":
		return "", withHint(fmt.Errorf("%q has more than a host in it: a node has a whole host for itself", v), hint)
	}
	host := strings.ToLower(u.Hostname())
	if _, err := netip.ParseAddr(host); err != nil {
		// Names in other alphabets go over the wire in their ASCII form.
		if host, err = idna.Lookup.ToASCII(host); err != nil {
			return "", withHint(fmt.Errorf("%q is not a host name", u.Hostname()), hint)
		}
	} else if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && !(u.Scheme == "https" && port == "443") && !(u.Scheme == "http" && port == "80") {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "", withHint(fmt.Errorf("%q is not a port", port), "a port is 1 to 65535")
		}
		host += ":" + port
	}
	return u.Scheme + "://" + host, nil
}

func hostPort(v string) error {
	const hint = `write address:port, such as 127.0.0.1:8080, or :8080 for every address`
	host, port, err := net.SplitHostPort(v)
	if err != nil {
		return withHint(fmt.Errorf("%q is not an address and a port", v), hint)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return withHint(fmt.Errorf("%q is not a port", port), hint)
	}
	if strings.ContainsAny(host, "/ ") {
		return withHint(fmt.Errorf("%q is not an address", host), hint)
	}
	return nil
}

func databaseURL(v string) error {
	if v == "" {
		return nil
	}
	scheme, _, ok := strings.Cut(v, "://")
	if !ok || (scheme != "postgres" && scheme != "postgresql") {
		// The whole value is not repeated: it may hold a password.
		what := "it starts with no scheme"
		if ok {
			what = fmt.Sprintf("the scheme %q is unknown", scheme)
		}
		return withHint(errors.New(what), "leave it empty for SQLite under data, or write postgres://user:password@host/database")
	}
	if _, err := url.Parse(v); err != nil {
		return withHint(errors.New("this is not an address"), "write postgres://user:password@host/database, with special characters of the password percent-encoded")
	}
	return nil
}

// prefixes reads CIDRs and single addresses, separated by commas or spaces.
func prefixes(v string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }) {
		if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		pre, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, withHint(fmt.Errorf("%q is not a range of addresses", s), "write it like 10.0.0.0/8 or ::1/128")
		}
		out = append(out, pre.Masked())
	}
	return out, nil
}

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		*field(c) = v
		return nil
	}
}

// number sets a key that is a whole number.
func number(of func(c *Config) *int, from, to int) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < from || n > to {
			return fmt.Errorf("%q is not a whole number from %d to %d", v, from, to)
		}
		*of(c) = n
		return nil
	}
}

func choice(field func(*Config) *string, of ...string) func(*Config, string) error {
	return func(c *Config, v string) error {
		*field(c) = v
		if !slices.Contains(of, v) {
			return fmt.Errorf("%q is none of %s", v, strings.Join(of, ", "))
		}
		return nil
	}
}

func konfaVariables(environ []string) map[string]string {
	env := map[string]string{}
	for _, kv := range environ {
		if name, v, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, "KONFA_") {
			env[name] = v
		}
	}
	return env
}

func findSetting(key string) *setting {
	for i := range settings {
		if settings[i].key == key {
			return &settings[i]
		}
	}
	return nil
}

func settingKeys() []string {
	keys := make([]string, len(settings))
	for i, s := range settings {
		keys[i] = s.key
	}
	return keys
}
