package httpapi

import (
	"net/http"
	"strconv"

	"chaosctl/server/internal/service"
)

// bulk answers POST /api/v1/memories/bulk (contract section 2.7). Beyond the contract the list may
// be within an object, and the answer has count, sent and ids.
func (a *api) bulk(w http.ResponseWriter, r *http.Request) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	drafts, err := readDrafts(body)
	if err != nil {
		return err
	}
	done, err := a.service.CreateAll(r.Context(), drafts, caller(r))
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{
		"count":   len(done.IDs),
		"created": len(done.IDs),
		"errors":  done.Errors,
		"ids":     done.IDs,
		"sent":    len(drafts),
	}, done.Quorum, "errors", "ids")
}

// readDrafts reads a list of create bodies; one that is malformed spoils all.
func readDrafts(body []byte) ([]service.Draft, error) {
	items, isList := elements(body)
	path := ""
	if !isList {
		o := parseObject(body, "")
		items = o.list("memories")
		if o.err != nil {
			return nil, o.err
		}
		path = "memories"
	}
	drafts := make([]service.Draft, len(items))
	for i, text := range items {
		o := parseObject(text, path+"["+strconv.Itoa(i)+"].")
		drafts[i] = readDraft(o)
		if o.err != nil {
			return nil, o.err
		}
	}
	return drafts, nil
}
