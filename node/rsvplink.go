package node

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"

	"konfa/community"
	"konfa/storage"
)

// rsvpKey is the setting that holds the secret behind the links.
const rsvpKey = "rsvp_key"

// linkMAC is how many bytes of the HMAC a link carries: no one guesses 16.
const linkMAC = 16

// rsvpLink is the address at which a guest changes their answer without an
// account: whoever has it may, so it is told to that guest alone.
func (n *Node) rsvpLink(ctx context.Context, tx *storage.Tx, g *community.Guest) (string, error) {
	secret, err := n.rsvpSecret(ctx, tx)
	if err != nil {
		return "", err
	}
	return n.site.RSVP(linkToken(secret, g)), nil
}

// rsvpSecret is the secret behind the links, made when it is first needed.
func (n *Node) rsvpSecret(ctx context.Context, tx *storage.Tx) (string, error) {
	secret, err := tx.Meta(ctx, rsvpKey)
	ok, err := found(err)
	if err != nil {
		return "", err
	}
	if !ok {
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			return "", community.Errorf(community.Internal, "making a secret: %w", err)
		}
		secret = hex.EncodeToString(key)
		if err := tx.SetMeta(ctx, rsvpKey, secret); err != nil {
			return "", err
		}
	}
	return secret, nil
}

// linkToken names a guest and a conference, and proves that we said so.
func linkToken(secret string, g *community.Guest) string {
	b := binary.AppendUvarint(nil, uint64(g.ConferenceID))
	b = binary.AppendUvarint(b, uint64(g.ID))
	return base64.RawURLEncoding.EncodeToString(append(b, linkProof(secret, b)...))
}

func linkProof(secret string, b []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte("rsvp\x00")) // the secret signs nothing else with these bytes
	h.Write(b)
	return h.Sum(nil)[:linkMAC]
}

func errNoLink() error {
	return &community.Error{Code: community.NotFound, Key: "error.rsvp_link", Msg: "this link is not valid: answer the conference once more to get a new one"}
}

// readLink returns the ids in a token; NotFound for one that we never made.
func readLink(secret, token string) (confID, guestID int64, err error) {
	wrong := errNoLink()
	b, decodeErr := base64.RawURLEncoding.Strict().DecodeString(token)
	if decodeErr != nil || len(b) < linkMAC+2 || len(b) > linkMAC+2*binary.MaxVarintLen64 {
		return 0, 0, wrong
	}
	named, proof := b[:len(b)-linkMAC], b[len(b)-linkMAC:]
	if !hmac.Equal(proof, linkProof(secret, named)) {
		return 0, 0, wrong
	}
	c, i := binary.Uvarint(named)
	if i <= 0 {
		return 0, 0, wrong
	}
	g, j := binary.Uvarint(named[i:])
	if j <= 0 || i+j != len(named) {
		return 0, 0, wrong
	}
	return int64(c), int64(g), nil
}

// RSVP is what the link of a guest shows: who stands where.
type RSVP struct {
	Conference *community.Conference
	Guest      *community.Guest
	Token      string // of the link
	Place      int    // in the waiting list, from 1, or 0
	Open       bool   // going and maybe can still be said
	Free       bool   // of someone who passed a seat on: there is one
	Series     int    // how many conferences of its series they have a part in that are to come
}

// RSVP reads what the link with a token is about. NotFound for a link that we
// never gave, or of a guest who is forgotten, Gone when the conference was
// deleted, Forbidden for who is blocked.
func (n *Node) RSVP(ctx context.Context, token string) (*RSVP, error) {
	return n.readRSVP(ctx, n.store.Reader, token)
}

// RSVPOf reads where a member stands with a conference of ours; NotFound for one
// who said nothing.
func (n *Node) RSVPOf(ctx context.Context, by By, c *community.Conference) (*RSVP, error) {
	if by.Member == nil {
		return nil, community.Errorf(community.NotFound, "there is no guest")
	}
	g, err := n.store.Guest(ctx, c.ID, storage.GuestKey{MemberID: by.Member.ID})
	if err != nil {
		return nil, err
	}
	secret, err := n.store.Meta(ctx, rsvpKey)
	if community.CodeOf(err) == community.NotFound {
		err = n.write(ctx, func(tx *storage.Tx) error { secret, err = n.rsvpSecret(ctx, tx); return err })
	}
	if err != nil {
		return nil, err
	}
	return n.rsvpOf(ctx, n.store.Reader, c, g, linkToken(secret, g))
}

func (n *Node) readRSVP(ctx context.Context, r *storage.Reader, token string) (*RSVP, error) {
	secret, err := r.Meta(ctx, rsvpKey)
	if community.CodeOf(err) == community.NotFound {
		return nil, errNoLink() // none was ever given
	} else if err != nil {
		return nil, err
	}
	confID, guestID, err := readLink(secret, token)
	if err != nil {
		return nil, err
	}
	c, err := r.ConferenceByID(ctx, confID)
	if ok, err := found(err); err != nil {
		return nil, err
	} else if !ok {
		return nil, community.Errorf(community.Gone, "this conference was deleted")
	}
	g, err := r.GuestByID(ctx, guestID)
	if ok, err := found(err); err != nil {
		return nil, err
	} else if !ok || g.ConferenceID != c.ID || g.State == community.Unconfirmed && !g.Expires.After(n.Now()) {
		return nil, errNoLink()
	}
	switch {
	case g.MemberID != 0:
		m, err := r.MemberByID(ctx, g.MemberID)
		if err != nil {
			return nil, err
		}
		if err := m.MayAct(); err != nil {
			return nil, err
		}
	case g.ActorID != 0:
		a, err := r.ActorByID(ctx, g.ActorID)
		if err != nil {
			return nil, err
		}
		if out, err := n.suspended(ctx, r, a); err != nil {
			return nil, err
		} else if out {
			return nil, community.Errorf(community.Forbidden, "%s is blocked here", a.Address())
		}
	}
	return n.rsvpOf(ctx, r, c, g, token)
}

func (n *Node) rsvpOf(ctx context.Context, r *storage.Reader, c *community.Conference, g *community.Guest, token string) (*RSVP, error) {
	v := &RSVP{Conference: c, Guest: g, Token: token, Open: c.Takes(n.Now()) && g.State != community.Declined}
	if g.ActorID != 0 && c.RSVP == community.RSVPOff {
		v.Open = false
	}
	if g.State == community.Waitlisted {
		roster, err := r.Roster(ctx, c)
		if err != nil {
			return nil, err
		}
		v.Place, v.Free = roster.Place(*g, n.Now())
	}
	if c.SeriesID != 0 {
		mine, err := r.SeriesGuests(ctx, c.SeriesID, keyOf(g))
		if err != nil {
			return nil, err
		}
		for i := range mine {
			if mine[i].Series && (mine[i].Comes() || mine[i].State == community.Maybe) {
				v.Series++
			}
		}
	}
	return v, nil
}

// ChangeRSVP changes the answer of the guest whom a link names, by the same rules
// as for everyone; details may be nil, and then stay. Refused when it is too late.
func (n *Node) ChangeRSVP(ctx context.Context, token string, want community.Want, details *community.Details) (*RSVP, error) {
	return n.changeRSVP(ctx, token, func(tx *storage.Tx, v *RSVP) error {
		c := v.Conference
		switch {
		case c.Past(tx.Now()):
			return &community.Error{Code: community.Refused, Key: "error.over", Msg: "this conference is over"}
		case closed(c, want, tx) != "":
			return errBegun()
		case v.Guest.ActorID != 0 && c.RSVP == community.RSVPOff && want.State != community.NotGoing:
			return &community.Error{Code: community.Refused, Key: "error.rsvp_off", Msg: "nobody signs up for this conference in this way any more"}
		}
		if details != nil {
			if err := c.CheckDetails(details, want); err != nil {
				return err
			}
			if c.SeriesID == 0 {
				details.Series = false
			}
		}
		if v.Guest.State == community.Unconfirmed && want.State == community.NotGoing {
			return tx.DeleteGuest(ctx, v.Guest.ID) // there is nothing to remember
		}
		k := keyOf(v.Guest)
		if _, err := n.take(ctx, tx, c, k, asked{want: want, details: details}); err != nil {
			return err
		}
		if details != nil && details.Series && !v.Guest.Series {
			if err := n.wholeSeries(ctx, tx, c, k, want, details); err != nil {
				return err
			}
		}
		return n.viaLink(ctx, tx, v.Guest.ID)
	})
}

// PassSeat gives a seat back that was offered to the guest whom a link names: the
// next has it, and they wait again behind the others. Conflict where none is
// offered.
func (n *Node) PassSeat(ctx context.Context, token string) (*RSVP, error) {
	return n.changeRSVP(ctx, token, func(tx *storage.Tx, v *RSVP) error {
		roster, err := tx.Roster(ctx, v.Conference)
		if err != nil {
			return err
		}
		if v.Guest.State != community.SeatOffered {
			return &community.Error{Code: community.Conflict, Key: "error.no_offer", Msg: "no seat is kept for you any more"}
		}
		g, up := roster.Pass(*v.Guest, tx.Now())
		g.Updated = tx.Now()
		if err := tx.SaveGuest(ctx, &g); err != nil {
			return err
		}
		return n.saveGuests(ctx, tx, v.Conference, up)
	})
}

// changeRSVP runs a change by whoever has the link with a token, and reads what
// came of it; nil for a guest who is forgotten now.
func (n *Node) changeRSVP(ctx context.Context, token string, change func(*storage.Tx, *RSVP) error) (*RSVP, error) {
	var out *RSVP
	err := n.write(ctx, func(tx *storage.Tx) error {
		v, err := n.readRSVP(ctx, tx.Reader, token)
		if err != nil {
			return err
		}
		if err := change(tx, v); err != nil {
			return err
		}
		out, err = n.readRSVP(ctx, tx.Reader, token)
		if community.CodeOf(err) == community.NotFound {
			out = nil
			return nil
		} else if err != nil {
			return err
		}
		return n.seen(ctx, tx, out)
	})
	return out, err
}
