package server_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server"
)

// contents are the contents of the memories of a database by their titles.
func contents(t *testing.T, m *server.Memories) map[string]string {
	t.Helper()
	e, _ := exportOf(t, m)
	got := map[string]string{}
	for _, row := range e.Memories {
		got[strings.TrimPrefix(row.Title, "title of ")] = row.Content
	}
	return got
}

// Times of rows, oldest first.
const (
	monday  = "2024-01-01T00:00:00+00:00"
	tuesday = "2024-01-02T01:00:00+01:00" // as a text later than wednesday: instants are what counts
	friday  = "2024-01-05T00:00:00+00:00"
)

// sides are two databases that agree on nothing, and the sync between them.
func sides(t *testing.T) (here, there *server.Memories, sync server.FileSync) {
	t.Helper()
	here, _ = open(t, "")
	there, path := open(t, "")
	take(t, here, textOf(t, []server.Memory{row("a", "here older", monday), row("b", "here newer", friday), row("c", "here only", monday)}))
	take(t, there, textOf(t, []server.Memory{row("a", "there newer", tuesday), row("b", "there older", monday), row("d", "there only", monday)},
		server.Link{SourceID: "a", TargetID: "d", Relation: "supersedes", CreatedAt: "x"}))
	return here, there, server.FileSync{Remote: path, Agent: "bob"}
}

func TestSyncFile(t *testing.T) {
	t.Parallel()
	ours := map[string]string{"a": "here older", "b": "here newer", "c": "here only"}
	theirs := map[string]string{"a": "there newer", "b": "there older", "d": "there only"}
	newest := map[string]string{"a": "there newer", "b": "here newer", "c": "here only", "d": "there only"}
	over := func(base, by map[string]string) map[string]string {
		got := map[string]string{}
		for _, side := range []map[string]string{base, by} {
			for k, v := range side {
				got[k] = v
			}
		}
		return got
	}
	for direction, want := range map[server.Direction]struct {
		done        server.Synced
		here, there map[string]string
		links       int // here
		plan        server.SyncPlan
	}{
		server.SyncPull: {
			server.Synced{Pulled: 3}, over(ours, theirs), theirs, 1, server.SyncPlan{Pull: server.SyncChanges{New: 1, Update: 1, Noop: 1, Links: 1}},
		},
		server.SyncPush: {
			server.Synced{Pushed: 3}, ours, over(theirs, ours), 0, server.SyncPlan{Push: server.SyncChanges{New: 1, Update: 1, Noop: 1}},
		},
		server.SyncMerge: {
			server.Synced{Pulled: 3, Pushed: 3}, newest, newest, 1,
			server.SyncPlan{Pull: server.SyncChanges{New: 1, Update: 1, Noop: 1, Links: 1}, Push: server.SyncChanges{New: 1, Update: 1, Noop: 1}},
		},
	} {
		t.Run(string(direction), func(t *testing.T) {
			t.Parallel()
			here, there, sync := sides(t)
			sync.Direction = direction
			plan, err := here.PlanSync(t.Context(), sync)
			if diff := cmp.Diff(want.plan, plan); diff != "" || err != nil {
				t.Errorf("plan: %v (-want +got):\n%s", err, diff)
			}
			if diff := cmp.Diff([]map[string]string{ours, theirs}, []map[string]string{contents(t, here), contents(t, there)}); diff != "" {
				t.Errorf("a plan changes something (-want +got):\n%s", diff)
			}
			done, err := here.SyncFile(t.Context(), sync)
			if diff := cmp.Diff(want.done, done); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if diff := cmp.Diff([]map[string]string{want.here, want.there}, []map[string]string{contents(t, here), contents(t, there)}); diff != "" {
				t.Errorf("here, there (-want +got):\n%s", diff)
			}
			if e, _ := exportOf(t, here); len(e.Links) != want.links {
				t.Errorf("%d links here, want %d", len(e.Links), want.links)
			}
		})
	}
}

// TestSyncAgents attributes what is pulled, not what is pushed.
func TestSyncAgents(t *testing.T) {
	t.Parallel()
	agents := func(m *server.Memories) map[string]string {
		e, _ := exportOf(t, m)
		got := map[string]string{}
		for _, row := range e.Memories {
			got[row.ID] = row.AgentID()
		}
		return got
	}
	for trusted, mine := range map[bool]string{false: "bob", true: "ann"} {
		here, there, sync := sides(t)
		sync.Direction, sync.Trusted = server.SyncMerge, trusted
		if _, err := here.SyncFile(t.Context(), sync); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"a": "ann", "b": "ann", "c": "ann", "d": mine}, agents(here)); diff != "" {
			t.Errorf("trusted %t, here (-want +got):\n%s", trusted, diff)
		}
		if diff := cmp.Diff(map[string]string{"a": "ann", "b": "ann", "c": "ann", "d": "ann"}, agents(there)); diff != "" {
			t.Errorf("trusted %t, there (-want +got):\n%s", trusted, diff)
		}
	}
}

// TestMergeKeepsDeletions has memories deleted on a side, before and after they were changed on the other, that
// must not come back; the user is told.
func TestMergeKeepsDeletions(t *testing.T) {
	t.Parallel()
	here, there, sync := sides(t)
	sync.Direction = server.SyncMerge
	if _, err := here.SyncFile(t.Context(), sync); err != nil {
		t.Fatal(err)
	}
	content := "changed after it was deleted"
	for _, id := range []string{"a", "d"} {
		if _, err := here.Delete(t.Context(), id, "bob"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := there.Update(t.Context(), "d", server.Patch{Content: &content}, "bob"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		done, err := here.SyncFile(t.Context(), sync)
		slices.Sort(done.Refused)
		want := server.Synced{Pulled: 4, Pushed: 2, Refused: []string{
			"a: the memory was deleted, or moved to another title or namespace", "d: the memory was deleted, or moved to another title or namespace",
		}}
		if diff := cmp.Diff(want, done); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff(map[string]string{"b": "here newer", "c": "here only"}, contents(t, here)); diff != "" {
			t.Errorf("here (-want +got):\n%s", diff)
		}
		if got := contents(t, there); len(got) != 4 || got["d"] != content {
			t.Errorf("there: %v", got)
		}
	}
	// Who pulls takes everything, under another id, once.
	sync.Direction = server.SyncPull
	for range 2 {
		if done, err := here.SyncFile(t.Context(), sync); err != nil || done.Pulled != 4 || done.Refused != nil {
			t.Errorf("%+v, %v", done, err)
		}
		if got := contents(t, here); len(got) != 4 || got["d"] != content {
			t.Errorf("here: %v", got)
		}
	}
	if m, err := here.Get(t.Context(), "d"); err == nil && m.ID == "d" { // it may be the beginning of another
		t.Error("an id that was deleted is there again")
	}
}

// TestSyncOfServers has servers on both files, whose peers get what was taken.
func TestSyncOfServers(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 4, 1, time.Second)
	nodes[0].peer(1, time.Second, nodes[1].base)
	nodes[1].peer(1, time.Second, nodes[0].base)
	nodes[2].peer(1, time.Second, nodes[3].base)
	nodes[3].peer(1, time.Second, nodes[2].base)
	for _, n := range nodes {
		n.start(t)
	}
	nodes[0].create(t, "here")
	nodes[2].create(t, "there")
	gone := nodes[2].create(t, "gone").decode(t)["id"].(string)
	here, _ := open(t, nodes[0].config.DB)
	sync := server.FileSync{Remote: nodes[2].config.DB, Agent: "bob", Trusted: true, Direction: server.SyncMerge}
	if done, err := here.SyncFile(t.Context(), sync); err != nil || done.Pulled != 2 || done.Pushed != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	wantEqual(t, soon, 3, nodes...)
	nodes[1].call(t, "DELETE", "/api/v1/memories/"+gone, "", nil, nil)
	wantEqual(t, soon, 2, nodes[0], nodes[1])
	if done, err := here.SyncFile(t.Context(), sync); err != nil || len(done.Refused) != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	wantEqual(t, soon, 2, nodes[0], nodes[1])
	wantEqual(t, soon, 3, nodes[2], nodes[3])
}

// TestSyncRefuses what is no other database, and tells what rows are not taken.
func TestSyncRefuses(t *testing.T) {
	t.Parallel()
	here, path := open(t, "")
	dir := t.TempDir()
	link, junk, fresh := filepath.Join(dir, "link.db"), filepath.Join(dir, "junk.db"), filepath.Join(dir, "fresh.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(junk, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		sync server.FileSync
		want string
	}{
		{server.FileSync{Remote: fresh, Direction: "sideways"}, "invalid direction: sideways (use pull, push, merge)"},
		{server.FileSync{Remote: path, Direction: server.SyncMerge}, path + " is this database itself: name another"},
		{server.FileSync{Remote: link, Direction: server.SyncMerge}, link + " is this database itself: name another"},
		{server.FileSync{Remote: junk, Direction: server.SyncPull}, "failed to open database: "},
		{server.FileSync{Remote: filepath.Join(dir, "x", "y.db"), Direction: server.SyncPush}, "failed to open database: "},
	} {
		test.sync.Agent = "bob"
		if _, err := here.SyncFile(t.Context(), test.sync); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.sync, err, test.want)
		}
	}
	if plan, err := here.PlanSync(t.Context(), server.FileSync{Remote: fresh, Direction: "sideways"}); err == nil {
		t.Errorf("planned %+v", plan)
	}
	take(t, here, textOf(t, rows(3)))
	plan, err := here.PlanSync(t.Context(), server.FileSync{Remote: fresh, Direction: server.SyncMerge})
	if diff := cmp.Diff(server.SyncPlan{Push: server.SyncChanges{New: 3}}, plan); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := os.Stat(fresh); err == nil {
		t.Error("a plan makes a file")
	}
	// An id that stands for something else on the other side.
	there, _ := open(t, fresh)
	other := row("row-000001", "another", friday)
	other.Title = "another title"
	take(t, there, textOf(t, []server.Memory{other}))
	for direction, want := range map[server.Direction]string{
		server.SyncPush:  "row-000001: UNIQUE constraint failed: memories.id",
		server.SyncMerge: "row-000001: the id belongs to a memory with another title or namespace",
	} {
		done, err := here.SyncFile(t.Context(), server.FileSync{Remote: fresh, Agent: "bob", Direction: direction})
		if err != nil || !slices.Equal(done.Refused, []string{want}) {
			t.Errorf("%s: %+v, %v, want %q", direction, done, err, want)
		}
	}
}
