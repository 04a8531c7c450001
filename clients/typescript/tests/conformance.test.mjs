// The list of clients/conformance, cell by cell, against the gateway's own binary.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import * as gateway from "../dist/index.js";
import {
  budgetKey, cell, client, collect, control, demoKey, key, newer, tls, url } from "./support.mjs";

const { Client, textOf } = gateway;
const weather = { tools: [{ name: "weather", parametersJson: '{"type":"object"}' }] };

cell("unary", async () => {
  const completion = await client.chat("demo", "Hello");
  assert.match(textOf(completion), /^Hello! I am the demo model/);
  assert.equal(completion.choices[0].finishReason, "FINISH_REASON_STOP");
  assert.ok(completion.usage.outputTokens > 0);
  assert.equal(completion.cost.outputNanoUsd, 2000 * completion.usage.outputTokens);
  assert.equal(completion.routing.provider, "scripted");
  const turns = [{ role: "system", content: "Be short." }, { role: "user", content: "Hello" }];
  const cut = await client.chat("demo", turns, { maxOutputTokens: 3, sampling: { temperature: 0.5 } });
  assert.equal(textOf(cut), "Hello! I am ");
  assert.equal(cut.choices[0].finishReason, "FINISH_REASON_LENGTH");
});

cell("stream", async () => {
  const stream = client.stream("demo", "Hello");
  assert.equal(stream.usage, undefined);
  const texts = [];
  for await (const text of stream.texts()) {
    if (!texts.length) assert.ok(stream.routing.deployment && !stream.usage);
    texts.push(text);
  }
  assert.equal(texts.join(""), textOf(await client.chat("demo", "Hello")));
  assert.equal(texts[0], "Hello! ");
  assert.equal(stream.usage.outputTokens, texts.length);
  assert.equal(stream.usage.source, "USAGE_SOURCE_REPORTED");
  assert.equal(stream.finished.cost.outputNanoUsd, 2000 * texts.length);
  assert.equal(stream.finished.outcomes[0].finishReason, "FINISH_REASON_STOP");
  assert.match(stream.routing.firstTokenLatency, /s$/);
  const two = await collect(client.stream("demo", "Hello", { choiceCount: 2, maxOutputTokens: 2 }));
  assert.deepEqual(two.map((delta) => delta.choiceIndex), [0, 1, 0, 1]);
});

cell("tools", async () => {
  const question = { role: "user", content: "How warm is it in Oslo?" };
  const completion = await client.chat("tools", [question], weather);
  assert.equal(completion.choices[0].finishReason, "FINISH_REASON_TOOL_CALLS");
  const stream = client.stream("tools", [question], weather);
  assert.ok((await collect(stream)).length > 2);
  for (const message of [completion.choices[0].message, stream.message]) {
    const [call] = gateway.toolCallsOf(message);
    assert.deepEqual(
      [call.id, call.name, call.argumentsJson], ["call_1", "weather", '{"city":"Oslo"}']);
    const answer = await client.chat(
      "tools", [question, message, gateway.toolResult(call, "7 degrees")], weather);
    assert.equal(textOf(answer), "It is 7 degrees");
  }
  // Reasoning comes where it is asked for, with its signature.
  assert.equal(stream.message.parts.length, 1);
  const wanted = { ...weather, reasoning: { includeReasoning: true } };
  const thinking = client.stream("tools", [question], wanted);
  await collect(thinking);
  const [thought, asked] = thinking.message.parts;
  assert.deepEqual([thought.reasoning.text, thought.signature], ["Hm", "c2lnbmVk"]);
  const turns = [question, thinking.message, gateway.toolResult(asked.toolCall, "7 degrees")];
  assert.equal(textOf(await client.chat("tools", turns, wanted)), "It is 7 degrees");
});

cell("embeddings", async () => {
  const reply = await client.embed("demo", ["a", "b"], { dimensionCount: 8 });
  assert.deepEqual(reply.embeddings.map((each) => each.floatVector.values.length), [8, 8]);
  assert.equal(typeof reply.embeddings[0].floatVector.values[0], "number");
});

cell("models", async () => {
  const names = (await collect(client.models())).map((model) => model.displayName);
  assert.ok(["demo", "paced", "slow"].every((name) => names.includes(name)));
  assert.equal((await client.model("demo")).name, "models/demo");
  const other = await collect(new Client(url, { key: demoKey }).models());
  assert.deepEqual(other.map((model) => model.displayName), ["demo"]);
  const pages = await collect(new Client(newer, { key }).models());
  assert.deepEqual(pages.map((model) => model.name), ["models/a", "models/b"]);
});

cell("deadline", async () => {
  for (const call of [
    () => client.chat("slow", "Hello", {}, { timeoutMs: 200 }),
    () => collect(client.stream("slow", "Hello", {}, { timeoutMs: 200 })),
    () => collect(client.stream("endless", "Hello", {}, { timeoutMs: 200 })),
    () => new Client(url, { key, timeoutMs: 200 }).chat("slow", "Hello"),
  ]) {
    const began = performance.now();
    await assert.rejects(call, gateway.DeadlineExceeded);
    const took = performance.now() - began;
    assert.ok(took > 150 && took < 5000, `${took} ms`);
  }
});

cell("cancel", async () => {
  const stream = client.stream("endless", "Hello");
  for await (const text of stream.texts()) {
    assert.equal(text, "and ");
    break;
  }
  control("/idle");
  await assert.rejects(collect(stream), gateway.CallCancelled);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 100);
  await assert.rejects(
    client.chat("slow", "Hello", {}, { signal: controller.signal }), gateway.CallCancelled);
});

cell("bad-key", async () => {
  for (const bad of [undefined, "sk-unknown-0123456789"]) {
    const other = new Client(url, { key: bad });
    for (const call of [
      () => other.chat("demo", "x"), () => collect(other.stream("demo", "x")),
      () => collect(other.models())]) {
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof gateway.KeyInvalid);
        assert.equal(error.reason, "KEY_INVALID");
        assert.ok(error.requestId && error.message.includes(error.requestId));
        return true;
      });
    }
  }
});

cell("budget", async () => {
  const other = new Client(url, { key: budgetKey });
  for (const call of [() => other.chat("demo", "x"), () => collect(other.stream("demo", "x"))]) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof gateway.ResourceExhausted);
      assert.equal(error.reason, "BUDGET_EXHAUSTED");
      assert.ok(error.retryAfter > 0 && error.retryAfter <= 86_400);
      const [violation] = error.context.violations;
      assert.deepEqual(
        [violation.subject, violation.kind, violation.limit, violation.remaining],
        ["penniless", "LIMIT_KIND_SPEND", 100, 100]);
      assert.ok(violation.requested > 100 && Date.parse(violation.resetTime) > Date.now());
      return true;
    });
  }
});

cell("errors", async () => {
  const failure = async (call) => {
    try {
      await call;
    } catch (error) {
      return error;
    }
    return assert.fail("no error");
  };
  const missing = await failure(client.chat("nobody", "Hello"));
  assert.ok(missing instanceof gateway.NotFound && missing.code === "not_found");
  assert.equal(missing.reason, "MODEL_NOT_FOUND");
  assert.equal(missing.context.reason, "ERROR_REASON_MODEL_NOT_FOUND");
  const streamed = await failure(collect(client.stream("nobody", "Hello")));
  assert.equal(streamed.reason, "MODEL_NOT_FOUND");
  const invalid = await failure(client.chat("", []));
  assert.ok(invalid instanceof gateway.InvalidRequest);
  assert.deepEqual(Object.keys(invalid.fields).sort(), ["chat.messages", "chat.model"]);
  const refused = await failure(new Client(url, { key: demoKey }).chat("slow", "Hello"));
  assert.ok(refused instanceof gateway.NotAllowed);
  const limited = await failure(client.chat("limited", "Hello"));
  assert.ok(limited instanceof gateway.ResourceExhausted);
  assert.deepEqual([limited.reason, limited.retryAfter], ["UPSTREAM_RATE_LIMITED", 7]);
  assert.equal(limited.context.upstreamError.httpStatus, 429);
  assert.equal(limited.context.upstreamError.message, "slow down");
  assert.equal(limited.context.attempts[0].outcome, "ATTEMPT_OUTCOME_RATE_LIMITED");
});

cell("unknown-fields", async () => {
  const later = new Client(newer, { key });
  const completion = await later.chat("demo", "Hello");
  assert.equal(textOf(completion), "Hello");
  assert.equal(completion.choices[0].finishReason, "FINISH_REASON_LATER");
  const stream = later.stream("demo", "Hello");
  assert.equal((await collect(stream.texts())).join(""), "Hello");
  assert.equal(stream.usage.outputTokens, 2);
  await assert.rejects(later.chat("moon", "Hello"), (error) => {
    assert.ok(error instanceof gateway.ResourceExhausted);
    assert.deepEqual([error.reason, error.requestId], ["MOON_IN_THE_WRONG_PHASE", "later"]);
    return true;
  });
  // JSON names what it does not know; the gateway says so instead of leaving it out.
  await assert.rejects(client.chat("demo", "Hello", { laterField: 1 }), gateway.InvalidRequest);
});

cell("large", async () => {
  const completion = await client.chat("demo", "x".repeat(3_000_000));
  assert.equal(completion.usage.inputTokens, 750_000);
  const reply = await client.embed("demo", Array(2048).fill("a"), { dimensionCount: 1024 });
  const numbers = reply.embeddings.reduce((sum, each) => sum + each.floatVector.values.length, 0);
  assert.equal(numbers, 2048 * 1024);
  await assert.rejects(client.chat("demo", "x".repeat(5_000_000)), gateway.ResourceExhausted);
});

cell("reconnect", async () => {
  const stream = client.stream("paced", "Hello");
  const texts = stream.texts();
  await texts.next();
  const model = control("/restart");
  const end = performance.now() + 30_000;
  let names = [];
  while (!names.includes(model)) {
    // The first calls may still meet the old one; none of them may fail.
    assert.ok(performance.now() < end);
    assert.ok(textOf(await client.chat("demo", "Hello")));
    names = (await collect(client.models())).map((each) => each.displayName);
  }
  assert.equal((await collect(texts)).length, 399);
  assert.equal(stream.usage.outputTokens, 400);
});

cell("tls", async () => {
  // The runtime reads whom it trusts when it starts.
  const program = `
    import { Client, textOf } from ${JSON.stringify(import.meta.resolve("../dist/index.js"))};
    const client = new Client(${JSON.stringify(tls.url)}, { key: ${JSON.stringify(key)} });
    console.log(await client.chat("demo", "Hello").then(textOf, (error) => error.name));`;
  const run = (environment) => execFileSync(
    process.execPath, ["--input-type=module", "--eval", program],
    { encoding: "utf8", env: { ...process.env, ...environment } });
  assert.match(run({ NODE_EXTRA_CA_CERTS: tls.ca }), /^Hello! I am/);
  assert.equal(run({}).trim(), "Unavailable");
});

cell("unreachable", async () => {
  const other = new Client("http://127.0.0.1:1", { key });
  for (const call of [() => other.chat("demo", "x"), () => collect(other.stream("demo", "x"))]) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof gateway.Unavailable);
      assert.deepEqual([error.reason, error.requestId], ["", ""]);
      return true;
    });
  }
});
