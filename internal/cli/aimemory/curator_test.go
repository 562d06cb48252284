package aimemory_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// twins stores two memories that say the same.
func (d *desk) twins(t *testing.T) {
	t.Helper()
	for _, title := range []string{"one", "two"} {
		d.object(t, "store", "-T", title, "-n", "n", "-c", "the same words stand in both of these memories, so that they are one and the same")
	}
}

// TestCuratorOnce prints what a cycle did, and rolls it back.
func TestCuratorOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.twins(t)
	got := d.run(t, "curator", "--once", "--passes", "dedupe,priority")
	want := regexp.MustCompile(`^curator cycle report
  started_at:        20\S+
  completed_at:      20\S+
  duration_ms:       \d+
  memories_scanned:  2
  memories_eligible: 2
  operations:        0
  auto_tagged:       0
  contradictions:    0
  skipped \(cap\):     0
  errors:            0
  dry_run:           false
  consolidated:      2
  forgotten:         0
  priorities:        0
  rollback entries:  1
$`)
	if got.exit != 0 || !want.MatchString(got.out) || got.err != "" {
		t.Errorf("exit %d\n%s%s", got.exit, got.out, got.err)
	}
	if rows := d.object(t, "list", "-n", "n"); rows["count"] != 1.0 {
		t.Errorf("rows %v", rows)
	}
	log := d.object(t, "list", "-n", "_curator/rollback")["memories"].([]any)
	if len(log) != 1 {
		t.Fatalf("rollback log %v", log)
	}
	id := log[0].(map[string]any)["id"].(string)
	for _, test := range []struct{ want, args string }{
		{"rollback " + id + ": applied\n", "--json curator --rollback " + id},
		{"rollback " + id + ": no-op\n", "curator --rollback " + id},
		{"reversed 0 rollback entries\n", "curator --rollback-last 3 --json"},
	} {
		if got := d.run(t, strings.Fields(test.args)...); got.exit != 0 || got.out != test.want {
			t.Errorf("%s: exit %d, %q %q", test.args, got.exit, got.out, got.err)
		}
	}
	if rows := d.object(t, "list", "-n", "n"); rows["count"] != 2.0 {
		t.Errorf("rows %v", rows)
	}
	d.twins(t)
	if got := d.run(t, "curator", "--once", "--passes", "all", "--exclude-namespace", "x,y", "--exclude-namespace", "n"); got.exit != 0 {
		t.Errorf("exit %d %s", got.exit, got.err)
	}
	if got := d.object(t, "curator", "--once", "--passes", "all", "--include-namespace", "x,n"); got["memories_eligible"] != 0.0 {
		t.Errorf("a comma belongs to the name: %v", got)
	}
	if got := d.run(t, "curator", "--once", "--dry-run", "--passes", "all", "--json"); !strings.Contains(got.out, "\n  \"dry_run\": true") {
		t.Errorf("not indented: %s", got.out)
	}
}

// TestCuratorRefuses what it cannot do.
func TestCuratorRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.refused(t, 1, "Error: curator requires --once, --daemon, --rollback <id>, or --rollback-last N", "curator")
	d.refused(t, 1, "Error: rollback entry nobody not found", "curator", "--rollback", "nobody")
	d.refused(t, 1, "Error: rollback entry "+d.store(t, "x")+" not found", "curator", "--rollback", d.store(t, "x"))
	d.refused(t, 2, "error: the argument '--once' cannot be used with '--daemon'", "curator", "--once", "--daemon")
	d.refused(t, 2, "error: the argument '--rollback' cannot be used with '--rollback-last'", "curator", "--rollback", "x", "--rollback-last", "1")
	d.refused(t, 2, "error: invalid value 'x' for '--max-ops': use a whole number, 0 or more", "curator", "--once", "--max-ops", "x")
	d.refused(t, 2, "error: invalid value 'all' for '--passes <PASSES>': use a comma list of dedupe, clusters, forget, priority, or all",
		"curator", "--once", "--passes", "all,x")
	d.refused(t, 2, "error: invalid value ',' for '--passes <PASSES>': name at least one", "curator", "--once", "--passes", ",")
	d.refused(t, 2, "error: unexpected argument 'x' found", "curator", "--once", "x")
}

// TestCuratorModel asks the model that flags, or the configuration file, name, and shows it the key of the
// environment.
func TestCuratorModel(t *testing.T) {
	t.Parallel()
	keys := make(chan string, 100)
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys <- r.URL.Path + " " + r.Header.Get("Authorization")
		fmt.Fprint(w, `{"choices":[{"message":{"content":"no, nothing"}}],"message":{"content":"no, nothing"}}`)
	}))
	t.Cleanup(model.Close)
	asked := func() (all string) {
		for len(keys) > 0 {
			all += <-keys + "\n"
		}
		return all
	}
	d := newDesk(t)
	d.env = []string{"AI_MEMORY_LLM_API_KEY=secret"}
	d.twins(t)
	got := d.object(t, "curator", "--once", "--dry-run", "--llm-url", model.URL, "--llm-model", "m")
	if got["auto_tagged"] != 2.0 || len(got["errors"].([]any)) != 0 {
		t.Errorf("report %v", got)
	}
	if all := asked(); !strings.Contains(all, "/v1/chat/completions Bearer secret\n") {
		t.Errorf("asked %s", all)
	}
	folder := filepath.Join(d.home, ".config", "ai-memory")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("tier = \"smart\"\nollama_url = %q\n", model.URL) // U10
	if err := os.WriteFile(filepath.Join(folder, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, d.home, "curator", "--once", "--dry-run", "--json")
	cmd.Env = []string{asProgram + "=1", "HOME=" + d.home}
	if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), `"auto_tagged": 2`) {
		t.Errorf("by the configuration: %v\n%s", err, out)
	}
	if all := asked(); !strings.Contains(all, "/api/chat \n") {
		t.Errorf("asked %s", all)
	}
	down := d.run(t, "--json", "curator", "--once", "--llm-url", "http://127.0.0.1:1")
	if down.exit != 0 || !strings.Contains(down.out, `"no LLM client configured"`) || !strings.Contains(down.err, "cannot be reached") || strings.Contains(down.err, "secret") {
		t.Errorf("nobody there: exit %d\n%s%s", down.exit, down.out, down.err)
	}
}

// TestCuratorDaemon runs beside a server on its database, tells of its cycles, and stops when it is told to, at
// once, whatever the model does (U5, U11).
func TestCuratorDaemon(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	asked := make(chan struct{}, 100)
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			asked <- struct{}{}
			<-hang
		}
	}))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(hang) })
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		for _, args := range []string{"--passes all", "--llm-url " + hanging.URL} {
			d := newDesk(t)
			db := filepath.Join(d.home, "m.db")
			d.env = []string{"AI_MEMORY_DB=" + db}
			p := serve(t, freePort(t), db)
			d.twins(t)
			cmd := command(t, d.home, append([]string{"curator", "--daemon", "--interval-secs", "1"}, strings.Fields(args)...)...)
			cmd.Env = append(cmd.Env, d.env...)
			said := &output{}
			cmd.Stdout, cmd.Stderr = said, said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			t.Cleanup(func() { cmd.Process.Kill() })
			if strings.HasPrefix(args, "--llm") {
				<-asked
			} else {
				eventually(t, func() bool { return strings.Contains(said.String(), "consolidated 2, ") })
				eventually(t, func() bool { return len(p.rows(t)) == 1 })
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Errorf("%v %s: %v\n%s", signal, args, err, said)
				}
			case <-time.After(5 * time.Second):
				t.Errorf("%v %s: it does not stop", signal, args)
			}
			if lines := strings.Count(said.String(), "\n"); !strings.HasSuffix(said.String(), "curator: stopped\n") || lines > 2 {
				t.Errorf("%v %s: it said\n%s", signal, args, said)
			}
		}
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-limit:
			t.Fatal("it does not come to hold")
		case <-time.After(5 * time.Millisecond):
		}
	}
}
