import type { Latest } from "../../lib/latest.ts";
import type { Distances } from "../../model/distances.ts";
import type { ConsulFeed, Sighting, SourceNote, WatchFeed } from "../feed.ts";
import { consulSource } from "../source-names.ts";
import { type ConsulDatacenter, createDatacenterClient } from "./consul-datacenter.ts";
import { type ConsulLimits, consulLimits } from "./consul-limits.ts";
import type { DiscoverRule } from "./discovery.ts";
import { followCoordinates } from "./follow-coordinates.ts";
import { type Discovered, followDiscovery } from "./follow-discovery.ts";
import { ownWatch } from "./own-watch.ts";
import { createReadHealth } from "./read-health.ts";
import { createRollCall } from "./roll-call.ts";

export type ConsulSource = AsyncDisposable & {
  readonly watch: WatchFeed<ConsulFeed>;
  /** Finds services that need no document; kept in `file` over restarts. */
  discover(
    rules: readonly DiscoverRule[],
    file: string,
    signal: AbortSignal,
  ): Promise<AsyncDisposable & { readonly discovered: Latest<Discovered> }>;
  /** How far regions are from each other, where nothing else is declared. */
  distances(
    declared: readonly { readonly a: string; readonly b: string; readonly ms: number }[],
    signal: AbortSignal,
  ): Latest<Distances>;
};

export type ConsulSourceOptions = {
  readonly datacenters: readonly ConsulDatacenter[];
  readonly observe: (note: SourceNote) => void;
  readonly monotonicMs: () => number;
  readonly limits?: Partial<ConsulLimits>;
  readonly random?: () => number;
};

/**
 * Watches services of Consul data centers: the first ones by a blocking query each, as many as one Consul should have to hold,
 * the others by the roll call of their data center. A failure is yielded as such and asked again with back-off; it never ends the
 * watch, and it never touches another data center's.
 */
export function createConsulSource(options: ConsulSourceOptions): ConsulSource {
  const { observe, monotonicMs, random = Math.random } = options;
  const limits = { ...consulLimits, ...options.limits };
  const asked = new Map(options.datacenters.map((datacenter) => [datacenter.name, open(datacenter)]));
  /** How many services have a watch of their own, by the addresses that are asked. */
  const ownWatches = new Map<string, number>();

  function open(configured: ConsulDatacenter) {
    const source = consulSource(configured.name);
    const failedOver = (note: { readonly from: string; readonly to: string; readonly cause: Error }) =>
      observe({ kind: "source-failed-over", source, ...note });
    const datacenter = createDatacenterClient(configured, { source, limits, failedOver, monotonicMs });
    const read = createReadHealth({ datacenter, observe, monotonicMs, limits });
    const explain = ({ service }: ConsulFeed, cause: unknown) => {
      const says = cause instanceof Error ? cause.message : String(cause);
      const about = `consul ${configured.name} (${configured.addresses.join(", ")}): no health of "${service}"`;
      return new Error(`${about}: ${says}`, { cause });
    };
    const parts = { datacenter, read, explain, limits, monotonicMs, random };
    return { configured, datacenter, parts, rollCall: createRollCall(parts) };
  }

  async function* watch(feed: ConsulFeed, signal: AbortSignal): AsyncGenerator<Sighting> {
    const one = asked.get(feed.datacenter);
    if (!one) throw new Error(`${feed.key}: Consul data center "${feed.datacenter}" is not configured`);
    const where = one.configured.addresses.toSorted().join(" ");
    const own = ownWatches.get(where) ?? 0;
    if (own >= limits.ownWatches) return yield* one.rollCall.join(feed, signal);
    ownWatches.set(where, own + 1);
    try {
      yield* ownWatch(feed, one.parts, signal);
    } finally {
      ownWatches.set(where, (ownWatches.get(where) ?? 1) - 1);
    }
  }

  return {
    watch,
    discover: (rules, file, signal) =>
      followDiscovery(
        {
          ...{ rules, file, limits, observe, monotonicMs, random },
          datacenters: [...asked.values()].map(({ datacenter }) => datacenter),
          ...{ maxWaitMs: 15_000, maxWaitSavedMs: 3_000 },
        },
        signal,
      ),
    distances: (declared, signal) =>
      followCoordinates(
        {
          ...{ declared, observe, everyMs: limits.coordinatesMs },
          datacenters: [...asked.values()].map(({ datacenter }) => datacenter),
        },
        signal,
      ),
    async [Symbol.asyncDispose]() {
      for (const { datacenter, rollCall } of asked.values()) {
        rollCall[Symbol.dispose]();
        datacenter[Symbol.dispose]();
      }
    },
  };
}
