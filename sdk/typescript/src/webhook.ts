/** How strict verifyWebhook is. */
export interface VerifyOptions {
  /** How far the timestamp may be off, in seconds. Default: 300. */
  toleranceSecs?: number;
  /** The time now, in Unix seconds. Default: the clock's. */
  nowSecs?: number;
}

/**
 * Tells whether a webhook comes from a server that knows the secret of the subscription, and is not
 * an old one that somebody sends again.
 *
 * @param timestamp the header x-ai-memory-timestamp
 * @param body the body as it was received, before it is parsed
 * @param signature the header x-ai-memory-signature
 */
export async function verifyWebhook(
  secret: string,
  timestamp: string | number | null | undefined,
  body: string | Uint8Array | ArrayBuffer,
  signature: string | null | undefined,
  options: VerifyOptions = {},
): Promise<boolean> {
  const stamp = String(timestamp ?? "");
  const hex = /^sha256=([0-9a-f]{64})$/i.exec(signature ?? "")?.[1];
  if (hex === undefined || !/^[0-9]{1,15}$/.test(stamp)) {
    return false;
  }
  const now = options.nowSecs ?? Date.now() / 1000;
  if (!(Math.abs(now - Number(stamp)) <= (options.toleranceSecs ?? 300))) {
    return false;
  }
  const subtle = await webCrypto();
  const encoder = new TextEncoder();
  const hashed = await subtle.digest("SHA-256", encoder.encode(secret));
  const key = await subtle.importKey("raw", hashed, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const expected = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  // verify compares in constant time: Web Cryptography API, HMAC, operation Verify.
  return subtle.verify("HMAC", key, expected, joined(encoder.encode(`${stamp}.`), bytesOf(body)));
}

function bytesOf(body: string | Uint8Array | ArrayBuffer): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** Node 18 has WebCrypto in a module only. */
async function webCrypto(): Promise<SubtleCrypto> {
  const global = (globalThis as { crypto?: Crypto }).crypto?.subtle;
  if (global !== undefined) {
    return global;
  }
  try {
    const name: string = "node:crypto";
    const node = (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as { webcrypto: Crypto };
    return node.webcrypto.subtle;
  } catch (cause) {
    throw new Error("there is no WebCrypto here: browsers have it in secure contexts only", { cause });
  }
}
