package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// peers are simulated servers: every one has a loopback address of its own, one
// actor, and answers like Mastodon does. All share a key, since making one
// takes 40 ms.
type peers struct {
	hosts     []string // "127.9.0.1:port"
	key       *rsa.PrivateKey
	pem       string
	servers   []*http.Server
	fetches   atomic.Int64 // documents fetched by the city
	delivered atomic.Int64 // activities that are neither Accept nor Reject
	answered  atomic.Int64 // Accepts
}

func startPeers(ca *authority, n int) (*peers, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	p := &peers{key: key, pem: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
	var ips []string
	for i := range n {
		ips = append(ips, fmt.Sprintf("127.9.%d.%d", i/250, i%250+1))
	}
	cert, err := ca.issue(ips...)
	if err != nil {
		return nil, err
	}
	for _, ip := range ips {
		ln, err := tls.Listen("tcp", net.JoinHostPort(ip, "0"), &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}})
		if err != nil {
			p.close()
			return nil, err
		}
		host := ln.Addr().String()
		srv := &http.Server{Handler: p.handler(host), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
		p.hosts = append(p.hosts, host)
		p.servers = append(p.servers, srv)
		go func() { _ = srv.Serve(ln) }()
	}
	return p, nil
}

func (p *peers) close() {
	for _, s := range p.servers {
		_ = s.Close()
	}
}

func (p *peers) actor(host string) string { return "https://" + host + "/users/bob" }

func (p *peers) handler(host string) http.Handler {
	id := p.actor(host)
	doc, _ := json.Marshal(map[string]any{
		"@context": []string{"https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"},
		"id":       id, "type": "Person", "preferredUsername": "bob", "name": "Bob", "inbox": id + "/inbox", "outbox": id + "/outbox",
		"followers": id + "/followers", "url": "https://" + host + "/@bob", "endpoints": map[string]string{"sharedInbox": "https://" + host + "/inbox"},
		"publicKey": map[string]string{"id": id + "#main-key", "owner": id, "publicKeyPem": p.pem},
	})
	nodeinfo := fmt.Sprintf(`{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"https://%s/nodeinfo/2.0"}]}`, host)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		switch {
		case r.Method == http.MethodPost:
			var a struct{ Type string }
			_ = json.Unmarshal(body, &a)
			if a.Type == "Accept" {
				p.answered.Add(1)
			} else {
				p.delivered.Add(1)
			}
			w.WriteHeader(http.StatusAccepted)
			return
		case r.URL.Path == "/users/bob":
			w.Header().Set("Content-Type", "application/activity+json; charset=utf-8")
			_, _ = w.Write(doc)
		case r.URL.Path == "/.well-known/nodeinfo":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, nodeinfo)
		case strings.HasPrefix(r.URL.Path, "/nodeinfo/"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"version":"2.0","software":{"name":"mastodon","version":"4.5.0"},"protocols":["activitypub"],"usage":{"users":{}},"openRegistrations":false}`)
		default:
			http.NotFound(w, r)
		}
		p.fetches.Add(1)
	})
}
