package contract

import (
	"bufio"
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// step is a line of testdata/recorded-cli.jsonl: a command of ai-memory 0.6.0 and what it printed, a line
// of MCP and its answer, or what is to be prepared or looked at.
type step struct {
	Scenario string
	Kind     string // cli, mcp_open, mcp, mcp_close, file, ls, jsonfile, sleep, start, stop, model
	Step     string

	Argv      []string
	Env       map[string]*string // nil: unset
	Stdin     string
	Exit      *int
	Stdout    any      // parsed when it is JSON, else the lines that are not blank
	Stderr    string   // its first line, of a failure
	StderrAll []string `json:"stderr_all"`
	OneLine   bool     `json:"one_line"`
	Match     []string // words that are all that counts, beside the exit code
	Ignore    []string // keys that do not count
	ExtraOK   bool     `json:"extra_ok"` // further keys are allowed
	Capture   map[string]string

	Request  string
	Response any
	NoReply  bool `json:"no_reply"`

	Path, Glob, Content string
	Files               []string
	Result              any
	Proc                string
	Seconds             float64
	Note, Defect        string
}

func (s *step) name() string { return s.Scenario + "/" + s.Step }

// recordedCommands reads the steps by scenario.
func recordedCommands(t *testing.T) map[string][]step {
	t.Helper()
	text, err := os.ReadFile("testdata/recorded-cli.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]step{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s step
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		found[s.Scenario] = append(found[s.Scenario], s)
	}
	return found
}

// TestRecordedCommands replays what the original's commands and its MCP server were seen to do, every line
// of it. Where the recording carries a defect, the list of deviations says what is wanted instead.
func TestRecordedCommands(t *testing.T) {
	t.Parallel()
	scenarios := recordedCommands(t)
	for _, name := range slices.Sorted(maps.Keys(scenarios)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deviations, used := commandDeviations(), map[string]bool{}
			o := newOperator(t)
			for _, s := range scenarios[name] {
				if deviate := deviations[s.name()]; deviate != nil {
					deviate(&s)
					used[s.name()] = true
				} else if s.Defect != "" {
					t.Errorf("%s: the recording has the defect %s, and nothing says what is wanted instead", s.Step, s.Defect)
				}
				if s.Step == "" {
					o.play(t, s)
					continue
				}
				t.Run(s.Step, func(t *testing.T) { o.play(t, s) })
			}
			for deviation := range deviations {
				if scenario, _, _ := strings.Cut(deviation, "/"); scenario == name && !used[deviation] {
					t.Errorf("the deviation %q belongs to no recorded step", deviation)
				}
			}
		})
	}
}
