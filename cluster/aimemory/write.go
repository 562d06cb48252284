package aimemory

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"chaosctl/cluster"
)

const (
	maxWords  = 1 << 10  // of the server's own words, in bytes
	maxAnswer = 64 << 10 // of an answer to a write, in bytes
)

// creation is the body of a create request (contract 2.4).
type creation struct {
	Title     string `json:"title"`
	Content   string `json:"content"`
	Namespace string `json:"namespace"`
	Source    string `json:"source"`
	Tier      string `json:"tier"`
}

// created is what is read of the answer 201.
type created struct {
	ID   string `json:"id"`
	Acks int    `json:"quorum_acks"` // absent when the node has no peers
}

// Write stores one value under the label "chaos", once. 201 with an id is an acknowledgement. A
// status by which the contract says that nothing was stored is a refusal, and so is a failure
// before the kernel took a byte of the request. Everything else is indeterminate.
func (a *Adapter) Write(ctx context.Context, n cluster.NodeConfig, w cluster.Write) cluster.Reply {
	body, err := json.Marshal(creation{
		Title: w.Key, Content: w.Value, Namespace: w.Namespace, Source: "chaos", Tier: "long",
	})
	if err != nil {
		return cluster.Reply{Answer: cluster.Refused, Err: fmt.Errorf("write %s: %w", w.Key, err)}
	}
	return a.send(ctx, "write "+w.Key, http.MethodPost, memories(n), body, w.Sent, classify)
}

// send sends a request once and classifies what comes of it.
func (a *Adapter) send(
	ctx context.Context, what, method, url string, body []byte, sent func(), classify func(*http.Response) cluster.Reply,
) cluster.Reply {
	ctx, cancel := context.WithTimeoutCause(ctx, a.timeout, fmt.Errorf("no answer within %v", a.timeout))
	defer cancel()
	f := &flight{size: len(body), sent: sent}
	request, err := http.NewRequestWithContext(f.trace(ctx), method, url, bytes.NewReader(body))
	if err != nil {
		return cluster.Reply{Answer: cluster.Refused, Err: fmt.Errorf("%s: %w", what, err)}
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		reply := cluster.Reply{Answer: cluster.Refused, Err: fmt.Errorf("%s: %w", what, err)}
		if f.seal() {
			reply.Answer = cluster.Indeterminate
		}
		return reply
	}
	f.land()
	defer response.Body.Close()
	return classify(response)
}

// classify tells what an answer means.
func classify(response *http.Response) cluster.Reply {
	reply := cluster.Reply{Code: response.StatusCode}
	switch response.StatusCode {
	case http.StatusCreated:
		answer, err := readCreated(response.Body)
		if err != nil {
			reply.Err = fmt.Errorf("read the answer %d: %w", reply.Code, err)
			return reply
		}
		reply.Answer, reply.ID, reply.Acks = cluster.Acknowledged, answer.ID, answer.Acks
		return reply
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		reply.Answer = cluster.Refused
	}
	reply.Body = firstWords(response.Body)
	// What is left is read, so that the connection can serve the next request.
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer))
	return reply
}

func readCreated(body io.Reader) (created, error) {
	var answer created
	content, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	if err != nil {
		return created{}, err
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return created{}, err
	}
	if answer.ID == "" {
		return created{}, errors.New("it has no id")
	}
	return answer, nil
}

// firstWords reads the first KiB of what a server says.
func firstWords(body io.Reader) string {
	words, _ := io.ReadAll(io.LimitReader(body, maxWords)) // what was read before an error still says something
	return strings.TrimSpace(strings.ToValidUTF8(string(words), "\uFFFD"))
}
