package node

import (
	"context"
	"strings"

	"konfa/community"
	"konfa/storage"
)

// callingOff are the actions in the audit log, by what becomes of a conference.
var callingOff = map[community.Status]string{community.Cancelled: "conference.cancel", community.Postponed: "conference.postpone"}

// rule stands between what organisers say and the text that it is put on top of.
const rule = "\n\n---\n\n"

// CancelConference cancels a conference: it stays, marked as cancelled, and
// everyone who knows of it is told. A message is put on top of the text, and goes
// to the guests.
func (n *Node) CancelConference(ctx context.Context, by By, slug, message string) (*community.Conference, error) {
	return n.CallOff(ctx, by, slug, community.Cancelled, message)
}

// CallOff cancels or postpones a conference. Conflict when it is that already.
func (n *Node) CallOff(ctx context.Context, by By, slug string, to community.Status, message string) (*community.Conference, error) {
	if _, ok := callingOff[to]; !ok {
		return nil, community.Errorf(community.Invalid, "a conference is cancelled or postponed, not %q", to)
	}
	return n.changeConference(ctx, by, slug, func(tx *storage.Tx, city *community.City, c *community.Conference) error {
		if c.Status == to {
			return &community.Error{Code: community.Conflict, Key: "error.already_" + string(to), Msg: c.Title.First() + " is " + string(to) + " already"}
		}
		return n.callOff(ctx, tx, city, by, c, to, message)
	})
}

func (n *Node) callOff(ctx context.Context, tx *storage.Tx, city *community.City, by By, c *community.Conference, to community.Status, message string) error {
	message = strings.TrimSpace(message)
	err := n.updateConference(ctx, tx, city, c, func(c *community.Conference) error {
		if err := n.takeMessageOff(ctx, tx, c); err != nil {
			return err
		}
		c.Status = to
		if message == "" {
			return nil
		}
		if len(c.Text) == 0 {
			c.Text = community.Plain(city.Languages[0], message)
			return nil
		}
		c.Text[0].Text = message + rule + c.Text[0].Text
		return nil
	}, Publish{Message: message})
	if err != nil {
		return err
	}
	return n.auditConference(ctx, tx, by, callingOff[to], c, message)
}

// RestoreConference lets a conference take place that was called off: what was
// said then is taken from its text, and its guests are told. Conflict when it was
// not.
func (n *Node) RestoreConference(ctx context.Context, by By, slug, message string) (*community.Conference, error) {
	message = strings.TrimSpace(message)
	return n.changeConference(ctx, by, slug, func(tx *storage.Tx, city *community.City, c *community.Conference) error {
		if _, off := callingOff[c.Status]; !off {
			return &community.Error{Code: community.Conflict, Key: "error.not_called_off", Msg: c.Title.First() + " was not called off"}
		}
		err := n.updateConference(ctx, tx, city, c, func(c *community.Conference) error {
			if err := n.takeMessageOff(ctx, tx, c); err != nil {
				return err
			}
			c.Status = community.Scheduled
			return nil
		}, Publish{Message: message})
		if err != nil {
			return err
		}
		return n.auditConference(ctx, tx, by, "conference.restore", c, message)
	})
}

// takeMessageOff takes from the top of the text what was said when the conference
// was called off; what was edited by hand since stays.
func (n *Node) takeMessageOff(ctx context.Context, tx *storage.Tx, c *community.Conference) error {
	if _, off := callingOff[c.Status]; !off || len(c.Text) == 0 {
		return nil
	}
	said, err := tx.Audits(ctx, storage.AuditQuery{Action: callingOff[c.Status], Object: conferenceKey(c), Limit: 1})
	if err != nil || len(said) == 0 || said[0].Reason == "" {
		return err
	}
	if c.Text[0].Text == said[0].Reason {
		c.Text = c.Text[1:]
	} else {
		c.Text[0].Text = strings.TrimPrefix(c.Text[0].Text, said[0].Reason+rule)
	}
	return nil
}

// takeMessageOffIfOn does that where a conference that was called off takes place
// again.
func (n *Node) takeMessageOffIfOn(ctx context.Context, tx *storage.Tx, was community.Status, c *community.Conference) error {
	now := c.Status
	if _, off := callingOff[now]; off {
		return nil
	}
	c.Status = was
	err := n.takeMessageOff(ctx, tx, c)
	c.Status = now
	return err
}
