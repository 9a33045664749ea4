package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// WriteConfigFile writes the file of a first start: every key with its meaning
// and default, the ones in values set. A file that exists is never touched;
// wrote tells whether there was none.
func WriteConfigFile(path string, values map[string]string) (wrote bool, err error) {
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return false, err
		}
	}
	// 0600, as a database address and a mail address may hold passwords.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if _, err := f.WriteString(configFile(values)); err != nil {
		f.Close()
		return true, err
	}
	return true, f.Close()
}

// configFile is the text of a configuration file.
func configFile(values map[string]string) string {
	var b strings.Builder
	b.WriteString("# The configuration of konfa. A line that starts with # says nothing: it shows\n" +
		"# the default. Every key can also be set in the environment (KONFA_ and the key\n" +
		"# in capitals), and as a flag of konfa serve; flags win, then the environment.\n")
	for _, s := range settings {
		if s.comment != "" {
			b.WriteString("\n# " + strings.ReplaceAll(s.comment, "\n", "\n# ") + "\n")
		}
		v, set := values[s.key]
		if !set {
			v = s.def
			b.WriteString("# ")
		}
		fmt.Fprintf(&b, "%s = %s\n", s.key, tomlValue(s.key, v))
	}
	return b.String()
}

func tomlValue(key, v string) string {
	switch key {
	case "authorized_fetch":
		return v
	case "trusted_proxies", "allow_addresses":
		var items []string
		for _, s := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }) {
			items = append(items, strconv.Quote(s))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return tomlString(v)
}

// tomlString quotes s as TOML does; Go's escapes for control characters are not
// all known to TOML.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
