import { createLatest, type Latest } from "../../lib/latest.ts";
import { pause } from "../../lib/wait.ts";
import type { Distances } from "../../model/distances.ts";
import { distancesOf, inBands } from "../distance-bands.ts";
import type { SourceNote } from "../feed.ts";
import type { DatacenterClient } from "./consul-datacenter.ts";
import { type DatacenterCoordinates, distanceMs, parseCoordinates } from "./coordinates.ts";

type Pair = { readonly a: string; readonly b: string; readonly ms: number };

/**
 * How far regions are from each other: as declared, and else as the WAN coordinates of Consul's servers say, which are asked
 * for every `everyMs`. A Consul that does not answer leaves what it said last; in Consul coordinates need no token.
 */
export function followCoordinates(
  {
    declared,
    datacenters,
    everyMs,
    observe,
  }: {
    readonly declared: readonly Pair[];
    readonly datacenters: readonly DatacenterClient[];
    readonly everyMs: number;
    readonly observe: (note: SourceNote) => void;
  },
  signal: AbortSignal,
): Latest<Distances> {
  const distances = createLatest<Distances>(distancesOf(declared));
  const measured = new Map<DatacenterClient, readonly Pair[]>();
  let banded: Distances = new Map();

  async function ask(one: DatacenterClient): Promise<void> {
    const { source } = one;
    let failing = false;
    while (!signal.aborted) {
      try {
        const { text } = await one.ask("/v1/coordinate/datacenters", { index: 0, by: "any", isIndexed: false }, signal);
        measured.set(one, pairsOf(parseCoordinates(text), datacenters));
        banded = inBands(banded, distancesOf([...measured.values()].flat()));
        distances.set(withDeclared(distances.current() ?? new Map(), declared, banded));
        failing = false;
      } catch (thrown) {
        const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
        if (!failing && !signal.aborted) observe({ kind: "distances-unknown", source, cause });
        failing = true;
      }
      await pause(everyMs, signal);
    }
  }

  for (const one of datacenters) void ask(one);
  return distances;
}

/** What Consul calls them is what its data centers are configured as; regions are what documents know. */
function pairsOf(told: readonly DatacenterCoordinates[], datacenters: readonly DatacenterClient[]): readonly Pair[] {
  const regionOf = new Map(datacenters.map(({ configured: { datacenter, region } }) => [datacenter, region]));
  return told.flatMap((one, index) =>
    told.slice(index + 1).flatMap((other): readonly Pair[] => {
      const [a, b, ms] = [regionOf.get(one.datacenter), regionOf.get(other.datacenter), distanceMs(one, other)];
      return a === undefined || b === undefined || a === b || ms === undefined ? [] : [{ a, b, ms }];
    }),
  );
}

function withDeclared(before: Distances, declared: readonly Pair[], banded: Distances): Distances {
  const known = [...banded].flatMap(([a, to]) => [...to].map(([b, ms]) => ({ a, b, ms })));
  const next = distancesOf([...declared, ...known]);
  return JSON.stringify(entries(before)) === JSON.stringify(entries(next)) ? before : next;
}

function entries(distances: Distances) {
  return [...distances].map(([from, to]) => [from, [...to]]);
}
