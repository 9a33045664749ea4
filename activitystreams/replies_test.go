package activitystreams

import (
	"testing"

	"konfa/community"
)

// Who may answer survives the way to another city.
func TestRepliesAreRead(t *testing.T) {
	for _, mode := range community.ReplyModes {
		c := oneLanguage()
		c.Replies = mode
		b, err := NewEncoder(site).Event(c, EventExtra{})
		if err != nil {
			t.Fatal(err)
		}
		ev, err := ReadEvent(b)
		if err != nil || ev.Conference.Replies != mode {
			t.Errorf("%s is read as %q %v", mode, ev.Conference.Replies, err)
		}
	}
}
