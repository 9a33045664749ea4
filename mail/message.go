package mail

import (
	"bytes"
	"io"
	netmail "net/mail"

	gomail "github.com/wneessen/go-mail"

	"konfa/community"
)

// message is the mail as it goes to the mail server.
func (m *Mail) message() (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&netmail.Address{Name: m.From.Name, Address: m.From.Address})
	msg.EnvelopeFromMailAddress(&netmail.Address{Address: m.From.Address})
	msg.ToMailAddress(&netmail.Address{Name: m.To.Name, Address: m.To.Address})
	if m.ReplyTo != nil {
		msg.ReplyToMailAddress(m.ReplyTo)
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(m.Date)
	msg.SetGenHeader("Content-Language", m.Lang)
	// No "out of office" answers this (RFC 3834 §5; the second is Exchange's).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if m.Stop != "" {
		msg.SetGenHeaderPreformatted("List-Unsubscribe", "<"+m.Stop+">")
		msg.SetGenHeaderPreformatted("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") // RFC 8058 §3.1
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	if m.Calendar == nil {
		return msg, nil
	}
	// Gmail and Outlook act on the alternative, others on the file.
	msg.AddAlternativeString(gomail.ContentType("text/calendar; method="+m.Method), string(m.Calendar))
	err := msg.AttachReader("invite.ics", bytes.NewReader(m.Calendar), gomail.WithFileContentType("application/ics"))
	if err != nil {
		return nil, community.Errorf(community.Internal, "attaching a calendar: %w", err)
	}
	return msg, nil
}

// WriteTo writes the mail as it is sent (RFC 5322).
func (m *Mail) WriteTo(w io.Writer) (int64, error) {
	msg, err := m.message()
	if err != nil {
		return 0, err
	}
	return msg.WriteTo(w)
}
