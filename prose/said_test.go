package prose

import (
	"strings"
	"testing"
)

func TestSaid(t *testing.T) {
	for src, want := range map[string]string{
		"": "", "plain &amp; simple": "plain & simple",
		`<p><span class="h-card"><a href="https://b.example/city" class="u-url mention">@<span>b</span></a></span> I'm in</p><p>really</p>`: "I'm in\n\nreally",
		`<blockquote>not <blockquote>you</blockquote> me</blockquote>mine`:                                                                  "mine",
		`</blockquote>a<br>b <a href="x">link</a><del>not</del> c`:                                                                          "a\nb   c",
	} {
		if got := Said(src); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
			t.Errorf("%q: %q", src, got)
		}
	}
}

// What someone said holds nothing of what stands in a link or a quote.
func FuzzSaid(f *testing.F) {
	f.Add("<p>a</p>", "b")
	f.Fuzz(func(t *testing.T, src, quoted string) {
		if strings.ContainsAny(quoted, "<>&") || len(src)+len(quoted) > 10_000 {
			return
		}
		const mark = "qqq"
		src = strings.ReplaceAll(Sanitise(src), mark, "")
		if Said(src+"<blockquote>"+mark+quoted+"</blockquote>") != Said(src) && strings.Contains(Said(src+"<blockquote>"+mark+quoted+"</blockquote>"), mark) {
			t.Errorf("%q is heard in %q", mark+quoted, src)
		}
	})
}
