package federation

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"konfa/community"
	"konfa/federation/discover"
	"konfa/federation/fetch"
	"konfa/federation/signature"
	"konfa/node"
	"konfa/storage"
)

// Options are the settings of the federating side.
type Options struct {
	Log *slog.Logger // nil: slog.Default()
	// Fetch says what outgoing requests may reach, and how.
	Fetch fetch.Options
	// AuthorizedFetch makes every ActivityPub address but /node ask for a
	// signature, so that blocked servers cannot read what is published.
	AuthorizedFetch bool
	// Workers is how many deliveries may be on their way at once, over all
	// hosts. 0: 256.
	Workers int
	// Version is shown in NodeInfo.
	Version string
	// Clock replaces time.Now in tests.
	Clock func() time.Time
	// InboxRate is how many activities per second one host may send over a
	// longer time, InboxBurst how many at once; large ones count several times. 0: 1,000 and 20,000, which no
	// server in good health reaches.
	InboxRate  int
	InboxBurst int
}

// How many requests that cannot be believed one client may make per second over
// a longer time, and at once, before it is not listened to.
const (
	strangerRate  = 5
	strangerBurst = 500
)

// Server answers other servers and sends to them. It is safe for concurrent
// use.
type Server struct {
	node        *node.Node
	store       *storage.Store
	site        community.Site
	o           Options
	log         *slog.Logger
	clock       func() time.Time
	client      *fetch.Client
	resolver    *discover.Resolver
	verifier    *signature.Verifier
	known       *signature.Verifier // believes only keys that need not be fetched
	rates       *rates              // of hosts that send
	strangers   *rates              // of clients whose signatures did not stand
	aboveRates  *rates              // of hosts whose posts are read because someone answered them
	passedRates *rates              // of authors whose words are passed on
	passedHosts *rates              // of hosts whose people are
	signers     signers
	peers       peerNotes
	newcomers   newHosts // of which domains new hosts write
	met         met      // whom the round of cities asked
	docs        documents
	usage       usageCache

	inboxWake chan struct{} // something was received
	fanWake   chan struct{} // an activity was published
	laneWake  chan struct{} // a delivery may be due
	syncs     syncs         // followers compared with other servers
	worldWake chan struct{} // what the world lists may have changed
	cityWake  chan struct{} // a city may be asked for others
	pulls     chan int64    // ids of actors whose outbox is to be read
	asks      chan string   // hosts whose software is to be asked for

	pullMu    sync.Mutex
	lastRound time.Time // when all outboxes were read; guarded by pullMu
	marked    time.Time // when that the node is up was written down; guarded by pullMu

	refreshed map[string]reading // conferences read again; of refresh alone

	lanes   laneSet
	inbound inboundSet
	running atomic.Bool
	poll    time.Duration // the longest time the loops sleep
	backoff func(attempt int) time.Duration
	grace   time.Duration // how long a stop waits for what is on its way
	jobs    sync.WaitGroup
}

// New makes the server of a node. Nothing runs until Run is called; handlers
// work before that, as what they accept is kept.
func New(n *node.Node, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Workers <= 0 {
		o.Workers = 256
	}
	if o.InboxRate <= 0 {
		o.InboxRate = 1000
	}
	if o.InboxBurst <= 0 {
		o.InboxBurst = 20_000
	}
	if o.Fetch.UserAgent == "" {
		o.Fetch.UserAgent = "konfa/" + o.Version + " (+" + n.Site().Base + ")"
	}
	s := &Server{
		node: n, store: n.Store(), site: n.Site(), o: o, log: o.Log, clock: o.Clock,
		client:    fetch.New(o.Fetch),
		inboxWake: make(chan struct{}, 1),
		fanWake:   make(chan struct{}, 1),
		laneWake:  make(chan struct{}, 1),
		worldWake: make(chan struct{}, 1),
		cityWake:  make(chan struct{}, 1),
		pulls:     make(chan int64, 1024),
		asks:      make(chan string, 1024),
		refreshed: map[string]reading{},
		syncs:     syncs{asks: make(chan syncAsk, 256)},
		poll:      15 * time.Second,
		backoff:   backoff,
		grace:     8 * time.Second,
	}
	s.peers.claims = rate.NewLimiter(rate.Every(claimEvery), claimBurst)
	s.rates = newRates(rate.Limit(o.InboxRate), o.InboxBurst, s.clock)
	s.strangers = newRates(strangerRate, strangerBurst, s.clock)
	s.aboveRates = newRates(aboveRate, aboveBurst, s.clock)
	s.passedRates = newRates(passedRate, passedBurst, s.clock)
	s.passedHosts = newRates(passedHostRate, passedHostBurst, s.clock)
	s.lanes.init(o.Workers)
	s.inbound.init(func(id string) bool { _, ours := s.site.Path(id); return ours })
	s.resolver = discover.New(s.client, s.signFetch, actorStore{s}, s.clock)
	s.verifier = &signature.Verifier{Base: s.site.Base, Clock: s.clock, Keys: s.resolver.Key}
	s.known = &signature.Verifier{Base: s.site.Base, Clock: s.clock, Keys: s.resolver.KnownKey}
	return s, nil
}

// Resolver asks other servers about their actors and objects.
func (s *Server) Resolver() *discover.Resolver { return s.resolver }

// Ready tells whether deliveries and received activities are being worked on.
func (s *Server) Ready() error {
	if !s.running.Load() {
		return community.Errorf(community.Internal, "the delivery of activities is not running")
	}
	return nil
}

// Run works on what was received and sends what was published, until ctx is
// done. Then it stops taking on work, waits up to ten seconds for what is on
// its way, and returns nil. What was not finished is kept for the next run.
func (s *Server) Run(ctx context.Context) error {
	// Requests on their way outlive ctx by the grace, so that an activity that
	// the other side has already taken is not sent again.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()

	s.running.Store(true)
	defer s.running.Store(false)
	for _, loop := range []func(stop, work context.Context){
		s.watchLoop, s.inboxLoop, s.fanoutLoop, s.laneLoop, s.leaseLoop, s.peerNotesLoop, s.askLoop, s.pullLoop, s.refreshLoop, s.syncLoop, s.backgroundLoop,
		s.worldLoop, s.discoverLoop, s.pollLoop, s.travelLoop,
	} {
		s.jobs.Go(func() { loop(ctx, work) })
	}
	<-ctx.Done()
	done := make(chan struct{})
	go func() { s.jobs.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(s.grace):
		cancel()
		select {
		case <-done:
		case <-time.After(time.Second):
		}
	}
	return nil
}

// watchLoop passes on that this process or another one on the same data
// committed something to work on.
func (s *Server) watchLoop(stop, work context.Context) {
	changed := s.store.Watch(stop)
	for {
		select {
		case <-stop.Done():
			return
		case _, ok := <-changed:
			if !ok {
				return
			}
			s.wake()
		}
	}
}

// wake makes every loop look for work now.
func (s *Server) wake() {
	poke(s.inboxWake)
	poke(s.fanWake)
	poke(s.laneWake)
	poke(s.worldWake)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (s *Server) now() time.Time { return community.Instant(s.clock()) }
