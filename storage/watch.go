package storage

import (
	"context"
	"sync"
)

// watchers are those who want to know of queued work.
type watchers struct {
	listen func(ctx context.Context, wake func())

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	once   sync.Once // starts listening with the first who watches

	mu    sync.Mutex // guards chans
	chans map[chan struct{}]struct{}
}

func newWatchers() *watchers {
	ctx, cancel := context.WithCancel(context.Background())
	return &watchers{ctx: ctx, cancel: cancel, chans: map[chan struct{}]struct{}{}}
}

// wake leaves a token for everyone who has none yet.
func (w *watchers) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.chans {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (w *watchers) close() {
	w.cancel()
	w.wg.Wait()
}

// Watch returns a channel that gets a token soon after a commit that queued
// fan-outs or received activities: at once when it was by this process, within
// 300 ms when by another one on the same data. Tokens do not add up, and there
// may be one with nothing to do. The channel is never closed; it gets nothing
// more after ctx is done.
func (s *Store) Watch(ctx context.Context) <-chan struct{} {
	w, c := s.watch, make(chan struct{}, 1)
	w.mu.Lock()
	w.chans[c] = struct{}{}
	w.mu.Unlock()
	w.once.Do(func() { w.wg.Go(func() { w.listen(w.ctx, w.wake) }) })
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		delete(w.chans, c)
		w.mu.Unlock()
	})
	return c
}
