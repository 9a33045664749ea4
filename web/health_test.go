package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// fakeMachine is a machine as the test wants it.
type fakeMachine struct {
	looks int
	made  int
	err   error
}

func (m *fakeMachine) Examine(context.Context) []community.Finding {
	m.looks++
	return []community.Finding{
		{Check: "tls", Key: "fine", Health: community.Well, Args: map[string]string{"Host": "belgrade.example", "Until": "2027-01-01"}},
		{Check: "dns", Key: "nowhere", Health: community.Ill, Args: map[string]string{"Host": "belgrade.example"}},
	}
}

func (m *fakeMachine) Backups() ([]Backup, error) {
	return []Backup{{Name: "konfa-20261122-150000.backup", Size: 1_430_000, Made: fakeNow}}, nil
}

func (m *fakeMachine) BackUp(context.Context) (Backup, error) { m.made++; return Backup{}, m.err }
func (m *fakeMachine) Disk() (free, size uint64)              { return 5e9, 20e9 }
func (m *fakeMachine) Settings() []Setting {
	return []Setting{{Key: "url", Value: "https://belgrade.example", From: "konfa.toml, url"}, {Key: "smtp"}}
}

func TestHealthPages(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	m := w.machine
	body := w.get("/desk/health", ana)
	for _, want := range []string{"Something is broken", "Nobody knows where belgrade.example is", "Make an A or AAAA record", "good until 2027-01-01", "konfa.toml, url", "default"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Index(body, "Nobody knows") > strings.Index(body, "good until") {
		t.Error("what is broken does not come first")
	}
	w.get("/desk/health", ana)
	if m.looks != 1 {
		t.Errorf("it was looked at %d times", m.looks)
	}
	if res := w.send("/desk/health", nil, ana); res.Header.Get("Location") != "/desk/health" || m.looks != 2 {
		t.Errorf("looking again: %s, %d", res.Status, m.looks)
	}
	if body := w.get("/desk/health?lang=ru", ana); !strings.Contains(body, "Что-то сломано") {
		t.Error("not in Russian")
	}

	body = w.get("/desk/health/storage", ana)
	for _, want := range []string{"1.4 MB", "5.0 GB", "conference", "konfa-20261122"} {
		if !strings.Contains(body, want) {
			t.Errorf("the storage lacks %q", want)
		}
	}
	if res := w.send("/desk/health/storage", nil, ana); res.Header.Get("Location") != "/desk/health/storage?made=1" || m.made != 1 {
		t.Errorf("a backup: %s", res.Status)
	}
	m.err = errors.New("no room: /secret/path")
	if res := w.send("/desk/health/storage", nil, ana); res.StatusCode != http.StatusInternalServerError || strings.Contains(bodyOf(t, res), "/secret/path") {
		t.Errorf("a backup that fails: %s", res.Status)
	}

	if body := w.get("/desk/health/servers", ana); !strings.Contains(body, "No other server yet") {
		t.Error("no word where there is no server")
	}
	actor := w.stranger("https://mas.example/u/x", "x", "X")
	err := w.node.Store().Write(t.Context(), func(tx *storage.Tx) error {
		if err := tx.SavePeer(t.Context(), &community.Peer{Host: actor.Host, Software: "mastodon", Version: "4.5"}); err != nil {
			return err
		}
		return tx.PeerFailed(t.Context(), actor.Host, "connection refused <b>", fakeNow.Add(time.Hour))
	})
	if err != nil {
		t.Fatal(err)
	}
	if body := w.get("/desk/health/servers?host=mas.example", ana); !strings.Contains(body, "mastodon 4.5") || !strings.Contains(body, "connection refused &lt;b&gt;") || !strings.Contains(body, "Nothing waits") {
		t.Error("the server is not shown")
	}
	if res := w.send("/desk/health/servers", url.Values{"host": {"mas.example"}}, ana); res.StatusCode != http.StatusSeeOther {
		t.Errorf("trying now: %s", res.Status)
	}
	if res := w.send("/desk/health/servers", url.Values{"host": {"no.example"}}, ana); res.StatusCode != http.StatusNotFound {
		t.Errorf("trying a server that nobody knows: %s", res.Status)
	}
	for _, path := range []string{healthPath, serversPath, storagePath} {
		if res := w.do(http.MethodGet, path, ""); !strings.HasPrefix(res.Header.Get("Location"), "/login") {
			t.Errorf("%s for a stranger: %s", path, res.Status)
		}
	}
}

// Whatever can be found has words, and what is broken has advice.
func TestFindingsHaveWords(t *testing.T) {
	have := keysOf(t, "en")
	found := regexp.MustCompile(`(?:find|found)\("([a-z]+)", "([a-z_]+)", community\.(\w+)`)
	n := 0
	for _, pattern := range []string{"../federation/examine.go", "../cmd/konfa/machine.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range found.FindAllStringSubmatch(string(b), -1) {
				n++
				key := "health." + m[1] + "." + m[2]
				if _, ok := have[key]; !ok {
					t.Errorf("no words for %s", key)
				}
				if _, ok := have["health."+m[1]+".title"]; !ok {
					t.Errorf("no title for %s", m[1])
				}
			}
		}
	}
	if n < 30 {
		t.Fatalf("only %d findings were found", n)
	}
	words, err := Words()
	if err != nil {
		t.Fatal(err)
	}
	if title, text, do := words("ru", "dns", "nowhere", map[string]string{"Host": "x.example"}); title != "Имя" || !strings.Contains(text, "x.example") || do == "" {
		t.Error(title, text, do)
	}
}

func TestAmounts(t *testing.T) {
	w := newTown(t)
	v := &viewer{tongue: w.server.tongues.list[0], city: fakeCity(), now: fakeNow}
	for n, want := range map[int64]string{0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 1_430_000: "1.4 MB", 15_600_000: "16 MB", 5e12: "5" + nbsp + "000 GB"} {
		if got := v.bytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
