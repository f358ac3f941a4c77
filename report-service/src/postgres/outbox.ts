import { createBell } from "../lib/bell.ts";
import { shareOf } from "../model/fair-queue.ts";
import type { ReportId, ReportKey, TenantId } from "../model/names.ts";
import type { Priority } from "../model/report.ts";
import type { Claimant } from "../ports/job-queue.ts";
import type { ClaimByKey, Lane, Outbox, Waiting } from "../ports/outbox.ts";
import { arrayOf } from "./array.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { ChangeReports } from "./change-reports.ts";
import type { Database, Row } from "./database.ts";
import { kindLimitsOf } from "./kind-limits.ts";
import { keyOf, storedOf } from "./report-rows.ts";
import { isLive } from "./slotted-tables.ts";
import { settleJobs } from "./write-reports.ts";

/** How long entries are kept from other relays. Publishing that takes longer is given up, or done twice. */
const heldMs = 30_000;
// A relay that died frees its entries without a change that could wake anyone, and a notification may be lost.
const lookMs = 1_000;
// As for results: what lies further back is looked for now and then.
const lookBack = 5_000;

// Triggers, so that processes that know nothing of the outbox fill it, too, from the moment that it is there.
const opened = `
  select pg_advisory_xact_lock(7100);
  do $$ begin
    if not exists (select from pg_trigger where tgname = 'outbox_created' and tgrelid = 'reports'::regclass) then
      create trigger outbox_created after insert on reports for each row
        when (new.state = 'queued') execute function enter_outbox();
      create trigger outbox_again after update of state on reports for each row
        when (new.state = 'queued' and old.state <> 'queued') execute function enter_outbox();
    end if;
  end $$;`;

const hold = {
  name: "hold-outbox",
  text: `with picked as (
           select o.slot, o.position from outbox o
           where o.held_until_ms <= $1 and o.position > $4 and ${isLive("outbox", "o")}
           order by o.position limit $2 for update skip locked)
         update outbox o set held_until_ms = $3 from picked p
         where o.slot = p.slot and o.position = p.position
         returning o.position, o.tenant, o.report, o.cluster, o.priority`,
};
const forget = { name: "forget-outbox", text: "delete from outbox where position = any($1::bigint[])" };
const free = { name: "free-outbox", text: "update outbox set held_until_ms = 0 where position = any($1::bigint[])" };
const setAside = {
  name: "set-outbox-aside",
  text: `with gone as (
           delete from outbox where position = any($1::bigint[]) returning cluster, priority, position, tenant, report)
         insert into outbox_refused (cluster, priority, position, tenant, report)
         select cluster, priority, position, tenant, report from gone on conflict do nothing`,
};
const holdRefused = {
  name: "hold-refused",
  text: `with picked as (
           select r.cluster, r.priority, r.position from outbox_refused r
           where r.cluster = $4 and r.priority = $5 and r.held_until_ms <= $1
           order by r.position limit $2 for update skip locked)
         update outbox_refused r set held_until_ms = $3 from picked p
         where r.cluster = p.cluster and r.priority = p.priority and r.position = p.position
         returning r.position, r.tenant, r.report, r.cluster, r.priority`,
};
const ofRefused = "cluster = $2 and priority = $3 and position = any($1::bigint[])";
const forgetRefused = { name: "forget-refused", text: `delete from outbox_refused where ${ofRefused}` };
const freeRefused = { name: "free-refused", text: `update outbox_refused set held_until_ms = 0 where ${ofRefused}` };
const nextLane = {
  name: "next-refused-lane",
  text: `select cluster, priority from outbox_refused where (cluster, priority) > ($1, $2)
         order by cluster, priority limit 1`,
};
const count = {
  name: "count-outbox-2",
  text: "select (select count(*) from outbox) + (select count(*) from outbox_refused) as entries",
};
const takeOne = { name: "take-job", text: "select * from take_job_2($1, $2, $3, $4, $5, $6, $7, $8)" };

/** The outbox in the same database as the reports. */
export async function openPostgresOutbox(
  database: Database,
  feed: ChangeFeed,
  changeReports: ChangeReports,
): Promise<Outbox> {
  await database.query({ text: opened }, []);
  const bell = createBell();
  feed.hearWaiting(() => bell.ring());
  let highest = 0;
  let lookedAtAllMs = Number.NEGATIVE_INFINITY;

  async function take(most: number, nowMs: number) {
    const all = performance.now() - lookedAtAllMs > lookMs;
    if (all) lookedAtAllMs = performance.now();
    const rows = await database.query(hold, [nowMs, most, nowMs + heldMs, all ? 0 : highest - lookBack]);
    const entries = rows.map(entryOf).sort(byPosition);
    highest = Math.max(highest, entries.at(-1)?.position ?? 0);
    return entries;
  }

  async function takeRefused(lane: readonly string[], most: number, nowMs: number): Promise<Entry[]> {
    const rows = await database.query(holdRefused, [nowMs, most, nowMs + heldMs, ...lane]);
    return rows.map(entryOf).sort(byPosition);
  }

  async function claimOne(key: ReportKey, claimant: Claimant, nowMs: number): Promise<ClaimByKey> {
    const { worker, datacenter, leaseMs, shares } = claimant;
    const { concurrency } = shareOf(shares, key.tenant);
    const values = [key.tenant, key.id, concurrency, nowMs, nowMs + leaseMs, ...kindLimitsOf(claimant)];
    const [row] = await database.query(takeOne, values);
    if (row?.["why"] === "busy") return { kind: "busy" };
    if (row?.["why"] !== "taken") return { kind: "gone" };
    const change = { kind: "claim", worker, datacenter, leaseMs } as const;
    const [result] = await changeReports([{ key, change }], nowMs, new Map([[keyOf(key), storedOf(row)]]));
    if (result?.kind === "changed") return { kind: "claimed", report: result.report };
    await settleJobs(database, [key]);
    return { kind: "gone" };
  }

  return {
    async relay(publish, most, nowMs, refused) {
      const lane = refused ? [refused.cluster, refused.priority] : [];
      const entries = refused ? await takeRefused(lane, most, nowMs) : await take(most, nowMs);
      if (entries.length === 0) return 0;
      const end = async (statement: typeof forget, some: readonly Entry[]) => {
        if (some.length > 0) await database.query(statement, [arrayOf(some.map(({ position }) => position)), ...lane]);
      };
      const publishing = publish(entries.map(({ waiting }) => waiting)).catch(async (cause: unknown) => {
        await end(refused ? freeRefused : free, entries).catch(() => undefined);
        throw cause;
      });
      const left = new Set(await publishing);
      const { kept = [], done = [] } = Object.groupBy(entries, ({ waiting }) => (left.has(waiting) ? "kept" : "done"));
      await end(refused ? freeRefused : setAside, kept);
      await end(refused ? forgetRefused : forget, done);
      return entries.length;
    },
    async refusedLanes() {
      const lanes: Lane[] = [];
      const after = async (last: readonly string[]) => (await database.query(nextLane, last))[0];
      for (let row = await after(["", ""]); row; ) {
        const lane = { cluster: String(row["cluster"]), priority: row["priority"] as Priority };
        lanes.push(lane);
        row = await after([lane.cluster, lane.priority]);
      }
      return lanes;
    },
    wait: (signal) => bell.rung(signal, lookMs),
    async length() {
      const [row] = await database.query(count, []);
      return Number(row?.["entries"]);
    },
    async claim(keys, claimant, nowMs) {
      const claims: ClaimByKey[] = [];
      for (const key of keys) claims.push(await claimOne(key, claimant, nowMs));
      return claims;
    },
  };
}

type Entry = { readonly position: number; readonly waiting: Waiting };

function entryOf(row: Row): Entry {
  return {
    position: Number(row["position"]),
    waiting: {
      tenant: row["tenant"] as TenantId,
      id: row["report"] as ReportId,
      cluster: String(row["cluster"]),
      priority: row["priority"] as Priority,
    },
  };
}

const byPosition = (one: Entry, other: Entry) => one.position - other.position;
