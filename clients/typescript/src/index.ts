/** A client of llm-gateway over Connect, for Node and for browsers. */

export * from "./client.js";
export type { CallOptions, ClientOptions } from "./connection.js";
export * from "./errors.js";
export type { Init } from "./messages.js";
export { ChatStream } from "./stream.js";
export * as v1 from "./v1.js";
