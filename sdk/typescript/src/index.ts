export { AiMemoryClient, isPending } from "./client.js";
export type { Answer, Arguments } from "./client.js";
export {
  AiMemoryError,
  ApiError,
  ConflictError,
  ForbiddenError,
  InvalidRequestError,
  NetworkError,
  NotFoundError,
  QuorumNotMetError,
  TimeoutError,
  UnauthorizedError,
} from "./errors.js";
export type { ClientOptions, Query, RawAnswer, RawRequest, RequestOptions } from "./transport.js";
export { verifyWebhook } from "./webhook.js";
export type { VerifyOptions } from "./webhook.js";
export { ROUTES } from "./generated/operations.js";
export type { OperationName, Operations } from "./generated/operations.js";
export * from "./generated/words.js";
export type * from "./generated/objects.js";
