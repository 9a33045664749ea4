package activitystreams

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHostile: a megabyte made to cost much costs little. The bound is far above
// what is measured, since machines differ; quadratic work takes minutes.
func TestHostile(t *testing.T) {
	fill := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(f(i))
		}
		return b.String()
	}
	event := `{"type":"Event","id":"https://a.example/1","name":"n","startTime":"2026-01-01T00:00:00Z",`
	note := `{"type":"Note","id":"https://a.example/1","attributedTo":"https://a.example/u","content":"x",`
	actor := `{"type":"Person","id":"https://a.example/1","inbox":"https://a.example/i",`
	for name, doc := range map[string]string{
		"addresses":   `{"type":"Like","id":"https://a.example/1","actor":"https://a.example/u","object":"https://a.example/o","to":[` + fill(30_000, func(i int) string { return fmt.Sprintf(`"https://a.example/%d"`, i) }) + `]}`,
		"objects":     `{"type":"Announce","id":"https://a.example/1","actor":"https://a.example/u","object":[` + fill(20_000, func(i int) string { return fmt.Sprintf(`{"id":"https://a.example/%d"}`, i) }) + `]}`,
		"nested":      strings.Repeat(`{"type":"Undo","id":"https://a.example/1","actor":"https://a.example/u","object":`, 31) + `"https://a.example/1"` + strings.Repeat("}", 31),
		"tags":        note + `"tag":[` + fill(20_000, func(i int) string { return fmt.Sprintf(`{"type":"Hashtag","name":"#t%d"}`, i) }) + `]}`,
		"mentions":    note + `"tag":[` + fill(10_000, func(i int) string { return fmt.Sprintf(`{"type":"Mention","href":"https://a.example/%d"}`, i) }) + `]}`,
		"brackets":    note + `"contentMap":{` + fill(12, func(i int) string { return fmt.Sprintf(`"e%c":"%s"`, 'a'+i, strings.Repeat("<", 80_000)) }) + `}}`,
		"tag soup":    note + `"contentMap":{` + fill(4, func(i int) string { return fmt.Sprintf(`"e%c":"%s"`, 'a'+i, strings.Repeat("<b><i><p>", 28_000)) }) + `}}`,
		"markdown":    note + `"mediaType":"text/markdown","contentMap":{` + fill(4, func(i int) string { return fmt.Sprintf(`"e%c":"%s"`, 'a'+i, strings.Repeat("*[>`_", 50_000)) }) + `}}`,
		"entities":    event + `"location":"` + strings.Repeat("&amp;", 200_000) + `"}`,
		"places":      event + `"location":[` + fill(20_000, func(i int) string { return `{"type":"Place","name":"x"}` }) + `]}`,
		"long names":  event + `"nameMap":{` + fill(12, func(i int) string { return fmt.Sprintf(`"e%c":"%s"`, 'a'+i, strings.Repeat("a </b>", 13_000)) }) + `}}`,
		"attachments": event + `"attachment":[` + fill(15_000, func(i int) string { return fmt.Sprintf(`{"type":"Link","href":"https://a.example/%d"}`, i) }) + `]}`,
		"keys":        `{"type":"Person",` + fill(1000, func(i int) string { return fmt.Sprintf(`"k%d%s":1`, i, strings.Repeat("x", 480)) }) + `}`,
		"key texts": actor + `"publicKey":[` + fill(100, func(i int) string {
			return `{"id":"https://a.example/k","owner":"https://a.example/1","publicKeyPem":"` + strings.Repeat("-----BEGIN ", 700) + `"}`
		}) + `]}`,
		"multikeys": actor + `"assertionMethod":[` + fill(5000, func(i int) string {
			return `{"id":"https://a.example/k","controller":"https://a.example/1","publicKeyMultibase":"z` + strings.Repeat("z", 100) + `"}`
		}) + `]}`,
		"icons":  actor + `"icon":[` + fill(20_000, func(i int) string { return `{"url":"https://a.example/i.png"}` }) + `]}`,
		"twice":  `{"type":"Person",` + fill(1000, func(i int) string { return `"id":"https://a.example/1"` }) + `,"inbox":"https://a.example/i"}`,
		"digits": event + `"maximumAttendeeCapacity":` + strings.Repeat("9", 900_000) + `}`,
		"items":  `{"type":"Collection","items":[` + fill(30_000, func(i int) string { return `"https://a.example/1"` }) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			b := []byte(doc)
			Inspect(b)
			ReadEnvelope(b)
			ReadActor(b)
			ReadEvent(b)
			ReadPost(b)
			ReadCollection(b)
			if d := time.Since(begun); d > patience {
				t.Errorf("%d bytes took %v", len(b), d)
			} else if testing.Verbose() {
				t.Logf("%7d bytes %v", len(b), d.Round(time.Millisecond))
			}
		})
	}
}

// patience is how long the worst megabyte may take; the race detector makes
// everything several times slower.
var patience = 3 * time.Second
