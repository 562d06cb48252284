package contract

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// exchange is a line of testdata/recorded.jsonl: a request to ai-memory 0.6.0 and its answer, or
// a fact that was observed.
type exchange struct {
	Scenario string
	Step     string
	Before   []string
	Request  struct {
		Method   string
		Path     string
		Node     int
		Headers  map[string]string
		Without  []string
		Body     any
		BodyText *string `json:"body_text"`
		BodyIs   string  `json:"body_is"`
		Observed string
	}
	Status      int
	ContentType string `json:"content_type"`
	Headers     map[string]*string
	Body        any
	BodyMeans   string `json:"body_means"`
	Note        string
}

func (e *exchange) name() string { return e.Scenario + "/" + e.Step }

// recorded reads the exchanges by scenario.
func recorded(t *testing.T) map[string][]exchange {
	t.Helper()
	text, err := os.ReadFile("testdata/recorded.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]exchange{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e exchange
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		found[e.Scenario] = append(found[e.Scenario], e)
	}
	return found
}

// TestRecordedExchanges replays what the original was seen to do, every line of it. Where the
// recording carries a defect, the list of deviations says what is wanted instead.
func TestRecordedExchanges(t *testing.T) {
	t.Parallel()
	deviations, used, ran := deviations(), map[string]bool{}, map[string]bool{}
	scenarios := recorded(t)
	for _, name := range slices.Sorted(maps.Keys(scenarios)) {
		t.Run(name, func(t *testing.T) {
			p := newPlayer(t, name)
			ran[name] = true
			for _, e := range scenarios[name] {
				if deviate := deviations[e.name()]; deviate != nil {
					deviate(&e)
					used[e.name()] = true
				} else if e.Note != "" && strings.HasPrefix(e.Note, "known defect") {
					t.Errorf("%s: the recording has a defect, and nothing says what is wanted instead: %s", e.Step, e.Note)
				}
				t.Run(e.Step, func(t *testing.T) { p.play(t, e) })
			}
		})
	}
	for step := range deviations {
		if scenario, _, _ := strings.Cut(step, "/"); ran[scenario] && !used[step] {
			t.Errorf("the deviation %q belongs to no recorded exchange", step)
		}
	}
}

// player replays one scenario.
type player struct {
	t     *testing.T // the scenario's
	nodes []*node
	stubs []*stub
	ids   map[string]string // which id stands for which placeholder
	last  answer
}

func (p *player) play(t *testing.T, e exchange) {
	for _, what := range e.Before {
		p.before(t, what)
	}
	p.arrange(e.Step)
	if e.Request.Observed != "" {
		p.observe(t, e)
		return
	}
	n := p.nodes[e.Request.Node]
	path := e.Request.Path
	for name, id := range p.ids {
		path = strings.ReplaceAll(path, name, id)
	}
	headers := maps.Clone(e.Request.Headers)
	for _, name := range e.Request.Without {
		if headers == nil {
			headers = map[string]string{}
		}
		headers[name] = ""
	}
	body := requestBody(t, e)
	call := func() answer { return n.call(t, e.Request.Method, path, body, headers) }
	if e.Request.Method == http.MethodGet && (len(e.Before) > 0 || eventual(e)) {
		// What is recorded after a pause is waited for here, not slept for.
		within(t, 20*time.Second, fmt.Sprintf("%s is answered %v", path, e.Body), func() bool {
			a := call()
			return a.status == e.Status && cmp.Equal(e.Body, p.withPlaceholders(e.Body, p.reading(t, e, a)))
		})
	}
	a := call()
	p.last = a
	if a.status != e.Status {
		t.Fatalf("status %d (%s), want %d", a.status, a.body, e.Status)
	}
	checkHeaders(t, e, a)
	if diff := cmp.Diff(e.Body, p.withPlaceholders(e.Body, p.reading(t, e, a))); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

// eventual tells whether an exchange shows what another node did: it takes a moment.
func eventual(e exchange) bool {
	return e.Request.Node > 0 || strings.HasPrefix(e.Scenario, "quorum_coordinator") || e.Scenario == "sync_daemon" ||
		e.Step == "others are served while a write waits for its quorum"
}

func requestBody(t *testing.T, e exchange) []byte {
	t.Helper()
	switch {
	case e.Request.BodyText != nil:
		return []byte(*e.Request.BodyText)
	case e.Request.BodyIs == "the same padded to 2097153 bytes":
		text := []byte(`{"title":"t","content":"c"}`)
		return append(text, bytes.Repeat([]byte(" "), 2<<20+1-len(text))...)
	case e.Request.BodyIs != "":
		t.Fatalf("no one knows how to make %q", e.Request.BodyIs)
	case e.Request.Body == nil:
		return nil
	}
	text, err := json.Marshal(repeated(e.Request.Body))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// repeated spells out {"$repeat":[s,n]}.
func repeated(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if r, is := v["$repeat"].([]any); is {
			return strings.Repeat(r[0].(string), int(r[1].(float64)))
		}
		for key, inner := range v {
			v[key] = repeated(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = repeated(inner)
		}
	}
	return v
}

func checkHeaders(t *testing.T, e exchange, a answer) {
	t.Helper()
	got, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	if got != e.ContentType {
		t.Errorf("content type %q, want %q", got, e.ContentType)
	}
	for name, want := range e.Headers {
		values, there := a.header[http.CanonicalHeaderKey(name)]
		switch {
		case want == nil && there:
			t.Errorf("header %s is %q, want none", name, values)
		case want != nil && (!there || values[0] != *want):
			t.Errorf("header %s is %q, want %q", name, values, *want)
		}
	}
}

var (
	nowPlaceholder = regexp.MustCompile(`^<now(?:\+(\d+)s)?>$`)
	hexPlaceholder = regexp.MustCompile(`^[0-9a-f]{8}$`)
)

// withPlaceholders puts a wanted placeholder where what was got fits it.
func (p *player) withPlaceholders(want, got any) any {
	switch want := want.(type) {
	case map[string]any:
		if got, is := got.(map[string]any); is {
			for key, inner := range want {
				if value, there := got[key]; there {
					got[key] = p.withPlaceholders(inner, value)
				}
			}
		}
	case []any:
		if got, is := got.([]any); is {
			for i := range min(len(want), len(got)) {
				got[i] = p.withPlaceholders(want[i], got[i])
			}
		}
	case string:
		if p.fits(want, got) {
			return want
		}
	}
	return got
}

func (p *player) fits(want string, got any) bool {
	text, isText := got.(string)
	n, isNumber := got.(float64)
	switch {
	case want == "<size>", want == "<score>":
		return isNumber && n >= 0
	case !isText:
		return false
	case want == "<word>":
		return regexp.MustCompile(`^[a-z_]+$`).MatchString(text)
	case strings.HasPrefix(want, "<json text>"):
		var inner, wanted any
		return json.Unmarshal([]byte(text), &inner) == nil &&
			json.Unmarshal([]byte(strings.TrimPrefix(want, "<json text>")), &wanted) == nil &&
			cmp.Equal(wanted, p.withPlaceholders(wanted, inner))
	case strings.HasPrefix(want, "<id:"):
		if p.ids[want] == "" && len(text) == 36 {
			p.ids[want] = text
		}
		return p.ids[want] == text
	case strings.HasSuffix(want, "<hostname>"):
		return strings.HasPrefix(text, strings.TrimSuffix(want, "<hostname>"))
	case strings.HasSuffix(want, "<hex8>"):
		head := strings.TrimSuffix(want, "<hex8>")
		return strings.HasPrefix(text, head) && hexPlaceholder.MatchString(text[len(head):])
	case strings.HasSuffix(want, "<detail>"):
		return strings.HasPrefix(text, strings.TrimSuffix(want, "<detail>"))
	case strings.Contains(want, " characters, sha256 "):
		return len(text) > 0
	}
	if m := nowPlaceholder.FindStringSubmatch(want); m != nil {
		ahead, _ := strconv.Atoi("0" + m[1])
		at, err := time.Parse(time.RFC3339Nano, text)
		return err == nil && math.Abs(time.Until(at).Seconds()-float64(ahead)) < 60
	}
	return false
}
