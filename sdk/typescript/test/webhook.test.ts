import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";

import { verifyWebhook } from "ai-memory-client";

const secret = "s3cret ü";
const body = '{"event":"memory_store","memory_id":"m-1","namespace":"n","agent_id":null,"delivered_at":"2026-01-01T00:00:00+00:00"}';
const now = 1_800_000_000;

/** Signs as contract A7 says: the key is the SHA-256 of the secret, as 32 bytes. */
function sign(secret: string, timestamp: number | string, body: string | Uint8Array): string {
  const key = createHash("sha256").update(secret).digest();
  return `sha256=${createHmac("sha256", key).update(`${timestamp}.`).update(body).digest("hex")}`;
}

test("a webhook of a server that knows the secret is accepted", async () => {
  const signature = sign(secret, now, body);
  for (const received of [body, new TextEncoder().encode(body), new TextEncoder().encode(body).buffer as ArrayBuffer]) {
    assert.equal(await verifyWebhook(secret, String(now), received, signature, { nowSecs: now }), true);
  }
  assert.equal(await verifyWebhook(secret, now, body, signature, { nowSecs: now }), true);
  assert.equal(await verifyWebhook(secret, now, body, signature.toUpperCase().replace("SHA256", "sha256"), { nowSecs: now }), true);
});

test("a known signature", async () => {
  // printf '1700000000.{}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf secret | sha256sum | cut -c1-64)
  const known = "e5ac722bbd0aa640a39aed399cea89806c35404fcc4b404f517920eb07300c99";
  assert.equal(await verifyWebhook("secret", "1700000000", "{}", `sha256=${known}`, { nowSecs: 1_700_000_000 }), true);
});

test("the body is taken as bytes, whatever they are", async () => {
  const bytes = Uint8Array.of(0, 255, 128, 10);
  const padded = Uint8Array.of(9, 0, 255, 128, 10, 9);
  assert.equal(await verifyWebhook(secret, now, padded.subarray(1, 5), sign(secret, now, bytes), { nowSecs: now }), true);
});

test("anything else is refused", async () => {
  const good = sign(secret, now, body);
  const plainKey = `sha256=${createHmac("sha256", secret).update(`${now}.${body}`).digest("hex")}`;
  const cases: Record<string, [string, string | number | null | undefined, string, string | null | undefined]> = {
    "another secret": ["other", now, body, good],
    "another body": [secret, now, `${body} `, good],
    "another time": [secret, now + 1, body, good],
    "the secret itself as the key": [secret, now, body, plainKey],
    "no signature": [secret, now, body, undefined],
    "an empty signature": [secret, now, body, ""],
    "no scheme": [secret, now, body, good.slice("sha256=".length)],
    "another scheme": [secret, now, body, good.replace("sha256", "sha512")],
    "half a signature": [secret, now, body, good.slice(0, -2)],
    "more than a signature": [secret, now, body, `${good}00`],
    "no hex": [secret, now, body, `sha256=${"g".repeat(64)}`],
    "no time": [secret, undefined, body, good],
    "null as time": [secret, null, body, good],
    "a time that is none": [secret, "soon", body, sign(secret, "soon", body)],
    "a negative time": [secret, -1, body, sign(secret, -1, body)],
  };
  for (const [name, [key, timestamp, text, signature]] of Object.entries(cases)) {
    assert.equal(await verifyWebhook(key, timestamp, text, signature, { nowSecs: now }), false, name);
  }
});

test("an old webhook is refused, and one from the future", async () => {
  const signature = sign(secret, now, body);
  for (const [nowSecs, want] of [
    [now + 300, true],
    [now + 301, false],
    [now - 300, true],
    [now - 301, false],
    [Number.NaN, false],
  ] as const) {
    assert.equal(await verifyWebhook(secret, now, body, signature, { nowSecs }), want, `at ${nowSecs - now} s`);
  }
  assert.equal(await verifyWebhook(secret, now, body, signature, { nowSecs: now + 11, toleranceSecs: 10 }), false);
  assert.equal(await verifyWebhook(secret, now, body, signature, { nowSecs: now + 10, toleranceSecs: 10 }), true);
  const fresh = Math.floor(Date.now() / 1000);
  assert.equal(await verifyWebhook(secret, fresh, body, sign(secret, fresh, body)), true);
});
