package check_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

// million is how many operations the large benchmarks judge.
const million = 1_000_000

// large is a healthy cycle of n writes: each node lists the rows in an order of its own, as it got
// them, and was polled while it settled.
func large(n int) *metrics.History {
	r := rand.New(rand.NewPCG(8, 8))
	h := healthy()
	h.Question.Writes, h.Operations, h.Observations = n, make([]metrics.Operation, n), h.Observations[:3]
	for i := range h.Operations {
		op := acked(i, 0, time.Duration(i/8)*ms)
		op.Process, op.Returned = i%8, op.Invoked+ms
		op.ID = metrics.ContentHash(op.Key + "id")
		op.Sent = op.Invoked + time.Duration(r.IntN(int(ms)))
		h.Operations[i] = op
	}
	for i := range h.Operations[:20] { // inside the cut
		op := &h.Operations[800+i]
		op.Outcome, op.Code, op.Acks = metrics.Unknown, 503, 0
	}
	for i := 800; i < 4825; i++ {
		h.Operations[i].Node = 1
	}
	end := time.Duration(n/8)*ms + time.Second
	for node := range 3 {
		rows := make([]metrics.Row, n)
		for i, op := range h.Operations {
			rows[i] = metrics.Row{Key: op.Key, ID: op.ID, Hash: op.Hash}
		}
		for i := range rows { // group commits
			j := min(n-1, i+r.IntN(8))
			rows[i], rows[j] = rows[j], rows[i]
		}
		for at, stage := range []metrics.Stage{metrics.DuringPoll, metrics.AtSettleA, metrics.AtFinal} {
			o := reading(stage, node, end+time.Duration(at)*ms)
			o.Rows, o.Pages = rows, (n+199)/200
			h.Observations = append(h.Observations, o)
		}
	}
	return h
}

// heapLimit is what the collector is asked to keep the heap under (GOMEMLIMIT), a little below the
// 1 GiB that judging a million operations may take.
const heapLimit = 900 << 20

// BenchmarkJudgeMillion decodes and judges a million operations, and besides makes the record:
// seconds, the size of the file, and the largest heap seen.
func BenchmarkJudgeMillion(b *testing.B) {
	file, encoding := encoded(b, million)
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(heapLimit))
	b.Run("judge", func(b *testing.B) { judgeMillion(b, file, false) })
	b.Run("record", func(b *testing.B) { judgeMillion(b, file, true) })
	b.Logf("%.1f MiB, encoded in %.1f s", float64(len(file))/(1<<20), encoding.Seconds())
}

func judgeMillion(b *testing.B, file []byte, record bool) {
	b.Helper()
	runtime.GC()
	peak := make(chan uint64)
	stop := make(chan struct{})
	go func() { peak <- largestHeap(stop) }()
	for b.Loop() {
		facts, stored, err := metrics.DecodeHistory(bytes.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		verdict, findings := check.Judge(&stored)
		if verdict != metrics.Pass {
			b.Fatalf("%v: %+v", verdict, findings)
		}
		if record {
			metrics.NewRecord(facts, &stored, verdict, findings)
		}
	}
	close(stop)
	b.ReportMetric(float64(<-peak)/(1<<20), "peak-MiB")
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/op")
}

// encoded is the file of a large cycle, and how long it took to write it.
func encoded(b *testing.B, n int) ([]byte, time.Duration) {
	b.Helper()
	h := large(n)
	var file bytes.Buffer
	began := time.Now()
	if err := metrics.EncodeHistory(&file, metrics.CycleFacts{}, h); err != nil {
		b.Fatal(err)
	}
	return file.Bytes(), time.Since(began)
}

// largestHeap watches the heap until stop is closed.
func largestHeap(stop <-chan struct{}) uint64 {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var most uint64
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapInuse)
		select {
		case <-stop:
			return most
		case <-tick.C:
		}
	}
}

// BenchmarkJudgeCycle judges cycles of everyday size.
func BenchmarkJudgeCycle(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		h := healthy()
		if n > 8 {
			h = large(max(n, 5000))
			h.Operations, h.Question.Writes = h.Operations[:n], n
			for i := range h.Observations {
				rows := h.Observations[i].Rows
				h.Observations[i].Rows = rows[:min(n, len(rows))]
			}
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				check.Judge(h)
			}
		})
		b.Run(fmt.Sprintf("%d/encode", n), func(b *testing.B) {
			for b.Loop() {
				if err := metrics.EncodeHistory(new(bytes.Buffer), metrics.CycleFacts{}, h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
