package metrics_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chaosctl/metrics"
)

func encode(t testing.TB, f metrics.CycleFacts, h *metrics.History) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := metrics.EncodeHistory(&file, f, h); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// roundTrip wants a history back as it was, and the same bytes of what came back.
func roundTrip(t testing.TB, f metrics.CycleFacts, h *metrics.History) {
	t.Helper()
	file := encode(t, f, h)
	gotFacts, got, err := metrics.DecodeHistory(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(f, gotFacts, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("facts (-want +got):\n%s", d)
	}
	if d := cmp.Diff(*h, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("history (-want +got):\n%s", d)
	}
	if again := encode(t, gotFacts, &got); !bytes.Equal(file, again) {
		t.Fatal("the history that was read gives other bytes")
	}
}

// arbitrary is a history of anything, likely or not.
func arbitrary(r *rand.Rand) *metrics.History {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	number := func() int { return []int{0, 0, 1, -1, 7, 201, 503, 1 << 40}[r.IntN(8)] }
	at := func() time.Duration {
		return []time.Duration{metrics.Never, 0, time.Duration(r.Int64()), -time.Duration(r.Int64()), time.Duration(r.IntN(1e9))}[r.IntN(5)]
	}
	text := func() string {
		return pick("", "a", "c1-w1", "c1-w2", "\xff\xfe", "\u2028<&>\"\\\n\x00", "日本", fmt.Sprint(r.IntN(99)), "\xff\xfe")
	}
	h := arbitraryEvents(r, text, at)
	for range r.IntN(40) {
		h.Operations = append(h.Operations, metrics.Operation{
			Index: number(), Process: number(), Node: number(), Kind: metrics.OpKind(r.IntN(3)), Namespace: text(), Key: text(),
			Hash: text(), Scheduled: at(), Invoked: at(), Sent: at(), Returned: at(), Outcome: metrics.Outcome(r.IntN(3)),
			Code: number(), ID: text(), Acks: number(), Error: text(),
		})
	}
	for range r.IntN(12) {
		o := metrics.Observation{
			Node: number(), Stage: metrics.Stage(pick("start", "load", "final", "another")), Namespace: text(), Began: at(), Ended: at(),
			Pages: number(), PageSize: number(), Error: text(),
		}
		if n := len(h.Observations); n > 0 && r.IntN(3) == 0 {
			o.Rows = h.Observations[r.IntN(n)].Rows
		} else {
			for range r.IntN(20) {
				o.Rows = append(o.Rows, metrics.Row{Key: text(), ID: text(), Hash: text()})
			}
		}
		h.Observations = append(h.Observations, o)
	}
	return h
}

// arbitraryEvents is a history without operations and observations.
func arbitraryEvents(r *rand.Rand, text func() string, at func() time.Duration) *metrics.History {
	valid := func() string { return strings.ToValidUTF8(text(), "?") }
	yes := func() bool { return r.IntN(2) == 0 }
	h := &metrics.History{
		Question:  metrics.Question{Nodes: r.IntN(5), Workload: valid(), Threshold: r.Float64(), SettleLimit: at(), Promises: metrics.Promises{Durable: yes(), Linearizable: yes()}},
		Namespace: valid(), Interrupted: yes(),
	}
	for range r.IntN(3) {
		h.Others = append(h.Others, valid())
		h.Windows = append(h.Windows, metrics.Window{
			ID: valid(), Fault: valid(), Nodes: []int{0, 2}, Killed: yes(), Isolated: []int{r.IntN(3)}, Asked: at(), Began: at(),
			Active: at(), HealBegan: at(), Healed: at(), Effective: yes(), Facts: map[string]int64{valid(): r.Int64()}, Why: valid(),
		})
		h.Exits = append(h.Exits, metrics.Exit{Node: r.IntN(3), At: at(), Ours: yes(), Status: valid()})
		h.Rejoins = append(h.Rejoins, metrics.Rejoin{Node: r.IntN(3), At: at()})
		h.Stages = append(h.Stages, metrics.StageSpan{Name: valid(), Began: at(), Ended: at()})
		h.Integrity = append(h.Integrity, metrics.IntegrityCheck{Node: r.IntN(3), OK: yes(), Detail: valid()})
		h.Panics = append(h.Panics, metrics.LogFinding{Node: r.IntN(3), Line: valid()})
		h.Errors = append(h.Errors, valid())
	}
	return h
}

func TestHistoriesComeBackAsTheyWere(t *testing.T) {
	roundTrip(t, metrics.CycleFacts{}, &metrics.History{})
	roundTrip(t, facts(), partitioned())
	roundTrip(t, facts(), restarted())
	for seed := range uint64(300) {
		roundTrip(t, facts(), arbitrary(rand.New(rand.NewPCG(seed, 4))))
	}
}

func TestLongHistoriesComeBackAsTheyWere(t *testing.T) {
	h := long(3 * 4096)
	roundTrip(t, facts(), h)
	if got := len(encode(t, facts(), h)); got > 3*4096*60 {
		t.Errorf("%d bytes for 12288 operations", got)
	}
}

// long is a cycle of n acknowledged writes that every node holds, each in an order of its own.
func long(n int) *metrics.History {
	h := partitioned()
	h.Question.Writes, h.Operations, h.Observations = n, nil, h.Observations[:3]
	rows := make([]metrics.Row, n)
	for i := range n {
		o := op(i, 0, time.Duration(i)*ms, metrics.OK, 201)
		o.ID = metrics.ContentHash("id" + o.Key)[:32]
		h.Operations = append(h.Operations, o)
		rows[i] = metrics.Row{Key: o.Key, ID: o.ID, Hash: o.Hash}
	}
	for _, stage := range []metrics.Stage{metrics.AtSettleA, metrics.AtFinal} {
		for node := range 3 {
			o := read(stage, node, time.Duration(n)*ms)
			o.Rows, o.Pages = rows, n/200
			h.Observations = append(h.Observations, o)
		}
	}
	return h
}

// A torn history gives an error at whatever byte it ends, and nothing to judge.
func TestTornHistories(t *testing.T) {
	file := encode(t, facts(), partitioned())
	for n := range len(file) {
		f, h, err := metrics.DecodeHistory(bytes.NewReader(file[:n]))
		if !errors.Is(err, metrics.ErrTornHistory) {
			t.Fatalf("%d of %d bytes: %v", n, len(file), err)
		}
		diff(t, metrics.CycleFacts{}, f)
		diff(t, metrics.History{}, h)
	}
}

// Whatever byte is damaged, the checksum or what comes before it tells.
func TestDamagedHistories(t *testing.T) {
	const gzipHeader = 10 // holds a time and a system that mean nothing
	file := encode(t, facts(), partitioned())
	for i := gzipHeader; i < len(file); i++ {
		damaged := bytes.Clone(file)
		damaged[i] ^= 0x10
		_, h, err := metrics.DecodeHistory(bytes.NewReader(damaged))
		if err == nil { // a bit that only fills a byte
			diff(t, "", cmp.Diff(*partitioned(), h, cmpopts.EquateEmpty()))
			continue
		}
		if !errors.Is(err, metrics.ErrTornHistory) && !errors.Is(err, metrics.ErrBadHistory) && !errors.Is(err, metrics.ErrHistorySchema) {
			t.Fatalf("byte %d: %v", i, err)
		}
		diff(t, metrics.History{}, h)
	}
}

// written compresses lines.
func written(t testing.TB, lines string) []byte {
	t.Helper()
	var file bytes.Buffer
	zip := gzip.NewWriter(&file)
	if _, err := zip.Write([]byte(lines)); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestHistoriesThatAreNone(t *testing.T) {
	const header = `{"schema":"chaosctl-history/1","operations":2,"observations":1}` + "\n"
	for name, test := range map[string]struct {
		lines string
		want  error
	}{
		"nothing":              {``, metrics.ErrTornHistory},
		"a record":             {`{"cycle":1}`, metrics.ErrHistorySchema},
		"a newer schema":       {`{"schema":"chaosctl-history/2"}`, metrics.ErrHistorySchema},
		"no JSON":              {`schema`, metrics.ErrBadHistory},
		"another shape":        {`{"schema":7}`, metrics.ErrBadHistory},
		"lines missing":        {header, metrics.ErrTornHistory},
		"operations missing":   {header + `{"observations":{"n":1}}`, metrics.ErrTornHistory},
		"half a line":          {header + `{"operations":{"n"`, metrics.ErrTornHistory},
		"too many operations":  {header + `{"operations":{"n":3}}`, metrics.ErrBadHistory},
		"less than none":       {header + `{"operations":{"n":-1}}`, metrics.ErrBadHistory},
		"too many rows":        {header + `{"rows":{"n":9}}`, metrics.ErrBadHistory},
		"an unknown kind":      {header + `{"operations":{"n":2,"kind":[3]}}`, metrics.ErrBadHistory},
		"an unknown outcome":   {header + `{"operations":{"n":2,"outcome":[-1]}}`, metrics.ErrBadHistory},
		"an unknown text":      {header + `{"operations":{"n":2,"key":[1]}}`, metrics.ErrBadHistory},
		"an unknown list":      {header + `{"observations":{"n":1,"list":[1]}}`, metrics.ErrBadHistory},
		"a fraction":           {header + `{"operations":{"n":2,"code":[1.5]}}`, metrics.ErrBadHistory},
		"a number too large":   {header + `{"operations":{"n":2,"code":[9223372036854775808]}}`, metrics.ErrBadHistory},
		"no array":             {header + `{"operations":{"n":2,"code":7}}`, metrics.ErrBadHistory},
		"an array of words":    {header + `{"lists":[["a"]]}`, metrics.ErrBadHistory},
		"half a run":           {header + `{"lists":[[0]]}`, metrics.ErrBadHistory},
		"a run of nothing":     {header + `{"lists":[[0,1]]}`, metrics.ErrBadHistory},
		"a run from before":    {header + `{"text":["a"],"rows":{"n":1,"key":[1]},"lists":[[-1,1]]}`, metrics.ErrBadHistory},
		"an endless run":       {header + `{"text":["a"],"rows":{"n":1,"key":[1]},"lists":[[0,9223372036854775807]]}`, metrics.ErrBadHistory},
		"raw text in no place": {header + `{"raw":{"0":"/w=="}}`, metrics.ErrBadHistory},
	} {
		_, _, err := metrics.DecodeHistory(bytes.NewReader(written(t, test.lines)))
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	if _, _, err := metrics.DecodeHistory(strings.NewReader("chaos, not compressed")); !errors.Is(err, metrics.ErrBadHistory) {
		t.Errorf("plain text: %v", err)
	}
	garbage := append(encode(t, facts(), partitioned()), "more"...)
	if _, _, err := metrics.DecodeHistory(bytes.NewReader(garbage)); err == nil {
		t.Error("took garbage behind the end")
	}
	if _, _, err := metrics.DecodeHistory(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the reader's error is lost: %v", err)
	}
}

// unwritable fails after some bytes.
type unwritable struct{ room int }

func (u *unwritable) Write(p []byte) (int, error) {
	if u.room -= len(p); u.room < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestEncodeTellsThatWritingFailed(t *testing.T) {
	for _, room := range []int{0, 100, 600} {
		if err := metrics.EncodeHistory(&unwritable{room}, facts(), partitioned()); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
	}
}

// FuzzDecodeHistory: whatever lines are read, there is an error or a history that comes back as
// it was.
func FuzzDecodeHistory(f *testing.F) {
	for seed := range uint64(4) {
		zip, err := gzip.NewReader(bytes.NewReader(encode(f, facts(), arbitrary(rand.New(rand.NewPCG(seed, 5))))))
		if err != nil {
			f.Fatal(err)
		}
		lines, err := io.ReadAll(zip)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(lines))
	}
	f.Fuzz(func(t *testing.T, lines string) {
		facts, h, err := metrics.DecodeHistory(bytes.NewReader(written(t, lines)))
		if err != nil {
			diff(t, metrics.History{}, h)
			return
		}
		facts.StartedAt = facts.StartedAt.UTC()
		roundTrip(t, facts, &h)
	})
}
