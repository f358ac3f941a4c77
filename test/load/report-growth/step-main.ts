// One step of a growing store in a process of its own, so that the memory it tells of is what the step needs.
import { parsePostgresUrl } from "@weir/report-service/src/config/postgres-url.ts";
import { connect } from "@weir/report-service/src/postgres/connect.ts";
import { openPostgresStore } from "@weir/report-service/src/postgres/open-store.ts";
import { defaultSettings } from "@weir/report-service/src/postgres/settings.ts";
import { openStore } from "@weir/report-service/src/sqlite/open-store.ts";
import { type Filling, fillPostgres, fillSqlite } from "./fill.ts";
import { meterOfProcess, meterWith } from "./meter.ts";
import { type Timings, timeCleaning, timeQueue, timeReads } from "./store-step.ts";

/** Where the store is that grows. */
export type StoreAt =
  | { readonly kind: "sqlite"; readonly path: string }
  /** `pid` is of the process that all others of Postgres are children of. */
  | { readonly kind: "postgres"; readonly url: string; readonly pid: number };

export type Step = { readonly at: StoreAt; readonly id: string; readonly tenants: number } & (
  | ({ readonly kind: "fill" } & Filling)
  | { readonly kind: "time-queue" | "time-cleaning" }
  | { readonly kind: "time-reads"; readonly rows: number }
);

/** `heldMiB`: what is left after a collection while the store is open; the rest of `rssMiB` is what V8 keeps in hand. */
export type StepResult = { readonly timings: Timings; readonly rssMiB: number; readonly heldMiB: number };

// What a statement of a filling may take.
const fillMs = 120_000;
const step = JSON.parse(process.argv[2] ?? "{}") as Step;
const result = step.kind === "fill" ? await fill(step.at, step) : await time(step);
console.log(JSON.stringify(result));

function resultOf(timings: Timings): StepResult {
  const { rss } = process.memoryUsage();
  if (!globalThis.gc) throw new Error("started without --expose-gc, which is needed to tell what is held");
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return { timings, rssMiB: rss / 2 ** 20, heldMiB: (heapUsed + external) / 2 ** 20 };
}

function settingsOf(url: string) {
  return { ...defaultSettings, addresses: parsePostgresUrl(url) ?? [] };
}

async function fill(at: StoreAt, filling: Filling): Promise<StepResult> {
  if (at.kind === "sqlite") {
    await fillSqlite(at.path, filling);
    return resultOf({});
  }
  const settings = { ...settingsOf(at.url), statementMs: fillMs };
  // It brings the schema.
  await (await openPostgresStore(settings))[Symbol.asyncDispose]();
  const client = await connect(settings.addresses, "primary", settings);
  await fillPostgres(client, filling);
  await client.end();
  return resultOf({});
}

async function time(step: Exclude<Step, { kind: "fill" }>): Promise<StepResult> {
  const { at, id, tenants } = step;
  await using opened = new AsyncDisposableStack();
  const store =
    at.kind === "sqlite" ? opened.use(openStore(at.path)) : opened.use(await openPostgresStore(settingsOf(at.url)));
  const meter = at.kind === "sqlite" ? meterOfProcess : meterWith(at.pid);
  // Enough that hundredths of a second, which is what is known of other processes, are few of all.
  const times = at.kind === "sqlite" ? 200 : 1_000;
  switch (step.kind) {
    case "time-queue":
      // A first round for the compiler and the caches.
      await timeQueue(store, meter, `${id}-warm`, tenants, 200);
      return resultOf(await timeQueue(store, meter, id, tenants, times));
    case "time-reads":
      await timeReads(store, meter, id, step.rows, tenants, 200);
      return resultOf(await timeReads(store, meter, id, step.rows, tenants, times));
    case "time-cleaning":
      return resultOf(await timeCleaning(store, meter, times));
  }
}
