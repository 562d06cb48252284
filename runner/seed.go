package runner

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// purpose names what a random stream decides. A stream of its own for each keeps one decision
// from shifting the others.
type purpose string

const (
	forMoment purpose = "moment" // when the fault strikes
	forFault  purpose = "fault"  // what the fault draws for itself
	forValues purpose = "values" // what is written
)

// stream returns the random stream of one purpose in one try of one cycle. It depends on
// nothing but its arguments.
func stream(seed, fault string, cycle, attempt int, p purpose) *rand.Rand {
	sum := sha256.Sum256(fmt.Appendf(nil, "chaosctl/1 %s %s %d %d %s", canonicalSeed(seed), fault, cycle, attempt, p))
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))
}

// canonicalSeed makes seeds that mean the same number equal: 0f and F are one seed.
func canonicalSeed(seed string) string {
	n, err := ParseSeed(seed)
	if err != nil {
		return seed
	}
	return FormatSeed(n)
}

// ParseSeed reads a seed: 1 to 16 hex digits.
func ParseSeed(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("seed %q is not 1 to 16 hex digits", text)
	}
	return n, nil
}

// FormatSeed prints a seed as records carry it: 16 hex digits.
func FormatSeed(seed uint64) string { return fmt.Sprintf("%016x", seed) }
