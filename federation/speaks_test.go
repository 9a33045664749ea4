package federation

import (
	"testing"

	"konfa/community"
)

// Anyone may mark their account as a bot, which makes it a Service.
func TestWhoSpeaksForAServer(t *testing.T) {
	for typ, want := range map[string]bool{"Application": true, "Service": false, "Person": false, "Group": false} {
		a := &community.Actor{URI: "https://far.example/u/x", Type: typ}
		if got := speaksFor(a, "https://far.example/u/y"); got != want {
			t.Errorf("%s speaks for others: %v", typ, got)
		}
		if !speaksFor(a, "https://far.example/u/y", a.URI) {
			t.Errorf("%s does not speak for itself", typ)
		}
	}
}
