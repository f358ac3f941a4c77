import assert from "node:assert/strict";
import { test } from "node:test";
import { createWriteBehind } from "./write-behind.ts";

test("many changes are one write, and settled waits for it", async () => {
  let writes = 0;
  await using store = createWriteBehind({ write: async () => void writes++, failed: assert.fail, delayMs: 1 });
  for (let change = 0; change < 100; change++) store.touch();
  await store.settled();
  assert.equal(writes, 1);
});

test("a change during a write is written afterwards, never at the same time", async () => {
  const seen: string[] = [];
  let running = 0;
  let state = "a";
  await using store = createWriteBehind({
    async write() {
      assert.equal(++running, 1);
      const text = state;
      if (text === "a") {
        state = "b";
        store.touch();
      }
      await new Promise(setImmediate);
      seen.push(text);
      running--;
    },
    failed: assert.fail,
    delayMs: 0,
  });
  store.touch();
  await store.settled();
  assert.deepEqual(seen, ["a", "b"]);
});

test("a write that fails is told and tried again, and nobody waits for that", async () => {
  const told: string[] = [];
  let full = true;
  let written = () => {};
  const again = new Promise<void>((resolve) => (written = resolve));
  await using store = createWriteBehind({
    async write() {
      if (full) throw new Error("disk full");
      written();
    },
    failed: (cause) => void told.push(cause.message),
    delayMs: 0,
  });
  store.touch();
  await store.settled();
  await store.settled();
  full = false;
  await again;
  assert.deepEqual(told, ["disk full"]);
});

test("its end writes what is left", async () => {
  let writes = 0;
  {
    await using store = createWriteBehind({ write: async () => void writes++, failed: assert.fail, delayMs: 60_000 });
    store.touch();
  }
  assert.equal(writes, 1);
});
