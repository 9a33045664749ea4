package main

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"konfa/community"
	"konfa/node"
	"konfa/web"
)

// metrics counts requests. Labels are bounded by construction: route patterns,
// known methods, status codes.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(n *node.Node, log *slog.Logger) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "konfa_http_requests_total", Help: "Requests answered."}, []string{"route", "method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "konfa_http_request_seconds", Help: "How long answering took.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &queueCollector{node: n, log: log})
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 5 * time.Second})
}

// measure writes one wide line for each request and counts it.
func (m *metrics) measure(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began := time.Now()
			ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				route := ""
				if n := notesOf(r); n != nil {
					route = n.route
				}
				if rc := chi.RouteContext(r.Context()); route == "" && rc != nil {
					route = rc.RoutePattern()
				}
				if route == "" || route == "/*" {
					route = "none"
				}
				code := ww.Status()
				if code == 0 {
					code = http.StatusOK
				}
				took := time.Since(began)
				m.requests.WithLabelValues(route, knownMethod(r.Method), strconv.Itoa(code)).Inc()
				m.seconds.WithLabelValues(route).Observe(took.Seconds())
				level := slog.LevelInfo
				switch r.URL.Path {
				case "/healthz", "/readyz", "/metrics":
					level = slog.LevelDebug
				}
				log.LogAttrs(r.Context(), level, "request",
					slog.String("id", middleware.GetReqID(r.Context())), slog.String("method", r.Method), slog.String("path", web.LoggedPath(r.URL.Path)),
					slog.String("route", route), slog.Int("code", code), slog.Int("bytes", ww.BytesWritten()),
					slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("agent", short(clean(r.UserAgent()), 120)))
			}()
			next.ServeHTTP(ww, r)
		})
	}
}

func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// queueCollector asks the database when it is asked: what waits, who fails.
type queueCollector struct {
	node *node.Node
	log  *slog.Logger
}

var (
	waitingDesc   = prometheus.NewDesc("konfa_deliveries_waiting", "Deliveries not done yet.", nil, nil)
	oldestDesc    = prometheus.NewDesc("konfa_delivery_oldest_seconds", "Age of the oldest delivery not done yet.", nil, nil)
	failingDesc   = prometheus.NewDesc("konfa_peers_failing", "Servers whose last delivery failed.", nil, nil)
	peersDesc     = prometheus.NewDesc("konfa_peers", "Servers known.", nil, nil)
	followersDesc = prometheus.NewDesc("konfa_followers", "Followers of the city.", nil, nil)
)

func (q *queueCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{waitingDesc, oldestDesc, failingDesc, peersDesc, followersDesc} {
		ch <- d
	}
}

func (q *queueCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	peers, err := q.node.Store().Peers(ctx)
	if err != nil {
		q.log.Warn("metrics", "err", err)
		return
	}
	waiting, failing := 0, 0
	var oldest time.Time
	for _, p := range peers {
		waiting += p.Waiting
		if p.Failures > 0 {
			failing++
		}
		if !p.OldestWaiting.IsZero() && (oldest.IsZero() || p.OldestWaiting.Before(oldest)) {
			oldest = p.OldestWaiting
		}
	}
	gauge(waitingDesc, float64(waiting))
	age := 0.0
	if !oldest.IsZero() {
		age = time.Since(oldest).Seconds()
	}
	gauge(oldestDesc, age)
	gauge(failingDesc, float64(failing))
	gauge(peersDesc, float64(len(peers)))
	if followers, err := q.node.Store().CountFollowers(ctx, community.CityActor); err == nil {
		gauge(followersDesc, float64(followers))
	}
}
