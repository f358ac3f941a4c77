/**
 * A table whose rows soon go again. They lie in slots, the partitions `{name}_0`, `{name}_1` and so on: one is filled, and
 * the one that was filled before is emptied; see rotate-slots.ts. The others are empty, or hold dead rows that an old
 * transaction keeps from being truncated.
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

/** The most slots that a table may have. Each costs those who look a row up by its key. */
export const mostSlots = 16;

/** The first slots of a table that is partitioned by them, and the view of the one that is filled. */
export function slotsOf(name: string): string {
  return `
    create table ${name}_0 partition of ${name} for values in (0) with (${settings});
    create table ${name}_1 partition of ${name} for values in (1) with (${settings});
    create sequence ${name}_turns;
    select nextval('${name}_turns');
    create view ${name}_slot as select (last_value % 2)::smallint as slot from ${name}_turns;`;
}

/**
 * Lets a table have more than two slots: `{name}_slot` has the one that is filled (`slot`) and the one that is being emptied
 * (`other`). A sequence holds both numbers: it has one version only, where a row would leave one more with each turn, for
 * every insert to step over.
 */
export function manySlotsOf(name: string): string {
  return `
    create sequence ${name}_slots minvalue 0;
    select ${turnTo(name, "slot", "1 - slot")} from ${name}_slot;
    create or replace view ${name}_slot as
      select (last_value / 256)::smallint as slot, (last_value % 256)::smallint as other from ${name}_slots;`;
}

/** The call that has `slot` filled from now on, for everybody at once, and `other` emptied. */
export function turnTo(name: string, slot: string, other: string): string {
  return `setval('${name}_slots', 256 * (${slot})::bigint + (${other}))`;
}

/** One more slot. Only attaching it gets along with transactions that have read the table, or written to it. */
export function freshSlot(name: string, slot: number): string {
  return `
    create table ${name}_${slot} (like ${name}) with (${settings});
    alter table ${name} attach partition ${name}_${slot} for values in (${slot});`;
}

/**
 * The condition that keeps a statement to the two slots in which rows live: Postgres does not open the others, however many
 * dead rows they hold. What an old transaction commits there late is moved out within a second.
 */
export function isLive(name: string, alias: string): string {
  return `${alias}.slot in ((select slot from ${name}_slot), (select other from ${name}_slot))`;
}
