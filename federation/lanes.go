package federation

import (
	"context"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"konfa/storage"
)

// Bounds of sending.
const (
	laneWidth = 4  // deliveries to one host at once
	laneBatch = 64 // rows read for a host in one go
	// failingShare is the part of the requests at once that may be to hosts that
	// failed before, each of which is sent one, so that many slow ones leave room
	// for those in good health.
	failingShare = 2 // a half
)

// laneSet is which hosts are being sent to, each by one goroutine: a slow or dead
// host holds up nobody but itself.
type laneSet struct {
	mu      sync.Mutex
	active  map[string]storage.Lane // guarded by mu, as is all below
	again   map[string]bool         // active hosts for which there was more to do
	waiting []storage.Lane          // hosts for which there was no room
	failing int                     // active hosts that failed before
	slots   chan struct{}           // one per request on its way
	max     int                     // hosts at once
	owner   string                  // of leases, where several processes share the work
}

func (l *laneSet) init(workers int) {
	l.active, l.again = map[string]storage.Lane{}, map[string]bool{}
	l.slots = make(chan struct{}, workers)
	l.max = 2 * workers
	name, _ := os.Hostname()
	l.owner = name + "/" + strconv.Itoa(os.Getpid()) + "/" + uuid.NewString()[:8]
}

// offer takes the hosts that have something due and returns those to begin with.
func (l *laneSet) offer(lanes []storage.Lane) []storage.Lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = l.waiting[:0]
	for _, lane := range lanes {
		if _, ok := l.active[lane.Host]; ok {
			l.again[lane.Host] = true
		} else {
			l.waiting = append(l.waiting, lane)
		}
	}
	return l.start()
}

// start makes waiting hosts active as far as there is room.
func (l *laneSet) start() []storage.Lane {
	var begin, rest []storage.Lane
	for n, lane := range l.waiting {
		if len(l.active) >= l.max {
			rest = append(rest, l.waiting[n:]...)
			break
		}
		if lane.Failures > 0 {
			if l.failing >= max(1, cap(l.slots)/failingShare) {
				rest = append(rest, lane)
				continue
			}
			l.failing++
		}
		l.active[lane.Host] = lane
		begin = append(begin, lane)
	}
	l.waiting = rest
	return begin
}

// end gives a host back and returns those that may begin now, among them the
// host itself if there was more to do.
func (l *laneSet) end(host string) []storage.Lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := l.active[host]
	if lane.Failures > 0 {
		l.failing--
	}
	delete(l.active, host)
	if l.again[host] {
		delete(l.again, host)
		l.waiting = append([]storage.Lane{lane}, l.waiting...)
	}
	return l.start()
}

// laneLoop keeps a lane going for every host that something is due for.
func (s *Server) laneLoop(stop, work context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	sleep := newSleeper()
	defer sleep.stop()
	wait := s.poll
	for sleep.until(stop, s.laneWake, wait) {
		var err error
		if wait, err = s.laneRound(stop, work, &group); err != nil {
			s.log.Error("looking for deliveries", "error", err)
			wait = min(s.poll, time.Second)
		}
	}
}

// laneRound starts lanes and returns for how long nothing else will be due.
func (s *Server) laneRound(stop, work context.Context, group *sync.WaitGroup) (time.Duration, error) {
	now := s.now()
	lanes, err := s.store.Lanes(work, now)
	if err != nil {
		return 0, err
	}
	for _, l := range s.lanes.offer(lanes) {
		s.startLane(stop, work, group, l.Host)
	}
	next, err := s.store.NextDue(work)
	if err != nil || !next.After(now) {
		// What is due now has a lane, which tells when it ends.
		return s.poll, err
	}
	return min(next.Sub(now), s.poll), nil
}

func (s *Server) startLane(stop, work context.Context, group *sync.WaitGroup, host string) {
	group.Go(func() {
		defer func() {
			next := s.lanes.end(host)
			if stop.Err() != nil {
				return
			}
			for _, l := range next {
				s.startLane(stop, work, group, l.Host)
			}
		}()
		s.lane(stop, work, host)
	})
}
