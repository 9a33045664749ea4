package community

import (
	"time"

	"github.com/teambition/rrule-go"
)

// Series is a conference that comes again and again. Its instances are
// conferences of their own, as no peer understands recurrence.
type Series struct {
	ID       int64
	Rule     string     // RFC 5545 RRULE value, "FREQ=MONTHLY;BYDAY=1TH"
	Template Conference // what each instance starts from; Start is the first one
	Horizon  time.Time  // instances up to here exist
	Ended    time.Time  // zero while it goes on
	Created  time.Time
}

// MaxInstances bounds how many conferences one call may make of a rule.
const MaxInstances = 400

// Instances lists the starts of a rule on the clock of zone after the instant
// from, up to and including to, at most limit of them. A meeting at seven stays
// at seven when the clocks change.
func Instances(rule string, start time.Time, zone string, from, to time.Time, limit int) ([]time.Time, error) {
	opt, err := rrule.StrToROptionInLocation(rule, location(zone))
	if err != nil {
		return nil, Errorf(Invalid, "the rule %q is not a recurrence rule", rule).WithHint("for example FREQ=WEEKLY;BYDAY=TH or FREQ=MONTHLY;BYDAY=1TH")
	}
	switch opt.Freq {
	case rrule.YEARLY, rrule.MONTHLY, rrule.WEEKLY, rrule.DAILY:
	default:
		return nil, Errorf(Invalid, "a conference repeats daily at most")
	}
	opt.Dtstart = start.In(location(zone))
	r, err := rrule.NewRRule(*opt)
	if err != nil {
		return nil, Errorf(Invalid, "the rule %q cannot be followed: %w", rule, err)
	}
	var out []time.Time
	next := r.Iterator()
	// A rule that matches nothing makes rrule-go look at every day up to the
	// year 9999; it stops by itself, and a COUNT in the millions ends here.
	for i := 0; i < 100_000 && len(out) < limit; i++ {
		t, ok := next()
		if !ok || t.After(to) {
			break
		}
		if t.After(from) {
			out = append(out, Instant(t))
		}
	}
	return out, nil
}
