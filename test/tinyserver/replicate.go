package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// How long peers are given, and how often they are asked. A peer is on the same host or it is not
// there; short limits make a node that was away come back soon.
const (
	dialLimit = 100 * time.Millisecond
	pullLimit = 250 * time.Millisecond
	pullEvery = 100 * time.Millisecond
)

// node is this server among its peers.
type node struct {
	config
	lie    lie
	rows   *store
	client *http.Client
}

type pushBody struct {
	Sender   string `json:"sender_agent_id"`
	Memories []row  `json:"memories"`
	DryRun   bool   `json:"dry_run"`
}

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: dialLimit}).DialContext,
		MaxIdleConnsPerHost: 64,
	}}
}

// replicate sends a row to every peer and returns how many copies there are, as soon as there are
// enough, every peer has answered or the time is up. Slower pushes go on until the same limit,
// also when the client has gone.
func (n *node) replicate(ctx context.Context, r row) int {
	body, err := json.Marshal(pushBody{Sender: fmt.Sprintf("host:%d", n.port), Memories: []row{r}})
	if err != nil {
		return 1
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), n.timeout)
	answers := make(chan bool, len(n.peers))
	for _, peer := range n.peers {
		go func() { answers <- n.push(ctx, peer, body) == nil }()
	}
	copies := 1
	left := len(n.peers)
	for left > 0 && copies < n.quorum {
		if <-answers {
			copies++
		}
		left--
	}
	go func() {
		defer cancel()
		for range left {
			<-answers
		}
	}()
	return copies
}

func (n *node) push(ctx context.Context, peer string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, peer+"/api/v1/sync/push", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	var reply struct {
		Applied, Skipped int
	}
	if err := n.ask(request, &reply); err != nil {
		return err
	}
	if reply.Applied < 1 || reply.Skipped > 0 {
		return fmt.Errorf("%s applied %d and skipped %d", peer, reply.Applied, reply.Skipped)
	}
	return nil
}

func (n *node) ask(request *http.Request, reply any) error {
	response, err := n.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", request.URL, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(reply)
}

// pullFrom asks a peer again and again for all it has. Whatever reached one node reaches all this
// way, whoever was away and whoever died.
func (n *node) pullFrom(ctx context.Context, peer string) {
	tick := time.NewTicker(pullEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = n.pull(ctx, peer) // it is asked again
		}
	}
}

func (n *node) pull(ctx context.Context, peer string) error {
	ctx, cancel := context.WithTimeout(ctx, pullLimit)
	defer cancel()
	url := fmt.Sprintf("%s/api/v1/sync/since?limit=%d", peer, longestSince)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	var page struct {
		Memories []row `json:"memories"`
	}
	if err := n.ask(request, &page); err != nil {
		return err
	}
	return n.keep(page.Memories)
}

// keep stores the rows that are news.
func (n *node) keep(rows []row) error {
	var news []entry
	for _, r := range rows {
		if n.rows.wants(r) {
			news = append(news, n.entry(r, len(news), false))
		}
	}
	if len(news) == 0 {
		return nil
	}
	return n.rows.put(news...)
}
