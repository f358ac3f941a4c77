import type { ObservedLoad } from "../../serve/loads/observed-loads.ts";
import { percentOf, rounded } from "../observed-traffic.ts";
import type { OperatorParts } from "../parts.ts";
import { trafficNow } from "../traffic-now.ts";
import { withinBytes } from "../within-bytes.ts";

const bytesOfFlows = 3_500;
const bytesOfRows = 5_500;
const bytesOfEach = 1_000;

/** Where traffic is to go and where it goes, the busiest first; in at most 12 kB. */
export function trafficEvent(parts: Pick<OperatorParts, "loads" | "clients" | "worlds">, at: Date) {
  const { revision, rows, overrides, held, dropped, reports } = trafficNow(parts);
  const busiest = rows.toSorted((a, b) => (b.observed?.rps ?? 0) - (a.observed?.rps ?? 0));
  const shown = {
    flows: withinBytes(flowsOf(parts.loads.observed(), parts.loads.windowMs), bytesOfFlows),
    rows: withinBytes(
      busiest.map(({ endpoints: { serving, total }, observed, regions: _, ...row }) => ({
        ...row,
        ...{ serving, total },
        ...observed,
      })),
      bytesOfRows,
    ),
    overrides: withinBytes(overrides, bytesOfEach),
    held: withinBytes(held, bytesOfEach),
    dropped: withinBytes(dropped, bytesOfEach / 2),
  };
  const named = Object.entries(shown);
  return {
    at: at.toISOString(),
    revision,
    reports,
    ...(Object.fromEntries(named.map(([name, { kept }]) => [name, kept])) as {
      readonly [Name in keyof typeof shown]: (typeof shown)[Name]["kept"];
    }),
    leftOut: Object.fromEntries(named.flatMap(([name, { leftOut }]) => (leftOut > 0 ? [[name, leftOut]] : []))),
  };
}

/** From region to region, as the load reports say. */
function flowsOf(loads: readonly ObservedLoad[], windowMs: number) {
  const byPlaces = Map.groupBy(loads, ({ service, from, to }) => `${service}\n${from.region}\n${to.region}`);
  const flows = [...byPlaces.values()].flatMap((some) => {
    const [first] = some;
    if (!first) return [];
    const sum = (of: (load: ObservedLoad) => number) => some.reduce((total, load) => total + of(load), 0);
    const error = sum((load) => load.error);
    const errorPercent = percentOf(error, error + sum(({ ok }) => ok));
    return [
      {
        ...{ service: first.service, from: first.from.region, to: first.to.region },
        rps: rounded(sum(({ requests }) => requests) / (windowMs / 1000)),
        ...(errorPercent !== undefined && { errorPercent }),
        inProgress: sum(({ inProgress }) => inProgress),
      },
    ];
  });
  return flows.sort((a, b) => b.rps - a.rps);
}
