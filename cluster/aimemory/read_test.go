package aimemory_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/cluster"
)

type memory map[string]any

func row(i int) memory {
	return memory{"id": fmt.Sprint("id-", i), "title": fmt.Sprint("key-", i), "content": "value", "namespace": "ns"}
}

// list serves rows page by page, at most limit a page, whatever is asked.
func list(t *testing.T, rows []memory, limit int) cluster.NodeConfig {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		offset, err := strconv.Atoi(query.Get("offset"))
		if err != nil || query.Get("limit") != "200" || query.Get("namespace") != "ns" {
			t.Errorf("query = %v", query)
		}
		page := rows[min(offset, len(rows)):]
		json.NewEncoder(w).Encode(map[string]any{"memories": page[:min(limit, len(page))], "count": 7})
	})
}

func rows(n int) []memory {
	all := []memory{}
	for i := range n {
		all = append(all, row(i))
	}
	return all
}

func TestReadAll(t *testing.T) {
	for _, tt := range []struct{ rows, pages int }{{0, 1}, {1, 1}, {199, 1}, {200, 2}, {201, 2}, {450, 3}} {
		listing, err := newAdapter(t, 0).ReadAll(t.Context(), list(t, rows(tt.rows), 200), "ns")
		if err != nil {
			t.Fatal(err)
		}
		if len(listing.Rows) != tt.rows || listing.Pages != tt.pages || listing.PageSize != 200 {
			t.Errorf("%d rows: read %d rows in %d pages of %d", tt.rows, len(listing.Rows), listing.Pages, listing.PageSize)
		}
		if tt.rows > 0 {
			want := cluster.Row{Key: "key-0", ID: "id-0", Value: "value"}
			if diff := cmp.Diff(want, listing.Rows[0]); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		}
	}
}

// TestReadAllKeepsDoubles: what one page holds twice is the node's doing, and is to be judged.
func TestReadAllKeepsDoubles(t *testing.T) {
	listing, err := newAdapter(t, 0).ReadAll(t.Context(), list(t, []memory{row(1), row(1)}, 200), "ns")
	if err != nil || len(listing.Rows) != 2 {
		t.Errorf("read %d rows (%v), want 2", len(listing.Rows), err)
	}
}

func TestUnreadableNodeIsNeverEmpty(t *testing.T) {
	without := func(field string) memory {
		m := row(0)
		delete(m, field)
		return m
	}
	foreign := row(0)
	foreign["namespace"] = "another"
	text := func(status int, body string) cluster.NodeConfig {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		})
	}
	for name, tt := range map[string]struct {
		node cluster.NodeConfig
		want string
	}{
		"status":            {text(500, "broken"), "status 500: broken"},
		"no content":        {text(204, ""), "status 204"},
		"redirect":          {text(302, ""), "status 302"},
		"no JSON":           {text(200, "<html>"), "invalid character"},
		"torn":              {text(200, `{"memories":[`), "unexpected end"},
		"no list":           {text(200, `{"count":0}`), `no "memories"`},
		"null":              {text(200, `{"memories":null}`), `no "memories"`},
		"no id":             {list(t, []memory{without("id")}, 200), "lacks"},
		"no title":          {list(t, []memory{without("title")}, 200), "lacks"},
		"no content field":  {list(t, []memory{without("content")}, 200), "lacks"},
		"no namespace":      {list(t, []memory{without("namespace")}, 200), "lacks"},
		"other namespace":   {list(t, []memory{foreign}, 200), `namespace "another"`},
		"longer than asked": {list(t, rows(201), 201), "201 rows"},
		"rows moved":        {list(t, append(append(rows(200), row(5)), row(201)), 200), "earlier page"},
		"the same every page": {serve(t, func(w http.ResponseWriter, _ *http.Request) {
			json.NewEncoder(w).Encode(map[string]any{"memories": rows(200)})
		}), "earlier page"},
		"cut short": {serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"memories":[]}`)
		}), "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			listing, err := newAdapter(t, 0).ReadAll(t.Context(), tt.node, "ns")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("read %d rows, error = %v, want one that says %q", len(listing.Rows), err, tt.want)
			}
			if len(listing.Rows) > 0 {
				t.Errorf("an unreadable node has %d rows", len(listing.Rows))
			}
		})
	}
}

func TestEndlessListEnds(t *testing.T) {
	next := 0
	node := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		var page strings.Builder
		for i := range 200 {
			if i > 0 {
				page.WriteByte(',')
			}
			fmt.Fprintf(&page, `{"id":"%d","title":"","content":"","namespace":"ns"}`, next)
			next++
		}
		fmt.Fprintf(w, `{"memories":[%s]}`, page.String())
	})
	if _, err := newAdapter(t, 0).ReadAll(t.Context(), node, "ns"); err == nil {
		t.Error("an endless list was read to its end")
	}
}
