import type { OperatorParts } from "../parts.ts";
import { trafficNow } from "../traffic-now.ts";
import { type Listed, listed } from "./listed.ts";
import type { Overview, ToldObserved, ToldRow, ToldService } from "./overview.ts";

type Traffic = ReturnType<typeof trafficNow>;
type Row = Traffic["rows"][number];

/** Traffic by service. */
export function overviewTraffic(parts: Pick<OperatorParts, "loads" | "clients" | "worlds">): Overview["traffic"] {
  const { revision, reports, rows, places, overrides, held } = trafficNow(parts);
  const names = [...new Set([...rows, ...places].map(({ service }) => service))];
  const by = {
    rows: byService(rows, toldRow),
    places: byService(places, ({ service: _, ...place }) => place),
    overrides: byService(overrides, ({ service: _, expiresInSeconds: _age, ...override }) => override),
    held: byService(held, ({ service: _, ...hold }) => hold),
  };
  return {
    revision,
    reports,
    services: Object.fromEntries(
      names.map((name): [string, ToldService] => [
        name,
        {
          rows: by.rows.get(name) ?? {},
          places: by.places.get(name) ?? {},
          overrides: by.overrides.get(name) ?? {},
          held: by.held.get(name) ?? {},
        },
      ]),
    ),
  };
}

function byService<T extends { readonly service: string }, U>(
  all: readonly T[],
  told: (each: T) => U,
): ReadonlyMap<string, Listed<U>> {
  const groups = [...Map.groupBy(all, ({ service }) => service)];
  return new Map(groups.map(([service, some]) => [service, listed(some.map(told))]));
}

function toldRow({ service: _, observed, regions, ...row }: Row): ToldRow {
  return {
    ...row,
    ...(observed && { observed: toldObserved(observed) }),
    ...(regions && {
      regions: listed(regions.map(({ region, observed }) => ({ region, observed: toldObserved(observed) }))),
    }),
  };
}

function toldObserved({ percent, rps, errorPercent }: NonNullable<Row["observed"]>): ToldObserved {
  return {
    rps: rounded(rps, 10),
    ...(percent !== undefined && { percent: rounded(percent, 10) }),
    ...(errorPercent !== undefined && { errorPercent: rounded(errorPercent, 100) }),
  };
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
