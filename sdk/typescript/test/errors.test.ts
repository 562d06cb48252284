import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";

import {
  AiMemoryClient,
  AiMemoryError,
  ApiError,
  ConflictError,
  type Created,
  InvalidRequestError,
  LIMITS,
  NetworkError,
  NotFoundError,
  QuorumNotMetError,
  SOURCES,
  TimeoutError,
  UnauthorizedError,
} from "ai-memory-client";

import { Server } from "./server.js";

let server: Server;
let client: AiMemoryClient;

before(async () => {
  server = await Server.start();
  client = new AiMemoryClient({ baseUrl: server.baseUrl, agentId: "tester" });
});
after(() => server.stop());

/** Runs a test against a server that answers as it is told. */
async function withFake(answer: RequestListener, run: (client: AiMemoryClient) => Promise<void>): Promise<void> {
  const fake: HttpServer = createServer(answer);
  await new Promise<void>((resolve) => fake.listen(0, "127.0.0.1", resolve));
  try {
    await run(new AiMemoryClient({ baseUrl: `http://127.0.0.1:${(fake.address() as AddressInfo).port}/prefix/`, apiKey: "k", agentId: "a" }));
  } finally {
    fake.closeAllConnections();
    await new Promise((resolve) => fake.close(resolve));
  }
}

test("a missing memory is a NotFoundError", async () => {
  await assert.rejects(client.get("nope"), (error: unknown) => {
    assert.ok(error instanceof NotFoundError && error instanceof ApiError && error instanceof AiMemoryError && error instanceof Error);
    assert.equal(error.status, 404);
    assert.deepEqual(error.body, { error: "not found" });
    assert.equal(error.message, "404: not found");
    assert.equal(error.name, "NotFoundError");
    assert.equal(error.headers.get("content-type"), "application/json");
    return true;
  });
});

test("a broken rule is an InvalidRequestError, whether the server says so in JSON or text", async () => {
  await assert.rejects(client.store({ title: " ", content: "c" }), (error: unknown) => {
    assert.ok(error instanceof InvalidRequestError);
    assert.equal(error.status, 400);
    assert.deepEqual(error.body, { error: "title cannot be empty" });
    return true;
  });
  // @ts-expect-error a title is needed
  await assert.rejects(client.store({ content: "c" }), (error: unknown) => {
    assert.ok(error instanceof InvalidRequestError);
    assert.equal(error.status, 422);
    assert.match(String(error.body), /missing field `title`/);
    return true;
  });
  // @ts-expect-error no such tier
  await assert.rejects(client.list({ tier: "epic" }), InvalidRequestError);
});

test("a title that is taken is a ConflictError", async () => {
  const stored = (await client.store({ title: "mine", content: "c", namespace: "conflict" })) as Created;
  await client.store({ title: "taken", content: "c", namespace: "conflict" });
  await assert.rejects(client.update(stored.id, { title: "taken" }), (error: unknown) => {
    assert.ok(error instanceof ConflictError);
    assert.match(error.message, /already exists in namespace/);
    return true;
  });
});

test("too few copies are a QuorumNotMetError", async () => {
  const alone = await Server.start("--quorum-writes", "2", "--quorum-peers", "http://127.0.0.1:1", "--quorum-timeout-ms", "300");
  try {
    const lone = new AiMemoryClient({ baseUrl: alone.baseUrl });
    await assert.rejects(lone.store({ title: "t", content: "c" }), (error: unknown) => {
      assert.ok(error instanceof QuorumNotMetError);
      assert.equal(error.status, 503);
      assert.equal(error.got, 1);
      assert.equal(error.needed, 2);
      assert.equal(error.reason, "unreachable");
      assert.equal(error.retryAfterSecs, 2);
      assert.match(error.message, /1 of 2 nodes/);
      assert.equal(typeof error.id, "string");
      return true;
    });
    assert.equal((await lone.list()).count, 1);
  } finally {
    await alone.stop();
  }
});

test("the API key is shown; without it there is an UnauthorizedError", async () => {
  const locked = await Server.start("--api-key", "open-sesame");
  try {
    const stranger = new AiMemoryClient({ baseUrl: locked.baseUrl });
    await assert.rejects(stranger.stats(), UnauthorizedError);
    assert.equal((await stranger.health()).status, "ok");
    const known = new AiMemoryClient({ baseUrl: locked.baseUrl, apiKey: "open-sesame" });
    assert.equal((await known.stats()).total, 0);
  } finally {
    await locked.stop();
  }
});

test("a server that cannot be reached is a NetworkError", async () => {
  const nowhere = new AiMemoryClient({ baseUrl: "http://127.0.0.1:1" });
  await assert.rejects(nowhere.health(), (error: unknown) => {
    assert.ok(error instanceof NetworkError);
    assert.match(error.message, /GET \/api\/v1\/health: /);
    assert.ok(error.cause instanceof Error);
    return true;
  });
});

test("a connection that breaks is a NetworkError", async () => {
  await withFake(
    (request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"total":');
      setImmediate(() => request.socket.destroy());
    },
    async (broken) => {
      await assert.rejects(broken.stats(), NetworkError);
    },
  );
});

test("no answer in time is a TimeoutError, also when it has begun", async () => {
  for (const begin of [false, true]) {
    await withFake(
      (_, response) => {
        if (begin) {
          response.writeHead(200, { "content-type": "application/json" });
          response.write("{");
        }
      },
      async (slow) => {
        await assert.rejects(slow.stats({ timeoutMs: 50 }), (error: unknown) => {
          assert.ok(error instanceof TimeoutError);
          assert.equal(error.timeoutMs, 50);
          return true;
        });
      },
    );
  }
});

test("a signal ends a request with its own reason", async () => {
  const reason = new Error("enough");
  await withFake(
    () => {},
    async (slow) => {
      const controller = new AbortController();
      const waiting = slow.stats({ signal: controller.signal });
      setTimeout(() => controller.abort(reason), 20);
      await assert.rejects(waiting, (error: unknown) => error === reason);
      await assert.rejects(slow.stats({ signal: controller.signal }), (error: unknown) => error === reason);
      await assert.rejects(slow.stats({ signal: AbortSignal.abort() }), { name: "AbortError" });
    },
  );
});

test("what is sent: path, prefix, headers and body", async () => {
  const seen: { method?: string; url?: string; headers: Record<string, unknown>; body: string }[] = [];
  await withFake(
    (request, response) => {
      let body = "";
      request.on("data", (part) => (body += part));
      request.on("end", () => {
        seen.push({ method: request.method, url: request.url, headers: request.headers, body });
        response.writeHead(200, { "content-type": "application/json" }).end("{}");
      });
    },
    async (fake) => {
      await fake.get("a/b?c #ü");
      await fake.setNamespaceStandard("team/alpha", { id: "m-1" }, { agentId: "another" });
      await fake.list({ since: "2026-01-01T00:00:00+00:00", limit: 0, namespace: undefined });
      await fake.raw("PATCH", "/x", { headers: { "x-own": "1" }, query: { on: true, off: null } });
    },
  );
  assert.deepEqual(
    seen.map((r) => `${r.method} ${r.url}`),
    [
      "GET /prefix/api/v1/memories/a%2Fb%3Fc%20%23%C3%BC",
      "POST /prefix/api/v1/namespaces/team%2Falpha/standard",
      "GET /prefix/api/v1/memories?since=2026-01-01T00%3A00%3A00%2B00%3A00&limit=0",
      "PATCH /prefix/x?on=true",
    ],
  );
  assert.equal(seen[0]?.headers["x-api-key"], "k");
  assert.equal(seen[0]?.headers["x-agent-id"], "a");
  assert.equal(seen[0]?.headers["content-type"], undefined);
  assert.equal(seen[1]?.headers["x-agent-id"], "another");
  assert.equal(seen[1]?.headers["content-type"], "application/json");
  assert.equal(seen[1]?.body, '{"id":"m-1"}');
  assert.equal(seen[3]?.headers["x-own"], "1");
});

test("ids that would lead to another path are not sent", async () => {
  for (const id of ["", ".", ".."]) {
    await assert.rejects(client.delete(id), TypeError, JSON.stringify(id));
  }
});

test("an answer of success that is not what was asked for is an ApiError", async () => {
  for (const [type, body] of [
    ["application/json", "{"],
    ["text/html", "<p>welcome to the hotel</p>"],
  ] as const) {
    await withFake(
      (_, response) => response.writeHead(200, { "content-type": type }).end(body),
      async (odd) => {
        await assert.rejects(odd.stats(), (error: unknown) => {
          assert.ok(error instanceof ApiError && error.status === 200);
          assert.ok(error.message.includes(body));
          return true;
        });
      },
    );
  }
});

test("a failure that is no JSON is an ApiError with its text", async () => {
  await withFake(
    (_, response) => response.writeHead(502, { "content-type": "application/json" }).end("bad gateway"),
    async (odd) => {
      await assert.rejects(odd.stats(), { status: 502, body: "bad gateway", message: "502: bad gateway" });
      await assert.rejects(odd.health(), { status: 502 });
    },
  );
});

test("a sick server's health is told, not thrown", async () => {
  await withFake(
    (_, response) => response.writeHead(503, { "content-type": "application/json" }).end('{"service":"ai-memory","status":"error"}'),
    async (sick) => {
      assert.deepEqual(await sick.health(), { service: "ai-memory", status: "error" });
    },
  );
});

test("another fetch can be given, and raw does not throw", async () => {
  const calls: string[] = [];
  const other = new AiMemoryClient({
    baseUrl: server.baseUrl,
    fetch: (input, init) => {
      calls.push(String(input));
      return fetch(input, init);
    },
  });
  const answer = await other.raw("GET", "/api/v1/nope");
  assert.deepEqual([answer.status, answer.body], [404, ""]);
  assert.deepEqual(calls, [`${server.baseUrl}/api/v1/nope`]);
});

test("words and limits are those of the server", async () => {
  const call = (memory: object): Promise<unknown> => client.store({ title: "limits", content: "c", namespace: "limits", ...memory });
  for (const source of SOURCES) {
    await call({ source });
  }
  await assert.rejects(call({ source: "martian" }), InvalidRequestError);
  await call({ title: "t".repeat(LIMITS.Title.maxLength), content: "c".repeat(LIMITS.Content.maxBytes), priority: LIMITS.Priority.maximum });
  await assert.rejects(call({ title: "t".repeat(LIMITS.Title.maxLength + 1) }), InvalidRequestError);
  await assert.rejects(call({ content: "c".repeat(LIMITS.Content.maxBytes + 1) }), InvalidRequestError);
  await assert.rejects(call({ content: "c", priority: LIMITS.Priority.maximum + 1 }), InvalidRequestError);
  await assert.rejects(call({ tags: Array(LIMITS.Tags.maxItems + 1).fill("t") }), InvalidRequestError);
  await assert.rejects(call({ namespace: "n".repeat(LIMITS.Namespace.maxLength + 1) }), InvalidRequestError);
});
