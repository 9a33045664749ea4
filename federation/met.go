package federation

import (
	"sync"
	"time"
)

// met remembers for a while whom the round of cities asked, so that one that
// does not answer as a city should is not asked in every round.
type met struct {
	mu   sync.Mutex
	last map[string]time.Time // guarded by mu
}

const (
	metFor = 10 * time.Minute
	maxMet = 10_000
)

// recently tells whether someone was asked a moment ago, and notes that they are
// asked now if not.
func (m *met) recently(who string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, ok := m.last[who]; ok && now.Sub(at) < metFor && !now.Before(at) {
		return true
	}
	if m.last == nil || len(m.last) >= maxMet {
		m.last = map[string]time.Time{}
	}
	m.last[who] = now
	return false
}
