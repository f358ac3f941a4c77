import type { ReportId, TenantId } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { RequestKey } from "../ports/report-store.ts";
import type { Hints } from "./hints.ts";
import { requestsOf } from "./report-hints.ts";
import type { Intent, ReportRows } from "./report-rows.ts";
import { bigint, type Row, type Session } from "./session.ts";

/** What a request id or a content was promised to: a report, with all that it takes to make it. */
export type Promised = {
  readonly made: ReportId;
  readonly createdAtMs: number;
  /** Empty where the report was there before it was promised: nobody may make it. */
  readonly token: string;
  readonly bodyHash: string;
  readonly report: Report | undefined;
};

/** By whom a promise is found. */
export type PromiseKey =
  | { readonly kind: "request"; readonly tenant: TenantId; readonly request: RequestKey }
  | { readonly kind: "content"; readonly tenant: TenantId; readonly contentKey: string };

/**
 * Cassandra has no transaction over a request id, a content key and a report. So the first conditional write decides and
 * says what is to be made; whoever finds that it has not been made yet makes it (as in A. Israeli and L. Rappoport,
 * "Disjoint-access-parallel implementations of strong shared memory primitives", PODC 1994).
 */
export type Intents = {
  find(key: PromiseKey): Promise<Promised | undefined>;
  /** False where it is promised to something else than `before` by now. */
  promise(key: PromiseKey, before: Promised | undefined, intent: Intent | Report, atMs: number): Promise<boolean>;
  /** Takes a promise back that nobody was told of. */
  takeBack(key: PromiseKey, intent: Intent): Promise<void>;
  /** The report that was promised, made now if need be; undefined where it has been removed. */
  keep(promised: Promised, tenant: TenantId, rows: ReportRows): Promise<Report | undefined>;
  /** Forgets the request ids of a report. */
  forget(key: { readonly tenant: TenantId; readonly id: ReportId }): Promise<void>;
};

export const requestHints = "requests";

export function createIntents(session: Session, hints: Hints): Intents {
  const placeOf = (key: PromiseKey) =>
    key.kind === "request"
      ? { table: "requests", where: "tenant = ? and kind = 'report' and id = ?", values: [key.tenant, key.request.id] }
      : { table: "contents", where: "tenant = ? and content_key = ?", values: [key.tenant, key.contentKey] };

  return {
    async find(key) {
      const { table, where, values } = placeOf(key);
      const [row] = await session.rows(`select * from ${table} where ${where}`, values);
      return row && promisedOf(row);
    },
    async promise(key, before, intent, atMs) {
      const { table, where, values } = placeOf(key);
      const { report, token } = "token" in intent ? intent : { report: intent, token: "" };
      const body = token === "" ? null : JSON.stringify(report);
      const bodyHash = key.kind === "request" ? key.request.bodyHash : "";
      if (key.kind === "request") {
        const { tenant, id } = report;
        const request = { tenant, id: key.request.id, revision: 0, value: "" };
        await hints.put([
          { ...request, kind: requestHints, atMs },
          { ...request, kind: requestsOf({ tenant, id }), atMs: 0 },
        ]);
      }
      const set = `made = ?, maker = ?, created_ms = ?, body = ?${key.kind === "request" ? ", body_hash = ?" : ""}`;
      const query = `update ${table} set ${set} where ${where} if made = ?`;
      const hash = key.kind === "request" ? [bodyHash] : [];
      const made = [report.id, token, bigint(atMs), body, ...hash, ...values, before?.made ?? null];
      return session.applied([{ query, values: made }]);
    },
    async takeBack(key, { token }) {
      const { table, where, values } = placeOf(key);
      await session.applied([
        { query: `delete from ${table} where ${where} if maker = ?`, values: [...values, token] },
      ]);
    },
    async keep({ made, token, report }, tenant, rows) {
      if (token !== "" && report && (await rows.make({ report, token })) === "gone") return undefined;
      return (await rows.read({ tenant, id: made }))?.report;
    },
    async forget(key) {
      const found = await hints.oldest(requestsOf(key), { limit: 10_000 });
      for (const { tenant, id } of found) {
        const query = "delete from requests where tenant = ? and kind = 'report' and id = ? if made = ?";
        await session.applied([{ query, values: [tenant, id, key.id] }]);
      }
      await hints.remove(found);
    },
  };
}

function promisedOf(row: Row): Promised {
  const body = row["body"];
  return {
    made: String(row["made"]) as ReportId,
    createdAtMs: Number(row["created_ms"]),
    token: String(row["maker"] ?? ""),
    bodyHash: String(row["body_hash"] ?? ""),
    report: typeof body === "string" ? (JSON.parse(body) as Report) : undefined,
  };
}
