package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/coreos/go-iptables/iptables"
)

// How a link is cut. In a node's namespace, INPUT and OUTPUT jump for good to one chain, and that
// jumps for good to a switch for each set of links. The rule at the top of a switch decides: a
// jump to the set's drop rules, or RETURN. Turning a switch is therefore one insertion, which acts
// at one instant for both directions, and sets do not disturb one another. Rules are not deleted,
// which the kernel does slowly, but for a switch that has become long, while it is off.
const (
	table     = "filter"
	baseChain = "CHAOSCTL"
	pass      = "RETURN"

	lockSeconds = 5  // to wait for the lock that old versions of iptables take
	longSwitch  = 64 // rules
)

// dropRules is the chain with the drop rules of a switch.
func dropRules(name string) string { return name + "-DROP" }

// tables is the program iptables and what it has made so far.
type tables struct {
	program *iptables.IPTables
	restore string // the program that makes many rules at once

	based map[int]bool        // nodes with the chain that all switches hang on
	sets  map[string]*linkSet // by their links
}

func openTables() (*tables, error) {
	program, err := iptables.New(iptables.Timeout(lockSeconds))
	if err != nil {
		return nil, fmt.Errorf("find the program iptables (on Debian: apt-get install iptables): %w", err)
	}
	path, err := exec.LookPath("iptables")
	if err != nil {
		return nil, fmt.Errorf("find the program iptables: %w", err)
	}
	return &tables{
		program: program,
		restore: filepath.Join(filepath.Dir(path), "iptables-restore"),
		based:   make(map[int]bool),
		sets:    make(map[string]*linkSet),
	}, nil
}

// prepare returns the set of the links, made when it is new; mu is held.
func (n *Network) prepare(ctx context.Context, links []Link) (*linkSet, error) {
	if n.closed {
		return nil, errClosed
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	links, err := normalise(links, len(n.nodes))
	if err != nil {
		return nil, err
	}
	if n.tables == nil {
		if n.tables, err = openTables(); err != nil {
			return nil, err
		}
	}
	key := fmt.Sprint(links)
	set := n.tables.sets[key]
	if set == nil {
		set = &linkSet{switches: plan(links, len(n.nodes))}
		for _, s := range set.switches {
			s.name = fmt.Sprintf("%s-%d", baseChain, len(n.tables.sets))
			if err := n.spawner.in(ctx, n.nodes[s.node].ns, func() error { return n.tables.install(s) }); err != nil {
				return nil, err
			}
		}
		n.tables.sets[key] = set
	}
	return set, n.shorten(ctx, set)
}

// shorten empties the switches of a set that have become long. An empty switch is off, as it was.
func (n *Network) shorten(ctx context.Context, set *linkSet) error {
	for _, s := range set.switches {
		if set.active || s.turns < longSwitch {
			continue
		}
		err := n.spawner.in(ctx, n.nodes[s.node].ns, func() error { return n.tables.program.ClearChain(table, s.name) })
		if err != nil {
			return err
		}
		s.turns = 0
	}
	return nil
}

// install makes the chains of a switch, off, in the namespace of the calling thread. One program
// makes them all, or none.
func (t *tables) install(s *linkSwitch) error {
	var rules bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&rules, format+"\n", args...) }
	line("*%s", table)
	if !t.based[s.node] {
		line(":%s - [0:0]", baseChain)
		line("-I INPUT -j %s", baseChain)
		line("-I OUTPUT -j %s", baseChain)
	}
	line(":%s - [0:0]", s.name)
	line(":%s - [0:0]", dropRules(s.name))
	for _, from := range s.in {
		line("-A %s -s %s -j DROP", dropRules(s.name), address(from+1))
	}
	for _, to := range s.out {
		line("-A %s -d %s -j DROP", dropRules(s.name), address(to+1))
	}
	line("-A %s -j %s", baseChain, s.name)
	line("COMMIT")
	cmd := exec.Command(t.restore, "--noflush", "--wait", strconv.Itoa(lockSeconds))
	cmd.Stdin = &rules
	if words, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s: %w: %s", t.restore, err, bytes.TrimSpace(words))
	}
	t.based[s.node] = true
	return nil
}

// turn puts a jump to the target at the top of a switch.
func (t *tables) turn(s *linkSwitch, target string) error {
	if err := t.program.Insert(table, s.name, 1, "-j", target); err != nil {
		return err
	}
	s.turns++
	return nil
}

// passes returns nil when a switch was seen to be off.
func (t *tables) passes(s *linkSwitch) error {
	rules, err := t.program.List(table, s.name) // ListById panics on an empty chain
	if err != nil {
		return err
	}
	top := ""
	if i := slices.IndexFunc(rules, func(r string) bool { return strings.HasPrefix(r, "-A ") }); i >= 0 {
		top = strings.TrimSpace(rules[i])
	}
	if want := fmt.Sprintf("-A %s -j %s", s.name, pass); top != want {
		return fmt.Errorf("the top rule is %q, not %q", top, want)
	}
	return nil
}

// dropped sums the packet counters of a switch's drop rules.
func (t *tables) dropped(s *linkSwitch) (uint64, error) {
	rules, err := t.program.ListWithCounters(table, dropRules(s.name))
	if err != nil {
		return 0, err
	}
	var sum uint64
	counted := 0
	for _, rule := range rules {
		if !strings.HasSuffix(rule, "-j DROP") && !strings.Contains(rule, "-j DROP ") {
			continue
		}
		packets, err := counter(rule)
		if err != nil {
			return 0, err
		}
		sum += packets
		counted++
	}
	if want := len(s.in) + len(s.out); counted != want {
		return 0, fmt.Errorf("%d drop rules are listed, not %d: %q", counted, want, rules)
	}
	return sum, nil
}

// counter reads the packets of a rule that was listed with "-c packets bytes".
func counter(rule string) (uint64, error) {
	fields := strings.Fields(rule)
	i := slices.Index(fields, "-c")
	if i < 0 || i+1 >= len(fields) {
		return 0, errors.New("a rule is listed without its counter: " + rule)
	}
	return strconv.ParseUint(fields[i+1], 10, 64)
}
