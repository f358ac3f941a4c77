import { changeReport } from "../model/change-report.ts";
import { isClaimable } from "../model/lease.ts";
import type { ReportId, ReportKey, TenantId } from "../model/names.ts";
import type { Priority } from "../model/report.ts";
import type { Claimant } from "../ports/job-queue.ts";
import type { ClaimByKey, Lane, Outbox, Waiting } from "../ports/outbox.ts";
import { createBarredKinds } from "./barred-kinds.ts";
import { anyReport, type ChangeFeed } from "./change-feed.ts";
import type { Database } from "./database.ts";
import { createReportRows } from "./report-rows.ts";
import { topicOf } from "./report-store.ts";

/** How long entries are kept from other relays. Publishing that takes longer is given up, or done twice. */
const heldMs = 30_000;
// A relay that died frees its entries without a change that could wake anyone.
const lookMs = 1_000;

// Triggers, so that processes that know nothing of the outbox fill it, too, from the moment that it is there.
const opened = `
  create table if not exists outbox (
    position integer primary key autoincrement,
    tenant text not null,
    report text not null,
    cluster text not null,
    priority text not null,
    held_until_ms integer not null default 0
  );
  create table if not exists outbox_refused (
    cluster text not null,
    priority text not null,
    position integer not null,
    tenant text not null,
    report text not null,
    held_until_ms integer not null default 0,
    primary key (cluster, priority, position)
  ) without rowid;
  create trigger if not exists outbox_created after insert on reports when new.state = 'queued' begin
    insert into outbox (tenant, report, cluster, priority) values (new.tenant, new.id, new.cluster, new.priority);
  end;
  create trigger if not exists outbox_again after update of state on reports
  when new.state = 'queued' and old.state <> 'queued' begin
    insert into outbox (tenant, report, cluster, priority) values (new.tenant, new.id, new.cluster, new.priority);
  end;`;

/** The outbox within the same SQLite file as the reports. */
export async function openSqliteOutbox(database: Database, feed: ChangeFeed): Promise<Outbox> {
  await database.transact(() => database.exec(opened));
  const rows = createReportRows(database);
  const head = entriesIn(database, "outbox", "true");
  const ofLane = entriesIn(database, "outbox_refused", "cluster = ? and priority = ?");
  const setAside = database.prepare(
    `insert or ignore into outbox_refused (cluster, priority, position, tenant, report)
     select cluster, priority, position, tenant, report from outbox where position in (select value from json_each(?))`,
  );
  const nextLane = database.prepare(
    `select cluster, priority from outbox_refused where (cluster, priority) > (?, ?)
     order by cluster, priority limit 1`,
  );
  const count = database.prepare(
    "select (select count(*) from outbox) + (select count(*) from outbox_refused) as entries",
  );
  const barred = createBarredKinds(database);
  const subscription = feed.subscribe(anyReport);

  function take({ free, hold }: Entries, lane: readonly string[], most: number, nowMs: number): readonly Entry[] {
    const found = free.all(...lane, nowMs, most);
    hold.run(nowMs + heldMs, ...lane, JSON.stringify(found.map(({ position }) => position)));
    return found.map((row) => ({
      position: Number(row["position"]),
      waiting: {
        tenant: String(row["tenant"]) as TenantId,
        id: String(row["report"]) as ReportId,
        cluster: String(row["cluster"]),
        priority: String(row["priority"]) as Priority,
      },
    }));
  }

  function claimOne(key: ReportKey, claimant: Claimant, nowMs: number): ClaimByKey {
    const { worker, datacenter, leaseMs, paused } = claimant;
    const before = rows.get(key);
    if (!before || !isClaimable(before, nowMs)) return { kind: "gone" };
    // One that lost its worker still counts as running.
    const kinds = before.status.kind === "queued" ? barred(claimant, before.tenant) : (paused ?? []);
    if (!kinds || kinds.includes(before.kind)) return { kind: "busy" };
    const after = changeReport(before, { kind: "claim", worker, datacenter, leaseMs }, nowMs);
    if (after.kind === "refused") return { kind: "gone" };
    rows.put(after.report, before, nowMs);
    return { kind: "claimed", report: after.report };
  }

  return {
    async relay(publish, most, nowMs, refused) {
      const [all, lane] = refused ? [ofLane, [refused.cluster, refused.priority]] : [head, []];
      if (all.free.get(...lane, nowMs, 1) === undefined) return 0;
      const entries = await database.transact(() => take(all, lane, most, nowMs));
      const waiting = entries.map((entry) => entry.waiting);
      const positionsOf = (some: readonly Waiting[]) => {
        const asked = new Set(some);
        return JSON.stringify(entries.filter((entry) => asked.has(entry.waiting)).map(({ position }) => position));
      };
      const publishing = publish(waiting).catch(async (error: unknown) => {
        // Where they cannot be freed, they come free by themselves.
        await database.transact(() => all.hold.run(0, ...lane, positionsOf(waiting))).catch(() => undefined);
        throw error;
      });
      const left = new Set(await publishing);
      await database.transact(() => {
        if (refused) {
          if (left.size > 0) all.hold.run(0, ...lane, positionsOf([...left]));
          all.forget.run(...lane, positionsOf(waiting.filter((one) => !left.has(one))));
        } else {
          if (left.size > 0) setAside.run(positionsOf([...left]));
          all.forget.run(positionsOf(waiting));
        }
      });
      return entries.length;
    },
    async refusedLanes() {
      const lanes: Lane[] = [];
      for (let row = nextLane.get("", ""); row; row = nextLane.get(String(row["cluster"]), String(row["priority"])))
        lanes.push({ cluster: String(row["cluster"]), priority: String(row["priority"]) as Priority });
      return lanes;
    },
    async wait(signal) {
      await subscription.rung(signal, lookMs);
    },
    async length() {
      return Number(count.get()?.["entries"]);
    },
    async claim(keys, claimant, nowMs) {
      const claims = await database.transact(() => keys.map((key) => claimOne(key, claimant, nowMs)));
      for (const claim of claims) if (claim.kind === "claimed") feed.announce(topicOf(claim.report));
      return claims;
    },
  };
}

type Entries = ReturnType<typeof entriesIn>;

function entriesIn(database: Database, table: string, which: string) {
  const some = `${which} and position in (select value from json_each(?))`;
  return {
    free: database.prepare(`select * from ${table} where ${which} and held_until_ms <= ? order by position limit ?`),
    hold: database.prepare(`update ${table} set held_until_ms = ? where ${some}`),
    forget: database.prepare(`delete from ${table} where ${some}`),
  };
}

type Entry = { readonly position: number; readonly waiting: Waiting };
