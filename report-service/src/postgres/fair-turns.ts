import { type FairShares, passAfter, passOnArrival, prioritiesOf, shareOf } from "../model/fair-queue.ts";
import type { TenantId } from "../model/names.ts";
import type { Priority } from "../model/report.ts";

export type TurnOf = { readonly priority: Priority; readonly tenant: TenantId };

/**
 * Whose turn it is in one cluster, as `fair-queue` has it, among this process's claims: where each of many gives every
 * tenant its share, all of them together do. Rows that every claim updates would be versions that every claim reads, as
 * long as any old transaction is open.
 */
export type FairTurns = {
  join(lane: TurnOf): void;
  leave(lane: TurnOf): void;
  /** Leaves all that are not among these. */
  replace(lanes: readonly TurnOf[]): void;
  /** Up to `most`, the one whose turn it is first. */
  inOrder(most: number): readonly TurnOf[];
  /** The lane got one; the next turn begins. */
  serve(lane: TurnOf, shares: FairShares): void;
  readonly size: () => number;
};

type Place = { readonly lane: TurnOf; pass: number; readonly draw: number };

export function createFairTurns(): FairTurns {
  const places = new Map<Priority, Map<TenantId, Place>>();
  const lastServed = new Map<Priority, number>();
  let turn = 0;

  const at = (priority: Priority) => places.get(priority) ?? new Map<TenantId, Place>();

  function join(lane: TurnOf): void {
    const tenants = at(lane.priority);
    places.set(lane.priority, tenants);
    if (tenants.has(lane.tenant)) return;
    // Drawn, so that among many processes no tenant is everywhere the first of equals.
    tenants.set(lane.tenant, { lane, pass: passOnArrival(lastServed.get(lane.priority) ?? 0), draw: Math.random() });
  }

  return {
    join,
    leave: ({ priority, tenant }) => void at(priority).delete(tenant),
    replace(lanes) {
      const there = new Set(lanes.map(({ priority, tenant }) => `${priority} ${tenant}`));
      for (const tenants of places.values()) {
        for (const { lane } of tenants.values()) {
          if (!there.has(`${lane.priority} ${lane.tenant}`)) tenants.delete(lane.tenant);
        }
      }
      lanes.forEach(join);
    },
    inOrder(most) {
      const order: TurnOf[] = [];
      for (const priority of prioritiesOf(turn)) {
        const first = lowest([...at(priority).values()], most - order.length);
        order.push(...first.map(({ lane }) => lane));
      }
      return order;
    },
    serve({ priority, tenant }, shares) {
      turn += 1;
      const place = at(priority).get(tenant);
      if (!place) return;
      lastServed.set(priority, place.pass);
      place.pass = passAfter(place.pass, shareOf(shares, tenant));
    },
    size: () => [...places.values()].reduce((sum, tenants) => sum + tenants.size, 0),
  };
}

/** The first of many need not be sorted with all of them. */
function lowest(all: readonly Place[], most: number): readonly Place[] {
  const first: Place[] = [];
  for (const place of all) {
    const last = first.at(-1);
    if (first.length >= most && last && !comesBefore(place, last)) continue;
    const index = first.findIndex((other) => comesBefore(place, other));
    first.splice(index === -1 ? first.length : index, 0, place);
    if (first.length > most) first.pop();
  }
  return first;
}

function comesBefore(one: Place, other: Place): boolean {
  return one.pass < other.pass || (one.pass === other.pass && one.draw < other.draw);
}
