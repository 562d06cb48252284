// Made from the server's OpenAPI document by "go generate". Do not edit.

import type {
  Action,
  AgentType,
  ArchiveReason,
  EventName,
  GovernanceLevel,
  NodeStatus,
  PendingStatus,
  Permission,
  Relation,
  Scope,
  Source,
  Tier,
} from "./words.js";

/** The name of an agent. */
export type AgentId = string;

/** A registered agent. */
export interface AgentRegistration {
  agent_id: string;
  agent_type: string;
  capabilities: string[];
  last_seen_at: string;
  registered_at: string;
}

export interface Agents {
  agents: AgentRegistration[];
  count: number;
}

/** A vote. */
export interface Approval {
  /** In lower case. */
  agent_id: string;
  approved_at: string;
}

export interface Approved {
  approved: true;
  decided_by: string;
  executed: true;
  id: string;
  memory_id: string | null;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
}

/** A page of the archive. */
export interface ArchivePage {
  archived: ArchivedMemory[];
  /** Of this page. */
  count: number;
}

export interface ArchiveStats {
  archived_total: number;
  by_namespace: NamespaceCount[];
}

/** A memory that was taken out, as it was then. */
export interface ArchivedMemory {
  /** How often it was recalled. */
  access_count: number;
  archive_reason: ArchiveReason;
  archived_at: string;
  confidence: number;
  content: string;
  created_at: string;
  expires_at: string | null;
  id: string;
  last_accessed_at: string | null;
  /** agent_id is who wrote the memory, scope who may see it. */
  metadata: {
    [key: string]: unknown;
  };
  namespace: string;
  priority: number;
  /** One of the list, or that of a memory the server wrote itself. */
  source: Source | (string & {});
  tags: string[];
  tier: Tier;
  title: string;
  updated_at: string;
}

/** What became of the memories. */
export interface BulkAnswer {
  /** As created. */
  count: number;
  /** How many were stored. */
  created: number;
  /** One text for each that was not, beginning with its title. */
  errors: string[];
  /** Of the stored memories, in order. */
  ids: string[];
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  /** How many the request had. */
  sent: number;
}

/** Memories to store, as a list or as an object that has one. */
export type BulkRequest = CreateRequest[] | {
  memories: CreateRequest[];
};

/** What a server can do. */
export interface Capabilities {
  features: {
    auto_consolidation: boolean;
    auto_tagging: boolean;
    contradiction_analysis: boolean;
    cross_encoder_reranking: boolean;
    hybrid_recall: boolean;
    keyword_search: boolean;
    memory_reflection: boolean;
    query_expansion: boolean;
    semantic_search: boolean;
  };
  /** none stands for no model. */
  models: {
    cross_encoder: string;
    embedding: string;
    embedding_dim: number;
    llm: string;
  };
  /** keyword, semantic, smart or autonomous. */
  tier: string;
  version: string;
}

/** This node and its peers. */
export interface Cluster {
  peers: ClusterNode[];
  self: ClusterNode;
}

/** A node. */
export interface ClusterNode {
  agent_id: string;
  endpoint: string;
  last_seen_at: string | null;
  status: NodeStatus;
}

export interface ClusterRequest {
  action?: "list" | "status" | "join" | "leave" | null;
}

export interface Collected {
  expired_deleted: number;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
}

/** How sure the writer is. */
export type Confidence = number;

export interface ConsensusPending {
  approved: false;
  id: string;
  quorum: number;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  reason: string;
  status: "pending";
  votes: number;
}

/** Memories to merge. */
export interface ConsolidateRequest {
  /** Who merges; goes before X-Agent-Id. */
  agent_id?: AgentId | null;
  /** The memories, exactly. */
  ids: Id[];
  /** Default: "global". */
  namespace?: Namespace;
  /** The content of the new memory. */
  summary: Content;
  tier?: Tier | null;
  title: Title;
}

/** What was merged. */
export interface Consolidated {
  /** How many were merged. */
  consolidated: number;
  /** Of the new memory. */
  id: string;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
}

/** What is remembered. */
export type Content = string;

/** What may contradict. */
export interface Contradictions {
  /** Of memories. */
  count: number;
  links: MemoryLink[];
  memories: Memory[];
}

/** A memory to store. */
export interface CreateRequest {
  /** Who writes; goes before X-Agent-Id. */
  agent_id?: AgentId | null;
  /** Default: 1. */
  confidence?: Confidence;
  content: Content;
  /** Not past. Goes before ttl_secs, which goes before the lifetime of the tier. */
  expires_at?: string | null;
  /** Default: {}. */
  metadata?: Metadata;
  /** Default: "global". */
  namespace?: Namespace;
  /** Default: 5. */
  priority?: Priority;
  scope?: Scope | null;
  /** Default: "api". */
  source?: Source;
  /** Default: []. */
  tags?: Tags;
  /** Default: "mid". */
  tier?: Tier;
  title: Title;
  /** Lifetime in seconds. */
  ttl_secs?: number | null;
}

/** What was stored. */
export interface Created {
  /** Who asked, also when another is the author. */
  agent_id: string;
  /** Of the memory; that of the existing one when it was updated. */
  id: string;
  namespace: string;
  /** Ids of memories of the namespace that are about the same. */
  potential_contradictions?: string[];
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  /** As requested. */
  tier: Tier;
  title: string;
}

export interface Deleted {
  deleted: true;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
}

/** A deletion and its event. */
export interface DeletionEvent {
  deleted_at: string;
  expired?: boolean;
  generation: number;
  /** Absent: a rename. */
  id?: string;
  namespace: string;
  origin: string;
  seq: number;
  title: string;
}

/** Why a request was refused. */
export interface Error {
  /** For people; see the status for what it means. */
  error: string;
}

/** A change: the node that made it and its number there. */
export interface Event {
  origin: string;
  seq: number;
}

/** The event of a memory. */
export interface EventMark {
  generation?: number;
  moved?: number;
  origin: string;
  seq: number;
}

/** Everything. */
export interface Export {
  /** Of memories. */
  count: number;
  exported_at: string;
  links: MemoryLink[];
  memories: Memory[];
}

/** What to forget. */
export interface ForgetRequest {
  /** Exactly this one. */
  namespace?: string | null;
  /** Any of these words. */
  pattern?: string | null;
  tier?: Tier | null;
}

export interface Forgotten {
  deleted: number;
  /** Of the actions that wait. */
  pending_ids?: string[];
  /** Memories that are left until that is approved. */
  queued?: number;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
}

/** A memory with all that belongs to it. */
export interface FullMemory {
  /** How often it was recalled. */
  access_count: number;
  confidence: number;
  content: string;
  created_at: string;
  expires_at?: string | null;
  id: string;
  last_accessed_at?: string | null;
  metadata?: Metadata;
  namespace: string;
  priority: number;
  /** One of the list, or that of a memory the server wrote itself. */
  source: Source | (string & {});
  tags: string[];
  tier: Tier;
  title: string;
  updated_at: string;
}

/** An action that waits for approval. */
export interface GovernancePending {
  action: Action;
  /** For others. */
  memory_id?: string;
  /** For a store. */
  namespace?: string;
  pending_id: string;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  reason: string;
  status: "pending";
}

/** What needs whose approval in a namespace. */
export interface GovernancePolicy {
  /** Who approves. */
  approver: "human" | {
    agent: AgentId;
  } | {
    /** Votes of registered agents that are needed. */
    consensus: number;
  };
  delete: GovernanceLevel;
  promote: GovernanceLevel;
  write: GovernanceLevel;
}

/** Who may what. */
export interface GrantRequest {
  agent_id: AgentId;
  permission: Permission;
}

export interface Granted {
  agent_id: string;
  granted: true;
  id: string;
  permission: Permission;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
}

/** How the server is. */
export interface Health {
  service: "ai-memory";
  status: "ok" | "error";
}

/** The id of a memory, or a prefix of it where a route says so; not always a UUID. */
export type Id = string;

/** Memories as an export has them. */
export interface ImportRequest {
  /** created_at is not kept. */
  links?: MemoryLink[] | null;
  memories: FullMemory[];
}

export interface Imported {
  /** Each an id and why it was not stored. */
  errors: string[];
  imported: number;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
}

/** The messages to an agent. */
export interface Inbox {
  agent_id: string;
  /** Of these messages. */
  count: number;
  messages: InboxMessage[];
  namespace: string;
  /** Of these messages. */
  unread: number;
  /** As it was asked. */
  unread_only: boolean;
}

/** A message. */
export interface InboxMessage {
  access_count: number;
  /** As payload. */
  body: unknown;
  created_at: string;
  from: string;
  id: string;
  /** As it was sent. */
  payload: unknown;
  priority: number;
  read: boolean;
  /** As title. */
  subject: string;
  tier: Tier;
  title: string;
  to: string;
}

/** Two memories to link. */
export interface LinkRequest {
  /** Default: "related_to". */
  relation?: Relation;
  source_id: Id;
  /** Not the source. */
  target_id: Id;
}

/** A link. */
export interface Linked {
  created_at: string;
  linked: true;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  relation: Relation;
  source_id: string;
  target_id: string;
}

/** Links of a memory. */
export interface Links {
  count: number;
  links: MemoryLink[];
}

export interface MarkedRead {
  id: string;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  read: true;
}

/** One memory. */
export interface Memory {
  /** How often it was recalled. */
  access_count: number;
  confidence: number;
  content: string;
  created_at: string;
  /** Absent: never. */
  expires_at?: string;
  id: string;
  last_accessed_at?: string;
  /** agent_id is who wrote the memory, scope who may see it. */
  metadata: {
    [key: string]: unknown;
  };
  namespace: string;
  priority: number;
  /** One of the list, or that of a memory the server wrote itself. */
  source: Source | (string & {});
  tags: string[];
  tier: Tier;
  title: string;
  updated_at: string;
}

/** A relation between two memories. */
export interface MemoryLink {
  created_at: string;
  relation: Relation;
  source_id: string;
  target_id: string;
}

/** A page of memories. */
export interface MemoryPage {
  /** Of this page. */
  count: number;
  memories: Memory[];
}

/** A memory, twice, and its links. */
export interface MemoryWithLinks {
  /** How often it was recalled. */
  access_count: number;
  confidence: number;
  content: string;
  created_at: string;
  /** Absent: never. */
  expires_at?: string;
  id: string;
  last_accessed_at?: string;
  links: MemoryLink[];
  memory: Memory;
  /** agent_id is who wrote the memory, scope who may see it. */
  metadata: {
    [key: string]: unknown;
  };
  namespace: string;
  priority: number;
  /** One of the list, or that of a memory the server wrote itself. */
  source: Source | (string & {});
  tags: string[];
  tier: Tier;
  title: string;
  updated_at: string;
}

/** Any object of at most 65536 bytes as compact JSON, nested at most 32 deep. */
export interface Metadata {
  [key: string]: unknown;
}

/** Where a memory belongs: at most 8 segments between slashes, without blanks. */
export type Namespace = string;

/** A namespace and its size. */
export interface NamespaceCount {
  count: number;
  namespace: string;
}

/** Namespaces, largest first. */
export interface Namespaces {
  namespaces: NamespaceCount[];
}

export type NamespacesOrStandard = Namespaces | Standard | StandardChain;

/** A message that was sent. */
export interface Notified {
  delivered_at: string;
  from: string;
  id: string;
  namespace: string;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  sent: true;
  tier: Tier;
  to: string;
}

/** A message. It needs payload or content. */
export interface NotifyRequest {
  /** As payload. */
  content?: string | null;
  /** What it says: any JSON. */
  payload?: unknown;
  /** Default: 5. */
  priority?: Priority;
  /** Whom it is for. */
  target_agent_id: AgentId;
  /** Default: "mid". */
  tier?: Tier;
  title: Title;
}

/** An OpenAPI 3.1 document. */
export interface OpenApi {
  openapi: string;
  [key: string]: unknown;
}

/** An action that waits, or waited. */
export interface PendingAction {
  action_type: Action;
  approvals: Approval[];
  decided_at?: string;
  decided_by?: string;
  id: string;
  memory_id: string | null;
  namespace: string;
  /** What is to be done. */
  payload: unknown;
  requested_at: string;
  requested_by: string;
  status: PendingStatus;
}

export interface PendingPage {
  /** Of this page. */
  count: number;
  pending: PendingAction[];
}

/** How much the memory matters. */
export type Priority = number;

/** The memory, and what was done. */
export interface Promoted {
  /** How often it was recalled. */
  access_count: number;
  confidence: number;
  content: string;
  created_at: string;
  /** Absent: never. */
  expires_at?: string;
  /** In full. */
  id: string;
  last_accessed_at?: string;
  /** agent_id is who wrote the memory, scope who may see it. */
  metadata: {
    [key: string]: unknown;
  };
  namespace: string;
  priority: number;
  promoted: true;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  /** One of the list, or that of a memory the server wrote itself. */
  source: Source | (string & {});
  tags: string[];
  tier: "long";
  title: string;
  updated_at: string;
}

export interface Purged {
  purged: number;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
}

/** Too few nodes hold a write. */
export interface QuorumNotMet {
  /** Of a link. */
  created_at?: string;
  /** Deleted here by a forget. */
  deleted?: number;
  error: "quorum_not_met";
  /** Of a bulk or an import: what was not stored, and why. */
  errors?: string[];
  /** Collected here. */
  expired_deleted?: number;
  /** How many nodes hold it, this one included. */
  got: number;
  /** The memory, where the write is about one. */
  id?: string;
  /** Of what a bulk has stored here. */
  ids?: string[];
  /** Stored here by an import. */
  imported?: number;
  /** How many have to. */
  needed: number;
  /** As a forget answers. */
  pending_ids?: string[];
  /** Purged here. */
  purged?: number;
  /** As a forget answers. */
  queued?: number;
  /** timeout, unreachable, or a longer text. */
  reason: string;
  /** Of a link. */
  relation?: string;
  /** Of a link. */
  source_id?: string;
  /** Of a link. */
  target_id?: string;
}

/** What was recalled. */
export interface RecallAnswer {
  /** As it was asked. */
  budget_tokens?: number;
  count: number;
  memories: ScoredMemory[];
  tokens_used: number;
}

/** What to recall. */
export interface RecallRequest {
  /** Only what an agent of this namespace may see. */
  as_agent?: Namespace | null;
  /** Stop before the memories have more tokens than this, a token being four bytes. */
  budget_tokens?: number | null;
  /** What it is about; not blank. */
  context: string;
  /** Rows, at most 50: more is lowered to that. Default: 10. */
  limit?: number | null;
  namespace?: string | null;
  /** created_at from this time on. */
  since?: string | null;
  /** A comma list of tags, all of which the memory has. */
  tags?: string | null;
  /** created_at up to this time. */
  until?: string | null;
}

/** Something kept beside memories, and its event. */
export interface RecordEvent {
  gone?: boolean;
  key: string;
  kind: string;
  origin: string;
  seq: number;
  /** Unix nanoseconds. */
  stamp: number;
  /** As the kind has it. */
  value?: {
    [key: string]: unknown;
  };
}

/** Who to register. */
export interface RegisterAgentRequest {
  agent_id: AgentId;
  agent_type: AgentType;
  /** Takes the place of what was there. */
  capabilities?: Tags | null;
}

export interface Registered {
  agent_id: string;
  agent_type: string;
  capabilities: string[];
  /** Of the memory that holds the registration. */
  id: string;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  registered: true;
}

export interface Rejected {
  decided_by: string;
  id: string;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  rejected: true;
}

export interface Restored {
  id: string;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  restored: true;
}

/** Who may no longer. */
export interface RevokeRequest {
  agent_id: AgentId;
}

export interface Revoked {
  agent_id: string;
  id: string;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  /** Whether there was a permission. */
  revoked: boolean;
}

/** A memory and how well it fits. */
export interface ScoredMemory {
  /** How often it was recalled. */
  access_count: number;
  confidence: number;
  content: string;
  created_at: string;
  /** Absent: never. */
  expires_at?: string;
  id: string;
  last_accessed_at?: string;
  /** agent_id is who wrote the memory, scope who may see it. */
  metadata: {
    [key: string]: unknown;
  };
  namespace: string;
  priority: number;
  /** The higher, the better. */
  score: number;
  /** One of the list, or that of a memory the server wrote itself. */
  source: Source | (string & {});
  tags: string[];
  tier: Tier;
  title: string;
  updated_at: string;
}

/** What was found. */
export interface SearchAnswer {
  count: number;
  /** As results. */
  memories: Memory[];
  /** As it was asked. */
  query: string;
  results: Memory[];
}

/** What an agent should know. */
export interface SessionStartAnswer {
  count: number;
  /** The score is 0. */
  memories: ScoredMemory[];
  mode: "session_start";
  /** The standard of the namespace, if there is one. */
  standard?: Memory;
  /** The standards, if there are several, most general first. */
  standards?: Memory[];
}

/** Where an agent begins. */
export interface SessionStartRequest {
  /** Rows, at most 50: more is lowered to that. Default: 10. */
  limit?: number | null;
  namespace?: string | null;
}

/** A run of one node's events. */
export interface Span {
  after: number;
  origin: string;
  upto: number;
}

/** The standard of a namespace. */
export interface Standard {
  content?: string;
  governance?: GovernancePolicy;
  namespace: string;
  parent?: string;
  priority?: number;
  /** Null when there is none. */
  standard_id: string | null;
  title?: string;
  /** The memory is gone. */
  warning?: string;
}

/** The standards that hold for a namespace. */
export interface StandardChain {
  /** Namespaces, most general first. */
  chain: string[];
  /** Of standards. */
  count: number;
  namespace: string;
  standards: Standard[];
}

export interface StandardCleared {
  /** Whether there was one. */
  cleared: boolean;
  namespace: string;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
}

export type StandardOrChain = Standard | StandardChain;

/** What a namespace's standard is to be. */
export interface StandardRequest {
  governance?: GovernancePolicy | null;
  /** The memory. */
  id: Id;
  /** Whose standard is the next more general one. */
  parent?: Namespace | null;
}

/** What was set. */
export interface StandardSet {
  governance?: GovernancePolicy;
  namespace: string;
  parent?: string;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  set: true;
  standard_id: string;
}

/** Numbers of what is stored. */
export interface Stats {
  /** Largest first. */
  by_namespace: NamespaceCount[];
  /** Largest first. */
  by_tier: {
    count: number;
    tier: Tier;
  }[];
  /** Of the main database file; 0 when it is not known. */
  db_size_bytes: number;
  /** Memories that expire within the next hour. */
  expiring_soon: number;
  links_count: number;
  /** Memories. */
  total: number;
}

/** What to be told of, and where. It needs url or callback_url. */
export interface SubscribeRequest {
  /** Only memories of this agent. */
  agent_filter?: string | null;
  /** As url. */
  callback_url?: string | null;
  /** * for all, a list with commas, or a list. Default: "*". */
  events?: string | EventName[] | null;
  /** As namespace_filter. */
  namespace?: string | null;
  /** Only memories of exactly this namespace. */
  namespace_filter?: string | null;
  /** Signs what is delivered. */
  secret?: string | null;
  url?: string | null;
}

/** A new subscription. */
export interface Subscribed {
  agent_filter: string | null;
  /** As created_by. */
  agent_id: string | null;
  /** As url. */
  callback_url: string;
  created_at: string;
  created_by: string | null;
  /** Deliveries tried by this node since its start. */
  dispatch_count: number;
  /** * or a list with commas. */
  events: string;
  /** Those of them that failed. */
  failure_count: number;
  id: string;
  /** As namespace_filter. */
  namespace: string | null;
  namespace_filter: string | null;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  url: string;
}

/** A subscription. */
export interface Subscription {
  agent_filter: string | null;
  created_at: string;
  created_by: string | null;
  /** Deliveries tried by this node since its start. */
  dispatch_count: number;
  /** * or a list with commas. */
  events: string;
  /** Those of them that failed. */
  failure_count: number;
  id: string;
  namespace_filter: string | null;
  url: string;
}

export interface Subscriptions {
  count: number;
  subscriptions: Subscription[];
}

/** What a node has. */
export interface SyncPullRequest {
  /** The last of the page before. */
  after?: Event | null;
  have?: Vector | null;
  /** Default: 0. */
  limit?: number;
  node: string;
}

/** What a node lacks. */
export interface SyncPulled {
  deletion_events: DeletionEvent[];
  /** One a memory. */
  events: EventMark[];
  /** Of the sender, for the first page. */
  have: Vector;
  memories: Memory[];
  more: boolean;
  node: string;
  record_events: RecordEvent[];
}

/** Memories to merge. */
export interface SyncPushRequest {
  deletion_events?: DeletionEvent[];
  /** Ids that the sender has deleted. */
  deletions?: string[];
  /** Check only. Default: false. */
  dry_run?: boolean;
  /** One a memory. */
  events?: EventMark[];
  memories: FullMemory[];
  node?: string;
  record_events?: RecordEvent[];
  sender_agent_id: AgentId;
  sender_clock?: VectorClock;
  span?: Span;
}

/** What became of a push. */
export interface SyncPushed {
  /** Merged, also where that changed nothing. */
  applied: number;
  dry_run: boolean;
  have?: Vector;
  /** What is stored durably, by the ids it has here. */
  ids?: string[] | null;
  /** The receiver. */
  node?: string;
  /** Valid memories of a dry run. */
  noop: number;
  /** The caller. */
  receiver_agent_id: string;
  receiver_clock: VectorClock;
  /** Refused. */
  skipped: number;
}

export interface SyncSince {
  count: number;
  limit: number;
  memories: Memory[];
}

/** Words to find the memory by. */
export type Tags = string[];

/** Unique within the namespace. Blanks around it do not count towards its length. */
export type Title = string;

export interface Unsubscribed {
  /** As removed. */
  deleted: boolean;
  id: string;
  /** How many nodes hold the write; absent when the server stands alone. */
  quorum_acks?: number;
  /** Whether there was one. */
  removed: boolean;
}

/** What to change. */
export interface UpdateRequest {
  confidence?: Confidence | null;
  content?: Content | null;
  /** May be past. */
  expires_at?: string | null;
  /** Takes the place of the whole; agent_id stays. */
  metadata?: Metadata | null;
  namespace?: Namespace | null;
  priority?: Priority | null;
  tags?: Tags | null;
  tier?: Tier | null;
  title?: Title | null;
}

/** Numbers of events by node. */
export interface Vector {
  [key: string]: number;
}

export interface VectorClock {
  /** Times by agent id. */
  entries?: {
    [key: string]: string;
  };
}

/** What is posted to a webhook. */
export interface WebhookPayload {
  agent_id: string | null;
  delivered_at: string;
  event: EventName;
  memory_id: string;
  namespace: string;
  /** For a decision. */
  pending_id?: string;
  /** For a decision. */
  status?: PendingStatus;
}
