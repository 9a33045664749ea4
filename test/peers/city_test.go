package peers

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// city is a running konfa: one process, one database.
type city struct {
	t       *testing.T
	name    string
	dir     string
	host    string // of its public address, with the port
	url     string
	listen  string
	env     []string
	process *process
}

// cityOptions says how a city is set up; the zero value is a city of SQLite at a
// free loopback port.
type cityOptions struct {
	Name     string // Belgrade by default: the gazetteer must know it
	Handle   string
	Host     string // a name under localhost, or an address in 127.0.0.0/8
	Database string
	Settings []string // "authorized_fetch=true": more configuration
	ExtraCA  bool     // trust the test authority by extra_ca, not SSL_CERT_FILE
	Strict   bool     // reach no private address at all
	NoServe  bool     // founded, not started
	NoTLS    bool     // no certificate from a file
}

// found founds a city and starts serving it.
func found(t *testing.T, o cityOptions) *city {
	t.Helper()
	if o.Name == "" {
		o.Name = "Belgrade"
	}
	if o.Handle == "" {
		o.Handle = strings.ToLower(o.Name)
	}
	if o.Host == "" {
		o.Host = o.Handle + ".localhost"
	}
	address := "127.0.0.1"
	if net.ParseIP(o.Host) != nil {
		address = o.Host
	}
	port := freePort(t, address)
	c := &city{t: t, name: o.Name, dir: t.TempDir(), host: net.JoinHostPort(o.Host, port), listen: net.JoinHostPort(address, port)}
	c.url = "https://" + c.host
	settings := append([]string{
		"url=" + c.url,
		"listen=" + c.listen,
		"data=" + filepath.Join(c.dir, "data"),
		"database=" + o.Database,
		"log_level=debug",
	}, o.Settings...)
	if !o.NoTLS {
		cert, key := certificate(t, o.Host)
		settings = append(settings, "tls_cert="+cert, "tls_key="+key)
	}
	if !o.Strict {
		settings = append(settings, "allow_addresses=127.0.0.0/8")
	}
	c.env = environment("KONFA_CONFIG=" + filepath.Join(c.dir, "konfa.toml"))
	if o.ExtraCA {
		settings = append(settings, "extra_ca="+caFile)
	} else {
		c.env = append(c.env, "SSL_CERT_FILE="+caFile, "SSL_CERT_DIR=/nonexistent")
	}
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		c.env = append(c.env, "KONFA_"+strings.ToUpper(name)+"="+value)
	}
	c.run(nil, "init", "--city", o.Name, "--handle", o.Handle, "--steward", "anna", "--language", "en,ru")
	if !o.NoServe {
		c.serve()
	}
	return c
}

// serve starts the city, and waits until it is ready.
func (c *city) serve() {
	c.t.Helper()
	c.process = start(c.t, "konfa of "+c.name, c.command("serve"))
	listening(c.t, c.process, c.listen)
	eventually(c.t, c.name+" is ready", func() error {
		status, _, body := c.get("/readyz", "")
		if status != http.StatusOK {
			return fmt.Errorf("%d: %s", status, body)
		}
		return nil
	})
}

func (c *city) command(args ...string) *exec.Cmd {
	cmd := exec.Command(konfa, args...)
	cmd.Dir = c.dir
	cmd.Env = c.env
	return cmd
}

// try runs a command of konfa beside the running city.
func (c *city) try(args ...string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	cmd := exec.CommandContext(ctx, konfa, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// run runs a command that must succeed, and reads its JSON into v unless nil.
func (c *city) run(v any, args ...string) {
	c.t.Helper()
	out, errs, err := c.try(append([]string{"--json"}, args...)...)
	if err != nil {
		c.t.Fatalf("%s: konfa %s: %v\n%s%s", c.name, strings.Join(args, " "), err, errs, out)
	}
	if v == nil {
		return
	}
	if err := json.Unmarshal([]byte(out), v); err != nil {
		c.t.Fatalf("%s: konfa %s printed no JSON: %v\n%s", c.name, strings.Join(args, " "), err, out)
	}
}

// newClient makes what talks to our own servers, whatever their names.
func newClient() *http.Client {
	return &http.Client{
		Timeout: 20 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: trust(), MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				host, port, err := net.SplitHostPort(address)
				if err != nil {
					return nil, err
				}
				if strings.HasSuffix(host, "localhost") {
					host = "127.0.0.1"
				}
				return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, net.JoinHostPort(host, port))
			},
			MaxIdleConnsPerHost: 32,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// get fetches an address of the city.
func (c *city) get(path, accept string) (status int, header http.Header, body []byte) {
	c.t.Helper()
	if !strings.Contains(path, "://") {
		path = c.url + path
	}
	req, err := http.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, []byte(err.Error())
	}
	defer resp.Body.Close()
	if body, err = readAll(resp.Body); err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

const activityJSON = "application/activity+json"

// ---- what the commands print, as far as the tests look at it

type conference struct {
	Slug     string `json:"slug"`
	URI      string `json:"uri"`
	Title    string `json:"title"`
	Start    string `json:"start"`
	End      string `json:"end"`
	Status   string `json:"status"`
	Capacity int    `json:"capacity"`
	Seats    struct {
		Going, Maybe, Waiting, Pending int
	} `json:"seats"`
	Announced string `json:"announced"`
	Origin    string `json:"origin"`
}

type post struct {
	Slug    string            `json:"slug"`
	URI     string            `json:"uri"`
	Author  string            `json:"author"`
	Title   string            `json:"title"`
	HTML    []json.RawMessage `json:"html"`
	ReplyTo string            `json:"reply_to"`
}

type guest struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"`
	Plus  int    `json:"plus"`
}

type followed struct {
	Local string `json:"local"`
	Actor string `json:"actor"`
	State string `json:"state"`
}

type peer struct {
	Host        string `json:"host"`
	Software    string `json:"software"`
	Waiting     int    `json:"waiting"`
	Signatures  string `json:"signatures"`
	LastError   string `json:"last_error"`
	LastRefused string `json:"last_refused"`
	Blocked     string `json:"blocked"`
}

// addConference publishes a conference for the city.
func (c *city) addConference(title string, flags ...string) conference {
	c.t.Helper()
	var made conference
	c.run(&made, append([]string{"conf", "add", title, "--start", soon(7)}, flags...)...)
	if made.URI == "" {
		c.t.Fatalf("a conference without an address: %+v", made)
	}
	return made
}

// soon is an evening some days from now, on the city's clock.
func soon(days int) string {
	return time.Now().AddDate(0, 0, days).Format("2006-01-02") + "T19:00"
}

func (c *city) conferences(flags ...string) []conference {
	c.t.Helper()
	var list []conference
	c.run(&list, append([]string{"conf", "list", "--all"}, flags...)...)
	return list
}

// foreign finds a conference of another city by its address, or nil.
func (c *city) foreign(uri string) *conference {
	c.t.Helper()
	for _, conf := range c.conferences("--foreign") {
		if conf.URI == uri {
			return &conf
		}
	}
	return nil
}

// awaitForeign waits for a conference of another city to be as want says.
func (c *city) awaitForeign(uri string, want func(*conference) error) conference {
	c.t.Helper()
	var found conference
	eventually(c.t, c.name+" has "+uri, func() error {
		conf := c.foreign(uri)
		if conf == nil {
			return fmt.Errorf("it is not there; peers: %+v", c.peers())
		}
		found = *conf
		if want != nil {
			return want(conf)
		}
		return nil
	})
	return found
}

func (c *city) awaitNoForeign(uri string) {
	c.t.Helper()
	eventually(c.t, c.name+" no longer has "+uri, func() error {
		if conf := c.foreign(uri); conf != nil {
			return fmt.Errorf("%+v", *conf)
		}
		return nil
	})
}

func (c *city) guests(slug string) []guest {
	c.t.Helper()
	var list []guest
	c.run(&list, "conf", "guests", slug)
	return list
}

func (c *city) posts() []post {
	c.t.Helper()
	var list []post
	c.run(&list, "post", "list", "--others", "--limit", "1000")
	return list
}

func (c *city) followers() []followed { return c.follows("followers") }
func (c *city) following() []followed { return c.follows("following") }

func (c *city) follows(command string) []followed {
	c.t.Helper()
	var list []followed
	c.run(&list, command)
	return list
}

func (c *city) peers() []peer {
	c.t.Helper()
	var list []peer
	c.run(&list, "peers")
	return list
}

func (c *city) peer(host string) peer {
	c.t.Helper()
	for _, p := range c.peers() {
		if p.Host == host {
			return p
		}
	}
	return peer{}
}

// follow makes the city follow another, and waits for the Accept.
func (c *city) follow(target, actor string, flags ...string) {
	c.t.Helper()
	c.run(nil, append([]string{"follow", target}, flags...)...)
	c.awaitFollowing(actor)
}

func (c *city) awaitFollowing(actor string) {
	c.t.Helper()
	eventually(c.t, c.name+" follows "+actor, func() error {
		var seen []followed
		for _, f := range c.following() {
			if f.Actor == actor && f.State == "accepted" {
				return nil
			}
			seen = append(seen, f)
		}
		return fmt.Errorf("following %+v", seen)
	})
}

func (c *city) awaitFollower(actor string) {
	c.t.Helper()
	eventually(c.t, c.name+" is followed by "+actor, func() error {
		for _, f := range c.followers() {
			if f.Actor == actor && f.State == "accepted" {
				return nil
			}
		}
		return fmt.Errorf("followers %+v, peers %+v", c.followers(), c.peers())
	})
}

// address is what people follow.
func (c *city) address() string {
	return "@" + strings.ToLower(c.name) + "@" + c.host
}

func (c *city) cityURI() string { return c.url + "/city" }
func (c *city) nodeURI() string { return c.url + "/node" }

// postgresDatabase makes a database for one city, dropped with the test.
func postgresDatabase(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("KONFA_TEST_POSTGRES")
	if dsn == "" {
		need(t, "a PostgreSQL server that KONFA_TEST_POSTGRES names")
	}
	return newDatabase(t, dsn)
}
