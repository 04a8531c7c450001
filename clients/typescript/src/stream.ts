// A completion that is on its way.

import { Call, frames } from "./connection.js";
import { InternalError } from "./errors.js";
import { read } from "./messages.js";
import type {
  ChatDelta, ChatFinished, ChatStarted, Message, Part, RoutingInfo, StreamChatCompletionResponse,
  Usage } from "./v1.js";

/**
 * Iterate over it for the deltas, or over `texts()`; failures come out of the iteration. Leaving it
 * early, or `cancel`, stops the upstream. After the last delta `finished` tells how it ended.
 */
export class ChatStream implements AsyncIterable<ChatDelta> {
  /** The first event. */
  started?: ChatStarted;
  /** The last event. */
  finished?: ChatFinished;
  private readonly parts = new Map<number, Part>();

  constructor(private readonly call: Call, private readonly response: Promise<Response>) {
    // Failures come out of the iteration, not of a promise that nobody waits for.
    response.catch(() => undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ChatDelta> {
    try {
      if (this.call.ended) throw this.call.ended;
      for await (const frame of frames(this.call, await this.response)) {
        const event = read<StreamChatCompletionResponse>("StreamChatCompletionResponse", frame);
        if (event.started) this.started = event.started;
        if (event.finished) this.finished = event.finished;
        if (event.delta) {
          this.append(event.delta);
          yield event.delta;
        }
      }
      if (!this.finished) {
        throw new InternalError("internal", "The stream ended without its last event.");
      }
    } finally {
      if (!this.finished) this.cancel();
      this.call.close();
    }
  }

  /** The pieces of one choice's text. */
  async *texts(choice = 0): AsyncGenerator<string> {
    for await (const delta of this) {
      if (delta.choiceIndex === choice && delta.text !== undefined) yield delta.text;
    }
  }

  /** The tokens used, once the stream has finished. */
  get usage(): Usage | undefined {
    return this.finished?.usage;
  }

  /** Who serves the stream, with timings once it has finished. */
  get routing(): RoutingInfo | undefined {
    return (this.finished ?? this.started)?.routing;
  }

  /** The first choice's message as far as it has come, to be sent back in the next turn. */
  get message(): Message {
    // A piece may have nothing but fields of the upstream's own: no part comes of that alone.
    const parts = [...this.parts].sort(([a], [b]) => a - b).map(([, part]) => part)
      .filter((part) => (part.text ?? part.refusal ?? part.reasoning ?? part.toolCall) != null);
    return { ...read<Message>("Message", { role: "ROLE_ASSISTANT" }), parts };
  }

  /** Ends the call; the gateway closes its upstream within milliseconds. */
  cancel(): void { this.call.cancel(); }

  private append(delta: ChatDelta): void {
    if (delta.choiceIndex !== 0) return;
    const part = this.parts.get(delta.partIndex) ?? read<Part>("Part", {});
    this.parts.set(delta.partIndex, part);
    part.signature += delta.signature;
    if (delta.text !== undefined) part.text = (part.text ?? "") + delta.text;
    if (delta.refusal !== undefined) part.refusal = (part.refusal ?? "") + delta.refusal;
    if (delta.reasoning) {
      part.reasoning ??= read("Reasoning", {});
      part.reasoning!.text += delta.reasoning.text;
      part.reasoning!.redactedData =
        new Uint8Array([...part.reasoning!.redactedData, ...delta.reasoning.redactedData]);
    }
    if (delta.toolCall) {
      part.toolCall ??= read("ToolCall", {});
      part.toolCall!.id += delta.toolCall.id;
      part.toolCall!.name += delta.toolCall.name;
      part.toolCall!.argumentsJson += delta.toolCall.argumentsJson;
    }
  }
}
