/** The root of all errors of this client, but for aborts: those reject with the reason of the signal. */
export class AiMemoryError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The server could not be reached, or the connection broke. A write may have been done all the same. */
export class NetworkError extends AiMemoryError {}

/** No complete answer came in time. A write may have been done all the same. */
export class TimeoutError extends AiMemoryError {
  constructor(
    message: string,
    /** How long was waited, in milliseconds. */
    readonly timeoutMs: number,
  ) {
    super(message);
  }
}

/** The server answered, and it was a refusal or a failure. */
export class ApiError extends AiMemoryError {
  constructor(
    readonly status: number,
    /** The parsed JSON, or the text of an answer that was none. */
    readonly body: unknown,
    readonly headers: Headers,
  ) {
    super(describe(status, body));
  }
}

/** 400 or 422: the request breaks a rule. */
export class InvalidRequestError extends ApiError {}

/** 401: the API key is missing or wrong. */
export class UnauthorizedError extends ApiError {}

/** 403: denied by governance or by permissions. */
export class ForbiddenError extends ApiError {}

/** 404: there is no such thing. */
export class NotFoundError extends ApiError {}

/** 409: another memory is in the way. */
export class ConflictError extends ApiError {}

/**
 * 503: too few nodes hold a write in time. It is stored on the node that was asked and may still
 * spread; repeating it does no harm.
 */
export class QuorumNotMetError extends ApiError {
  /** How many nodes hold the write. */
  readonly got: number;
  /** How many have to. */
  readonly needed: number;
  readonly reason: string;
  /** The memory, where the write is about one. */
  readonly id: string | undefined;
  /** When to try again, in seconds, if the server says so. */
  readonly retryAfterSecs: number | undefined;

  constructor(status: number, body: QuorumBody, headers: Headers) {
    super(status, body, headers);
    this.got = body.got;
    this.needed = body.needed;
    this.reason = body.reason;
    this.id = body.id;
    const after = Number(headers.get("retry-after") ?? Number.NaN);
    this.retryAfterSecs = Number.isFinite(after) ? after : undefined;
  }
}

interface QuorumBody {
  error: string;
  got: number;
  needed: number;
  reason: string;
  id?: string;
}

function isQuorumBody(body: unknown): body is QuorumBody {
  const b = body as Partial<QuorumBody> | null;
  return typeof b === "object" && b !== null && b.error === "quorum_not_met" && typeof b.got === "number" && typeof b.needed === "number";
}

/** Makes the error of an answer that is no success. */
export function errorOf(status: number, body: unknown, headers: Headers): ApiError {
  if (status === 503 && isQuorumBody(body)) {
    return new QuorumNotMetError(status, body, headers);
  }
  switch (status) {
    case 400:
    case 422:
      return new InvalidRequestError(status, body, headers);
    case 401:
      return new UnauthorizedError(status, body, headers);
    case 403:
      return new ForbiddenError(status, body, headers);
    case 404:
      return new NotFoundError(status, body, headers);
    case 409:
      return new ConflictError(status, body, headers);
    default:
      return new ApiError(status, body, headers);
  }
}

function describe(status: number, body: unknown): string {
  if (isQuorumBody(body)) {
    return `${status}: ${body.got} of ${body.needed} nodes hold the write (${body.reason})`;
  }
  const said = (body as { error?: unknown } | null)?.error;
  if (typeof said === "string") {
    return `${status}: ${said}`;
  }
  return typeof body === "string" && body !== "" ? `${status}: ${body.slice(0, 500)}` : `${status}`;
}
