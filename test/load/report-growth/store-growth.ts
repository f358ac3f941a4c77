import { fileURLToPath } from "node:url";
import { nodeFlags } from "../../../setup/node-flags.mjs";
import { startProcess } from "../../kit/process.ts";
import type { Filling } from "./fill.ts";
import type { GrowingStores } from "./growing-stores.ts";
import type { Step, StepResult } from "./step-main.ts";

/** What grows, and what it did to times (milliseconds) and memory at each size. */
export type Growth = {
  readonly of: string;
  readonly rows: readonly { readonly size: number; readonly figures: Readonly<Record<string, number>> }[];
};

const stepMain = fileURLToPath(new URL("step-main.ts", import.meta.url));
const patienceMs = 1_800_000;
const dayMs = 86_400_000;

async function carryOut(step: Step): Promise<StepResult> {
  await using child = startProcess({
    name: step.kind,
    command: process.execPath,
    // As servers are started: V8's own 3 x 32 MB for the young would hide what is held.
    args: [...nodeFlags, "--expose-gc", stepMain, JSON.stringify(step)],
  });
  return (await child.json(({ timings }) => timings !== undefined, patienceMs)) as StepResult;
}

function memory({ rssMiB, heldMiB }: StepResult): Readonly<Record<string, number>> {
  return { "process, MiB": rssMiB, "held after a collection, MiB": heldMiB };
}

/** A filling that begins where another one ended; what it makes was created within the last hours. */
function filling(
  about: Pick<Filling, "id" | "tenants" | "from" | "to" | "ended">,
): Filling & { readonly kind: "fill" } {
  return { kind: "fill", firstMs: Date.now() - dayMs / 4, ...about };
}

/** The queue's depth: what it takes to create, to claim and finish, and to count, beside so many that wait. */
export async function queueDepth(stores: GrowingStores, sizes: readonly number[]): Promise<Growth> {
  await using store = await stores.open();
  const about = { at: store.at, tenants: 100 };
  const rows = [];
  let from = 0;
  for (const size of sizes) {
    await carryOut({ ...about, ...filling({ id: "waits", tenants: 100, from, to: size, ended: false }) });
    from = size;
    await store.settle();
    const timed = await carryOut({ ...about, kind: "time-queue", id: `at${size}` });
    const bytes = (await store.bytes()) / size;
    rows.push({ size, figures: { ...timed.timings, ...memory(timed), "stored, bytes a report": bytes } });
  }
  return { of: `reports that wait, of 100 tenants (${stores.name})`, rows };
}

/** Tenants with something waiting, of always the same number of reports. */
export async function tenantCount(stores: GrowingStores, sizes: readonly number[], reports: number): Promise<Growth> {
  const rows = [];
  for (const tenants of sizes) {
    await using store = await stores.open();
    const about = { at: store.at, tenants };
    await carryOut({ ...about, ...filling({ id: "waits", tenants, from: 0, to: reports, ended: false }) });
    await store.settle();
    const timed = await carryOut({ ...about, kind: "time-queue", id: "timed" });
    rows.push({ size: tenants, figures: { ...timed.timings, ...memory(timed) } });
  }
  return { of: `tenants among whom ${reports.toLocaleString("en")} reports wait (${stores.name})`, rows };
}

/** Reports that have ended: first they are kept, and then they are due for the cleaner, all at once. */
export async function endedReports(stores: GrowingStores, sizes: readonly number[]): Promise<readonly Growth[]> {
  const [kept, due]: [Growth["rows"][number][], Growth["rows"][number][]] = [[], []];
  for (const size of sizes) {
    await using store = await stores.open();
    const about = { at: store.at, tenants: 100, id: "ended" };
    await carryOut({ ...about, ...filling({ id: "ended", tenants: 100, from: 0, to: size, ended: true }) });
    await store.settle();
    const reads = await carryOut({ ...about, kind: "time-reads", rows: size });
    const bytes = (await store.bytes()) / size;
    kept.push({ size, figures: { ...reads.timings, ...memory(reads), "stored, bytes a report": bytes } });
    const cleaning = await carryOut({ ...about, kind: "time-cleaning" });
    due.push({ size, figures: { ...cleaning.timings, ...memory(cleaning) } });
  }
  return [
    { of: `reports that have ended and are kept (${stores.name})`, rows: kept },
    { of: `reports that are due for the cleaner, times for each of them (${stores.name})`, rows: due },
  ];
}
