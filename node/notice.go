package node

import (
	"context"
	"strconv"

	"konfa/community"
	"konfa/storage"
)

// notify leaves a word for a member, told in their own language when they read
// it. Args are pairs of what its words name, "Title", "Chess"; the one called
// "URL" is the address of what it is about.
func (n *Node) notify(ctx context.Context, tx *storage.Tx, memberID int64, kind community.NoticeKind, args ...string) error {
	notice := &community.Notice{MemberID: memberID, Kind: kind, Created: tx.Now(), Args: map[string]string{}}
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "URL" {
			notice.Subject = args[i+1]
			continue
		}
		notice.Args[args[i]] = args[i+1]
	}
	return tx.SaveNotice(ctx, notice)
}

// notifyAbout leaves a word about a conference, by its title in a language that
// the member reads.
func (n *Node) notifyAbout(ctx context.Context, tx *storage.Tx, memberID int64, kind community.NoticeKind, c *community.Conference, args ...string) error {
	m, err := tx.MemberByID(ctx, memberID)
	if err != nil {
		return err
	}
	if !m.Deleted.IsZero() {
		return nil
	}
	address := n.site.Conference(c.Slug)
	if !c.Own() {
		address = orElse(c.URL, c.URI)
	}
	return n.notify(ctx, tx, memberID, kind, append(args, "Title", c.Title.Best(m.Languages...).Text, "URL", address)...)
}

// notifyGuests leaves a word for every member who means to come, waits, or
// thinks about it.
func (n *Node) notifyGuests(ctx context.Context, tx *storage.Tx, c *community.Conference, kind community.NoticeKind) error {
	guests, err := tx.Guests(ctx, c.ID, community.Partaking...)
	if err != nil {
		return err
	}
	for _, g := range guests {
		if g.MemberID == 0 {
			continue
		}
		if err := n.notifyAbout(ctx, tx, g.MemberID, kind, c); err != nil {
			return err
		}
	}
	return nil
}

// notifyChange leaves a word about a change that matters to guests.
func (n *Node) notifyChange(ctx context.Context, tx *storage.Tx, c, old *community.Conference) error {
	switch {
	case c.Past(tx.Now()) && old.Past(tx.Now()) || !c.Matters(old):
		return nil
	case c.Status == community.Cancelled && old.Status != community.Cancelled:
		return n.notifyGuests(ctx, tx, c, community.NoticeCancelled)
	}
	return n.notifyGuests(ctx, tx, c, community.NoticeChanged)
}

// notifyOffer leaves a word for the member who offered a conference to another
// city, about what came of it.
func (n *Node) notifyOffer(ctx context.Context, tx *storage.Tx, o *community.Offer) error {
	kind, ok := map[community.OfferState]community.NoticeKind{
		community.OfferAccepted: community.NoticeOfferAccepted, community.OfferDeclined: community.NoticeOfferDeclined, community.OfferExpired: community.NoticeOfferLapsed,
	}[o.State]
	if !ok || o.Kind != community.OfferOut || o.Actor == nil {
		return nil
	}
	m, err := tx.Member(ctx, o.By)
	if ok, err := found(err); !ok || !m.Deleted.IsZero() {
		return err // offered from the command line
	}
	return n.notify(ctx, tx, m.ID, kind, "Title", o.Title, "City", o.Actor.DisplayName(), "Reason", o.Reason,
		"URL", o.Object+"#offer-"+strconv.FormatInt(o.ID, 10)) // each city's answer is a notice of its own
}

// noticeOf is the word for where a guest stands after someone decided, or "".
func noticeOf(s community.GuestState) community.NoticeKind {
	switch s {
	case community.Going:
		return community.NoticeAccepted
	case community.Waitlisted:
		return community.NoticeWaiting
	case community.SeatOffered:
		return community.NoticeKept
	case community.Declined:
		return community.NoticeDeclined
	case community.Outside:
		return community.NoticeSignUp
	case community.Unanswered:
		return community.NoticeNoAnswer
	}
	return ""
}

// Notices are the words for a member, newest first, and how many there are, and
// how many of them are new.
func (n *Node) Notices(ctx context.Context, by By, handle string, limit, offset int) (list []community.Notice, total, unread int, err error) {
	if err := by.mayAs(handle); err != nil {
		return nil, 0, 0, err
	}
	m, err := n.store.Member(ctx, handle)
	if err != nil {
		return nil, 0, 0, err
	}
	if total, unread, err = n.store.CountNotices(ctx, m.ID); err != nil {
		return nil, 0, 0, err
	}
	list, err = n.store.Notices(ctx, m.ID, limit, offset)
	return list, total, unread, err
}

// ReadNotices notes that a member has seen their notices up to the one with the
// given id, and returns how many of them were new.
func (n *Node) ReadNotices(ctx context.Context, by By, handle string, upTo int64) (int, error) {
	if err := by.mayAs(handle); err != nil {
		return 0, err
	}
	read := 0
	err := n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		read, err = tx.ReadNotices(ctx, m.ID, upTo)
		return err
	})
	return read, err
}

// PruneNotices forgets what was said long ago.
func (n *Node) PruneNotices(ctx context.Context) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		_, err := tx.PruneNotices(ctx, tx.Now().Add(-community.KeepNotices))
		return err
	})
}
