package activitystreams

import (
	"testing"
)

func TestRetell(t *testing.T) {
	first := `{"@context":"old","id":"https://a.test/1","type":"Create","published":"2026-01-01T00:00:00Z","object":{"name":"was"},"cc":["x"]}`
	for _, tt := range []struct{ later, want string }{
		{`{"@context":["new"],"id":"https://a.test/2","type":"Update","to":["y"],"published":"2026-02-02T00:00:00Z","object":{"id":"o","type":"Event","name":"is \"so\""}}`,
			`{"@context":["new"],"id":"https://a.test/1","type":"Create","to":["y"],"published":"2026-01-01T00:00:00Z","object":{"id":"o","type":"Event","name":"is \"so\""}}`},
		{`{"id":"https://a.test/2","object":"o"}`, `{"id":"https://a.test/1","object":"o"}`},
		{`{"id":"https://a.test/2"}`, ""},
		{`[]`, ""},
	} {
		got, err := Retell([]byte(first), []byte(tt.later))
		if (err != nil) != (tt.want == "") || string(got) != tt.want {
			t.Errorf("Retell with %s:\n%s, %v; want\n%s", tt.later, got, err, tt.want)
		}
	}
	if got, err := Retell([]byte(`{"object":"o"}`), []byte(`{"id":"2","type":"Update","object":"p"}`)); err != nil || string(got) != `{"object":"p"}` {
		t.Errorf("without an id: %s, %v", got, err)
	}
}
