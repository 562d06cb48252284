package sandbox

// What tests look at besides the package's doors.
var (
	ExplainStart = explainStart
	ExplainStep  = explainStep
)

// Steps that can fail for reasons of their own.
const (
	MountProc    = mountProc
	MakePrivate  = makePrivate
	SetUpNetwork = setUpNetwork
)

// PlannedNodes tells at which nodes links are cut.
func PlannedNodes(links []Link, nodes int) []int {
	var at []int
	for _, s := range plan(links, nodes) {
		at = append(at, s.node)
	}
	return at
}
