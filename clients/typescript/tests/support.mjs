// What clients/conformance/run.py started for the tests, and the cells that they show.

import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { test } from "node:test";

import { Client } from "../dist/index.js";

const environment = (name) => {
  const value = process.env[`LLM_GATEWAY_${name}`];
  if (!value) throw new Error(`LLM_GATEWAY_${name} is not set: clients/conformance/run.py sets it.`);
  return value;
};

export const address = environment("ADDRESS");
export const url = `http://${address}`;
export const key = environment("KEY");
export const demoKey = environment("DEMO_KEY");
export const budgetKey = environment("BUDGET_KEY");
export const newer = environment("NEWER_URL");
export const tls = { url: `https://${environment("TLS_ADDRESS")}`, ca: environment("TLS_CA") };
export const client = new Client(url, { key, timeoutMs: 60_000 });

/** Asks the tests' surroundings for something; fails if they cannot. */
export const control = (path) =>
  execFileSync("curl", ["--silent", "--fail", environment("CONTROL") + path], { encoding: "utf8" });

/** A test that shows a cell of the list. */
export const cell = (name, body) => test(name, { timeout: 90_000 }, async () => {
  await body();
  appendFileSync(environment("CELLS"), `${name}\n`);
});

/** The elements of something that is iterated over. */
export const collect = async (iterable) => {
  const elements = [];
  for await (const element of iterable) elements.push(element);
  return elements;
};
