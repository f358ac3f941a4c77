import { changeReport } from "../model/change-report.ts";
import { isClaimable } from "../model/lease.ts";
import type { ReportId, ReportKey, TenantId } from "../model/names.ts";
import type { Priority } from "../model/report.ts";
import type { Claimant } from "../ports/job-queue.ts";
import type { ClaimByKey, Outbox, Waiting } from "../ports/outbox.ts";
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
  const free = database.prepare("select * from outbox where held_until_ms <= ? order by position limit ?");
  const hold = database.prepare(
    "update outbox set held_until_ms = ? where position in (select value from json_each(?))",
  );
  const forget = database.prepare("delete from outbox where position in (select value from json_each(?))");
  const count = database.prepare("select count(*) as entries from outbox");
  const barred = createBarredKinds(database);
  const subscription = feed.subscribe(anyReport);

  function take(most: number, nowMs: number): readonly Entry[] {
    const found = free.all(nowMs, most);
    hold.run(nowMs + heldMs, JSON.stringify(found.map(({ position }) => position)));
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
    async relay(publish, most, nowMs) {
      if (free.get(nowMs, 1) === undefined) return 0;
      const entries = await database.transact(() => take(most, nowMs));
      const positions = JSON.stringify(entries.map(({ position }) => position));
      try {
        await publish(entries.map(({ waiting }) => waiting));
      } catch (error) {
        // Where they cannot be freed, they come free by themselves.
        await database.transact(() => hold.run(0, positions)).catch(() => undefined);
        throw error;
      }
      await database.transact(() => forget.run(positions));
      return entries.length;
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

type Entry = { readonly position: number; readonly waiting: Waiting };
