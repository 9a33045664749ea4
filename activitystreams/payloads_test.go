package activitystreams

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"konfa/community"
)

const payloads = "../../shared/data/payloads"

// TestPayloads reads real documents of 15 implementations. What is the same for
// all of a family is compared with what encoding/json finds in the file; what
// matters of each program is in payloadFacts.
func TestPayloads(t *testing.T) {
	if _, err := os.Stat(payloads); err != nil {
		t.Skip("the documents of other servers are not here")
	}
	seen, kinds := 0, map[string]int{}
	err := filepath.WalkDir(payloads, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(payloads, path)
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		t.Run(name, func(t *testing.T) {
			in, err := Inspect(b)
			if err != nil {
				var e *community.Error
				if !errors.As(err, &e) || e.Msg == "" || e.Code != community.Invalid && e.Code != community.Refused && e.Code != community.Gone {
					t.Fatalf("refused without a reason: %v", err)
				}
				t.Fatalf("refused: %v", err) // none of these deserves it
			}
			kinds[in.Kind]++
			checkAgainstFile(t, b, in)
			facts := payloadFacts[name]
			if facts == nil {
				return
			}
			for i, f := range facts {
				at := in
				label := f[0]
				for strings.HasPrefix(label, ">") { // one level into the object
					if at = at.Nested; at == nil {
						t.Fatalf("its object was not understood: %v", in.Notes)
					}
					label = label[1:]
				}
				switch label {
				case "kind":
					if at.Kind != f[1] {
						t.Errorf("kind %q, want %q", at.Kind, f[1])
					}
				case "type":
					if at.Type != f[1] {
						t.Errorf("type %q, want %q", at.Type, f[1])
					}
				case "id":
					if at.ID != f[1] {
						t.Errorf("id %q, want %q", at.ID, f[1])
					}
				case "note":
					if !strings.Contains(strings.Join(at.Notes, "\n"), f[1]) {
						t.Errorf("no note of %q in %q", f[1], at.Notes)
					}
				case "no note":
					if len(at.Notes) > 0 {
						t.Errorf("notes %q", at.Notes)
					}
				default:
					found := false
					for _, l := range at.Lines {
						found = found || l.Label == label && l.Value == f[1]
					}
					if !found {
						t.Errorf("fact %d: no line %s: %q in %q", i, label, f[1], at.Lines)
					}
				}
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 119 {
		t.Errorf("only %d of 119 documents are here", seen)
	}
	for _, k := range []string{"activity", "actor", "event", "post", "collection", "location", "webfinger", "nodeinfo", "links"} {
		if k != "event" && kinds[k] == 0 { // events come inside of activities
			t.Errorf("no document was read as %s", k)
		}
	}
	for name := range payloadFacts {
		if _, err := os.Stat(filepath.Join(payloads, name)); err != nil {
			t.Errorf("%s is expected and not here", name)
		}
	}
}

// checkAgainstFile compares what Inspect says with what is in the file, for
// what every document of a kind has.
func checkAgainstFile(t *testing.T, b []byte, in *Inspection) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		return // the list of locations
	}
	text := func(v any) string {
		for {
			switch x := v.(type) {
			case string:
				return x
			case []any:
				if len(x) == 0 {
					return ""
				}
				v = x[0]
			case map[string]any:
				v = x["id"]
			default:
				return ""
			}
		}
	}
	line := func(label, key string) {
		if want := text(doc[key]); want != "" && in.Value(label) != want {
			t.Errorf("%s is %q, the file has %q", label, in.Value(label), want)
		}
	}
	if doc["id"] != nil && in.ID != doc["id"] {
		t.Errorf("id %q, the file has %v", in.ID, doc["id"])
	}
	if doc["type"] != nil && in.Type != text(doc["type"]) {
		t.Errorf("type %q, the file has %v", in.Type, doc["type"])
	}
	switch in.Kind {
	case "activity":
		line("Actor", "actor")
		line("Object", "object")
		if in.Value("Actor") == "" || in.Value("Object") == "" {
			t.Errorf("half read: %v", in.Lines)
		}
		if _, embedded := doc["object"].(map[string]any); embedded && in.Nested == nil && in.Type != "Delete" {
			t.Errorf("the object was not understood: %v", in.Notes)
		}
		line("Target", "target")
	case "actor":
		line("Inbox", "inbox")
		line("Outbox", "outbox")
		line("Name", "name")
		if want := "@" + text(doc["preferredUsername"]) + "@"; !strings.HasPrefix(in.Value("Address"), want) {
			t.Errorf("address %q, want %s…", in.Value("Address"), want)
		}
	case "post":
		line("Author", "attributedTo")
		line("Answers", "inReplyTo")
		if doc["content"] != nil && in.Value("Text") == "" {
			t.Errorf("the text is lost")
		}
		if doc["type"] != "Note" && doc["name"] != nil && in.Value("Title") == "" {
			t.Errorf("the title is lost")
		}
	case "collection":
		if in.Value("Items here") == "0" {
			t.Errorf("no items")
		}
	}
	// Every key is either used or named in the notes.
	notes := strings.Join(in.Notes, "\n")
	if doc["source"] != nil && !strings.Contains(notes, "source") {
		t.Errorf("source is left out in silence: %q", notes)
	}
}

// payloadFacts are what must be understood of each program, at least.
var payloadFacts = map[string][][2]string{
	"discourse/objects/group.json":  {{"kind", "actor"}, {"Address", "@threadiverse-wg@socialhub.activitypub.rocks"}, {"Key", "https://socialhub.activitypub.rocks/ap/actor/797217cf18c0e819dfafc52425590146#main-key"}},
	"discourse/objects/person.json": {{"Name", "Angus McLeod"}, {"Shared inbox", "https://socialhub.activitypub.rocks/ap/users/inbox"}},
	"friendica/activities/create_note.json": {{"type", "Create"}, {">kind", "post"}, {">Text", "de: @jakob test"}, {">Visibility", "public"},
		{">Answers", "https://lemmy.schuerz.at/post/25360"}, {">Published", "2022-01-23T20:21:24Z"}, {"note", "signature"}},
	"friendica/activities/undo_dislike_page.json": {{"type", "Undo"}, {">type", "Dislike"}, {">note", "does nothing"}},
	"friendica/activities/delete.json":            {{">kind", "tombstone"}, {">id", "https://pirati.ca/objects/ec054ce7-4762-3c1c-3c25-0cc665717210"}},
	"friendica/objects/page_2.json":               {{"type", "Article"}, {"Title", "From Friendica to Lemmy"}, {"Visibility", "unlisted"}},
	"friendica/objects/person_2.json":             {{"type", "Organization"}, {"Name", "Informa Pirata"}, {"note", "attachment"}},
	"gancio/multiple-mixed-locations.json": {{"kind", "location"}, {"Place", "Location with a name"}, {"Online", "https://virtual.location.org"},
		{"note", "a second place was dropped: A second location with a name"}, {"note", "https://a.second.fallback.virtual.location.org"}},
	"gancio/physical-location-no-address.json":                           {{"Place", "Location with a name"}, {"no note", ""}},
	"gancio/physical-location-with-simple-string-address.json":           {{"Place", "Location with a simple string address"}, {"Address", "Simple string address"}},
	"gancio/virtual-location.json":                                       {{"Online", "https://virtual.location.org"}},
	"gnusocial/activities/like_note.json":                                {{"type", "Like"}, {"Object", "https://instance.gnusocial.test/object/note/1337"}},
	"gnusocial/objects/group.json":                                       {{"Address", "@hackers@instance.gnusocial.test"}, {"note", "its owner is someone else"}, {"note", "no key of its own"}},
	"gnusocial/objects/person.json":                                      {{"Key", "https://instance.gnusocial.test/actor/42#public-key"}, {"Page", "https://instance.gnusocial.test/@diogo"}},
	"lemmy/activities/block/block_user.json":                             {{"type", "Block"}, {"Target", "http://enterprise.lemmy.ml/c/main"}, {"Reason", "spam post"}},
	"lemmy/activities/community/announce_create_page.json":               {{"type", "Announce"}, {">type", "Create"}, {">>type", "Page"}, {">>Title", "post 4"}, {">>Published", "2021-11-01T12:11:22.871846Z"}},
	"lemmy/activities/community/lock_page.json":                          {{"type", "Lock"}, {"note", "does nothing on an activity of type Lock"}, {"Reason", "A reason for the lock"}},
	"lemmy/activities/community/warn.json":                               {{"type", "Warn"}, {"note", "does nothing"}},
	"lemmy/activities/community/resolve_report_page.json":                {{"type", "Resolve"}, {"note", "does nothing"}, {">type", "Flag"}, {">Reason", "report this post"}},
	"lemmy/activities/community/undo_lock_note.json":                     {{"type", "Undo"}, {">type", "Lock"}, {">note", "does nothing"}},
	"lemmy/activities/community/update_community.json":                   {{">kind", "actor"}, {">Name", "The Updated Community"}, {"note", "of another server"}},
	"lemmy/activities/create_or_update/create_private_message_0.19.json": {{">type", "ChatMessage"}, {">Visibility", "direct"}, {">Text", "hi!"}},
	"lemmy/activities/deletion/delete_user.json":                         {{"Object", "http://ds9.lemmy.ml/u/lemmy_alpha"}, {"note", "removeData"}},
	"lemmy/activities/following/accept.json":                             {{"type", "Accept"}, {">type", "Follow"}, {">id", "http://ds9.lemmy.ml/activities/follow/6abcd50b-b8ca-4952-86b0-a6dd8cc12866"}},
	"lemmy/collections/group_outbox.json":                                {{"kind", "collection"}, {"Total", "2"}, {"Item", "Announce https://ds9.lemmy.ml/activities/announce/b204fe9f-b13d-4af2-9d22-239ac2d892e6"}},
	"lemmy/objects/page_image_and_link.json": {{"Title", "Post with image and link"}, {"Picture", "https://enterprise.lemmy.ml/pictrs/image/eOtYb9iEiB.png"},
		{"Group", "https://enterprise.lemmy.ml/c/tenforward"}, {"Text", "fr: This is a post with both an image and a link attachment\n\nhttps://example.com/some-article"}},
	"lotide/activities/create_page.json":       {{">Title", "test post from b"}, {">Page", "https://blog.twitter.com/engineering/en_us/a/2010/announcing-snowflake.html"}, {">Visibility", "unlisted"}},
	"lotide/objects/person.json":               {{"Address", "@57H@narwhal.city"}, {"Key", "https://narwhal.city//users/3#main-key"}},
	"mastodon/activities/create_note.json":     {{">Visibility", "unlisted"}, {">Mention", "@retiolus@mamot.fr"}, {">Published", "2021-11-05T11:46:50Z"}},
	"mastodon/activities/private_message.json": {{"kind", "post"}, {"Visibility", "direct"}},
	"mastodon/activities/undo_follow.json":     {{"id", "https://masto.asonix.dog/users/asonix#follows/449/undo"}, {">Object", "https://ds9.lemmy.ml/c/testcom"}},
	"mastodon/objects/note_2.json":             {{"Picture", "https://cdn.masto.host/floss/media_attachments/files/113/306/826/682/985/891/original/c8d906a2f2ab2334.jpg"}, {"Mention", "@kde@lemmy.kde.social"}},
	"mbin/activities/accept.json":              {{"id", "https://some-mbin.instance/f/object/2721ffc3-f8a9-417e-a124-af057434a3af#accept"}, {">Actor", "https://some-other.instance/u/someUser"}},
	"mbin/objects/instance.json":               {{"type", "Application"}, {"Key", "https://fedia.io/i/actor#main-key"}, {"Locked", "follows are answered by hand"}},
	"mitra/activities/create_post.json":        {{">Text", "da: Remote post 5"}, {"note", "proof"}, {">Replies", "https://mitra.social/objects/019f57cf-693a-77f2-b006-c4c76338956a/replies"}},
	"mobilizon-tests/gancio-event-activity.json": {{">kind", "event"}, {">Title", "Demo event"}, {">Start", "2021-07-14 17:30:57 +02:00"}, {">End", "2021-07-14 18:30:57 +02:00"},
		{">Place", "Colosseo"}, {">Page", "https://demo.gancio.org/event/demo-event"}, {">Way to come", "external"}, {">Tag", "test"}, {">Owner", "https://demo.gancio.org/federation/u/gancio"}},
	"mobilizon-tests/mobilizon-post-activity-media.json": {{">Title", "My first event"}, {">Start", "2018-02-12 14:08:20 +00:00"}, {">End", "not said"}, {">Place", "Locaux de Framasoft"},
		{">Address", "10 Rue Jangot, 69007 Lyon, Auvergne Rhône Alpes, France"}, {">Picture", "https://mobilizon.fr/some-image"}, {">Website", "https://google.com"}, {">note", "TODO REMOVE ME"}},
	"mobilizon-tests/mobilizon-post-activity-media-2.json": {{">Picture", "https://mobilizon.fr/some-image-2"}, {">id", "https://mobilizon.fr/events/39a0c4a6-f2b6-41dc-bbe2-fc5bff76cc93"}},
	"mobilizon-tests/mobilizon-post-activity-group.json":   {{">Owner", "http://mobilizon1.com/@group"}, {">Organiser", "http://mobilizon1.com/@user"}, {">note", "not listed in the calendar"}},
	"mobilizon-tests/mobilizon-join-activity.json":         {{"type", "Join"}, {"Object", "http://mobilizon.test/events/some-uuid"}},
	"mobilizon-tests/mastodon-delete-user.json":            {{"type", "Delete"}, {"Object type", "Person"}, {"Object", "https://framapiaf.org/users/admin"}},
	"mobilizon-tests/mastodon-post-activity-hashtag.json":  {{">Warning", "cw"}, {">Sensitive", "yes"}, {">Tag", "moo"}},
	"mobilizon-tests/nodeinfo/both_versions.json":          {{"kind", "links"}, {"no note", ""}},
	"mobilizon-tests/nodeinfo/older_versions.json":         {{"kind", "links"}, {"note", "none of these leads"}},
	"mobilizon-tests/nodeinfo/wp-data.json":                {{"kind", "nodeinfo"}, {"Software", "wordpress"}, {"Version", "6.4.2"}, {"People", "1"}},
	"mobilizon-tests/pleroma-comment-object.json":          {{"Text", "#animeirl"}, {"Published", "2021-06-07T09:00:04.292206Z"}, {"note", "source"}},
	"mobilizon-tests/prismo-url-map.json":                  {{"Actor", "https://prismo.news/@mxb"}, {">Page", "https://prismo.news/posts/83"}, {">note", "tags, votes"}},
	"mobilizon-tests/webfinger/peertube-webfinger.json":    {{"kind", "webfinger"}, {"id", "acct:framasoft@framatube.org"}, {"Actor", "https://framatube.org/accounts/framasoft"}},
	"mobilizon/objects/group.json":                         {{"Name", "Contribateliers"}, {"Key", "https://mobilizon.fr/@contribateliers#main-key"}, {"note", "location"}},
	"mobilizon/objects/person.json":                        {{"Address", "@sanof44@mobilizon.fr"}, {"Shared inbox", "https://mobilizon.fr/inbox"}},
	"nodebb/objects/group.json":                            {{"Address", "@general@bb.devnull.land"}, {"Key", "https://bb.devnull.land/category/2#key"}},
	"nodebb/objects/page.json":                             {{"type", "Article"}, {"Title", "Welcome to your NodeBB!"}, {"Published", "2025-10-07T15:22:42.176Z"}, {"note", "its summary is left out"}},
	"peertube/objects/group.json":                          {{"Icon", "https://tilvids.com/lazy-static/avatars/13b0214b-edc0-4c5b-a04d-be648a3a370a.jpg"}},
	"peertube/objects/video.json": {{"type", "Video"}, {"Author", "https://tilvids.com/accounts/thelinuxexperiment"}, {"Picture", "https://tilvids.com/lazy-static/previews/ef6088ee-c83a-4fcf-8be2-58db95ca5135.jpg"},
		{"Page", "https://tilvids.com/videos/watch/e7946124-7b72-4ad7-9d22-844a84bb2de1"}},
	"peertube/objects/note.json":          {{"Text", "@af2@bae.st idk"}},
	"pleroma/activities/delete.json":      {{"Object", "https://greenish.red/objects/38e2b983-ebf5-4387-9bc2-3b80305469c9"}},
	"pleroma/activities/create_note.json": {{">Published", "2021-10-26T10:28:35.602455Z"}, {">Mention", "@lanodan@ds9.lemmy.ml"}},
	"smithereen/objects/person.json":      {{"Name", "Григорий Клюшников"}, {"Shared inbox", "https://friends.grishka.me/activitypub/sharedInbox"}},
	"smithereen/objects/note.json":        {{"Mention", "https://ds9.lemmy.ml/u/nutomic"}, {"Text", "So does this federate now?"}},
	"wordpress/activities/announce.json":  {{"type", "Announce"}, {">type", "Update"}, {">>Title", "Lemmy (Part 4)"}, {">>Updated", "2024-05-06T08:20:33Z"}},
	"wordpress/objects/group.json":        {{"id", "https://dbzer0.com/?author=0"}, {"Address", "@dbzer0.com@dbzer0.com"}, {"Key", "https://dbzer0.com/?author=0#main-key"}},
	"wordpress/objects/note.json":         {{"id", "https://pfefferle.org?c=148"}, {"Text", "en: Nice! Hello from WordPress!"}},
	"wordpress/objects/page.json":         {{"Title", "en: An Epic 3D-Printed Fan Expansion for Last Light"}, {"Picture", "https://i0.wp.com/dbzer0.com/wp-content/uploads/2025/12/Splash-Art2-3.png?fit=980%2C980&ssl=1"}},
}
