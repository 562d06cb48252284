import { ApiError, NetworkError, TimeoutError } from "./errors.js";

/** How to reach a server. */
export interface ClientOptions {
  /** Where the server is, without /api/v1. Default: http://127.0.0.1:9077. */
  baseUrl?: string;
  /** Sent as X-API-Key. */
  apiKey?: string;
  /** Who asks, sent as X-Agent-Id. */
  agentId?: string;
  /** How long to wait for a complete answer, in milliseconds; 0 for ever. Default: 30 000. */
  timeoutMs?: number;
  /** Headers of every request. */
  headers?: Record<string, string>;
  /** What takes the place of the platform's fetch. */
  fetch?: typeof fetch;
}

/** What can be said of a single request. */
export interface RequestOptions {
  /** Ends the request, which then rejects with the reason of the signal. */
  signal?: AbortSignal;
  /** Takes the place of the client's. */
  timeoutMs?: number;
  /** Takes the place of the client's. */
  agentId?: string;
}

/** A query: undefined and null are left out. */
export type Query = { [key: string]: string | number | boolean | null | undefined };

/** A request. */
export interface RawRequest extends RequestOptions {
  query?: Query;
  /** Sent as JSON, unless it is undefined. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** An answer, of any status. */
export interface RawAnswer {
  status: number;
  headers: Headers;
  /** The parsed JSON, or a text. */
  body: unknown;
}

/** Sends requests to one server. */
export class Transport {
  readonly #base: string;
  readonly #headers: Headers;
  readonly #timeoutMs: number;
  readonly #fetch: typeof fetch;

  constructor(options: ClientOptions) {
    const base = new URL(options.baseUrl ?? "http://127.0.0.1:9077");
    this.#base = base.origin + base.pathname.replace(/\/+$/, "");
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#headers = new Headers(options.headers);
    if (options.apiKey !== undefined) {
      this.#headers.set("x-api-key", options.apiKey);
    }
    if (options.agentId !== undefined) {
      this.#headers.set("x-agent-id", options.agentId);
    }
  }

  /** Sends a request and reads the whole answer. */
  async send(method: string, path: string, request: RawRequest): Promise<RawAnswer> {
    const timeoutMs = request.timeoutMs ?? this.#timeoutMs;
    const limit = new Deadline(timeoutMs, request.signal);
    try {
      const response = await this.#fetch(this.#base + path + queryText(request.query), {
        method,
        headers: this.#headersOf(request),
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        signal: limit.signal,
      });
      return { status: response.status, headers: response.headers, body: parse(response, await response.text()) };
    } catch (error) {
      if (error instanceof ApiError) {
        throw error;
      }
      if (request.signal?.aborted) {
        throw request.signal.reason;
      }
      if (limit.passed) {
        throw new TimeoutError(`${method} ${path}: no answer within ${timeoutMs} ms`, timeoutMs);
      }
      throw new NetworkError(`${method} ${path}: ${reasonOf(error)}`, { cause: error });
    } finally {
      limit.done();
    }
  }

  #headersOf(request: RawRequest): Headers {
    const headers = new Headers(this.#headers);
    if (request.body !== undefined) {
      headers.set("content-type", "application/json");
    }
    if (request.agentId !== undefined) {
      headers.set("x-agent-id", request.agentId);
    }
    for (const [name, value] of Object.entries(request.headers ?? {})) {
      headers.set(name, value);
    }
    return headers;
  }
}

/** A signal that fires when a time is over, or another signal does. (AbortSignal.any is not in Node 18.) */
class Deadline {
  passed = false;
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #outer: AbortSignal | undefined;
  readonly #abort = (): void => this.#controller.abort(this.#outer?.reason);

  constructor(timeoutMs: number, outer: AbortSignal | undefined) {
    this.#outer = outer;
    if (outer?.aborted) {
      this.#abort();
    }
    outer?.addEventListener("abort", this.#abort, { once: true });
    if (timeoutMs > 0) {
      this.#timer = setTimeout(() => {
        this.passed = true;
        this.#controller.abort();
      }, timeoutMs);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  done(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#abort);
  }
}

function queryText(query: Query | undefined): string {
  const values = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) {
      values.set(key, String(value));
    }
  }
  const text = values.toString();
  return text === "" ? "" : `?${text}`;
}

function parse(response: Response, text: string): unknown {
  if (!/^application\/([^;]*\+)?json\b/i.test(response.headers.get("content-type") ?? "")) {
    return text;
  }
  try {
    return JSON.parse(text);
  } catch {
    if (response.ok) {
      throw new ApiError(response.status, `the answer is no JSON: ${text}`, response.headers);
    }
    return text;
  }
}

/** What fetch says of a failure is in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: unknown; cause?: { code?: unknown; message?: unknown } };
  return String(cause?.code ?? cause?.message ?? message ?? error);
}
