package contract

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// operator is somebody at a shell, who replays one scenario in a folder of their own.
type operator struct {
	t     *testing.T // the scenario's
	dir   string
	ids   bindings
	mcp   *conversation
	procs map[string]*exec.Cmd
	port  string // of the model
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	o := &operator{t: t, dir: t.TempDir(), ids: bindings{}, procs: map[string]*exec.Cmd{}}
	for _, sub := range []string{"work", "home"} {
		if err := os.Mkdir(filepath.Join(o.dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// value is a text with what was captured in place of its {$name}.
func (o *operator) value(t *testing.T, text string) string {
	t.Helper()
	return regexp.MustCompile(`\{\$(\w+)(:8)?\}`).ReplaceAllStringFunc(text, func(found string) string {
		name, cut := strings.CutSuffix(strings.Trim(found, "{$}"), ":8")
		value, known := o.ids[name], true
		switch name {
		case "DIR":
			value = o.dir
		case "PORT":
			value = o.port
		default:
			_, known = o.ids[name]
		}
		if !known {
			t.Fatalf("nothing was captured as %s", name)
		}
		if cut {
			return value[:8]
		}
		return value
	})
}

// command is the program in the scenario's folder, with its environment.
func (o *operator) command(ctx context.Context, t *testing.T, s step) *exec.Cmd {
	t.Helper()
	var args []string
	for _, arg := range s.Argv {
		args = append(args, o.value(t, arg))
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = filepath.Join(o.dir, "work")
	set := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": filepath.Join(o.dir, "home"), "AI_MEMORY_NO_CONFIG": "1", "AI_MEMORY_DB": filepath.Join(o.dir, "m.db"),
	}
	for name, value := range s.Env {
		delete(set, name)
		if value != nil {
			set[name] = *value
		}
	}
	for name, value := range set {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

func (o *operator) play(t *testing.T, s step) {
	t.Helper()
	switch s.Kind {
	case "cli":
		o.run(t, s)
	case "mcp_open":
		o.mcp = converse(o.t, o.command(context.Background(), t, s))
	case "mcp":
		o.say(t, s)
	case "mcp_close":
		if got := o.mcp.close(t); got != *s.Exit {
			t.Errorf("exit code %d at the end of the input, want %d\n%s", got, *s.Exit, o.mcp.complaints.String())
		}
	case "file":
		path := filepath.Join(o.dir, s.Path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(o.value(t, s.Content)), 0o600)); err != nil {
			t.Fatal(err)
		}
	case "ls":
		o.list(t, s)
	case "jsonfile":
		o.readFile(t, s)
	case "sleep":
		<-time.After(time.Duration(s.Seconds * float64(time.Second))) // what follows is another second's
	case "start":
		o.start(t, s)
	case "stop":
		o.stop(t, s)
	case "model":
		o.port = fixedModel(o.t)
	default:
		t.Fatalf("no one knows how to play a %q", s.Kind)
	}
}

// run runs a command to its end and compares what it did.
func (o *operator) run(t *testing.T, s step) {
	t.Helper()
	cmd := o.command(t.Context(), t, s)
	cmd.Stdin = strings.NewReader(o.value(t, s.Stdin))
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	o.capture(t, s.Capture, out.String())
	for _, wrong := range o.judge(s, cmd.ProcessState.ExitCode(), out.String(), complaints.String()) {
		t.Error(wrong)
	}
	if t.Failed() {
		t.Logf("%q\nstdout: %s\nstderr: %s", cmd.Args[1:], out.String(), complaints.String())
	}
}

// judge tells how what a command did differs from what was recorded.
func (o *operator) judge(s step, exit int, out, complaints string) (wrong []string) {
	if exit != *s.Exit {
		wrong = append(wrong, fmt.Sprintf("exit code %d, want %d", exit, *s.Exit))
	}
	for _, word := range s.Match {
		if !strings.Contains(strings.ToLower(out+complaints), strings.ToLower(o.known(word))) {
			wrong = append(wrong, fmt.Sprintf("no %q in what it printed", word))
		}
	}
	prose, _ := s.Stdout.([]any)
	if len(prose) != 1 || prose[0] != "(prose, only the key words count)" {
		wrong = append(wrong, o.judgeOutput(s, out)...)
	}
	lines := notBlank(complaints)
	if s.Stderr != "" && len(s.Match) == 0 {
		if len(lines) == 0 {
			lines = []string{""}
		}
		if d := matchText(o.literal(s.Stderr), lines[0], o.ids); d != "" {
			wrong = append(wrong, "stderr: "+d)
		}
	}
	if s.StderrAll != nil {
		wrong = append(wrong, o.judgeLines("stderr", s.StderrAll, lines)...)
	}
	return wrong
}

func (o *operator) judgeOutput(s step, out string) []string {
	switch want := s.Stdout.(type) {
	case map[string]any:
		var got any
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			return []string{fmt.Sprintf("stdout %q is no JSON: %v", out, err)}
		}
		var wrong []string
		switch {
		case s.OneLine && compacted(out)+"\n" != out:
			wrong = append(wrong, fmt.Sprintf("stdout %q, want one compact line", out))
		case !s.OneLine && strings.Count(out, "\n") < 2:
			wrong = append(wrong, fmt.Sprintf("stdout %q, want an indented object", out))
		}
		return append(wrong, matchValue("stdout", o.literals(s.wanted(want, got)), got, o.ids)...)
	case []any:
		var lines []string
		for _, line := range want {
			lines = append(lines, line.(string))
		}
		return o.judgeLines("stdout", lines, notBlank(out))
	}
	return nil
}

// wanted is what a result is to be: with what it has where that does not count.
func (s step) wanted(want map[string]any, got any) map[string]any {
	object, is := got.(map[string]any)
	if !is {
		return want
	}
	for key, value := range object {
		_, there := want[key]
		if slices.Contains(s.Ignore, key) || s.ExtraOK && !there {
			want[key] = value
		}
	}
	return want
}

func compacted(text string) string {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (o *operator) judgeLines(what string, want, got []string) (wrong []string) {
	if len(want) != len(got) {
		return []string{fmt.Sprintf("%s: %d lines %q, want %d: %q", what, len(got), got, len(want), want)}
	}
	for i := range want {
		if d := matchText(o.literal(want[i]), got[i], o.ids); d != "" {
			wrong = append(wrong, what+": "+d)
		}
	}
	return wrong
}

func notBlank(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \r\n"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// known is a recorded text with the ids that are known in place of their placeholders.
func (o *operator) known(text string) string {
	for name, id := range o.ids {
		if len(id) >= 8 {
			text = strings.NewReplacer("<"+name+">", id, "<"+name+":8>", id[:8]).Replace(text)
		}
	}
	return o.literal(text)
}

// literal is a recorded text with the scenario's folder in place.
func (o *operator) literal(text string) string { return strings.ReplaceAll(text, "{DIR}", o.dir) }

func (o *operator) literals(v any) any {
	switch v := v.(type) {
	case string:
		return o.literal(v)
	case map[string]any:
		for key, inner := range v {
			v[key] = o.literals(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = o.literals(inner)
		}
	}
	return v
}

// capture keeps parts of a result by name: of a path in its JSON, or of a pattern in its text.
func (o *operator) capture(t *testing.T, names map[string]string, out string) {
	t.Helper()
	for name, where := range names {
		if pattern, is := strings.CutPrefix(where, "re:"); is {
			if found := regexp.MustCompile(pattern).FindStringSubmatch(out); found != nil {
				o.ids[name] = found[1]
			}
			continue
		}
		var value any
		if err := json.Unmarshal([]byte(out), &value); err != nil {
			t.Errorf("nothing to capture as %s in %q", name, out)
			continue
		}
		for part := range strings.SplitSeq(where, ".") {
			switch inner := value.(type) {
			case map[string]any:
				value = inner[part]
			case []any:
				if i, err := strconv.Atoi(part); err == nil && i < len(inner) {
					value = inner[i]
				}
			}
		}
		o.ids[name], _ = value.(string)
	}
}

func (o *operator) list(t *testing.T, s step) {
	t.Helper()
	pattern := s.Glob
	if pattern == "" {
		pattern = "*"
	}
	found, err := filepath.Glob(filepath.Join(o.dir, s.Path, pattern))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, path := range found {
		got = append(got, filepath.Base(path))
	}
	for _, wrong := range o.judgeLines("files", s.Files, got) {
		t.Error(wrong)
	}
}

func (o *operator) readFile(t *testing.T, s step) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(o.dir, s.Path))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v of %s, %v; want one", found, s.Path, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range matchValue(s.Path, o.literals(s.Result), got, o.ids) {
		t.Error(wrong)
	}
}

// start runs a command that goes on until stop.
func (o *operator) start(t *testing.T, s step) {
	t.Helper()
	cmd := o.command(context.Background(), t, s)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o.procs[s.Proc] = cmd
	o.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
}

// stop interrupts it once it has opened the database.
func (o *operator) stop(t *testing.T, s step) {
	t.Helper()
	cmd := o.procs[s.Proc]
	within(t, 20*time.Second, "it has its database open", func() bool {
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", cmd.Process.Pid))
		if err != nil {
			return false
		}
		for _, fd := range open {
			path, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", cmd.Process.Pid, fd.Name()))
			if path == filepath.Join(o.dir, "m.db") {
				return true
			}
		}
		return false
	})
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != *s.Exit {
		t.Errorf("exit code %d after SIGINT, want %d", got, *s.Exit)
	}
}

// conversation is an MCP server on pipes.
type conversation struct {
	cmd        *exec.Cmd
	in         io.WriteCloser
	answers    chan string // a line each
	complaints bytes.Buffer
	probes     int
}

func converse(t *testing.T, cmd *exec.Cmd) *conversation {
	t.Helper()
	c := &conversation{cmd: cmd, answers: make(chan string, 16)}
	cmd.Stderr = &c.complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.in = in
	go func() {
		defer close(c.answers)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			c.answers <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			c.close(t)
		}
	})
	return c
}

// ask sends a line and returns the next answer.
func (c *conversation) ask(t *testing.T, line string) string {
	t.Helper()
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		t.Fatalf("%v\n%s", err, c.complaints.String())
	}
	select {
	case answer, more := <-c.answers:
		if !more {
			t.Fatal("the server has ended")
		}
		return answer
	case <-time.After(10 * time.Second):
		t.Fatalf("no answer to %s within 10 s", line)
	}
	return ""
}

// close ends the input and returns the exit code.
func (c *conversation) close(t *testing.T) int {
	t.Helper()
	_ = c.in.Close()
	for answer := range c.answers {
		t.Errorf("an answer that nobody asked for: %s", answer)
	}
	_ = c.cmd.Wait()
	return c.cmd.ProcessState.ExitCode()
}

// say sends a line of MCP and compares the answer.
func (o *operator) say(t *testing.T, s step) {
	t.Helper()
	if s.NoReply { // what answers next must be the answer to something else
		o.mcp.probes++
		probe := fmt.Sprintf("probe-%d", o.mcp.probes)
		answer := o.mcp.ask(t, o.value(t, s.Request)+"\n"+`{"jsonrpc":"2.0","id":"`+probe+`","method":"ping"}`)
		if wrong := matchAnswer(map[string]any{"jsonrpc": "2.0", "id": probe, "result": map[string]any{}}, answer, o.ids); wrong != nil {
			t.Errorf("answer %s, want none", answer)
		}
		return
	}
	line := o.mcp.ask(t, o.value(t, s.Request))
	for _, wrong := range o.judgeAnswer(t, s, line) {
		t.Error(wrong)
	}
	if t.Failed() {
		t.Logf("request: %s\nanswer:  %s", s.Request, line)
	}
}

// judgeAnswer tells how a line of MCP differs from what was recorded.
func (o *operator) judgeAnswer(t *testing.T, s step, line string) []string {
	t.Helper()
	var got any
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		return []string{fmt.Sprintf("answer %q: %v", line, err)}
	}
	got = summed(s, got)
	if text := toolText(got); text != "" {
		o.capture(t, s.Capture, text)
	}
	return matchValue("", o.literals(unfolded(got, s.Response)), got, o.ids)
}

// matchAnswer tells how a line differs from a JSON value.
func matchAnswer(want any, line string, b bindings) []string {
	var got any
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		return []string{err.Error()}
	}
	return matchValue("", want, got, b)
}

func content(v any) map[string]any {
	answer, _ := v.(map[string]any)
	result, _ := answer["result"].(map[string]any)
	list, _ := result["content"].([]any)
	if len(list) == 0 {
		return nil
	}
	first, _ := list[0].(map[string]any)
	return first
}

func toolText(v any) string {
	text, _ := content(v)["text"].(string)
	return text
}

// unfolded is what is wanted; where that is the JSON in a text of the answer, the answer's text is parsed.
func unfolded(got, want any) any {
	text, is := content(want)["text"].(map[string]any)
	if !is {
		return want
	}
	var parsed any
	if json.Unmarshal([]byte(toolText(got)), &parsed) == nil {
		content(got)["text"] = map[string]any{"json": parsed}
	}
	_ = text
	return want
}

// summed is an answer as the recording sums it up: lists of tools and prompts, and texts of prompts.
func summed(s step, got any) any {
	answer, _ := got.(map[string]any)
	result, _ := answer["result"].(map[string]any)
	want, _ := s.Response.(map[string]any)
	wanted, _ := want["result"].(map[string]any)
	switch {
	case wanted["all_described"] != nil:
		tools, described := map[string]any{}, true
		list, _ := result["tools"].([]any)
		for _, entry := range list {
			tool, _ := entry.(map[string]any)
			text, _ := tool["description"].(string)
			described = described && text != ""
			name, _ := tool["name"].(string)
			tools[name] = bare(tool["inputSchema"])
		}
		answer["result"] = map[string]any{"all_described": described, "count": float64(len(list)), "tools": tools}
	case wanted["prompts"] != nil:
		mentioned(result["prompts"])
	case wanted["messages"] != nil:
		messages, _ := result["messages"].([]any)
		for _, m := range messages {
			message, _ := m.(map[string]any)
			content, _ := message["content"].(map[string]any)
			text, _ := content["text"].(string)
			content["names_tools"] = strings.Contains(text, "memory_")
			content["names_namespace"] = strings.Contains(text, "zebra-ns")
			content["text"] = "text"
		}
	}
	return got
}

// mentioned has true in place of each description that says something.
func mentioned(v any) {
	switch v := v.(type) {
	case map[string]any:
		if text, is := v["description"].(string); is {
			v["description"] = text != ""
		}
		for _, inner := range v {
			mentioned(inner)
		}
	case []any:
		for _, inner := range v {
			mentioned(inner)
		}
	}
}

// bare is a schema without the descriptions of its parts.
func bare(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if _, text := v["description"].(string); text {
			delete(v, "description")
		}
		for key, inner := range v {
			v[key] = bare(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = bare(inner)
		}
	}
	return v
}
