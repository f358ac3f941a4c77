import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEntries } from "./entry.ts";
import { orderOf } from "./order.ts";
import { type FaultKind, planOf } from "./plan.ts";

const kinds: readonly FaultKind[] = ["kill-server", "kill-child", "stop-server", "stop-working-server", "hold-store"];
const options = { kinds, servers: 3, durationMs: 60_000, leaseMs: 2_000 };

test("a seed decides which faults come when, and which requests are sent", () => {
  assert.deepEqual(planOf(7, options), planOf(7, options));
  assert.notDeepEqual(planOf(7, options), planOf(8, options));
  assert.deepEqual(orderOf(7, 30), orderOf(7, 30));
});

test("every kind of fault comes, in order and with time left after the last", () => {
  const plan = planOf(3, options);
  assert.deepEqual(new Set(plan.map(({ kind }) => kind)), new Set(kinds));
  const times = plan.map(({ atMs }) => atMs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.ok((times.at(-1) ?? 0) <= options.durationMs - 1_500);
});

test("a line of the ledger that a kill cut off says nothing, and does not hide the next", () => {
  const text =
    '{"kind":"intent","request":"a","order":0}\n{"kind":"accepted","requ\n{"kind":"intent","request":"b","order":1}\n';
  assert.deepEqual(
    parseEntries(text).map(({ request }) => request),
    ["a", "b"],
  );
});
