package reports

import (
	"fmt"
	"strconv"
	"strings"

	"chaosctl/metrics"
)

// claim prints what cycles allow to be said about lost writes, and which cycles do not count.
func (p printer) claim(c metrics.LossClaim) {
	p.line("      claim: %s", c.Words)
	if len(c.NotCounted) > 0 {
		p.line("      not counted: %s", printable(uncounted(c)))
	}
}

// uncounted names the cycles of a fault that do not count, those with the same reason together.
func uncounted(c metrics.LossClaim) string {
	var reasons []string
	cycles := map[string][]string{}
	for _, n := range c.NotCounted {
		if cycles[n.Why] == nil {
			reasons = append(reasons, n.Why)
		}
		cycles[n.Why] = append(cycles[n.Why], strconv.Itoa(n.Cycle))
	}
	var words []string
	for _, why := range reasons {
		noun := "cycle"
		if len(cycles[why]) > 1 {
			noun = "cycles"
		}
		words = append(words, fmt.Sprintf("%s %s (%s)", noun, strings.Join(cycles[why], ", "), why))
	}
	text := strings.Join(words, "; ")
	if more := c.Uncounted - len(c.NotCounted); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// stored tells how a stored run was judged.
func (p printer) stored() {
	if len(p.style.Stored) == 0 {
		return
	}
	p.line("\nSTORED")
	for _, line := range p.style.Stored {
		p.line("  %s", printable(line))
	}
}
