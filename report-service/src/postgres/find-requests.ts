import type { TenantId } from "../model/names.ts";
import type { KnownRequest } from "../ports/peer-store.ts";
import { arrayOf } from "./array.ts";
import type { Database } from "./database.ts";
import { reportOf } from "./report-rows.ts";

const find = {
  name: "find-requests",
  text: `select w.nth, q.body_hash, q.created_ms, r.body
         from unnest($1::text[], $2::text[]) with ordinality as w(tenant, id, nth)
         join requests q on q.tenant = w.tenant and q.id = w.id
         join reports r on r.tenant = q.tenant and r.id = q.report`,
};

/** For each request id what it made, as far as this server of the database knows. */
export async function findRequests(
  database: Database,
  requests: readonly { readonly tenant: TenantId; readonly id: string }[],
): Promise<readonly (KnownRequest | undefined)[]> {
  const rows = await database.query(find, [
    arrayOf(requests.map(({ tenant }) => tenant)),
    arrayOf(requests.map(({ id }) => id)),
  ]);
  const known = new Map(
    rows.map((row) => [
      Number(row["nth"]) - 1,
      { bodyHash: String(row["body_hash"]), createdAtMs: Number(row["created_ms"]), report: reportOf(row) },
    ]),
  );
  return requests.map((_, index) => known.get(index));
}
