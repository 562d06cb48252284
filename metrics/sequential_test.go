package metrics_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"chaosctl/metrics"
)

func TestParseSequential(t *testing.T) {
	s, err := metrics.ParseSequential("loss<0.005@0.95")
	if err != nil {
		t.Fatal(err)
	}
	diff(t, metrics.Sequential{Rate: 0.005, Good: 0.0005, Confidence: 0.95}, s)
	diff(t, "loss<0.005@0.95", s.String())
	for _, wrong := range []string{
		"", "loss", "0.005@0.95", "loss<0.005", "loss<0@0.95", "loss<1@0.95", "loss<x@0.95", "loss<0.1@1", "loss<0.1@0.4",
		"loss<0.1@", "loss<NaN@0.95", "loss<0.1@NaN", "loss>0.1@0.95", "loss<-0.1@0.95", "loss<0.1@0.95@0.95", "loss<Inf@0.9",
	} {
		if s, err := metrics.ParseSequential(wrong); err == nil {
			t.Errorf("%q is %+v", wrong, s)
		} else if !strings.Contains(err.Error(), "loss<0.005@0.95") {
			t.Errorf("%q: %v shows no example", wrong, err)
		}
	}
}

func TestSequentialDecides(t *testing.T) {
	test := metrics.Sequential{Rate: 0.005, Good: 0.0005, Confidence: 0.95}
	none := metrics.Decided{Words: "0 of 0 cycles lost an acknowledged write: not decided"}
	diff(t, none, test.Decide(nil))
	diff(t, metrics.Continue, test.Decide(cycles(663)).Decision)
	diff(t, metrics.Decided{
		Decision: metrics.Accept, Sound: 664,
		Words: "0 of 664 cycles lost an acknowledged write: fewer than 0.50 % do, by a sequential test with 95 % confidence",
	}, test.Decide(cycles(700)))
	diff(t, metrics.Continue, test.Decide(cycles(700, 10)).Decision)
	diff(t, metrics.Decided{
		Decision: metrics.Reject, Sound: 20, Lossy: 2,
		Words: "2 of 20 cycles lost an acknowledged write: more than 0.050 % do, by a sequential test with 95 % confidence",
	}, test.Decide(cycles(700, 10, 20, 30)))
}

func TestSequentialTakesCyclesInTheirOrder(t *testing.T) {
	test := metrics.Sequential{Rate: 0.5, Good: 0.05, Confidence: 0.9}
	records := cycles(20, 2)
	slices.Reverse(records)
	whole := test.Decide(cycles(20, 2))
	diff(t, whole, test.Decide(records))
	// Cycle 2 is slow because it lost a write: what ended before it decides nothing.
	quick := slices.DeleteFunc(cycles(20, 2), func(r metrics.Record) bool { return r.Cycle == 2 })
	diff(t, metrics.Decided{Sound: 1, Words: "0 of 1 cycles lost an acknowledged write: not decided"}, test.Decide(quick))
	// A doubtful cycle is passed over and not waited for.
	doubt := cycles(20)
	doubtful(&doubt[1])
	diff(t, metrics.Accept, test.Decide(doubt).Decision)
	// A campaign may begin later.
	test.First = 101
	later := cycles(20)
	for i := range later {
		later[i].Cycle += 100
	}
	diff(t, metrics.Accept, test.Decide(later).Decision)
}

// wrongly runs a test on systems that lose a write with a probability, asking it after every
// cycle, and returns how often it decided so.
func wrongly(test metrics.Sequential, rate float64, decision metrics.Decision, runs int, random *rand.Rand) float64 {
	const longest = 250
	clean, lossy := line(1), line(1)
	failed("w1")(&lossy)
	hits := 0
	for range runs {
		records := make([]metrics.Record, longest)
		for i := range records {
			records[i] = clean
			if random.Float64() < rate {
				records[i] = lossy
			}
			records[i].Cycle = i + 1
		}
		if test.Decide(records).Decision == decision { // the first decision stays: as if asked after each
			hits++
		}
	}
	return float64(hits) / float64(runs)
}

// TestSequentialErrsNoMoreOftenThanItSays simulates systems on and beyond both rates. Three
// standard errors are allowed for.
func TestSequentialErrsNoMoreOftenThanItSays(t *testing.T) {
	random := rand.New(rand.NewPCG(1945, 16))
	const runs = 500
	for _, confidence := range []float64{0.8, 0.95} {
		test := metrics.Sequential{Rate: 0.1, Good: 0.01, Confidence: confidence}
		allowed := 1 - confidence + 3*math.Sqrt(confidence*(1-confidence)/runs)
		for _, rate := range []float64{0.1, 0.15, 0.3} {
			if got := wrongly(test, rate, metrics.Accept, runs, random); got > allowed {
				t.Errorf("confidence %v: a rate of %v is accepted with probability %v", confidence, rate, got)
			}
		}
		for _, rate := range []float64{0.01, 0.005} {
			if got := wrongly(test, rate, metrics.Reject, runs, random); got > allowed {
				t.Errorf("confidence %v: a rate of %v is rejected with probability %v", confidence, rate, got)
			}
		}
		if got := wrongly(test, 0.01, metrics.Accept, runs, random); got < confidence-0.1 {
			t.Errorf("confidence %v: a good system is accepted with probability %v only", confidence, got)
		}
	}
}

func TestSequentialStaysWithItsFirstDecision(t *testing.T) {
	test := metrics.Sequential{Rate: 0.1, Good: 0.01, Confidence: 0.9}
	for n := range 60 {
		records := cycles(60, 40, 41, 42, 43)
		got := test.Decide(records[:n])
		if got.Decision != metrics.Continue && got != test.Decide(records) {
			t.Fatalf("%+v after %d cycles, %+v later", got, n, test.Decide(records))
		}
	}
}
