package aimemory_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// configured returns the program with a configuration file in its home.
func configured(t *testing.T, text string, args ...string) *exec.Cmd {
	t.Helper()
	home := t.TempDir()
	dir := filepath.Join(home, ".config", "ai-memory")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, home, args...)
	cmd.Env = []string{asProgram + "=1", "HOME=" + home}
	return cmd
}

// run starts a server that a command describes and waits until it is healthy.
func run(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	port := freePort(t)
	cmd.Args = append(cmd.Args, "--port", fmt.Sprint(port))
	return started(t, cmd, port)
}

// withKey asks for a path with an API key, none when it is empty, and returns the answer.
func (p *program) withKey(t *testing.T, method, path, key, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("X-API-Key", key)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return resp.StatusCode, answer
}

// TestKeySources gives API keys in each place, alone and together: a file goes before a flag, a
// flag before the environment, that before the configuration file.
func TestKeySources(t *testing.T) {
	t.Parallel()
	const config = "api_key = \"from-config\"\n"
	for name, test := range map[string]struct {
		config string
		env    string
		flag   bool
		file   bool
		want   string // the key that is accepted; empty: none is needed
	}{
		"none":                       {},
		"empty variable":             {env: "AI_MEMORY_API_KEY="},
		"configuration file":         {config: config, want: "from-config"},
		"environment":                {env: "AI_MEMORY_API_KEY=from-env", want: "from-env"},
		"flag":                       {flag: true, want: "from-flag"},
		"file":                       {file: true, want: "from-file"},
		"environment, configuration": {config: config, env: "AI_MEMORY_API_KEY=from-env", want: "from-env"},
		"flag, environment":          {config: config, env: "AI_MEMORY_API_KEY=from-env", flag: true, want: "from-flag"},
		"all":                        {config: config, env: "AI_MEMORY_API_KEY=from-env", flag: true, file: true, want: "from-file"},
		"configuration is skipped":   {config: config, env: "AI_MEMORY_NO_CONFIG="},
		"broken, but a flag is there": {config: "api_key = nonsense\n", flag: true,
			want: "from-flag"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := configured(t, test.config, "serve")
			if test.env != "" {
				cmd.Env = append(cmd.Env, test.env)
			}
			if test.flag {
				cmd.Args = append(cmd.Args, "--api-key", "from-flag")
			}
			if test.file {
				path := filepath.Join(cmd.Dir, "keys")
				if err := os.WriteFile(path, []byte("from-file\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				cmd.Args = append(cmd.Args, "--api-key-file", path)
			}
			p := run(t, cmd)
			got := map[string]int{}
			want := map[string]int{}
			for _, key := range []string{"", "from-config", "from-env", "from-flag", "from-file"} {
				got[key], _ = p.withKey(t, http.MethodGet, "/api/v1/stats", key, "")
				want[key] = http.StatusUnauthorized
				if test.want == "" || test.want == key {
					want[key] = http.StatusOK
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("statuses by key (-want +got):\n%s", diff)
			}
			for _, key := range []string{"from-config", "from-env", "from-flag", "from-file", "nonsense"} {
				if strings.Contains(p.output.String(), key) {
					t.Errorf("the key %s is printed:\n%s", key, p.output)
				}
			}
		})
	}
}

// TestHangUp has the key file read again at SIGHUP, at once.
func TestHangUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("old\n")
	p := run(t, configured(t, "", "serve", "--api-key-file", path))
	write("new\n")
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	limit := time.After(10 * time.Second)
	for {
		if status, _ := p.withKey(t, http.MethodGet, "/api/v1/stats", "new", ""); status == http.StatusOK {
			break
		}
		select {
		case <-limit:
			t.Fatalf("the new key is not accepted:\n%s", p.output)
		case <-time.After(5 * time.Millisecond):
		}
	}
	if status, _ := p.withKey(t, http.MethodGet, "/api/v1/stats", "old", ""); status != http.StatusUnauthorized {
		t.Errorf("the old key: %d, want 401", status)
	}
	if got := p.status(t, syscall.SIGTERM); got != 0 {
		t.Errorf("exit status %d, want 0", got)
	}
}

// TestConfigFile has a server started by a configuration file, and by files that are no good.
func TestConfigFile(t *testing.T) {
	t.Parallel()
	const (
		hour = 3600
		none = -1
	)
	defaults := map[string]int{"short": 6 * hour, "mid": 168 * hour, "long": none}
	for name, test := range map[string]struct {
		text   string
		want   map[string]int // seconds that a memory of a tier lives
		db     string
		stderr string // a line begins like this
	}{
		"empty": {"", defaults, "ai-memory.db", "ai-memory: loaded config from "},
		"recorded": {
			"tier = \"keyword\"\ndb = \"cfg.db\"\narchive_on_gc = false\n[ttl]\nshort_ttl_secs = 7200\nmid_ttl_secs = 10800\nlong_ttl_secs = 36000\nmid_extend_secs = 18000\n",
			map[string]int{"short": 2 * hour, "mid": 3 * hour, "long": 10 * hour}, "cfg.db", "ai-memory: loaded config from ",
		},
		"endless and too long": {
			"archive_max_days = 3\n[ttl]\nshort_ttl_secs = 0\nmid_ttl_secs = -5\nlong_ttl_secs = 9223372036854775807\nshort_extend_secs = -1\n",
			map[string]int{"short": none, "mid": none, "long": 10 * 365 * 24 * hour}, "ai-memory.db", "ai-memory: loaded config from ",
		},
		"broken":     {"tier = [broken\ndb = \"cfg.db\"\n", defaults, "ai-memory.db", "ai-memory: config "},
		"wrong type": {"db = \"cfg.db\"\n[ttl]\nshort_ttl_secs = \"soon\"\n", defaults, "ai-memory.db", "ai-memory: config "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := configured(t, test.text, "serve")
			p := run(t, cmd)
			got := map[string]int{}
			for tier := range test.want {
				_, created := p.withKey(t, http.MethodPost, "/api/v1/memories", "", fmt.Sprintf(`{"title":"t %s","content":"c","tier":%q}`, tier, tier))
				_, read := p.withKey(t, http.MethodGet, fmt.Sprint("/api/v1/memories/", created["id"]), "", "")
				m, ok := read["memory"].(map[string]any)
				if !ok {
					t.Fatalf("%s: %v, %v", tier, created, read)
				}
				got[tier] = none
				if text, expires := m["expires_at"].(string); expires {
					end, err := time.Parse(time.RFC3339Nano, text)
					begin, err2 := time.Parse(time.RFC3339Nano, m["created_at"].(string))
					if err != nil || err2 != nil {
						t.Fatal(err, err2)
					}
					got[tier] = int(end.Sub(begin).Seconds())
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("lifetimes in seconds (-want +got):\n%s", diff)
			}
			if _, err := os.Stat(filepath.Join(cmd.Dir, test.db)); err != nil {
				t.Errorf("the database: %v", err)
			}
			if !strings.Contains(p.output.String(), test.stderr+cmd.Dir) {
				t.Errorf("no line %q in\n%s", test.stderr, p.output)
			}
		})
	}
}

// TestAccessUsage calls serve wrongly and in vain; what was a secret is in no message.
func TestAccessUsage(t *testing.T) {
	t.Parallel()
	const broken = "tier = \"keyword\"\napi_key = s3cret\n"
	for name, test := range map[string]struct {
		config string
		args   []string
		status int
		stderr string // a line begins like this
	}{
		"certificate alone":          {"", []string{"--tls-cert", "x"}, 2, "error: tls-cert and tls-key are only of use together"},
		"key alone":                  {"", []string{"--tls-key", "x"}, 2, "error: tls-cert and tls-key are only of use together"},
		"allowlist alone":            {"", []string{"--mtls-allowlist", "x"}, 2, "error: mtls-allowlist needs tls-cert and tls-key"},
		"client certificate alone":   {"", []string{"--quorum-client-cert", "x"}, 2, "error: quorum-client-cert and quorum-client-key"},
		"client key alone":           {"", []string{"--quorum-client-key", "x"}, 2, "error: quorum-client-cert and quorum-client-key"},
		"empty certificate":          {"", []string{"--tls-cert", "", "--tls-key", ""}, 2, "error: --tls-cert is empty"},
		"empty allowlist path":       {"", []string{"--mtls-allowlist", ""}, 2, "error: --mtls-allowlist is empty"},
		"empty key":                  {"", []string{"--api-key", ""}, 2, "error: an API key must be printable ASCII"},
		"empty key file path":        {"", []string{"--api-key-file", ""}, 2, "error: --api-key-file is empty"},
		"key of two words":           {"", []string{"--api-key", "s3cret s3cret"}, 2, "error: an API key must be printable ASCII"},
		"no such key file":           {"", []string{"--api-key-file", "missing"}, 1, "Error: failed to read the API keys: open missing"},
		"no such certificate":        {"", []string{"--tls-cert", "missing", "--tls-key", "missing"}, 1, "Error: failed to load the TLS certificate missing"},
		"no such client certificate": {"", []string{"--quorum-client-cert", "missing", "--quorum-client-key", "missing"}, 1, "Error: failed to load the quorum client certificate missing"},
		"no such authority":          {"", []string{"--quorum-ca", "missing"}, 1, "Error: failed to read the peers' authority"},
		"an API key that is not known": {broken, nil, 1,
			"Error: $HOME/.config/ai-memory/config.toml may hold an api_key and cannot be read: line 2, at or after the key api_key, is not what it should be"},
		"an API key that is a number": {"api_key = 20240101\n", nil, 1, "Error: $HOME/.config/ai-memory/config.toml may hold an api_key and cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := configured(t, test.config, append([]string{"serve", "--host", "127.0.0.1", "--port", "0"}, test.args...)...)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if got := exitStatus(t, cmd.Run()); got != test.status {
				t.Errorf("exit status %d, want %d", got, test.status)
			}
			want := strings.ReplaceAll(test.stderr, "$HOME", cmd.Dir)
			if !strings.Contains("\n"+out.String(), "\n"+want) {
				t.Errorf("no line %q in\n%s", want, out.String())
			}
			for _, secret := range []string{"s3cret", "20240101"} {
				if strings.Contains(out.String(), secret) {
					t.Errorf("the key is printed:\n%s", out.String())
				}
			}
		})
	}
}

// TestConfigOutOfReach has a configuration file that cannot be opened: it may hold a key, so the
// server does not start without one.
func TestConfigOutOfReach(t *testing.T) {
	t.Parallel()
	cmd := configured(t, "", "serve", "--host", "127.0.0.1", "--port", "0")
	path := filepath.Join(cmd.Dir, ".config", "ai-memory", "config.toml")
	if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if got := exitStatus(t, err); got != 1 || !strings.Contains(string(out), "may hold an api_key and cannot be read") {
		t.Errorf("exit status %d\n%s", got, out)
	}
}

// TestHelp names every flag, and no key.
func TestHelp(t *testing.T) {
	t.Parallel()
	cmd := configured(t, "", "serve", "--help")
	cmd.Env = append(cmd.Env, "AI_MEMORY_API_KEY=s3cret")
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"--db", "--host", "--port", "--shutdown-grace-secs", "--api-key-file", "--api-key", "--tls-cert", "--tls-key", "--mtls-allowlist",
		"--quorum-writes", "--quorum-peers", "--quorum-timeout-ms", "--quorum-client-cert", "--quorum-client-key", "--quorum-ca",
		"--webhook-allow-loopback", "AI_MEMORY_API_KEY",
	} {
		if !strings.Contains(string(text), name) {
			t.Errorf("no %s in\n%s", name, text)
		}
	}
	if strings.Contains(string(text), "s3cret") {
		t.Errorf("the key is printed:\n%s", text)
	}
}
