package federation

import (
	"math/rand/v2"
	"time"
)

// Waiting times of retries. The first are short, since most servers that do not
// answer are being restarted. Mastodon forgets a server after failures on seven
// days; whoever comes back within seven days gets everything from us.
const (
	backoffMin = 5 * time.Second
	backoffMax = 12 * time.Hour
	keepTrying = 7 * 24 * time.Hour
)

// backoff is how long to wait after the given number of earlier failures:
// doubled each time, less up to a fifth so that what fell together is not tried
// together.
func backoff(attempt int) time.Duration {
	d := backoffMax
	if attempt < 14 { // 5 s << 14 is more than backoffMax
		d = min(backoffMin<<max(attempt, 0), backoffMax)
	}
	return time.Duration(float64(d) * (0.8 + 0.2*rand.Float64()))
}

// hostPause is how long to leave a host alone that does not answer: as long as
// it has been away already, which doubles the time from one request to the
// next, however many of them failed at once.
func hostPause(since, now time.Time) time.Duration {
	d := backoffMin
	if !since.IsZero() {
		d = min(max(now.Sub(since), backoffMin), backoffMax)
	}
	return time.Duration(float64(d) * (0.8 + 0.2*rand.Float64()))
}
