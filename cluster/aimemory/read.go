package aimemory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"chaosctl/cluster"
)

const (
	pageSize = 200       // the longest page the contract knows (2.5)
	maxPages = 1000      // a list that goes on after 200 000 rows does not end
	maxPage  = 256 << 20 // of one page, in bytes
)

// page is what is read of a page of the list route. Pointers tell what is missing from what is
// empty; "count" is not believed.
type page struct {
	Memories *[]struct {
		ID        *string `json:"id"`
		Title     *string `json:"title"`
		Content   *string `json:"content"`
		Namespace *string `json:"namespace"`
	} `json:"memories"`
}

// ReadAll returns every row of a namespace, page by page until a short page. It fails when a page
// cannot be read to its end, is longer than asked, lacks a field, holds rows of another
// namespace, or holds a row of an earlier page: the order changed while it was read, and rows may
// have been missed.
func (a *Adapter) ReadAll(ctx context.Context, n cluster.NodeConfig, namespace string) (cluster.Listing, error) {
	listing := cluster.Listing{PageSize: pageSize}
	rows, err := a.readPages(ctx, n, namespace, &listing.Pages)
	if err != nil {
		return listing, fmt.Errorf("list node %d: page %d: %w", n.Index, listing.Pages+1, err)
	}
	listing.Rows = rows
	return listing, nil
}

// readPages reads pages until a short one and counts those that could be read.
func (a *Adapter) readPages(ctx context.Context, n cluster.NodeConfig, namespace string, pages *int) ([]cluster.Row, error) {
	rows := []cluster.Row{}
	earlier := make(map[string]bool) // ids; a row that one page holds twice is the node's doing
	for *pages < maxPages {
		page, err := a.readPage(ctx, n, namespace, *pages*pageSize)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			if earlier[r.ID] {
				return nil, fmt.Errorf("row %s was on an earlier page too: rows moved while they were read", r.ID)
			}
		}
		for _, r := range page {
			earlier[r.ID] = true
		}
		rows = append(rows, page...)
		*pages++
		if len(page) < pageSize {
			return rows, nil
		}
	}
	return nil, fmt.Errorf("there is no short page among the first %d", maxPages)
}

func (a *Adapter) readPage(ctx context.Context, n cluster.NodeConfig, namespace string, offset int) ([]cluster.Row, error) {
	query := url.Values{
		"namespace": {namespace},
		"limit":     {strconv.Itoa(pageSize)},
		"offset":    {strconv.Itoa(offset)},
	}
	var f flight
	request, err := http.NewRequestWithContext(f.trace(ctx), http.MethodGet, memories(n)+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", response.StatusCode, firstWords(response.Body))
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxPage+1))
	switch {
	case err != nil:
		return nil, err
	case len(content) > maxPage:
		return nil, fmt.Errorf("it is longer than %d bytes", maxPage)
	}
	var p page
	if err := json.Unmarshal(content, &p); err != nil {
		return nil, err
	}
	return p.rows(namespace)
}

// rows checks a page and returns its rows.
func (p page) rows(namespace string) ([]cluster.Row, error) {
	if p.Memories == nil {
		return nil, errors.New(`it has no "memories"`)
	}
	if len(*p.Memories) > pageSize {
		return nil, fmt.Errorf("it has %d rows, %d were asked for", len(*p.Memories), pageSize)
	}
	rows := make([]cluster.Row, 0, len(*p.Memories))
	for i, m := range *p.Memories {
		switch {
		case m.ID == nil || m.Title == nil || m.Content == nil || m.Namespace == nil:
			return nil, fmt.Errorf("row %d lacks id, title, content or namespace", i)
		case *m.Namespace != namespace:
			return nil, fmt.Errorf("row %s is of the namespace %q, not of %q", *m.ID, *m.Namespace, namespace)
		}
		rows = append(rows, cluster.Row{Key: *m.Title, ID: *m.ID, Value: *m.Content})
	}
	return rows, nil
}
