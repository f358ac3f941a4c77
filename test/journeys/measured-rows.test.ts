import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallRecord } from "../kit/echo.ts";
import { assertShare } from "../kit/share.ts";
import { type Bad, badSets, type Expected, type MeasuredRow, measuredRows } from "./measured-rows.ts";
import { type Client, intervalMs, type MeasuredScene, startMeasuredScene } from "./measured-scene.ts";

const counted = 300;
const atOnce = 4;

test("what was measured of Envoy and of the Node client holds through the control plane", async (t) => {
  await using scene = await startMeasuredScene(measuredRows);
  for (const bad of Object.keys(badSets) as Bad[]) {
    scene.makeBad(bad);
    const cases = measuredRows
      .filter((row) => row.bad === bad)
      .flatMap((row) =>
        (["envoy", "node"] as const).flatMap((kind) => {
          const expected = row.expect[kind];
          return expected ? [{ row, kind, expected }] : [];
        }),
      );
    // Several at a time: each is a service, and with it a cluster, of its own.
    await inGroups(cases, ({ row, kind, expected }) =>
      t.test(`${kind}, ${bad} bad: ${row.what}`, async () =>
        assertAsExpected(await outcomeOf(scene, row, kind), expected, row),
      ),
    );
  }
});

async function inGroups<T>(cases: readonly T[], measure: (each: T) => Promise<void>): Promise<void> {
  const queue = cases.values();
  const worker = async () => {
    for (const each of queue) await measure(each);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function outcomeOf(scene: MeasuredScene, row: MeasuredRow, kind: "envoy" | "node") {
  await using client: Client & AsyncDisposable = await scene.client(row, kind);
  // Two looks at the hosts lie in it, and enough requests for each host before each of them.
  await client.sendAtRate({ perSecond: 100, forMs: 2.6 * intervalMs });
  return await client.send(counted);
}

function assertAsExpected(records: readonly CallRecord[], { failing, to }: Expected, { endpoints }: MeasuredRow): void {
  assert.equal(records.length, counted);
  const failed = records.filter(({ code }) => code !== "OK").length;
  if (failing === "most") assert.ok(failed > counted / 2, `${failed} of ${counted} failed`);
  else assertNear(failed, failing, "failed");
  if (to === undefined) return;
  const datacenterOf = new Map(
    Object.entries(endpoints).flatMap(([name, ids]) => ids.map((id) => [id, name] as const)),
  );
  const answered = records.flatMap((record) => datacenterOf.get(whoAnswered(record) ?? "") ?? []);
  if (Object.keys(to).length === 0 && failing === 1) assert.deepEqual(answered, [], "nothing is sent");
  for (const [datacenter, share] of Object.entries(to))
    assertNear(answered.filter((each) => each === datacenter).length, share, datacenter);
}

/** All or nothing is exact; a share lies in the interval that chance gives it. */
function assertNear(count: number, share: number, what: string): void {
  if (share === 0 || share === 1) assert.equal(count, share * counted, what);
  else assertShare(count, { of: counted, share, what });
}

/** A back end that was told to fail says so by its name. */
function whoAnswered({ reply, details }: CallRecord): string | undefined {
  return reply?.id ?? /(\w+) was told to fail/.exec(details)?.[1];
}
