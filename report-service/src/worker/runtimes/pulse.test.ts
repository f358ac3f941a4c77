import assert from "node:assert/strict";
import { test } from "node:test";
import { deathOf, type Look, mostHeldMs, mostStillLooks, type Pulse, stepPulse } from "./pulse.ts";

test("a worker that neither beats nor runs is dead after so many looks, and one beat is enough to live", () => {
  assert.equal(after(looks(mostStillLooks - 1, () => 0)), undefined);
  assert.equal(after(looks(mostStillLooks, () => 0)), "still");
  assert.equal(after([...looks(mostStillLooks - 1, () => 0), { kind: "beat" }, ...looks(5, () => 0)]), undefined);
});

test("one that is silent while its main thread runs is alive, also where others leave it little of the CPU", () => {
  assert.equal(after(looks(1_000, (look) => look * 20)), undefined);
  // Its turn comes once in five looks.
  assert.equal(after(looks(1_000, (look) => Math.floor(look / 5) * 10)), undefined);
});

test("one that has run for half a minute of CPU time without a beat has no end", () => {
  assert.equal(after(looks(30, (look) => look * 1_000)), undefined);
  assert.equal(after(looks(31, (look) => look * 1_000)), "spins");
  assert.equal(after([...looks(30, (look) => look * 1_000), { kind: "beat" }, none(mostHeldMs)]), undefined);
});

function after(all: readonly Look[]): string | undefined {
  return deathOf(all.reduce<Pulse>(stepPulse, { kind: "beats" }))?.kind;
}

function looks(count: number, ranMs: (look: number) => number): readonly Look[] {
  return Array.from({ length: count }, (_, look) => none(ranMs(look)));
}

function none(ranMs: number): Look {
  return { kind: "none", ranMs };
}
