/**
 * A table whose rows soon go again. They lie in one of two slots, the partitions `{name}_0` and `{name}_1`; now and then the
 * other one is filled, and the first is truncated once nothing is left in it: see rotate-slots.ts.
 */
export type SlottedTable = {
  readonly name: string;
  /** All but the slot. */
  readonly columns: string;
  /** Until when somebody has a row, who will delete it or let go of it; such rows stay where they are. */
  readonly heldUntil?: string;
  /** What a usual row takes. */
  readonly rowBytes: number;
};

export const slottedTables: readonly SlottedTable[] = [
  { name: "jobs", columns: "cluster, priority, tenant, created_ms, id, leased_until_ms, kind", rowBytes: 120 },
  { name: "results", columns: "position, put_ms, taken_until_ms, body", heldUntil: "taken_until_ms", rowBytes: 700 },
  {
    ...{ name: "outbox", columns: "position, tenant, report, cluster, priority, held_until_ms" },
    ...{ heldUntil: "held_until_ms", rowBytes: 120 },
  },
];

const settings =
  "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0";

/**
 * The slots of a table that is partitioned by them, and the view `{name}_slot` of the one that is filled. A sequence counts
 * the turns: it has one version only, where a row would leave one more with each turn, for every insert to step over.
 */
export function slotsOf(name: string): string {
  return `
    create table ${name}_0 partition of ${name} for values in (0) with (${settings});
    create table ${name}_1 partition of ${name} for values in (1) with (${settings});
    create sequence ${name}_turns;
    select nextval('${name}_turns');
    create view ${name}_slot as select (last_value % 2)::smallint as slot from ${name}_turns;`;
}
