import { type Locality, localityText } from "../../model/locality.ts";
import { type Cell, createLoadCells } from "./load-cells.ts";
import { createLoadTotals } from "./load-totals.ts";
import { secondOf } from "./load-window.ts";
import type { ObservedLoads, ReportingClient } from "./observed-loads.ts";

/** What one client counted in one interval. */
export type Reported = {
  /** Requests that were begun; 0 throughout from clients that do not count them. */
  readonly issued: number;
  readonly ok: number;
  readonly error: number;
  /** Requests that are open now: a state, not a count. */
  readonly inProgress: number;
};

export type LoadRow = {
  /** As the client calls it: the name of the Cluster that it was sent, which is that of a service or of a part of one. */
  readonly cluster: string;
  /** The time that the counts are of; undefined where the client did not measure it. */
  readonly intervalMs: number | undefined;
  readonly to: Locality;
  readonly priority: number;
  readonly reported: Reported;
  /** Empty from clients that do not tell endpoints apart, as gRPC. */
  readonly endpoints: readonly { readonly address: string; readonly reported: Reported }[];
};

export type LoadDrop = {
  readonly cluster: string;
  readonly intervalMs: number | undefined;
  readonly dropped: number;
};

/** One report of one client. */
export type LoadReport = { readonly rows: readonly LoadRow[]; readonly drops: readonly LoadDrop[] };

/** Where one client's reports go. Disposing of it takes its open requests away; what it counted stays. */
export type Reporter = Disposable & {
  /** Returns how many rows there was no room for. */
  report(report: LoadReport): number;
};

export type Loads = ObservedLoads & {
  reporter(client: { readonly nodeId: string; readonly from: Locality }): Reporter;
  /** Clients are told to report this often: the window ends that long ago. */
  setInterval(intervalMs: number): void;
};

/** However many clients there are, they are asked for their loads at least this often. */
export const longestIntervalMs = 32_000;

/** What is kept apart at most. More of it is left out, and said so. */
export const loadLimits = {
  pairs: 20_000,
  pairsPerService: 1_000,
  endpoints: 20_000,
  endpointsPerService: 1_000,
  totals: 20_000,
};

const sweepEveryMs = 10_000;

/**
 * Adds up what clients report, over a sliding window. Memory is bounded by what is observed (services x places of callers x
 * places of endpoints) and by `loadLimits`, never by the number of clients. Clusters that are no service, as an Envoy's own
 * static ones, are passed over.
 */
export function createLoads({
  now,
  serviceOf,
  windowMs = 10_000,
}: {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** The service whose requests a cluster's are; undefined for one that is of no service. A service has its own name. */
  readonly serviceOf: (cluster: string) => string | undefined;
  readonly windowMs?: number;
}): Loads {
  const isService = (name: string) => serviceOf(name) === name;
  const seconds = Math.ceil(windowMs / 1000);
  const kept = { seconds: seconds + longestIntervalMs / 1000 + 2 };
  const pairs = createLoadCells<{ readonly from: Locality; readonly to: Locality; readonly priority: number }>({
    ...kept,
    most: loadLimits.pairs,
    mostPerService: loadLimits.pairsPerService,
  });
  const dropping = createLoadCells<Locality>({
    ...kept,
    most: loadLimits.pairs,
    mostPerService: loadLimits.pairsPerService,
  });
  const atEndpoints = createLoadCells<Locality>({
    ...kept,
    most: loadLimits.endpoints,
    mostPerService: loadLimits.endpointsPerService,
  });
  const totals = createLoadTotals(loadLimits.totals);
  const reporters = new Set<() => ReportingClient>();
  let intervalMs = 2_000;
  let sweptAt = now();

  function sweep(): void {
    if (now() - sweptAt < sweepEveryMs) return;
    sweptAt = now();
    for (const cells of [pairs, dropping, atEndpoints]) cells.sweep(sweptAt, isService);
    totals.sweep(isService);
  }

  function createReporter(nodeId: string, from: Locality): Reporter {
    const fromText = localityText(from);
    let [reportedAt, countsIssued]: [number | undefined, boolean] = [undefined, false];
    /** Its open requests, where they were counted: to be taken back when it says anew. */
    let open: (readonly [Cell<unknown>, number])[] = [];
    const client = () => ({ nodeId, ageMs: reportedAt === undefined ? undefined : now() - reportedAt });
    reporters.add(client);

    function close(): void {
      for (const [cell, count] of open) cell.inProgress -= count;
      open = [];
    }

    /** 1 where there is no cell for it. */
    function count(cell: Cell<unknown> | undefined, reported: Reported, fromMs: number, toMs: number): number {
      if (cell === undefined) return 1;
      const { ok, error, issued, inProgress } = reported;
      const requests = countsIssued ? issued : ok + error;
      if (requests + ok + error > 0) cell.window.add({ requests, ok, error }, fromMs, toMs);
      if (inProgress === 0) return 0;
      cell.inProgress += inProgress;
      open.push([cell, inProgress]);
      return 0;
    }

    return {
      report({ rows, drops }) {
        const toMs = now();
        sweep();
        close();
        const sinceLastMs = reportedAt === undefined ? intervalMs : toMs - reportedAt;
        reportedAt = toMs;
        // Who counts what it begins counts it no later than its end.
        countsIssued ||= rows.some(({ reported }) => reported.issued > 0);
        let leftOut = 0;
        for (const { cluster, intervalMs: overMs = sinceLastMs, to, priority, reported, endpoints } of rows) {
          const service = serviceOf(cluster);
          if (service === undefined) continue;
          const fromMs = toMs - overMs;
          totals.add(service, from.region, to.region, reported);
          const pair = pairs.at(service, `${fromText}\n${localityText(to)}\n${priority}`, { from, to, priority });
          leftOut += count(pair, reported, fromMs, toMs);
          for (const { address, reported } of endpoints)
            leftOut += count(atEndpoints.at(service, address, to), reported, fromMs, toMs);
        }
        for (const { cluster, intervalMs: overMs = sinceLastMs, dropped } of drops) {
          const service = serviceOf(cluster);
          if (service === undefined) continue;
          totals.add(service, from.region, "", { dropped });
          const cell = dropping.at(service, fromText, from);
          if (cell === undefined) leftOut += 1;
          else cell.window.add({ requests: dropped, ok: 0, error: 0 }, toMs - overMs, toMs);
        }
        return leftOut;
      },
      [Symbol.dispose]() {
        close();
        reporters.delete(client);
      },
    };
  }

  /** What there is of each cell in the window; without those of which there is nothing. */
  function* summed<About>(cells: Iterable<readonly [string, string, Cell<About>]>) {
    const end = secondOf(now() - intervalMs);
    for (const [service, key, { about, window, inProgress }] of cells) {
      const counts = window.sum(end, seconds);
      if (counts.requests + counts.ok + counts.error + inProgress > 0)
        yield { service, key, about, counts: { ...counts, inProgress } };
    }
  }

  return {
    windowMs: seconds * 1000,
    lagMs: () => intervalMs,
    setInterval(next) {
      intervalMs = Math.min(next, longestIntervalMs);
    },
    reporter: ({ nodeId, from }) => createReporter(nodeId, from),
    observed: (service) =>
      [...summed(pairs.list(service))].map(({ service, about, counts }) => ({ service, ...about, ...counts })),
    endpoints: (service) =>
      [...summed(atEndpoints.list(service))].map(({ service, key: address, about: to, counts }) => ({
        ...{ service, address, to },
        ...counts,
      })),
    drops: (service) =>
      [...summed(dropping.list(service))].map(({ service, about: from, counts }) => ({
        ...{ service, from },
        dropped: counts.requests,
      })),
    totals: totals.list,
    clients: () => [...reporters].map((client) => client()),
  };
}
