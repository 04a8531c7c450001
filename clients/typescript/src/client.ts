// The client.

import { Call, CallOptions, ClientOptions } from "./connection.js";
import { InternalError } from "./errors.js";
import { Init, read } from "./messages.js";
import { ChatStream } from "./stream.js";
import {
  ChatCompletion, ChatRequest, GenerateChatCompletionResponse, GenerateEmbeddingsRequest,
  GenerateEmbeddingsResponse, GetModelResponse, ListModelsResponse, Message, Model, services,
  ToolCall } from "./v1.js";

/** A turn: a message of the contract, or who speaks and what is said. */
export type Turn = Init<Message> | { role: "system" | "developer" | "user" | "assistant"; content: string };
/** A conversation, oldest turn first; a text alone is its only turn, the user's. */
export type Turns = string | readonly Turn[];

/** The other fields of `ChatRequest`. */
export type ChatFields = Omit<Init<ChatRequest>, "model" | "messages">;
/** The other fields of `GenerateEmbeddingsRequest`. */
export type EmbeddingFields = Omit<Init<GenerateEmbeddingsRequest>, "model" | "inputs">;

/** Calls of a gateway, by its address such as `http://127.0.0.1:4000`. */
export class Client {
  constructor(private readonly address: string, private readonly options: ClientOptions = {}) {}

  /** A whole completion. */
  async chat(
    model: string, messages: Turns, fields: ChatFields = {}, options: CallOptions = {}
  ): Promise<ChatCompletion> {
    const reply = await this.unary<GenerateChatCompletionResponse>(
      "ChatService", "GenerateChatCompletion", { chat: chatOf(model, messages, fields) }, options);
    return required(reply.completion, "completion");
  }

  /** A completion piece by piece. */
  stream(
    model: string, messages: Turns, fields: ChatFields = {}, options: CallOptions = {}
  ): ChatStream {
    const call = this.call("ChatService", "StreamChatCompletion", options);
    return new ChatStream(call, call.send({ chat: chatOf(model, messages, fields) }, true));
  }

  /** An embedding of each input. */
  async embed(
    model: string, inputs: string | readonly string[], fields: EmbeddingFields = {},
    options: CallOptions = {}
  ): Promise<GenerateEmbeddingsResponse> {
    const texts = typeof inputs === "string" ? [inputs] : inputs;
    return this.unary("EmbeddingService", "GenerateEmbeddings",
      { model, inputs: texts.map((text) => ({ text })), ...fields }, options);
  }

  /** The models that the key may use, by name; pages are fetched as they are needed. */
  async *models(options: CallOptions = {}): AsyncGenerator<Model, void, undefined> {
    let pageToken = "";
    do {
      const page = await this.unary<ListModelsResponse>(
        "ModelService", "ListModels", { pageToken }, options);
      yield* page.models;
      pageToken = page.nextPageToken;
    } while (pageToken);
  }

  /** One model, by the name that requests use. */
  async model(name: string, options: CallOptions = {}): Promise<Model> {
    const reply = await this.unary<GetModelResponse>(
      "ModelService", "GetModel", { name: `models/${name}` }, options);
    return required(reply.model, "model");
  }

  private call(service: keyof typeof services, method: string, options: CallOptions): Call {
    const url = `${this.address.replace(/\/$/, "")}/${services[service]}/${method}`;
    return new Call(this.options, url, options);
  }

  private async unary<T>(
    service: keyof typeof services, method: string, message: object, options: CallOptions
  ): Promise<T> {
    const call = this.call(service, method, options);
    try {
      const response = await call.send(message, false);
      return read<T>(`${method}Response`, await call.guard(response.json()));
    } finally {
      call.close();
    }
  }
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new InternalError("internal", `The answer has no ${name}.`);
  return value;
}

function chatOf(model: string, messages: Turns, fields: ChatFields): Init<ChatRequest> {
  const turns = typeof messages === "string"
    ? [{ role: "user" as const, content: messages }] : messages;
  return { model, messages: turns.map(messageOf), ...fields };
}

function messageOf(turn: Turn): Init<Message> {
  return "content" in turn
    ? { role: `ROLE_${turn.role.toUpperCase()}`, parts: [{ text: turn.content }] } : turn;
}

/** The text of a completion's choice, without its reasoning and tool calls. */
export function textOf(completion: ChatCompletion, choice = 0): string {
  return (completion.choices[choice]?.message?.parts ?? []).map((part) => part.text ?? "").join("");
}

/** The calls that a model asks for. */
export function toolCallsOf(message: Message): ToolCall[] {
  return message.parts.flatMap((part) => part.toolCall ?? []);
}

/** What a tool answered, as the turn after the message that asked for it. */
export function toolResult(call: ToolCall, text: string, isError = false): Init<Message> {
  return { role: "ROLE_TOOL", parts: [
    { toolResult: { toolCallId: call.id, parts: [{ text }], isError } }] };
}
