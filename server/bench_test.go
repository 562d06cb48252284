package server_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkQuorumWrite writes through one of three nodes in this process, at W=2, from 8
// clients at once.
func BenchmarkQuorumWrite(b *testing.B) {
	nodes := mesh(b, 3, 2, 5*time.Second)
	for _, n := range nodes {
		n.start(b)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	keeping := &http.Client{Transport: transport}
	var next atomic.Int64
	b.SetParallelism(4) // times the processors
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := fmt.Sprintf(`{"title":"title %d","content":"content","namespace":"n","source":"chaos"}`, next.Add(1))
			resp, err := keeping.Post(nodes[0].base+"/api/v1/memories", "application/json", bytes.NewReader([]byte(body)))
			if err != nil {
				b.Error(err)
				return
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusCreated {
				b.Errorf("status %d", resp.StatusCode)
			}
		}
	})
}
