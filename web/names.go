package web

import (
	"strings"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"
)

// nameLimits let something be done so many times a second for each name that
// people type, whether anyone has it or not.
type nameLimits struct {
	each  rate.Limit
	burst int
	known *otter.Cache[string, *rate.Limiter]
}

func newNameLimits(each rate.Limit, burst int) *nameLimits {
	return &nameLimits{each: each, burst: burst, known: otter.Must(&otter.Options[string, *rate.Limiter]{
		MaximumSize:      20_000,
		ExpiryCalculator: otter.ExpiryAccessing[string, *rate.Limiter](time.Hour),
	})}
}

// allow tells whether it may be done once more for a name.
func (l *nameLimits) allow(name string) bool {
	name = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(name), "@"))
	lim, ok := l.known.GetIfPresent(name)
	if !ok {
		lim, _ = l.known.SetIfAbsent(name, rate.NewLimiter(l.each, l.burst))
	}
	return lim.Allow()
}
