import type { Endpoint } from "../../model/service.ts";

/** Percent of the endpoints by region. */
export function regionParts(endpoints: readonly Endpoint[]): ReadonlyMap<string, number> {
  const byRegion = Map.groupBy(endpoints, ({ locality }) => locality.region);
  return new Map([...byRegion].map(([region, there]) => [region, (100 * there.length) / endpoints.length]));
}

/** The region with the most endpoints, and how many percent they are. */
export function largestRegion(endpoints: readonly Endpoint[]): readonly [string, number] {
  return [...regionParts(endpoints)].reduce((most, each) => (each[1] > most[1] ? each : most), ["", 0]);
}
