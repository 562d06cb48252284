// Made from the server's OpenAPI document by "go generate". Do not edit.

import type {
  AgentId,
  Agents,
  Approved,
  ArchivePage,
  ArchiveStats,
  BulkAnswer,
  BulkRequest,
  Capabilities,
  Cluster,
  ClusterRequest,
  Collected,
  ConsensusPending,
  ConsolidateRequest,
  Consolidated,
  Contradictions,
  CreateRequest,
  Created,
  Deleted,
  Export,
  ForgetRequest,
  Forgotten,
  GovernancePending,
  GrantRequest,
  Granted,
  Health,
  Id,
  ImportRequest,
  Imported,
  Inbox,
  LinkRequest,
  Linked,
  Links,
  MarkedRead,
  Memory,
  MemoryPage,
  MemoryWithLinks,
  Namespace,
  NamespacesOrStandard,
  Notified,
  NotifyRequest,
  OpenApi,
  PendingPage,
  Promoted,
  Purged,
  RecallAnswer,
  RecallRequest,
  RegisterAgentRequest,
  Registered,
  Rejected,
  Restored,
  RevokeRequest,
  Revoked,
  SearchAnswer,
  SessionStartAnswer,
  SessionStartRequest,
  StandardCleared,
  StandardOrChain,
  StandardRequest,
  StandardSet,
  Stats,
  SubscribeRequest,
  Subscribed,
  Subscriptions,
  SyncPullRequest,
  SyncPulled,
  SyncPushRequest,
  SyncPushed,
  SyncSince,
  Unsubscribed,
  UpdateRequest,
} from "./objects.js";
import type {
  Tier,
} from "./words.js";

/** Every route of the server. */
export const ROUTES = {
  agents: { method: "GET", path: "/api/v1/agents", query: [], answer: "json" },
  registerAgent: { method: "POST", path: "/api/v1/agents", query: [], answer: "json" },
  archivePurge: { method: "DELETE", path: "/api/v1/archive", query: ["older_than_days"], answer: "json" },
  archiveList: { method: "GET", path: "/api/v1/archive", query: ["namespace", "limit", "offset"], answer: "json" },
  archiveStats: { method: "GET", path: "/api/v1/archive/stats", query: [], answer: "json" },
  archiveRestore: { method: "POST", path: "/api/v1/archive/{id}/restore", query: [], answer: "json" },
  capabilities: { method: "GET", path: "/api/v1/capabilities", query: [], answer: "json" },
  cluster: { method: "GET", path: "/api/v1/cluster", query: [], answer: "json" },
  clusterAction: { method: "POST", path: "/api/v1/cluster", query: [], answer: "json" },
  consolidate: { method: "POST", path: "/api/v1/consolidate", query: [], answer: "json" },
  contradictions: { method: "GET", path: "/api/v1/contradictions", query: ["topic", "namespace"], answer: "json" },
  export: { method: "GET", path: "/api/v1/export", query: [], answer: "json" },
  forget: { method: "POST", path: "/api/v1/forget", query: ["namespace", "pattern", "tier"], answer: "json" },
  gc: { method: "POST", path: "/api/v1/gc", query: [], answer: "json" },
  health: { method: "GET", path: "/api/v1/health", query: [], answer: "json" },
  import: { method: "POST", path: "/api/v1/import", query: [], answer: "json" },
  inbox: { method: "GET", path: "/api/v1/inbox", query: ["agent_id", "unread_only", "unread", "limit", "since"], answer: "json" },
  markRead: { method: "POST", path: "/api/v1/inbox/{id}/read", query: ["agent_id"], answer: "json" },
  link: { method: "POST", path: "/api/v1/links", query: [], answer: "json" },
  getLinks: { method: "GET", path: "/api/v1/links/{id}", query: [], answer: "json" },
  list: { method: "GET", path: "/api/v1/memories", query: ["namespace", "tier", "min_priority", "since", "until", "tags", "limit", "offset", "agent_id"], answer: "json" },
  store: { method: "POST", path: "/api/v1/memories", query: [], answer: "json" },
  storeBulk: { method: "POST", path: "/api/v1/memories/bulk", query: [], answer: "json" },
  delete: { method: "DELETE", path: "/api/v1/memories/{id}", query: [], answer: "json" },
  get: { method: "GET", path: "/api/v1/memories/{id}", query: [], answer: "json" },
  update: { method: "PUT", path: "/api/v1/memories/{id}", query: [], answer: "json" },
  grant: { method: "POST", path: "/api/v1/memories/{id}/grant", query: [], answer: "json" },
  promote: { method: "POST", path: "/api/v1/memories/{id}/promote", query: [], answer: "json" },
  revoke: { method: "POST", path: "/api/v1/memories/{id}/revoke", query: [], answer: "json" },
  metrics: { method: "GET", path: "/api/v1/metrics", query: [], answer: "text" },
  clearStandardByQuery: { method: "DELETE", path: "/api/v1/namespaces", query: ["namespace"], answer: "json" },
  namespaces: { method: "GET", path: "/api/v1/namespaces", query: ["namespace", "inherit"], answer: "json" },
  setStandardByQuery: { method: "POST", path: "/api/v1/namespaces", query: ["namespace"], answer: "json" },
  putStandardByQuery: { method: "PUT", path: "/api/v1/namespaces", query: ["namespace"], answer: "json" },
  clearNamespaceStandard: { method: "DELETE", path: "/api/v1/namespaces/{ns}/standard", query: [], answer: "json" },
  getNamespaceStandard: { method: "GET", path: "/api/v1/namespaces/{ns}/standard", query: ["inherit"], answer: "json" },
  setNamespaceStandard: { method: "POST", path: "/api/v1/namespaces/{ns}/standard", query: [], answer: "json" },
  putNamespaceStandard: { method: "PUT", path: "/api/v1/namespaces/{ns}/standard", query: [], answer: "json" },
  notify: { method: "POST", path: "/api/v1/notify", query: [], answer: "json" },
  openapi: { method: "GET", path: "/api/v1/openapi.json", query: [], answer: "json" },
  pending: { method: "GET", path: "/api/v1/pending", query: ["status", "limit"], answer: "json" },
  approve: { method: "POST", path: "/api/v1/pending/{id}/approve", query: [], answer: "json" },
  reject: { method: "POST", path: "/api/v1/pending/{id}/reject", query: [], answer: "json" },
  recallByQuery: { method: "GET", path: "/api/v1/recall", query: ["context", "namespace", "limit", "tags", "since", "until", "as_agent", "budget_tokens"], answer: "json" },
  recall: { method: "POST", path: "/api/v1/recall", query: [], answer: "json" },
  search: { method: "GET", path: "/api/v1/search", query: ["q", "namespace", "tier", "min_priority", "since", "until", "tags", "limit", "agent_id", "as_agent"], answer: "json" },
  sessionStart: { method: "POST", path: "/api/v1/session/start", query: [], answer: "json" },
  stats: { method: "GET", path: "/api/v1/stats", query: [], answer: "json" },
  unsubscribeByQuery: { method: "DELETE", path: "/api/v1/subscriptions", query: ["id"], answer: "json" },
  listSubscriptions: { method: "GET", path: "/api/v1/subscriptions", query: [], answer: "json" },
  subscribe: { method: "POST", path: "/api/v1/subscriptions", query: [], answer: "json" },
  unsubscribe: { method: "DELETE", path: "/api/v1/subscriptions/{id}", query: [], answer: "json" },
  syncPull: { method: "POST", path: "/api/v1/sync/pull", query: [], answer: "json" },
  syncPush: { method: "POST", path: "/api/v1/sync/push", query: [], answer: "json" },
  syncSince: { method: "GET", path: "/api/v1/sync/since", query: ["since", "limit", "peer"], answer: "json" },
  metricsAtRoot: { method: "GET", path: "/metrics", query: [], answer: "text" },
} as const;

/** What each route takes and answers. */
export interface Operations {
  /** The registered agents (GET /api/v1/agents). */
  agents: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: Agents;
  };
  /** Register an agent, or renew its registration (POST /api/v1/agents). */
  registerAgent: {
    path?: undefined;
    query?: undefined;
    body: RegisterAgentRequest;
    answer: Registered;
  };
  /** Delete archived memories for ever (DELETE /api/v1/archive). */
  archivePurge: {
    path?: undefined;
    query?: {
      /** Only those archived before; absent: all. */
      older_than_days?: number;
    };
    body?: undefined;
    answer: Purged;
  };
  /** List archived memories (GET /api/v1/archive). */
  archiveList: {
    path?: undefined;
    query?: {
      /** Rows, at most 1000: more is lowered to that. Default: 50. */
      limit?: number;
      /** Exactly this one. */
      namespace?: string;
      /** Rows to pass over. Default: 0. */
      offset?: number;
    };
    body?: undefined;
    answer: ArchivePage;
  };
  /** The archive, in numbers (GET /api/v1/archive/stats). */
  archiveStats: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: ArchiveStats;
  };
  /** Bring an archived memory back (POST /api/v1/archive/{id}/restore). */
  archiveRestore: {
    path: {
      id: Id;
    };
    query?: undefined;
    body?: undefined;
    answer: Restored;
  };
  /** What the server can do (GET /api/v1/capabilities). */
  capabilities: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: Capabilities;
  };
  /** This node and its peers (GET /api/v1/cluster). */
  cluster: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: Cluster;
  };
  /** The same, asked by an action (POST /api/v1/cluster). */
  clusterAction: {
    path?: undefined;
    query?: undefined;
    body?: ClusterRequest;
    answer: Cluster;
  };
  /** Merge memories into one (POST /api/v1/consolidate). */
  consolidate: {
    path?: undefined;
    query?: undefined;
    body: ConsolidateRequest;
    answer: Consolidated;
  };
  /** Memories that may contradict each other (GET /api/v1/contradictions). */
  contradictions: {
    path?: undefined;
    query?: {
      /** Exactly this one. */
      namespace?: string;
      /** What they are about. */
      topic?: string;
    };
    body?: undefined;
    answer: Contradictions;
  };
  /** All memories that have not expired, and the links between them (GET /api/v1/export). */
  export: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: Export;
  };
  /** Delete all memories that fit (POST /api/v1/forget). */
  forget: {
    path?: undefined;
    query?: {
      /** Exactly this one. */
      namespace?: string;
      /** Any of these words. */
      pattern?: string;
      tier?: Tier;
    };
    body?: ForgetRequest;
    answer: Forgotten;
  };
  /** Collect expired memories now (POST /api/v1/gc). */
  gc: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: Collected;
  };
  /** Whether the server works (GET /api/v1/health). */
  health: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: Health;
  };
  /** Store up to 1000 memories as they are, with their ids and times, and links (POST /api/v1/import). */
  import: {
    path?: undefined;
    query?: undefined;
    body: ImportRequest;
    answer: Imported;
  };
  /** The messages to an agent (GET /api/v1/inbox). */
  inbox: {
    path?: undefined;
    query?: {
      /** Whose; absent: the caller's. */
      agent_id?: AgentId;
      /** Rows, at most 500: more is lowered to that. Default: 50. */
      limit?: number;
      /** created_at from this time on. */
      since?: string;
      /** As unread_only. */
      unread?: boolean;
      /** Only those not marked as read. Default: false. */
      unread_only?: boolean;
    };
    body?: undefined;
    answer: Inbox;
  };
  /** Mark a message as read (POST /api/v1/inbox/{id}/read). */
  markRead: {
    path: {
      id: Id;
    };
    query?: {
      /** Who reads; absent: the caller. */
      agent_id?: AgentId;
    };
    body?: undefined;
    answer: MarkedRead;
  };
  /** Link two memories (POST /api/v1/links). */
  link: {
    path?: undefined;
    query?: undefined;
    body: LinkRequest;
    answer: Linked;
  };
  /** The links of a memory, in both directions (GET /api/v1/links/{id}). */
  getLinks: {
    path: {
      id: Id;
    };
    query?: undefined;
    body?: undefined;
    answer: Links;
  };
  /** List memories that have not expired (GET /api/v1/memories). */
  list: {
    path?: undefined;
    query?: {
      /** Only memories of this agent. */
      agent_id?: AgentId;
      /** Rows, at most 200: more is lowered to that. Default: 20. */
      limit?: number;
      /** This priority or a higher one. */
      min_priority?: number;
      /** Exactly this one. */
      namespace?: string;
      /** Rows to pass over. Default: 0. */
      offset?: number;
      /** created_at from this time on, compared as text. */
      since?: string;
      /** A comma list of tags, all of which the memory has. */
      tags?: string;
      tier?: Tier;
      /** created_at up to this time, compared as text. */
      until?: string;
    };
    body?: undefined;
    answer: MemoryPage;
  };
  /** Store a memory (POST /api/v1/memories). */
  store: {
    path?: undefined;
    query?: undefined;
    body: CreateRequest;
    answer: Created | GovernancePending;
  };
  /** Store up to 1000 memories (POST /api/v1/memories/bulk). */
  storeBulk: {
    path?: undefined;
    query?: undefined;
    body: BulkRequest;
    answer: BulkAnswer;
  };
  /** Delete a memory and its links (DELETE /api/v1/memories/{id}). */
  delete: {
    path: {
      id: Id;
    };
    query?: undefined;
    body?: undefined;
    answer: Deleted | GovernancePending;
  };
  /** Read a memory by its id, or by a prefix that no other id has (GET /api/v1/memories/{id}). */
  get: {
    path: {
      id: Id;
    };
    query?: undefined;
    body?: undefined;
    answer: MemoryWithLinks;
  };
  /** Change fields of a memory (PUT /api/v1/memories/{id}). */
  update: {
    path: {
      id: Id;
    };
    query?: undefined;
    body: UpdateRequest;
    answer: Memory | GovernancePending;
  };
  /** Let an agent see or change a memory (POST /api/v1/memories/{id}/grant). */
  grant: {
    path: {
      id: Id;
    };
    query?: undefined;
    body: GrantRequest;
    answer: Granted;
  };
  /** Keep a memory for ever (POST /api/v1/memories/{id}/promote). */
  promote: {
    path: {
      id: Id;
    };
    query?: undefined;
    body?: undefined;
    answer: Promoted | GovernancePending;
  };
  /** Take a permission back (POST /api/v1/memories/{id}/revoke). */
  revoke: {
    path: {
      id: Id;
    };
    query?: undefined;
    body: RevokeRequest;
    answer: Revoked;
  };
  /** Prometheus metrics (GET /api/v1/metrics). */
  metrics: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: string;
  };
  /** Let a namespace that the query names have no standard (DELETE /api/v1/namespaces). */
  clearStandardByQuery: {
    path?: undefined;
    query: {
      namespace: Namespace;
    };
    body?: undefined;
    answer: StandardCleared;
  };
  /** The namespaces with memories that have not expired (GET /api/v1/namespaces). */
  namespaces: {
    path?: undefined;
    query?: {
      /** Answer the standards of the namespaces above, too. Default: false. */
      inherit?: boolean;
      namespace?: Namespace;
    };
    body?: undefined;
    answer: NamespacesOrStandard;
  };
  /** Make a memory the standard of a namespace that the query names (POST /api/v1/namespaces). */
  setStandardByQuery: {
    path?: undefined;
    query: {
      namespace: Namespace;
    };
    body: StandardRequest;
    answer: StandardSet;
  };
  /** As POST (PUT /api/v1/namespaces). */
  putStandardByQuery: {
    path?: undefined;
    query: {
      namespace: Namespace;
    };
    body: StandardRequest;
    answer: StandardSet;
  };
  /** Let a namespace have no standard (DELETE /api/v1/namespaces/{ns}/standard). */
  clearNamespaceStandard: {
    path: {
      /** A slash within it is written %2F. */
      ns: Namespace;
    };
    query?: undefined;
    body?: undefined;
    answer: StandardCleared;
  };
  /** The standard of a namespace (GET /api/v1/namespaces/{ns}/standard). */
  getNamespaceStandard: {
    path: {
      /** A slash within it is written %2F. */
      ns: Namespace;
    };
    query?: {
      /** Answer the standards of the namespaces above, too. Default: false. */
      inherit?: boolean;
    };
    body?: undefined;
    answer: StandardOrChain;
  };
  /** Make a memory the standard of a namespace (POST /api/v1/namespaces/{ns}/standard). */
  setNamespaceStandard: {
    path: {
      /** A slash within it is written %2F. */
      ns: Namespace;
    };
    query?: undefined;
    body: StandardRequest;
    answer: StandardSet;
  };
  /** As POST (PUT /api/v1/namespaces/{ns}/standard). */
  putNamespaceStandard: {
    path: {
      /** A slash within it is written %2F. */
      ns: Namespace;
    };
    query?: undefined;
    body: StandardRequest;
    answer: StandardSet;
  };
  /** Send an agent a message (POST /api/v1/notify). */
  notify: {
    path?: undefined;
    query?: undefined;
    body: NotifyRequest;
    answer: Notified | GovernancePending;
  };
  /** This document (GET /api/v1/openapi.json). */
  openapi: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: OpenApi;
  };
  /** Actions that wait, or waited, for approval (GET /api/v1/pending). */
  pending: {
    path?: undefined;
    query?: {
      /** Rows, at most 1000: more is lowered to that. Default: 100. */
      limit?: number;
      /** pending, approved or rejected; absent: all. */
      status?: string;
    };
    body?: undefined;
    answer: PendingPage;
  };
  /** Approve an action, which is then done (POST /api/v1/pending/{id}/approve). */
  approve: {
    path: {
      id: Id;
    };
    query?: undefined;
    body?: undefined;
    answer: Approved | ConsensusPending;
  };
  /** Reject an action (POST /api/v1/pending/{id}/reject). */
  reject: {
    path: {
      id: Id;
    };
    query?: undefined;
    body?: undefined;
    answer: Rejected;
  };
  /** Recall memories about something, asked in the query (GET /api/v1/recall). */
  recallByQuery: {
    path?: undefined;
    query?: {
      /** Only what an agent of this namespace may see. */
      as_agent?: Namespace;
      /** Stop before the memories have more tokens than this, a token being four bytes. */
      budget_tokens?: number;
      /** What it is about; not blank. */
      context?: string;
      /** Rows, at most 50: more is lowered to that. Default: 10. */
      limit?: number;
      namespace?: string;
      /** created_at from this time on. */
      since?: string;
      /** A comma list of tags, all of which the memory has. */
      tags?: string;
      /** created_at up to this time. */
      until?: string;
    };
    body?: undefined;
    answer: RecallAnswer;
  };
  /** Recall memories about something (POST /api/v1/recall). */
  recall: {
    path?: undefined;
    query?: undefined;
    body: RecallRequest;
    answer: RecallAnswer;
  };
  /** Find memories that have all the words (GET /api/v1/search). */
  search: {
    path?: undefined;
    query: {
      /** Only memories of this agent. */
      agent_id?: AgentId;
      /** Only what an agent of this namespace may see. */
      as_agent?: Namespace;
      /** Rows, at most 200: more is lowered to that. Default: 20. */
      limit?: number;
      /** This priority or a higher one. */
      min_priority?: number;
      /** Exactly this one. */
      namespace?: string;
      /** What to look for; not blank. */
      q: string;
      /** created_at from this time on, compared as text. */
      since?: string;
      /** A comma list of tags, all of which the memory has. */
      tags?: string;
      tier?: Tier;
      /** created_at up to this time, compared as text. */
      until?: string;
    };
    body?: undefined;
    answer: SearchAnswer;
  };
  /** What an agent should know when it begins (POST /api/v1/session/start). */
  sessionStart: {
    path?: undefined;
    query?: undefined;
    body?: SessionStartRequest;
    answer: SessionStartAnswer;
  };
  /** What is stored, in numbers (GET /api/v1/stats). */
  stats: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: Stats;
  };
  /** End a subscription that the query names (DELETE /api/v1/subscriptions). */
  unsubscribeByQuery: {
    path?: undefined;
    query: {
      id: Id;
    };
    body?: undefined;
    answer: Unsubscribed;
  };
  /** The subscriptions, without their secrets (GET /api/v1/subscriptions). */
  listSubscriptions: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: Subscriptions;
  };
  /** Be told of events by a webhook (POST /api/v1/subscriptions). */
  subscribe: {
    path?: undefined;
    query?: undefined;
    body: SubscribeRequest;
    answer: Subscribed;
  };
  /** End a subscription (DELETE /api/v1/subscriptions/{id}). */
  unsubscribe: {
    path: {
      id: Id;
    };
    query?: undefined;
    body?: undefined;
    answer: Unsubscribed;
  };
  /** What a node lacks (POST /api/v1/sync/pull). */
  syncPull: {
    path?: undefined;
    query?: undefined;
    body: SyncPullRequest;
    answer: SyncPulled;
  };
  /** Merge memories of another server (POST /api/v1/sync/push). */
  syncPush: {
    path?: undefined;
    query?: undefined;
    body: SyncPushRequest;
    answer: SyncPushed;
  };
  /** Memories that changed after a time, expired ones included (GET /api/v1/sync/since). */
  syncSince: {
    path?: undefined;
    query?: {
      /** Rows, at most 10000: more is lowered to that. Default: 500. */
      limit?: number;
      /** The agent id of who asks; it is noted how far that one has read. */
      peer?: string;
      /** updated_at after this time, in RFC 3339; a plus sign is written %2B. */
      since?: string;
    };
    body?: undefined;
    answer: SyncSince;
  };
  /** Prometheus metrics, where scrapers look for them (GET /metrics). */
  metricsAtRoot: {
    path?: undefined;
    query?: undefined;
    body?: undefined;
    answer: string;
  };
}

/** The name of a route. */
export type OperationName = keyof Operations;
