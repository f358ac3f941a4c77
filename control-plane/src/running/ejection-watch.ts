import { sortedBy } from "../lib/order.ts";
import { type ClientTroubles, clientTroubles, endpointKey, type HostTrouble } from "./client-troubles.ts";
import type { EjectedEndpoint, EjectionHappening, Ejections, Lane, Segment, ServiceTrouble } from "./ejections.ts";
import type { ClusterLook } from "./envoy-clusters.ts";

/** Puts together what all clients tell of their endpoints, and remembers half an hour of it. */
export type EjectionWatch = {
  /** A client told this. */
  looked(nodeId: string, clusters: readonly ClusterLook[], at: Date): void;
  /** It cannot be asked any more: what it told counts no longer. */
  lost(nodeId: string): void;
  /** To be called after looks: what began and ended since the last time. */
  settle(at: Date): readonly EjectionHappening[];
  now(): Ejections;
};

const keptMs = 30 * 60_000;
const mostLanes = 500;
const mostSegments = 60;
const mostHappenings = 200;
const mostNodeIds = 20;

type Open = {
  readonly what: EjectionHappening["what"];
  readonly service: string;
  readonly address?: string;
  readonly locality?: string;
  readonly breaker?: string;
  readonly state: Segment["state"] | undefined;
  readonly clients: number;
  readonly of: number;
  readonly since: Date;
  readonly nodeIds: readonly string[];
};
type Track = { readonly about: Open; segments: Segment[]; open: Open | undefined };

export function createEjectionWatch({
  serviceOf,
}: {
  /** The service of a cluster; undefined for one that is none of Weir's. */
  readonly serviceOf: (cluster: string) => string | undefined;
}): EjectionWatch {
  const clients = new Map<string, ClientTroubles>();
  const tracks = new Map<string, Track>();
  let happenings: EjectionHappening[] = [];
  let happened = 0;

  function happen(happening: EjectionHappening): EjectionHappening {
    happened += 1;
    happenings = [...happenings, happening].slice(-mostHappenings);
    return happening;
  }

  return {
    looked(nodeId, clusters, at) {
      clients.set(nodeId, clientTroubles(clients.get(nodeId), clusters, serviceOf, at));
    },
    lost(nodeId) {
      clients.delete(nodeId);
    },
    settle(at) {
      const current = troublesOf(clients);
      const told: EjectionHappening[] = [];
      for (const [key, open] of current) {
        const track = tracks.get(key) ?? { about: open, segments: [], open: undefined };
        tracks.set(key, track);
        if (track.open === undefined) told.push(happen(happeningOf("began", open, at)));
        track.segments = withSegment(track, open, at);
        track.open = open;
      }
      for (const [key, track] of tracks) {
        if (track.open !== undefined && !current.has(key)) {
          const isUnknown = !track.open.nodeIds.some((nodeId) => clients.has(nodeId));
          told.push(happen({ ...happeningOf("ended", track.open, at), ...(isUnknown && { isUnknown }) }));
          track.segments = ended(track.segments, at);
          track.open = undefined;
        }
        track.segments = track.segments.filter(({ to }) => to === undefined || +at - +to < keptMs).slice(-mostSegments);
        if (track.segments.length === 0 && track.open === undefined) tracks.delete(key);
      }
      // Those that ended longest ago are the first to be forgotten.
      const excess = tracks.size - mostLanes;
      if (excess > 0)
        for (const [key] of [...tracks].filter(([, { open }]) => !open).slice(0, excess)) tracks.delete(key);
      return told;
    },
    now() {
      const open = [...troublesOf(clients).values()];
      const troubles = (what: string) => open.filter((each) => each.what === what).map(serviceTroubleOf);
      return {
        endpoints: sortedBy(
          endpointsOf(clients),
          ({ service, locality, address }) => `${service} ${locality} ${address}`,
        ),
        panics: troubles("panic"),
        breakers: troubles("breaker"),
        lanes: sortedBy(
          [...tracks.values()].flatMap(laneOf),
          ({ service, locality, address = "" }) => `${service} ${locality} ${address}`,
        ),
        happenings,
        happened,
      };
    },
  };
}

/** Everything that goes on now, by a key of its own. */
function troublesOf(clients: ReadonlyMap<string, ClientTroubles>): ReadonlyMap<string, Open> {
  const all = new Map<string, Open>();
  for (const { service, address, locality, state, clients: count, of, since, nodeIds } of endpointsOf(clients))
    all.set(`endpoint ${endpointKey(service, address)}`, {
      ...{ what: "ejection", service, address, locality, state, clients: count, of, since, nodeIds },
    });
  const panics = byKey(clients, ({ panics }) => panics);
  for (const [service, those] of panics)
    all.set(`panic ${service}`, { what: "panic", service, state: "panic", ...among(clients, service, those) });
  const breakers = byKey(clients, ({ breakers }) => breakers);
  for (const [key, those] of breakers) {
    const [service = "", breaker = ""] = key.split("\n");
    all.set(`breaker ${key}`, {
      what: "breaker",
      service,
      breaker,
      state: undefined,
      ...among(clients, service, those),
    });
  }
  return all;
}

type Since = { readonly nodeId: string; readonly since: Date };

function byKey(
  clients: ReadonlyMap<string, ClientTroubles>,
  of: (troubles: ClientTroubles) => ReadonlyMap<string, Date>,
): ReadonlyMap<string, readonly Since[]> {
  const all = [...clients].flatMap(([nodeId, troubles]) =>
    [...of(troubles)].map(([key, since]) => ({ key, nodeId, since })),
  );
  return Map.groupBy(all, ({ key }) => key);
}

/** Of the clients that know an endpoint of the service. */
function among(clients: ReadonlyMap<string, ClientTroubles>, service: string, those: readonly Since[]) {
  const begins = `${service}\n`;
  const of = [...clients.values()].filter(({ sees }) => sees.keys().some((key) => key.startsWith(begins))).length;
  return { clients: those.length, of: Math.max(of, those.length), since: first(those), nodeIds: named(those) };
}

function endpointsOf(clients: ReadonlyMap<string, ClientTroubles>): readonly EjectedEndpoint[] {
  const all = [...clients].flatMap(([nodeId, { hosts }]) =>
    [...hosts].map(([key, host]) => ({ key, nodeId, ...host })),
  );
  return [...Map.groupBy(all, ({ key }) => key)].flatMap(([key, some]) => {
    const enforced = some.filter(({ state }) => state === "enforced");
    const those = enforced.length > 0 ? enforced : some;
    const [one] = those;
    if (one === undefined) return [];
    const rates = those.flatMap(({ successRate }) => successRate ?? []);
    const of = [...clients.values()].filter(({ sees }) => sees.has(key)).length;
    const { service, address, locality, state }: HostTrouble = one;
    return [
      {
        ...{ service, address, locality, state, clients: those.length, of, since: first(those), nodeIds: named(those) },
        flags: [...new Set(those.flatMap(({ flags }) => flags))],
        successRate: rates.length > 0 ? Math.min(...rates) : undefined,
      },
    ];
  });
}

function first(those: readonly { readonly since: Date }[]): Date {
  return new Date(Math.min(...those.map(({ since }) => +since)));
}

function named(those: readonly { readonly nodeId: string }[]): readonly string[] {
  return those
    .map(({ nodeId }) => nodeId)
    .sort()
    .slice(0, mostNodeIds);
}

function happeningOf(change: EjectionHappening["change"], open: Open, at: Date): EjectionHappening {
  const { what, service, address, locality, breaker, state, clients, of, since } = open;
  return {
    ...{ what, change, at, service, clients, of },
    ...(address !== undefined && { address }),
    ...(locality !== undefined && { locality }),
    ...(breaker !== undefined && { breaker }),
    ...((state === "enforced" || state === "suppressed") && { state }),
    ...(change === "ended" && { lastedMs: +at - +since }),
  };
}

function withSegment({ segments }: Track, { state, clients, of }: Open, at: Date): Segment[] {
  const last = segments.at(-1);
  if (state === undefined) return [];
  if (last && last.to === undefined && last.state === state && last.clients === clients && last.of === of)
    return segments;
  return [...ended(segments, at), { from: at, to: undefined, state, clients, of }];
}

function ended(segments: readonly Segment[], at: Date): Segment[] {
  return segments.map((each) => (each.to === undefined ? { ...each, to: at } : each));
}

function laneOf({ about: { what, service, address, locality = "" }, segments }: Track): readonly Lane[] {
  return what === "breaker" || segments.length === 0 ? [] : [{ service, address, locality, segments }];
}

function serviceTroubleOf({ what, service, breaker, clients, of, since, nodeIds }: Open): ServiceTrouble {
  return { service, what: breaker ?? what, clients, of, since, nodeIds };
}
