package federation

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"konfa/storage"
)

// inboundSet is what was received and is being worked on, as far as it was read
// from storage. The activities of one actor are done one after another, in the
// order they came; actors of different hosts do not wait for each other.
type inboundSet struct {
	mu      sync.Mutex
	queues  map[string][]*storage.Received // by actor, oldest first; guarded by mu, as is all below
	ready   []string                       // actors with a queue that nobody works on, in the order they came
	taken   map[int64]bool                 // rows that were read and are not finished
	hosts   map[string]int                 // how many of a host are worked on
	held    map[string]time.Time           // actors that wait for the retry of an earlier activity
	workers int
	done    []finished // to be written down
}

// finished is a received activity that is done, and how it went.
type finished struct {
	id      int64
	outcome string
}

func (i *inboundSet) init() {
	i.queues, i.taken, i.hosts, i.held = map[string][]*storage.Received{}, map[int64]bool{}, map[string]int{}, map[string]time.Time{}
}

// add queues rows that are not here yet. Those of an actor that waits are left
// in storage.
func (i *inboundSet) add(rows []storage.Received, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := range rows {
		row := &rows[n]
		if i.taken[row.ID] {
			continue
		}
		if until, ok := i.held[row.Actor]; ok {
			if now.Before(until) {
				continue
			}
			delete(i.held, row.Actor)
		}
		i.taken[row.ID] = true
		queue, known := i.queues[row.Actor]
		if !known {
			i.ready = append(i.ready, row.Actor)
		}
		at, _ := slices.BinarySearchFunc(queue, row, func(a, b *storage.Received) int { return cmp.Compare(a.ID, b.ID) })
		i.queues[row.Actor] = slices.Insert(queue, at, row)
	}
}

// room is how many more rows may be read.
func (i *inboundSet) room() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return inboundKept - len(i.taken)
}

// hire counts in as many workers as there is work for.
func (i *inboundSet) hire() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := max(min(len(i.ready), inboundWorkers-i.workers), 0)
	i.workers += n
	return n
}

// take gives a worker an actor to work on; without one, the worker is counted
// out. Drained tells that it was the last: more may be in storage.
func (i *inboundSet) take() (actor, host string, ok, drained bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n, a := range i.ready {
		h := i.queues[a][0].Host
		if i.hosts[h] >= inboundPerHost {
			continue
		}
		i.ready = slices.Delete(i.ready, n, n+1)
		i.hosts[h]++
		return a, h, true, false
	}
	i.workers--
	return "", "", false, len(i.ready) == 0
}

// next is the oldest activity of an actor that was taken.
func (i *inboundSet) next(actor string) (*storage.Received, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	queue := i.queues[actor]
	if len(queue) == 0 {
		return nil, false
	}
	i.queues[actor] = queue[1:]
	return queue[0], true
}

// leave gives an actor back. What is still queued is for the next worker.
func (i *inboundSet) leave(actor, host string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.hosts[host]--; i.hosts[host] <= 0 {
		delete(i.hosts, host)
	}
	if len(i.queues[actor]) == 0 {
		delete(i.queues, actor)
	} else {
		i.ready = append(i.ready, actor)
	}
}

// finish notes that a row is done and returns how many wait to be written down.
func (i *inboundSet) finish(id int64, outcome string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.done = append(i.done, finished{id, outcome})
	return len(i.done)
}

// finishedRows takes what is to be written down.
func (i *inboundSet) finishedRows() []finished {
	i.mu.Lock()
	defer i.mu.Unlock()
	done := i.done
	i.done = nil
	return done
}

// forget lets go of rows: they are written down, or will be read again.
func (i *inboundSet) forget(rows []finished) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, f := range rows {
		delete(i.taken, f.id)
	}
}

// hold puts an actor off: the given row and all behind it stay in storage until
// then, so that the order is kept.
func (i *inboundSet) hold(row *storage.Received, until time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.held[row.Actor] = until
	delete(i.taken, row.ID)
	for _, r := range i.queues[row.Actor] {
		delete(i.taken, r.ID)
	}
	i.queues[row.Actor] = nil
}
