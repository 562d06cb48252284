package metrics

// Finding is what one checker says of one cycle.
type Finding struct {
	Checker string             `json:"checker"`
	Verdict Verdict            `json:"verdict"`
	Gates   bool               `json:"gates"`             // it decides the cycle's verdict; otherwise it is reported only
	Why     string             `json:"why,omitempty"`     // one sentence, for people
	Keys    []string           `json:"keys,omitempty"`    // the writes concerned, at most MaxKeys of them
	Numbers map[string]float64 `json:"numbers,omitempty"` // what was measured, by name
}

// MaxKeys is how many writes a finding names; their full number is in Numbers["keys"].
const MaxKeys = 20
