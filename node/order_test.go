package node

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// someone makes a member.
func (w *world) someone(t *testing.T, handle string, role community.Role) By {
	t.Helper()
	m := &community.Member{Handle: handle, Role: role, Email: handle + "@mail.example", Languages: []string{"en"}}
	w.must(t, w.AddMember(t.Context(), console, m))
	return By{Member: m}
}

func (w *world) steward(t *testing.T, handle string) By {
	t.Helper()
	if handle == "anna" {
		m, err := w.store.Member(t.Context(), "anna")
		w.must(t, err)
		return By{Member: m}
	}
	return w.someone(t, handle, community.Steward)
}

func (w *world) report(t *testing.T, by By, object string, change func(*community.Report)) *community.Case {
	t.Helper()
	r := &community.Report{Objects: []string{object}, Category: community.Spam}
	if change != nil {
		change(r)
	}
	c, err := w.AddReport(t.Context(), by, r)
	w.must(t, err)
	return c
}

func (w *world) post(t *testing.T, author, text string) *community.Post {
	t.Helper()
	p, err := w.AddPost(t.Context(), console, &community.Post{Author: community.LocalActor("people/" + author), Text: community.Plain("en", text)}, Publish{})
	w.must(t, err)
	return p
}

func (w *world) wroteTo(t *testing.T, to string) (out []string) {
	t.Helper()
	list, err := w.store.Letters(t.Context(), storage.LetterQuery{Limit: 100})
	w.must(t, err)
	for _, l := range list {
		if l.To == to && l.Kind == community.LetterOrder {
			out = append(out, l.Args["Text"])
		}
	}
	return out
}

func TestReportsBecomeCases(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna, eva, bo := w.steward(t, "anna"), w.steward(t, "eva"), w.someone(t, "bo", community.Regular)
	p := w.post(t, "bo", "Buy my pills")
	id := w.site.Post(p.Slug)
	far := w.stranger(t, bob)
	c := w.report(t, By{}, id+"?utm=1", func(r *community.Report) { r.Contact = "who@mail.example" })
	if again := w.report(t, eva, id, nil); again.ID != c.ID {
		t.Errorf("the same thing is case %d and %d", c.ID, again.ID)
	}
	w.must(t, w.ReceiveFlag(ctx, far, "https://far.example/flags/1", []string{w.site.Actor("people/bo"), id}, "rude"))
	w.must(t, w.ReceiveFlag(ctx, far, "https://far.example/flags/1", []string{id}, "rude")) // said again
	for range 5 {
		w.report(t, By{}, id, func(r *community.Report) { r.Contact = "who@mail.example" })
	}
	f, err := w.Case(ctx, anna, c.ID)
	w.must(t, err)
	if f.Kind != community.CasePost || f.Excerpt != "Buy my pills" || len(f.Concerned) != 1 || len(f.Complaints) != 2+reportsPerPerson || f.Reports != len(f.Complaints) {
		t.Errorf("%+v", f)
	}
	if f.Author[f.Complaints[0].ID] != "who@mail.example" || f.Author[f.Complaints[1].ID] != "@eva" || f.Author[f.Complaints[2].ID] != "@x@far.example" || f.Recused != nil {
		t.Errorf("%v, %v", f.Author, f.Recused)
	}
	if len(f.Targets) != 2 || f.Targets[0].Kind != community.TargetPost || f.Targets[1].Kind != community.TargetMember {
		t.Errorf("%+v", f.Targets)
	}
	_, err = w.Case(ctx, bo, c.ID)
	wantCode(t, err, community.Forbidden)
	_, err = w.AddReport(ctx, By{}, &community.Report{Objects: []string{"https://nowhere.example/1"}, Category: community.Spam})
	wantCode(t, err, community.NotFound)
	_, err = w.AddReport(ctx, By{}, &community.Report{Objects: []string{id}, Category: "nonsense", Contact: "me"})
	wantCode(t, err, community.Invalid)
	wantCode(t, w.ReceiveFlag(ctx, far, "https://far.example/flags/2", []string{"https://else.example/1"}, ""), community.Refused)
	w.must(t, w.AddBlock(ctx, console, &community.Block{Domain: "far.example", Severity: community.NoBlock, RejectReports: true}))
	wantCode(t, w.ReceiveFlag(ctx, far, "https://far.example/flags/3", []string{id}, ""), community.Refused)

	// Looking after it: whoever is named in it cannot.
	wantCode(t, w.GiveCase(ctx, anna, c.ID, "eva"), community.Refused)
	wantCode(t, w.GiveCase(ctx, anna, c.ID, "bo"), community.Refused)
	wantCode(t, w.TakeCase(ctx, eva, c.ID), community.Forbidden)
	w.must(t, w.TakeCase(ctx, anna, c.ID))
	w.must(t, w.NoteCase(ctx, anna, c.ID, "I know him"))
	wantCode(t, w.NoteCase(ctx, anna, c.ID, " "), community.Invalid)
	if list, n, err := w.Cases(ctx, anna, storage.CaseQuery{Assignee: "anna"}); err != nil || n != 1 || list[0].State != community.CaseTaken {
		t.Errorf("%v, %d, %v", list, n, err)
	}
	_, err = w.DecideCase(ctx, eva, c.ID, Decision{Reason: "no"})
	wantCode(t, err, community.Forbidden)
	m, err := w.DecideCase(ctx, anna, c.ID, Decision{Reason: "we sell nothing", Rule: "2", Measure: &community.Measure{Kind: community.Hide, TargetKind: community.TargetPost, Target: id}})
	w.must(t, err)
	_, err = w.DecideCase(ctx, anna, c.ID, Decision{})
	wantCode(t, err, community.Conflict)
	if p, err := w.store.Post(ctx, p.Slug); err != nil || p.State != community.Hidden {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = w.PostDocument(ctx, p.Slug)
	wantCode(t, err, community.Forbidden)
	for _, to := range []string{"who@mail.example", "eva@mail.example"} {
		if got := w.wroteTo(t, to); len(got) != 1 || !strings.Contains(got[0], "did something") || strings.Contains(got[0], "sell nothing") {
			t.Errorf("%s is told %q", to, got)
		}
	}
	got := w.wroteTo(t, "bo@mail.example")
	if len(got) != 1 || !strings.Contains(got[0], "sell nothing") || !strings.Contains(got[0], "/appeal/") || strings.Contains(got[0], "eva") || strings.Contains(got[0], "who@") {
		t.Fatalf("who is concerned is told %q", got)
	}
	if got := w.messages(t, far); len(got) != 1 || !strings.Contains(got[0], "Thank you") {
		t.Errorf("%q", got)
	}

	// Objecting opens it again.
	_, token, _ := strings.Cut(got[0], "/appeal/")
	token = strings.Fields(token)[0]
	if about, err := w.MeasureOf(ctx, token); err != nil || about.ID != m.ID {
		t.Errorf("%+v, %v", about, err)
	}
	for _, bad := range []string{"", token[1:], token + "A", "AQ"} {
		_, err := w.MeasureOf(ctx, bad)
		wantCode(t, err, community.NotFound)
	}
	wantCode(t, w.Appeal(ctx, token, ""), community.Invalid)
	for range maxAppeals {
		w.must(t, w.Appeal(ctx, token, "They were free"))
	}
	wantCode(t, w.Appeal(ctx, token, "Still"), community.Refused)
	if f, err = w.Case(ctx, anna, c.ID); err != nil || f.State != community.CaseOpen || f.Entries[len(f.Entries)-1].Kind != community.EntryAppeal {
		t.Errorf("%+v, %v", f, err)
	}
	_, err = w.LiftMeasure(ctx, anna, m.ID, "right he is")
	w.must(t, err)
	if p, err := w.store.Post(ctx, p.Slug); err != nil || p.State != community.Shown {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = w.DecideCase(ctx, anna, c.ID, Decision{Quiet: true})
	w.must(t, err)
	w.must(t, w.ReopenCase(ctx, anna, c.ID, "hm"))
	wantCode(t, w.ReopenCase(ctx, anna, c.ID, "hm"), community.Conflict)
	w.must(t, w.GiveCase(ctx, anna, c.ID, ""))
	_, err = w.ForwardCase(ctx, anna, c.ID, "look")
	wantCode(t, err, community.Refused) // nobody of another server

	// Who is concerned does not see it, and steward or not, it is in the log.
	of := w.report(t, By{}, w.site.Actor("people/eva"), nil)
	_, err = w.Case(ctx, eva, of.ID)
	wantCode(t, err, community.Forbidden)
	if list, _, err := w.Cases(ctx, eva, storage.CaseQuery{}); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	log, err := w.Audits(ctx, anna, storage.AuditQuery{Object: fmt.Sprintf("case/%d", c.ID)})
	if err != nil || len(log) != 6 {
		t.Errorf("%v, %v", log, err)
	}
}

func TestSubjects(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	conf := w.conf(t, nil)
	bo := w.someone(t, "bo", community.Regular)
	g := w.mustAnswer(t, conf.Slug, "x@mail.example", community.Want{State: community.Going})
	other := w.befriend(t)
	w.must(t, w.ReceiveConference(ctx, other, w.foreign()))
	w.must(t, w.hears(t, other, "n1", w.site.Conference(conf.Slug), nil))
	guest := fmt.Sprintf("%s#guest-%d", w.site.Conference(conf.Slug), g.ID)
	for id, want := range map[string]community.CaseKind{
		w.site.Conference(conf.Slug): community.CaseConference, w.site.Actor(community.MemberActor("bo")): community.CaseMember, guest: community.CaseGuest,
		event: community.CaseConference, other.URI: community.CaseActor, city: community.CaseOther,
	} {
		c, err := w.Subject(ctx, id)
		if err != nil || c.Kind != want || c.ID != 0 {
			t.Errorf("%s: %+v, %v", id, c, err)
		}
	}
	for _, id := range []string{"", "https://bg.example/conf/none", guest + "9", "https://bg.example/people/none", "https://none.example/x"} {
		_, err := w.Subject(ctx, id)
		wantCode(t, err, community.NotFound)
	}
	// What one cannot read on our pages, the page to report does not tell either.
	eva := w.someone(t, "eva", community.Regular)
	reads := func(by By, id string, want bool) {
		t.Helper()
		_, err := w.Reportable(ctx, by, id)
		if want {
			w.must(t, err)
			return
		}
		wantCode(t, err, community.NotFound)
		_, err = w.AddReport(ctx, by, &community.Report{Objects: []string{id}, Category: community.Spam})
		wantCode(t, err, community.NotFound)
	}
	reads(By{}, w.site.Conference(conf.Slug), true)
	reads(By{}, other.URI, true)
	reads(By{}, guest, false)
	reads(eva, guest, false)
	reads(w.steward(t, "anna"), guest, true)
	_, err := w.Answer(ctx, conf.Slug, storage.GuestKey{MemberID: eva.Member.ID}, community.Want{State: community.Going}, "")
	w.must(t, err)
	reads(eva, guest, true)
	quiet, err := w.AddPost(ctx, bo, &community.Post{Author: "people/bo", Text: community.Plain("en", "For a few"), Visibility: community.Followers}, Publish{})
	w.must(t, err)
	reads(By{}, w.site.Post(quiet.Slug), false)
	reads(eva, w.site.Post(quiet.Slug), false)
	reads(bo, w.site.Post(quiet.Slug), true)
	// A name that should not be read is not, and can be again.
	m := &community.Measure{Kind: community.Hide, TargetKind: community.TargetGuest, Target: guest}
	w.must(t, w.TakeMeasure(ctx, w.steward(t, "anna"), m))
	if got, err := w.store.GuestByID(ctx, g.ID); err != nil || got.Shown != community.ShownToOrganisers {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = w.LiftMeasure(ctx, console, m.ID, "")
	w.must(t, err)
	if got, err := w.store.GuestByID(ctx, g.ID); err != nil || got.Shown != g.Shown {
		t.Errorf("%+v, %v", got, err)
	}
	// Only stewards keep order.
	wantCode(t, w.TakeMeasure(ctx, bo, &community.Measure{Kind: community.Warn, TargetKind: community.TargetActor, Target: other.URI}), community.Forbidden)
	// A conference of others is not shown, and shown again.
	_, err = w.AnnounceConference(ctx, console, event)
	w.must(t, err)
	hide := &community.Measure{Kind: community.Hide, TargetKind: community.TargetConference, Target: event}
	w.must(t, w.TakeMeasure(ctx, console, hide))
	w.settle(t)
	if got := w.calendar(t); len(got) != 1 {
		t.Errorf("the calendar has %q", got)
	}
	_, err = w.AnnounceConference(ctx, console, event)
	wantCode(t, err, community.Refused)
	_, err = w.LiftMeasure(ctx, console, hide.ID, "")
	w.must(t, err)
	_, err = w.AnnounceConference(ctx, console, event)
	w.must(t, err)
}

func TestFlagsGoOut(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	conf := w.conf(t, nil)
	anna := w.steward(t, "anna")
	for host, software := range map[string]string{"m.example": "mastodon", "l.example": "lemmy"} {
		a := w.stranger(t, "https://"+host+"/u/troll")
		w.runs(t, host, software, "4.4.0")
		w.must(t, w.hears(t, a, "n1", w.site.Conference(conf.Slug), nil))
		said, err := w.store.Posts(ctx, storage.PostQuery{InTalk: true, Limit: 1})
		w.must(t, err)
		c := w.report(t, anna, said[0].URI, func(r *community.Report) { r.Forward = true })
		if !c.Wished {
			f, err := w.Case(ctx, anna, c.ID)
			if err != nil || !f.Wished || len(f.Remote) != 1 {
				t.Errorf("%+v, %v", f, err)
			}
		}
		w.forget(t)
		hosts, err := w.ForwardCase(ctx, anna, c.ID, "spam & more")
		if err != nil || len(hosts) != 1 || hosts[0] != host {
			t.Fatal(hosts, err)
		}
		docs := w.documents(t, "Flag")
		if len(docs) != 1 || docs[0]["content"] != "spam & more" {
			t.Fatalf("%v", docs)
		}
		switch object := docs[0]["object"].(type) {
		case string:
			if software != "lemmy" || object != said[0].URI || docs[0]["actor"] != "https://bg.example/desk" {
				t.Errorf("%s gets %v", software, docs[0])
			}
		case []any:
			if software != "mastodon" || len(object) != 2 || object[0] != a.URI || object[1] != said[0].URI || docs[0]["actor"] != "https://bg.example/node" {
				t.Errorf("%s gets %v", software, docs[0])
			}
		}
	}
}

func TestMeasuresOnMembers(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.steward(t, "anna")
	bo := w.someone(t, "bo", community.Regular)
	conf := w.conf(t, func(c *community.Conference) { c.Capacity = 1 })
	_, err := w.Answer(ctx, conf.Slug, storage.GuestKey{MemberID: bo.Member.ID}, community.Want{State: community.Going}, "")
	w.must(t, err)
	id := w.site.Actor("people/bo")
	p := w.post(t, "bo", "Hello")
	shown := func(want community.PostState) {
		t.Helper()
		if got, err := w.store.Post(ctx, p.Slug); err != nil || got.State != want {
			t.Errorf("%q, %v, want %q", got.State, err, want)
		}
	}
	quiet := &community.Measure{Kind: community.MeasureQuiet, TargetKind: community.TargetMember, Target: id, Ends: w.Now().Add(24 * time.Hour), Reason: "too loud"}
	w.must(t, w.TakeMeasure(ctx, anna, quiet))
	shown(community.Silenced)
	if more := w.post(t, "bo", "More"); more.State != community.Silenced {
		t.Errorf("%+v", more)
	}
	wantCode(t, w.TakeMeasure(ctx, anna, &community.Measure{Kind: community.MeasureQuiet, TargetKind: community.TargetMember, Target: "bo"}), community.Conflict)
	wantCode(t, w.TakeMeasure(ctx, anna, &community.Measure{Kind: community.Warn, TargetKind: community.TargetMember, Target: "anna"}), community.Refused)
	wantCode(t, w.TakeMeasure(ctx, anna, &community.Measure{Kind: community.Hide, TargetKind: community.TargetMember, Target: "bo"}), community.Invalid)
	wantCode(t, w.TakeMeasure(ctx, anna, &community.Measure{Kind: community.MeasureQuiet, TargetKind: community.TargetMember, Target: "bo", Ends: w.Now()}), community.Invalid)
	if n, err := w.SettleMeasures(ctx); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	w.pass(25 * time.Hour)
	if n, err := w.SettleMeasures(ctx); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	shown(community.Shown)

	// Out for a week: one steward may, and the seat is free.
	out := &community.Measure{Kind: community.MeasureOut, TargetKind: community.TargetMember, Target: id, Ends: w.Now().Add(community.AloneAtMost), Reason: "pills"}
	w.must(t, w.TakeMeasure(ctx, anna, out))
	if m, err := w.store.Member(ctx, "bo"); err != nil || m.Suspended.IsZero() {
		t.Fatalf("%+v, %v", m, err)
	}
	g, err := w.store.Guest(ctx, conf.ID, storage.GuestKey{MemberID: bo.Member.ID})
	if err != nil || g.State != community.NotGoing {
		t.Errorf("%+v, %v", g, err)
	}
	w.pass(8 * 24 * time.Hour)
	if n, err := w.SettleMeasures(ctx); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if m, err := w.store.Member(ctx, "bo"); err != nil || !m.Suspended.IsZero() {
		t.Fatalf("%+v, %v", m, err)
	}
	warn := &community.Measure{Kind: community.Warn, TargetKind: community.TargetMember, Target: id, Sealed: true}
	w.must(t, w.TakeMeasure(ctx, anna, warn))
	w.must(t, w.SealMeasure(ctx, anna, warn.ID, false))
	if m, err := w.store.Measure(ctx, warn.ID); err != nil || m.State != community.MeasureEnded || m.Sealed {
		t.Errorf("%+v, %v", m, err)
	}
	if got := w.wroteTo(t, "bo@mail.example"); len(got) != 5 {
		t.Errorf("%d letters: %q", len(got), got)
	}
	if list, n, err := w.Measures(ctx, anna, storage.MeasureQuery{Target: id}); err != nil || n != 3 || len(list) != 3 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestSecondSteward(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.steward(t, "anna")
	w.someone(t, "bo", community.Regular)
	ever := func(urgent bool) *community.Measure {
		return &community.Measure{Kind: community.MeasureOut, TargetKind: community.TargetMember, Target: "bo", Urgent: urgent}
	}
	is := func(want bool) {
		t.Helper()
		if m, err := w.store.Member(ctx, "bo"); err != nil || m.Suspended.IsZero() == want {
			t.Errorf("suspended at %v, %v", m.Suspended, err)
		}
	}
	// Alone: only in a hurry, and again every 72 hours.
	wantCode(t, w.TakeMeasure(ctx, anna, ever(false)), community.Refused)
	m := ever(true)
	w.must(t, w.TakeMeasure(ctx, anna, m))
	is(true)
	if n, err := w.Seconds(ctx, m); n != 0 || err != nil {
		t.Error(n, err)
	}
	_, err := w.ConfirmMeasure(ctx, anna, m.ID)
	wantCode(t, err, community.Forbidden)
	w.pass(70 * time.Hour)
	_, err = w.RenewMeasure(ctx, anna, m.ID)
	w.must(t, err)
	w.pass(70 * time.Hour)
	if n, err := w.SettleMeasures(ctx); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	w.pass(3 * time.Hour)
	_, err = w.RenewMeasure(ctx, anna, m.ID)
	wantCode(t, err, community.Conflict) // too late
	if n, err := w.SettleMeasures(ctx); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	is(false)
	if m, err := w.store.Measure(ctx, m.ID); err != nil || m.State != community.MeasureLapsed {
		t.Errorf("%+v, %v", m, err)
	}

	// Two: it waits, and its time begins when the second agrees.
	eva := w.steward(t, "eva")
	m = ever(false)
	m.Ends = w.Now().Add(30 * 24 * time.Hour)
	w.must(t, w.TakeMeasure(ctx, anna, m))
	is(false)
	w.pass(24 * time.Hour)
	got, err := w.ConfirmMeasure(ctx, eva, m.ID)
	w.must(t, err)
	is(true)
	if got.State != community.MeasureActive || got.ConfirmedBy != "eva" || !got.Ends.Equal(w.Now().Add(30*24*time.Hour)) {
		t.Errorf("%+v", got)
	}
	_, err = w.ConfirmMeasure(ctx, eva, m.ID)
	wantCode(t, err, community.Conflict)
	_, err = w.LiftMeasure(ctx, eva, m.ID, "enough")
	w.must(t, err)
	is(false)
	_, err = w.LiftMeasure(ctx, eva, m.ID, "enough")
	wantCode(t, err, community.Conflict)

	// She says no.
	m = ever(true)
	w.must(t, w.TakeMeasure(ctx, anna, m))
	_, err = w.RenewMeasure(ctx, anna, m.ID)
	wantCode(t, err, community.Refused)
	_, err = w.RefuseMeasure(ctx, eva, m.ID, "too hard")
	w.must(t, err)
	is(false)

	// The role of a steward: not by one alone, and who is concerned has no say.
	wantCode(t, w.SetRole(ctx, anna, "eva", community.Regular), community.Refused)
	lea := w.steward(t, "lea")
	d := &community.Measure{Kind: community.Demote, TargetKind: community.TargetMember, Target: "eva"}
	w.must(t, w.TakeMeasure(ctx, anna, d))
	_, err = w.ConfirmMeasure(ctx, eva, d.ID)
	wantCode(t, err, community.Forbidden)
	_, err = w.ConfirmMeasure(ctx, lea, d.ID)
	w.must(t, err)
	if m, err := w.store.Member(ctx, "eva"); err != nil || m.Role != community.Regular {
		t.Errorf("%+v, %v", m, err)
	}
	// The console needs nobody, and is in the log.
	w.must(t, w.SuspendMember(ctx, console, "bo", true))
	is(true)
	w.must(t, w.SuspendMember(ctx, console, "bo", false))
	is(false)
	if log, err := w.Audits(ctx, anna, storage.AuditQuery{By: "console", Action: "measure."}); err != nil || len(log) != 2 || log[1].Object != "people/bo" {
		t.Errorf("%v, %v", log, err)
	}
}

// Two who agree at once, and one who agrees while it lapses: one of them is
// right, and what they did is whole.
func TestSecondStewardRaces(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.steward(t, "anna")
	var others []By
	for _, name := range []string{"eva", "lea", "mia"} {
		others = append(others, w.steward(t, name))
	}
	for round := range 4 {
		handle := fmt.Sprintf("bo%d", round)
		w.someone(t, handle, community.Regular)
		m := &community.Measure{Kind: community.MeasureOut, TargetKind: community.TargetMember, Target: handle, Urgent: round%2 == 0}
		w.must(t, w.TakeMeasure(ctx, anna, m))
		lapses := round >= 2
		if lapses {
			w.pass(m.ConfirmBy.Sub(w.Now()) - time.Nanosecond*1000)
		}
		var wg sync.WaitGroup
		errs := make([]error, len(others))
		for i, by := range others {
			wg.Go(func() { _, errs[i] = w.ConfirmMeasure(context.WithoutCancel(ctx), by, m.ID) })
		}
		if lapses {
			wg.Go(func() {
				w.pass(time.Second)
				_, _ = w.SettleMeasures(context.WithoutCancel(ctx))
			})
		}
		wg.Wait()
		agreed := 0
		for _, err := range errs {
			if err == nil {
				agreed++
			} else if community.CodeOf(err) != community.Conflict {
				t.Error(err)
			}
		}
		_, err := w.SettleMeasures(ctx)
		w.must(t, err)
		got, err := w.store.Measure(ctx, m.ID)
		w.must(t, err)
		who, err := w.store.Member(ctx, handle)
		w.must(t, err)
		if agreed > 1 || !lapses && agreed != 1 || (agreed == 1) != (got.State == community.MeasureActive) || (agreed == 1) == who.Suspended.IsZero() {
			t.Errorf("round %d: %d agreed, it is %s, suspended %v", round, agreed, got.State, who.Suspended)
		}
	}
}

func TestServersAndLists(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.steward(t, "anna")
	far := w.stranger(t, bob)
	w.must(t, w.ReceiveFollow(ctx, far, "https://far.example/f/1", city))
	w.must(t, w.AddBlock(ctx, console, &community.Block{Domain: "old.example", Severity: community.Silence, Reason: "before"}))
	list := []community.Block{{Domain: "FAR.example.", Severity: community.Silence}, {Domain: "far.example", Severity: community.Suspend, RejectMedia: true}, {Domain: "old.example", Severity: community.Suspend}, {Domain: "new.example", Severity: community.NoBlock, RejectMedia: true}}
	v, err := w.PrepareBlocks(ctx, anna, "list.csv", list)
	w.must(t, err)
	_, p, err := w.PreviewBlocks(ctx, anna, v.ID)
	w.must(t, err)
	if p.New != 2 || p.Harder != 1 || p.LostFollowers != 1 || len(p.Rows) != 3 {
		t.Fatalf("%+v", p)
	}
	if n, err := w.store.CountFollowers(ctx, community.CityActor); err != nil || n != 1 {
		t.Fatal("looking at a list did something", n, err)
	}
	_, err = w.ApplyBlocks(ctx, anna, v.ID)
	w.must(t, err)
	_, err = w.ApplyBlocks(ctx, anna, v.ID)
	wantCode(t, err, community.Conflict)
	if n, err := w.store.CountFollowers(ctx, community.CityActor); err != nil || n != 0 {
		t.Error(n, err)
	}
	if r, err := w.store.ServerRule(ctx, "a.new.example"); err != nil || !r.RejectMedia {
		t.Error(r, err)
	}
	servers, err := w.Servers(ctx, anna)
	if err != nil || len(servers) != 3 || servers[0].Domain != "far.example" || servers[0].People != 1 {
		t.Errorf("%+v, %v", servers, err)
	}
	w.must(t, w.UndoBlocks(ctx, anna, v.ID))
	wantCode(t, w.UndoBlocks(ctx, anna, v.ID), community.Conflict)
	bs, err := w.store.Blocks(ctx)
	if err != nil || len(bs) != 1 || bs[0].Domain != "old.example" || bs[0].Severity != community.Silence {
		t.Errorf("%+v, %v", bs, err)
	}

	// With a list alone: with whom the city has to do goes on it by itself.
	w.must(t, w.ReceiveFollow(ctx, far, "https://far.example/f/2", city))
	w.must(t, w.SetFederation(ctx, anna, community.FederationListed))
	if n, err := w.store.CountFollowers(ctx, community.CityActor); err != nil || n != 1 {
		t.Error(n, err)
	}
	if _, err := w.store.BlockOf(ctx, "stranger.example", ""); err != nil {
		t.Error(err)
	}
	w.must(t, w.AllowServer(ctx, anna, "Stranger.example", "friends"))
	_, err = w.store.BlockOf(ctx, "stranger.example", "")
	wantCode(t, err, community.NotFound)
	w.must(t, w.DisallowServer(ctx, anna, "far.example"))
	if n, err := w.store.CountFollowers(ctx, community.CityActor); err != nil || n != 0 {
		t.Error(n, err)
	}
	w.must(t, w.SetFederation(ctx, anna, community.FederationOpen))
	_, err = w.store.BlockOf(ctx, "far.example", "")
	wantCode(t, err, community.NotFound)
	wantCode(t, w.SetFederation(ctx, anna, "nonsense"), community.Invalid)

	// A measure with a term leaves what stood before.
	w.must(t, w.AddBlock(ctx, console, &community.Block{Domain: "pic.example", Severity: community.NoBlock, RejectMedia: true}))
	m := &community.Measure{Kind: community.MeasureOut, TargetKind: community.TargetDomain, Target: "pic.example", Ends: w.Now().Add(time.Hour)}
	w.must(t, w.TakeMeasure(ctx, anna, m))
	if b, err := w.store.BlockOf(ctx, "pic.example", ""); err != nil || b.Severity != community.Suspend || b.MeasureID != m.ID || !b.RejectMedia {
		t.Errorf("%+v, %v", b, err)
	}
	w.pass(2 * time.Hour)
	if n, err := w.SettleMeasures(ctx); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if b, err := w.store.Block(ctx, "pic.example", ""); err != nil || b.Severity != community.NoBlock || !b.RejectMedia {
		t.Errorf("%+v, %v", b, err)
	}
	w.must(t, w.RemoveBlock(ctx, anna, "pic.example", ""))
	wantCode(t, w.RemoveBlock(ctx, anna, "pic.example", ""), community.NotFound)
}

// Pictures of a server whose pictures are refused are not kept; what it says is.
func TestRefusedPictures(t *testing.T) {
	w := newWorld(t)
	conf := w.conf(t, nil)
	w.must(t, w.AddBlock(t.Context(), console, &community.Block{Domain: "far.example", Severity: community.NoBlock, RejectMedia: true}))
	for host, want := range map[string]int{"far.example": 0, "near.example": 1} {
		a := w.stranger(t, "https://"+host+"/u/x")
		w.must(t, w.hears(t, a, "n-"+host, w.site.Conference(conf.Slug), func(p *community.Post) {
			p.Pictures = []community.Picture{{URL: "https://" + host + "/a.png", Alt: "A"}}
		}))
		list, err := w.store.Posts(t.Context(), storage.PostQuery{InTalk: true})
		w.must(t, err)
		for _, p := range list {
			if hostOf(p.URI) == host {
				if len(p.Pictures) != want {
					t.Errorf("%s: %d pictures, want %d", host, len(p.Pictures), want)
				}
			}
		}
		if len(list) == 0 {
			t.Fatal("nothing was said")
		}
	}
}
