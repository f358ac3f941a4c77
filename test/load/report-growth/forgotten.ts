// npm run load:forgotten -- [--minutes 5] [--only left,read,written] [--write]: how fast Postgres's queue is while a transaction that somebody forgot stays open, and before and after.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parsePostgresUrl } from "@weir/report-service/src/config/postgres-url.ts";
import { connect } from "@weir/report-service/src/postgres/connect.ts";
import { openPostgresStore } from "@weir/report-service/src/postgres/open-store.ts";
import { defaultSettings } from "@weir/report-service/src/postgres/settings.ts";
import { startPostgres } from "../../kit/postgres.ts";
import { cpuOfTrees } from "../report-cost/process-tree.ts";
import { type Churned, type Forgotten, forgottenText, withForgotten } from "./forgotten-table.ts";
import { endQueued, queueReports } from "./store-step.ts";

/** What the transaction has done before it was forgotten, in the words of the table. */
const deeds = {
  left: { name: "has written elsewhere", sql: ["select txid_current()"] },
  read: { name: "has read the queue's tables", sql: ["select count(*) from jobs", "select count(*) from results"] },
  written: {
    name: "has written into the queue's tables",
    sql: [
      `insert into jobs (slot, cluster, priority, tenant, created_ms, id, kind)
       select slot, 'nobody', 'bulk', 'nobody', 1, 'forgotten', 'none' from jobs_slot`,
      "insert into results (slot, put_ms, taken_until_ms, body) select slot, 1, 9000000000000, '{}' from results_slot",
    ],
  },
} as const;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    only: { type: "string", default: Object.keys(deeds).join() },
    write: { type: "boolean", default: false },
  },
});
const openMs = Number(values.minutes) * 60_000;
const aroundMs = Math.min(openMs, 60_000);
// What is measured of the open time: its end, when most dead rows have gathered.
const lastMs = Math.min(openMs / 2, 60_000);

const found: Forgotten[] = [];
for (const deed of values.only.split(",")) {
  if (!Object.hasOwn(deeds, deed)) throw new Error(`--only knows ${Object.keys(deeds).join(", ")}, not "${deed}"`);
  found.push(await measure(deeds[deed as keyof typeof deeds]));
}
const text = forgottenText(openMs, found);
console.log(`\n${text}`);
if (values.write) {
  const path = join(process.cwd(), "docs", "report-service", "growth.md");
  await writeFile(path, withForgotten(await readFile(path, "utf8"), text));
}

/** A server of its own for each: what one transaction left behind is not to be found by the next. */
async function measure({ name, sql }: (typeof deeds)[keyof typeof deeds]): Promise<Forgotten> {
  await using postgres = await startPostgres({ settings: ["fsync=on"] });
  const addresses = parsePostgresUrl(postgres.url()) ?? [];
  const settings = { ...defaultSettings, addresses };
  await using store = await openPostgresStore(settings);
  let batches = 0;

  await churn("warm-up", 10_000);
  const before = await churn("before", aroundMs);
  const forgotten = await connect(addresses, "primary", settings);
  await forgotten.query("set idle_in_transaction_session_timeout = 0");
  await forgotten.query("begin isolation level repeatable read");
  for (const statement of sql) await forgotten.query(statement);
  await churn("open, at first", openMs - lastMs);
  const open = await churn("open, at last", lastMs);
  await forgotten.query("rollback");
  await forgotten.end();
  const after = await churn("after", aroundMs);
  return { name, before, open, after };

  /** Creates reports, claims them, and puts and writes their results for so long, a hundred at a time. */
  async function churn(phase: string, forMs: number): Promise<Churned> {
    const [startMs, firstBatch, [cpuBefore]] = [performance.now(), batches, await cpuOfTrees([postgres.pid()])];
    while (performance.now() - startMs < forMs) {
      batches += 1;
      await queueReports(store, `b${batches}`, 0, 100, 10);
      await endQueued(store, store.results);
    }
    const seconds = (performance.now() - startMs) / 1_000;
    const reports = (batches - firstBatch) * 100;
    const [cpuAfter] = await cpuOfTrees([postgres.pid()]);
    const spent = (cpuAfter?.own ?? 0) + (cpuAfter?.below ?? 0) - (cpuBefore?.own ?? 0) - (cpuBefore?.below ?? 0);
    const queues = "relname ~ '^(jobs|results)_'";
    const dead = Number(postgres.sql(`select coalesce(sum(n_dead_tup), 0) from pg_stat_user_tables where ${queues}`));
    const churned = { perSecond: reports / seconds, micros: (spent * 1e6) / reports, dead };
    console.log(
      `${name}, ${phase}: ${churned.perSecond.toFixed(0)} reports a second, ${churned.micros.toFixed(0)} us of Postgres's CPU each, ${dead} dead rows in the queues`,
    );
    return churned;
  }
}
