import { type Locality, matchesLocality, parseLocalityPattern } from "../model/locality.ts";
import type { TrafficRow } from "./operator-api.ts";

/** What is configured for one caller, by region: percent, or `standby` for what takes over when that fails. */
export type Weights = ReadonlyMap<string, number | "standby">;

/** The first rule that matches the caller holds; `nearest` has no shares to compare with. */
export function weightsFor(rows: readonly TrafficRow[], caller: Locality): Weights {
  const from = rows.find((row) => matches(row.from, caller))?.from;
  const weights = new Map<string, number | "standby">();
  for (const row of rows.filter((row) => row.from === from && row.use !== "nearest")) {
    const region = row.to.split("/")[0] ?? row.to;
    const before = weights.get(region);
    // Two zones of one data center count together; a share is more than a standby.
    if (row.use === "share") weights.set(region, (typeof before === "number" ? before : 0) + (row.weightPercent ?? 0));
    else if (before === undefined) weights.set(region, "standby");
  }
  return weights;
}

/** `dc-a 20 %, dc-b 80 %, then dc-c` */
export function weightsText(weights: Weights): string {
  const shares = [...weights].flatMap(([region, weight]) => (weight === "standby" ? [] : [`${region} ${weight} %`]));
  const standbys = [...weights].flatMap(([region, weight]) => (weight === "standby" ? [`then ${region}`] : []));
  return [...shares, ...standbys].join(", ") || "nearest first";
}

function matches(from: string, caller: Locality): boolean {
  const pattern = parseLocalityPattern(from);
  return pattern.ok && matchesLocality(pattern.value, caller);
}
