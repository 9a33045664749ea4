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
	return n.site.RSVP(linkToken(secret, g)), nil
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

// RSVP is what a link of a direct message shows: who stands where.
type RSVP struct {
	Conference *community.Conference
	Guest      *community.Guest
	Place      int  // in the waiting list, from 1, or 0
	Open       bool // going and maybe can still be said
}

// RSVP reads what the link with a token is about. NotFound for a link that we
// never gave, Gone when the conference was deleted, Forbidden for who is blocked.
func (n *Node) RSVP(ctx context.Context, token string) (*RSVP, error) {
	return n.readRSVP(ctx, n.store.Reader, token)
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
	if err != nil {
		return nil, err
	}
	if g.ConferenceID != c.ID || g.ActorID == 0 {
		return nil, errNoLink()
	}
	a, err := r.ActorByID(ctx, g.ActorID)
	if err != nil {
		return nil, err
	}
	if out, err := n.suspended(ctx, r, a); err != nil {
		return nil, err
	} else if out {
		return nil, community.Errorf(community.Forbidden, "%s is blocked here", a.Address())
	}
	v := &RSVP{Conference: c, Guest: g, Open: c.Hears(n.Now()) && g.State != community.Declined}
	if g.State == community.Waitlisted {
		if v.Place, err = n.placeOf(ctx, r, c, g); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// ChangeRSVP changes the answer of the guest whom a link of a direct message
// names, by the same rules as for everyone. Refused when it is too late.
func (n *Node) ChangeRSVP(ctx context.Context, token string, want community.Want) (*RSVP, error) {
	var out *RSVP
	err := n.write(ctx, func(tx *storage.Tx) error {
		v, err := n.readRSVP(ctx, tx.Reader, token)
		if err != nil {
			return err
		}
		c := v.Conference
		switch {
		case c.Past(tx.Now()):
			return &community.Error{Code: community.Refused, Key: "error.over", Msg: "this conference is over"}
		case closed(c, want, tx) != "":
			return &community.Error{Code: community.Refused, Key: "error.started", Msg: "this conference has begun: nobody can sign up any more"}
		case c.RSVP == community.RSVPOff && want.State != community.NotGoing:
			return &community.Error{Code: community.Refused, Key: "error.rsvp_off", Msg: "nobody signs up for this conference in this way any more"}
		}
		if _, err := n.answer(ctx, tx, c, storage.GuestKey{ActorID: v.Guest.ActorID}, want, "", "", false); err != nil {
			return err
		}
		g, err := tx.GuestByID(ctx, v.Guest.ID)
		if err != nil {
			return err
		}
		g.Via, g.AnswerURI = community.ByLink, ""
		if err := tx.SaveGuest(ctx, g); err != nil {
			return err
		}
		if out, err = n.readRSVP(ctx, tx.Reader, token); err != nil {
			return err
		}
		// They see it on the page and need no message that says the same.
		state := stateOf(telling{c: c}, g, out.Place)
		return tx.InsertMessage(ctx, &storage.Message{ActorID: g.ActorID, ConferenceID: c.ID, State: state, Created: tx.Now()})
	})
	return out, err
}
