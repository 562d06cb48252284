package openapi

import (
	"fmt"
	"net/http"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// lifecycle is what becomes of memories: forgetting, expiry, the archive, export and import.
func lifecycle() part {
	return part{
		routes: []route{
			{
				method: http.MethodPost, path: "/api/v1/forget", id: "forget", tag: tagLifecycle, agent: true,
				summary: "Delete all memories that fit",
				about: "At least one filter is needed, in the body or in the query; a memory has to fit all. " +
					"What is deleted is archived, unless the server was told not to.",
				params: []*Parameter{
					query("namespace", text("Exactly this one.")), query("pattern", text("Any of these words.")), query("tier", ref("Tier")),
				},
				body: ref("ForgetRequest"), bodyOptional: true,
				answers: []answer{{http.StatusOK, "Forgotten", "How many were deleted."}, denied, tooFew},
			},
			{
				method: http.MethodPost, path: "/api/v1/gc", id: "gc", tag: tagLifecycle,
				summary: "Collect expired memories now",
				answers: []answer{{http.StatusOK, "Collected", "How many were collected."}, tooFew},
			},
			{
				method: http.MethodGet, path: "/api/v1/export", id: "export", tag: tagLifecycle,
				summary: "All memories that have not expired, and the links between them",
				answers: []answer{{http.StatusOK, "Export", "Oldest first."}},
			},
			{
				method: http.MethodPost, path: "/api/v1/import", id: "import", tag: tagLifecycle, agent: true,
				summary: fmt.Sprintf("Store up to %d memories as they are, with their ids and times, and links", service.MaxBulk),
				body:    ref("ImportRequest"),
				answers: []answer{{http.StatusOK, "Imported", "How many were stored, and why others were not."}, tooFew},
			},
			{
				method: http.MethodGet, path: "/api/v1/archive", id: "archiveList", tag: tagLifecycle,
				summary: "List archived memories",
				params: []*Parameter{
					query("namespace", text("Exactly this one.")),
					limit(service.DefaultArchiveLimit, service.MaxArchiveLimit),
					query("offset", count("Rows to pass over.").byDefault(0)),
				},
				answers: []answer{{http.StatusOK, "ArchivePage", "Last archived first."}},
			},
			{
				method: http.MethodDelete, path: "/api/v1/archive", id: "archivePurge", tag: tagLifecycle,
				summary: "Delete archived memories for ever",
				params:  []*Parameter{query("older_than_days", count("Only those archived before; absent: all."))},
				answers: []answer{{http.StatusOK, "Purged", "How many were deleted."}, tooFew},
			},
			{
				method: http.MethodPost, path: "/api/v1/archive/{id}/restore", id: "archiveRestore", tag: tagLifecycle, agent: true,
				summary: "Bring an archived memory back",
				about:   "The id is exact.",
				answers: []answer{
					{http.StatusOK, "Restored", "It is back."},
					{http.StatusNotFound, "Error", "It is not in the archive."},
					{http.StatusConflict, "Error", "A memory has its id, or its title in the namespace."},
					tooFew,
				},
			},
			{
				method: http.MethodGet, path: "/api/v1/archive/stats", id: "archiveStats", tag: tagLifecycle,
				summary: "The archive, in numbers",
				answers: []answer{{http.StatusOK, "ArchiveStats", "Largest namespace first."}},
			},
		},
		schemas: map[string]*Schema{
			"ForgetRequest": object("What to forget.", may("namespace", text("Exactly this one.").orNull()),
				may("pattern", text("Any of these words.").orNull()), may("tier", ref("Tier").orNull())),
			"Forgotten": object("", must("deleted", count("")), may("queued", count("Memories that are left until that is approved.")),
				may("pending_ids", list(text(""), "Of the actions that wait.")), acks()),
			"Collected": object("", must("expired_deleted", count("")), acks()),
			"Export": object("Everything.", must("memories", list(ref("Memory"), "")), must("links", list(ref("MemoryLink"), "")),
				must("count", count("Of memories.")), must("exported_at", moment(""))),
			"ImportRequest": object("Memories as an export has them.",
				must("memories", list(ref("FullMemory"), "").items(0, service.MaxBulk)),
				may("links", list(ref("MemoryLink"), "created_at is not kept.").orNull())),
			"FullMemory": object("A memory with all that belongs to it.", fullMemory()...),
			"Imported":   object("", must("imported", count("")), must("errors", list(text(""), "Each an id and why it was not stored.")), acks()),
			"ArchivedMemory": object("A memory that was taken out, as it was then.", append(memoryFields(),
				must("last_accessed_at", moment("").orNull()), must("expires_at", moment("").orNull()),
				must("archived_at", moment("")), must("archive_reason", ref("ArchiveReason")))...),
			"ArchiveReason": words("Why a memory was taken out.", []string{memory.ArchivedExpired, memory.ArchivedForgot}),
			"ArchivePage":   object("A page of the archive.", must("archived", list(ref("ArchivedMemory"), "")), must("count", count("Of this page."))),
			"Purged":        object("", must("purged", count("")), acks()),
			"Restored":      object("", must("restored", exactly(true, "")), must("id", text("")), acks()),
			"ArchiveStats":  object("", must("archived_total", count("")), must("by_namespace", list(ref("NamespaceCount"), ""))),
		},
	}
}

// fullMemory are the fields of a memory that comes complete.
func fullMemory() []field {
	return append(memoryFields(),
		may("metadata", ref("Metadata")),
		may("last_accessed_at", moment("").orNull()),
		may("expires_at", moment("").orNull()))
}
