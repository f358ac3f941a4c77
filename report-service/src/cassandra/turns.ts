import { type FairShares, passAfter, passOnArrival, prioritiesOf, shareOf } from "../model/fair-queue.ts";
import type { TenantId } from "../model/names.ts";
import type { Priority } from "../model/report.ts";

/** Whose turn it is in a cluster, as `fair-queue` has it; JSON. */
export type Turns = {
  readonly turn: number;
  readonly passes: Readonly<Partial<Record<Priority, PassesOf>>>;
};
type PassesOf = { readonly lastServed: number; readonly tenants: Readonly<Record<string, number>> };

export const firstTurn: Turns = { turn: 0, passes: {} };

/** What waits of one tenant and priority, oldest first; any of them may be claimed. */
export type Lane<T> = { readonly priority: Priority; readonly tenant: TenantId; readonly waiting: readonly T[] };

/** The lane that is next, and the turns after it; undefined where nothing may be claimed. */
export function nextLane<T>(
  turns: Turns,
  lanes: readonly Lane<T>[],
  shares: FairShares,
): { readonly lane: Lane<T>; readonly turns: Turns } | undefined {
  for (const priority of prioritiesOf(turns.turn)) {
    const here = lanes.filter((lane) => lane.priority === priority);
    const { lastServed = 0, tenants = {} } = turns.passes[priority] ?? {};
    const passes = new Map(here.map(({ tenant }) => [tenant, tenants[tenant] ?? passOnArrival(lastServed)]));
    const open = here.filter(({ waiting }) => waiting.length > 0);
    const passOf = ({ tenant }: Lane<T>) => passes.get(tenant) ?? 0;
    const [lane] = open.sort((one, other) => passOf(one) - passOf(other) || (one.tenant < other.tenant ? -1 : 1));
    if (!lane) continue;
    const pass = passOf(lane);
    passes.set(lane.tenant, passAfter(pass, shareOf(shares, lane.tenant)));
    // Those of whom nothing waits are forgotten: they join anew.
    const next: PassesOf = { lastServed: pass, tenants: Object.fromEntries(passes) };
    return { lane, turns: { turn: turns.turn + 1, passes: { ...turns.passes, [priority]: next } } };
  }
  return undefined;
}
