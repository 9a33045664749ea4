package node

import (
	"context"
	netmail "net/mail"

	"konfa/community"
	"konfa/storage"
)

// WriteTest queues a letter that says nothing but that mail works, and returns
// it. Stewards only.
func (n *Node) WriteTest(ctx context.Context, by By, address, lang string) (*community.Letter, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	if !validEmail(address) {
		return nil, &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look",
			Fields: []community.FieldError{{Field: "address", Key: "email", Msg: "this is not an e-mail address"}}}
	}
	l := &community.Letter{Kind: community.LetterTest, To: address, Lang: lang}
	err := n.write(ctx, func(tx *storage.Tx) error {
		l.State, l.Created, l.NextTry = community.LetterDue, tx.Now(), tx.Now()
		if err := tx.InsertLetter(ctx, l); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "mail.test", Name: address})
	})
	return l, err
}

// SetReplyTo says at which address answers to letters are read; empty for none.
// Stewards only.
func (n *Node) SetReplyTo(ctx context.Context, by By, address string) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	if address != "" && !validEmail(address) {
		return &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look",
			Fields: []community.FieldError{{Field: "reply_to", Key: "email", Msg: "this is not an e-mail address"}}}
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		city.Settings.ReplyTo = address
		if err := tx.SaveCity(ctx, city); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "mail.reply_to", Name: address})
	})
}

// SendKept lets the letters wait again that were kept for want of a mail server,
// those of the last three days, and tells how many they are. Stewards only.
func (n *Node) SendKept(ctx context.Context, by By) (int, error) {
	if err := by.may(community.Steward); err != nil {
		return 0, err
	}
	sent := 0
	err := n.write(ctx, func(tx *storage.Tx) (err error) {
		if sent, err = tx.SendKept(ctx, tx.Now().Add(-community.TryLetters)); err != nil || sent == 0 {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "mail.send_kept"})
	})
	return sent, err
}

// PruneLetters forgets what was written long ago.
func (n *Node) PruneLetters(ctx context.Context) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		if _, err := tx.PruneRounds(ctx, tx.Now().Add(-community.KeepLetters)); err != nil {
			return err
		}
		_, err := tx.PruneLetters(ctx, tx.Now().Add(-community.KeepLetters))
		return err
	})
}

// validEmail tells whether s is a bare e-mail address. Whether someone reads
// there, only a letter finds out.
func validEmail(s string) bool {
	a, err := netmail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s && len(s) <= 254
}
