import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../test/server-process.ts";
import type { ReportChange } from "../model/change-report.ts";
import type { KindName, ReportId, TenantId } from "../model/names.ts";
import { newReport, type Report } from "../model/report.ts";
import type { ReportEvent } from "../ports/report-store.ts";
import { openStore } from "./open-store.ts";

const never = new AbortController().signal;
const claimant = { worker: "w", datacenter: "dc-a", leaseMs: 1_000 };
const request = { id: "r", bodyHash: "h" };

test("a report is read, listed and changed by every store over the same file", async () => {
  await using places = await twoStores();
  const { one, two } = places;
  await one.reports.create(report("a", 1), undefined, 10);
  await two.reports.create(report("b", 2), undefined, 10);
  assert.deepEqual(await one.reports.read(report("b", 2)), report("b", 2));
  const ids = async (limit: number, after?: Report) =>
    (await two.reports.list(tenant, limit, after)).map(({ id }) => String(id));
  assert.deepEqual(await ids(10), ["b", "a"]);
  assert.deepEqual(await ids(1), ["b"]);
  assert.deepEqual(await ids(1, report("b", 2)), ["a"]);
  assert.equal((await two.reports.change(report("a", 1), cancel, 3))?.kind, "changed");
  assert.equal((await one.reports.read(report("a", 1)))?.status.kind, "cancelled");
  assert.equal(await one.reports.change(report("c", 1), cancel, 3), undefined);
});

test("a request id belongs to the first report that came with it", async () => {
  await using places = await twoStores();
  const { one, two } = places;
  assert.equal((await one.reports.create(report("a", 1), request, 10)).kind, "created");
  const again = await two.reports.create(report("b", 2), request, 10);
  assert.ok(again.kind === "repeated" && again.report.id === "a");
  const other = await two.reports.create(report("c", 2), { ...request, bodyHash: "i" }, 10);
  assert.ok(other.kind === "other-body" && other.report.id === "a");
  // A full queue turns away what is new and still answers what is not.
  assert.equal((await one.reports.create(report("d", 2), undefined, 1)).kind, "full");
  assert.equal((await one.reports.create(report("d", 2), request, 1)).kind, "repeated");
});

test("each queued report is given to one claimant, oldest first", async () => {
  await using places = await twoStores();
  const { one, two } = places;
  for (const [id, at] of [
    ["b", 2],
    ["a", 1],
    ["c", 3],
  ] as const)
    await one.reports.create(report(id, at), undefined, 10);
  const claimed = [
    await one.queue.claim(claimant, 10),
    await two.queue.claim(claimant, 10),
    await one.queue.claim(claimant, 10),
  ];
  assert.deepEqual(
    claimed.map((one) => one?.id),
    ["a", "b", "c"],
  );
  assert.equal(await two.queue.claim(claimant, 10), undefined);
  assert.deepEqual(await two.queue.length(), { queued: 0 });
});

test("a lease that runs out gives the report to the next claimant and fences the first", async () => {
  await using places = await twoStores();
  const { one, two } = places;
  await one.reports.create(report("a", 1), undefined, 10);
  await one.queue.claim(claimant, 10);
  assert.equal(await two.queue.claim(claimant, 1_009), undefined);
  assert.equal((await two.queue.claim(claimant, 1_010))?.attempts.length, 2);
  const late = await one.reports.change(report("a", 1), { kind: "succeed", attempt: 1, artifacts: [] }, 1_011);
  assert.ok(late?.kind === "refused" && late.why === "fenced");
});

test("following starts with the present state and then tells what any store does, to the end", async () => {
  await using places = await twoStores();
  const { one, two } = places;
  const key = report("a", 1);
  await one.reports.create(key, undefined, 10);
  await one.queue.claim(claimant, 10);
  const following = collect(two.reports.follow(key, 0, never));
  await one.reports.change(key, { kind: "renew", attempt: 1, leaseMs: 500 }, 20);
  await one.reports.change(key, { kind: "succeed", attempt: 1, artifacts: [] }, 30);
  assert.deepEqual(await following, ["2 running", "3 succeeded"]);
  assert.deepEqual(await collect(one.reports.follow(key, 1, never)), ["2 running", "3 succeeded"]);
  assert.deepEqual(await collect(one.reports.follow(key, 3, never)), []);
});

test("following ends when its signal aborts", async () => {
  await using places = await twoStores();
  const { one } = places;
  await one.reports.create(report("a", 1), undefined, 10);
  const stop = new AbortController();
  const seen: number[] = [];
  for await (const { sequence } of one.reports.follow(report("a", 1), 0, stop.signal)) {
    seen.push(sequence);
    setImmediate(() => stop.abort());
  }
  assert.deepEqual(seen, [1]);
});

test("waiting for work ends with a report that another store queues", async () => {
  await using places = await twoStores();
  const { one, two } = places;
  const waiting = two.queue.wait(never);
  await one.reports.create(report("a", 1), undefined, 10);
  await waiting;
  assert.equal((await two.queue.claim(claimant, 10))?.id, "a");
});

test("only what ended long enough ago is forgotten, with its request id", async () => {
  await using places = await twoStores();
  const { one, two } = places;
  await one.reports.create(report("a", 1), request, 10);
  await one.reports.create(report("b", 1), undefined, 10);
  await one.reports.change(report("a", 1), cancel, 100);
  assert.deepEqual(await two.reports.forget(100, 10), []);
  assert.deepEqual(await two.reports.forget(101, 10), [{ tenant, id: "a" }]);
  assert.deepEqual(await one.reports.list(tenant, 10, undefined), [report("b", 1)]);
  assert.equal((await one.reports.create(report("c", 200), request, 10)).kind, "created");
});

test("what was stored is there when the file is opened again", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "reports.db");
  {
    using store = openStore(path);
    await store.reports.create(report("a", 1), request, 10);
  }
  using store = openStore(path);
  assert.deepEqual(await store.reports.list(tenant, 10, undefined), [report("a", 1)]);
});

const tenant = "acme" as TenantId;
const cancel: ReportChange = { kind: "cancel", message: "enough" };

function report(id: string, createdAtMs: number): Report {
  const kind = "sales" as KindName;
  return newReport({
    ...{ tenant, id: id as ReportId, kind, createdAtMs },
    ...{ parameters: {}, formats: ["csv"], datacenter: "dc-a" },
  });
}

async function twoStores() {
  const directory = await temporaryDirectory();
  const path = join(directory.path, "reports.db");
  const [one, two] = [openStore(path), openStore(path)];
  return {
    one,
    two,
    async [Symbol.asyncDispose]() {
      one[Symbol.dispose]();
      two[Symbol.dispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function collect(events: AsyncIterable<ReportEvent>): Promise<readonly string[]> {
  const seen = [];
  for await (const { sequence, report } of events) seen.push(`${sequence} ${report.status.kind}`);
  return seen;
}
