// Package metrics is the vocabulary of a verdict: what was done to a system (operations and
// fault windows on one monotonic time base), what it was seen to hold (observations), what
// that amounts to (findings, verdicts, the convergence bound) and how one cycle is written
// down (records). It knows no process, no HTTP and no file.
package metrics
