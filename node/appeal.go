package node

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"konfa/community"
	"konfa/phrase"
	"konfa/prose"
	"konfa/storage"
)

// appealKey is the setting that holds the secret behind the addresses at which
// one objects to a measure.
const appealKey = "appeal_key"

// maxAppeals is how often one may object to a measure.
const maxAppeals = 3

// appealLink is the address at which whoever a measure is about reads of it and
// objects, signed in or not.
func (n *Node) appealLink(ctx context.Context, tx *storage.Tx, m *community.Measure) (string, error) {
	secret, err := tx.Meta(ctx, appealKey)
	if ok, err := found(err); err != nil {
		return "", err
	} else if !ok {
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			return "", community.Errorf(community.Internal, "making a secret: %w", err)
		}
		secret = hex.EncodeToString(key)
		if err := tx.SetMeta(ctx, appealKey, secret); err != nil {
			return "", err
		}
	}
	return n.site.Appeal(appealToken(secret, m.ID)), nil
}

func appealToken(secret string, id int64) string {
	b := binary.AppendUvarint(nil, uint64(id))
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte("appeal\x00"))
	h.Write(b)
	return base64.RawURLEncoding.EncodeToString(append(b, h.Sum(nil)[:linkMAC]...))
}

// MeasureOf is the measure that the address with a token is about; NotFound for
// one that we never made.
func (n *Node) MeasureOf(ctx context.Context, token string) (*community.Measure, error) {
	return n.measureOf(ctx, n.store.Reader, token)
}

func (n *Node) measureOf(ctx context.Context, r *storage.Reader, token string) (*community.Measure, error) {
	wrong := community.Errorf(community.NotFound, "this address leads nowhere")
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) <= linkMAC || len(b) > linkMAC+binary.MaxVarintLen64 {
		return nil, wrong
	}
	id, size := binary.Uvarint(b)
	if size <= 0 || size != len(b)-linkMAC {
		return nil, wrong
	}
	secret, err := r.Meta(ctx, appealKey)
	if err != nil {
		return nil, orError(err, wrong)
	}
	if !hmac.Equal([]byte(appealToken(secret, int64(id))), []byte(token)) {
		return nil, wrong
	}
	return r.Measure(ctx, int64(id))
}

// Appeal is an objection of whoever a measure is about. The case is open again;
// without one there is one from then on.
func (n *Node) Appeal(ctx context.Context, token, text string) error {
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > community.MaxReport {
		return &community.Error{Code: community.Invalid, Msg: "say why you object, in up to 5000 characters", Fields: []community.FieldError{{Field: "text", Key: "required", Msg: "say why you object, in up to 5000 characters"}}}
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := n.measureOf(ctx, tx.Reader, token)
		if err != nil {
			return err
		}
		var c *community.Case
		if m.CaseID != 0 {
			if c, err = tx.Case(ctx, m.CaseID); err != nil {
				return err
			}
		} else {
			c, err = n.subject(ctx, tx.Reader, m.Target)
			if code := community.CodeOf(err); code == community.NotFound || code == community.Gone {
				c = &community.Case{Object: m.Target, Kind: community.CaseOther, Name: m.Name}
			} else if err != nil {
				return err
			}
			c.State, c.Created, c.Updated = community.CaseOpen, tx.Now(), tx.Now()
			if err := tx.InsertCase(ctx, c); err != nil {
				return err
			}
			m.CaseID = c.ID
			if err := tx.UpdateMeasure(ctx, m); err != nil {
				return err
			}
		}
		entries, err := tx.CaseEntries(ctx, c.ID)
		if err != nil {
			return err
		}
		count := 0
		for _, e := range entries {
			if e.Kind == community.EntryAppeal {
				count++
			}
		}
		if count >= maxAppeals {
			return &community.Error{Code: community.Refused, Key: "error.appeals", Msg: "you have said what there is to say: the stewards have it"}
		}
		if c.State == community.CaseDecided {
			reopen(c)
		}
		c.Updated = tx.Now()
		if err := tx.UpdateCase(ctx, c); err != nil {
			return err
		}
		return n.enter(ctx, tx, c, "", community.EntryAppeal, text)
	})
}

// tellMeasure tells whoever a measure is about what it is, why, until when, and
// how to object.
func (n *Node) tellMeasure(ctx context.Context, tx *storage.Tx, m *community.Measure) error {
	link, err := n.appealLink(ctx, tx, m)
	if err != nil {
		return err
	}
	return n.tellConcerned(ctx, tx, m, func(v *phrase.Voice, city, name string, zone *time.Location) []string {
		until := v.T("order.forever")
		if !m.Ends.IsZero() {
			until = v.T("order.until", "Day", m.Ends.In(zone).Format("2006-01-02 15:04"))
		}
		out := []string{v.T("order."+string(m.Kind), "City", city, "Name", name, "Until", until)}
		if m.Rule != "" {
			out = append(out, v.T("order.rule", "Rule", m.Rule))
		}
		if m.Reason != "" {
			out = append(out, v.T("order.reason", "Reason", m.Reason))
		}
		if m.Urgent && !m.ConfirmBy.IsZero() {
			out = append(out, v.T("order.urgent"))
		}
		return append(out, v.T("order.appeal", "Link", link))
	})
}

// tellEnd tells them that it is over.
func (n *Node) tellEnd(ctx context.Context, tx *storage.Tx, m *community.Measure) error {
	if m.Kind == community.Warn {
		return nil
	}
	return n.tellConcerned(ctx, tx, m, func(v *phrase.Voice, city, name string, _ *time.Location) []string {
		return []string{v.T("order.over_"+string(m.Kind), "City", city, "Name", name)}
	})
}

// tellConcerned says something to whoever a measure is about: a member by a
// notice and a letter, someone elsewhere by a direct message. What a whole server
// is told, nobody reads.
func (n *Node) tellConcerned(ctx context.Context, tx *storage.Tx, m *community.Measure, say func(v *phrase.Voice, city, name string, zone *time.Location) []string) error {
	city, err := tx.City(ctx)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(city.Zone)
	if err != nil {
		zone = time.UTC
	}
	var who []string
	switch m.TargetKind {
	case community.TargetMember, community.TargetActor:
		who = []string{m.Target}
	case community.TargetPost, community.TargetConference, community.TargetGuest:
		c, err := n.subject(ctx, tx.Reader, m.Target)
		if code := community.CodeOf(err); code == community.NotFound || code == community.Gone {
			return nil
		} else if err != nil {
			return err
		}
		who = c.Concerned
	}
	for _, id := range who {
		if local, ok := n.site.LocalActor(id); ok {
			handle, _ := local.Member()
			to, err := tx.Member(ctx, handle)
			if ok, err := found(err); err != nil {
				return err
			} else if !ok || !to.Deleted.IsZero() {
				continue
			}
			v := voiceFor(city, to.Languages...)
			name := city.Name.Best(v.Lang()).Text
			if err := n.tellMember(ctx, tx, to, v, name, say(v, name, m.Name, zone)); err != nil {
				return err
			}
			continue
		}
		a, err := tx.Actor(ctx, id)
		if ok, err := found(err); err != nil {
			return err
		} else if !ok {
			continue
		}
		v := voiceFor(city)
		lines := say(v, prose.Escape(city.Name.Best(v.Lang()).Text), prose.Escape(m.Name), zone)
		if _, err := n.sayDirectly(ctx, tx, message{To: a, Lang: v.Lang(), Text: strings.Join(lines, "\n\n")}); err != nil {
			return err
		}
	}
	return nil
}

// tellMember leaves a word for a member, and mails it.
func (n *Node) tellMember(ctx context.Context, tx *storage.Tx, to *community.Member, v *phrase.Voice, city string, lines []string) error {
	id, err := newSecret()
	if err != nil {
		return err
	}
	// Each is a notice of its own: the subject keeps them apart.
	if err := n.notify(ctx, tx, to.ID, community.NoticeOrder, "Text", strings.Join(lines, " "), "URL", n.site.Base+"/about#"+id[:12]); err != nil {
		return err
	}
	return n.mail(ctx, tx, community.Letter{
		Kind: community.LetterOrder, To: to.Email, Lang: v.Lang(), MemberID: to.ID,
		Args: map[string]string{"Subject": v.T("order.subject", "City", city), "Text": strings.Join(lines, "\n\n"), "Name": to.Name},
	})
}

// tellReporters thanks those who reported something, once it is decided: that the
// stewards did something or not, never what, and never who else complained.
func (n *Node) tellReporters(ctx context.Context, tx *storage.Tx, c *community.Case, more string) error {
	city, err := tx.City(ctx)
	if err != nil {
		return err
	}
	reports, err := tx.Reports(ctx, c.ID)
	if err != nil {
		return err
	}
	key := "order.report_done"
	if c.Outcome == NoMeasure {
		key = "order.report_none"
	}
	lines := func(v *phrase.Voice, safe func(string) string) []string {
		out := []string{v.T(key, "Name", safe(c.Name), "City", safe(city.Name.Best(v.Lang()).Text))}
		if more != "" {
			out = append(out, safe(more))
		}
		return out
	}
	plain := func(s string) string { return s }
	told := map[string]bool{}
	for _, r := range reports {
		switch {
		case r.MemberID != 0:
			m, err := tx.MemberByID(ctx, r.MemberID)
			if err != nil {
				return err
			}
			if told[m.Handle] || !m.Deleted.IsZero() {
				continue
			}
			told[m.Handle] = true
			v := voiceFor(city, m.Languages...)
			if err := n.tellMember(ctx, tx, m, v, city.Name.Best(v.Lang()).Text, lines(v, plain)); err != nil {
				return err
			}
		case r.ActorID != 0, strings.HasPrefix(r.Contact, "@"):
			a, err := n.reporter(ctx, tx, &r)
			if ok, err := found(err); err != nil {
				return err
			} else if !ok || told[a.URI] {
				continue
			}
			told[a.URI] = true
			v := voiceFor(city, r.Lang)
			if _, err := n.sayDirectly(ctx, tx, message{To: a, Lang: v.Lang(), Text: strings.Join(lines(v, prose.Escape), "\n\n")}); err != nil {
				return err
			}
		case r.Contact != "":
			if _, err := mail.ParseAddress(r.Contact); err != nil || told[r.Contact] {
				continue
			}
			told[r.Contact] = true
			v := voiceFor(city, r.Lang)
			err := n.mail(ctx, tx, community.Letter{Kind: community.LetterOrder, To: r.Contact, Lang: v.Lang(),
				Args: map[string]string{"Subject": v.T("order.subject", "City", city.Name.Best(v.Lang()).Text), "Text": strings.Join(lines(v, plain), "\n\n")}})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// reporter is the actor who complained, as far as we know them.
func (n *Node) reporter(ctx context.Context, tx *storage.Tx, r *community.Report) (*community.Actor, error) {
	if r.ActorID != 0 {
		return tx.ActorByID(ctx, r.ActorID)
	}
	handle, host, ok := strings.Cut(strings.TrimPrefix(r.Contact, "@"), "@")
	if !ok {
		return nil, community.Errorf(community.NotFound, "%s is no handle", r.Contact)
	}
	return tx.ActorByAddress(ctx, handle, strings.ToLower(host))
}
