import { shareOf } from "../model/fair-queue.ts";
import { isClaimable } from "../model/lease.ts";
import type { ReportKey } from "../model/names.ts";
import type { Priority } from "../model/report.ts";
import type { Claimant } from "../ports/job-queue.ts";
import type { ClaimByKey, Lane, Outbox, Waiting } from "../ports/outbox.ts";
import { changeReportIn } from "./change-report-in.ts";
import type { Hint } from "./hints.ts";
import { inParallel } from "./in-parallel.ts";
import { keyOf, type QueueParts, runningOf } from "./job-queue.ts";
import { outboxEntries, refusedIn, refusedLanes } from "./report-hints.ts";
import type { Session } from "./session.ts";

const heldMs = 30_000;
const lookEveryMs = 250;
// Entries that other relays publish at the moment stand before those that nobody has.
const heldByOthers = 500;
// Worker clusters are few.
const mostLanes = 1_000;
const settingName = "outbox";

/** Whether entries are to be written; once they are, that is for good. */
export function createOutboxSwitch(session: Session) {
  let isOpen = false;
  return {
    async isOpen(): Promise<boolean> {
      if (isOpen) return true;
      const [row] = await session.rows("select value from settings where name = ?", [settingName]);
      isOpen = row !== undefined;
      return isOpen;
    },
    async open(): Promise<void> {
      await session.rows("insert into settings (name, value) values (?, ?)", [settingName, "open"]);
      isOpen = true;
    },
  };
}

export function createCassandraOutbox({ rows, hints, bells, turns }: QueueParts): Outbox {
  /** Held for this relay, one by one: two that look at once share them. */
  async function take(kind: string, most: number, nowMs: number): Promise<readonly Hint[]> {
    const found = await hints.oldest(kind, { limit: most + heldByOthers });
    const taken: Hint[] = [];
    for (const entry of found) {
      if (taken.length >= most) break;
      if (await hints.hold(entry, nowMs + heldMs, nowMs)) taken.push(entry);
    }
    return taken;
  }

  /** Each stands in both places for a moment, so that one that dies meanwhile leaves it twice rather than nowhere. */
  async function setAside(some: readonly { readonly entry: Hint; readonly waiting: Waiting }[]): Promise<void> {
    if (some.length === 0) return;
    const lasting = { kind: refusedLanes, atMs: 0, revision: 0, value: "" };
    const names = new Map(some.map(({ waiting }) => [refusedIn(waiting), waiting]));
    await hints.put(
      [...names.values()].map(({ cluster, priority }) => ({ ...lasting, tenant: cluster, id: priority })),
    );
    await hints.put(some.map(({ entry, waiting }) => ({ ...entry, kind: refusedIn(waiting) })));
  }

  async function lanes(): Promise<readonly Lane[]> {
    const found = await hints.oldest(refusedLanes, { limit: mostLanes });
    return found.map(({ tenant, id }) => ({ cluster: tenant, priority: id as Priority }));
  }

  async function claimOne(key: ReportKey, claimant: Claimant, nowMs: number): Promise<ClaimByKey> {
    const before = await rows.read(key);
    if (!before || !isClaimable(before.report, nowMs)) return { kind: "gone" };
    const { cluster, tenant, kind, status } = before.report;
    const { worker, datacenter, leaseMs, shares, perTenant, paused = [] } = claimant;
    if (paused.includes(kind)) return { kind: "busy" };
    // One that lost its worker still counts as running.
    if (status.kind === "queued") {
      const running = await runningOf(hints, cluster);
      const isFull = running.has(tenant) >= shareOf(shares, tenant).concurrency;
      const kindIsFull = running.has(tenant, kind) >= (perTenant?.get(kind) ?? Number.POSITIVE_INFINITY);
      if (isFull || kindIsFull) return { kind: "busy" };
    }
    const after = await changeReportIn(rows, key, { kind: "claim", worker, datacenter, leaseMs }, nowMs);
    return after?.kind === "changed" ? { kind: "claimed", report: after.report } : { kind: "gone" };
  }

  return {
    async relay(publish, most, nowMs, refused) {
      const entries = await take(refused ? refusedIn(refused) : outboxEntries, most, nowMs);
      if (entries.length === 0) return 0;
      const all = entries.map((entry) => ({ entry, waiting: waitingOf(entry) }));
      const publishing = publish(all.map(({ waiting }) => waiting)).catch(async (cause: unknown) => {
        await inParallel(entries, (entry) => hints.release(entry, "again"));
        throw cause;
      });
      const left = new Set(await publishing);
      const kept = all.filter(({ waiting }) => left.has(waiting));
      if (!refused) await setAside(kept);
      await inParallel(all, ({ entry, waiting }) =>
        hints.release(entry, refused && left.has(waiting) ? "again" : "done"),
      );
      return entries.length;
    },
    refusedLanes: lanes,
    wait: (signal) => bells.rung("any", lookEveryMs, signal),
    async length() {
      const kinds = [outboxEntries, ...(await lanes()).map(refusedIn)];
      const found = await Promise.all(kinds.map((kind) => hints.oldest(kind, { limit: 1_000_000 })));
      return found.reduce((sum, { length }) => sum + length, 0);
    },
    async claim(keys, claimant, nowMs) {
      const claims: ClaimByKey[] = [];
      await turns.within(claimant.cluster, async (now) => {
        for (const key of keys) claims.push(await claimOne(key, claimant, nowMs));
        return { turns: now, result: undefined };
      });
      return keys.map((_, index) => claims[index] ?? { kind: "busy" });
    },
  };
}

function waitingOf(entry: Hint): Waiting {
  const { cluster, priority } = JSON.parse(entry.value) as Pick<Waiting, "cluster" | "priority">;
  return { ...keyOf(entry), cluster, priority };
}
