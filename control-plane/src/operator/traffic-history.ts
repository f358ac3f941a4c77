import { isDeepStrictEqual } from "node:util";
import type { trafficNow } from "./traffic-now.ts";

type Traffic = ReturnType<typeof trafficNow>;

/** How far back, and how often a moment of it is kept: 180 of each. */
export const historyWindows = { "15m": 5_000, "1h": 20_000, "6h": 120_000 } as const;
export type HistoryWindow = keyof typeof historyWindows;
export const momentsKept = 180;

/** Where callers were sent; `nearest` as the regions that it came to. */
export type PastRow = Pick<Traffic["rows"][number], "from" | "to" | "use" | "priority" | "weightPercent">;

export type PastService = {
  readonly rows: readonly PastRow[];
  /** Regions. */
  readonly places: readonly string[];
};

export type PastMoment = {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly revision: number;
  /** The same object as of the moment before, where nothing of it changed. */
  readonly service: PastService;
  /** Of each row requests per second and percent of errors, of each place what serves and what stands there; NaN: not known. */
  readonly values: Float32Array;
};

/** Services beyond so many rows and places together are not kept. */
const mostPairs = 3_000;

type Placed = PastService & { readonly first: number };
type Moment = {
  readonly at: number;
  readonly revision: number;
  readonly services: ReadonlyMap<string, Placed>;
  readonly values: Float32Array;
};

/**
 * What traffic was, at moments of the last hours, in a bounded room: numbers of all services in one array a moment, and the rows
 * that they belong to once for as long as these stay the same.
 */
export function createTrafficHistory() {
  const kept: Record<HistoryWindow, readonly Moment[]> = { "15m": [], "1h": [], "6h": [] };

  return {
    /** To be called every 5 s. */
    record(traffic: Traffic, at: number): void {
      let moment: Moment | undefined;
      for (const window of Object.keys(historyWindows) as HistoryWindow[]) {
        const last = kept[window].at(-1);
        // A timer that comes a little early is no reason to wait for the next one.
        if (last && at - last.at < historyWindows[window] - historyWindows["15m"] / 2) continue;
        moment ??= momentOf(traffic, at, kept["15m"].at(-1)?.services);
        kept[window] = [...kept[window], moment].slice(-momentsKept);
      }
    },
    /** The oldest first. */
    of(service: string, window: HistoryWindow): readonly PastMoment[] {
      return kept[window].flatMap(({ at, revision, services, values }) => {
        const placed = services.get(service);
        if (!placed) return [];
        const { first, rows, places } = placed;
        return [
          {
            at,
            revision,
            service: placed,
            values: values.subarray(2 * first, 2 * (first + rows.length + places.length)),
          },
        ];
      });
    },
  };
}

export type TrafficHistory = ReturnType<typeof createTrafficHistory>;

function momentOf(traffic: Traffic, at: number, before: ReadonlyMap<string, Placed> | undefined): Moment {
  const rowsBy = Map.groupBy(traffic.rows, ({ service }) => service);
  const placesBy = Map.groupBy(traffic.places, ({ service }) => service);
  const services = new Map<string, Placed>();
  const numbers: number[] = [];
  for (const name of new Set([...rowsBy.keys(), ...placesBy.keys()])) {
    const first = numbers.length / 2;
    const rows = (rowsBy.get(name) ?? []).flatMap(linesOf);
    const places = placesBy.get(name) ?? [];
    if (first + rows.length + places.length > mostPairs) continue;
    const placed = { first, rows: rows.map(({ row }) => row), places: places.map(({ region }) => region) };
    const same = before?.get(name);
    services.set(name, same && isDeepStrictEqual(same, placed) ? same : placed);
    for (const { observed } of rows)
      numbers.push(observed?.rps ?? Number.NaN, observed?.errorPercent ?? (observed ? 0 : Number.NaN));
    for (const { serving, total } of places) numbers.push(serving, total);
  }
  const areSame = before?.size === services.size && [...services].every(([name, each]) => before.get(name) === each);
  return {
    ...{ at, revision: traffic.revision, services: areSame ? before : services },
    values: Float32Array.from(numbers),
  };
}

type Row = Traffic["rows"][number];

function linesOf({ from, to, use, priority, weightPercent, observed, regions = [] }: Row) {
  const row = { from, use, priority, ...(weightPercent !== undefined && { weightPercent }) };
  if (to !== "nearest") return [{ row: { ...row, to }, observed }];
  const { weightPercent: _, ...plain } = row;
  return regions.map(({ region, observed }) => ({ row: { ...plain, to: region }, observed }));
}
