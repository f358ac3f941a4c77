import type { ReportKey } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { ReportEvent } from "../ports/report-store.ts";
import type { Bells } from "./bells.ts";
import type { Hint, Hints } from "./hints.ts";
import { hintsOf, lastingHintsOf, outboxHintOf, type StoredReport } from "./report-hints.ts";
import { bigint, type Session, type Statement } from "./session.ts";

/** A report that was decided on; whoever finds that it is not there yet may create it, and it is created once. */
export type Intent = { readonly report: Report; readonly token: string };

export type Found = StoredReport & { readonly token: string };

/** Reads and writes single reports; every write is conditional on the revision that was read. */
export type ReportRows = {
  read(key: ReportKey): Promise<Found | undefined>;
  /** The report of this intent; `taken`: its id is another's; `gone`: it was there, and was removed. */
  make(intent: Intent): Promise<"made" | "taken" | "gone">;
  /** False where somebody else was faster. */
  replace(before: StoredReport, after: Report, nowMs: number): Promise<boolean>;
  remove(before: Found): Promise<boolean>;
  eventsAfter(key: ReportKey, sequence: number): Promise<readonly ReportEvent[]>;
};

/** So long it is known that a report was there: no late helper makes it again. */
const remembersGoneS = 86_400;

export function createReportRows(
  session: Session,
  { hints, bells, hasOutbox }: { hints: Hints; bells: Bells; hasOutbox: () => Promise<boolean> },
): ReportRows {
  type Partition = { readonly revision: number | null; readonly body: string | undefined; readonly token: string };

  async function partition({ tenant, id }: ReportKey): Promise<Partition> {
    const [row] = await session.rows("select revision, body, maker from reports where tenant = ? and id = ? limit 1", [
      tenant,
      id,
    ]);
    const revision = row?.["revision"];
    return {
      revision: typeof revision === "number" ? revision : null,
      body: typeof row?.["body"] === "string" ? row["body"] : undefined,
      token: String(row?.["maker"] ?? ""),
    };
  }

  /** Those that have to be there before the report is as they say. */
  async function announced(stored: StoredReport, more: readonly Hint[], joins: boolean, nowMs: number): Promise<void> {
    const outbox = joins && (await hasOutbox()) ? [outboxHintOf(stored, nowMs)] : [];
    await hints.put([...hintsOf(stored), ...outbox, ...more]);
  }

  const write = ({ tenant, id }: ReportKey, revision: number, body: string, was: number | null): Statement => ({
    query: "update reports set revision = ?, body = ? where tenant = ? and id = ? if revision = ?",
    values: [revision, body, tenant, id, was],
  });
  const event = ({ tenant, id, sequence }: Report, body: string, atMs: number): Statement => ({
    query: "insert into reports (tenant, id, sequence, time_ms, event) values (?, ?, ?, ?, ?)",
    values: [tenant, id, sequence, bigint(atMs), body],
  });

  return {
    async read(key) {
      const { revision, body, token } = await partition(key);
      if (revision === null || body === undefined) return undefined;
      return { report: JSON.parse(body) as Report, revision, token };
    },
    async make({ report, token }) {
      for (;;) {
        const there = await partition(report);
        if (there.body !== undefined) return there.token === token ? "made" : "taken";
        if (there.revision !== null && there.token === token) return "gone";
        const stored = { report, revision: (there.revision ?? 0) + 1 };
        await announced(stored, lastingHintsOf(report), report.status.kind === "queued", report.createdAtMs);
        const body = JSON.stringify(report);
        const { tenant, id } = report;
        const claimed = {
          query: "update reports set revision = ?, body = ?, maker = ? where tenant = ? and id = ? if revision = ?",
          values: [stored.revision, body, token, tenant, id, there.revision],
        };
        if (await session.applied([claimed, event(report, body, report.createdAtMs)])) {
          bells.ring(report);
          return "made";
        }
      }
    },
    async replace(before, after, nowMs) {
      const stored = { report: after, revision: before.revision + 1 };
      const joins = after.status.kind === "queued" && before.report.status.kind !== "queued";
      await announced(stored, [], joins, nowMs);
      const body = JSON.stringify(after);
      const written = write(after, stored.revision, body, before.revision);
      const seen = after.sequence !== before.report.sequence;
      if (!(await session.applied(seen ? [written, event(after, body, nowMs)] : [written]))) return false;
      bells.ring(after);
      await hints.remove(hintsOf(before));
      return true;
    },
    async remove({ report, revision, token }) {
      const { tenant, id } = report;
      const forgotten = {
        query: `update reports using ttl ${remembersGoneS} set revision = ?, maker = ?, body = null
          where tenant = ? and id = ? if revision = ?`,
        values: [revision + 1, token, tenant, id, revision],
      };
      if (!(await session.applied([forgotten]))) return false;
      await session.rows("delete from reports where tenant = ? and id = ? and sequence >= 0", [tenant, id]);
      const [listed] = lastingHintsOf(report);
      await hints.remove([...hintsOf({ report, revision }), ...(listed ? [listed] : [])]);
      bells.ring(report);
      return true;
    },
    async eventsAfter({ tenant, id }, sequence) {
      const rows = await session.rows(
        "select sequence, time_ms, event from reports where tenant = ? and id = ? and sequence > ?",
        [tenant, id, sequence],
      );
      return rows.map((row) => ({
        sequence: Number(row["sequence"]),
        timeMs: Number(row["time_ms"]),
        report: JSON.parse(String(row["event"])) as Report,
      }));
    },
  };
}
