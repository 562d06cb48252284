package faults

import (
	"math/bits"
	"strconv"
	"strings"
)

// maxNodes is how many nodes a nodeSet can name.
const maxNodes = 64

// nodeSet is a set of nodes by number; a bit each keeps fault values comparable.
type nodeSet uint64

func (s nodeSet) has(node int) bool { return s&(1<<node) != 0 }

func (s nodeSet) len() int { return bits.OnesCount64(uint64(s)) }

// highest returns the greatest number in a set that is not empty.
func (s nodeSet) highest() int { return bits.Len64(uint64(s)) - 1 }

// numbers lists the set in rising order.
func (s nodeSet) numbers() []int {
	var numbers []int
	for node := range maxNodes {
		if s.has(node) {
			numbers = append(numbers, node)
		}
	}
	return numbers
}

// String prints the set as a value reads it.
func (s nodeSet) String() string {
	var texts []string
	for _, node := range s.numbers() {
		texts = append(texts, strconv.Itoa(node))
	}
	return strings.Join(texts, "+")
}

// nodeChoice names one node, or leaves the choice among the peers to the seed.
type nodeChoice int

const (
	anyPeer nodeChoice = -1
	primary nodeChoice = 0
)

// String prints the choice as a value reads it.
func (c nodeChoice) String() string {
	switch c {
	case anyPeer:
		return "peer"
	case primary:
		return "primary"
	}
	return strconv.Itoa(int(c))
}

// nodeNumber reads one node's number.
func nodeNumber(text string) (int, bool) {
	node, err := strconv.ParseUint(text, 10, 8)
	return int(node), err == nil && node < maxNodes
}
