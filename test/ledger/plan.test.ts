import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEntries } from "./entry.ts";
import { blockSize, orderOf } from "./order.ts";
import { type FaultKind, planOf } from "./plan.ts";

const kinds: readonly FaultKind[] = ["kill-server", "kill-child", "stop-server", "stop-working-server", "hold-store"];
const options = { kinds, servers: 3, durationMs: 60_000, leaseMs: 2_000 };

test("a seed decides which faults come when, and which requests are sent", () => {
  assert.deepEqual(planOf(7, options), planOf(7, options));
  assert.notDeepEqual(planOf(7, options), planOf(8, options));
  assert.deepEqual(orderOf(7, 30), orderOf(7, 30));
});

test("a further group of faults changes nothing of the others", () => {
  const besides = [["fill-disk"], ["kill-objects", "stop-objects"]] as const;
  const plan = planOf(7, { ...options, besides });
  assert.deepEqual(
    plan.filter(({ kind }) => kinds.includes(kind)),
    planOf(7, options),
  );
  assert.deepEqual(
    plan.filter(({ kind }) => kind === "fill-disk"),
    planOf(7, { ...options, besides: [["fill-disk"]] }).filter(({ kind }) => kind === "fill-disk"),
  );
  for (const kind of besides.flat()) assert.ok(plan.some((fault) => fault.kind === kind));
});

test("the orders of a batch are a tenant's, and some of them are wrong", () => {
  const blocks = Array.from({ length: 100 }, (_, block) =>
    Array.from({ length: blockSize }, (_, at) => orderOf(7, block * blockSize + at)),
  );
  const batches = blocks.filter(([first]) => first?.batch !== "alone");
  assert.ok(batches.length > 5 && batches.length < 30, `${batches.length} batches`);
  for (const orders of batches) {
    assert.deepEqual([...new Set(orders.map(({ tenant, batch }) => `${tenant} ${batch}`))].length, 1);
  }
  const partlyWrong = batches.filter((orders) => orders.some(({ kind }) => kind === "wrong"));
  assert.ok(partlyWrong.length > 0 && partlyWrong.length < batches.length);
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
