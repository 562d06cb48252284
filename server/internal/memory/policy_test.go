package memory_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]memory.Policy{
		`{"write":"any","promote":"registered","delete":"owner","approver":"human"}`: {
			Write: memory.LevelAny, Promote: memory.LevelRegistered, Delete: memory.LevelOwner,
		},
		`{"approver":{"agent":"ai:boss"},"delete":"approve","promote":"approve","write":"approve","other":1}`: {
			Write: memory.LevelApprove, Promote: memory.LevelApprove, Delete: memory.LevelApprove, Approver: memory.Approver{Agent: "ai:boss"},
		},
		`{"write":"any","promote":"any","delete":"any","approver":{"consensus":4294967295}}`: {
			Write: memory.LevelAny, Promote: memory.LevelAny, Delete: memory.LevelAny, Approver: memory.Approver{Consensus: 1<<32 - 1},
		},
	} {
		got, err := memory.ParsePolicy(json.RawMessage(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := memory.ParsePolicy(again); err != nil || back != got {
			t.Errorf("%s is written as %s, and read as %+v (%v)", text, again, back, err)
		}
	}
}

func TestPoliciesThatAreNone(t *testing.T) {
	t.Parallel()
	for text, message := range map[string]string{
		`{"write":"any","delete":"any","approver":"human"}`: "invalid governance: missing field `promote`",
		`{}`: "invalid governance: missing field `write`",
		`{"write":"any","promote":"any","approver":"human"}`:                                 "invalid governance: missing field `delete`",
		`{"write":"any","promote":"any","delete":"any"}`:                                     "invalid governance: missing field `approver`",
		`{"write":"allow","promote":"any","delete":"any","approver":"human"}`:                "invalid governance: unknown variant `allow`, expected one of `any`, `registered`, `owner`, `approve`",
		`{"write":5,"promote":"any","delete":"any","approver":"human"}`:                      "invalid governance: invalid type: 5, expected a string",
		`{"write":null,"promote":"any","delete":"any","approver":"human"}`:                   "invalid governance: invalid type: null, expected a string",
		`{"write":"any","promote":"any","delete":"any","approver":"robot"}`:                  "invalid governance: unknown variant `robot`, expected one of `human`, `agent`, `consensus`",
		`{"write":"any","promote":"any","delete":"any","approver":{"vote":1}}`:               "invalid governance: unknown variant `vote`, expected one of `human`, `agent`, `consensus`",
		`{"write":"any","promote":"any","delete":"any","approver":{"consensus":0}}`:          "governance.approver.consensus quorum must be >= 1",
		`{"write":"any","promote":"any","delete":"any","approver":{"consensus":-1}}`:         "invalid governance: invalid type: -1, expected u32",
		`{"write":"any","promote":"any","delete":"any","approver":{"consensus":1.5}}`:        "invalid governance: invalid type: 1.5, expected u32",
		`{"write":"any","promote":"any","delete":"any","approver":{"consensus":4294967296}}`: "invalid governance: invalid type: 4294967296, expected u32",
		`{"write":"any","promote":"any","delete":"any","approver":{"agent":"a b"}}`:          "agent_id contains invalid character ' ' (allowed: alphanumeric, _-:@./)",
		`{"write":"any","promote":"any","delete":"any","approver":{"agent":""}}`:             "agent_id cannot be empty",
		`{"write":"any","promote":"any","delete":"any","approver":{"agent":7}}`:              "invalid governance: invalid type: 7, expected a string",
		`{"write":"any","promote":"any","delete":"any","approver":{"agent":"a","x":1}}`:      `invalid governance: invalid type of approver, expected "human", or an object of one key, agent or consensus`,
		`{"write":"any","promote":"any","delete":"any","approver":null}`:                     `invalid governance: invalid type of approver, expected "human", or an object of one key, agent or consensus`,
		`["any","any","any","human"]`:                                                        "invalid governance: invalid type, expected an object",
		`null`:                                                                               "invalid governance: invalid type, expected an object",
		`"any"`:                                                                              "invalid governance: invalid type, expected an object",
	} {
		if _, err := memory.ParsePolicy(json.RawMessage(text)); err == nil || err.Error() != message {
			t.Errorf("%s: got %v, want %s", text, err, message)
		}
	}
}

func TestPolicyOfAMemory(t *testing.T) {
	t.Parallel()
	for metadata, want := range map[string]bool{
		`{"governance":{"write":"any","promote":"any","delete":"any","approver":"human"}}`: true,
		`{"governance":{"write":"any"}}`: false,
		`{"governance":null}`:            false,
		`{"x":"governance"}`:             false,
		`{}`:                             false,
	} {
		if _, got := (memory.Memory{Metadata: json.RawMessage(metadata)}).Policy(); got != want {
			t.Errorf("%s has a policy: %v, want %v", metadata, got, want)
		}
	}
}

// TestDecide has each level say what it says to each caller (contract section 4.12).
func TestDecide(t *testing.T) {
	t.Parallel()
	const notRegistered = "governance: caller 'ann' is not a registered agent"
	const notOwner = "governance: caller 'ann' is not the owner ('bob')"
	const noOwner = "governance: owner-level action has no resolvable owner"
	stranger := memory.Claim{Caller: "ann", Owner: "bob"}
	registered := memory.Claim{Caller: "ann", Owner: "bob", Registered: true}
	owner := memory.Claim{Caller: "bob", Owner: "bob"}
	granted := memory.Claim{Caller: "ann", Owner: "bob", Granted: true}
	nobodys := memory.Claim{Caller: "ann"}
	for _, test := range []struct {
		level  memory.Level
		claim  memory.Claim
		want   memory.Verdict
		reason string
	}{
		{memory.LevelAny, stranger, memory.Allow, ""},
		{memory.LevelAny, registered, memory.Allow, ""},
		{memory.LevelAny, owner, memory.Allow, ""},
		{memory.LevelAny, nobodys, memory.Allow, ""},
		{memory.LevelRegistered, stranger, memory.Deny, notRegistered},
		{memory.LevelRegistered, registered, memory.Allow, ""},
		{memory.LevelRegistered, granted, memory.Deny, notRegistered},
		{memory.LevelOwner, stranger, memory.Deny, notOwner},
		{memory.LevelOwner, registered, memory.Deny, notOwner},
		{memory.LevelOwner, owner, memory.Allow, ""},
		{memory.LevelOwner, granted, memory.Allow, ""},
		{memory.LevelOwner, nobodys, memory.Deny, noOwner},
		{memory.LevelApprove, stranger, memory.Queue, ""},
		{memory.LevelApprove, owner, memory.Queue, ""},
		{memory.LevelApprove, granted, memory.Queue, ""},
	} {
		got, reason := test.level.Decide(test.claim)
		if got != test.want || reason != test.reason {
			t.Errorf("%s to %+v: %v %q, want %v %q", test.level, test.claim, got, reason, test.want, test.reason)
		}
	}
}
