package memory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// KeyGovernance is the metadata key of a namespace's policy, in the memory that is its standard.
const KeyGovernance = "governance"

// Level says who may do something in a governed namespace (contract section 4.12).
type Level string

// The levels.
const (
	LevelAny        Level = "any"        // everyone
	LevelRegistered Level = "registered" // registered agents
	LevelOwner      Level = "owner"      // whose memory it is
	LevelApprove    Level = "approve"    // everyone, once it is approved
)

var levels = [...]Level{LevelAny, LevelRegistered, LevelOwner, LevelApprove}

// Levels returns the levels in the order messages name them.
func Levels() []Level { return slices.Clone(levels[:]) }

// Approver says who approves what waits: anyone, one agent, or a number of registered agents. The
// zero value is anyone ("human").
type Approver struct {
	Agent     string // its id; empty: not one agent
	Consensus uint32 // how many; 0: no vote
}

// approverHuman is the word for anyone.
const approverHuman = "human"

// MarshalJSON writes the forms of contract section 1.3.
func (a Approver) MarshalJSON() ([]byte, error) {
	switch {
	case a.Consensus > 0:
		return json.Marshal(map[string]uint32{"consensus": a.Consensus})
	case a.Agent != "":
		return json.Marshal(map[string]string{"agent": a.Agent})
	default:
		return json.Marshal(approverHuman)
	}
}

// Policy is a GovernancePolicy of contract section 1.3.
type Policy struct {
	Approver Approver `json:"approver"`
	Delete   Level    `json:"delete"`
	Promote  Level    `json:"promote"`
	Write    Level    `json:"write"`
}

// DefaultPolicy returns what is shown of a standard that has no policy. It is not enforced.
func DefaultPolicy() Policy {
	return Policy{Write: LevelAny, Promote: LevelAny, Delete: LevelOwner}
}

// ParsePolicy reads a policy, of which all four fields have to be there. The error's text is that
// of contract section 11.5, tool 24.
func ParsePolicy(raw json.RawMessage) (Policy, error) {
	var p Policy
	fields, err := decodeFields(raw)
	if err != nil {
		return p, errors.New("invalid governance: invalid type, expected an object")
	}
	for _, field := range []struct {
		name string
		read func(json.RawMessage) error
	}{
		{"write", p.Write.read},
		{"promote", p.Promote.read},
		{"delete", p.Delete.read},
		{"approver", p.Approver.read},
	} {
		text, there := fields[field.name]
		if !there {
			return p, fmt.Errorf("invalid governance: missing field `%s`", field.name)
		}
		var rule *Invalid
		switch err := field.read(text); {
		case errors.As(err, &rule): // of contract section 3.1, with a text of its own
			return p, err
		case err != nil:
			return p, fmt.Errorf("invalid governance: %w", err)
		}
	}
	return p, nil
}

// Policy returns the policy in a memory's metadata; false when there is none, or it cannot be read.
func (m Memory) Policy() (Policy, bool) {
	if !bytes.Contains(m.Metadata, []byte(KeyGovernance)) {
		return Policy{}, false
	}
	fields, err := decodeFields(m.Metadata)
	if err != nil || fields[KeyGovernance] == nil {
		return Policy{}, false
	}
	p, err := ParsePolicy(fields[KeyGovernance])
	return p, err == nil
}

// decodeFields splits an object.
func decodeFields(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	err := json.Unmarshal(raw, &fields)
	if err == nil && fields == nil {
		err = errors.New("it is null")
	}
	return fields, err
}

func (l *Level) read(raw json.RawMessage) error {
	var word string
	if json.Unmarshal(raw, &word) != nil || string(raw) == "null" {
		return fmt.Errorf("invalid type: %s, expected a string", raw)
	}
	*l = Level(word)
	if !slices.Contains(levels[:], *l) {
		return unknownVariant(word, "any", "registered", "owner", "approve")
	}
	return nil
}

func (a *Approver) read(raw json.RawMessage) error {
	var word string
	if string(raw) != "null" && json.Unmarshal(raw, &word) == nil {
		if word != approverHuman {
			return unknownVariant(word, approverHuman, "agent", "consensus")
		}
		return nil
	}
	fields, err := decodeFields(raw)
	if err != nil || len(fields) != 1 {
		return errors.New("invalid type of approver, expected \"human\", or an object of one key, agent or consensus")
	}
	for name, value := range fields {
		switch name {
		case "agent":
			if json.Unmarshal(value, &a.Agent) != nil || string(value) == "null" {
				return fmt.Errorf("invalid type: %s, expected a string", value)
			}
			return ValidateAgentID(a.Agent)
		case "consensus":
			n, err := strconv.ParseUint(string(value), 10, 32)
			if err != nil {
				return fmt.Errorf("invalid type: %s, expected u32", value)
			}
			a.Consensus = uint32(n)
			return ValidateApprover("", &a.Consensus)
		default:
			return unknownVariant(name, approverHuman, "agent", "consensus")
		}
	}
	return nil
}

func unknownVariant(word string, words ...string) error {
	return fmt.Errorf("unknown variant `%s`, expected one of `%s`", word, strings.Join(words, "`, `"))
}

// Verdict is what a level says about an action.
type Verdict int

// The verdicts.
const (
	Allow Verdict = iota
	Deny
	Queue
)

// Claim is what a level goes by: who acts, and what is known of that.
type Claim struct {
	Caller     string
	Registered bool   // the caller is a registered agent
	Owner      string // whose it is that is acted on; empty: nobody's
	Granted    bool   // the owner lets the caller do it
}

// Decide says whether an action may be done, and of a denial why (contract section 4.12).
func (l Level) Decide(c Claim) (verdict Verdict, reason string) {
	switch l {
	case LevelRegistered:
		if !c.Registered {
			return Deny, fmt.Sprintf("governance: caller '%s' is not a registered agent", c.Caller)
		}
	case LevelOwner:
		switch {
		case c.Granted:
		case c.Owner == "":
			return Deny, "governance: owner-level action has no resolvable owner"
		case c.Owner != c.Caller:
			return Deny, fmt.Sprintf("governance: caller '%s' is not the owner ('%s')", c.Caller, c.Owner)
		}
	case LevelApprove:
		return Queue, ""
	case LevelAny:
	}
	return Allow, ""
}
