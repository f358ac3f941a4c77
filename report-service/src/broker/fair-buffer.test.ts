import assert from "node:assert/strict";
import { test } from "node:test";
import type { FairShares } from "../model/fair-queue.ts";
import type { ReportId, TenantId } from "../model/names.ts";
import type { Priority } from "../model/report.ts";
import type { Delivery } from "./broker.ts";
import { createFairBuffer } from "./fair-buffer.ts";

const never = new AbortController().signal;
const even: FairShares = { everyone: { weight: 1, concurrency: 9 }, others: new Map() };

test("of ten messages seven are interactive, two standard and one bulk, where there are all", async () => {
  const buffer = createFairBuffer(100);
  for (const priority of ["bulk", "standard", "interactive"] as const) await addMany(buffer, "acme", 20, priority);
  const counts = { interactive: 0, standard: 0, bulk: 0 };
  for (const { waiting } of buffer.take(20, even)) counts[waiting.priority] += 1;
  assert.deepEqual(counts, { interactive: 14, standard: 4, bulk: 2 });
});

test("tenants take turns by weight, however many messages one of them has here", async () => {
  const buffer = createFairBuffer(1_000);
  await addMany(buffer, "noisy", 200);
  await addMany(buffer, "quiet", 20);
  await addMany(buffer, "heavy", 60);
  const shares: FairShares = { ...even, others: new Map([["heavy" as TenantId, { weight: 3, concurrency: 9 }]]) };
  const taken = buffer.take(40, shares).map(({ waiting }) => waiting.tenant as string);
  const count = (tenant: string) => taken.filter((each) => each === tenant).length;
  assert.deepEqual([count("noisy"), count("quiet"), count("heavy")], [8, 8, 24]);
});

test("a tenant that comes late is served soon", async () => {
  const buffer = createFairBuffer(1_000);
  await addMany(buffer, "noisy", 50);
  buffer.take(20, even);
  await addMany(buffer, "guest", 1);
  const soon = buffer.take(3, even).map(({ waiting }) => waiting.tenant as string);
  assert.ok(soon.includes("guest"));
});

test("messages of a tenant keep their order, and what is put back goes first", async () => {
  const buffer = createFairBuffer(100);
  await addMany(buffer, "acme", 4);
  const first = buffer.take(2, even);
  buffer.putBack(first);
  assert.deepEqual(idsOf(buffer.take(4, even)), ["acme-0", "acme-1", "acme-2", "acme-3"]);
  assert.equal(buffer.size, 0);
});

test("one more than there is room for waits, and leaves the other priorities their room", async () => {
  const buffer = createFairBuffer(2);
  await addMany(buffer, "acme", 2, "bulk");
  let isIn = false;
  const third = buffer.add(message("acme-2", "acme", "bulk"), never).then(() => {
    isIn = true;
  });
  await addMany(buffer, "acme", 2, "interactive");
  assert.equal(isIn, false);
  buffer.take(4, even);
  await third;
  assert.deepEqual(idsOf(buffer.take(9, even)), ["acme-2"]);
});

test("waiting ends with a message and with the signal", async () => {
  const buffer = createFairBuffer(1);
  const filled = buffer.filled(never);
  await addMany(buffer, "acme", 1);
  await filled;
  const full = buffer.add(message("b", "acme", "standard"), AbortSignal.timeout(5));
  await full;
  buffer.take(1, even);
  await buffer.filled(AbortSignal.timeout(5));
  assert.equal(buffer.size, 0);
});

function message(id: string, tenant: string, priority: Priority): Delivery {
  const waiting = { tenant: tenant as TenantId, id: id as ReportId, cluster: "sql", priority };
  return { waiting, done: () => undefined };
}

async function addMany(
  buffer: ReturnType<typeof createFairBuffer>,
  tenant: string,
  count: number,
  priority: Priority = "standard",
): Promise<void> {
  for (let index = 0; index < count; index += 1)
    await buffer.add(message(`${tenant}-${index}`, tenant, priority), never);
}

function idsOf(deliveries: readonly Delivery[]): readonly string[] {
  return deliveries.map(({ waiting }) => waiting.id);
}
