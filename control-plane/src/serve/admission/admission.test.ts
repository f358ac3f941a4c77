import assert from "node:assert/strict";
import { test } from "node:test";
import { createAdmission } from "./admission.ts";

const limits = { streamBurst: 100, streamsPerSecond: 10, streamsPerNodePerMinute: 3 };

function admissionAt(clock: { now: number }, some: Partial<typeof limits> = {}) {
  return createAdmission({ limits: { ...limits, ...some }, monotonicMs: () => clock.now, random: () => 0.5 });
}

function admitted(ask: (index: number) => number | undefined, times: number): number {
  return Array.from({ length: times }, (_, index) => ask(index)).filter((wait) => wait === undefined).length;
}

test("as many as the burst come in at once, and from then on so many a second", () => {
  const clock = { now: 0 };
  const { stream } = admissionAt(clock);
  const fromAnywhere = (index: number) => stream(`10.0.0.${index % 10}`);
  assert.equal(admitted(fromAnywhere, 1_000), 100);
  clock.now = 500;
  assert.equal(admitted(fromAnywhere, 1_000), 5);
  clock.now = 60_000;
  assert.equal(admitted(fromAnywhere, 1_000), 100, "no more than the burst, however long nobody came");
});

test("an address has half of it all, and leaves the other half to others however often it comes", () => {
  const clock = { now: 0 };
  const admission = admissionAt(clock);
  const greedy = () => admission.stream("10.0.0.1");
  assert.equal(admitted(greedy, 1_000), 51, "half, and the one that makes it scarce");
  assert.equal(admission.admits("10.0.0.1"), false);
  assert.equal(admission.admits("10.0.0.2"), true);
  assert.equal(
    admitted(() => admission.stream("10.0.0.2"), 1_000),
    49,
  );
  for (let second = 1; second <= 5; second++) {
    clock.now = second * 1_000;
    assert.equal(admitted(greedy, 1_000), 5);
    assert.equal(
      admitted((index) => admission.stream(`10.0.1.${index}`), 5),
      5,
    );
  }
});

test("those who are refused are told one moment after the other, and none later than half a minute", () => {
  const clock = { now: 0 };
  const { stream } = admissionAt(clock);
  for (let index = 0; index < 100; index++) stream(`10.0.0.${index}`);
  const waits = Array.from({ length: 1_000 }, (_, index) => stream(`10.0.0.${index % 250}`));
  assert.deepEqual(waits.slice(0, 4), [100, 200, 300, 400]);
  assert.equal(waits.at(-1), 30_000);
  clock.now = 30_000;
  for (let index = 0; index < 100; index++) stream(`10.0.0.${index}`);
  assert.equal(stream("10.0.0.0"), 100, "who was to come has come or not: the queue is as short as at first");
});

test("what is told is spread by a quarter to each side", () => {
  for (const [random, wait] of [
    [0, 75],
    [0.999, 125],
  ] as const) {
    const some = { limits: { ...limits, streamBurst: 0 }, monotonicMs: () => 0, random: () => random };
    assert.equal(createAdmission(some).stream("10.0.0.1"), wait);
  }
});

test("a node that comes again and again is refused first, and others do not lose by it", () => {
  const clock = { now: 0 };
  const admission = admissionAt(clock);
  const open = (nodeId: string) => (index: number) =>
    admission.stream(`10.0.0.${index % 10}`) ?? admission.node(nodeId, `10.0.0.${index % 10}`);
  assert.equal(admitted(open("busy"), 50), 50, "as long as there is plenty it may");
  assert.equal(open("busy")(0), 20_000, "a minute for three is twenty seconds for one");
  assert.equal(admitted(open("busy"), 1_000), 0);
  assert.equal(admitted(open("other"), 3), 3);
  assert.equal(
    admitted((index) => admission.stream(`10.0.0.${index % 10}`), 100),
    47,
    "what the busy one was refused was not taken from the rest",
  );
});

test("a node that was refused has its share again with time", () => {
  const clock = { now: 0 };
  const admission = admissionAt(clock, { streamsPerSecond: 0.001 });
  for (let index = 0; index < 90; index++) admission.stream(`10.0.0.${index}`);
  assert.equal(
    admitted(() => admission.node("busy", "10.0.0.1"), 10),
    3,
  );
  clock.now = 20_000;
  assert.equal(
    admitted(() => admission.node("busy", "10.0.0.1"), 10),
    1,
  );
});

test("many nodes are remembered, but not any number", () => {
  const clock = { now: 0 };
  const admission = admissionAt(clock, { streamsPerSecond: 0.001 });
  for (let index = 0; index < 60; index++) admission.stream(`10.0.0.${index}`);
  assert.equal(
    admitted(() => admission.node("busy", "10.0.0.1"), 10),
    3,
  );
  for (let index = 0; index < 9_999; index++) admission.node(`node-${index}`, "10.0.0.1");
  assert.notEqual(admission.node("busy", "10.0.0.1"), undefined, "it is remembered");
  for (let index = 0; index < 10_000; index++) admission.node(`other-${index}`, "10.0.0.1");
  assert.equal(admission.node("busy", "10.0.0.1"), undefined, "it is forgotten, and begins again");
});

test("0 is no limit", () => {
  const admission = admissionAt({ now: 0 }, { streamsPerSecond: 0, streamBurst: 0 });
  assert.equal(
    admitted(() => admission.stream("10.0.0.1"), 1_000),
    1_000,
  );
  assert.equal(
    admitted(() => admission.node("busy", "10.0.0.1"), 1_000),
    1_000,
  );
  assert.equal(admission.admits("10.0.0.1"), true);
});
