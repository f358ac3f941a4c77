import type { Listed } from "../src/operator/events/listed.ts";
import type { Overview as Told } from "../src/operator/events/overview.ts";
import type { Overview, Shift, TrafficAnswer } from "./answers.ts";

/** What the stream tells of a control plane; documents and the journal are asked for beside it. */
export type ToldParts = Omit<Overview, "splits" | "revisions">;

/** How things are as the stream tells it, as the views want it: with ages at `at`, in milliseconds of the server's clock. */
export function readOverview(told: Told, at: number): ToldParts {
  const ageSeconds = ({ since }: { readonly since: string }) => Math.max(0, (at - Date.parse(since)) / 1_000);
  const { groups, troubled, ...counts } = told.clients;
  const { guard } = told;
  return {
    at,
    version: told.version,
    traffic: trafficOf(told.traffic, at),
    clients: {
      ...counts,
      groups: Object.entries(groups)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, group]) => group),
      troubled: Object.values(troubled)
        .map((each) => ({ ...each, ageSeconds: ageSeconds(each) }))
        .sort((a, b) => (a.status === b.status ? b.ageSeconds - a.ageSeconds : a.status === "ERROR" ? -1 : 1)),
    },
    sources: Object.entries(told.sources).map(([source, rest]) => ({ source, ...rest, ageSeconds: ageSeconds(rest) })),
    guard: {
      held: inOrder(guard.held).map((each) => ({
        ...{ ...each, heldSeconds: ageSeconds(each) },
        ...(each.believedAt !== undefined && { believedInSeconds: secondsUntil(each.believedAt, at) }),
      })),
      heldInAll: guard.heldInAll,
      refused: inOrder(guard.refused),
      refusedInAll: guard.refusedInAll,
    },
    store: { ...told.store, ageSeconds: ageSeconds(told.store) },
    shifts: inOrder(told.shifts) as readonly Shift[],
  };
}

function trafficOf({ revision, reports, services }: Told["traffic"], at: number): TrafficAnswer {
  const all = Object.entries(services);
  const of = <T, U>(list: (service: (typeof all)[number][1]) => Listed<T>, with_: (each: T, service: string) => U) =>
    all.flatMap(([name, told]) => inOrder(list(told)).map((each) => with_(each, name)));
  return {
    revision,
    reports,
    rows: of(
      ({ rows }) => rows,
      ({ regions, ...row }, service) => ({ service, ...row, ...(regions && { regions: inOrder(regions) }) }),
    ),
    places: of(
      ({ places }) => places,
      (place, service) => ({ service, ...place }),
    ),
    overrides: of(
      ({ overrides }) => overrides,
      (override, service) => ({
        ...{ service, ...override },
        expiresInSeconds: secondsUntil(override.expireTime, at),
      }),
    ),
    held: of(
      ({ held }) => held,
      (hold, service) => ({ service, ...hold }),
    ),
  };
}

/** Names that are whole numbers come in their order, whenever they came to be (ECMA-262, OrdinaryOwnPropertyKeys). */
function inOrder<T>(list: Listed<T>): readonly T[] {
  return Object.values(list);
}

function secondsUntil(time: string, at: number): number {
  return Math.max(0, (Date.parse(time) - at) / 1_000);
}
