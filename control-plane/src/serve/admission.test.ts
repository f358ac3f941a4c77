import assert from "node:assert/strict";
import { test } from "node:test";
import { createAdmission } from "./admission.ts";

const limits = { streamBurst: 100, streamsPerSecond: 10, streamsPerNodePerMinute: 3 };

function admissionAt(clock: { now: number }, some: Partial<typeof limits> = {}) {
  return createAdmission({ limits: { ...limits, ...some }, monotonicMs: () => clock.now, random: () => 0.5 });
}

function admitted(ask: () => number | undefined, times: number): number {
  return Array.from({ length: times }, ask).filter((wait) => wait === undefined).length;
}

test("as many as the burst come in at once, and from then on so many a second", () => {
  const clock = { now: 0 };
  const admission = admissionAt(clock);
  assert.equal(admitted(admission.stream, 1_000), 100);
  clock.now = 500;
  assert.equal(admitted(admission.stream, 1_000), 5);
  clock.now = 60_000;
  assert.equal(admitted(admission.stream, 1_000), 100, "no more than the burst, however long nobody came");
});

test("those who are refused are told one moment after the other, and none later than half a minute", () => {
  const clock = { now: 0 };
  const admission = admissionAt(clock);
  admitted(admission.stream, 100);
  const waits = Array.from({ length: 1_000 }, admission.stream);
  assert.deepEqual(waits.slice(0, 4), [100, 200, 300, 400]);
  assert.equal(waits.at(-1), 30_000);
  clock.now = 30_000;
  admitted(admission.stream, 100);
  assert.equal(admission.stream(), 100, "who was to come has come or not: the queue is as short as at first");
});

test("what is told is spread by a quarter to each side", () => {
  for (const [random, wait] of [
    [0, 75],
    [0.999, 125],
  ] as const) {
    const admission = createAdmission({
      limits: { ...limits, streamBurst: 0 },
      monotonicMs: () => 0,
      random: () => random,
    });
    assert.equal(admission.stream(), wait);
  }
});

test("a node that comes again and again is refused first, and others do not lose by it", () => {
  const clock = { now: 0 };
  const admission = admissionAt(clock);
  const open = (nodeId: string) => admission.stream() ?? admission.node(nodeId);
  assert.equal(
    admitted(() => open("busy"), 50),
    50,
    "as long as there is plenty it may",
  );
  assert.equal(open("busy"), 20_000, "a minute for three is twenty seconds for one");
  assert.equal(
    admitted(() => open("busy"), 1_000),
    0,
  );
  assert.equal(
    admitted(() => open("other"), 3),
    3,
  );
  assert.equal(admitted(admission.stream, 100), 47, "what the busy one was refused was not taken from the rest");
});

test("a node that was refused has its share again with time", () => {
  const clock = { now: 0 };
  const admission = admissionAt(clock, { streamsPerSecond: 0.001 });
  admitted(admission.stream, 90);
  assert.equal(
    admitted(() => admission.node("busy"), 10),
    3,
  );
  clock.now = 20_000;
  assert.equal(
    admitted(() => admission.node("busy"), 10),
    1,
  );
});

test("many nodes are remembered, but not any number", () => {
  const clock = { now: 0 };
  const admission = admissionAt(clock, { streamsPerSecond: 0.001 });
  admitted(admission.stream, 60);
  assert.equal(
    admitted(() => admission.node("busy"), 10),
    3,
  );
  for (let index = 0; index < 9_999; index++) admission.node(`node-${index}`);
  assert.notEqual(admission.node("busy"), undefined, "it is remembered");
  for (let index = 0; index < 10_000; index++) admission.node(`other-${index}`);
  assert.equal(admission.node("busy"), undefined, "it is forgotten, and begins again");
});

test("0 is no limit", () => {
  const admission = admissionAt({ now: 0 }, { streamsPerSecond: 0, streamBurst: 0 });
  assert.equal(admitted(admission.stream, 1_000), 1_000);
  assert.equal(
    admitted(() => admission.node("busy"), 1_000),
    1_000,
  );
});
