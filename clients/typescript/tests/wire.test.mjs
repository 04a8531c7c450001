// What the gateway does not do by itself: frames in pieces, ends that are missing, proxies' answers.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as gateway from "../dist/index.js";
import { collect } from "./support.mjs";

const { Client } = gateway;

const frame = (flags, value) => {
  const body = new TextEncoder().encode(JSON.stringify(value));
  const framed = new Uint8Array(5 + body.length);
  new DataView(framed.buffer).setUint32(1, body.length);
  framed[0] = flags;
  framed.set(body, 5);
  return framed;
};

/** A client whose gateway answers with these bytes, so many at a time. */
const answering = (bytes, size = bytes.length, init = { status: 200 }) => new Client("http://gateway", {
  fetch: async () => new Response(new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  }), init),
});

const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const delta = frame(0, { sequence: "1", delta: { text: "ä" } });
const finished = frame(0, { sequence: "2", finished: { usage: { outputTokens: "9007199254740991" } } });

test("frames may come in any pieces", async () => {
  const whole = join(delta, finished, frame(2, {}));
  for (let size = 1; size <= whole.length; size += 1) {
    const stream = answering(whole, size).stream("m", "x");
    assert.deepEqual(await collect(stream.texts()), ["ä"]);
    assert.equal(stream.usage.outputTokens, 9007199254740991);
  }
});

test("a stream without its last event or frame is no answer", async () => {
  for (const bytes of [join(delta, frame(2, {})), join(delta, finished), join(delta.slice(0, 7))]) {
    await assert.rejects(collect(answering(bytes).stream("m", "x")), gateway.InternalError);
  }
});

test("an error in a stream's end comes out of the iteration", async () => {
  const stream = answering(join(delta, frame(2, { error: {
    code: "unavailable", message: "gone", details: [{ type: "google.rpc.ErrorInfo",
      debug: { reason: "UPSTREAM_INTERRUPTED" } }] } }))).stream("m", "x");
  const texts = stream.texts();
  assert.equal((await texts.next()).value, "ä");
  await assert.rejects(texts.next(), (error) =>
    error instanceof gateway.Unavailable && error.reason === "UPSTREAM_INTERRUPTED");
});

test("what a proxy answers is an error by its status", async () => {
  const html = new TextEncoder().encode("<html>Bad Gateway</html>");
  await assert.rejects(
    answering(html, html.length, { status: 502 }).chat("m", "x"), gateway.Unavailable);
  await assert.rejects(
    answering(html, html.length, { status: 418 }).chat("m", "x"),
    (error) => error.constructor === gateway.GatewayError && error.code === "unknown");
});

test("bytes are base64 on the wire and bytes in the program", async () => {
  let sent;
  const client = new Client("http://gateway", { fetch: async (_, init) => {
    sent = JSON.parse(new TextDecoder().decode(init.body));
    return Response.json({ completion: { choices: [{ message: { parts: [
      { media: { inlineData: "AP8=", mimeType: "audio/wav" } }] } }] } });
  } });
  const completion = await client.chat("m", [{ role: "ROLE_USER", parts: [
    { media: { inlineData: new Uint8Array([0, 255]), mimeType: "image/png" } }] }]);
  assert.equal(sent.chat.messages[0].parts[0].media.inlineData, "AP8=");
  assert.deepEqual(completion.choices[0].message.parts[0].media.inlineData, new Uint8Array([0, 255]));
  assert.deepEqual(completion.choices[0].logprobs, []);
});
