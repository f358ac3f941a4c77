import assert from "node:assert/strict";
import { test } from "node:test";
import { createOffsetKeeper } from "./offset-keeper.ts";

test("an offset is committed once all before it are done", () => {
  const { take, committed } = keeper();
  const [one, two, three] = [take(0, 5), take(0, 6), take(0, 9)];
  two();
  assert.deepEqual(committed, []);
  one();
  assert.deepEqual(committed, ["0/6"]);
  three();
  assert.deepEqual(committed, ["0/6", "0/9"]);
});

test("each partition has offsets of its own", () => {
  const { take, committed } = keeper();
  const [first, second] = [take(0, 5), take(1, 3)];
  second();
  assert.deepEqual(committed, ["1/3"]);
  first();
  assert.deepEqual(committed, ["1/3", "0/5"]);
});

test("what was received before a rebalance has no say after it", () => {
  const { forget, take, committed } = keeper();
  const old = take(0, 5);
  forget();
  old();
  assert.deepEqual(committed, []);
  take(0, 20)();
  assert.deepEqual(committed, ["0/20"]);
});

test("messages that are received again are counted anew", () => {
  const { take, committed } = keeper();
  const [old, older] = [take(0, 6), take(0, 7)];
  const again = take(0, 6);
  old();
  older();
  assert.deepEqual(committed, []);
  again();
  assert.deepEqual(committed, ["0/6"]);
});

function keeper() {
  const committed: string[] = [];
  const { taken, forget } = createOffsetKeeper();
  const take = (partition: number, offset: number) =>
    taken(partition, BigInt(offset), () => committed.push(`${partition}/${offset}`));
  return { take, forget, committed };
}
