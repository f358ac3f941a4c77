import assert from "node:assert/strict";
import { test } from "node:test";
import { backlogWorkers } from "./wanted-workers.ts";

const load = { queued: 100, oldestWaitMs: 0, meanJobMs: 200 };

test("nobody is wanted where nothing waits, and somebody where anything does", () => {
  assert.equal(backlogWorkers({ ...load, queued: 0 }, 5_000), 0);
  assert.equal(backlogWorkers({ ...load, queued: 1, meanJobMs: 1 }, 5_000), 1);
});

test("as many are wanted as begin all that waits in time", () => {
  assert.equal(backlogWorkers(load, 5_000), 4);
  assert.equal(backlogWorkers({ ...load, meanJobMs: 400 }, 5_000), 8);
});

test("lateness asks for more, up to four times as many, and never for more than there is to do", () => {
  assert.equal(backlogWorkers({ ...load, oldestWaitMs: 10_000 }, 5_000), 8);
  assert.equal(backlogWorkers({ ...load, oldestWaitMs: 900_000 }, 5_000), 16);
  assert.equal(backlogWorkers({ queued: 2, oldestWaitMs: 900_000, meanJobMs: 60_000 }, 5_000), 2);
});
