package node

import (
	"context"
	"maps"
	"slices"
	"strings"

	"konfa/community"
	"konfa/storage"
)

// mail queues a letter in the same transaction as what it is about; nobody
// without an address gets one, nor a letter of a kind that they turned off. Its
// words are made when it is sent.
func (n *Node) mail(ctx context.Context, tx *storage.Tx, l community.Letter) error {
	if l.To == "" {
		return nil
	}
	if l.Kind.Optional() {
		off, err := n.mailOff(ctx, tx.Reader, l.MemberID, l.To)
		if err != nil || slices.Contains(off, l.Kind) {
			return err
		}
		stop, err := n.stopLink(ctx, tx, l.MemberID, l.GuestID)
		if err != nil {
			return err
		}
		if l.Args = maps.Clone(l.Args); l.Args == nil {
			l.Args = map[string]string{}
		}
		l.Args["Stop"] = stop
	}
	l.State, l.Created = community.LetterDue, tx.Now()
	if l.NextTry.IsZero() {
		l.NextTry = tx.Now()
	}
	return tx.InsertLetter(ctx, &l)
}

// writeGuest writes a letter about a conference to one of its guests: to the
// address of a guest by e-mail, or of a member who has one. Guests of other
// servers are told by direct message, by whoever calls this. Args are what the
// words of the kind need beside guest and conference; the link that changes the
// answer is filled in.
func (n *Node) writeGuest(ctx context.Context, tx *storage.Tx, c *community.Conference, g *community.Guest, kind community.LetterKind, args map[string]string) error {
	l := community.Letter{Kind: kind, To: g.Email, Lang: g.Lang, GuestID: g.ID, ConferenceID: c.ID, Args: maps.Clone(args)}
	switch {
	case g.ActorID != 0:
		return nil
	case g.MemberID != 0:
		m, err := tx.MemberByID(ctx, g.MemberID)
		if err != nil {
			return err
		}
		if !m.Active() || m.MovedTo != "" {
			return nil
		}
		l.To, l.MemberID, l.Lang = m.Email, m.ID, orElse(orElse(m.Lang, strings.Join(m.Languages[:min(1, len(m.Languages))], "")), l.Lang)
	}
	if l.To == "" {
		return nil
	}
	if l.Args == nil {
		l.Args = map[string]string{}
	}
	if l.Args["Link"] == "" && g.ID != 0 {
		link, err := n.rsvpLink(ctx, tx, g)
		if err != nil {
			return err
		}
		l.Args["Link"] = link
	}
	return n.mail(ctx, tx, l)
}

// mailOff lists the kinds of letters that a member, or else whoever reads at an
// address, turned off.
func (n *Node) mailOff(ctx context.Context, r *storage.Reader, memberID int64, address string) ([]community.LetterKind, error) {
	if memberID != 0 {
		address = ""
	}
	return r.MailOff(ctx, memberID, strings.ToLower(address))
}
