package federation

import (
	"context"
	"time"
)

// sleeper waits for a sign of work or for a time, whichever comes first. The
// first wait is none: there may be work of before.
type sleeper struct {
	timer *time.Timer
	begun bool
}

func newSleeper() *sleeper {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &sleeper{timer: t}
}

func (s *sleeper) stop() { s.timer.Stop() }

// until returns false when ctx is done.
func (s *sleeper) until(ctx context.Context, wake <-chan struct{}, d time.Duration) bool {
	if !s.begun {
		s.begun = true
		return ctx.Err() == nil
	}
	s.timer.Reset(d)
	select {
	case <-ctx.Done():
		return false
	case <-wake:
		return true
	case <-s.timer.C:
		return true
	}
}
