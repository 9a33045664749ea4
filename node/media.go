package node

import (
	"context"
	"strings"
	"time"

	"konfa/community"
	"konfa/picture"
	"konfa/storage"
)

// AddPicture takes a picture that someone uploads: it is checked, written anew in
// a few sizes, and kept for a day until something shows it. The same picture is
// kept once. Whoever has an account may upload; who is no steward, not more than
// community.MaxUploads a day. Invalid with a key "picture.…" for what is no picture,
// Refused where there is no more room or too much was uploaded.
func (n *Node) AddPicture(ctx context.Context, by By, data []byte, alt string) (*community.Picture, error) {
	if err := by.may(community.Newcomer); err != nil {
		return nil, err
	}
	if by.may(community.Steward) != nil {
		count, err := n.store.CountMedia(ctx, by.Name(), n.Now().Add(-24*time.Hour))
		if err != nil {
			return nil, err
		}
		if count >= community.MaxUploads {
			return nil, &community.Error{Code: community.Refused, Key: "picture.enough", Msg: "that is enough pictures for one day: come back tomorrow"}
		}
	}
	p, err := picture.Read(ctx, data)
	if err != nil {
		return nil, err
	}
	m := media(p)
	err = n.write(ctx, func(tx *storage.Tx) error {
		known, err := tx.Media(ctx, m.ID)
		if ok, err := found(err); err != nil {
			return err
		} else if ok {
			return tx.TouchMedia(ctx, known.ID) // or it could go before it is shown
		}
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		used, err := tx.MediaBytes(ctx)
		if err != nil {
			return err
		}
		if used+int64(m.Bytes) > MediaLimit(city) {
			return &community.Error{Code: community.Refused, Key: "picture.full", Msg: "there is no room left for pictures", Hint: "the stewards can allow more in the settings"}
		}
		m.By, m.Created = by.Name(), tx.Now()
		return tx.InsertMedia(ctx, &m)
	})
	if err != nil {
		return nil, err
	}
	return n.site.Picture(&m, strings.TrimSpace(alt)), nil
}

// MediaLimit is how many bytes all pictures of a city may take.
func MediaLimit(c *community.City) int64 {
	mb := c.Settings.MediaMB
	if mb <= 0 {
		mb = community.DefaultMediaMB
	}
	return int64(mb) << 20
}

// media is a picture as it is stored.
func media(p *picture.Picture) community.Media {
	l := p.Largest()
	m := community.Media{ID: p.ID, MediaType: p.MediaType, Width: l.Width, Height: l.Height, Blurhash: p.Blurhash, Bytes: p.Bytes()}
	for _, f := range p.Files {
		m.Files = append(m.Files, community.MediaFile{Name: community.MediaName(p.ID, f.Width, p.MediaType), MediaType: p.MediaType, Width: f.Width, Height: f.Height, Data: f.Data})
	}
	m.Files = append(m.Files, community.MediaFile{Name: community.SquareName(p.ID, p.MediaType), MediaType: p.MediaType, Width: p.Square.Width, Height: p.Square.Height, Data: p.Square.Data})
	return m
}

// Uploaded is the picture at an address of ours, with a description. NotFound for
// any other address, and for a picture that is gone.
func (n *Node) Uploaded(ctx context.Context, address, alt string) (*community.Picture, error) {
	id := n.site.MediaID(address)
	if id == "" {
		return nil, community.Errorf(community.NotFound, "%q is no picture of ours", address)
	}
	m, err := n.store.Media(ctx, id)
	if err != nil {
		return nil, err
	}
	return n.site.Picture(m, strings.TrimSpace(alt)), nil
}

// PrunePictures removes the pictures that nothing has shown for a day, and
// returns how many those were.
func (n *Node) PrunePictures(ctx context.Context) (int, error) {
	gone := 0
	err := n.write(ctx, func(tx *storage.Tx) error {
		gone = 0
		old, err := tx.OldMedia(ctx, tx.Now().Add(-community.KeepMedia))
		if err != nil || len(old) == 0 {
			return err
		}
		addresses, err := tx.PictureAddresses(ctx)
		if err != nil {
			return err
		}
		shown := map[string]bool{}
		for _, a := range addresses {
			shown[n.site.MediaID(a)] = true
		}
		for _, m := range old {
			if shown[m.ID] {
				continue
			}
			if err := tx.DeleteMedia(ctx, m.ID); err != nil {
				return err
			}
			gone++
		}
		return nil
	})
	return gone, err
}
