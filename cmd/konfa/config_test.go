package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// writeConfig writes a configuration file for a test and returns its path.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "konfa.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrecedence(t *testing.T) {
	file := writeConfig(t, "listen = \"127.0.0.1:1\"\nurl = \"http://file.example\"\ndata = \"/file\"\n")
	env := []string{"KONFA_LISTEN=127.0.0.1:2", "KONFA_URL=http://env.example", "HOME=/root"}
	c, err := LoadConfig(file, false, env, map[string]string{"listen": "127.0.0.1:3"})
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"flag over environment": {c.Listen, "127.0.0.1:3"},
		"environment over file": {c.URL, "http://env.example"},
		"file over default":     {c.Data, "/file"},
		"default":               {c.LogFormat, "text"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
		}
	}
	if !c.Said("url") || c.Said("database") {
		t.Error("Said does not tell what was set")
	}
}

func TestAllProblemsTogether(t *testing.T) {
	file := writeConfig(t, `
lisen = "127.0.0.1:1"
url = "belgrade.example"
tls_cert = "/does/not/exist"
smtp = 25
`)
	_, err := LoadConfig(file, false, []string{"KONFA_DATABSE=x", "KONFA_DATABASE=mysql://root:secret@db/x", "KONFA_TRUSTED_PROXIES=10.0.0.0/99"},
		map[string]string{"authorized_fetch": "perhaps"})
	if err == nil {
		t.Fatal("nothing was wrong")
	}
	var b strings.Builder
	if code := report(&b, err); code != 1 {
		t.Errorf("exit status %d", code)
	}
	got := b.String()
	for _, want := range []string{
		`unknown key "lisen"`, "did you mean listen?",
		`"belgrade.example" is not an address`, "write it like https://belgrade.example",
		"tls_cert is set without tls_key",
		"smtp: a text is expected, not 25",
		"unknown variable KONFA_DATABSE", "did you mean KONFA_DATABASE?",
		`KONFA_DATABASE: the scheme "mysql" is unknown`,
		`KONFA_TRUSTED_PROXIES: "10.0.0.0/99" is not a range`,
		`--authorized-fetch: "perhaps" is neither true nor false`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if strings.Contains(got, "secret") {
		t.Error("a password is shown")
	}
	if t.Failed() {
		t.Log(got)
	}
}

func TestPublicURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://Belgrade.Example/":        "https://belgrade.example",
		"https://belgrade.example:443":     "https://belgrade.example",
		"http://127.0.0.1:8080":            "http://127.0.0.1:8080",
		"http://[::1]:8080/":               "http://[::1]:8080",
		"https://белград.рф":               "https://xn--80abgfc0byb.xn--p1ai",
		"ftp://belgrade.example":           "",
		"https://user@belgrade.example":    "",
		"https://belgrade.example/konfa":   "",
		"https://belgrade.example:99999":   "",
		"https://belgrade example":         "",
		"belgrade.example":                 "",
		"https://belgrade.example?x=1":     "",
		"":                                 "",
		"https://":                         "",
		"https://belgrade.example/#anchor": "",
	} {
		got, err := publicURL(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("publicURL(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

// TestWrittenFile makes sure that a first start's file says nothing by itself,
// and that what is set in it is read back, whatever characters it has.
func TestWrittenFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "konfa.toml")
	if wrote, err := WriteConfigFile(path, nil); err != nil || !wrote {
		t.Fatalf("wrote %v, %v", wrote, err)
	}
	c, err := LoadConfig(path, false, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		if c.Said(s.key) {
			t.Errorf("the file sets %s", s.key)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		if !strings.Contains(string(raw), "\n# "+s.key+" = ") {
			t.Errorf("the file does not show %s", s.key)
		}
	}
	// Every line that is commented out must be a working line.
	on := strings.NewReplacer("\n# ", "\n").Replace(string(raw))
	var lines []string
	for _, l := range strings.Split(on, "\n") {
		if k, _, ok := strings.Cut(l, " = "); ok && findSetting(k) != nil {
			lines = append(lines, l)
		}
	}
	if _, err := LoadConfig(writeConfig(t, strings.Join(lines, "\n")), false, nil, nil); err != nil {
		t.Errorf("the defaults in the file: %v", err)
	}
	if wrote, err := WriteConfigFile(path, map[string]string{"data": "x"}); err != nil || wrote {
		t.Errorf("an existing file was written: %v, %v", wrote, err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		v := strings.TrimSpace(strings.ToValidUTF8(rapid.String().Draw(rt, "data"), ""))
		if v == "" {
			return
		}
		file := writeConfig(t, configFile(map[string]string{"data": v}))
		c, err := LoadConfig(file, false, nil, nil)
		if err != nil {
			rt.Fatal(err)
		}
		if c.Data != v {
			rt.Fatalf("wrote %q, read %q", v, c.Data)
		}
	})
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"lisen": "listen", "tls_crt": "tls_cert", "databse": "database", "trusted_proxy": "trusted_proxies", "URL": "url"} {
		if got := nearest(strings.ToLower(word), settingKeys()); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		a, b := rapid.StringN(0, 12, 40).Draw(rt, "a"), rapid.StringN(0, 12, 40).Draw(rt, "b")
		if distance(a, b) != distance(b, a) {
			rt.Fatal("not symmetric")
		}
		if (distance(a, b) == 0) != (string([]rune(a)) == string([]rune(b))) {
			rt.Fatal("zero for different words")
		}
	})
}

func FuzzConfigFile(f *testing.F) {
	f.Add([]byte("url = \"https://a.example\"\nlisten = [1]\n[table]\nx = 1"))
	f.Add([]byte("data = \"\\u0000\"\ntrusted_proxies = [\"::/0\", \"x\"]"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, raw []byte) {
		path := filepath.Join(dir, "konfa.toml")
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Skip()
		}
		c, err := LoadConfig(path, false, nil, nil)
		if err == nil && (c.URL == "" || c.Data == "" || c.Listen == "") {
			t.Errorf("accepted, but not usable: %+v", c)
		}
	})
}
