// One step of a growing store in a process of its own, so that the memory it tells of is what the step needs.
import { openStore } from "@weir/report-service/src/sqlite/open-store.ts";
import { endQueued, queueReports, type Timings, timeCleaning, timeQueue, timeReads } from "./store-step.ts";

export type Step = {
  readonly path: string;
  readonly id: string;
  readonly tenants: number;
} & (
  | { readonly kind: "queue" | "end"; readonly from: number; readonly to: number }
  | { readonly kind: "time-queue" | "time-cleaning" }
  | { readonly kind: "time-reads"; readonly rows: number }
);

export type StepResult = { readonly timings: Timings; readonly rssMiB: number };

const times = 200;
const step = JSON.parse(process.argv[2] ?? "{}") as Step;
using store = openStore(step.path);
const timings = await carryOut();
console.log(JSON.stringify({ timings, rssMiB: process.memoryUsage().rss / 2 ** 20 }));

async function carryOut(): Promise<Timings> {
  const { id, tenants } = step;
  switch (step.kind) {
    case "queue":
      await queueReports(store, id, step.from, step.to, tenants);
      return {};
    case "end":
      // In parts: a queue of all of them would be what is measured elsewhere.
      for (let from = step.from; from < step.to; from += 10_000) {
        await queueReports(store, id, from, Math.min(step.to, from + 10_000), tenants);
        await endQueued(store);
      }
      return {};
    case "time-queue":
      // A first round for the compiler and the page cache.
      await timeQueue(store, `${id}-warm`, tenants, times);
      return timeQueue(store, id, tenants, times);
    case "time-reads":
      await timeReads(store, id, step.rows, tenants, times);
      return timeReads(store, id, step.rows, tenants, times);
    case "time-cleaning":
      return timeCleaning(store);
  }
}
