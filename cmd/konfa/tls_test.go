package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// authority makes certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue writes a certificate for the names and its key into two files.
func (a *authority) issue(t *testing.T, certFile, keyFile string, names ...string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	writeFile(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

func writeFile(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// lockedBuffer takes the log of a server that runs beside the test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// runServe founds a city and serves it until the test ends.
func runServe(t *testing.T, url string, flags ...string) *lockedBuffer {
	t.Helper()
	dir := t.TempDir()
	global := []string{"--config", filepath.Join(dir, "konfa.toml"), "--data", filepath.Join(dir, "data"), "--url", url}
	log := &lockedBuffer{}
	none := strings.NewReader("")
	if code := run(t.Context(), append(global, "init", "--city", "Belgrade", "--steward", "anna"), nil, none, io.Discard, log); code != 0 {
		t.Fatalf("init: status %d: %s", code, log)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, append(append(global, "serve"), flags...), nil, none, io.Discard, log) }()
	t.Cleanup(func() {
		stop()
		select {
		case code := <-ended:
			if code != 0 {
				t.Errorf("serve ended with %d", code)
			}
		case <-time.After(10 * time.Second):
			t.Error("serve did not end within ten seconds")
		}
		if t.Failed() {
			t.Log(log)
		}
	})
	return log
}

// handshake returns the certificate that is served to a name.
func handshake(addr, name string, roots *x509.CertPool) (*x509.Certificate, error) {
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 2 * time.Second}, "tcp", addr, &tls.Config{ServerName: name, RootCAs: roots})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0], nil
}

// eventually tries until f succeeds.
func eventually(t *testing.T, within time.Duration, f func() error) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after %v: %v", within, err)
		}
	}
}

func TestHTTPSFromFiles(t *testing.T) {
	ca, dir := newAuthority(t), t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	ca.issue(t, cert, key, "belgrade.test")
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	p := freePorts(t, 2)
	addr, plain := fmt.Sprintf("127.0.0.1:%d", p[0]), fmt.Sprintf("127.0.0.1:%d", p[1])
	url := fmt.Sprintf("https://belgrade.test:%d", p[0])
	log := runServe(t, url, "--listen", addr, "--http-listen", plain, "--tls-cert", cert, "--tls-key", key)

	var first *x509.Certificate
	eventually(t, 20*time.Second, func() (err error) {
		first, err = handshake(addr, "belgrade.test", roots)
		return err
	})
	for method, want := range map[string]int{http.MethodGet: http.StatusMovedPermanently, http.MethodPost: http.StatusPermanentRedirect} {
		req, err := http.NewRequest(method, "http://"+plain+"/conf/x?a=b", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want || res.Header.Get("Location") != url+"/conf/x?a=b" {
			t.Errorf("%s over plain HTTP: %d to %q", method, res.StatusCode, res.Header.Get("Location"))
		}
	}

	// Half a renewal, a key that does not fit yet: the old certificate stays.
	other := filepath.Join(dir, "other.pem")
	later := time.Now().Add(time.Minute)
	ca.issue(t, other, key, "belgrade.test")
	os.Chtimes(key, later, later)
	eventually(t, 10*time.Second, func() error {
		got, err := handshake(addr, "belgrade.test", roots)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Equal(first) {
			t.Fatal("half a renewal was served")
		}
		if !strings.Contains(log.String(), "the old one stays") {
			return fmt.Errorf("the log says nothing of it")
		}
		return nil
	})
	// And then all of it.
	if err := os.Rename(other, cert); err != nil {
		t.Fatal(err)
	}
	later = later.Add(time.Minute)
	os.Chtimes(cert, later, later)
	eventually(t, 10*time.Second, func() error {
		got, err := handshake(addr, "belgrade.test", roots)
		if err == nil && got.Equal(first) {
			err = fmt.Errorf("the old certificate is still served")
		}
		return err
	})
}

// TestCertificatesByACME gets a certificate from pebble, the test authority of
// Let's Encrypt, which really asks this node for its challenges.
func TestCertificatesByACME(t *testing.T) {
	pebble, err := exec.LookPath("pebble")
	if err != nil {
		if os.Getenv("KONFA_TEST_ALL") != "" {
			t.Fatal("pebble is not installed: apt-get install pebble")
		}
		t.Skip("pebble is not installed")
	}
	const name = "belgrade.test"
	dir, ca := t.TempDir(), newAuthority(t)
	ca.issue(t, filepath.Join(dir, "pebble.pem"), filepath.Join(dir, "pebble.key"), "localhost")
	writeFile(t, filepath.Join(dir, "root.pem"), ca.pem)
	p := freePorts(t, 4)
	local := func(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": local(p[0]), "managementListenAddress": local(p[1]),
		"certificate": filepath.Join(dir, "pebble.pem"), "privateKey": filepath.Join(dir, "pebble.key"),
		"httpPort": p[3], "tlsPort": p[2],
	}})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "pebble.json"), config)

	cmd := exec.Command(pebble, "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", loopbackNames(t))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	said := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(said)
		}
	})
	trusts := x509.NewCertPool()
	trusts.AddCert(ca.cert)
	authority := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusts}}}
	roots := x509.NewCertPool()
	eventually(t, 10*time.Second, func() error {
		res, err := authority.Get("https://" + local(p[1]) + "/roots/0")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		root, err := io.ReadAll(res.Body)
		if err == nil && !roots.AppendCertsFromPEM(root) {
			err = fmt.Errorf("no root: %s", root)
		}
		return err
	})

	runServe(t, fmt.Sprintf("https://%s:%d", name, p[2]), "--listen", local(p[2]), "--http-listen", local(p[3]), "--acme-email", "anna@belgrade.test",
		"--acme-directory", "https://"+local(p[0])+"/dir", "--acme-root", filepath.Join(dir, "root.pem"))
	eventually(t, 60*time.Second, func() error {
		got, err := handshake(local(p[2]), name, roots)
		if err == nil {
			err = got.VerifyHostname(name)
		}
		return err
	})
}

// loopbackNames is a name server that knows every name, and sends all of them to
// this machine.
func loopbackNames(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(r)
		for _, q := range r.Question {
			if q.Qtype == dns.TypeA {
				m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1)})
			}
		}
		w.WriteMsg(m)
	})}
	go s.ActivateAndServe()
	t.Cleanup(func() { s.Shutdown() })
	return conn.LocalAddr().String()
}

// TestNewestOfMissingFiles makes sure that a file taken away for a moment does
// not take the certificate with it.
func TestNewestOfMissingFiles(t *testing.T) {
	ca, dir := newAuthority(t), t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	ca.issue(t, cert, key, "a.test")
	f := &certFiles{cert: cert, key: key, log: slog.New(slog.DiscardHandler)}
	first, err := f.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(cert)
	f.looked = time.Time{}
	if got, err := f.get(nil); err != nil || got != first {
		t.Errorf("without the file: %v, %v", got, err)
	}
	ca.issue(t, cert, key, "a.test")
	f.looked = time.Time{}
	if got, err := f.get(nil); err != nil || got == first {
		t.Errorf("with a new file: the old one, %v", err)
	}
}
