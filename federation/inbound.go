package federation

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"konfa/activitystreams"
	"konfa/storage"
)

// received is an activity to be worked on, read as far as its envelope.
type received struct {
	*storage.Received
	env *activitystreams.Envelope
	err error  // why it cannot be read
	key string // those with the same key are done in the order they came
}

func (i *inboundSet) read(row *storage.Received) *received {
	r := &received{Received: row, key: row.Actor}
	if r.env, r.err = activitystreams.ReadEnvelope(row.Body); r.err != nil {
		return r
	}
	switch id := r.env.Object.ID; r.env.Type {
	case "Create", "Update", "Delete":
		// What happens to one object has its order; another object of the same
		// actor need not wait for it.
		if id != "" && id != r.env.Actor {
			r.key = id
		}
	case "Announce":
		// One of something elsewhere means a fetch, which may fail for long; one
		// of ours must stay in order with its Undo.
		if id != "" && len(r.env.Objects) == 0 && !i.ours(id) {
			r.key = id
		}
	}
	return r
}

// inboundSet is what was received and is being worked on, as far as it was read
// from storage. The activities about one object are done one after another, in
// the order they came, and so are those of one actor that are about no object
// of its own; everything else does not wait for each other.
type inboundSet struct {
	ours func(id string) bool // tells ids of this node

	mu      sync.Mutex
	queues  map[string][]*received // by key, oldest first; guarded by mu, as is all below
	ready   []string               // keys with a queue that nobody works on, in the order they came
	taken   map[int64]bool         // rows that were read and are not finished
	hosts   map[string]int         // how many of a host are worked on
	held    map[string]time.Time   // keys that wait for the retry of an earlier activity
	workers int
	bytes   int        // of the rows that wait or are worked on
	done    []finished // to be written down
}

// finished is a received activity that is done, and how it went.
type finished struct {
	id      int64
	outcome string
}

func (i *inboundSet) init(ours func(id string) bool) {
	i.ours = ours
	i.queues, i.taken, i.hosts, i.held = map[string][]*received{}, map[int64]bool{}, map[string]int{}, map[string]time.Time{}
}

// add queues rows that are not here yet. Those with a key that waits are left in
// storage.
func (i *inboundSet) add(rows []storage.Received, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := range rows {
		if i.taken[rows[n].ID] {
			continue
		}
		row := i.read(&rows[n])
		if until, ok := i.held[row.key]; ok {
			if now.Before(until) {
				continue
			}
			delete(i.held, row.key)
		}
		i.taken[row.ID] = true
		i.bytes += len(row.Body)
		queue, known := i.queues[row.key]
		if !known {
			i.ready = append(i.ready, row.key)
		}
		at, _ := slices.BinarySearchFunc(queue, row, func(a, b *received) int { return cmp.Compare(a.ID, b.ID) })
		i.queues[row.key] = slices.Insert(queue, at, row)
	}
}

// room is how many more rows may be read: none while those here are large.
func (i *inboundSet) room() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.bytes >= inboundBytes {
		return 0
	}
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

// take gives a worker a queue to work on; without one, the worker is counted
// out. Drained tells that it was the last: more may be in storage.
func (i *inboundSet) take() (key, host string, ok, drained bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n, k := range i.ready {
		h := i.queues[k][0].Host
		if i.hosts[h] >= inboundPerHost {
			continue
		}
		i.ready = slices.Delete(i.ready, n, n+1)
		i.hosts[h]++
		return k, h, true, false
	}
	i.workers--
	return "", "", false, len(i.ready) == 0
}

// next is the oldest activity of a queue that was taken.
func (i *inboundSet) next(key string) (*received, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	queue := i.queues[key]
	if len(queue) == 0 {
		return nil, false
	}
	i.queues[key] = queue[1:]
	return queue[0], true
}

// leave gives a queue back. What is still in it is for the next worker.
func (i *inboundSet) leave(key, host string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.hosts[host]--; i.hosts[host] <= 0 {
		delete(i.hosts, host)
	}
	if len(i.queues[key]) == 0 {
		delete(i.queues, key)
	} else {
		i.ready = append(i.ready, key)
	}
}

// finish notes that a row is done and returns how many wait to be written down.
func (i *inboundSet) finish(row *received, outcome string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.bytes -= len(row.Body)
	i.done = append(i.done, finished{row.ID, outcome})
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

// hold puts a queue off: the given row and all behind it stay in storage until
// then, so that the order is kept.
func (i *inboundSet) hold(row *received, until time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.held[row.key] = until
	delete(i.taken, row.ID)
	i.bytes -= len(row.Body)
	for _, r := range i.queues[row.key] {
		delete(i.taken, r.ID)
		i.bytes -= len(r.Body)
	}
	i.queues[row.key] = nil
}
