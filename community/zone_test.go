package community

import (
	"testing"
	"time"
)

func TestFixedZone(t *testing.T) {
	at := time.Date(2027, 7, 1, 12, 0, 0, 0, time.UTC)
	for hours := -12; hours <= 14; hours++ {
		zone := FixedZone(hours * 3600)
		if !ValidZone(zone) {
			t.Errorf("%d hours: there is no zone %q", hours, zone)
		}
		if _, offset := at.In(location(zone)).Zone(); offset != hours*3600 {
			t.Errorf("%s is %d seconds east of UTC, not %d hours", zone, offset, hours)
		}
	}
	for _, offset := range []int{-13 * 3600, 15 * 3600, 5*3600 + 1800, 1} {
		if zone := FixedZone(offset); zone != "" {
			t.Errorf("%d seconds have the zone %s", offset, zone)
		}
	}
}
