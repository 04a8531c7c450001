// Failed calls, a class by status, with what the gateway says in its details.

import { read } from "./messages.js";
import type { ErrorContext } from "./v1.js";

/** Connect's names of the statuses of gRPC. */
export type Code =
  | "canceled" | "unknown" | "invalid_argument" | "deadline_exceeded" | "not_found"
  | "already_exists" | "permission_denied" | "resource_exhausted" | "failed_precondition"
  | "aborted" | "out_of_range" | "unimplemented" | "internal" | "unavailable" | "data_loss"
  | "unauthenticated";

/** An error as Connect has it in JSON. */
export interface WireError {
  code?: string;
  message?: string;
  details?: { type?: string; debug?: Record<string, unknown> }[];
}

/** A failed call. Look for a subclass with `instanceof`, or at `reason`. */
export class GatewayError extends Error {
  /** A name of `ErrorReason` without its prefix, such as `MODEL_NOT_FOUND`; empty when the failure
   * was noticed on this side, such as a lost connection. */
  readonly reason: string = "";
  /** Seconds to wait before the call may be tried again. */
  readonly retryAfter?: number;
  /** What is wrong with each field of the request, by its path. */
  readonly fields: Readonly<Record<string, string>> = {};
  /** Attempts, limits, the upstream's words, usage and cost. */
  readonly context: ErrorContext = read("ErrorContext", {});

  constructor(readonly code: Code, message: string, details: WireError["details"] = []) {
    super(message);
    this.name = new.target.name;
    for (const { type, debug = {} } of details) {
      if (type === "google.rpc.ErrorInfo") {
        this.reason = String(debug["reason"] ?? "");
      } else if (type === "google.rpc.RetryInfo") {
        this.retryAfter = parseFloat(String(debug["retryDelay"] ?? "0"));
      } else if (type === "google.rpc.BadRequest") {
        const violations = (debug["fieldViolations"] ?? []) as Record<string, string>[];
        this.fields = Object.fromEntries(
          violations.map((each) => [each["field"] ?? "", each["description"] ?? ""]));
      } else if (type === "llmgateway.v1.ErrorContext") {
        this.context = read("ErrorContext", debug);
      }
    }
  }

  /** The call's id in the gateway's log; empty when there is none. */
  get requestId(): string {
    return this.context.completionId;
  }
}

/** The request breaks a rule; see `fields`. */
export class InvalidRequest extends GatewayError {}
/** No key, or one that is not known. */
export class KeyInvalid extends GatewayError {}
/** The key may not do this. */
export class NotAllowed extends GatewayError {}
/** There is no such model. */
export class NotFound extends GatewayError {}
/** A limit, budget or bound was hit; see `retryAfter`. */
export class ResourceExhausted extends GatewayError {}
/** The upstream did not take the request, or the gateway's key. */
export class UpstreamRejected extends GatewayError {}
/** The call, or a part of it, took too long. */
export class DeadlineExceeded extends GatewayError {}
/** The call was cancelled. */
export class CallCancelled extends GatewayError {}
/** No upstream answered, or the gateway cannot be reached. */
export class Unavailable extends GatewayError {}
/** The gateway has no such method. */
export class Unimplemented extends GatewayError {}
/** A fault of the gateway, or of the wire. */
export class InternalError extends GatewayError {}

const classes: Partial<Record<Code, typeof GatewayError>> = {
  invalid_argument: InvalidRequest,
  unauthenticated: KeyInvalid,
  permission_denied: NotAllowed,
  not_found: NotFound,
  resource_exhausted: ResourceExhausted,
  failed_precondition: UpstreamRejected,
  deadline_exceeded: DeadlineExceeded,
  canceled: CallCancelled,
  unavailable: Unavailable,
  unimplemented: Unimplemented,
  internal: InternalError,
};

// What an HTTP status means when the response is not the gateway's, by Connect's table.
const codes: Record<number, Code> = {
  400: "internal", 401: "unauthenticated", 403: "permission_denied", 404: "unimplemented",
  429: "unavailable", 502: "unavailable", 503: "unavailable", 504: "unavailable",
};

/** The error of a response or of a stream's end. */
export function errorOf(wire: WireError, status = 0): GatewayError {
  const code = (wire.code as Code | undefined) ?? codes[status] ?? "unknown";
  return new (classes[code] ?? GatewayError)(
    code, wire.message ?? `The call failed with HTTP status ${status}.`, wire.details);
}
