package aimemory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"chaosctl/cluster"
)

var _ cluster.Deleter = (*Adapter)(nil)

// Delete removes a row (contract 2.6), once. 200 that says so is an acknowledgement; 404 says that
// this node has no such row, so that nothing was done; a server without the route says so with
// 405. Everything else is classified as of a write.
func (a *Adapter) Delete(ctx context.Context, n cluster.NodeConfig, d cluster.Deletion) cluster.Reply {
	return a.send(ctx, "delete "+d.ID, http.MethodDelete, memories(n)+"/"+url.PathEscape(d.ID), nil, d.Sent, classifyDelete)
}

func classifyDelete(response *http.Response) cluster.Reply {
	switch response.StatusCode {
	case http.StatusOK:
		reply := cluster.Reply{Code: response.StatusCode}
		acks, err := readDeleted(response.Body)
		if err != nil {
			reply.Err = fmt.Errorf("read the answer %d: %w", reply.Code, err)
			return reply
		}
		reply.Answer, reply.Acks = cluster.Acknowledged, acks
		return reply
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		reply := classify(response)
		reply.Answer = cluster.Refused
		return reply
	case http.StatusCreated: // no answer to a delete
		return cluster.Reply{Code: response.StatusCode, Body: firstWords(response.Body)}
	}
	return classify(response)
}

func readDeleted(body io.Reader) (acks int, err error) {
	content, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	if err != nil {
		return 0, err
	}
	var answer struct {
		Deleted bool `json:"deleted"`
		Acks    int  `json:"quorum_acks"`
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return 0, err
	}
	if !answer.Deleted {
		return 0, errors.New(`it does not say "deleted"`)
	}
	return answer.Acks, nil
}
