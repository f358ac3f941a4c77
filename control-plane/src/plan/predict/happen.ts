import { localityText, matchesLocality } from "../../model/locality.ts";
import { addressText, type Endpoint, type Health, type Service } from "../../model/service.ts";
import type { Condition, Trouble } from "./condition.ts";
import type { Happening, Where } from "./what-if.ts";

export type Afterwards = {
  readonly service: Service;
  readonly condition: Condition;
  /** How many endpoints something happened to. */
  readonly affected: number;
};

/** The service after all of this has happened to it, one after the other. */
export function happen(service: Service, happenings: readonly Happening[]): Afterwards {
  const healths = new Map<Endpoint, Health>();
  const troubles = new Map<string, Trouble>();
  const affected = new Set<Endpoint>();
  for (const { percent, where, what } of happenings) {
    for (const endpoint of partOf(service.endpoints, where, percent)) {
      affected.add(endpoint);
      const address = addressText(endpoint.address);
      if (what.kind === "trouble") troubles.set(address, what.trouble);
      else {
        healths.set(endpoint, what.health);
        if (what.health === "serving") troubles.delete(address);
      }
    }
  }
  const endpoints = service.endpoints.map((endpoint) => {
    const health = healths.get(endpoint);
    return health === undefined ? endpoint : { ...endpoint, health };
  });
  return { service: { ...service, endpoints }, condition: troubles, affected: affected.size };
}

function partOf(endpoints: readonly Endpoint[], where: Where, percent: number): readonly Endpoint[] {
  const named = endpoints.filter((endpoint) => isNamed(where, endpoint));
  // By zones in turn, so that a part of a data center is that part of each of its zones.
  const taken = new Map<string, number>();
  const inTurn = named
    .map((endpoint) => {
      const zone = localityText(endpoint.locality);
      const turn = taken.get(zone) ?? 0;
      taken.set(zone, turn + 1);
      return { endpoint, turn };
    })
    .sort((a, b) => a.turn - b.turn);
  const count = Math.max(1, Math.round((named.length * percent) / 100));
  return inTurn.slice(0, count).map(({ endpoint }) => endpoint);
}

function isNamed(where: Where, { address, locality }: Endpoint): boolean {
  return where.kind === "address" ? addressText(address) === where.address : matchesLocality(where.pattern, locality);
}
