package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func addTown(t testing.TB, s *Store, country, name string, at community.Point) *community.Town {
	t.Helper()
	town := &community.Town{Country: country, Folded: strings.ToLower(name), Name: name, Place: at}
	write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveTown(ctx, town) })
	return town
}

func list1(t testing.TB, s *Store, c *community.Conference, town *community.Town, online bool, langs ...string) {
	t.Helper()
	l := &Listing{ConferenceID: c.ID, Start: c.Start, End: c.End, Online: online, Tags: c.Tags, Languages: langs}
	if town != nil {
		l.Town, l.Country = town.ID, town.Country
	}
	write(t, s, func(ctx context.Context, tx *Tx) error { return tx.PutListing(ctx, l) })
}

func TestTowns(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Town(ctx, "RS", "belgrade")
		wantCode(t, err, community.NotFound)
		b := addTown(t, s, "RS", "Belgrade", community.Point{Lat: 44.8, Lon: 20.5})
		again := addTown(t, s, "RS", "Belgrade", community.Point{Lat: 1, Lon: 1})
		other := addTown(t, s, "US", "Belgrade", community.Point{Lat: 45.8, Lon: -111.2})
		if *again != *b || other.ID == b.ID {
			t.Errorf("%+v, %+v, %+v", b, again, other)
		}
		got, err := s.Towns(ctx)
		ok(t, err)
		if d := cmp.Diff([]community.Town{*b, *other}, got); d != "" {
			t.Error(d)
		}
	})
}

func TestWorld(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		group := addActor(t, s, "mobilizon.example", "club")
		belgrade, bar := addTown(t, s, "RS", "Belgrade", community.Point{Lat: 44.8, Lon: 20.5}), addTown(t, s, "ME", "Bar", community.Point{Lat: 42.1, Lon: 19.1})
		past, soon, next, abroad, online := meeting("past", -3), meeting("soon", 1), meeting("next", 40), elsewhere(group, "abroad", 2), elsewhere(group, "online", 3)
		past.Tags, soon.Tags, abroad.Tags = []string{"maps"}, []string{"maps", "walks"}, []string{"maps"}
		hidden := elsewhere(group, "hidden", 2)
		addConference(t, s, past, soon, next, abroad, online, hidden)
		list1(t, s, past, belgrade, false, "en")
		list1(t, s, soon, belgrade, false, "en", "ru")
		list1(t, s, next, belgrade, true, "ru")
		list1(t, s, abroad, bar, false, "sr")
		list1(t, s, online, nil, true, "en")
		list1(t, s, online, nil, true, "en") // again is the same

		for name, c := range map[string]struct {
			q    WorldQuery
			want string
		}{
			"all":            {WorldQuery{}, "soon abroad online next"},
			"past":           {WorldQuery{Past: true}, "past"},
			"newest":         {WorldQuery{Newest: true}, "online abroad next soon"},
			"newest tagged":  {WorldQuery{Newest: true, Tag: "maps"}, "abroad soon"},
			"tag":            {WorldQuery{Tag: "maps"}, "soon abroad"},
			"past tag":       {WorldQuery{Tag: "maps", Past: true}, "past"},
			"tag, language":  {WorldQuery{Tag: "maps", Language: "ru"}, "soon"},
			"language":       {WorldQuery{Language: "en"}, "soon online"},
			"language, town": {WorldQuery{Language: "ru", Towns: []int64{belgrade.ID}}, "soon next"},
			"town":           {WorldQuery{Towns: []int64{belgrade.ID}}, "soon next"},
			"towns":          {WorldQuery{Towns: []int64{belgrade.ID, bar.ID}}, "soon abroad next"},
			"many towns":     {WorldQuery{Towns: []int64{belgrade.ID, bar.ID}, Many: true}, "soon abroad next"},
			"towns, tag":     {WorldQuery{Towns: []int64{belgrade.ID, bar.ID}, Tag: "walks"}, "soon"},
			"nowhere":        {WorldQuery{Towns: []int64{}}, ""},
			"country":        {WorldQuery{Country: "ME"}, "abroad"},
			"country, tag":   {WorldQuery{Country: "RS", Tag: "maps"}, "soon"},
			"online":         {WorldQuery{Online: true}, "online next"},
			"from":           {WorldQuery{From: noon.AddDate(0, 0, 3)}, "online next"},
			"until":          {WorldQuery{Until: noon.AddDate(0, 0, 3)}, "soon abroad"},
			"page":           {WorldQuery{Limit: 2, Offset: 1}, "abroad online"},
			"none":           {WorldQuery{Tag: "nothing"}, ""},
		} {
			c.q.Now = noon
			got, err := s.World(ctx, c.q)
			ok(t, err)
			var names []string
			for _, c := range got {
				names = append(names, strings.TrimPrefix(c.Title.First(), "Meeting "))
				if c.OriginID != 0 && c.Origin == "" {
					t.Errorf("%s: %s has no origin", name, c.URI)
				}
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
			if c.q.Limit == 0 {
				n, err := s.CountWorld(ctx, c.q)
				ok(t, err)
				if n != len(names) {
					t.Errorf("%s: counted %d of %d", name, n, len(names))
				}
			}
		}

		spots := func(q WorldQuery, limit int) (out []string) {
			q.Now = noon
			ss, err := s.WorldSpots(ctx, q, limit)
			ok(t, err)
			for _, p := range ss {
				out = append(out, fmt.Sprint(p.Name, p.Conferences))
			}
			return out
		}
		if d := cmp.Diff([]string{"Belgrade2", "Bar1"}, spots(WorldQuery{}, 0)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"Belgrade1", "Bar1"}, spots(WorldQuery{Tag: "maps"}, 100)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"Belgrade1"}, spots(WorldQuery{}, 1)); d != "" {
			t.Error(d)
		}
		months, err := s.WorldMonths(ctx, noon, 9)
		ok(t, err)
		if d := cmp.Diff([]time.Time{time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}, months); d != "" {
			t.Error(d)
		}
		words, err := s.WorldWords(ctx, "lang", noon, 9)
		ok(t, err)
		if d := cmp.Diff([]string{"en", "ru", "sr"}, words); d != "" {
			t.Error(d)
		}
		in, err := s.InWorld(ctx, soon.ID)
		ok(t, err)
		not, err := s.InWorld(ctx, hidden.ID)
		ok(t, err)
		if !in || not {
			t.Errorf("in the world: %v and %v", in, not)
		}

		// What ends moves to the past, once.
		write(t, s, func(ctx context.Context, tx *Tx) error {
			n, err := tx.SweepWorld(ctx, noon.AddDate(0, 0, 2), 9)
			if n != 1 {
				t.Errorf("%d moved", n)
			}
			return err
		})
		got, err := s.World(ctx, WorldQuery{Now: noon.AddDate(0, 0, 2), Past: true, Tag: "maps"})
		ok(t, err)
		if len(got) != 2 || got[0].ID != soon.ID {
			t.Errorf("past: %v", got)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			was, err := tx.DeleteListing(ctx, soon.ID)
			again, err2 := tx.DeleteListing(ctx, soon.ID)
			if !was || again {
				t.Errorf("deleted: %v, then %v", was, again)
			}
			if err2 != nil {
				return err2
			}
			return err
		})
		if n := count(t, s, "world_key"); n != 6 {
			t.Errorf("%d words are left", n)
		}
		// What is deleted leaves the world, which can tell.
		before, err := s.WorldStamp(ctx)
		ok(t, err)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteConference(ctx, abroad.ID) })
		after, err := s.WorldStamp(ctx)
		ok(t, err)
		if in, _ := s.InWorld(ctx, abroad.ID); in || !after.After(before) {
			t.Errorf("in the world: %v; %v, then %v", in, before, after)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.StampWorld(ctx) })
		if again, _ := s.WorldStamp(ctx); !again.After(after) {
			t.Error("two states have one stamp")
		}
	})
}

func TestWorldTodo(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		group, other := addActor(t, s, "mobilizon.example", "club"), addActor(t, s, "sub.evil.example", "x")
		mine, theirs, evil := meeting("mine", 1), elsewhere(group, "a", 1), elsewhere(other, "b", 1)
		todos := func() (out []string) {
			ts, err := s.WorldTodos(ctx, 99)
			ok(t, err)
			for _, x := range ts {
				out = append(out, fmt.Sprint(x.Kind, x.Ref, "+", x.Passed))
				write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteWorldTodo(ctx, x) })
			}
			slices.Sort(out)
			return out
		}
		want := func(want ...string) {
			t.Helper()
			if d := cmp.Diff(want, todos()); d != "" {
				t.Error(d)
			}
		}
		todos()
		addConference(t, s, mine, theirs, evil)
		want(fmt.Sprint("conference", mine.ID, "+0"), fmt.Sprint("conference", theirs.ID, "+0"), fmt.Sprint("conference", evil.ID, "+0"))
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateConference(ctx, theirs) })
		want(fmt.Sprint("conference", theirs.ID, "+0"))
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.AddWorldTodo(ctx, "actor", group.ID); err != nil {
				return err
			}
			return tx.PassWorldTodo(ctx, WorldTodo{"actor", group.ID, 7})
		})
		want(fmt.Sprint("actor", group.ID, "+7"))
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.AddWorldTodoHost(ctx, "mobilizon.example") })
		want(fmt.Sprint("actor", group.ID, "+0"))

		f := &community.Follow{Local: community.CityActor, ActorID: group.ID, URI: "https://b.example/f", State: community.Accepted, Created: noon, Updated: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveFollowed(ctx, f) })
		want(fmt.Sprint("follow", group.ID, "+0"))
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.DeleteFollowed(ctx, community.CityActor, group.ID)
		})
		want(fmt.Sprint("follow", group.ID, "+0"))
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteFollowsOf(ctx, group.ID) })
		want(fmt.Sprint("follow", group.ID, "+0"))

		// Blocks concern those whom they hide from now on, or no more.
		list1(t, s, theirs, nil, false)
		list1(t, s, evil, nil, false)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.SaveBlock(ctx, &community.Block{Domain: "evil.example", Severity: community.Silence})
		})
		want("blocks0+0")
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.AddWorldTodoBlocks(ctx) })
		want(fmt.Sprint("actor", other.ID, "+0"))
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if _, err := tx.DeleteListing(ctx, evil.ID); err != nil {
				return err
			}
			return tx.DeleteBlock(ctx, "evil.example", "")
		})
		want("blocks0+0")
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.AddWorldTodoBlocks(ctx) })
		want(fmt.Sprint("actor", other.ID, "+0"))

		ids, err := s.ConferencesAfter(ctx, group.ID, 0, 9)
		ok(t, err)
		none, err := s.ConferencesAfter(ctx, group.ID, theirs.ID, 9)
		ok(t, err)
		if d := cmp.Diff([]int64{theirs.ID}, ids); d != "" || len(none) != 0 {
			t.Error(d, none)
		}
	})
}

func TestPassing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		group := addActor(t, s, "mobilizon.example", "club")
		anna := addMember(t, s, "anna")
		over, ahead, joined, announced, asked, told, stays := elsewhere(group, "over", -2), elsewhere(group, "ahead", 300), elsewhere(group, "joined", -2),
			elsewhere(group, "announced", -2), elsewhere(group, "asked", 300), elsewhere(group, "told", 300), elsewhere(group, "stays", -2)
		announced.Announced = noon
		addConference(t, s, over, ahead, joined, announced, asked, told, stays)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for c, why := range map[*community.Conference]string{over: PassingCity, ahead: PassingCity, joined: PassingAsked, announced: PassingLeft, asked: PassingAsked, told: PassingTold, stays: PassingAsked} {
				if err := tx.SetPassing(ctx, c.ID, why); err != nil {
					return err
				}
			}
			if err := tx.ClearPassing(ctx, stays.ID); err != nil {
				return err
			}
			return tx.SaveGuest(ctx, &community.Guest{ConferenceID: joined.ID, MemberID: anna.ID, State: community.Going, Created: noon, Updated: noon})
		})
		why, err := s.Passing(ctx, told.ID)
		ok(t, err)
		none, err := s.Passing(ctx, stays.ID)
		ok(t, err)
		if why != PassingTold || none != "" {
			t.Errorf("%q and %q", why, none)
		}
		idle := func(over, before time.Time, most, limit int) []int64 {
			ids, err := s.Idle(ctx, over, before, most, limit)
			ok(t, err)
			return ids
		}
		if d := cmp.Diff([]int64{over.ID}, idle(noon, noon.Add(-time.Hour), 9, 9)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]int64{over.ID, asked.ID}, idle(noon, noon.Add(time.Hour), 9, 9)); d != "" {
			t.Error(d)
		}
		// Too many: the newest stay.
		if got := idle(noon, noon.Add(-time.Hour), 0, 9); !slices.Contains(got, asked.ID) {
			t.Error(got)
		}
		if got := idle(noon, noon.Add(time.Hour), 9, 1); len(got) != 1 {
			t.Error(got)
		}
	})
}

// A page of the world costs what is on it: an index leads to its first line and
// on from there, however much is known.
func TestWorldPlans(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		group := addActor(t, s, "mobilizon.example", "club")
		town := addTown(t, s, "RS", "Belgrade", community.Point{Lat: 44.8, Lon: 20.5})
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for i := range 3000 {
				c := elsewhere(group, fmt.Sprint(i), i%300-100)
				c.Tags = []string{fmt.Sprint("t", i%50)}
				if err := tx.InsertConference(ctx, c); err != nil {
					return err
				}
				l := &Listing{ConferenceID: c.ID, Start: c.Start, End: c.End, Online: i%40 == 0, Tags: c.Tags, Languages: []string{fmt.Sprint("l", i%20)}, Country: fmt.Sprint("C", i%30), Town: int64(i % 70)}
				if err := tx.PutListing(ctx, l); err != nil {
					return err
				}
			}
			return nil
		})
		if s.Engine() == "postgres" {
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.exec(ctx, "ANALYZE") })
		}
		for name, c := range map[string]struct {
			q     WorldQuery
			index string
		}{
			"all":     {WorldQuery{}, "world_when"},
			"past":    {WorldQuery{Past: true}, "world_when"},
			"month":   {WorldQuery{From: noon, Until: noon.AddDate(0, 1, 0)}, "world_when"},
			"tag":     {WorldQuery{Tag: "t7"}, "world_key_word"},
			"lang":    {WorldQuery{Language: "l3"}, "world_key_word"},
			"town":    {WorldQuery{Towns: []int64{town.ID}}, "world_town"},
			"country": {WorldQuery{Country: "C7"}, "world_country"},
			"online":  {WorldQuery{Online: true}, "world_online"},
			"newest":  {WorldQuery{Newest: true}, map[string]string{"sqlite": "SCAN w", "postgres": "world_pkey"}[s.Engine()]},
		} {
			c.q.Now = noon
			var b strings.Builder
			b.WriteString("SELECT w.conference_id")
			args, order := c.q.from(s.sql, &b)
			b.WriteString(order)
			args = limit(&b, args, 50, 0)
			plan := explain(t, s, b.String(), args...)
			if !strings.Contains(plan, c.index) {
				t.Errorf("%s goes by\n%s, not %s", name, plan, c.index)
			}
			if strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") || s.Engine() == "postgres" && name == "all" && strings.Contains(plan, "Sort") {
				t.Errorf("%s sorts everything:\n%s", name, plan)
			}
		}
		if s.Engine() == "sqlite" {
			var b strings.Builder
			b.WriteString("SELECT w.town_id, COUNT(*)")
			args, _ := (&WorldQuery{Now: noon}).from(s.sql, &b)
			if plan := explain(t, s, b.String()+" GROUP BY w.town_id", args...); !strings.Contains(plan, "COVERING INDEX world_town ") {
				t.Errorf("towns are counted by\n%s", plan)
			}
			for _, q := range []string{
				"SELECT conference_id FROM world WHERE past = 0 AND ends <= 5 ORDER BY ends LIMIT 5",
				"SELECT starts FROM world WHERE past = 0 AND +ends > 5 AND starts >= 5 ORDER BY starts LIMIT 1",
			} {
				if plan := explain(t, s, q); strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP") {
					t.Errorf("%s goes by\n%s", q, plan)
				}
			}
		}
	})
}
