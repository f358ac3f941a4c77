import assert from "node:assert/strict";
import { test } from "node:test";
import { createReadQueue } from "./read-queue.ts";

function queued(atATime: number) {
  const begun: string[] = [];
  const running = new Map<string, () => void>();
  const queue = createReadQueue<string>(atATime, (member) => {
    begun.push(member);
    return new Promise((resolve) => running.set(member, resolve));
  });
  return {
    ...{ queue, begun },
    async finish(member: string) {
      running.get(member)?.();
      running.delete(member);
      await new Promise(setImmediate);
    },
  };
}

test("so many are read at a time, each that is due once", async () => {
  const { queue, begun, finish } = queued(2);
  queue.add(["a", "b", "c", "c", "d"]);
  assert.deepEqual(begun, ["a", "b"]);
  await finish("b");
  await finish("a");
  assert.deepEqual(begun, ["a", "b", "c", "d"]);
});

test("one that falls due while it is being read is read once more, and never twice at a time", async () => {
  const { queue, begun, finish } = queued(3);
  queue.add(["a"]);
  queue.add(["a", "a"]);
  assert.deepEqual(begun, ["a"]);
  await finish("a");
  assert.deepEqual(begun, ["a", "a"]);
});

test("it is idle when nothing is due and nothing is being read", async () => {
  const { queue, begun, finish } = queued(1);
  let isIdle = false;
  await queue.idle();
  queue.add(["a", "b", "c"]);
  void queue.idle().then(() => {
    isIdle = true;
  });
  queue.drop("b");
  await finish("a");
  assert.deepEqual([begun, isIdle], [["a", "c"], false]);
  queue.add(["d"]);
  queue.clear();
  await finish("c");
  assert.deepEqual([begun, isIdle], [["a", "c"], true]);
});
