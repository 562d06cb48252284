import assert = require("node:assert/strict");
import { test } from "node:test";

import client = require("ai-memory-client");

test("require gives the CommonJS build, with all that import gives", async () => {
  const esm = await import("ai-memory-client");
  assert.deepEqual(Object.keys(client).sort(), Object.keys(esm).sort());
  assert.match(require.resolve("ai-memory-client"), /dist[/\\]cjs[/\\]index\.js$/);
  assert.notEqual(client.AiMemoryClient, esm.AiMemoryClient, "import gave the CommonJS build");
  const c: client.AiMemoryClient = new client.AiMemoryClient();
  await assert.rejects(c.get(""), TypeError);
  assert.equal(await client.verifyWebhook("s", "1", "{}", "none"), false);
});
