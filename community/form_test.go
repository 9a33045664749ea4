package community

import "testing"

func TestFormNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form              Form
		software, version string
		want              bool
	}{
		{Standard, "anything", "", true},
		{Standard, "", "", true},
		{Threads, "lemmy", "1.0.0-beta.1", true},
		{Threads, "piefed", "", true},
		{Threads, "mastodon", "4.2.0", false},
		{Threads, "mbin", "1.9.0", true},
		{ThreadEvents, "mbin", "1.9.0", false},
		{ThreadEvents, "piefed", "1.6.0", true},
		{ThreadPages, "mbin", "1.9.0", true},
		{ThreadPages, "lemmy", "1.0.0", false},
		{Threads, "", "", false},
		{Notices, "mastodon", "4.4.9+glitch", true},
		{Notices, "mastodon", "v4.3", true},
		{Notices, "mastodon", "4", true},
		{Notices, "mastodon", "4.5.0", false},
		{Notices, "mastodon", "4.5.0-beta.1", false},
		{Notices, "mastodon", "4.10.1", false},
		{Notices, "mastodon", "10.0", false},
		{Notices, "mastodon", "nightly", true},
		{Notices, "misskey", "2026.1.0", true},
		{Notices, "gotosocial", "0.20.0", false},
		{Cards, "pixelfed", "0.12.4", true},
		{Cards, "mastodon", "4.2", false},
		{Boosts, "hubzilla", "8.8.7", true},
		{Boosts, "friendica", "2024.08", false},
	} {
		if got := c.form.Needs(c.software, c.version); got != c.want {
			t.Errorf("form %q for %s %s: %v", c.form, c.software, c.version, got)
		}
	}
	for _, f := range Forms {
		if len(f.Software()) == 0 {
			t.Errorf("nobody needs the form %q", f)
		}
		for _, n := range needs[f] {
			if n.why == "" {
				t.Errorf("%s needs %q for no reason", n.software, f)
			}
		}
	}
}
