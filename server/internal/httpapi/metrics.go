package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"chaosctl/server/internal/service"
)

// metrics are the families of contract section 12 and our own: ai_memory_http_*,
// ai_memory_quorum_* and ai_memory_peer_*, the Go runtime's and the process's.
type metrics struct {
	registry       *prometheus.Registry
	requests       *prometheus.CounterVec
	latency        *prometheus.HistogramVec
	stores         *prometheus.CounterVec
	contradictions prometheus.Counter
	recalls        *prometheus.CounterVec
	recallLatency  *prometheus.HistogramVec
}

func newMetrics(s *service.Service) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ai_memory_http_requests_total",
			Help: "Requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "ai_memory_http_request_seconds",
			Help:    "Time to answer a request, by route.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"route"}),
		stores: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ai_memory_store_total",
			Help: "Memories created, by requested tier and result (ok, err).",
		}, []string{"tier", "result"}),
		contradictions: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ai_memory_contradiction_detected_total",
			Help: "Creates that reported possible contradictions.",
		}),
		recalls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ai_memory_recall_total",
			Help: "Recalls answered, by mode.",
		}, []string{"mode"}),
		recallLatency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "ai_memory_recall_latency_seconds",
			Help:    "Time to answer a recall, by mode.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"mode"}),
	}
	m.registry.MustRegister(
		m.requests, m.latency, m.stores, m.contradictions, m.recalls, m.recallLatency,
		counted("ai_memory_webhook_dispatched_total", "Webhook deliveries that have ended.", func() int64 { return s.Deliveries().Dispatched }),
		counted("ai_memory_webhook_failed_total", "Webhook deliveries that failed.", func() int64 { return s.Deliveries().Failed }),
		zero("ai_memory_curator_cycles_total", "Curator cycles completed in this process."),
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "ai_memory_hnsw_size", Help: "Entries of the vector index."}),
		state{s},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func zero(name, help string) prometheus.Collector {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

// counted is a counter that is kept elsewhere.
func counted(name, help string, value func() int64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
}

// recalled counts a recall that was answered; this server recalls by words.
func (m *metrics) recalled(took time.Duration) {
	const mode = "keyword"
	m.recalls.WithLabelValues(mode).Inc()
	m.recallLatency.WithLabelValues(mode).Observe(took.Seconds())
}

// observe counts a request.
func (m *metrics) observe(route, method string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
	default:
		method = "other" // a client must not be able to make series
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.latency.WithLabelValues(route).Observe(took.Seconds())
}

// stored counts a create that passed the checks of its form.
func (m *metrics) stored(tier string, ok, contradicts bool) {
	result := "ok"
	if !ok {
		result = "err"
	}
	m.stores.WithLabelValues(tier, result).Inc()
	if contradicts {
		m.contradictions.Inc()
	}
}

// serve writes the text format 0.0.4, whatever the client would accept.
func (m *metrics) serve(w http.ResponseWriter, _ *http.Request) error {
	families, err := m.registry.Gather()
	if err != nil {
		return err
	}
	var text bytes.Buffer
	enc := expfmt.NewEncoder(&text, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, family := range families {
		if err := enc.Encode(family); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(text.Len()))
	_, _ = w.Write(text.Bytes())
	return nil
}

// scrapeTimeout bounds the look at the store during a scrape.
const scrapeTimeout = 5 * time.Second

// state is what is read from the service at each scrape.
type state struct{ service *service.Service }

var (
	memoriesDesc = prometheus.NewDesc("ai_memory_memories", "Memories stored, expired ones included.", nil, nil)
	activeDesc   = prometheus.NewDesc("ai_memory_subscriptions_active", "Active webhook subscriptions.", nil, nil)
	waitingDesc  = prometheus.NewDesc("ai_memory_quorum_waiting", "Writes that wait for their copies.", nil, nil)
	quorumDesc   = prometheus.NewDesc("ai_memory_quorum_total",
		"Writes by how their wait for copies ended (met, timeout, unreachable).", []string{"result"}, nil)
	peerUpDesc = prometheus.NewDesc("ai_memory_peer_up",
		"Whether the last exchange with a peer succeeded.", []string{"peer"}, nil)
	peerAckDesc = prometheus.NewDesc("ai_memory_peer_acks_total",
		"Rows a peer has acknowledged.", []string{"peer"}, nil)
	peerFailDesc = prometheus.NewDesc("ai_memory_peer_failures_total",
		"Exchanges with a peer that failed.", []string{"peer"}, nil)
	peerSentDesc = prometheus.NewDesc("ai_memory_peer_sent_event",
		"This node's events up to this number need no more sending to a peer.", []string{"peer"}, nil)
)

// Describe implements prometheus.Collector.
func (state) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{memoriesDesc, activeDesc, waitingDesc, quorumDesc, peerUpDesc, peerAckDesc, peerFailDesc, peerSentDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s state) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	n, err := s.service.Size(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(memoriesDesc, err)
		return
	}
	active, err := s.service.Subscriptions(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(activeDesc, err)
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	counter := func(d *prometheus.Desc, value int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	gauge(memoriesDesc, float64(n))
	gauge(activeDesc, float64(len(active)))
	status, on := s.service.Replicated()
	if !on {
		return
	}
	gauge(waitingDesc, float64(status.Waiting))
	counter(quorumDesc, status.Met, "met")
	counter(quorumDesc, status.Timeouts, "timeout")
	counter(quorumDesc, status.Unreachable, "unreachable")
	for _, p := range status.Peers {
		up := 0.0
		if p.Up {
			up = 1
		}
		gauge(peerUpDesc, up, p.Name)
		gauge(peerSentDesc, float64(p.Sent), p.Name)
		counter(peerAckDesc, p.Acks, p.Name)
		counter(peerFailDesc, p.Fails, p.Name)
	}
}
