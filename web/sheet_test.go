package web

import (
	"regexp"
	"strings"
	"testing"
)

func TestSheetIsSqueezed(t *testing.T) {
	in := `/* a; b */
:root {
  --ink: #26211c;
  font: 100%/1.6 var(--sans), "Segoe  UI", Arial;
}
.a > .b::before, .c :hover { content: "; } /* no */"; margin: calc(1rem + 2px) 0; }
@media (min-width: 3rem) and (hover: hover) {
  .d { color: red; }
}
`
	want := `:root{--ink:#26211c;font:100%/1.6 var(--sans),"Segoe  UI",Arial}.a > .b::before,.c :hover{content:"; } /* no */";margin:calc(1rem + 2px) 0}@media (min-width:3rem) and (hover:hover){.d{color:red}}`
	if got := string(squeezeSheet([]byte(in))); got != want {
		t.Errorf("%s\nis not\n%s", got, want)
	}
	// In ours nothing is lost.
	css, err := staticFiles.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	bare := func(s string) string {
		s = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(s, "")
		s = regexp.MustCompile(`\s+`).ReplaceAllString(s, "")
		return strings.ReplaceAll(s, ";}", "}")
	}
	small := string(squeezeSheet(css))
	if bare(string(css)) != bare(small) || len(small) > len(css)*95/100 {
		t.Errorf("%d bytes of %d", len(small), len(css))
	}
	if again := string(squeezeSheet([]byte(small))); again != small {
		t.Error("squeezing twice changes it")
	}
}
