import assert from "node:assert/strict";
import { test } from "node:test";
import type { UploadId } from "../../src/model/names.ts";
import type { Upload } from "../../src/model/upload.ts";
import type { Cleared } from "../../src/ports/clean-up.ts";
import { requestIdMs } from "../../src/ports/report-store.ts";
import {
  cancel,
  claimant,
  create,
  inWords,
  never,
  type OpenPlace,
  report,
  request,
  tenant,
  twoServers,
} from "./place.ts";

/** What every provider of `UploadStore` must do. */
export function provesUploadStore(name: string, open: OpenPlace): void {
  test(`${name}: an upload is created once for a request id, read, and completed once`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    assert.deepEqual(await one.uploads.create(upload("a", 1), request), { kind: "created", upload: upload("a", 1) });
    assert.deepEqual(await two.uploads.create(upload("b", 2), request), { kind: "repeated", upload: upload("a", 1) });
    assert.equal((await two.uploads.create(upload("b", 2), { ...request, bodyHash: "i" })).kind, "other-body");
    assert.equal((await two.uploads.create(upload("b", requestIdMs + 1), request)).kind, "created");
    assert.equal(await one.uploads.complete(upload("nobody", 1), 5), undefined);
    assert.equal((await one.uploads.complete(upload("a", 1), 5))?.completedAtMs, 5);
    assert.equal((await two.uploads.complete(upload("a", 1), 6))?.completedAtMs, 5);
    assert.deepEqual(await two.uploads.read(upload("a", 1)), { ...upload("a", 1), completedAtMs: 5 });
    assert.equal(await two.uploads.read(upload("nobody", 1)), undefined);
  });

  test(`${name}: uploads at once with one request id make one`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? one : two).uploads.create(upload(`u${index}`, 1), request)),
    );
    assert.equal(new Set(made.map((each) => each.upload.id)).size, 1);
    assert.equal(made.filter(({ kind }) => kind === "created").length, 1);
  });
}

/** What every provider of `CleanUp` must do. */
export function provesCleanUp(name: string, open: OpenPlace): void {
  test(`${name}: a report expires when it has been kept long enough, and is forgotten with its request id`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const short = report("a", 1, { retentionMs: 100 });
    await create(one.reports, short, { request });
    await create(one.reports, report("b", 1, { retentionMs: 100 }));
    await create(one.reports, report("c", 1));
    await one.reports.change(short, cancel, 50);
    await one.reports.change(report("c", 1), cancel, 50);
    assert.deepEqual(await two.cleanUp.due("expired", 149, 10), []);
    assert.deepEqual(words(await two.cleanUp.due("expired", 150, 10)), ["a"]);
    assert.deepEqual(words(await two.cleanUp.clear("expired", 150, 10)), ["a"]);
    assert.deepEqual(await one.cleanUp.clear("expired", 150, 10), []);
    assert.deepEqual((await one.reports.read(short))?.status, { kind: "expired", endedAtMs: 50 });
    assert.deepEqual(words(await one.cleanUp.clear("forgotten", 150, 10)), ["a"]);
    assert.equal(await two.reports.read(short), undefined);
    assert.equal((await two.reports.read(report("b", 1)))?.status.kind, "queued");
    assert.equal(inWords(await create(one.reports, report("d", 200), { request })), "created d");
  });

  test(`${name}: an expired report no longer answers for its content, and can be made again`, async () => {
    await using servers = await twoServers(open);
    const { one } = servers;
    const first = report("a", 1, { retentionMs: 10, contentKey: "k" });
    await create(one.reports, first, { reuseSinceMs: 0 });
    await one.queue.claim(claimant, 1, 2);
    await one.reports.change(first, { kind: "succeed", attempt: 1, artifacts: [] }, 3);
    await one.cleanUp.clear("expired", 13, 10);
    const next = report("b", 14, { contentKey: "k" });
    assert.equal(inWords(await create(one.reports, next, { reuseSinceMs: 0 })), "created b");
    assert.equal((await one.reports.change(first, { kind: "retry", requestId: "" }, 15))?.kind, "changed");
    // Two are being made now; the one that was asked for to be reused is the one that answers.
    const third = report("c", 16, { contentKey: "k" });
    assert.equal(inWords(await create(one.reports, third, { reuseSinceMs: 0 })), "reused b");
  });

  test(`${name}: request ids are cleared by their age, uploads only if they were never completed`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    await create(one.reports, report("a", 1), { request });
    await create(one.reports, report("b", 9), { request: { ...request, id: "s" } });
    await one.uploads.create(upload("a", 1), undefined);
    await one.uploads.create(upload("b", 2), undefined);
    await one.uploads.complete(upload("a", 1), 3);
    assert.deepEqual(words(await two.cleanUp.clear("requests", 5, 10)), ["r"]);
    assert.deepEqual(words(await two.cleanUp.due("abandoned", 5, 10)), ["b"]);
    assert.deepEqual(words(await two.cleanUp.clear("abandoned", 5, 10)), ["b"]);
    assert.equal((await one.uploads.read(upload("a", 1)))?.completedAtMs, 3);
    assert.equal(inWords(await create(one.reports, report("c", 9), { request })), "created c");
    assert.equal(
      inWords(await create(one.reports, report("d", 9), { request: { ...request, id: "s" } })),
      "repeated b",
    );
  });

  test(`${name}: what a trial writes is in nobody's way, and does not stay`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    for (const { tryWrite } of [one, one, two]) await tryWrite();
    assert.equal(inWords(await create(one.reports, report("a", 1), { request })), "created a");
    assert.deepEqual(words(await one.cleanUp.clear("requests", 1, 10)), ["r"]);
    // Of each server one at most, where nothing but the cleaner removes it.
    const left = words(await two.cleanUp.clear("requests", one.clock.now() + 1, 10));
    assert.ok(left.length <= 2 && left.every((id) => id.startsWith("trial-")), left.join());
    assert.deepEqual(await two.cleanUp.due("requests", one.clock.now() + 1, 10), []);
  });

  test(`${name}: completed uploads are cleared once they were kept long enough`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    for (const id of ["a", "b", "c"]) await one.uploads.create(upload(id, 1), undefined);
    await one.uploads.complete(upload("b", 1), 9);
    await one.uploads.complete(upload("c", 1), 7);
    assert.deepEqual(await two.cleanUp.due("outdated", 6, 10), []);
    assert.deepEqual(words(await two.cleanUp.due("outdated", 9, 10)), ["c", "b"]);
    assert.deepEqual(words(await two.cleanUp.clear("outdated", 8, 10)), ["c"]);
    assert.equal(await one.uploads.read(upload("c", 1)), undefined);
    assert.equal((await one.uploads.read(upload("b", 1)))?.completedAtMs, 9);
  });

  test(`${name}: a report that its worker left and nobody took over is queued again, and fails at the third time`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    await create(one.reports, report("a", 1));
    await create(one.reports, report("b", 1));
    for (const [number, atMs] of [10_000, 20_000, 30_000].entries()) {
      assert.equal((await one.queue.claim(claimant, 1, atMs))[0]?.attempts.length, number + 1);
      assert.deepEqual(words(await two.cleanUp.due("stuck", atMs + 999, 10)), []);
      assert.deepEqual(words(await two.cleanUp.clear("stuck", atMs + 1_000, 10)), ["a"]);
      assert.deepEqual(await one.cleanUp.clear("stuck", atMs + 1_000, 10), []);
    }
    const gone = await one.reports.read(report("a", 1));
    assert.equal(gone?.status.kind, "failed");
    assert.deepEqual(
      gone?.attempts.map(({ failure }) => failure?.reason),
      ["WORKER_LOST", "WORKER_LOST", "WORKER_LOST"],
    );
    assert.equal((await two.queue.length()).queued, 1);
  });

  test(`${name}: two cleaners at once clear each thing once, and no more than they were told`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const many = Array.from({ length: 20 }, (_, index) => report(`r${index}`, 1, { retentionMs: 0 }));
    await one.reports.create(
      many.map((each) => ({ report: each })),
      { queue: 100, tenant: 100 },
    );
    await one.reports.changeAll(
      many.map((key) => ({ key, change: cancel })),
      2,
    );
    const cleared = await Promise.all([one, two, one, two].map(({ cleanUp }) => cleanUp.clear("expired", 9, 4)));
    assert.ok(cleared.every((each) => each.length <= 4));
    const ids = cleared.flatMap(words);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal((await two.cleanUp.due("expired", 9, 100)).length, 20 - ids.length);
  });

  test(`${name}: a follower sees its report expire`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const key = report("a", 1, { retentionMs: 0 });
    await create(one.reports, key);
    await one.reports.change(key, cancel, 2);
    await two.cleanUp.clear("expired", 3, 1);
    const seen = [];
    for await (const event of one.reports.follow(key, 2, never)) seen.push(event.report.status.kind);
    assert.deepEqual(seen, ["expired"]);
  });
}

function upload(id: string, createdAtMs: number): Upload {
  return { tenant, id: id as UploadId, mediaType: "text/csv", sizeBytes: 3, sha256: "0".repeat(64), createdAtMs };
}

function words(cleared: readonly Cleared[]): readonly string[] {
  return cleared.map((each) => (each.kind === "request" ? each.id : each.key.id));
}
