import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../../kit/folder.ts";
import { startProcess } from "../../kit/process.ts";
import type { Step, StepResult } from "./step-main.ts";

/** What grows, and what it did to times (milliseconds) and memory at each size. */
export type Growth = {
  readonly of: string;
  readonly rows: readonly { readonly size: number; readonly figures: Readonly<Record<string, number>> }[];
};

const stepMain = fileURLToPath(new URL("step-main.ts", import.meta.url));
const patienceMs = 1_800_000;

async function carryOut(step: Step): Promise<StepResult> {
  await using child = startProcess({
    name: step.kind,
    command: process.execPath,
    args: [stepMain, JSON.stringify(step)],
  });
  return (await child.json(({ timings }) => timings !== undefined, patienceMs)) as StepResult;
}

/** The queue's depth: what it takes to create, to claim and finish, and to count, beside so many that wait. */
export async function queueDepth(sizes: readonly number[]): Promise<Growth> {
  await using folder = await makeFolder("growth");
  const about = { path: join(folder.path, "reports.db"), tenants: 100 };
  const rows = [];
  let from = 0;
  for (const size of sizes) {
    await carryOut({ ...about, kind: "queue", id: "waits", from, to: size });
    from = size;
    const { timings, rssMiB } = await carryOut({ ...about, kind: "time-queue", id: `at${size}` });
    const bytes = (await stat(about.path)).size / size;
    rows.push({ size, figures: { ...timings, "process, MiB": rssMiB, "file, bytes a report": bytes } });
  }
  return { of: "reports that wait, of 100 tenants", rows };
}

/** Tenants with something waiting, of always the same number of reports. */
export async function tenantCount(sizes: readonly number[], reports: number): Promise<Growth> {
  const rows = [];
  for (const tenants of sizes) {
    await using folder = await makeFolder("growth");
    const about = { path: join(folder.path, "reports.db"), tenants };
    await carryOut({ ...about, kind: "queue", id: "waits", from: 0, to: reports });
    const { timings, rssMiB } = await carryOut({ ...about, kind: "time-queue", id: "timed" });
    rows.push({ size: tenants, figures: { ...timings, "process, MiB": rssMiB } });
  }
  return { of: `tenants among whom ${reports.toLocaleString("en")} reports wait`, rows };
}

/** Reports that have ended and are kept. */
export async function keptReports(sizes: readonly number[]): Promise<Growth> {
  await using folder = await makeFolder("growth");
  const about = { path: join(folder.path, "reports.db"), tenants: 100 };
  const rows = [];
  let from = 0;
  for (const size of sizes) {
    await carryOut({ ...about, kind: "end", id: "kept", from, to: size });
    from = size;
    const { timings, rssMiB } = await carryOut({ ...about, kind: "time-reads", id: "kept", rows: size });
    const bytes = (await stat(about.path)).size / size;
    rows.push({ size, figures: { ...timings, "process, MiB": rssMiB, "file, bytes a report": bytes } });
  }
  return { of: "reports that have ended and are kept", rows };
}

/** Reports that are due for the cleaner, all at once. */
export async function cleanerBacklog(sizes: readonly number[]): Promise<Growth> {
  const rows = [];
  for (const size of sizes) {
    await using folder = await makeFolder("growth");
    const about = { path: join(folder.path, "reports.db"), tenants: 100 };
    await carryOut({ ...about, kind: "end", id: "due", from: 0, to: size });
    const { timings, rssMiB } = await carryOut({ ...about, kind: "time-cleaning", id: "due" });
    rows.push({ size, figures: { ...timings, "process, MiB": rssMiB } });
  }
  return { of: "reports that are due for the cleaner (times for each of them)", rows };
}
