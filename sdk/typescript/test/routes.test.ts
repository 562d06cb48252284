import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";

import {
  AiMemoryClient,
  type Created,
  ForbiddenError,
  InvalidRequestError,
  isPending,
  type Memory,
  NotFoundError,
  type OperationName,
  RELATIONS,
  ROUTES,
  type Standard,
  type StandardChain,
  TIERS,
  verifyWebhook,
} from "ai-memory-client";

import { Server } from "./server.js";

let server: Server;
let client: AiMemoryClient;
const called = new Set<OperationName>();

before(async () => {
  server = await Server.start("--webhook-allow-loopback");
  client = new AiMemoryClient({ baseUrl: server.baseUrl, agentId: "alice", fetch: noting });
});
after(() => server.stop());

/** Notes which operation is called. */
const noting: typeof fetch = (input, init) => {
  const path = new URL(String(input)).pathname;
  for (const [name, route] of Object.entries(ROUTES)) {
    const form = new RegExp(`^${route.path.replace(/\{\w+\}/g, "[^/]+").replaceAll(".", "\\.")}$`);
    const words = Object.values(ROUTES).some((other) => other.path === path && other.path !== route.path);
    if (route.method === init?.method && form.test(path) && !words) {
      called.add(name as OperationName);
    }
  }
  return fetch(input, init);
};

/** A test of operations. */
function route(operations: OperationName[], run: () => Promise<void>): void {
  test(operations.join(", "), run);
}

/** Stores a memory and returns its id. */
async function stored(namespace: string, title: string, more: Partial<Parameters<AiMemoryClient["store"]>[0]> = {}): Promise<string> {
  const answer = await client.store({ namespace, title, content: `about ${title}`, ...more });
  assert.ok(!isPending(answer));
  return answer.id;
}

/** A complete memory, as an export has it. */
function complete(id: string, namespace: string, more: Partial<Memory> = {}): Memory {
  return {
    id,
    namespace,
    title: `title ${id}`,
    content: `content ${id}`,
    tier: "long",
    tags: [],
    priority: 5,
    confidence: 1,
    source: "api",
    access_count: 0,
    created_at: "2020-01-01T00:00:00+00:00",
    updated_at: "2020-01-01T00:00:00+00:00",
    metadata: { agent_id: "alice" },
    ...more,
  };
}

function ids(memories: { id: string }[]): string[] {
  return memories.map((m) => m.id);
}

route(["health"], async () => {
  assert.deepEqual(await client.health(), { service: "ai-memory", status: "ok" });
});

route(["store", "get"], async () => {
  const answer = (await client.store({
    namespace: "store",
    title: "rotate keys",
    content: "every 90 days",
    tier: "long",
    tags: ["ops"],
    priority: 7,
    confidence: 0.5,
    metadata: { ticket: 12 },
    scope: "team",
  })) as Created;
  assert.deepEqual(answer, { id: answer.id, agent_id: "alice", namespace: "store", tier: "long", title: "rotate keys" });
  const found = await client.get(answer.id);
  assert.deepEqual(found.memory, {
    id: answer.id,
    namespace: "store",
    title: "rotate keys",
    content: "every 90 days",
    tier: "long",
    tags: ["ops"],
    priority: 7,
    confidence: 0.5,
    source: "api",
    access_count: 0,
    created_at: found.memory.created_at,
    updated_at: found.memory.updated_at,
    metadata: { agent_id: "alice", scope: "team", ticket: 12 },
  });
  assert.deepEqual(found.links, []);
});

route(["get"], async () => {
  const id = await stored("get", "flat");
  const { memory, links, ...flat } = await client.get(id);
  assert.deepEqual(flat, memory, "the memory's own fields are beside it");
  assert.deepEqual(links, []);
  await assert.rejects(client.get(`${id}x`), NotFoundError);
});

route(["update"], async () => {
  const id = await stored("update", "before", { agent_id: "bob" });
  const now = await client.update(id, { title: "after", tags: ["new"], tier: null, metadata: { k: [1, { deep: true }] } });
  assert.ok(!isPending(now));
  assert.equal(now.id, id);
  assert.equal(now.title, "after");
  assert.equal(now.tier, "mid");
  assert.deepEqual(now.tags, ["new"]);
  assert.deepEqual(now.metadata, { agent_id: "bob", k: [1, { deep: true }] });
});

route(["delete"], async () => {
  const id = await stored("delete", "gone");
  assert.deepEqual(await client.delete(id), { deleted: true });
  await assert.rejects(client.delete(id), NotFoundError);
});

route(["list"], async () => {
  for (const [title, priority] of [["low", 1], ["high", 9], ["middle", 5]] as const) {
    await stored("list", title, { priority, tags: [title] });
  }
  const all = await client.list({ namespace: "list" });
  assert.deepEqual(all.memories.map((m) => m.title), ["high", "middle", "low"]);
  assert.equal(all.count, 3);
  const page = await client.list({ namespace: "list", limit: 1, offset: 1 });
  assert.deepEqual(page.memories.map((m) => m.title), ["middle"]);
  assert.equal((await client.list({ namespace: "list", min_priority: 5 })).count, 2);
  assert.equal((await client.list({ namespace: "list", tags: "low" })).count, 1);
  assert.equal((await client.list({ namespace: "list", agent_id: "bob" })).count, 0);
  assert.equal((await client.list({ namespace: "list", until: "2000-01-01T00:00:00+00:00" })).count, 0);
});

route(["storeBulk"], async () => {
  const answer = await client.storeBulk([
    { namespace: "bulk", title: "one", content: "1" },
    { namespace: "bulk", title: " ", content: "no title" },
    { namespace: "bulk", title: "two", content: "2" },
  ]);
  assert.equal(answer.created, 2);
  assert.equal(answer.count, 2);
  assert.equal(answer.sent, 3);
  assert.equal(answer.errors.length, 1);
  assert.match(String(answer.errors[0]), /title cannot be empty/);
  const page = await client.list({ namespace: "bulk" });
  assert.deepEqual(ids(page.memories).sort(), [...(answer.ids ?? [])].sort());
});

route(["promote"], async () => {
  const id = await stored("promote", "keep", { tier: "short" });
  const answer = await client.promote(id);
  assert.ok(!isPending(answer));
  assert.equal(answer.promoted, true);
  assert.equal(answer.id, id);
  assert.equal(answer.tier, "long");
  assert.equal(answer.title, "keep");
  const { memory } = await client.get(id);
  assert.equal(memory.tier, TIERS[2]);
  assert.equal(memory.expires_at, undefined);
});

route(["search"], async () => {
  const id = await stored("search", "a quorum of nodes");
  await stored("search", "something else");
  const answer = await client.search({ q: "quorum nodes", namespace: "search" });
  assert.deepEqual(ids(answer.results), [id]);
  assert.deepEqual(answer.memories, answer.results);
  assert.equal(answer.count, 1);
  assert.equal(answer.query, "quorum nodes");
  assert.deepEqual(ids((await client.search("quorum nodes")).results), [id]);
  await assert.rejects(client.search(" "), InvalidRequestError);
});

route(["recall", "recallByQuery"], async () => {
  const id = await stored("recall", "zebra crossing");
  const answer = await client.recall({ context: "where do zebra live", namespace: "recall", budget_tokens: 1000 });
  assert.deepEqual(ids(answer.memories), [id]);
  assert.equal(typeof answer.memories[0]?.score, "number");
  assert.equal(answer.memories[0]?.access_count, 0);
  assert.equal(answer.budget_tokens, 1000);
  assert.equal(answer.tokens_used, Math.floor(("zebra crossing".length + "about zebra crossing".length) / 4));
  const again = await client.recallByQuery({ context: "zebra", namespace: "recall", limit: 5 });
  assert.equal(again.memories[0]?.access_count, 1, "the first recall has touched it");
  assert.equal(again.budget_tokens, undefined);
  assert.equal((await client.recall("zebra")).count, 1);
});

route(["link", "getLinks"], async () => {
  const [a, b] = [await stored("links", "a"), await stored("links", "b")];
  const linked = await client.link({ source_id: a, target_id: b, relation: "supersedes" });
  assert.equal(linked.linked, true);
  const answer = await client.getLinks(b);
  assert.equal(answer.count, 1);
  assert.deepEqual(answer.links, [{ source_id: a, target_id: b, relation: RELATIONS[1], created_at: answer.links[0]?.created_at }]);
  assert.deepEqual((await client.get(a)).links, answer.links);
  await assert.rejects(client.link({ source_id: a, target_id: "nobody" }), NotFoundError);
});

route(["consolidate"], async () => {
  const sources = [await stored("consolidate", "a", { tags: ["x"] }), await stored("consolidate", "b", { tags: ["y"] })];
  const answer = await client.consolidate({ ids: sources, title: "both", summary: "a and b", namespace: "consolidate" });
  assert.equal(answer.consolidated, 2);
  const { memory } = await client.get(answer.id);
  assert.equal(memory.content, "a and b");
  assert.deepEqual(memory.tags, ["x", "y"]);
  assert.deepEqual(memory.metadata["derived_from"], sources);
  await assert.rejects(client.get(String(sources[0])), NotFoundError);
});

route(["contradictions"], async () => {
  const [a, b] = [await stored("contradictions", "the sky is blue"), await stored("contradictions", "the sky is green")];
  await client.link({ source_id: a, target_id: b, relation: "contradicts" });
  const answer = await client.contradictions({ topic: "sky", namespace: "contradictions" });
  assert.deepEqual(ids(answer.memories).sort(), [a, b].sort());
  assert.equal(answer.count, 2);
  assert.deepEqual(answer.links.map((l) => l.relation), ["contradicts"]);
});

route(["forget", "archiveList", "archiveStats", "archiveRestore", "archivePurge"], async () => {
  const id = await stored("forget", "oblivion", { tags: ["t"], metadata: { kept: 1 } });
  await stored("forget", "remembered");
  assert.equal((await client.forget({ namespace: "forget", pattern: "oblivion" })).deleted, 1);
  const page = await client.archiveList({ namespace: "forget" });
  assert.equal(page.count, 1);
  assert.equal(page.archived[0]?.id, id);
  assert.equal(page.archived[0]?.archive_reason, "forget");
  const stats = await client.archiveStats();
  assert.equal(stats.archived_total, 1);
  assert.deepEqual(stats.by_namespace, [{ namespace: "forget", count: 1 }]);
  assert.deepEqual(await client.archiveRestore(id), { restored: true, id });
  const { memory } = await client.get(id);
  assert.deepEqual(memory.tags, ["t"]);
  await assert.rejects(client.archiveRestore(id), NotFoundError);
  await client.forget({ namespace: "forget" });
  assert.equal((await client.archivePurge(1)).purged, 0);
  assert.equal((await client.archivePurge()).purged, 2);
  await assert.rejects(client.forget({}), InvalidRequestError);
});

route(["import", "export", "gc"], async () => {
  const past = { tier: "mid", expires_at: "2020-02-02T00:00:00+00:00" } as const;
  const answer = await client.import({
    memories: [complete("i-1", "import"), complete("i-2", "import"), complete("i-3", "import", past)],
    links: [{ source_id: "i-1", target_id: "i-2", relation: "related_to", created_at: "2020-01-01T00:00:00+00:00" }],
  });
  assert.deepEqual(answer, { imported: 3, errors: [] });
  const everything = await client.export();
  assert.equal(everything.count, everything.memories.length);
  const mine = everything.memories.filter((m) => m.namespace === "import");
  assert.deepEqual(mine, [complete("i-1", "import"), complete("i-2", "import")], "without what has expired");
  assert.equal(everything.links.filter((l) => l.source_id === "i-1").length, 1);
  assert.equal((await client.gc()).expired_deleted, 1);
  await assert.rejects(client.get("i-3"), NotFoundError);
});

route(["namespaces", "stats"], async () => {
  await stored("counted", "one");
  await stored("counted", "two");
  const { namespaces } = await client.namespaces();
  assert.deepEqual(namespaces.find((n) => n.namespace === "counted"), { namespace: "counted", count: 2 });
  const stats = await client.stats();
  assert.equal(stats.by_namespace.find((n) => n.namespace === "counted")?.count, 2);
  assert.equal(stats.total, stats.by_tier.reduce((sum, t) => sum + t.count, 0));
});

route(
  [
    "setNamespaceStandard", "putNamespaceStandard", "getNamespaceStandard", "clearNamespaceStandard",
    "setStandardByQuery", "putStandardByQuery", "clearStandardByQuery",
  ],
  async () => {
    const general = await stored("std", "general", { content: "be kind" });
    const special = await stored("std/team", "special", { content: "be quick" });
    assert.equal(((await client.getNamespaceStandard("std")) as Standard).standard_id, null);
    const set = await client.setNamespaceStandard("std", { id: general });
    assert.deepEqual([set.set, set.namespace, set.standard_id], [true, "std", general]);
    await client.putNamespaceStandard("std/team", { id: special });
    const one = (await client.getNamespaceStandard("std/team")) as Standard;
    assert.deepEqual([one.namespace, one.standard_id, one.title, one.content], ["std/team", special, "special", "be quick"]);
    const chain = (await client.getNamespaceStandard("std/team", { inherit: true })) as StandardChain;
    assert.deepEqual(chain.standards.map((s) => s.standard_id), [general, special]);
    assert.equal(chain.count, 2);
    assert.equal((await client.clearNamespaceStandard("std/team")).cleared, true);
    assert.equal((await client.clearNamespaceStandard("std/team")).cleared, false);
    assert.equal((await client.setStandardByQuery("std/team", { id: special })).standard_id, special);
    assert.equal((await client.putStandardByQuery("std/team", { id: general })).standard_id, general);
    assert.deepEqual((await client.clearStandardByQuery("std/team")).cleared, true);
    await client.clearNamespaceStandard("std");
    await assert.rejects(client.setNamespaceStandard("std", { id: "nobody" }), NotFoundError);
  },
);

route(["agents", "registerAgent"], async () => {
  const answer = await client.registerAgent({ agent_id: "ai:one", agent_type: "ai:some-model", capabilities: ["read"] });
  assert.deepEqual(
    { ...answer, id: "" },
    { registered: true, id: "", agent_id: "ai:one", agent_type: "ai:some-model", capabilities: ["read"] },
  );
  const { agents, count } = await client.agents();
  assert.equal(count, agents.length);
  assert.deepEqual(agents.find((a) => a.agent_id === "ai:one")?.capabilities, ["read"]);
  await assert.rejects(client.registerAgent({ agent_id: "x", agent_type: "robot" as "human" }), InvalidRequestError);
});

route(["pending", "approve", "reject", "setNamespaceStandard"], async () => {
  const standard = await stored("gov-rules", "policy");
  await client.setNamespaceStandard("gov", {
    id: standard,
    governance: { write: "approve", promote: "approve", delete: "approve", approver: { agent: "boss" } },
  });
  const asked = await client.store({ namespace: "gov", title: "asked", content: "c" });
  assert.ok(isPending(asked));
  assert.equal(asked.action, "store");
  assert.equal(asked.namespace, "gov");
  const other = await client.store({ namespace: "gov", title: "other", content: "c" });
  assert.ok(isPending(other));
  const page = await client.pending({ status: "pending" });
  assert.deepEqual(page.pending.map((p) => p.id).sort(), [asked.pending_id, other.pending_id].sort());
  await assert.rejects(client.approve(asked.pending_id), ForbiddenError);
  const approved = await client.approve(asked.pending_id, { agentId: "boss" });
  assert.ok(approved.approved);
  assert.equal(approved.decided_by, "boss");
  const { memory } = await client.get(String(approved.memory_id));
  assert.equal(memory.title, "asked");
  const rejected = await client.reject(other.pending_id, { agentId: "boss" });
  assert.deepEqual([rejected.rejected, rejected.id, rejected.decided_by], [true, other.pending_id, "boss"]);
  await assert.rejects(client.reject(other.pending_id, { agentId: "boss" }), NotFoundError);
  assert.equal((await client.pending({ status: "pending" })).count, 0);
});

route(["grant", "revoke"], async () => {
  const id = await stored("grants", "mine");
  const granted = await client.grant(id, "bob", "read");
  assert.deepEqual([granted.granted, granted.id, granted.agent_id, granted.permission], [true, id, "bob", "read"]);
  await assert.rejects(client.grant(id, "eve", "admin", { agentId: "bob" }), ForbiddenError);
  assert.equal((await client.revoke(id, "bob")).revoked, true);
  assert.equal((await client.revoke(id, "bob")).revoked, false);
});

route(["notify", "inbox", "markRead"], async () => {
  const sent = await client.notify({ target_agent_id: "bob", title: "hello", payload: { answer: 42 }, priority: 8 });
  assert.ok(!isPending(sent));
  assert.deepEqual([sent.from, sent.to, sent.sent], ["alice", "bob", true]);
  const inbox = await client.inbox({ agent_id: "bob" }, { agentId: "bob" });
  assert.equal(inbox.agent_id, "bob");
  assert.equal(inbox.count, 1);
  const message = inbox.messages[0];
  assert.ok(message);
  assert.deepEqual([message.id, message.from, message.title, message.priority, message.read], [sent.id, "alice", "hello", 8, false]);
  assert.deepEqual(message.payload, { answer: 42 });
  await client.markRead(sent.id, { agentId: "bob" });
  assert.equal((await client.inbox({ agent_id: "bob", unread_only: true }, { agentId: "bob" })).count, 0);
  assert.equal((await client.inbox({}, { agentId: "bob" })).messages[0]?.read, true);
});

route(["subscribe", "listSubscriptions", "unsubscribe", "unsubscribeByQuery", "registerAgent"], async () => {
  type Delivery = { headers: Record<string, string | string[] | undefined>; body: string };
  let deliver: (delivery: Delivery) => void = () => {};
  const delivered = new Promise<Delivery>((resolve) => (deliver = resolve));
  const receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      response.writeHead(204).end();
      deliver({ headers: request.headers, body });
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    await assert.rejects(client.subscribe({ url }, { agentId: "stranger" }), ForbiddenError);
    await client.registerAgent({ agent_id: "alice", agent_type: "human" });
    const one = await client.subscribe({ url, events: ["memory_store"], secret: "s3cret", namespace_filter: "hooked" });
    assert.deepEqual([one.url, one.events, one.namespace_filter, one.created_by], [url, "memory_store", "hooked", "alice"]);
    const other = await client.subscribe({ callback_url: url, events: "*", namespace: "nothing" });
    const { subscriptions, count } = await client.listSubscriptions();
    assert.equal(count, 2);
    assert.ok(subscriptions.every((s) => !("secret" in s)));
    const id = await stored("hooked", "news");
    const { headers, body } = await delivered;
    assert.equal(
      await verifyWebhook("s3cret", String(headers["x-ai-memory-timestamp"]), body, String(headers["x-ai-memory-signature"])),
      true,
    );
    const payload = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual([payload["event"], payload["memory_id"], payload["namespace"], payload["agent_id"]], ["memory_store", id, "hooked", "alice"]);
    const ended = await client.unsubscribe(one.id);
    assert.deepEqual([ended.id, ended.removed, ended.deleted], [one.id, true, true]);
    assert.equal((await client.unsubscribe(one.id)).removed, false);
    assert.equal((await client.unsubscribeByQuery(other.id)).removed, true);
    assert.equal((await client.listSubscriptions()).count, 0);
  } finally {
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  }
});

route(["sessionStart"], async () => {
  await stored("session", "first");
  const answer = await client.sessionStart({ namespace: "session", limit: 5 });
  assert.deepEqual(answer.memories.map((m) => [m.title, m.score]), [["first", 0]]);
  assert.equal(answer.count, 1);
  assert.equal(answer.mode, "session_start");
});

route(["capabilities"], async () => {
  const answer = await client.capabilities();
  assert.equal(answer.features.keyword_search, true);
  assert.equal(answer.models.embedding, "none");
});

route(["cluster", "clusterAction"], async () => {
  const answer = await client.cluster();
  assert.deepEqual(answer.peers, []);
  assert.equal(answer.self.status, "healthy");
  assert.deepEqual((await client.clusterAction({ action: "status" })).peers, []);
  await assert.rejects(client.clusterAction({ action: "join" }), InvalidRequestError);
});

route(["metrics", "metricsAtRoot"], async () => {
  for (const text of [await client.metrics(), await client.metricsAtRoot()]) {
    assert.match(text, /^# TYPE ai_memory_memories gauge$/m);
  }
});

route(["syncPush", "syncSince", "syncPull"], async () => {
  const pushed = await client.syncPush({ sender_agent_id: "peer-a", memories: [complete("s-1", "sync"), complete(" ", "sync")] });
  assert.deepEqual([pushed.applied, pushed.skipped, pushed.dry_run], [1, 1, false]);
  assert.equal(pushed.receiver_agent_id, "alice");
  const since = await client.syncSince({ since: "2019-12-31T23:59:59+00:00", limit: 10_000 });
  assert.equal(since.count, since.memories.length);
  assert.deepEqual(since.memories.find((m) => m.id === "s-1"), complete("s-1", "sync"));
  const pulled = await client.syncPull({ node: "another-node", have: {}, limit: 1000 });
  assert.ok(pulled.memories.some((m) => m.id === "s-1"));
  assert.equal(pulled.memories.length, pulled.events.length);
});

route(["openapi"], async () => {
  const document = await client.openapi();
  assert.equal(document.openapi, "3.1.0");
  const paths = document["paths"] as Record<string, Record<string, { operationId: string }>>;
  for (const [name, route] of Object.entries(ROUTES)) {
    assert.equal(paths[route.path]?.[route.method.toLowerCase()]?.operationId, name);
  }
});

test("what is not given is as the document says", async () => {
  const document = (await client.openapi()) as unknown as {
    components: { schemas: Record<string, { properties: Record<string, { default?: unknown }> }> };
  };
  const { memory } = await client.get(((await client.store({ title: "defaults", content: "c" }, { agentId: "bob" })) as Created).id);
  const properties = document.components.schemas["CreateRequest"]?.properties ?? {};
  const defaults = Object.entries(properties).filter(([, schema]) => schema.default !== undefined);
  assert.equal(defaults.length, 7);
  for (const [name, schema] of defaults) {
    const want = name === "metadata" ? { agent_id: "bob" } : schema.default;
    assert.deepEqual(memory[name as keyof Memory], want, name);
  }
});

test("every route was called", () => {
  const missed = Object.keys(ROUTES).filter((name) => !called.has(name as OperationName));
  assert.deepEqual(missed, []);
});
