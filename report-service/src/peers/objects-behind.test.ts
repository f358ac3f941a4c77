import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { lacksPostgres, startPostgres } from "../../../test/kit/postgres.ts";
import { until } from "../../../test/kit/wait.ts";
import { claimant, report, roomy } from "../../test/contract/place.ts";
import { connect } from "../../test/contract/postgres-place.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { createDiskObjects } from "../disk/object-store.ts";
import { openPostgresPeer } from "../postgres/open-peer.ts";
import { createObjectsLook } from "./objects-behind.ts";

const [secondMs, minuteMs, hourMs, dayMs] = [1_000, 60_000, 3_600_000, 86_400_000];
const nowMs = 100 * dayMs;
const shares = { everyone: { weight: 1, concurrency: 100_000 }, others: new Map() };

test("how old the oldest of a peer's reports is whose bytes are not here is seen from a few of them", {
  skip: lacksPostgres,
}, async () => {
  await using scene = await startScene();
  assert.deepEqual(await scene.look(), {});
  await scene.make("old", 1, 2 * dayMs);
  await scene.make("hours", 1, 2 * hourMs);
  await scene.make("minutes", 1, 20 * minuteMs);
  await scene.make("many", 500, 90 * secondMs);
  await scene.make("new", 1, 40 * secondMs);
  // What is not here is told by the oldest of the last twelve hours, and that ends the look.
  assert.deepEqual(await scene.look(), { "dc-a": 2 * hourMs, asked: 1 });
  await scene.copy("hours0");
  assert.deepEqual(await scene.look(), { "dc-a": 20 * minuteMs, asked: 2 });
  await scene.copy("minutes0");
  assert.deepEqual(await scene.look(), { "dc-a": 90 * secondMs, asked: 3 });
  for (let nth = 0; nth < 500; nth += 1) await scene.copy(`many${nth}`);
  assert.deepEqual(await scene.look(), { "dc-a": 40 * secondMs, asked: 5 });
  await scene.copy("new0");
  assert.deepEqual(await scene.look(), { "dc-a": 0, asked: 5 });
  assert.deepEqual(await scene.look(new Set(["dc-a"])), {});
  await scene.end();
  assert.deepEqual(await scene.look(), {});
});

test("objects are looked for once a minute, however often that is asked for", { skip: lacksPostgres }, async () => {
  await using scene = await startScene();
  await scene.make("new", 1, 10 * minuteMs);
  const { look, asked } = scene.start();
  assert.deepEqual([await look(), await look()], Array(2).fill(new Map([["dc-a", 10 * minuteMs]])));
  assert.equal(asked(), 1);
});

/** dc-b, with a replica of dc-a's database and real files as the objects that were copied. */
async function startScene() {
  await using starting = new AsyncDisposableStack();
  const directory = starting.use(await temporaryDirectory());
  const primary = starting.use(await startPostgres());
  const replica = starting.use(await primary.standby("in_dc_b"));
  const there = starting.use(await connect(primary.url()));
  const settings = { datacenter: "dc-a", here: replica.url(), there: [primary.url()] };
  const peer = starting.use(openPostgresPeer(settings, () => undefined));
  const soon = { within: 30_000, what: "the replica has it" };
  await until(() => peer.state().readable === "here", soon);
  const disk = createDiskObjects(join(directory.path, "objects"));

  function start(lostDatacenters: ReadonlySet<string> = new Set()) {
    let asked = 0;
    const isThere = (key: string) => {
      asked += 1;
      return disk.isThere(key);
    };
    const clock = { now: () => nowMs };
    const parts = { peers: [peer], objects: { isThere }, clock, lostDatacenters, retentionMs: 30 * dayMs };
    return { look: createObjectsLook(parts), asked: () => asked };
  }

  const running = starting.move();
  return {
    start,
    /** What a server that has just been started tells, and for how many objects it has asked. */
    async look(lost?: ReadonlySet<string>) {
      const { look, asked } = start(lost);
      const behind = Object.fromEntries(await look());
      return asked() > 0 ? { ...behind, asked: asked() } : behind;
    },
    /** Reports that were made in dc-a and ended so long ago, a millisecond after one another. */
    async make(name: string, count: number, ageMs: number) {
      const reports = Array.from({ length: count }, (_, nth) => report(`${name}${nth}`, 1));
      await there.reports.create(
        reports.map((one) => ({ report: one })),
        roomy,
      );
      assert.equal((await there.queue.claim({ ...claimant, shares }, count, 2)).length, count);
      for (const [nth, one] of reports.entries()) {
        const artifact = { format: "csv", key: keyOf(one.id), sizeBytes: 1, rows: 1, sha256: "" } as const;
        const change = { kind: "succeed", attempt: 1, artifacts: [artifact] } as const;
        await there.reports.change(one, change, nowMs - ageMs + nth);
      }
      const last = reports.at(-1) ?? report("", 0);
      await until(async () => (await peer.read(last))?.status.kind === "succeeded", soon);
    },
    async copy(id: string) {
      const draft = join(directory.path, "draft");
      await writeFile(draft, "x");
      await disk.put([{ key: keyOf(id), file: draft }]);
    },
    async end() {
      await Promise.all([primary.kill(), replica.kill()]);
      await until(() => peer.state().readable === "nowhere", { ...soon, what: "both are away" });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function keyOf(id: string): string {
  return `acme/${id}/1/report.csv`;
}
