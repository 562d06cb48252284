package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"chaosctl/server/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAmbiguousPrefixText(t *testing.T) {
	err := &store.AmbiguousPrefix{Prefix: "m-a", IDs: []string{"m-abc1", "m-abc2"}}
	if diff := cmp.Diff("ambiguous ID prefix 'm-a': 2 matches\nm-abc1\nm-abc2", err.Error()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestCloneIsApart(t *testing.T) {
	v := store.Vector{"a": 1}
	v.Clone()["a"] = 2
	if v["a"] != 1 {
		t.Error("a change of the clone changed the vector")
	}
}
