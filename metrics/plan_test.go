package metrics_test

import (
	"math"
	"testing"
	"time"

	"chaosctl/metrics"
)

func TestCyclesNeeded(t *testing.T) {
	for _, test := range []struct {
		claim, confidence float64
		lossy, want       int
	}{
		{0.995, 0.95, 0, 598}, {0.999, 0.95, 0, 2995}, {0.98, 0.95, 0, 149}, {0.5, 0.5, 0, 1}, {0.99, 0.99, 0, 459},
		{0.995, 0.95, 1, 947}, {0.99, 0.95, 1, 473}, {0.9, 0.95, 2, 61},
	} {
		got, err := metrics.CyclesNeeded(test.claim, test.confidence, test.lossy)
		if err != nil || got != test.want {
			t.Errorf("claim %v, confidence %v, %d lossy: %d cycles, %v; want %d",
				test.claim, test.confidence, test.lossy, got, err, test.want)
		}
	}
}

// TestCyclesNeededIsTheFewest holds plans against the bound they plan for.
func TestCyclesNeededIsTheFewest(t *testing.T) {
	for _, claim := range []float64{0.3, 0.9, 0.95, 0.99, 0.995, 0.9973} {
		for _, confidence := range []float64{0.5, 0.8, 0.95, 0.999} {
			for lossy := range 6 {
				n, err := metrics.CyclesNeeded(claim, confidence, lossy)
				if err != nil {
					t.Fatal(err)
				}
				const rounding = 1e-9
				if u := metrics.UpperBound(lossy, n, confidence); u > 1-claim+rounding {
					t.Errorf("%v %v %d: after %d cycles the bound is %v", claim, confidence, lossy, n, u)
				}
				if u := metrics.UpperBound(lossy, n-1, confidence); n-1 > lossy && u < 1-claim-rounding {
					t.Errorf("%v %v %d: after %d cycles the bound is %v already", claim, confidence, lossy, n-1, u)
				}
			}
		}
	}
}

func TestPlansThatCannotBe(t *testing.T) {
	for _, q := range []metrics.PlanRequest{
		{Claim: 1, Confidence: 0.95}, {Claim: 0, Confidence: 0.95}, {Claim: 0.9, Confidence: 1}, {Claim: 0.9, Confidence: 0},
		{Claim: math.NaN(), Confidence: 0.95}, {Claim: 0.9, Confidence: math.NaN()}, {Claim: 1 - 1e-12, Confidence: 0.95},
	} {
		if p, err := metrics.NewPlan(q); err == nil {
			t.Errorf("%+v is planned: %+v", q, p)
		}
	}
	if _, err := metrics.CyclesNeeded(0.9, 0.9, -1); err == nil {
		t.Error("-1 lossy cycles are planned for")
	}
}

func TestPlanTime(t *testing.T) {
	p, err := metrics.NewPlan(metrics.PlanRequest{
		Claim: 0.995, Confidence: 0.95, Faults: []string{"pause", "partition"}, Parallel: 5, Cycle: 500 * time.Millisecond, Source: "x",
	})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, []metrics.PlanNeed{{Lossy: 0, Cycles: 598, Total: 1196, TookS: value(120.0)}}, p.Needs)
	p, err = metrics.NewPlan(metrics.PlanRequest{Claim: 0.995, Confidence: 0.95})
	if err != nil || p.CycleMS != nil || p.Needs[0].TookS != nil || p.Needs[0].Total != 598 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestMeanCycle(t *testing.T) {
	diff(t, time.Duration(0), metrics.MeanCycle(nil))
	diff(t, 250*time.Millisecond, metrics.MeanCycle([]metrics.Record{{DurationMS: 100, Attempts: 3}, {DurationMS: 200}}))
}
