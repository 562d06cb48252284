package chaosctl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestClaimKeepsOthersOut(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "a", "runs")
	first, err := claim(filepath.Join(out, "one"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = claim(filepath.Join(out, "two"))
	wantCode(t, err, codeLocked, fmt.Sprintf("process %d is running one there", os.Getpid()))
	if _, err := os.Stat(filepath.Join(out, "two")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a locked-out campaign left a folder: %v", err)
	}
	if err := first.release(); err != nil {
		t.Fatal(err)
	}
	_, err = claim(filepath.Join(out, "one"))
	wantCode(t, err, codeOutput, "exists already")
	second, err := claim(filepath.Join(out, "two"))
	if err != nil {
		t.Fatalf("after the first had ended, and one was refused: %v", err)
	}
	if err := second.release(); err != nil {
		t.Fatal(err)
	}
}

func TestClaimUnwritable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := claim(filepath.Join(file, "runs", "one"))
	wantCode(t, err, codeOutput, "cannot write to")
}

func wantCode(t *testing.T, err error, code, words string) {
	t.Helper()
	var f *failure
	if !errors.As(err, &f) || f.code != code || f.status != ExitRefused || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want a refusal with code %s that says %q", err, code, words)
	}
}
