import assert from "node:assert/strict";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { test } from "node:test";
import { claimant, create, never, report, tenant } from "../../test/contract/place.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { lockSqlite } from "../../test/sqlite-lock.ts";
import type { ChangeOf } from "../ports/report-store.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { createChangeFeed } from "./change-feed.ts";
import { failureOf } from "./failure.ts";
import { openDatabase } from "./open-database.ts";
import { openStore } from "./open-store.ts";
import { createSqliteReports } from "./report-store.ts";

// Far below the patience of a transaction, and far above what a busy machine of two cores takes by itself.
const longestHoldMs = 1_000;

test("while another process has the lock, writes fail in time, reads go on, and nobody holds the event loop", async () => {
  await using place = await openPlace();
  const { store, path } = place;
  await create(store.reports, report("a", 1));
  await create(store.reports, report("b", 1));
  assert.equal((await store.queue.claim(claimant, 1, 2)).length, 1);
  const outbox = await store.openOutbox();
  await create(store.reports, report("c", 1));
  await store.results.put({ key: report("a", 1), change: { kind: "hand-back", attempt: 1 } }, never);

  await using lock = await lockSqlite(path);
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  const startedMs = performance.now();
  const asked = Promise.allSettled([
    create(store.reports, report("d", 1)),
    store.reports.change(report("a", 1), { kind: "succeed", attempt: 1, artifacts: [] }, 3),
    store.reports.changeAll([{ key: report("b", 1), change: { kind: "cancel", message: "enough" } }], 3),
    store.reports.remove(report("b", 1), undefined),
    store.queue.claim(claimant, 1, 3),
    store.results.put({ key: report("a", 1), change: { kind: "hand-back", attempt: 1 } }, never),
    store.results.take(1, never),
    store.cleanUp.clear("stuck", 1_000_000, 9),
    store.uploads.create({ tenant, id: "u" as never, ...upload }, undefined),
    store.uploads.complete({ tenant, id: "u" as never }, 3),
    outbox.relay(async () => undefined, 9, 3),
    outbox.claim([report("c", 1)], claimant, 3),
  ]);
  assert.equal((await store.reports.read(report("a", 1)))?.status.kind, "running");
  for (const [index, one] of (await asked).entries()) {
    assert.ok(one.status === "rejected" && one.reason instanceof StoreUnavailable, `${index}: ${JSON.stringify(one)}`);
  }
  loop.disable();
  // Each waits 3 s for the lock: one after the other they would take 36 s.
  assert.ok(performance.now() - startedMs < 20_000);
  assert.ok(loop.max / 1e6 < longestHoldMs, `the event loop was held for ${loop.max / 1e6} ms`);

  await lock.release();
  assert.equal(await store.reports.read(report("d", 1)), undefined);
  assert.equal((await store.reports.read(report("b", 1)))?.status.kind, "queued");
  assert.equal((await create(store.reports, report("d", 1))).kind, "created");
  assert.equal(await outbox.relay(async () => undefined, 9, 4), 2);
});

test("a lock that is soon free costs nobody more than the wait, and everyone gets a turn", async () => {
  await using place = await openPlace();
  await using lock = await lockSqlite(place.path);
  const asked = Array.from({ length: 20 }, (_, index) => create(place.store.reports, report(`r${index}`, index)));
  // They have all met the lock by now.
  await place.store.reports.read(report("r0", 0));
  await lock.release();
  for (const answer of await Promise.all(asked)) assert.equal(answer.kind, "created");
  assert.equal((await place.store.queue.length("sql")).queued, 20);
});

test("a store that is closed while transactions wait fails them as unavailable", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "reports.db");
  const store = openStore(path);
  await using _lock = await lockSqlite(path);
  const asked = create(store.reports, report("a", 1));
  store[Symbol.dispose]();
  await assert.rejects(asked, StoreUnavailable);
});

test("where there is no room nothing is half applied, and it goes on once there is", async () => {
  await using directory = await temporaryDirectory();
  const database = openDatabase(join(directory.path, "reports.db"));
  const feed = createChangeFeed(database, 100);
  const reports = createSqliteReports(database, feed);
  const pages = Number(database.prepare("pragma page_count").get()?.["page_count"]);
  // What SQLite answers to a disk that is full, it answers to this, too.
  database.exec(`pragma max_page_count = ${pages + 4}`);
  const many = Array.from({ length: 100 }, (_, index) => ({ report: report(`r${index}`, index) }));
  const limits = { queue: 1_000, tenant: 1_000 };
  await assert.rejects(reports.create(many, limits), (error) => {
    assert.ok(error instanceof StoreUnavailable);
    assert.match(error.message, /full/);
    return true;
  });
  assert.equal(await reports.read(report("r0", 0)), undefined);
  assert.equal((await create(reports, report("small", 1))).kind, "created");
  const filling: ChangeOf[] = Array.from({ length: 50 }, (_, index) => ({
    key: report("small", 1),
    change: index % 2 === 0 ? claim : { kind: "hand-back", attempt: 1 + (index - 1) / 2 },
  }));
  await assert.rejects(reports.changeAll(filling, 2), StoreUnavailable);
  assert.equal((await reports.read(report("small", 1)))?.sequence, 1);

  database.exec("pragma max_page_count = 1000000");
  assert.equal((await reports.create(many, limits)).filter(({ kind }) => kind === "created").length, 100);
  assert.equal((await reports.changeAll(filling, 2)).at(-1)?.kind, "changed");
  feed[Symbol.dispose]();
  database.close();
});

test("what is wrong with the file or its file system is unavailable, what is wrong with a statement is not", () => {
  const said = (errcode: number) => Object.assign(new Error("says SQLite"), { code: "ERR_SQLITE_ERROR", errcode });
  // With what extends them: BUSY_SNAPSHOT, IOERR_WRITE, IOERR_SHMSIZE, READONLY_DBMOVED, CANTOPEN.
  for (const code of [5, 6, 8, 10, 13, 14, 15, 517, 778, 4874, 1032]) {
    assert.ok(failureOf(said(code)) instanceof StoreUnavailable, String(code));
  }
  // ERROR, CORRUPT, CONSTRAINT_UNIQUE, MISMATCH.
  for (const code of [1, 11, 2067, 20]) assert.ok(!(failureOf(said(code)) instanceof StoreUnavailable), String(code));
  assert.ok(!(failureOf(new Error("a bug")) instanceof StoreUnavailable));
});

const upload = { mediaType: "text/csv", sizeBytes: 1, sha256: "0".repeat(64), createdAtMs: 1 };
const claim: ChangeOf["change"] = { kind: "claim", worker: "w", datacenter: "dc-a", leaseMs: 1_000 };

async function openPlace() {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const path = join(directory.path, "reports.db");
  const store = stack.use(openStore(path));
  const opened = stack.move();
  return { path, store, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
