// Made from the server's OpenAPI document by "go generate". Do not edit.

/** What a policy may gate. */
export const ACTIONS = ["store", "delete", "promote"] as const;
export type Action = (typeof ACTIONS)[number];

/** The kind of an agent: one of the list, or ai: and a name. */
export const AGENT_TYPES = ["ai:claude-opus-4.6", "ai:claude-opus-4.7", "ai:codex-5.4", "ai:grok-4.2", "human", "system"] as const;
export type AgentType = (typeof AGENT_TYPES)[number] | `ai:${string}`;

/** Why a memory was taken out. */
export const ARCHIVE_REASONS = ["ttl_expired", "forget"] as const;
export type ArchiveReason = (typeof ARCHIVE_REASONS)[number];

/** What happened. */
export const EVENT_NAMES = ["memory_store", "memory_update", "memory_delete", "memory_promote", "memory_link", "memory_consolidate", "memory_archive", "memory_restore", "pending_decision"] as const;
export type EventName = (typeof EVENT_NAMES)[number];

/** Who may do something. */
export const GOVERNANCE_LEVELS = ["any", "registered", "owner", "approve"] as const;
export type GovernanceLevel = (typeof GOVERNANCE_LEVELS)[number];

export const NODE_STATUSES = ["healthy", "degraded", "unreachable"] as const;
export type NodeStatus = (typeof NODE_STATUSES)[number];

export const PENDING_STATUSES = ["pending", "approved", "rejected"] as const;
export type PendingStatus = (typeof PENDING_STATUSES)[number];

/** What an agent may do with a memory. */
export const PERMISSIONS = ["read", "write", "admin"] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What the source of a link is to its target. */
export const RELATIONS = ["related_to", "supersedes", "contradicts", "derived_from"] as const;
export type Relation = (typeof RELATIONS)[number];

/** Who may see a memory; absent means private. */
export const SCOPES = ["private", "team", "unit", "org", "collective"] as const;
export type Scope = (typeof SCOPES)[number];

/** The kind of writer. */
export const SOURCES = ["user", "claude", "hook", "api", "cli", "import", "consolidation", "system", "chaos"] as const;
export type Source = (typeof SOURCES)[number];

/** How long a memory is meant to live. */
export const TIERS = ["short", "mid", "long"] as const;
export type Tier = (typeof TIERS)[number];

/** What the server accepts. maxLength counts characters, maxBytes bytes of UTF-8. */
export const LIMITS = {
  AgentId: { maxBytes: 128 },
  Confidence: { minimum: 0, maximum: 1 },
  Content: { maxBytes: 65536 },
  Id: { maxBytes: 128 },
  Namespace: { maxLength: 512 },
  Priority: { minimum: 1, maximum: 10 },
  Tags: { maxItems: 50 },
  Title: { maxLength: 512 },
} as const;
