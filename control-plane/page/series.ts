import type { HistoryWindow } from "./address.ts";
import type { Overview, PlaceRow, TrafficRow } from "./answers.ts";
import { regionOf } from "./flows.ts";

/** A row of then; its numbers stand in the moment. */
export type PastRow = Pick<TrafficRow, "from" | "to" | "use" | "priority" | "weightPercent">;
type Layout = { readonly rows: readonly PastRow[]; readonly places: readonly string[] };

/** What `GET /v1/traffic/history` answers. */
export type HistoryAnswer = {
  readonly service: string;
  readonly window: HistoryWindow;
  readonly everySeconds: number;
  readonly layouts: readonly Layout[];
  readonly moments: readonly {
    readonly at: string;
    readonly revision: number;
    readonly layout: number;
    readonly rows: Moment["rows"];
    readonly places: Moment["places"];
  }[];
};

/** Traffic of one service at one time of the server's clock. */
export type Moment = {
  readonly at: number;
  readonly revision: number;
  readonly layout: Layout;
  /** Requests per second and percent of errors; null: nobody reported. */
  readonly rows: readonly (readonly [number | null, number | null])[];
  /** What serves and what stands there. */
  readonly places: readonly (readonly [number, number])[];
};

/** A service's traffic until now, the oldest first; as long as the window is, never longer. */
export type Series = {
  readonly service: string;
  readonly window: HistoryWindow;
  readonly everyMs: number;
  readonly moments: readonly Moment[];
};

export const windowMs: Readonly<Record<HistoryWindow, number>> = { "15m": 900_000, "1h": 3_600_000, "6h": 21_600_000 };

/** As many as the server keeps. */
const momentsInWindow = 180;

export function readHistory({ service, window, everySeconds, layouts, moments }: HistoryAnswer): Series {
  const none: Layout = { rows: [], places: [] };
  return {
    ...{ service, window, everyMs: 1_000 * everySeconds },
    moments: moments.map(({ at, layout, ...rest }) => ({
      ...{ at: Date.parse(at), layout: layouts[layout] ?? none },
      ...rest,
    })),
  };
}

/** One of which nothing is known yet. */
export function newSeries(service: string, window: HistoryWindow, at: number): Series {
  const none = { at, revision: 0, layout: { rows: [], places: [] }, rows: [], places: [] };
  return { service, window, everyMs: windowMs[window] / momentsInWindow, moments: [none] };
}

/** With how things are now, when it is time for another moment; else the very same. */
export function withNow(series: Series, { traffic, at }: Pick<Overview, "traffic" | "at">): Series {
  const { service, moments, everyMs, window } = series;
  const last = moments.at(-1);
  if (last !== undefined && at - last.at < everyMs - 500) return series;
  const rows = traffic.rows.filter((row) => row.service === service).flatMap(linesOf);
  const places = traffic.places.filter((place) => place.service === service);
  const now: Moment = {
    ...{ at, revision: traffic.revision },
    layout: { rows: rows.map(({ row }) => row), places: places.map(({ region }) => region) },
    rows: rows.map(({ observed }) => [
      observed?.rps ?? null,
      observed === undefined ? null : (observed.errorPercent ?? 0),
    ]),
    places: places.map(({ serving, total }) => [serving, total]),
  };
  return { ...series, moments: [...moments.filter((each) => at - each.at <= windowMs[window]), now] };
}

/** Whether it goes on without a hole; while the page was in the background it did not. */
export function isWhole({ moments, everyMs }: Series, at: number): boolean {
  const last = moments.at(-1);
  return last === undefined || at - last.at < 3 * everyMs;
}

type Line = { readonly row: PastRow; readonly observed: TrafficRow["observed"] | undefined };

function linesOf({ from, to, use, priority, weightPercent, observed, regions = [] }: TrafficRow): readonly Line[] {
  const row = { from, use, priority };
  if (to === "nearest") return regions.map(({ region, observed }) => ({ row: { ...row, to: region }, observed }));
  return [{ row: { ...row, to, weightPercent }, observed }];
}

/** Requests per second that went to each region, and those that failed. */
export function ratesOf({ layout, rows }: Moment): {
  readonly byRegion: ReadonlyMap<string, number>;
  readonly failed: number;
  readonly isKnown: boolean;
} {
  const byRegion = new Map<string, number>();
  let failed = 0;
  let isKnown = false;
  for (const [index, { to }] of layout.rows.entries()) {
    const [rps = null, errorPercent = null] = rows[index] ?? [];
    if (rps === null || to === "nearest") continue;
    isKnown = true;
    const region = regionOf(to);
    byRegion.set(region, (byRegion.get(region) ?? 0) + rps);
    failed += (rps * (errorPercent ?? 0)) / 100;
  }
  return { byRegion, failed, isKnown };
}

/** The moment that was nearest to this time. */
export function momentAt({ moments }: Series, at: number): Moment | undefined {
  let best: Moment | undefined;
  for (const each of moments) if (best === undefined || Math.abs(each.at - at) < Math.abs(best.at - at)) best = each;
  return best;
}

/** Traffic as it was then, for the same picture as now's. What a place bears is today's: it is not kept. */
export function trafficThen(
  { traffic }: Pick<Overview, "traffic">,
  service: string,
  { revision, layout, rows, places }: Moment,
): Overview["traffic"] {
  const total = new Map<string, number>();
  for (const [index, { from }] of layout.rows.entries())
    total.set(from, (total.get(from) ?? 0) + (rows[index]?.[0] ?? 0));
  return {
    ...{ ...traffic, revision, overrides: [], held: [] },
    rows: layout.rows.map((row, index): TrafficRow => {
      const [rps = null, errorPercent = null] = rows[index] ?? [];
      const all = total.get(row.from) ?? 0;
      return {
        ...{ service, ...row, endpoints: { serving: 0, total: 0 } },
        ...(rps !== null && {
          observed: {
            rps,
            ...(all > 0 && { percent: (100 * rps) / all }),
            ...(errorPercent !== null && { errorPercent }),
          },
        }),
      };
    }),
    places: layout.places.map((region, index): PlaceRow => {
      const [serving = 0, stands = 0] = places[index] ?? [];
      return { service, region, serving, draining: 0, total: stands };
    }),
  };
}
