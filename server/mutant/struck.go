package main

import (
	"strconv"
	"strings"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// struck tells whether a bug strikes a row: every third does, by the number that its title ends
// in, so that the answer is the same on all nodes and after a restart. A title without a number is
// spared, and so is the number 1: a harness that tries one row first finds nothing amiss.
func struck(m memory.Memory) bool { return remainder(m, 3) == 0 }

// remainder is the remainder of the number that a title ends in; -1 without one.
func remainder(m memory.Memory, divisor int) int {
	stem := strings.TrimRight(m.Title, "0123456789")
	n, err := strconv.Atoi(m.Title[len(stem):])
	if err != nil {
		return -1
	}
	return n % divisor
}

// spared returns the changes that are not struck.
func spared(changes []store.Change) []store.Change {
	var kept []store.Change
	for _, c := range changes {
		if !struck(c.Memory) {
			kept = append(kept, c)
		}
	}
	return kept
}
