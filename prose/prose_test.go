package prose

import (
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/html"
)

const rel = ` rel="nofollow noopener noreferrer ugc"`

func TestMarkdown(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"empty", "", ""},
		{"hard breaks", "one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>\n"},
		{"headings begin at h3", "# A\n## B\n#### C", "<h3>A</h3>\n<h4>B</h4>\n<h6>C</h6>\n"},
		{"a lone h2 too", "## B", "<h3>B</h3>\n"},
		{"bare link", "see https://a.example/x?y=1&z=2.", `<p>see <a href="https://a.example/x?y=1&amp;z=2"` + rel + ">https://a.example/x?y=1&amp;z=2</a>.</p>\n"},
		{"script link", "[x](javascript:alert(1))", "<p>x</p>\n"},
		{"raw html", "a <b onclick=x>b</b> <script>alert(1)</script>\n\n<div>c</div>", "<p>a b alert(1)</p>\n"},
		{"emphasis", "**a** *b* ~~c~~ `d<e`", "<p><strong>a</strong> <em>b</em> <del>c</del> <code>d&lt;e</code></p>\n"},
		{"list", "3. a\n4. b", "<ol start=\"3\"><li>a</li><li>b</li></ol>\n"},
		{"picture", "![a cat](https://a.example/cat.png)", "<p>a cat</p>\n"},
		{"code", "```go\nx := 1 < 2\n```", "<pre><code>x := 1 &lt; 2\n</code></pre>\n"},
		{"a rule stays", strings.Repeat("- ", 60), "<hr>\n"},
		{"mail", "write to a@b.example", `<p>write to <a href="mailto:a@b.example"` + rel + ">a@b.example</a></p>\n"},
	} {
		got := Markdown(c.src)
		// Spaces around what is dropped do not matter.
		if squeeze(got) != squeeze(c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
	got := Markdown("| a | b |\n|---|:-:|\n| 1 | 2 |")
	if tags := strings.Count(got, "<td>"); tags != 2 || !strings.Contains(got, "<th>") || strings.Contains(got, "style") {
		t.Errorf("table: %q", got)
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestSanitise(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"plain", "a b", "a b"},
		{"mastodon mention", `<p><span class="h-card" translate="no"><a href="https://m.example/@anna" class="u-url mention">@<span>anna</span></a></span> hi</p>`,
			`<p><span class="h-card"><a href="https://m.example/@anna" class="u-url mention"` + rel + `>@anna</a></span> hi</p>`},
		{"hashtag", `<a href="https://m.example/tags/go" class="mention hashtag evil" rel="tag">#<span>go</span></a>`,
			`<a href="https://m.example/tags/go" class="mention hashtag" rel="tag nofollow noopener noreferrer ugc">#go</a>`},
		{"hidden parts", `<a href="https://a.example/xyz"><span class="invisible">https://</span><span class="ellipsis">a.example</span></a>`,
			`<a href="https://a.example/xyz"` + rel + `><span class="invisible">https://</span><span class="ellipsis">a.example</span></a>`},
		{"script", `a<script>alert(1)</script><style>b{}</style>c`, `ac`},
		{"handlers", `<p onclick="x()" style="position:fixed" id=a>b</p>`, `<p>b</p>`},
		{"schemes", `<a href="javascript:x">a</a> <a href=" JaVaScRiPt:x">b</a> <a href="data:text/html,x">c</a> <a href="/x">d</a> <a href="xmpp:a@b">e</a> <a href="tel:+381">f</a>`,
			`a b c d <a href="xmpp:a@b"` + rel + `>e</a> <a href="tel:+381"` + rel + `>f</a>`},
		{"pictures", `see <img src="https://t.example/1.gif" alt="a &lt;cat&gt;" onerror=x> <img src=x>`, `see a &lt;cat&gt; `},
		{"headings", `<h1>a</h1><h3>b</h3>`, `<h3>a</h3><h5>b</h5>`},
		{"unclosed", `<p>a<p>b<ul><li>c<li>d`, `<p>a</p><p>b</p><ul><li>c</li><li>d</li></ul>`},
		{"block in text", `<p>a<b>b<p>c</b>`, `<p>a<b>b</b></p><p>c</p>`},
		{"div", `<div>a</div><div>b<br>c</div>`, `<p>a</p><p>b<br>c</p>`},
		{"links do not nest", `<a href="https://a.example/">a<a href="https://b.example/">b</a></a>`, `<a href="https://a.example/"` + rel + `>a</a><a href="https://b.example/"` + rel + `>b</a>`},
		{"item without list", `a<li>b</li>`, `a<p>b</p>`},
		{"text in a table", `<table>x<tr><td>y</table>z`, `x<p>y</p><p>z</p>`},
		{"ruby", `<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>`, `<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>`},
		{"nothing in it", `<p><b></b></p><ul><li></li></ul>a`, `a`},
		{"comment", `a<!-- <script> -->b`, `ab`},
		{"svg", `<svg><a xlink:href="javascript:x"><text>y</text></a></svg>`, `y`},
		{"nul and bad bytes", "a\x00b\xff<b>c</b>", "ab\uFFFD<b>c</b>"},
	} {
		if got := Sanitise(c.src); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		src  string
		max  int
		want string
	}{
		{"<p>one<br>two</p><p>three &amp; four</p>", 0, "one\ntwo\n\nthree & four"},
		{"<ul><li>a</li><li><p>b</p></li></ul><p>c", 0, "- a\n- b\n\nc"},
		{"a<script>x</script><style>y</style> <b>b</b>c", 0, "a bc"},
		{"<p>  many \n spaces </p>", 0, "many spaces"},
		{"<pre>a\n  b</pre>", 0, "a\n  b"},
		{"one two three", 9, "one two…"},
		{"one two three", 8, "one two…"},
		{"one two three", 13, "one two three"},
		{"Конференция в Белграде", 15, "Конференция в…"},
		{"incomprehensibilities", 5, "inco…"},
		{"plain", 0, "plain"},
		{"", 5, ""},
	} {
		if got := Text(c.src, c.max); got != c.want {
			t.Errorf("Text(%q, %d) = %q, want %q", c.src, c.max, got, c.want)
		}
	}
	if got := Summary("<p>one</p><p>two\nthree</p>", 0); got != "one two three" {
		t.Errorf("Summary = %q", got)
	}
}

// Everything may be called at once.
func TestConcurrent(t *testing.T) {
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for _, s := range seeds {
				checkSafe(t, Markdown(s))
				checkSafe(t, Sanitise(s))
				Summary(s, 10)
				Mentions(s)
			}
		})
	}
}

func TestFromHTML(t *testing.T) {
	for src, want := range map[string]string{
		`<p>Sign up <a href="https://a.example/x">here</a>, or <a href="https://b.example/">https://b.example/</a></p><p>bye`: "Sign up [here](<https://a.example/x>), or <https://b.example/>\n\nbye",
		`<a href="javascript:x">no</a> <a href="https://c.example">a <b>b]</b>`:                                               "no [a b\\]](<https://c.example>)",
		"plain": "plain",
	} {
		if got := FromHTML(src); got != want {
			t.Errorf("FromHTML(%q) = %q, want %q", src, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	text := "#Go and #конфа2026, not a#b nor #12 nor https://a.example/#frag or `#code`; #go again (#Čaj). hi @anna@Beograd.example! and @b@localhost:8080, not x@y.example, @only or @a@nodot. https://m.example/@c@d.example"
	if got, want := Hashtags(text), []string{"Go", "конфа2026", "Čaj"}; !reflect.DeepEqual(got, want) {
		t.Errorf("Hashtags = %q, want %q", got, want)
	}
	if got, want := Mentions(text), []string{"@anna@beograd.example", "@b@localhost:8080"}; !reflect.DeepEqual(got, want) {
		t.Errorf("Mentions = %q, want %q", got, want)
	}
}

func TestLink(t *testing.T) {
	src := Markdown("hi @anna@b.example and @bob@b.example, #Go `#code` [#x](https://a.example/)")
	got := Link(src, func(m string) string {
		if m == "@anna@b.example" {
			return "https://b.example/@anna"
		}
		return ""
	}, func(tag string) string { return "https://our.example/tags/" + tag })
	for _, want := range []string{
		`<a href="https://b.example/@anna" class="u-url mention"` + rel + `>@anna@b.example</a>`,
		`@bob@b.example,`,
		`<a href="https://our.example/tags/Go" class="mention hashtag" rel="tag nofollow noopener noreferrer ugc">#Go</a>`,
		`<code>#code</code>`,
		`<a href="https://a.example/"` + rel + `>#x</a>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("Link gave %q, which lacks %q", got, want)
		}
	}
}

// cpuTime is what this process has used: other work on the machine must not
// fail a test.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Hostile input costs no more than its size.
func TestBounded(t *testing.T) {
	const n = 160 << 10
	fill := func(s string) string { return strings.Repeat(s, n/len(s)) }
	for name, src := range map[string]string{
		"brackets": fill("["), "mixed lists": fill("- > "), "numbered": fill("1. "), "indents": strings.Repeat(" - a\n", n/10), "stairs": stairs(500), "strikes": fill("~~a"), "unders": fill("_a*b"), "images": fill("!["), "quotes": fill(">"), "lists": fill("+ "), "stars": fill("*a_ "), "ticks": fill("`a``"),
		"links": fill("[a](<b"), "tables": "|a|b|\n|-|-|\n" + fill("|"), "many cells": strings.Repeat("|a", 5000) + "\n" + strings.Repeat("|-", 5000) + "\n" + fill("|\n"), "autolinks": fill("<a:"), "urls": fill("http://a"), "mails": fill("a@a."), "refs": fill("[a]: b\n"), "hashes": fill("#"),
		"open tags": fill("<b>"), "formats": strings.Repeat("<b id=x>", 500) + fill("<p>"), "divs": fill("<div>"), "empties": fill("<b></b>"), "tds": fill("<table><tr><td>"), "ends": fill("</p>"), "ul": fill("<ul><li>"), "entities": fill("&amp;"), "mention": fill("@a@a.a"), "tag": fill("#a"), "lt": fill("<"), "anchors": fill("<a href=http://a>b</a>"), "attr": "<a " + fill("a=b "),
	} {
		for f, run := range map[string]func(){
			"Markdown": func() { Markdown(src) },
			"Sanitise": func() { Sanitise(src) },
			"Text":     func() { Text(src, 500) },
			"FromHTML": func() { FromHTML(src) },
			"Names":    func() { Hashtags(src); Mentions(src) },
			"Link":     func() { Link(Sanitise(src), strings.ToLower, strings.ToUpper) },
		} {
			start := cpuTime()
			run()
			if d := cpuTime() - start; d > 3*time.Second {
				t.Errorf("%s of %d bytes of %s took %v", f, len(src), name, d)
			} else if d > 100*time.Millisecond {
				t.Logf("%s of %s: %v", f, name, d)
			}
		}
	}
}

// checkSafe fails if the output holds anything that the package never writes.
func checkSafe(t *testing.T, out string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(out))
	var stack []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(stack) > 0 {
				t.Fatalf("%v not closed in %q", stack, out)
			}
			return
		case html.StartTagToken:
			tok := z.Token()
			if !strings.Contains(" p br hr a span del s strong b em i u code pre blockquote ul ol li h3 h4 h5 h6 ruby rt rp table thead tbody tr th td ", " "+tok.Data+" ") {
				t.Fatalf("element %q in %q", tok.Data, out)
			}
			for _, a := range tok.Attr {
				switch a.Key {
				case "href":
					scheme, _, ok := strings.Cut(a.Val, ":")
					if !ok || !strings.Contains(" http https mailto xmpp tel ", " "+strings.ToLower(scheme)+" ") {
						t.Fatalf("link to %q in %q", a.Val, out)
					}
				case "class", "rel", "start":
				default:
					t.Fatalf("attribute %q in %q", a.Key, out)
				}
			}
			if tok.Data != "br" && tok.Data != "hr" {
				stack = append(stack, tok.Data)
				if len(stack) > maxDepth {
					t.Fatalf("%d deep: %q", len(stack), out)
				}
			}
		case html.EndTagToken:
			tok := z.Token()
			if len(stack) == 0 || stack[len(stack)-1] != tok.Data {
				t.Fatalf("</%s> closes %v in %q", tok.Data, stack, out)
			}
			stack = stack[:len(stack)-1]
		case html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
			t.Fatalf("%q in %q", z.Raw(), out)
		}
	}
}

var seeds = []string{
	"", "a", "# a\n\n- b\n  - c\n\n> d\n\n| a | b |\n|---|---|\n| 1 | 2 |", "<p>a<br>b</p><ul><li>c", "<a href=\"javascript:x\">y</a>", "<IMG SRC=x onerror=alert(1)>",
	"<table><tr><td><p>x</table>y", "<h1>a<h2>b</h2>", "<div><div><span class=\"h-card\">x", "<svg><style><img src=x>", "&lt;script&gt;&amp;lt;", "<pre>\n\na</pre>",
	"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<math><mi xlink:href=\"javascript:x\">", "<a href='https://a.example/\"onclick=x'>b</a>", "<ol start=5><li>a</ol>", "@a@b.example #tag",
	"<blockquote><ul><li><table><tr><td><ul><li>x", "<h1></h1><h2>x</h2>", "<textarea><script>", "<a href=\"https://a/%zz\">", "<a href=\"mailto:a?b=<c>\">d</a>", "<li>a</li><td>b</td>",
}

func FuzzSanitise(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		out := Sanitise(src)
		checkSafe(t, out)
		if again := Sanitise(out); again != out {
			t.Fatalf("not settled:\n src %q\n out %q\nthen %q", src, out, again)
		}
		linked := Link(out, func(a string) string { return "https://m.example/" + a[1:] }, func(tag string) string { return "https://t.example/" + tag })
		checkSafe(t, linked)
		if text := Text(src, 20); len([]rune(text)) > 20 {
			t.Fatalf("%q is longer than asked", text)
		}
		checkSafe(t, Markdown(FromHTML(src)))
		Hashtags(src)
		Mentions(src)
	})
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		out := Markdown(src)
		checkSafe(t, out)
		if again := Sanitise(out); again != out {
			t.Fatalf("not settled:\n src %q\n out %q\nthen %q", src, out, again)
		}
	})
}

func BenchmarkMarkdown(b *testing.B) {
	src := strings.Repeat("We meet at **seven** in [the cafe](https://cafe.example/), bring a laptop.\n\n- talk\n- tea\n\n", 5)
	for b.Loop() {
		Markdown(src)
	}
}

func BenchmarkSanitise(b *testing.B) {
	src := `<p><span class="h-card"><a href="https://m.example/@anna" class="u-url mention">@<span>anna</span></a></span> thank you for the <a href="https://a.example/"><span class="invisible">https://</span>a.example</a>!</p><p>See you there &amp; bye</p>`
	for b.Loop() {
		Sanitise(src)
	}
}

func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "- a\n")
	}
	return b.String()
}
