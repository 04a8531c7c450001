// Connect in JSON over fetch: one request a call, and the frames of a stream.

import { CallCancelled, DeadlineExceeded, errorOf, GatewayError, InternalError, Unavailable, WireError }
  from "./errors.js";
import { write } from "./messages.js";

export interface ClientOptions {
  /** The API key. */
  key?: string;
  /** Milliseconds a call may take unless it says otherwise; without, as the gateway has it. */
  timeoutMs?: number;
  /** In the place of the runtime's own, such as one that trusts an authority of yours. */
  fetch?: typeof fetch;
}

export interface CallOptions {
  /** Milliseconds the call may take. */
  timeoutMs?: number;
  /** Cancels the call when it aborts. */
  signal?: AbortSignal;
}

/** One call: it ends by its deadline, by its caller's signal or by `cancel`, whichever is first. */
export class Call {
  private readonly controller = new AbortController();
  private readonly timer?: ReturnType<typeof setTimeout>;
  /** What ended the call from this side. */
  ended?: GatewayError;

  constructor(
    private readonly options: ClientOptions, private readonly url: string,
    private readonly call: CallOptions) {
    const timeout = call.timeoutMs ?? options.timeoutMs;
    if (timeout !== undefined) {
      this.timer = setTimeout(() => this.abort(new DeadlineExceeded(
        "deadline_exceeded", `The call took longer than ${timeout} ms.`)), timeout);
    }
    if (call.signal?.aborted) this.cancel();
    call.signal?.addEventListener("abort", this.cancel);
  }

  /** Sends the message; the response is one with status 200. */
  async send(message: object, isStream: boolean): Promise<Response> {
    const timeout = this.call.timeoutMs ?? this.options.timeoutMs;
    const headers: Record<string, string> = {
      "content-type": isStream ? "application/connect+json" : "application/json",
      "connect-protocol-version": "1",
      ...(this.options.key ? { authorization: `Bearer ${this.options.key}` } : {}),
      ...(timeout === undefined ? {} : { "connect-timeout-ms": String(Math.ceil(timeout)) }),
    };
    const body = new TextEncoder().encode(write(message));
    const response = await this.guard((this.options.fetch ?? fetch)(this.url, {
      method: "POST", headers, body: isStream ? frame(body) : body, signal: this.controller.signal }));
    if (response.status === 200) return response;
    const text = await this.guard(response.text());
    let wire: WireError = {};
    // Some proxies on the way answer in HTML.
    try { wire = JSON.parse(text); } catch { wire = {}; }
    throw errorOf(wire, response.status);
  }

  /** The value of a step of the call, with its failure as an error of this client. */
  async guard<T>(step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (failure) {
      if (this.ended) throw this.ended;
      const cause = (failure as { cause?: { message?: string } }).cause?.message;
      throw Object.assign(
        new Unavailable("unavailable", `The gateway cannot be reached: ${cause ?? failure}`),
        { cause: failure });
    }
  }

  /** Ends the call; the gateway closes its upstream within milliseconds. */
  readonly cancel = (): void => {
    this.abort(new CallCancelled("canceled", "The call was cancelled."));
  };

  /** The call is over. */
  close(): void {
    clearTimeout(this.timer);
    this.call.signal?.removeEventListener("abort", this.cancel);
  }

  private abort(error: GatewayError): void {
    this.ended ??= error;
    this.controller.abort();
    this.close();
  }
}

const endFlag = 2;

function frame(body: Uint8Array): Uint8Array {
  const framed = new Uint8Array(5 + body.length);
  new DataView(framed.buffer).setUint32(1, body.length);
  framed.set(body, 5);
  return framed;
}

/** The messages of a stream's response. Its end is a frame of its own, which may tell an error. */
export async function* frames(call: Call, response: Response): AsyncGenerator<unknown> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let buffered = new Uint8Array();
  for (;;) {
    while (buffered.length >= 5) {
      const view = new DataView(buffered.buffer, buffered.byteOffset);
      const end = 5 + view.getUint32(1);
      if (buffered.length < end) break;
      const value = JSON.parse(decoder.decode(buffered.subarray(5, end)));
      if (view.getUint8(0) & endFlag) {
        if (value.error) throw errorOf(value.error);
        return;
      }
      buffered = buffered.subarray(end);
      yield value;
    }
    const { done, value } = await call.guard(reader.read());
    if (done) throw new InternalError("internal", "The stream ended without its last frame.");
    const joined = new Uint8Array(buffered.length + value.length);
    joined.set(buffered);
    joined.set(value, buffered.length);
    buffered = joined;
  }
}
