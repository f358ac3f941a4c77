import { Counter, Gauge, type Registry } from "prom-client";
import { effectiveShares } from "../model/effective-shares.ts";
import { localityText } from "../model/locality.ts";
import type { Service } from "../model/service.ts";
import type { Split } from "../model/split.ts";
import type { World } from "../model/world.ts";
import type { GuardRow, SourceOverview } from "../operator/parts.ts";
import type { StoreStatus } from "../policy/policy-store.ts";
import type { ClientView } from "../serve/clients.ts";
import type { LoadTotal, ObservedLoads } from "../serve/loads/observed-loads.ts";
import { sourceLabels } from "./metrics.ts";

type SourceState = Pick<SourceOverview, "source" | "state" | "since">;
type Guarded = Pick<GuardRow, "service" | "source" | "trust" | "flapping" | "refused"> & {
  readonly held: readonly Pick<GuardRow["held"][number], "change" | "heldMs">[];
};

/** What the gauges are read from, at each scrape. */
export type Readings = {
  clients(): readonly ClientView[];
  sources(): readonly SourceState[];
  store(): Pick<StoreStatus, "kind" | "state" | "since">;
  /** How far each source is believed for each service. */
  guard(): readonly Guarded[];
  /** The world that is being served. */
  world(): World | undefined;
  /** What clients report, and the shares that follow from it. */
  readonly loads: Pick<ObservedLoads, "totals" | "clients">;
  observed(): readonly {
    readonly service: string;
    readonly from: string;
    readonly to: string;
    readonly ratio: number;
  }[];
  /** What the documents in force get wrong. */
  findings(): readonly { readonly severity: string }[];
  now(): Date;
};

/** Gauges cost nothing until someone looks: each is computed when it is scraped. */
export function registerGauges(registry: Registry, readings: () => Readings | undefined): void {
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: (readings: Readings) => Iterable<readonly [Readonly<Record<Label, string>>, number]>,
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        const from = readings();
        if (from) for (const [labels, value] of read(from)) this.set(labels, value);
      },
    });

  gauge("xds_clients", "Connected xDS clients.", ["kind", "locality", "protocol"], ({ clients }) => {
    const shown = boundedLocalities();
    return tally(clients().map(({ kind, locality, protocol }) => ({ kind, locality: shown(locality), protocol })));
  });
  gauge(
    "xds_client_status",
    "Connected xDS clients by what has become of each type of resource.",
    ["type", "status"],
    ({ clients }) =>
      tally(clients().flatMap(({ types }) => Object.entries(types).map(([type, { status }]) => ({ type, status })))),
  );
  gauge(
    "registry_sync_age_seconds",
    "How long a source has not answered; 0 while it does.",
    ["source", "datacenter"],
    ({ sources, now }) => sources().map((seen) => [sourceLabels(seen.source), syncAge(seen, now())]),
  );
  gauge(
    "guard_source_state",
    "Services of a source by how far it is believed.",
    ["source", "datacenter", "state"],
    ({ guard }) => tally(guard().map(({ source, trust }) => ({ ...sourceLabels(source), state: trust }))),
  );
  gauge(
    "guard_held_endpoints",
    "Endpoints that are held back: no longer named and kept, or named and not served yet.",
    ["service", "source", "datacenter", "change"],
    ({ guard }) =>
      tally(
        guard().flatMap(({ service, source, held }) =>
          held.map(({ change }) => ({ service, ...sourceLabels(source), change })),
        ),
      ),
  );
  const ofService = ["service", "source", "datacenter"] as const;
  const counted =
    (count: (row: Guarded) => number) =>
    ({ guard }: Readings) =>
      guard().flatMap((row) => {
        const value = count(row);
        return value === 0 ? [] : [[{ service: row.service, ...sourceLabels(row.source) }, value] as const];
      });
  gauge(
    "guard_held_seconds",
    "How long endpoints have been held back, the longest.",
    ofService,
    counted(({ held }) => Math.max(0, ...held.map(({ heldMs }) => heldMs / 1000))),
  );
  gauge(
    "guard_flapping_endpoints",
    "Endpoints whose changes are put off.",
    ofService,
    counted(({ flapping }) => flapping.length),
  );
  gauge(
    "guard_refused_endpoints",
    "Endpoints that are left out, as no client may be sent there.",
    ofService,
    counted(({ refused }) => refused.length),
  );
  gauge("registry_endpoints", "Endpoints that are known.", ["service", "locality", "health"], ({ world }) =>
    tally(
      [...(world()?.catalog.values() ?? [])].flatMap(({ spec, endpoints }: Service) =>
        endpoints.map(({ locality, health }) => ({ service: spec.name, locality: localityText(locality), health })),
      ),
    ),
  );
  gauge(
    "traffic_weight",
    "Configured share of the traffic, 0 to 1, overrides included.",
    ["service", "from", "to"],
    ({ world }) => [...(world()?.splits.values() ?? [])].flatMap(weightsOf),
  );
  gauge(
    "traffic_observed_ratio",
    "Share of the traffic as clients report it, 0 to 1, under the labels of traffic_weight; nothing while there is none.",
    ["service", "from", "to"],
    ({ observed }) => observed().map(({ ratio, ...labels }) => [labels, ratio]),
  );
  gauge("traffic_reporting_clients", "Clients that report their loads.", [], ({ loads }) => [
    [{}, new Set(loads.clients().map(({ nodeId }) => nodeId)).size],
  ]);
  gauge("config_revision", "Revision of the documents that are being served.", [], ({ world }) => {
    const revision = world()?.revision;
    return revision === undefined ? [] : [[{}, revision]];
  });
  gauge(
    "config_findings",
    "What the documents in force get wrong although they are valid: weir analyze.",
    ["severity"],
    ({ findings }) => {
      const found = Object.groupBy(findings(), ({ severity }) => severity);
      return severities.map((severity) => [{ severity }, found[severity]?.length ?? 0] as const);
    },
  );
  gauge(
    "config_store_sync_age_seconds",
    "How long the store of the documents has taken no changes; 0 while it does.",
    ["store", "state"],
    ({ store, now }) => {
      const { kind, state, since } = store();
      return [[{ store: kind, state }, syncAge({ state: state === "current" ? "current" : "stale", since }, now())]];
    },
  );
  registerRequests(registry, readings);
}

/** Counted elsewhere, by region; this only shows it. */
function registerRequests(registry: Registry, readings: () => Readings | undefined): void {
  new Counter({
    name: "traffic_requests_total",
    help: "Requests that ended ok or with an error, or were dropped before they were sent, by region of caller and endpoint.",
    labelNames: ["service", "from", "to", "result"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { service, from, to, ...counts } of readings()?.loads.totals() ?? [])
        for (const result of results) if (counts[result] > 0) this.inc({ service, from, to, result }, counts[result]);
    },
  });
}

const severities = ["error", "warning", "info"] as const;
const results = ["ok", "error", "dropped"] as const satisfies readonly (keyof LoadTotal)[];

function syncAge({ state, since }: Pick<SourceState, "state" | "since">, now: Date): number {
  return state === "current" || state === "suspect" ? 0 : Math.max(0, now.getTime() - since.getTime()) / 1000;
}

// A client names its own locality; whoever makes up new ones must not make up new series.
const maxLocalities = 200;

function boundedLocalities(): (locality: string) => string {
  const seen = new Set<string>();
  return (locality) => {
    if (seen.has(locality) || seen.size < maxLocalities) {
      seen.add(locality);
      return locality;
    }
    return "other";
  };
}

/** How many there are of each. */
function tally<Labels extends Readonly<Record<string, string>>>(all: readonly Labels[]): (readonly [Labels, number])[] {
  const counts = new Map<string, readonly [Labels, number]>();
  for (const labels of all) {
    const key = Object.values(labels).join("\n");
    counts.set(key, [labels, (counts.get(key)?.[1] ?? 0) + 1]);
  }
  return [...counts.values()];
}

type Weight = readonly [{ readonly service: string; readonly from: string; readonly to: string }, number];

function weightsOf(split: Split): readonly Weight[] {
  return effectiveShares(split).map(({ ratio, ...places }) => [{ service: split.service, ...places }, ratio]);
}
