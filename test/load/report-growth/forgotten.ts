// npm run load:forgotten -- [--minutes 5]: how fast Postgres's queue is while a transaction that somebody forgot stays open, before and after.
import { parseArgs } from "node:util";
import { parsePostgresUrl } from "@weir/report-service/src/config/postgres-url.ts";
import { connect } from "@weir/report-service/src/postgres/connect.ts";
import { openPostgresStore } from "@weir/report-service/src/postgres/open-store.ts";
import { defaultSettings } from "@weir/report-service/src/postgres/settings.ts";
import { startPostgres } from "../../kit/postgres.ts";
import { cpuOfTrees } from "../report-cost/process-tree.ts";
import { endQueued, queueReports } from "./store-step.ts";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "5" } } });
const openMs = Number(values.minutes) * 60_000;
const aroundMs = Math.min(openMs, 60_000);
// What is measured of the open time: its end, when most dead rows have gathered.
const lastMs = Math.min(openMs / 2, 60_000);

await using postgres = await startPostgres({ settings: ["fsync=on"] });
const addresses = parsePostgresUrl(postgres.url()) ?? [];
const settings = { ...defaultSettings, addresses };
await using store = await openPostgresStore(settings);
const postmaster = postgres.pid();
let batches = 0;

await churn("warm-up", 10_000);
const before = await churn("before", aroundMs);
const forgotten = await connect(addresses, "primary", settings);
await forgotten.query("set idle_in_transaction_session_timeout = 0");
await forgotten.query("begin isolation level repeatable read");
await forgotten.query("select txid_current()");
await churn("open, at first", openMs - lastMs);
const during = await churn("open, at last", lastMs);
await forgotten.query("rollback");
await forgotten.end();
const after = await churn("after", aroundMs);
const share = during.perSecond / ((before.perSecond + after.perSecond) / 2);
const cpu = during.micros / ((before.micros + after.micros) / 2);
console.log(
  `with the transaction open: ${(share * 100).toFixed(0)} % of the rate, ${(cpu * 100).toFixed(0)} % of Postgres's CPU for a report`,
);

/** Creates reports, claims them, and puts and writes their results for so long, a hundred at a time. */
async function churn(name: string, forMs: number) {
  const [startMs, firstBatch, [cpuBefore]] = [performance.now(), batches, await cpuOfTrees([postmaster])];
  while (performance.now() - startMs < forMs) await one();
  const seconds = (performance.now() - startMs) / 1_000;
  const reports = (batches - firstBatch) * 100;
  const [cpuAfter] = await cpuOfTrees([postmaster]);
  const spent = (cpuAfter?.own ?? 0) + (cpuAfter?.below ?? 0) - (cpuBefore?.own ?? 0) - (cpuBefore?.below ?? 0);
  const queues = "relname ~ '^(jobs|results)_'";
  const dead = postgres.sql(`select coalesce(sum(n_dead_tup), 0) from pg_stat_user_tables where ${queues}`);
  const measured = { perSecond: reports / seconds, micros: (spent * 1e6) / reports };
  console.log(
    `${name}: ${measured.perSecond.toFixed(0)} reports a second, ${measured.micros.toFixed(0)} us of Postgres's CPU each, ${dead} dead rows in the queues`,
  );
  return measured;
}

async function one(): Promise<void> {
  batches += 1;
  await queueReports(store, `b${batches}`, 0, 100, 10);
  await endQueued(store, store.results);
}
