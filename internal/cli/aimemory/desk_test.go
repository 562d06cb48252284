package aimemory_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// desk is a place at which commands are typed: a home of its own, with the database in it.
type desk struct {
	home string
	env  []string // besides
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return &desk{home: t.TempDir()}
}

// told is what a command printed, and how it ended.
type told struct {
	exit     int
	out, err string
}

// run runs a command to its end.
func (d *desk) run(t *testing.T, args ...string) told { return d.pipe(t, "", args...) }

// pipe runs a command with a standard input.
func (d *desk) pipe(t *testing.T, stdin string, args ...string) told {
	t.Helper()
	cmd := command(t, d.home, args...)
	cmd.Env = append(cmd.Env, d.env...)
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &complaints
	err := cmd.Run()
	return told{exitStatus(t, err), out.String(), complaints.String()}
}

// object runs a command that prints one JSON object.
func (d *desk) object(t *testing.T, args ...string) map[string]any {
	t.Helper()
	got := d.run(t, append([]string{"--json"}, args...)...)
	var object map[string]any
	if err := json.Unmarshal([]byte(got.out), &object); err != nil || got.exit != 0 {
		t.Fatalf("%q: exit %d, %v\n%s%s", args, got.exit, err, got.out, got.err)
	}
	return object
}

// store stores a memory and returns its id.
func (d *desk) store(t *testing.T, title string, args ...string) string {
	t.Helper()
	return d.object(t, append([]string{"store", "-T", title, "-c", "content of " + title, "-n", "n"}, args...)...)["id"].(string)
}

// refused checks that a command ends with a status, prints nothing, and says why first.
func (d *desk) refused(t *testing.T, exit int, first string, args ...string) {
	t.Helper()
	got := d.run(t, args...)
	line, _, _ := strings.Cut(got.err, "\n")
	if got.exit != exit || got.out != "" || line != first {
		t.Errorf("%q: exit %d, printed %q, said %q, want %d, nothing, %q", args, got.exit, got.out, line, exit, first)
	}
}

// total is how many memories there are.
func (d *desk) total(t *testing.T) float64 {
	t.Helper()
	return d.object(t, "stats")["total"].(float64)
}

func titlesOf(t *testing.T, object map[string]any, key string) []string {
	t.Helper()
	titles := []string{}
	for _, m := range object[key].([]any) {
		titles = append(titles, m.(map[string]any)["title"].(string))
	}
	if int(object["count"].(float64)) != len(titles) {
		t.Errorf("count %v of %d", object["count"], len(titles))
	}
	return titles
}
