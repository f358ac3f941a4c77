import assert from "node:assert/strict";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { keysOf } from "../../test/contract/object-store.ts";
import { cancel, claimant, create, never, report, tenant } from "../../test/contract/place.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { createDiskObjects, draftsOf } from "../disk/object-store.ts";
import type { UploadId } from "../model/names.ts";
import { type Artifact, objectsOf, type Report } from "../model/report.ts";
import { openStore } from "../sqlite/open-store.ts";
import { type Cleaned, clean } from "./clean.ts";
import type { CleanerNote } from "./cleaner-note.ts";

const hourMs = 3_600_000;
const longAgoMs = Date.now() - 100 * 24 * hourMs;

test("what is over, lost, orphaned or forgotten goes; what is needed stays", async () => {
  await using place = await openCleanPlace();
  const { stores, objects } = place;
  const kept = await place.succeeded("kept", { retentionMs: 1_000 * 24 * hourMs });
  await place.succeeded("expired", {});
  await create(stores.reports, report("stuck", longAgoMs));
  await stores.queue.claim(claimant, 1, longAgoMs);
  await place.upload("abandoned", undefined);
  await place.upload("outdated", longAgoMs + 1);
  await place.upload("completed", Date.now());
  for (const key of [
    ...["acme/kept/1/report.csv", "acme/expired/1/report.csv", "acme/stuck/1/report.csv"],
    ...["acme/uploads/abandoned", "acme/uploads/outdated", "acme/uploads/completed"],
    // A report that was removed by a server that died then, and an attempt that lost its lease.
    ...["acme/gone/1/report.csv", "acme/gone/1/report.pdf", "acme/uploads/gone", "acme/kept/2/report.csv"],
    // Of another program.
    "acme/notes.txt",
  ]) {
    await place.object(key, longAgoMs);
  }
  await place.object("acme/new/1/report.csv", Date.now() - hourMs);
  await place.object(join(draftsOf(""), "half"), longAgoMs);

  const would = await place.clean(true);
  assert.deepEqual(inWords(would), [
    ...["stuck 1", "expired 1", "abandoned 1", "outdated 1", "unfinished 1"],
    "orphans 4",
  ]);
  assert.deepEqual(would.find(({ what }) => what === "expired")?.examples, ["tenants/acme/reports/expired"]);
  assert.deepEqual(place.notes, []);
  assert.equal((await keysOf(objects)).length, 12);

  const did = await place.clean(false);
  assert.deepEqual(inWords(did), inWords(would));
  assert.deepEqual(await keysOf(objects), [
    ...["acme/kept/1/report.csv", "acme/new/1/report.csv", "acme/notes.txt", "acme/stuck/1/report.csv"],
    "acme/uploads/completed",
  ]);
  assert.equal((await stores.reports.read(kept))?.status.kind, "succeeded");
  assert.equal((await stores.reports.read(report("expired", 1)))?.status.kind, "expired");
  assert.equal((await stores.reports.read(report("stuck", 1)))?.status.kind, "queued");
  assert.equal(
    (await place.clean(false))
      .filter(({ count }) => count > 0)
      .map(({ what }) => what)
      .join(),
    "forgotten",
  );
});

test("an object whose report or upload is in the store of another data center is left to that one", async () => {
  await using place = await openCleanPlace((id) => id.startsWith("dc-a-"));
  for (const id of ["dc-a-1", "dc-b-1"]) await place.object(`acme/${id}/1/report.csv`, longAgoMs);
  for (const id of ["dc-a-1", "dc-b-1"]) await place.object(`acme/uploads/${id}`, longAgoMs);
  await place.clean(false);
  assert.deepEqual(await keysOf(place.objects), ["acme/dc-b-1/1/report.csv", "acme/uploads/dc-b-1"]);
});

test("what cannot be cleaned is told and left, and the rest is done", async () => {
  await using place = await openCleanPlace();
  await create(place.stores.reports, report("a", longAgoMs, { retentionMs: 1 }));
  await place.stores.reports.change(report("a", 1), cancel, longAgoMs);
  await place.object("acme/gone/1/report.csv", longAgoMs);
  const broken = new Error("no list today");
  const failing = {
    ...place.objects,
    list: () => {
      throw broken;
    },
  };
  const cleaned = await place.clean(false, failing);
  assert.deepEqual(inWords(cleaned), ["expired 1"]);
  assert.deepEqual(
    place.notes.filter(({ kind }) => kind !== "clean-ended"),
    [
      { kind: "cleaned", what: "expired", count: 1 },
      { kind: "clean-failed", what: "orphans", cause: broken },
    ],
  );
  assert.equal(place.notes.at(-1)?.kind, "clean-ended");
});

test("a backlog is cleaned in batches, to its end, by two cleaners at once", async () => {
  await using place = await openCleanPlace();
  const many = Array.from({ length: 450 }, (_, index) => report(`r${index}`, longAgoMs, { retentionMs: 1 }));
  await place.stores.reports.create(
    many.map((each) => ({ report: each })),
    { queue: 1_000, tenant: 1_000 },
  );
  await place.stores.reports.changeAll(
    many.map((key) => ({ key, change: cancel })),
    longAgoMs,
  );
  const both = await Promise.all([place.clean(false), place.clean(false)]);
  const counts = both.map((cleaned) => cleaned.find(({ what }) => what === "expired")?.count ?? 0);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    450,
  );
});

async function openCleanPlace(isOurs: (id: string) => boolean = () => true) {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const root = join(directory.path, "objects");
  const stores = stack.use(openStore(join(directory.path, "reports.db")));
  const objects = createDiskObjects(root);
  const notes: CleanerNote[] = [];
  const observe = (note: CleanerNote) => void notes.push(note);
  const times = { uploadRetentionMs: 30 * 24 * hourMs, orphanAgeMs: 24 * hourMs };
  const { reports, uploads, cleanUp } = stores;

  async function succeeded(id: string, facts: Partial<Report>): Promise<Report> {
    const created = report(id, longAgoMs, { retentionMs: 1, ...facts });
    await create(reports, created);
    await stores.queue.claim(claimant, 1, longAgoMs);
    const key = `${objectsOf(created)}/1/report.csv`;
    const artifact: Artifact = { format: "csv", key, sizeBytes: 1, rows: 1, sha256: "" };
    await reports.change(created, { kind: "succeed", attempt: 1, artifacts: [artifact] }, longAgoMs);
    return created;
  }

  async function upload(id: string, completedAtMs: number | undefined): Promise<void> {
    const facts = { mediaType: "text/csv", sizeBytes: 1, sha256: "0".repeat(64), createdAtMs: longAgoMs };
    await uploads.create({ tenant, id: id as UploadId, ...facts }, undefined);
    if (completedAtMs !== undefined) await uploads.complete({ tenant, id: id as UploadId }, completedAtMs);
  }

  async function object(key: string, writtenAtMs: number): Promise<void> {
    const path = join(root, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "x");
    await utimes(path, writtenAtMs / 1000, writtenAtMs / 1000);
  }

  const moved = stack.move();
  return {
    ...{ stores, objects, notes, succeeded, upload, object },
    clean: (dryRun: boolean, over = objects) =>
      clean({ reports, uploads, clock: stores.clock, cleanUp, objects: over, isOurs, times, observe }, dryRun, never),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

function inWords(cleaned: readonly Cleaned[]): readonly string[] {
  return cleaned.filter(({ count }) => count > 0).map(({ what, count }) => `${what} ${count}`);
}
