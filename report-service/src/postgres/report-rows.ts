import type { ReportKey } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import { arrayOf } from "./array.ts";
import type { Database, Row } from "./database.ts";

/** A report as it was read, and what a writer has to name so that it changes this state and no later one. */
export type Stored = { readonly report: Report; readonly revision: number };

const readOne = { name: "read", text: "select body, revision from reports where tenant = $1 and id = $2" };
const readMany = {
  name: "read-many",
  text: `select r.body, r.revision from unnest($1::text[], $2::text[]) as w(tenant, id)
         join reports r on r.tenant = w.tenant and r.id = w.id`,
};

// Ends also where nearly all have failed.
const lookAt = 20;
const nextSucceeded = {
  name: "next-succeeded",
  text: `select body from (
           select state, body, expiring_ms from reports where expiring_ms >= $1 order by expiring_ms limit ${lookAt}) as next
         where state = 'succeeded' order by expiring_ms limit $2`,
};

export async function readReport(
  database: Database,
  key: ReportKey,
  signal?: AbortSignal,
): Promise<Stored | undefined> {
  const [row] = await database.query(readOne, [key.tenant, key.id], signal);
  return row && storedOf(row);
}

/** Those that are there, by `keyOf`. */
export async function readReports(
  database: Database,
  keys: readonly ReportKey[],
): Promise<ReadonlyMap<string, Stored>> {
  const [only] = keys;
  if (only && keys.length === 1) {
    const stored = await readReport(database, only);
    return new Map(stored ? [[keyOf(only), stored]] : []);
  }
  const rows = await database.query(readMany, [
    arrayOf(keys.map(({ tenant }) => tenant)),
    arrayOf(keys.map(({ id }) => id)),
  ]);
  return new Map(rows.map(storedOf).map((stored) => [keyOf(stored.report), stored]));
}

/** As `PeerStore.succeeded`. */
export async function readSucceeded(database: Database, expireMs: number, limit: number): Promise<readonly Report[]> {
  return (await database.query(nextSucceeded, [expireMs, limit])).map(reportOf);
}

export function keyOf({ tenant, id }: ReportKey): string {
  return `${tenant}/${id}`;
}

export function storedOf(row: Row): Stored {
  return { report: reportOf(row), revision: Number(row["revision"]) };
}

/** The report in a row that holds its `body`. */
export function reportOf(row: Row): Report {
  return JSON.parse(String(row["body"])) as Report;
}
