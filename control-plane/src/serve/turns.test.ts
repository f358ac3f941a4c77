import assert from "node:assert/strict";
import { test } from "node:test";
import { createTurns } from "./turns.ts";

test("work longer than a slice is continued in a later turn, in order", () => {
  const later: (() => void)[] = [];
  let ms = 0;
  const turns = createTurns({ sliceMs: 10, clock: () => ms, later: (run) => later.push(run) });
  const done: number[] = [];
  for (const n of [1, 2, 3]) {
    turns.enqueue(() => {
      done.push(n);
      ms += 6;
    });
  }
  later.shift()?.();
  assert.deepEqual(done, [1, 2], "the slice was over after 12 ms");
  later.shift()?.();
  assert.deepEqual(done, [1, 2, 3]);
  assert.equal(later.length, 0);
});

test("work that adds work has it done too", () => {
  const later: (() => void)[] = [];
  const turns = createTurns({ clock: () => 0, later: (run) => later.push(run) });
  const done: string[] = [];
  turns.enqueue(() => turns.enqueue(() => done.push("inner")));
  while (later.length > 0) later.shift()?.();
  assert.deepEqual(done, ["inner"]);
});

test("work goes on in order while ever more comes, past what is let go of", () => {
  let run = (): void => undefined;
  const turns = createTurns({
    sliceMs: 0,
    clock: () => 0,
    later: (next) => {
      run = next;
    },
  });
  const done: number[] = [];
  const add = (number: number) =>
    turns.enqueue(() => {
      done.push(number);
      if (number < 10_000) add(number + 2);
    });
  add(0);
  add(1);
  while (done.length < 10_002) run();
  assert.deepEqual(
    done,
    Array.from({ length: 10_002 }, (_, number) => number),
  );
});
