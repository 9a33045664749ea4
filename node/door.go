package node

import (
	"context"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/storage"
)

// maxDoorName is how long the name of someone may be who came without having
// said so, in characters; maxDoorKey is the length of a key in bytes.
const (
	maxDoorName = 100
	maxDoorKey  = 64
)

// Door is what is needed at the door of a conference: who may come in, and who
// is inside.
type Door struct {
	Conference *community.Conference
	Guests     []community.Guest // but those who were turned down, in the order of states
	WalkIns    []community.WalkIn
	Count      community.DoorCount
}

// Door reads the list for whoever runs a conference. Forbidden for everyone else.
func (n *Node) Door(ctx context.Context, by By, slug string) (*Door, error) {
	c, err := n.Run(ctx, by, slug)
	if err != nil {
		return nil, err
	}
	d := &Door{Conference: c}
	all, err := n.store.Guests(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	for _, g := range all {
		if mayEnter(&g) == nil {
			d.Guests = append(d.Guests, g)
		}
	}
	if d.WalkIns, err = n.store.WalkIns(ctx, c.ID); err != nil {
		return nil, err
	}
	d.Count = community.CountDoor(d.Guests, d.WalkIns)
	return d, nil
}

// mayEnter tells why a guest is none for the door. Whoever else stands there is
// let in or not by the people who do.
func mayEnter(g *community.Guest) error {
	switch g.State {
	case community.Declined:
		return &community.Error{Code: community.Refused, Key: "error.door_declined", Msg: "this guest was turned down"}
	case community.Unanswered, community.Outside:
		return community.Errorf(community.NotFound, "this is no guest of ours")
	}
	return nil
}

// CheckIn notes that a guest came, at an instant that a device says: one that
// could not reach us sends it later. To note it twice changes nothing; of several
// doors the earliest counts. For whoever runs the conference.
func (n *Node) CheckIn(ctx context.Context, by By, slug string, guestID int64, at time.Time) (community.Guest, error) {
	return n.mark(ctx, by, slug, at, false, func(*storage.Tx, *community.Conference) (int64, error) { return guestID, nil })
}

// UndoCheckIn notes that a guest is not here after all. It undoes what was noted
// before that instant, at whatever door.
func (n *Node) UndoCheckIn(ctx context.Context, by By, slug string, guestID int64, at time.Time) (community.Guest, error) {
	return n.mark(ctx, by, slug, at, true, func(*storage.Tx, *community.Conference) (int64, error) { return guestID, nil })
}

// CheckInTicket is CheckIn for the ticket that a guest shows: the link to their
// answer, or what stands in it behind the last slash. Refused for a ticket that
// is none of ours, or of another conference.
func (n *Node) CheckInTicket(ctx context.Context, by By, slug, ticket string, at time.Time) (community.Guest, error) {
	return n.mark(ctx, by, slug, at, false, func(tx *storage.Tx, c *community.Conference) (int64, error) {
		bad := &community.Error{Code: community.Refused, Key: "error.door_ticket", Msg: "this is no ticket of ours"}
		ticket = strings.TrimSpace(ticket)
		if len(ticket) > 500 {
			return 0, bad
		}
		secret, err := tx.Meta(ctx, rsvpKey)
		if ok, err := found(err); err != nil {
			return 0, err
		} else if !ok {
			return 0, bad
		}
		confID, guestID, err := readLink(secret, ticket[strings.LastIndexByte(ticket, '/')+1:])
		if err != nil {
			return 0, bad
		}
		if confID != c.ID {
			return 0, &community.Error{Code: community.Refused, Key: "error.door_other", Msg: "this ticket is of another conference"}
		}
		return guestID, nil
	})
}

// mark adds a mark and works out where the guest stands now.
func (n *Node) mark(ctx context.Context, by By, slug string, at time.Time, undo bool, who func(*storage.Tx, *community.Conference) (int64, error)) (community.Guest, error) {
	var out community.Guest
	err := n.write(ctx, func(tx *storage.Tx) error {
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := n.mayRun(by, c); err != nil {
			return err
		}
		id, err := who(tx, c)
		if err != nil {
			return err
		}
		g, err := tx.GuestByID(ctx, id)
		if err != nil {
			return err
		}
		if g.ConferenceID != c.ID {
			return community.Errorf(community.NotFound, "this is no guest of this conference")
		}
		if err := mayEnter(g); err != nil {
			return err
		}
		out = *g
		if undo == g.CheckedIn.IsZero() && at.IsZero() {
			return nil // a button pressed twice
		}
		fresh, err := tx.AddDoorMark(ctx, &community.DoorMark{GuestID: g.ID, Undo: undo, At: c.DoorTime(at, tx.Now()), By: by.Name()})
		if err != nil || !fresh {
			return err
		}
		marks, err := tx.DoorMarks(ctx, g.ID)
		if err != nil {
			return err
		}
		out.CheckedIn = community.Arrived(marks)
		if err := tx.SetCheckedIn(ctx, g.ID, out.CheckedIn); err != nil {
			return err
		}
		action := "door.in"
		if undo {
			action = "door.undo"
		}
		return n.audit(ctx, tx, by, community.Audit{Action: action, Object: conferenceKey(c), Name: c.Title.First(), Details: map[string]string{"guest": strconv.FormatInt(g.ID, 10)}})
	})
	return out, err
}

// AddWalkIn notes someone who came without having said so. The key is the door's:
// the same one adds nobody twice, and takes them back.
func (n *Node) AddWalkIn(ctx context.Context, by By, slug string, w community.WalkIn) error {
	w.Name = strings.Join(strings.Fields(w.Name), " ")
	var fields []community.FieldError
	if len([]rune(w.Name)) > maxDoorName {
		fields = append(fields, community.FieldError{Field: "name", Key: "long", Msg: "at most 100 characters"})
	}
	if w.Plus < 0 || w.Plus > community.MaxPlus {
		fields = append(fields, community.FieldError{Field: "plus", Key: "plus", Msg: "at most 9 people more"})
	}
	if fields != nil {
		return &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look", Fields: fields}
	}
	if w.Key == "" || len(w.Key) > maxDoorKey {
		return community.Errorf(community.Invalid, "who comes in needs a key of 1 to 64 letters")
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := n.mayRun(by, c); err != nil {
			return err
		}
		row := community.WalkIn{ConferenceID: c.ID, Key: w.Key, Name: w.Name, Plus: w.Plus, Arrived: c.DoorTime(w.Arrived, tx.Now()), By: by.Name()}
		if fresh, err := tx.AddWalkIn(ctx, &row); err != nil || !fresh {
			return err
		}
		return n.auditConference(ctx, tx, by, "door.walk_in", c, "")
	})
}

// TakeBackWalkIn takes back someone who was noted by mistake. NotFound if nobody
// was.
func (n *Node) TakeBackWalkIn(ctx context.Context, by By, slug, key string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := n.mayRun(by, c); err != nil {
			return err
		}
		if err := tx.TakeBackWalkIn(ctx, c.ID, key); err != nil {
			return err
		}
		return n.auditConference(ctx, tx, by, "door.walk_out", c, "")
	})
}
