package contract

// commandDeviations are the recorded commands and answers from which ours differ on purpose, and how; of
// each defect number of the original at least what is wanted instead. docs/compatibility.md tells what
// a user sees.
func commandDeviations() map[string]func(s *step) {
	kept := func(*step) {} // as recorded
	return map[string]func(s *step){
		"curator/once-empty":      kept, // U1: without a model the default report stays as it was
		"curator/once":            kept,
		"curator/dry":             kept,
		"curator/text":            kept,
		"curator/filters":         kept,
		"curator/nothing-written": kept,
		"curator/global-json":     kept,
	}
}
