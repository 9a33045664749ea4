package standin

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// signs is how a software signs what it sends.
type signs struct {
	post, get []string // what is covered, in order
	algorithm string   // rsa-sha256 or hs2019
	query     bool     // (request-target) has the query
	bareHost  bool     // Host is sent without the port
}

// sign signs a request as an actor in the manner of the server.
func (s *Server) sign(r *http.Request, body []byte, as *Actor) error {
	r.Header.Set("Date", s.now().UTC().Format(http.TimeFormat))
	covered := s.signs.get
	if r.Method == http.MethodPost {
		covered = s.signs.post
		sum := sha256.Sum256(body)
		r.Header.Set("Digest", "SHA-256="+base64.StdEncoding.EncodeToString(sum[:]))
	}
	r.Host = r.URL.Host
	if s.signs.bareHost {
		r.Host = r.URL.Hostname()
	}
	target := r.URL.EscapedPath()
	if s.signs.query && r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	var lines []string
	for _, name := range covered {
		value := ""
		switch name {
		case "(request-target)":
			value = strings.ToLower(r.Method) + " " + target
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.Itoa(len(body))
		default:
			value = r.Header.Get(name)
		}
		lines = append(lines, name+": "+value)
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	s.mu.Lock()
	key := as.key
	s.mu.Unlock()
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return err
	}
	r.Header.Set("Signature", fmt.Sprintf(`keyId="%s",algorithm="%s",headers="%s",signature="%s"`,
		as.KeyID, s.signs.algorithm, strings.Join(covered, " "), base64.StdEncoding.EncodeToString(signature)))
	return nil
}

// send posts an activity to an inbox, signed by an actor. The error is an answer
// that is no success.
func (s *Server) send(as *Actor, inbox string, activity document) error {
	if !present(activity, "@context") {
		activity["@context"] = asContext
	}
	body, err := json.Marshal(activity)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodPost, inbox, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if _, err := url.Parse(inbox); err != nil {
		return err
	}
	r.Header.Set("Content-Type", activityJSON)
	r.Header.Set("User-Agent", s.userAgent)
	if err := s.sign(r, body, as); err != nil {
		return err
	}
	resp, err := s.network.Client.Do(r)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnreachable, err)
	}
	defer resp.Body.Close()
	answer, err := readBounded(resp.Body, 64<<10)
	if err != nil {
		return err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("%s to %s: %d %s", activity["type"], inbox, resp.StatusCode, answer)
	}
	return nil
}
