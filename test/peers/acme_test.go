package peers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// konfa serve gets a certificate by ACME from an authority that really looks:
// pebble resolves the name with a DNS server of the test, and connects to konfa
// for the challenge.
func TestCertificateByACME(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pebble", "pebble-challtestsrv"} {
		if _, err := exec.LookPath(name); err != nil {
			need(t, name+" (Debian package pebble)")
		}
	}
	const host = "belgrade.test"
	httpPort := freePort(t, "127.0.0.1")
	belgrade := found(t, cityOptions{Host: host, NoServe: true, NoTLS: true})
	_, tlsPort, err := net.SplitHostPort(belgrade.listen)
	if err != nil {
		t.Fatal(err)
	}
	directory, management := newPebble(t, httpPort, tlsPort)

	belgrade.env = append(belgrade.env,
		"KONFA_ACME_EMAIL=anna@belgrade.test", "KONFA_ACME_DIRECTORY="+directory, "KONFA_ACME_ROOT="+caFile, "KONFA_HTTP_LISTEN=127.0.0.1:"+httpPort)
	belgrade.process = start(t, "konfa", belgrade.command("serve"))
	listening(t, belgrade.process, belgrade.listen)

	root := fetchPEM(t, management+"/roots/0")
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(root) {
		t.Fatalf("pebble's root is %q", root)
	}
	pebbleClient := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, belgrade.listen)
		},
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
	}}
	var serial string
	get := func(path string) error {
		resp, err := pebbleClient.Get(belgrade.url + path)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		leaf := resp.TLS.PeerCertificates[0]
		if err := leaf.VerifyHostname(host); err != nil || len(resp.TLS.VerifiedChains) == 0 {
			return fmt.Errorf("the certificate is for %q: %w", leaf.DNSNames, err)
		}
		serial = leaf.SerialNumber.String()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %d", path, resp.StatusCode)
		}
		return nil
	}
	eventually(t, "konfa serves with a certificate of pebble", func() error { return get("/readyz") })
	first := serial

	// Plain HTTP sends everyone else to HTTPS.
	plain := &http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := plain.Get("http://127.0.0.1:" + httpPort + "/conf.ics?x=1")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := resp.Header.Get("Location"); resp.StatusCode/100 != 3 || got != belgrade.url+"/conf.ics?x=1" {
		t.Errorf("plain HTTP answers %d, to %q", resp.StatusCode, got)
	}

	// After a restart it is the same certificate, without asking again.
	belgrade.process.stop(t)
	belgrade.process = start(t, "konfa again", belgrade.command("serve"))
	listening(t, belgrade.process, belgrade.listen)
	eventually(t, "konfa serves again", func() error { return get("/readyz") })
	if serial != first {
		t.Errorf("after the restart it serves another certificate: %s, then %s", first, serial)
	}
	belgrade.process.stop(t)
}

// newPebble starts the authority and its DNS server, which knows every name as
// this machine.
func newPebble(t *testing.T, httpPort, tlsPort string) (directory, management string) {
	t.Helper()
	address := func() string { return "127.0.0.1:" + freePort(t, "127.0.0.1") }
	dns := address() // a port free for TCP; it is used for both
	dnsManagement := address()
	resolver := start(t, "pebble-challtestsrv", exec.Command("pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "",
		"-dns01", dns, "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", dnsManagement))
	listening(t, resolver, dnsManagement)

	cert, key := certificate(t, "127.0.0.1")
	listen, manage := address(), address()
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": manage, "certificate": cert, "privateKey": key,
		"httpPort": json.Number(httpPort), "tlsPort": json.Number(tlsPort), "ocspResponderURL": "", "externalAccountBindingRequired": false,
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("pebble", "-config", file, "-dnsserver", dns)
	cmd.Env = environment("PEBBLE_VA_NOSLEEP=1") // it looks at once, and it does look
	authority := start(t, "pebble", cmd)
	listening(t, authority, listen)
	return "https://" + listen + "/dir", "https://" + manage
}

// fetchPEM reads something of the management interface of pebble.
func fetchPEM(t *testing.T, url string) []byte {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", url, resp.StatusCode, err)
	}
	return b
}
