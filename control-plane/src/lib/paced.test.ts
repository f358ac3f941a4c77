import assert from "node:assert/strict";
import { test } from "node:test";
import { createLatest } from "./latest.ts";
import { paced } from "./paced.ts";

test("a change that comes alone is given at once, a burst after it as one", async () => {
  const stop = new AbortController();
  const latest = createLatest(0);
  const values = paced(latest, { quietMs: 5, maxMs: 1_000 }, stop.signal);
  assert.equal((await values.next()).value, 0);
  const next = values.next();
  for (const value of [1, 2, 3]) latest.set(value);
  assert.equal((await next).value, 3);
  stop.abort();
  assert.equal((await values.next()).done, true);
});

test("changes that never end are given in time all the same", async () => {
  const stop = new AbortController();
  const latest = createLatest(0);
  // Goes on with the changes, however few a busy machine makes in 60 ms.
  const clock = () => 10 * (latest.current() ?? 0);
  const values = paced(latest, { quietMs: 20, maxMs: 60 }, stop.signal, clock);
  await values.next();
  const changing = setInterval(() => latest.set((latest.current() ?? 0) + 1), 5);
  const { value } = await values.next();
  clearInterval(changing);
  stop.abort();
  assert.ok(Number(value) > 1);
});
