package httpapi

import (
	"net/http"
	"strconv"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// archive answers GET /api/v1/archive (contract section 2.11).
func (a *api) archive(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r.URL.RawQuery)
	namespace, limit, offset := q.text("namespace"), q.count("limit", service.DefaultArchiveLimit), q.count("offset", 0)
	if q.err != nil {
		return q.err
	}
	found, err := a.service.Archive(r.Context(), namespace, limit, offset)
	if err != nil {
		return err
	}
	rows := make([]memory.ArchivedRow, len(found))
	for i, m := range found {
		rows[i] = m.Row()
	}
	return reply(w, http.StatusOK, map[string]any{"archived": rows, "count": len(rows)})
}

// purge answers DELETE /api/v1/archive (contract section 2.11).
func (a *api) purge(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r.URL.RawQuery)
	days := q.days("older_than_days")
	if q.err != nil {
		return q.err
	}
	done, err := a.service.Purge(r.Context(), days)
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{"purged": done.Count}, done.Quorum, "purged")
}

// days reads a 64-bit integer, nil when the key is absent.
func (q *query) days(key string) *int64 {
	value := q.text(key)
	if value == nil {
		return nil
	}
	n, err := strconv.ParseInt(*value, 10, 64)
	if err != nil {
		q.mismatch(key, "invalid digit found in string")
		return nil
	}
	return &n
}

// restore answers POST /api/v1/archive/{id}/restore (contract section 2.11).
func (a *api) restore(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	done, err := a.service.Restore(r.Context(), id, caller(r))
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{"id": done.Memory.ID, "restored": true}, done.Quorum, "id")
}

// archiveStats answers GET /api/v1/archive/stats (contract section 2.11).
func (a *api) archiveStats(w http.ResponseWriter, r *http.Request) error {
	total, byNamespace, err := a.service.ArchiveStats(r.Context())
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]any{
		"archived_total": total, "by_namespace": counts("namespace", byNamespace),
	})
}
