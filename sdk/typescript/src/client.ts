import { ApiError, errorOf } from "./errors.js";
import type {
  Created,
  CreateRequest,
  ForgetRequest,
  GovernancePending,
  GrantRequest,
  Health,
  ImportRequest,
  LinkRequest,
  Namespaces,
  NotifyRequest,
  RecallRequest,
  RegisterAgentRequest,
  ConsolidateRequest,
  SessionStartRequest,
  StandardRequest,
  SubscribeRequest,
  SyncPullRequest,
  SyncPushRequest,
  UpdateRequest,
  ClusterRequest,
} from "./generated/objects.js";
import { type OperationName, type Operations, ROUTES } from "./generated/operations.js";
import { type ClientOptions, type Query, type RawAnswer, type RawRequest, type RequestOptions, Transport } from "./transport.js";

/** What an operation takes. */
export type Arguments<K extends OperationName> = Pick<Operations[K], "path" | "query" | "body">;
/** What an operation answers. */
export type Answer<K extends OperationName> = Operations[K]["answer"];
type QueryOf<K extends OperationName> = NonNullable<Operations[K]["query"]>;

/** Tells whether an action was not done but queued for approval. */
export function isPending(answer: object): answer is GovernancePending {
  return "pending_id" in answer && (answer as GovernancePending).status === "pending";
}

/**
 * A client of one ai-memory server. Every method rejects with an error of this package when the
 * server does not answer with success. It holds no state: it can be used for any number of requests
 * at once.
 */
export class AiMemoryClient {
  readonly #transport: Transport;

  constructor(options: ClientOptions = {}) {
    this.#transport = new Transport(options);
  }

  /** Sends any request and resolves with the answer whatever its status. */
  raw(method: string, path: string, request: RawRequest = {}): Promise<RawAnswer> {
    return this.#transport.send(method, path, request);
  }

  /** Calls an operation of the server's OpenAPI document by its name. The other methods are made of it. */
  async call<K extends OperationName>(operation: K, args: Arguments<K>, options: RequestOptions = {}): Promise<Answer<K>> {
    const route = ROUTES[operation];
    const request: RawRequest = { ...options };
    if (args.query !== undefined) {
      request.query = args.query as Query;
    }
    if (args.body !== undefined) {
      request.body = args.body;
    }
    const answer = await this.raw(route.method, pathOf(route.path, args.path ?? {}), request);
    const expected = typeof answer.body === "string" ? "text" : "json";
    if (answer.status < 200 || answer.status > 299) {
      throw errorOf(answer.status, answer.body, answer.headers);
    }
    if (expected !== route.answer) {
      throw new ApiError(answer.status, answer.body, answer.headers);
    }
    return answer.body as Answer<K>;
  }

  // Memories.

  /** Stores a memory, or updates the one with its namespace and title. */
  store(memory: CreateRequest, options?: RequestOptions): Promise<Created | GovernancePending> {
    return this.call("store", { body: memory }, options);
  }

  /** Stores up to 1000 memories; errors says which were not stored, and why. */
  storeBulk(memories: CreateRequest[], options?: RequestOptions): Promise<Answer<"storeBulk">> {
    return this.call("storeBulk", { body: { memories } }, options);
  }

  /** Reads a memory by its id, or by a prefix that no other id has. */
  get(id: string, options?: RequestOptions): Promise<Answer<"get">> {
    return this.call("get", { path: { id } }, options);
  }

  /** Changes fields of a memory. */
  update(id: string, changes: UpdateRequest, options?: RequestOptions): Promise<Answer<"update">> {
    return this.call("update", { path: { id }, body: changes }, options);
  }

  /** Deletes a memory and its links. */
  delete(id: string, options?: RequestOptions): Promise<Answer<"delete">> {
    return this.call("delete", { path: { id } }, options);
  }

  /** Keeps a memory for ever. */
  promote(id: string, options?: RequestOptions): Promise<Answer<"promote">> {
    return this.call("promote", { path: { id } }, options);
  }

  /** Lists memories that have not expired. */
  list(filter: QueryOf<"list"> = {}, options?: RequestOptions): Promise<Answer<"list">> {
    return this.call("list", { query: filter }, options);
  }

  /** Lets an agent see or change a memory. */
  grant(id: string, agentId: string, permission: GrantRequest["permission"], options?: RequestOptions): Promise<Answer<"grant">> {
    return this.call("grant", { path: { id }, body: { agent_id: agentId, permission } }, options);
  }

  /** Takes a permission back. */
  revoke(id: string, agentId: string, options?: RequestOptions): Promise<Answer<"revoke">> {
    return this.call("revoke", { path: { id }, body: { agent_id: agentId } }, options);
  }

  // Finding.

  /** Finds memories that have all the words. */
  search(about: string | QueryOf<"search">, options?: RequestOptions): Promise<Answer<"search">> {
    return this.call("search", { query: typeof about === "string" ? { q: about } : about }, options);
  }

  /** Recalls memories about something, which prolongs their lives. */
  recall(about: string | RecallRequest, options?: RequestOptions): Promise<Answer<"recall">> {
    return this.call("recall", { body: typeof about === "string" ? { context: about } : about }, options);
  }

  /** As recall, asked in the query. */
  recallByQuery(query: QueryOf<"recallByQuery">, options?: RequestOptions): Promise<Answer<"recallByQuery">> {
    return this.call("recallByQuery", { query }, options);
  }

  /** Memories that may contradict each other. */
  contradictions(query: QueryOf<"contradictions"> = {}, options?: RequestOptions): Promise<Answer<"contradictions">> {
    return this.call("contradictions", { query }, options);
  }

  /** What an agent should know when it begins. */
  sessionStart(request: SessionStartRequest = {}, options?: RequestOptions): Promise<Answer<"sessionStart">> {
    return this.call("sessionStart", { body: request }, options);
  }

  // Links.

  /** Links two memories. */
  link(link: LinkRequest, options?: RequestOptions): Promise<Answer<"link">> {
    return this.call("link", { body: link }, options);
  }

  /** The links of a memory, in both directions. */
  getLinks(id: string, options?: RequestOptions): Promise<Answer<"getLinks">> {
    return this.call("getLinks", { path: { id } }, options);
  }

  /** Merges memories into one. */
  consolidate(request: ConsolidateRequest, options?: RequestOptions): Promise<Answer<"consolidate">> {
    return this.call("consolidate", { body: request }, options);
  }

  // What becomes of memories.

  /** Deletes all memories that fit; at least one filter is needed. */
  forget(filter: ForgetRequest, options?: RequestOptions): Promise<Answer<"forget">> {
    return this.call("forget", { body: filter }, options);
  }

  /** Collects expired memories now. */
  gc(options?: RequestOptions): Promise<Answer<"gc">> {
    return this.call("gc", {}, options);
  }

  /** All memories that have not expired, and the links between them. */
  export(options?: RequestOptions): Promise<Answer<"export">> {
    return this.call("export", {}, options);
  }

  /** Stores up to 1000 memories as they are, with their ids and times, and links. */
  import(memories: ImportRequest, options?: RequestOptions): Promise<Answer<"import">> {
    return this.call("import", { body: memories }, options);
  }

  /** Lists archived memories. */
  archiveList(query: QueryOf<"archiveList"> = {}, options?: RequestOptions): Promise<Answer<"archiveList">> {
    return this.call("archiveList", { query }, options);
  }

  /** Deletes archived memories for ever; without olderThanDays, all. */
  archivePurge(olderThanDays?: number, options?: RequestOptions): Promise<Answer<"archivePurge">> {
    return this.call("archivePurge", { query: { older_than_days: olderThanDays } }, options);
  }

  /** Brings an archived memory back. */
  archiveRestore(id: string, options?: RequestOptions): Promise<Answer<"archiveRestore">> {
    return this.call("archiveRestore", { path: { id } }, options);
  }

  /** The archive, in numbers. */
  archiveStats(options?: RequestOptions): Promise<Answer<"archiveStats">> {
    return this.call("archiveStats", {}, options);
  }

  // Namespaces.

  /** The namespaces with memories that have not expired. */
  async namespaces(options?: RequestOptions): Promise<Namespaces> {
    return (await this.call("namespaces", {}, options)) as Namespaces;
  }

  /** Makes a memory the standard of a namespace. */
  setNamespaceStandard(namespace: string, standard: StandardRequest, options?: RequestOptions): Promise<Answer<"setNamespaceStandard">> {
    return this.call("setNamespaceStandard", { path: { ns: namespace }, body: standard }, options);
  }

  /** As setNamespaceStandard. */
  putNamespaceStandard(namespace: string, standard: StandardRequest, options?: RequestOptions): Promise<Answer<"putNamespaceStandard">> {
    return this.call("putNamespaceStandard", { path: { ns: namespace }, body: standard }, options);
  }

  /** The standard of a namespace; with inherit, those of the namespaces above, too. */
  getNamespaceStandard(
    namespace: string,
    query: QueryOf<"getNamespaceStandard"> = {},
    options?: RequestOptions,
  ): Promise<Answer<"getNamespaceStandard">> {
    return this.call("getNamespaceStandard", { path: { ns: namespace }, query }, options);
  }

  /** Lets a namespace have no standard. */
  clearNamespaceStandard(namespace: string, options?: RequestOptions): Promise<Answer<"clearNamespaceStandard">> {
    return this.call("clearNamespaceStandard", { path: { ns: namespace } }, options);
  }

  /** As setNamespaceStandard, with the namespace in the query. */
  setStandardByQuery(namespace: string, standard: StandardRequest, options?: RequestOptions): Promise<Answer<"setStandardByQuery">> {
    return this.call("setStandardByQuery", { query: { namespace }, body: standard }, options);
  }

  /** As setNamespaceStandard, with the namespace in the query. */
  putStandardByQuery(namespace: string, standard: StandardRequest, options?: RequestOptions): Promise<Answer<"putStandardByQuery">> {
    return this.call("putStandardByQuery", { query: { namespace }, body: standard }, options);
  }

  /** As clearNamespaceStandard, with the namespace in the query. */
  clearStandardByQuery(namespace: string, options?: RequestOptions): Promise<Answer<"clearStandardByQuery">> {
    return this.call("clearStandardByQuery", { query: { namespace } }, options);
  }

  // Agents and governance.

  /** The registered agents. */
  agents(options?: RequestOptions): Promise<Answer<"agents">> {
    return this.call("agents", {}, options);
  }

  /** Registers an agent, or renews its registration. */
  registerAgent(agent: RegisterAgentRequest, options?: RequestOptions): Promise<Answer<"registerAgent">> {
    return this.call("registerAgent", { body: agent }, options);
  }

  /** Actions that wait, or waited, for approval. */
  pending(query: QueryOf<"pending"> = {}, options?: RequestOptions): Promise<Answer<"pending">> {
    return this.call("pending", { query }, options);
  }

  /** Approves an action; approved is false when other votes are still needed. */
  approve(id: string, options?: RequestOptions): Promise<Answer<"approve">> {
    return this.call("approve", { path: { id } }, options);
  }

  /** Rejects an action. */
  reject(id: string, options?: RequestOptions): Promise<Answer<"reject">> {
    return this.call("reject", { path: { id } }, options);
  }

  // Messages and webhooks.

  /** Sends an agent a message. */
  notify(message: NotifyRequest, options?: RequestOptions): Promise<Answer<"notify">> {
    return this.call("notify", { body: message }, options);
  }

  /** The messages to an agent: the caller, unless the query names another. */
  inbox(query: QueryOf<"inbox"> = {}, options?: RequestOptions): Promise<Answer<"inbox">> {
    return this.call("inbox", { query }, options);
  }

  /** Marks a message as read. */
  markRead(id: string, options?: RequestOptions): Promise<Answer<"markRead">> {
    return this.call("markRead", { path: { id } }, options);
  }

  /** Asks to be told of events by a webhook; see verifyWebhook. */
  subscribe(subscription: SubscribeRequest, options?: RequestOptions): Promise<Answer<"subscribe">> {
    return this.call("subscribe", { body: subscription }, options);
  }

  /** Ends a subscription. */
  unsubscribe(id: string, options?: RequestOptions): Promise<Answer<"unsubscribe">> {
    return this.call("unsubscribe", { path: { id } }, options);
  }

  /** As unsubscribe, with the id in the query. */
  unsubscribeByQuery(id: string, options?: RequestOptions): Promise<Answer<"unsubscribeByQuery">> {
    return this.call("unsubscribeByQuery", { query: { id } }, options);
  }

  /** The subscriptions, without their secrets. */
  listSubscriptions(options?: RequestOptions): Promise<Answer<"listSubscriptions">> {
    return this.call("listSubscriptions", {}, options);
  }

  // The server.

  /** Whether the server works. It resolves also when the server says that it does not. */
  async health(options?: RequestOptions): Promise<Health> {
    try {
      return await this.call("health", {}, options);
    } catch (error) {
      if (error instanceof ApiError && (error.body as Partial<Health> | null)?.status === "error") {
        return error.body as Health;
      }
      throw error;
    }
  }

  /** What is stored, in numbers. */
  stats(options?: RequestOptions): Promise<Answer<"stats">> {
    return this.call("stats", {}, options);
  }

  /** What the server can do. */
  capabilities(options?: RequestOptions): Promise<Answer<"capabilities">> {
    return this.call("capabilities", {}, options);
  }

  /** Metrics in the text format of Prometheus. */
  metrics(options?: RequestOptions): Promise<string> {
    return this.call("metrics", {}, options);
  }

  /** As metrics, from where scrapers look for them. */
  metricsAtRoot(options?: RequestOptions): Promise<string> {
    return this.call("metricsAtRoot", {}, options);
  }

  /** The OpenAPI document of the server. */
  openapi(options?: RequestOptions): Promise<Answer<"openapi">> {
    return this.call("openapi", {}, options);
  }

  // Nodes.

  /** This node and its peers. */
  cluster(options?: RequestOptions): Promise<Answer<"cluster">> {
    return this.call("cluster", {}, options);
  }

  /** As cluster, asked by an action; join and leave are refused. */
  clusterAction(request: ClusterRequest = {}, options?: RequestOptions): Promise<Answer<"clusterAction">> {
    return this.call("clusterAction", { body: request }, options);
  }

  /** Merges memories of another server. */
  syncPush(request: SyncPushRequest, options?: RequestOptions): Promise<Answer<"syncPush">> {
    return this.call("syncPush", { body: request }, options);
  }

  /** Memories that changed after a time, expired ones included. */
  syncSince(query: QueryOf<"syncSince"> = {}, options?: RequestOptions): Promise<Answer<"syncSince">> {
    return this.call("syncSince", { query }, options);
  }

  /** What a node lacks; for servers. */
  syncPull(request: SyncPullRequest, options?: RequestOptions): Promise<Answer<"syncPull">> {
    return this.call("syncPull", { body: request }, options);
  }
}

/** Puts values into a path. A dot or two would lead elsewhere, however they are written. */
function pathOf(template: string, values: { [name: string]: string }): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? "";
    if (value === "" || value === "." || value === "..") {
      throw new TypeError(`${name} ${JSON.stringify(value)} cannot be part of a path`);
    }
    return encodeURIComponent(value);
  });
}

/** A compile-time check: there is a method for every operation. */
type Missing = Exclude<OperationName, keyof AiMemoryClient>;
const complete: [Missing] extends [never] ? true : Missing = true;
void complete;
