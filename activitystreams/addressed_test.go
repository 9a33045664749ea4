package activitystreams

import "testing"

func TestAddressed(t *testing.T) {
	env := &Envelope{Actor: "https://hub.test/channel/hanna", To: []string{PublicURI}, Cc: []string{"https://hub.test/followers/hanna"}}
	said := `"to":["` + PublicURI + `"],"cc":["https://hub.test/followers/hanna"]`
	whose := `"attributedTo":"https://hub.test/channel/hanna"`
	for _, tt := range []struct{ object, want string }{
		{`{"id":"x","name":"a \"b\"","actor":""}`, `{"id":"x","name":"a \"b\"","actor":"",` + said + `,` + whose + `}`},
		{`{}`, `{` + said + `,` + whose + `}`},
		{`{"id":"x","to":["y"]}`, `{"id":"x","to":["y"],` + whose + `}`},
		{`{"id":"x","cc":[]}`, `{"id":"x","cc":[],` + whose + `}`},
		{`{"id":"x","attributedTo":"https://a.test/u"}`, `{"id":"x","attributedTo":"https://a.test/u",` + said + `}`},
		{`{"id":"x","actor":"https://a.test/u"}`, `{"id":"x","actor":"https://a.test/u",` + said + `}`},
		{`{"to":"y", "actor":"https://a.test/u"}`, `{"to":"y", "actor":"https://a.test/u"}`},
		{`[]`, ""},
		{`{`, ""},
	} {
		got, err := Addressed([]byte(tt.object), env)
		if (err != nil) != (tt.want == "") || string(got) != tt.want {
			t.Errorf("%s:\n%s, %v; want\n%s", tt.object, got, err, tt.want)
		}
	}
}
