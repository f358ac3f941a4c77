import assert from "node:assert/strict";
import { test } from "node:test";
import { distancesOf, inBands } from "./distance-bands.ts";

const measured = (ms: number) => distancesOf([{ a: "dc-a", b: "dc-b", ms }]);

test("a distance is known in both directions, and the first that is told of a pair holds", () => {
  const distances = distancesOf([
    { a: "dc-b", b: "dc-a", ms: 12 },
    { a: "dc-a", b: "dc-b", ms: 30 },
    { a: "dc-a", b: "dc-a", ms: 1 },
  ]);
  assert.deepEqual(
    [...distances].map(([from, to]) => [from, ...to]),
    [
      ["dc-a", ["dc-b", 12]],
      ["dc-b", ["dc-a", 12]],
    ],
  );
});

test("distances that tremble stay in their band, and are the very same object", () => {
  const first = inBands(new Map(), measured(20));
  let now = first;
  for (const ms of [22, 18, 23, 14, 20]) {
    now = inBands(now, measured(ms));
    assert.equal(now, first, `${ms} ms`);
  }
  assert.notEqual(inBands(now, measured(40)), first);
});

test("regions that are about as far as each other are equally far", () => {
  const bands = inBands(
    new Map(),
    distancesOf([
      { a: "dc-a", b: "dc-b", ms: 10 },
      { a: "dc-a", b: "dc-c", ms: 11 },
      { a: "dc-a", b: "dc-d", ms: 80 },
      { a: "dc-a", b: "dc-e", ms: 0.01 },
      { a: "dc-a", b: "dc-f", ms: 0.3 },
    ]),
  ).get("dc-a");
  assert.equal(bands?.get("dc-b"), bands?.get("dc-c"));
  assert.equal(bands?.get("dc-e"), bands?.get("dc-f"));
  assert.ok((bands?.get("dc-d") ?? 0) > (bands?.get("dc-b") ?? 0));
});
