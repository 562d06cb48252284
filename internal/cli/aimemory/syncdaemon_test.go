package aimemory_test

import "testing"

// TestSyncDaemonRefuses tells at once what the original fails at for ever.
func TestSyncDaemonRefuses(t *testing.T) {
	t.Parallel()
	const empty = "error: --peers is empty; give the base URLs of servers, such as http://10.0.0.2:9077, separated by commas"
	d := newDesk(t)
	d.refused(t, 1, "Error: at least one --peers URL is required", "sync-daemon")
	d.refused(t, 2, empty, "sync-daemon", "--peers", "")
	d.refused(t, 2, empty, "sync-daemon", "--peers", "  ")
	for _, peers := range []string{"http://127.0.0.1:1,", "127.0.0.1:1", "ftp://127.0.0.1"} {
		if got := d.run(t, "sync-daemon", "--peers", peers); got.exit != 2 || got.out != "" {
			t.Errorf("%q: exit %d, printed %q, said %q", peers, got.exit, got.out, got.err)
		}
	}
	d.refused(t, 2, "error: --client-cert and --client-key are given together or not at all",
		"sync-daemon", "--peers", "http://127.0.0.1:1", "--client-cert", "c.pem")
}
