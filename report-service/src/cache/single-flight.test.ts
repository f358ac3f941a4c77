import assert from "node:assert/strict";
import { test } from "node:test";
import { createSingleFlight } from "./single-flight.ts";

/** A load that ends when it is told to. */
function createLoads() {
  const under: PromiseWithResolvers<number>[] = [];
  return {
    load: () => {
      const one = Promise.withResolvers<number>();
      under.push(one);
      return one.promise;
    },
    count: () => under.length,
    end: (index: number) => under[index]?.resolve(index),
    fail: (index: number) => under[index]?.reject(new Error(`load ${index}`)),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("all who ask while a load is under way share the one that begins after it", async () => {
  const fly = createSingleFlight<number>();
  const loads = createLoads();
  const first = fly("a", loads.load);
  const later = Array.from({ length: 1_000 }, () => fly("a", loads.load));
  await turn();
  assert.equal(loads.count(), 1);
  loads.end(0);
  await turn();
  assert.equal(loads.count(), 2);
  const latest = fly("a", loads.load);
  loads.end(1);
  assert.equal(await first, 0);
  assert.deepEqual(new Set(await Promise.all(later)), new Set([1]));
  await turn();
  loads.end(2);
  assert.equal(await latest, 2);
});

test("another key waits for nobody", async () => {
  const fly = createSingleFlight<number>();
  const loads = createLoads();
  void fly("a", loads.load);
  const other = fly("b", loads.load);
  loads.end(1);
  assert.equal(await other, 1);
});

test("a load that fails does so for those who share it, and the next ones load again", async () => {
  const fly = createSingleFlight<number>();
  const loads = createLoads();
  const first = fly("a", loads.load);
  const second = fly("a", loads.load);
  loads.fail(0);
  await assert.rejects(first, /load 0/);
  await turn();
  loads.fail(1);
  await assert.rejects(second, /load 1/);
  const third = fly("a", loads.load);
  loads.end(2);
  assert.equal(await third, 2);
});
