// Messages as the wire has them, JSON, and as programs have them: nothing that has a value is absent.

import { absent, messages } from "./v1.js";

/** A message to send: whatever is left out has its default. */
export type Init<T> = T extends Uint8Array | string | number | boolean ? T
  : T extends (infer E)[] ? readonly Init<E>[]
  : { readonly [K in keyof T]?: Init<T[K]> };

type Json = Record<string, unknown>;

/** A message as JSON text. Bytes go as base64, as the JSON form of protobuf has them. */
export function write(message: object): string {
  return JSON.stringify(message, (_, value) =>
    value instanceof Uint8Array ? toBase64(value) : value);
}

/**
 * A message of the contract from its JSON. What it does not say gets its default, and what this
 * version of the contract does not know is left as it is.
 */
export function read<T>(type: string, json: unknown): T {
  const fields = messages[type];
  if (!fields) throw new TypeError(`The contract has no message ${type}.`);
  const message: Json = { ...(json as Json) };
  for (const [name, kind] of Object.entries(fields)) {
    const value = message[name];
    if (kind.endsWith("[]")) {
      const element = kind.slice(0, -2);
      message[name] = ((value ?? []) as unknown[]).map((each) => readValue(element, each));
    } else if (kind.endsWith("{}")) {
      const element = kind.slice(0, -2);
      message[name] = Object.fromEntries(Object.entries((value ?? {}) as Json).map(
        ([key, each]) => [key, readValue(element, each)]));
    } else if (kind.endsWith("?")) {
      if (value === null) delete message[name];
      else if (value !== undefined) message[name] = readValue(kind.slice(0, -1), value);
    } else {
      message[name] = value === undefined || value === null
        ? defaultOf(kind) : readValue(kind, value);
    }
  }
  return message as T;
}

function readValue(kind: string, value: unknown): unknown {
  if (kind === "number") return Number(value);
  if (kind === "bytes") return fromBase64(value as string);
  return kind in messages ? read(kind, value) : value;
}

function defaultOf(kind: string): unknown {
  if (kind.startsWith("enum ")) return absent[kind.slice(5)];
  return { number: 0, boolean: false, string: "", bytes: new Uint8Array() }[kind];
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) =>
    character.charCodeAt(0));
}
