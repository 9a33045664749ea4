// Package blocklist reads and writes lists of servers that are kept out, in the
// forms that other software has them: Mastodon's CSV and API, Pleroma's
// mrf_simple, and plain lists of one domain a line as Mobilizon, Gancio and
// people have them.
package blocklist

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/idna"

	"konfa/community"
)

// The bounds of what is read.
const (
	MaxBytes = 4 << 20
	MaxRows  = 20000
	maxLine  = 4000
	maxDepth = 8
)

// Problem is a row that was skipped, and why. Line counts from 1; in JSON it is
// the number of the entry.
type Problem struct {
	Line int
	Msg  string
}

// Read reads a list in any of the forms. Rows that are no domains are problems;
// "noop" without anything refused blocks nothing and is left out. Invalid for what
// is too large.
func Read(r io.Reader) ([]community.Block, []Problem, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, nil, community.Errorf(community.Invalid, "the list cannot be read: %w", err)
	}
	if len(text) > MaxBytes {
		return nil, nil, community.Errorf(community.Invalid, "the list is larger than %d MB", MaxBytes>>20)
	}
	l := &reading{}
	body := strings.TrimPrefix(strings.ToValidUTF8(string(text), "\uFFFD"), "\ufeff")
	switch trimmed := strings.TrimSpace(body); {
	case json.Valid([]byte(trimmed)) && (strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[")):
		var doc any
		if err := json.Unmarshal([]byte(trimmed), &doc); err != nil {
			return nil, nil, community.Errorf(community.Invalid, "the list cannot be read: %w", err)
		}
		l.json(doc, community.Suspend, "", 0)
	case csvHead(trimmed) || strings.Contains(firstLine(trimmed), ","):
		l.csv(body)
	default:
		l.plain(body)
	}
	if len(l.blocks) > MaxRows {
		return nil, nil, community.Errorf(community.Invalid, "the list has more than %d domains", MaxRows)
	}
	return l.blocks, l.problems, nil
}

type reading struct {
	blocks   []community.Block
	problems []Problem
}

const maxProblems = 200

func (l *reading) wrong(line int, format string, args ...any) {
	if len(l.problems) < maxProblems {
		l.problems = append(l.problems, Problem{line, fmt.Sprintf(format, args...)})
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func csvHead(s string) bool {
	head := strings.ToLower(strings.Trim(firstLine(s), " \r#\""))
	return head == "domain" || strings.HasPrefix(head, "domain,") || strings.HasPrefix(head, "domain\",")
}

// csv reads Mastodon's export: a heading with #domain and #severity, in any order
// and with any other columns; without a heading the first column is the domain.
func (l *reading) csv(text string) {
	rows := csv.NewReader(strings.NewReader(text))
	rows.FieldsPerRecord, rows.TrimLeadingSpace, rows.LazyQuotes = -1, true, true
	column := map[string]int{"domain": 0, "severity": 1, "reject_media": 2, "reject_reports": 3, "public_comment": 4, "obfuscate": 5}
	for first := true; len(l.blocks) <= MaxRows; first = false {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if pe, ok := errors.AsType[*csv.ParseError](err); ok {
			l.wrong(pe.Line, "%v", pe.Err)
			continue
		}
		if err != nil {
			l.wrong(0, "%v", err)
			return
		}
		line, _ := rows.FieldPos(0)
		get := func(name string) string {
			if i, ok := column[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		if head := strings.TrimPrefix(strings.TrimSpace(row[0]), "#"); first && strings.EqualFold(head, "domain") {
			column = map[string]int{}
			for i, name := range row {
				column[strings.ToLower(strings.TrimPrefix(strings.TrimSpace(name), "#"))] = i
			}
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(row[0]), "#") || len(row) == 1 && strings.TrimSpace(row[0]) == "" {
			continue // a remark
		}
		b := community.Block{RejectMedia: yes(get("reject_media")), RejectReports: yes(get("reject_reports")), Obfuscate: yes(get("obfuscate")), Reason: get("public_comment")}
		if _, heads := column["severity"]; heads && column["severity"] == 1 && len(row) == 2 && !known(get("severity")) {
			b.Reason = get("severity") // a plain list with remarks
			l.add(line, get("domain"), "suspend", b)
			continue
		}
		l.add(line, get("domain"), get("severity"), b)
	}
}

func yes(s string) bool {
	return strings.EqualFold(s, "true") || s == "1" || strings.EqualFold(s, "yes")
}

func known(severity string) bool {
	_, ok := severities[strings.ToLower(severity)]
	return ok
}

// severities are the words of Mastodon, Pleroma and others.
var severities = map[string]community.Severity{
	"": community.Suspend, "suspend": community.Suspend, "reject": community.Suspend, "block": community.Suspend,
	"silence": community.Silence, "limit": community.Silence, "federated_timeline_removal": community.Silence,
	"noop": community.NoBlock, "none": community.NoBlock,
}

func (l *reading) add(line int, name, severity string, b community.Block) {
	domain, err := Domain(name)
	if err != nil {
		l.wrong(line, "%v", err)
		return
	}
	s, ok := severities[strings.ToLower(severity)]
	if !ok {
		l.wrong(line, "the severity %q is neither suspend nor silence", clip(severity, 40))
		return
	}
	if b.Severity = s; s == community.NoBlock && !b.RejectMedia && !b.RejectReports {
		return // it blocks nothing
	}
	b.Domain, b.Reason = domain, clip(b.Reason, community.MaxReason)
	l.blocks = append(l.blocks, b)
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// sections are the headings of Pleroma's mrf_simple that matter.
var sections = map[string]community.Block{
	"reject": {Severity: community.Suspend}, "federated_timeline_removal": {Severity: community.Silence},
	"media_removal": {Severity: community.NoBlock, RejectMedia: true}, "report_removal": {Severity: community.NoBlock, RejectReports: true},
}

// plain reads one domain a line; what stands behind it is the reason. A line such
// as "media_removal:" says what the ones below it are for.
func (l *reading) plain(text string) {
	section := community.Block{Severity: community.Suspend}
	skip := false
	number := 0
	for line := range strings.Lines(text) {
		if number++; len(l.blocks) > MaxRows {
			return
		}
		if len(line) > maxLine {
			l.wrong(number, "this line is too long")
			continue
		}
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") || strings.Trim(line, "[]{}(),;%") == "" {
			continue
		}
		if head, rest, ok := strings.Cut(line, ":"); ok && (strings.TrimSpace(rest) == "" || strings.TrimSpace(rest) == "[") {
			s, known := sections[strings.ToLower(strings.TrimSpace(head))]
			if section, skip = s, !known; skip {
				continue
			}
			continue
		}
		if skip {
			continue // of no meaning here
		}
		for _, bullet := range []string{"- ", "* "} { // but not of "*.x.example"
			line = strings.TrimLeft(strings.TrimPrefix(line, bullet), " ")
		}
		fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("{}[]()\"',;\t ", r) })
		if len(fields) == 0 {
			continue
		}
		b := section
		_, rest, _ := strings.Cut(line, fields[0])
		b.Reason = strings.Trim(rest, "{}[]()\"',;\t #-")
		l.add(number, fields[0], string(section.Severity), b)
	}
}

// json reads Mastodon's API (objects with a domain), arrays of domains, and
// Pleroma's mrf_simple, wherever in a document it is.
func (l *reading) json(doc any, severity community.Severity, section string, depth int) {
	if depth > maxDepth || len(l.blocks) > MaxRows {
		return
	}
	switch v := doc.(type) {
	case []any:
		for i, one := range v {
			if name, ok := one.(string); ok {
				b := sections[section]
				l.add(i+1, name, string(severity), b)
				continue
			}
			if pair, ok := one.([]any); ok && len(pair) == 2 {
				if name, ok := pair[0].(string); ok {
					b := sections[section]
					b.Reason, _ = pair[1].(string)
					l.add(i+1, name, string(severity), b)
					continue
				}
			}
			l.json(one, severity, section, depth+1)
		}
	case map[string]any:
		if name, ok := v["domain"].(string); ok {
			b := community.Block{}
			for _, key := range []string{"public_comment", "comment"} {
				if b.Reason == "" {
					b.Reason, _ = v[key].(string)
				}
			}
			b.RejectMedia, _ = v["reject_media"].(bool)
			b.RejectReports, _ = v["reject_reports"].(bool)
			b.Obfuscate, _ = v["obfuscate"].(bool)
			how, ok := v["severity"].(string)
			if !ok {
				how = string(severity)
			}
			l.add(len(l.blocks)+1, name, how, b)
			return
		}
		for key, one := range sections {
			if list, ok := v[key]; ok {
				l.json(list, one.Severity, key, depth+1)
			}
		}
		for key, one := range v {
			if _, ok := sections[key]; ok {
				continue
			}
			if inner, ok := one.(map[string]any); ok {
				l.json(inner, severity, "", depth+1)
			}
		}
	}
}

// Domain brings a domain of a list into its one form: ASCII, lower case, without
// what stands for all below it.
func Domain(what string) (string, error) {
	d := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(what), "*."), "."))
	name, port, _ := strings.Cut(d, ":")
	ascii, err := idna.Lookup.ToASCII(name)
	if err != nil || ascii == "" || len(ascii) > 253 || strings.ContainsAny(ascii, "/@ *") || port != "" && strings.Trim(port, "0123456789") != "" || len(port) > 5 {
		return "", &community.Error{Code: community.Invalid, Msg: fmt.Sprintf("%q is not a domain", clip(what, 80)), Hint: "write it like spam.example, or name one actor: @name@host"}
	}
	if !strings.Contains(ascii, ".") && ascii != "localhost" {
		return "", &community.Error{Code: community.Invalid, Msg: fmt.Sprintf("%q is not a domain", clip(what, 80)), Hint: "write it like spam.example, or name one actor: @name@host"}
	}
	if port != "" {
		ascii += ":" + port
	}
	return ascii, nil
}
