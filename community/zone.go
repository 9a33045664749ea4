package community

import "strconv"

// FixedZone is the IANA zone that is always offset seconds east of UTC, "" where
// there is none, as for half hours. The sign in its name is turned around, as in
// POSIX: Etc/GMT-1 is an hour ahead of UTC.
func FixedZone(offset int) string {
	hours := offset / 3600
	if offset%3600 != 0 || hours < -12 || hours > 14 {
		return ""
	}
	switch {
	case hours == 0:
		return "UTC"
	case hours > 0:
		return "Etc/GMT-" + strconv.Itoa(hours)
	}
	return "Etc/GMT+" + strconv.Itoa(-hours)
}
