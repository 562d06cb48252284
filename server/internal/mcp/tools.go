package mcp

import (
	"chaosctl/server/internal/memory"
)

// tools are all there are, in the order in which they are listed (contract section 11.5).
func tools() []tool {
	return append(append(memoryTools(), relationTools()...), cooperationTools()...)
}

func memoryTools() []tool {
	return []tool{
		{"memory_store", "Store a memory; one of the same title and namespace is changed", takes(schema{
			"title": text(), "content": text(), "tier": tier().defaulting(memory.Mid), "namespace": text(), "tags": list().defaulting([]string{}),
			"priority": priority().defaulting(5), "confidence": confidence().defaulting(1.0),
			"source":   oneOf(memory.Sources()).defaulting(memory.SourceClaude),
			"metadata": anyObject().defaulting(schema{}), "agent_id": text(), "scope": oneOf(memory.Scopes()),
		}, "title", "content"), storeTool},
		{"memory_recall", "Recall what fits a context, the best first; any word may match", takes(schema{
			"context": text(), "namespace": text(), "limit": recallLimit(), "tags": text(), "since": text(), "until": text(), "as_agent": text(),
			"budget_tokens": integer().with("minimum", 1), "context_tokens": list(), "format": format(),
		}, "context"), recallTool},
		{"memory_search", "Find memories that hold all words of a query", takes(schema{
			"query": text(), "namespace": text(), "tier": tier(), "limit": listLimit(), "agent_id": text(), "as_agent": text(), "format": format(),
		}, "query"), searchTool},
		{"memory_list", "List memories, by priority", takes(schema{
			"namespace": text(), "tier": tier(), "limit": listLimit(), "agent_id": text(), "format": format(),
		}), listTool},
		{"memory_delete", "Delete a memory for ever", takes(schema{"id": text()}, "id"), deleteTool},
		{"memory_promote", "Make a memory long-term, or copy it into a namespace above its own",
			takes(schema{"id": text(), "to_namespace": text()}, "id"), promoteTool},
		{"memory_forget", "Take out all memories that fit a namespace, a pattern or a tier", takes(schema{
			"namespace": text(), "pattern": text(), "tier": tier(), "dry_run": truth(),
		}), forgetTool},
		{"memory_stats", "Count what is stored", nothing(), statsTool},
		{"memory_update", "Change fields of a memory", takes(schema{
			"id": text(), "title": text(), "content": text(), "tier": tier(), "namespace": text(), "tags": list(), "priority": priority(),
			"confidence": confidence(), "expires_at": text(), "metadata": anyObject(),
		}, "id"), updateTool},
		{"memory_get", "Get a memory and its links", takes(schema{"id": text()}, "id"), getTool},
	}
}

func relationTools() []tool {
	return []tool{
		{"memory_link", "Say how a memory relates to another", takes(schema{
			"source_id": text(), "target_id": text(), "relation": oneOf(memory.Relations()).defaulting(memory.RelatedTo),
		}, "source_id", "target_id"), linkTool},
		{"memory_get_links", "Get the links of a memory", takes(schema{"id": text()}, "id"), getLinksTool},
		{"memory_consolidate", "Make one memory of several, which are deleted", takes(schema{
			"ids": list().with("minItems", 2).with("maxItems", 100), "title": text(), "summary": text(), "namespace": text().defaulting("global"),
		}, "ids", "title"), consolidateTool},
		{"memory_capabilities", "Tell what this server can do", nothing(), capabilitiesTool},
		{"memory_expand_query", "Find other words for a query, by a language model", takes(schema{"query": text()}, "query"), expandTool},
		{"memory_auto_tag", "Tag a memory, by a language model", takes(schema{"id": text()}, "id"), autoTagTool},
		{"memory_detect_contradiction", "Tell whether two memories contradict each other, by a language model",
			takes(schema{"id_a": text(), "id_b": text()}, "id_a", "id_b"), contradictionTool},
		{"memory_archive_list", "List what was taken out, last first", takes(schema{
			"namespace": text(), "limit": integer(), "offset": integer(),
		}), archiveListTool},
		{"memory_archive_restore", "Bring a memory back that was taken out", takes(schema{"id": text()}, "id"), archiveRestoreTool},
		{"memory_archive_purge", "Delete what was taken out for ever", takes(schema{"older_than_days": integer()}), archivePurgeTool},
		{"memory_archive_stats", "Count what was taken out", nothing(), archiveStatsTool},
		{"memory_gc", "Take out what has expired", takes(schema{"dry_run": truth()}), gcTool},
	}
}

func cooperationTools() []tool {
	return []tool{
		{"memory_session_start", "Get what to know when a session begins", takes(schema{
			"namespace": text(), "limit": sessionLimit(), "format": format(),
		}), sessionTool},
		{"memory_namespace_set_standard", "Make a memory the standard of a namespace, with or without a policy", takes(schema{
			"namespace": text(), "id": text(), "parent": text(), "governance": governance(),
		}, "namespace", "id"), setStandardTool},
		{"memory_namespace_get_standard", "Get the standard of a namespace, or all that hold for it", takes(schema{
			"namespace": text(), "inherit": truth(),
		}, "namespace"), getStandardTool},
		{"memory_namespace_clear_standard", "Let a namespace have no standard", takes(schema{"namespace": text()}, "namespace"), clearStandardTool},
		{"memory_pending_list", "List what waits, or waited, for approval", takes(schema{
			"status": oneOf([]memory.Status{memory.Pending, memory.Approved, memory.Rejected}), "limit": pendingLimit(),
		}), pendingListTool},
		{"memory_pending_approve", "Approve an action, or vote for it", takes(schema{"id": text()}, "id"), approveTool},
		{"memory_pending_reject", "Decide that an action is not done", takes(schema{"id": text()}, "id"), rejectTool},
		{"memory_agent_register", "Register an agent, or renew its registration", takes(schema{
			"agent_id": text(), "agent_type": oneOf(memory.AgentTypes()), "capabilities": list().defaulting([]string{}),
		}, "agent_id", "agent_type"), registerTool},
		{"memory_agent_list", "List the registered agents", nothing(), agentsTool},
		{"memory_notify", "Send an agent a message", takes(schema{
			"target_agent_id": text(), "title": text(), "payload": text(), "priority": priority().defaulting(5), "tier": tier().defaulting(memory.Mid),
		}, "target_agent_id", "title", "payload"), notifyTool},
		{"memory_inbox", "Read an agent's messages", takes(schema{
			"agent_id": text(), "unread_only": truth(), "limit": inboxLimit(),
		}), inboxTool},
		{"memory_subscribe", "Have events delivered to a URL", takes(schema{
			"url": text(), "events": text().defaulting("*"), "secret": text(), "namespace_filter": text(), "agent_filter": text(),
		}, "url"), subscribeTool},
		{"memory_unsubscribe", "End a subscription", takes(schema{"id": text()}, "id"), unsubscribeTool},
		{"memory_list_subscriptions", "List what is subscribed", nothing(), subscriptionsTool},
	}
}
