package aimemory_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/cluster"
)

const patience = 5 * time.Second

// write writes once and counts how often the adapter said that it was sent.
func write(t *testing.T, timeout time.Duration, n cluster.NodeConfig) (cluster.Reply, int32) {
	t.Helper()
	var sent atomic.Int32
	reply := newAdapter(t, timeout).Write(t.Context(), n, cluster.Write{
		Namespace: "chaos-c1", Key: "key-1", Value: "value-1", Sent: func() { sent.Add(1) },
	})
	return reply, sent.Load()
}

func TestAnswersAreClassified(t *testing.T) {
	refusal := func(code int) cluster.Reply {
		return cluster.Reply{Answer: cluster.Refused, Code: code, Body: `{"error":"no"}`}
	}
	unknown := func(code int) cluster.Reply { return cluster.Reply{Code: code, Body: `{"error":"no"}`} }
	for _, tt := range []struct {
		code int
		body string
		want cluster.Reply
	}{
		{201, `{"id":"a","quorum_acks":2}`, cluster.Reply{Answer: cluster.Acknowledged, Code: 201, ID: "a", Acks: 2}},
		{201, `{"id":"a"}`, cluster.Reply{Answer: cluster.Acknowledged, Code: 201, ID: "a"}},
		{400, `{"error":"no"}`, refusal(400)},
		{401, `{"error":"no"}`, refusal(401)},
		{403, `{"error":"no"}`, refusal(403)},
		{409, `{"error":"no"}`, refusal(409)},
		{413, `{"error":"no"}`, refusal(413)},
		{415, `{"error":"no"}`, refusal(415)},
		{422, `{"error":"no"}`, refusal(422)},
		{200, `{"error":"no"}`, unknown(200)},
		{202, `{"error":"no"}`, unknown(202)},
		{302, `{"error":"no"}`, unknown(302)},
		{404, `{"error":"no"}`, unknown(404)},
		{405, `{"error":"no"}`, unknown(405)},
		{429, `{"error":"no"}`, unknown(429)},
		{500, `{"error":"no"}`, unknown(500)},
		{502, `{"error":"no"}`, unknown(502)},
		{503, `{"error":"no"}`, unknown(503)},
	} {
		t.Run(http.StatusText(tt.code), func(t *testing.T) {
			asked := 0
			reply, sent := write(t, patience, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tt.code)
				io.WriteString(w, tt.body)
			}))
			if diff := cmp.Diff(tt.want, reply); diff != "" {
				t.Errorf("reply (-want +got):\n%s", diff)
			}
			if sent != 1 || asked != 1 {
				t.Errorf("sent called %d times, server asked %d times, want once", sent, asked)
			}
		})
	}
}

func TestUnreadableAcknowledgementIsIndeterminate(t *testing.T) {
	for name, body := range map[string]string{
		"no id": `{"quorum_acks":2}`, "no JSON": `created`, "torn": `{"id":"a","quo`, "empty": ``, "id is a number": `{"id":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			reply, _ := write(t, patience, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusCreated)
				io.WriteString(w, body)
			}))
			if reply.Answer != cluster.Indeterminate || reply.Code != 201 || reply.Err == nil {
				t.Errorf("reply = %+v, want indeterminate with code and error", reply)
			}
		})
	}
}

func TestRefusalKeepsTheFirstKiB(t *testing.T) {
	reply, _ := write(t, patience, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, strings.Repeat("x", 3000))
	}))
	if len(reply.Body) != 1024 {
		t.Errorf("kept %d bytes, want 1024", len(reply.Body))
	}
}

func TestWriteSaysWhatTheContractWants(t *testing.T) {
	var got map[string]any
	write(t, patience, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/api/v1/memories" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("request = %s %s, %v", r.Method, r.URL, r.Header)
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
	}))
	want := map[string]any{
		"title": "key-1", "content": "value-1", "namespace": "chaos-c1", "source": "chaos", "tier": "long",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

// listen serves raw connections: handle gets each with the number of the connection.
func listen(t *testing.T, handle func(conn *net.TCPConn, number int)) cluster.NodeConfig {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for number := 0; ; number++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			handle(conn.(*net.TCPConn), number)
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	return nodeAt(t, listener.Addr().String())
}

// readRequest reads one request of a known size: as long as the body has not ended with "}".
func readRequest(conn net.Conn) bool {
	var request strings.Builder
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		request.Write(buffer[:n])
		if strings.HasSuffix(request.String(), "}") {
			return true
		}
		if err != nil {
			return false
		}
	}
}

const acknowledgement = "HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{\"id\":\"a\"}"

func TestBrokenConnections(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	silent := make(chan struct{})
	cases := map[string]struct {
		node cluster.NodeConfig
		want cluster.Answer
		sent int32
	}{
		"nobody listens": {nodeAt(t, closed.Addr().String()), cluster.Refused, 0},
		"end of file after sending": {listen(t, func(conn *net.TCPConn, _ int) {
			readRequest(conn)
		}), cluster.Indeterminate, 1},
		"reset after sending": {listen(t, func(conn *net.TCPConn, _ int) {
			readRequest(conn)
			conn.SetLinger(0)
		}), cluster.Indeterminate, 1},
		"torn answer": {listen(t, func(conn *net.TCPConn, _ int) {
			readRequest(conn)
			io.WriteString(conn, acknowledgement[:len(acknowledgement)-4])
		}), cluster.Indeterminate, 1},
		"no HTTP": {listen(t, func(conn *net.TCPConn, _ int) {
			readRequest(conn)
			io.WriteString(conn, "220 mail\r\n")
		}), cluster.Indeterminate, 1},
		"silence": {listen(t, func(conn *net.TCPConn, _ int) {
			readRequest(conn)
			<-silent
		}), cluster.Indeterminate, 1},
	}
	t.Cleanup(func() { close(silent) }) // before the servers are waited for
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			reply, sent := write(t, 100*time.Millisecond, tt.node)
			if reply.Answer != tt.want || reply.Err == nil {
				t.Errorf("reply = %+v, want answer %v with an error", reply, tt.want)
			}
			if sent != tt.sent {
				t.Errorf("sent called %d times, want %d", sent, tt.sent)
			}
		})
	}
}

// TestIdleConnectionThatDies has the server close a connection that was used before just when the
// next request has come: that request must not be sent again.
func TestIdleConnectionThatDies(t *testing.T) {
	var requests atomic.Int32
	node := listen(t, func(conn *net.TCPConn, _ int) {
		if readRequest(conn) {
			requests.Add(1)
			io.WriteString(conn, acknowledgement)
		}
		if readRequest(conn) {
			requests.Add(1)
		}
	})
	a := newAdapter(t, patience)
	first := a.Write(t.Context(), node, cluster.Write{Key: "1", Value: "v"})
	second := a.Write(t.Context(), node, cluster.Write{Key: "2", Value: "v"})
	if first.Answer != cluster.Acknowledged || second.Answer != cluster.Indeterminate {
		t.Errorf("replies = %+v, %+v, want acknowledged and indeterminate", first, second)
	}
	if requests.Load() != 2 {
		t.Errorf("the server saw %d requests, want 2", requests.Load())
	}
}

// TestSentMeansOnTheWire has the server not read: as long as bytes wait in this process the
// request is not sent.
func TestSentMeansOnTheWire(t *testing.T) {
	var sent atomic.Int32
	early := int32(-1)
	node := listen(t, func(conn *net.TCPConn, _ int) {
		timer := time.NewTimer(50 * time.Millisecond)
		<-timer.C
		early = sent.Load()
		if readRequest(conn) {
			io.WriteString(conn, acknowledgement)
		}
	})
	reply := newAdapter(t, patience).Write(t.Context(), node, cluster.Write{
		Key: "large", Value: strings.Repeat("x", 32<<20), Sent: func() { sent.Add(1) },
	})
	if reply.Answer != cluster.Acknowledged {
		t.Fatalf("reply = %+v", reply)
	}
	if early != 0 || sent.Load() != 1 {
		t.Errorf("sent called %d times before the server read, %d times in all, want 0 and 1", early, sent.Load())
	}
}

func TestCancelledBeforeSendingIsRefused(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	reply := newAdapter(t, patience).Write(ctx, serve(t, func(http.ResponseWriter, *http.Request) {
		t.Error("the server was asked")
	}), cluster.Write{Key: "k", Value: "v"})
	if reply.Answer != cluster.Refused || reply.Err == nil {
		t.Errorf("reply = %+v, want refused with an error", reply)
	}
}

// TestRefusedWritesNeverArrive cancels writes at every moment of their way.
func TestRefusedWritesNeverArrive(t *testing.T) {
	arrived := make(chan string, 10_000)
	node := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Title string }
		if json.NewDecoder(r.Body).Decode(&body) == nil {
			arrived <- body.Title
		}
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"id":"a"}`)
	})
	a := newAdapter(t, patience)
	refused, answers := make(map[string]bool), make(map[cluster.Answer]int)
	for i := range 2000 {
		key := time.Duration(i).String()
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%400)*time.Microsecond)
		reply := a.Write(ctx, node, cluster.Write{Key: key, Value: "v"})
		cancel()
		answers[reply.Answer]++
		refused[key] = reply.Answer == cluster.Refused
	}
	a.CloseIdle()
	// A last write goes the whole way: what was sent before it has arrived.
	if reply := a.Write(t.Context(), node, cluster.Write{Key: "last", Value: "v"}); reply.Answer != cluster.Acknowledged {
		t.Fatalf("reply = %+v", reply)
	}
	for len(arrived) > 0 {
		if key := <-arrived; refused[key] {
			t.Errorf("write %s was called refused and arrived", key)
		}
	}
	if answers[cluster.Refused] == 0 || answers[cluster.Acknowledged] == 0 {
		t.Errorf("answers = %v, want some of each", answers)
	}
	t.Logf("answers: %v", answers)
}
