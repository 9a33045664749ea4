package discover

import (
	"sync"
	"time"
)

// memory remembers things by name, up to a number of them; then any one makes
// room for the next.
type memory[T any] struct {
	mu   sync.Mutex
	max  int
	kept map[string]remembered[T]
}

type remembered[T any] struct {
	what  T
	until time.Time // zero: for good
}

func newMemory[T any](n int) *memory[T] {
	return &memory[T]{max: n, kept: map[string]remembered[T]{}}
}

func (m *memory[T]) get(name string, now time.Time) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.kept[name]
	if ok && !r.until.IsZero() && !now.Before(r.until) {
		delete(m.kept, name)
		ok = false
	}
	if !ok {
		var none T
		return none, false
	}
	return r.what, true
}

func (m *memory[T]) put(name string, what T, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, has := m.kept[name]; !has && len(m.kept) >= m.max {
		for other := range m.kept {
			delete(m.kept, other)
			break
		}
	}
	m.kept[name] = remembered[T]{what, until}
}

func (m *memory[T]) forget(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, name)
}
