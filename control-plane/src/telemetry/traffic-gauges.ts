import { Gauge, type Registry } from "prom-client";
import { patternText } from "../model/locality.ts";
import type { Split } from "../model/split.ts";
import type { World } from "../model/world.ts";

/** What the gauges of what lasts or stands in for a while are read from, at each scrape. */
export type TrafficReadings = {
  /** The world that is being served. */
  world(): World | undefined;
  /** Whether callers send to the standbys of the rule that they are under; only rules with any, while they send. */
  failovers(): readonly { readonly service: string; readonly from: string; readonly active: boolean }[];
  /** When the certificates in use end: `xds`, `xds-client-ca`, `admin`. */
  readonly certificates: readonly { readonly certificate: string; readonly expires: Date }[];
};

/** Gauges of failovers, and of what ends by itself. */
export function registerTrafficGauges(registry: Registry, readings: () => TrafficReadings | undefined): void {
  const registers = [registry];
  new Gauge({
    name: "traffic_failover_active",
    help: "1 while callers send more than 1 % to the failover of their rule, else 0; nothing while they send nothing.",
    labelNames: ["service", "from"],
    registers,
    collect() {
      this.reset();
      for (const { active, ...labels } of readings()?.failovers() ?? []) this.set(labels, active ? 1 : 0);
    },
  });
  new Gauge({
    name: "traffic_override_expiry_timestamp_seconds",
    help: "When an override ends by itself; of several for the same place, the first.",
    labelNames: ["service", "locality"],
    registers,
    collect() {
      this.reset();
      for (const [labels, seconds] of expiries(readings()?.world())) this.set(labels, seconds);
    },
  });
  new Gauge({
    name: "traffic_shift_running",
    help: "1 while a shift of a service's shares runs or is paused, else 0; nothing where there never was one.",
    labelNames: ["service", "from"],
    registers,
    collect() {
      this.reset();
      for (const { service, shift } of splitsOf(readings()))
        if (shift) this.set({ service, from: patternText(shift.from) }, shift.ended ? 0 : 1);
    },
  });
  new Gauge({
    name: "traffic_shift_ended_timestamp_seconds",
    help: "When the last shift of a service's shares ended, and how: succeeded, rolledBack or aborted.",
    labelNames: ["service", "from", "outcome"],
    registers,
    collect() {
      this.reset();
      for (const { service, shift } of splitsOf(readings()))
        if (shift?.ended)
          this.set(
            { service, from: patternText(shift.from), outcome: shift.ended.outcome },
            shift.ended.time.getTime() / 1000,
          );
    },
  });
  new Gauge({
    name: "tls_certificate_expiry_timestamp_seconds",
    help: "When a certificate ends: of the xDS port, the first of its clients' authorities, or of the operator API.",
    labelNames: ["certificate"],
    registers,
    collect() {
      this.reset();
      for (const { certificate, expires } of readings()?.certificates ?? [])
        this.set({ certificate }, expires.getTime() / 1000);
    },
  });
}

function splitsOf(readings: TrafficReadings | undefined): Iterable<Split> {
  return readings?.world()?.splits.values() ?? [];
}

type Expiry = readonly [{ readonly service: string; readonly locality: string }, number];

function expiries(world: World | undefined): readonly Expiry[] {
  const first = new Map<string, Expiry>();
  for (const { service, overrides } of world?.splits.values() ?? [])
    for (const { locality: pattern, expireTime } of overrides) {
      const locality = patternText(pattern);
      const key = `${service}\n${locality}`;
      const seconds = Math.min(expireTime.getTime() / 1000, first.get(key)?.[1] ?? Number.POSITIVE_INFINITY);
      first.set(key, [{ service, locality }, seconds]);
    }
  return [...first.values()];
}
