import { createHash } from "node:crypto";
import { inParallel } from "./in-parallel.ts";
import { bigint, type Row, type Session, type Value } from "./session.ts";

/**
 * Says where to look: there may be a report (or something else) of this kind and time. It is written before what it tells
 * of and deleted after that has changed, so that a server that dies in between leaves one too many, never one too few.
 * Whoever reads it looks at the report itself.
 */
export type Hint = {
  readonly kind: string;
  readonly atMs: number;
  readonly tenant: string;
  readonly id: string;
  /** Of the report as the hint says it is: what was deleted under another revision cannot hide this one. */
  readonly revision: number;
  readonly value: string;
};

export type Range = {
  readonly limit: number;
  /** At this time or earlier. */
  readonly untilMs?: number;
};

export type Hints = {
  put(hints: readonly Hint[]): Promise<void>;
  remove(hints: readonly Hint[]): Promise<void>;
  /** By time, the oldest first. */
  oldest(kind: string, range: Range): Promise<readonly Hint[]>;
  /** Keeps a hint from others who would hold it, until then; false where somebody holds it or it is gone. */
  hold(hint: Hint, untilMs: number, nowMs: number): Promise<boolean>;
  /** Ends a hold, or takes the hint away. */
  release(hint: Hint, how: "again" | "done"): Promise<void>;
  /** Those of a kind that is in one piece (`wholeKinds`), after or before a place. */
  page(kind: string, page: HintPage): Promise<readonly Hint[]>;
};

export type HintPage = {
  readonly newestFirst: boolean;
  readonly after: { readonly atMs: number; readonly tenant: string; readonly id: string } | undefined;
  readonly limit: number;
};

// Pieces of a kind, on nodes of their own: none grows too large, and all can be read at once.
const shardCount = 8;
const wholeKinds = /^(listed|months|clusters|requests-of)\b/;
const columns = "kind, at_ms, tenant, id, revision, value";

export function createHints(session: Session): Hints {
  const shardOf = ({ kind, tenant, id }: Hint): number =>
    wholeKinds.test(kind) ? 0 : (createHash("sha1").update(`${tenant}/${id}`).digest()[0] ?? 0) % shardCount;

  const place = "kind = ? and shard = ? and at_ms = ? and tenant = ? and id = ? and revision = ?";
  const placeOf = (hint: Hint): readonly Value[] => [
    ...[hint.kind, shardOf(hint), bigint(hint.atMs), hint.tenant, hint.id, hint.revision],
  ];

  return {
    async put(hints) {
      const put = (hint: Hint) =>
        session.rows(`insert into hints (${columns}, shard) values (?, ?, ?, ?, ?, ?, ?)`, [
          ...[hint.kind, bigint(hint.atMs), hint.tenant, hint.id, hint.revision, hint.value],
          shardOf(hint),
        ]);
      await inParallel(hints, put);
    },
    async remove(hints) {
      const remove = (hint: Hint) => session.rows(`delete from hints where ${place}`, placeOf(hint));
      await inParallel(hints, remove);
    },
    async hold(hint, untilMs, nowMs) {
      const [row] = await session.rows(`select held_until_ms from hints where ${place}`, placeOf(hint));
      if (!row) return false;
      const heldMs = row["held_until_ms"];
      const before = heldMs === null || heldMs === undefined ? null : bigint(Number(heldMs));
      if (before !== null && before > nowMs) return false;
      const query = `update hints set held_until_ms = ? where ${place} if held_until_ms = ? and value != null`;
      return session.applied([{ query, values: [bigint(untilMs), ...placeOf(hint), before] }]);
    },
    // What is held by a condition has to be deleted by one: Cassandra orders the two by different clocks.
    async release(hint, how) {
      const query =
        how === "done"
          ? `delete from hints where ${place} if exists`
          : `update hints set held_until_ms = null where ${place} if exists`;
      await session.applied([{ query, values: placeOf(hint) }]);
    },
    async oldest(kind, { limit, untilMs }) {
      const [until, values] = untilMs === undefined ? ["", []] : ["and at_ms <= ?", [bigint(untilMs)]];
      const query = `select ${columns} from hints where kind = ? and shard = ? ${until} limit ?`;
      const shards = Array.from({ length: wholeKinds.test(kind) ? 1 : shardCount }, (_, shard) => shard);
      const found = await inParallel(shards, (shard) => session.rows(query, [kind, shard, ...values, limit]));
      return found.flat().map(hintOf).sort(byTime).slice(0, limit);
    },
    async page(kind, { newestFirst, after, limit }) {
      const [direction, beyond] = newestFirst ? ["desc", "<"] : ["asc", ">"];
      const place: Value[] = after ? [bigint(after.atMs), after.tenant, after.id] : [];
      const order = ["at_ms", "tenant", "id", "revision"].map((column) => `${column} ${direction}`).join(", ");
      const from = after ? `and (at_ms, tenant, id) ${beyond} (?, ?, ?)` : "";
      const found = await session.rows(
        `select ${columns} from hints where kind = ? and shard = 0 ${from} order by ${order} limit ?`,
        [kind, ...place, limit],
      );
      return found.map(hintOf);
    },
  };
}

function hintOf(row: Row): Hint {
  return {
    kind: String(row["kind"]),
    atMs: Number(row["at_ms"]),
    tenant: String(row["tenant"]),
    id: String(row["id"]),
    revision: Number(row["revision"]),
    value: String(row["value"] ?? ""),
  };
}

function byTime(one: Hint, other: Hint): number {
  return one.atMs - other.atMs || (one.tenant + one.id < other.tenant + other.id ? -1 : 1);
}
