import type { Service } from "../model/service.ts";

/** What stands in a region for a service. */
export type TrafficPlace = {
  readonly region: string;
  readonly serving: number;
  readonly draining: number;
  readonly total: number;
  /** What those that serve can bear; undefined when the Service does not say. */
  readonly capacityRps: number | undefined;
};

/** Region by region, by name. */
export function trafficPlaces({ spec, endpoints }: Pick<Service, "spec" | "endpoints">): readonly TrafficPlace[] {
  const byRegion = Map.groupBy(endpoints, ({ locality }) => locality.region);
  return [...byRegion.keys()].sort().map((region) => {
    const there = byRegion.get(region) ?? [];
    const count = (wanted: string) => there.filter(({ health }) => health === wanted).length;
    const serving = count("serving");
    const capacityRps = spec.capacity && spec.capacity.rpsPerEndpoint * serving;
    return { region, serving, draining: count("draining"), total: there.length, capacityRps };
  });
}
