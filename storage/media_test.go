package storage

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestMedia(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Media(ctx, "a")
		wantCode(t, err, community.NotFound)
		_, err = s.MediaFile(ctx, "a-1.jpg")
		wantCode(t, err, community.NotFound)
		if n, err := s.MediaBytes(ctx); err != nil || n != 0 {
			t.Fatal(n, err)
		}
		files := []community.MediaFile{
			{Name: "a-480.jpg", MediaType: "image/jpeg", Width: 480, Height: 320, Data: []byte{0xff, 0, 1, 2}},
			{Name: "a-square.jpg", MediaType: "image/jpeg", Width: 320, Height: 320, Data: []byte{3}},
		}
		a := &community.Media{ID: "a", MediaType: "image/jpeg", Width: 480, Height: 320, Blurhash: "LEHV6nWB", Bytes: 3 << 30, By: "anna", Created: noon, Files: files}
		b := &community.Media{ID: "b", MediaType: "image/png", Width: 1, Height: 2, Bytes: 7, By: "anna", Created: noon.Add(time.Second)}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.InsertMedia(ctx, b); err != nil {
				return err
			}
			if err := tx.InsertMedia(ctx, a); err != nil {
				return err
			}
			wantCode(t, tx.InsertMedia(ctx, a), community.Conflict)
			return nil
		})
		got, err := s.Media(ctx, "a")
		ok(t, err)
		bare := *a
		bare.Files = nil
		if d := cmp.Diff(&bare, got); d != "" {
			t.Error(d)
		}
		for _, want := range files {
			f, err := s.MediaFile(ctx, want.Name)
			ok(t, err)
			if d := cmp.Diff(&want, f); d != "" {
				t.Error(d)
			}
		}
		if n, err := s.MediaBytes(ctx); err != nil || n != 3<<30+7 {
			t.Error(n, err)
		}
		if n, err := s.CountMedia(ctx, "anna", noon.Add(time.Second)); err != nil || n != 1 {
			t.Error(n, err)
		}
		if n, err := s.CountMedia(ctx, "bob", noon); err != nil || n != 0 {
			t.Error(n, err)
		}
		old, err := s.OldMedia(ctx, noon.Add(time.Second))
		ok(t, err)
		if d := cmp.Diff([]community.Media{bare}, old); d != "" {
			t.Error(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			wantCode(t, tx.TouchMedia(ctx, "none"), community.NotFound)
			if err := tx.TouchMedia(ctx, "b"); err != nil {
				return err
			}
			if err := tx.DeleteMedia(ctx, "none"); err != nil {
				return err
			}
			b.Created = tx.Now()
			return tx.DeleteMedia(ctx, "a")
		})
		_, err = s.MediaFile(ctx, "a-480.jpg")
		wantCode(t, err, community.NotFound)
		if got, err = s.Media(ctx, "b"); err != nil || !cmp.Equal(got, b) {
			t.Error(got, err)
		}
	})
}

func TestPictureAddresses(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		pic := func(name string) *community.Picture { return &community.Picture{URL: "https://x.example/" + name} }
		if got, err := s.PictureAddresses(ctx); err != nil || len(got) != 0 {
			t.Fatal(got, err)
		}
		anna := addMember(t, s, "anna")
		bob := addActor(t, s, "m.example", "bob")
		c := meeting("one", 1)
		c.Cover = pic("cover")
		theirs := elsewhere(bob, "two", 2)
		theirs.Cover = pic("theirs")
		addConference(t, s, c, theirs, meeting("bare", 3))
		write(t, s, func(ctx context.Context, tx *Tx) error {
			city := &community.City{Handle: "bg", Zone: "UTC", Picture: pic("city"), Banner: pic("banner"), Created: noon, Updated: noon}
			if err := tx.SaveCity(ctx, city); err != nil {
				return err
			}
			series := &community.Series{Rule: "FREQ=WEEKLY", Template: community.Conference{Cover: pic("series")}, Created: noon}
			if err := tx.InsertSeries(ctx, series); err != nil {
				return err
			}
			p := &community.Post{Slug: "p", Author: community.CityActor, Visibility: community.Public, Pictures: []community.Picture{*pic("p1"), *pic("p2")}, Created: noon, Published: noon, Updated: noon}
			return tx.InsertPost(ctx, p)
		})
		got, err := s.PictureAddresses(ctx)
		ok(t, err)
		slices.Sort(got)
		want := []string{anna.Picture.URL}
		for _, n := range []string{"banner", "city", "cover", "p1", "p2", "series"} {
			want = append(want, pic(n).URL)
		}
		slices.Sort(want)
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}
