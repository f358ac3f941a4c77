import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { provesJobQueue } from "../../test/contract/job-queue.ts";
import { createLocalSharedCache } from "../../test/contract/local-shared-cache.ts";
import { claimant, create, never, type Place, report } from "../../test/contract/place.ts";
import { provesReportStore } from "../../test/contract/report-store.ts";
import { provesCleanUp } from "../../test/contract/upkeep.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import type { Report } from "../model/report.ts";
import type { SharedCache } from "../ports/cache.ts";
import type { Stores } from "../ports/stores.ts";
import { openStore } from "../sqlite/open-store.ts";
import { cacheReads } from "./cache-reads.ts";

const memory = { maxBytes: 1_000_000, keepMs: 10_000 };

// Whatever holds for a store holds for one whose reads are cached.
for (const proves of [provesReportStore, provesJobQueue, provesCleanUp]) proves("SQLite, cached", openCachedPlace);

async function openCachedPlace(): Promise<Place> {
  const directory = await temporaryDirectory();
  // The times of the contract start at 1.
  const now = () => 0;
  const shared = createLocalSharedCache(now);
  return {
    async connect() {
      const store = openStore(join(directory.path, "reports.db"));
      const parts = { memory, now, shared: { cache: shared.connect(), keepMs: 60_000 }, observe: () => undefined };
      return { ...cacheReads(store, parts), [Symbol.asyncDispose]: async () => store[Symbol.dispose]() };
    },
    [Symbol.asyncDispose]: directory[Symbol.asyncDispose],
  };
}

/** A store in memory with one report that has succeeded, and whose reads wait until they are let go. */
async function slowStore(given: Report) {
  const store = openStore(":memory:");
  await create(store.reports, given);
  await store.queue.claim(claimant, 1, 2);
  await store.reports.change(given, { kind: "succeed", attempt: 1, artifacts: [] }, 3);
  const under: PromiseWithResolvers<void>[] = [];
  let held = true;
  const stores: Stores = {
    ...store,
    reports: {
      ...store.reports,
      async read(key, signal) {
        const answer = await store.reports.read(key, signal);
        if (!held) return answer;
        const gate = Promise.withResolvers<void>();
        under.push(gate);
        await gate.promise;
        return answer;
      },
    },
  };
  const letGo = () => {
    held = false;
    for (const gate of under) gate.resolve();
  };
  return { store, stores, letGo, reads: () => under.length, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function cached(stores: Stores, shared?: SharedCache) {
  const from: string[] = [];
  const parts = { memory, now: () => 0, ...(shared && { shared: { cache: shared, keepMs: 60_000 } }) };
  return { ...cacheReads(stores, { ...parts, observe: (note) => from.push(note.from) }), from };
}

test("a thousand who ask at once for a report are answered by two reads of the store", async () => {
  using slow = await slowStore(report("a", 1));
  const { reports, from } = cached(slow.stores);
  const asked = Array.from({ length: 1_000 }, () => reports.read(report("a", 1)));
  await turn();
  assert.equal(slow.reads(), 1);
  slow.letGo();
  assert.deepEqual(new Set((await Promise.all(asked)).map((seen) => seen?.status.kind)), new Set(["succeeded"]));
  assert.deepEqual(from, ["store", "store"]);
  await reports.read(report("a", 1));
  assert.equal(from.at(-1), "memory");
});

test("a report that is deleted while it is being read is not kept", async () => {
  using slow = await slowStore(report("a", 1));
  const { reports } = cached(slow.stores);
  const before = reports.read(report("a", 1));
  await turn();
  assert.equal(await reports.remove(report("a", 1), undefined), "removed");
  slow.letGo();
  assert.equal((await before)?.status.kind, "succeeded");
  assert.equal(await reports.read(report("a", 1)), undefined);
});

test("a report that another server deletes while it is being read is not kept, here or by all", async () => {
  using slow = await slowStore(report("a", 1));
  const shared = createLocalSharedCache(() => 0);
  const here = cached(slow.stores, shared.connect());
  const there = cached(slow.store, shared.connect());
  const before = here.reports.read(report("a", 1));
  await turn();
  await there.reports.remove(report("a", 1), undefined);
  slow.letGo();
  await before;
  assert.equal(await here.reports.read(report("a", 1)), undefined);
  assert.equal(await there.reports.read(report("a", 1)), undefined);
});

test("whoever asks after a change sees it, also while a read from before it is under way", async () => {
  using slow = await slowStore(report("a", 1));
  const { reports } = cached(slow.stores);
  await create(slow.store.reports, report("b", 4));
  const before = reports.read(report("b", 4));
  await turn();
  await reports.change(report("b", 4), { kind: "cancel", message: "enough" }, 5);
  const after = reports.read(report("b", 4));
  slow.letGo();
  assert.deepEqual([(await before)?.status.kind, (await after)?.status.kind], ["queued", "cancelled"]);
});

test("who gives up waits no longer, and the others are answered", async () => {
  using slow = await slowStore(report("a", 1));
  const { reports } = cached(slow.stores);
  const leaving = new AbortController();
  const left = reports.read(report("a", 1), leaving.signal);
  const stays = reports.read(report("a", 1), never);
  leaving.abort(new Error("gave up"));
  await assert.rejects(left, /gave up/);
  slow.letGo();
  assert.equal((await stays)?.status.kind, "succeeded");
});

test("a report that one server has read is no work for the store at another", async () => {
  using store = openStore(":memory:");
  const shared = createLocalSharedCache(() => 0);
  const here = cached(store, shared.connect());
  const there = cached(store, shared.connect());
  await create(store.reports, report("a", 1));
  await store.queue.claim(claimant, 1, 2);
  await store.reports.change(report("a", 1), { kind: "succeed", attempt: 1, artifacts: [] }, 3);
  const first = await here.reports.read(report("a", 1));
  assert.deepEqual(await there.reports.read(report("a", 1)), first);
  assert.deepEqual([...here.from, ...there.from], ["store", "shared"]);
});

test("what another version has left in the shared cache, and is no report, is passed over", async () => {
  using store = openStore(":memory:");
  const shared = createLocalSharedCache(() => 0).connect();
  await create(store.reports, report("a", 1));
  await shared.put("acme/a", "{", 1_000);
  const { reports } = cached(store, shared);
  assert.equal((await reports.read(report("a", 1)))?.status.kind, "queued");
});

test("a report is never read from memory once it was to expire, however lately it was kept", async () => {
  using store = openStore(":memory:");
  let nowMs = 3;
  const parts = { memory, now: () => nowMs, observe: () => undefined };
  const { reports } = cacheReads(store, parts);
  await create(store.reports, report("a", 1, { retentionMs: 15_000 }));
  await store.queue.claim(claimant, 1, 2);
  await store.reports.change(report("a", 1), { kind: "succeed", attempt: 1, artifacts: [] }, 3);
  nowMs = 15_002;
  assert.equal((await reports.read(report("a", 1)))?.status.kind, "succeeded");
  nowMs = 15_003;
  await store.cleanUp.clear("expired", nowMs, 1);
  assert.equal((await reports.read(report("a", 1)))?.status.kind, "expired");
});
