import assert from "node:assert/strict";
import { test } from "node:test";
import { type Circuit, type CircuitEvent, closedCircuit, shutForMs, stepCircuit } from "./circuit.ts";

const rule = { failures: 3, openMs: 1_000, longestOpenMs: 3_000, probeMs: 10_000 };
const failed = (source: string): CircuitEvent => ({ kind: "failed", source, why: "it threw" });
const started: CircuitEvent = { kind: "started" };
const succeeded: CircuitEvent = { kind: "succeeded" };

function after(events: readonly CircuitEvent[], from: Circuit = closedCircuit, nowMs = 0): Circuit {
  return events.reduce((circuit, event) => stepCircuit(circuit, event, nowMs, rule), from);
}

test("a circuit opens after failures in a row of several, and later of one alone", () => {
  assert.equal(after([failed("acme"), failed("blue")]).kind, "closed");
  assert.equal(after([failed("acme"), failed("blue"), failed("acme")]).kind, "open");
  const alone = Array.from({ length: 5 }, () => failed("acme"));
  assert.equal(after(alone).kind, "closed");
  assert.equal(after([...alone, failed("acme")]).kind, "open");
});

test("one success in between starts the count anew", () => {
  assert.equal(after([failed("acme"), failed("blue"), succeeded, failed("acme"), failed("blue")]).kind, "closed");
});

test("an open circuit lets nothing through for its time, then one job, whose success closes it", () => {
  const open = after([failed("acme"), failed("blue"), failed("red")]);
  assert.equal(shutForMs(open, 400), 600);
  assert.equal(shutForMs(open, 1_000), 0);
  const probing = after([started], open, 1_000);
  assert.equal(probing.kind, "probing");
  assert.equal(shutForMs(probing, 1_000), rule.probeMs);
  assert.deepEqual(after([succeeded], probing, 1_200), closedCircuit);
});

test("each failed probe opens it for twice as long, up to a limit", () => {
  let circuit = after([failed("acme"), failed("blue"), failed("red")]);
  const times = [];
  for (let nowMs = 0; times.length < 4; ) {
    times.push(shutForMs(circuit, nowMs));
    nowMs += shutForMs(circuit, nowMs);
    circuit = after([started, failed("acme")], circuit, nowMs);
  }
  assert.deepEqual(times, [1_000, 2_000, 3_000, 3_000]);
});

test("failures of what was let through before it opened do not prolong it", () => {
  const open = after([failed("acme"), failed("blue"), failed("red")]);
  assert.deepEqual(after([failed("acme"), failed("blue")], open, 500), open);
});

test("a probe that tells nothing makes way for another one at once", () => {
  const open = after([failed("acme"), failed("blue"), failed("red")]);
  const probing = after([started], open, 1_000);
  assert.equal(shutForMs(after([{ kind: "dropped" }], probing, 1_100), 1_100), 0);
});

test("a probe of which nothing is heard is given up for another one", () => {
  const open = after([failed("acme"), failed("blue"), failed("red")]);
  const probing = after([started], open, 1_000);
  assert.equal(shutForMs(probing, 1_000 + rule.probeMs), 0);
});
