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

export type StepResult = { readonly timings: Timings; readonly rssMiB: number };

// What a statement of a filling may take.
const fillMs = 120_000;
const step = JSON.parse(process.argv[2] ?? "{}") as Step;
const timings = step.kind === "fill" ? await fill(step.at, step) : await time(step);
console.log(JSON.stringify({ timings, rssMiB: process.memoryUsage().rss / 2 ** 20 }));

function settingsOf(url: string) {
  return { ...defaultSettings, addresses: parsePostgresUrl(url) ?? [] };
}

async function fill(at: StoreAt, filling: Filling): Promise<Timings> {
  if (at.kind === "sqlite") {
    await fillSqlite(at.path, filling);
    return {};
  }
  const settings = { ...settingsOf(at.url), statementMs: fillMs };
  // It brings the schema.
  await (await openPostgresStore(settings))[Symbol.asyncDispose]();
  const client = await connect(settings.addresses, "primary", settings);
  await fillPostgres(client, filling);
  await client.end();
  return {};
}

async function time(step: Exclude<Step, { kind: "fill" }>): Promise<Timings> {
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
      return await timeQueue(store, meter, id, tenants, times);
    case "time-reads":
      await timeReads(store, meter, id, step.rows, tenants, 200);
      return await timeReads(store, meter, id, step.rows, tenants, times);
    case "time-cleaning":
      return await timeCleaning(store, meter, times);
  }
}
