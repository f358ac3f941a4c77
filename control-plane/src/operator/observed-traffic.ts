import { type Locality, type LocalityPattern, matchesLocality, patternText } from "../model/locality.ts";
import { parseServiceName } from "../model/names.ts";
import type { Service } from "../model/service.ts";
import { type Split, type SplitRule, standbysOf } from "../model/split.ts";
import type { World } from "../model/world.ts";
import type { ObservedLoad } from "../serve/loads/observed-loads.ts";
import { count, rowsOfRule, rulesOf, type TrafficRow } from "./traffic-rows.ts";

/** What callers sent somewhere, as their load reports say. */
export type Observed = {
  /** Of all that callers under the same rule sent; undefined while they send nothing. */
  readonly percent: number | undefined;
  readonly requests: number;
  readonly rps: number;
  /** Of the requests that ended; undefined while none did. */
  readonly errorPercent: number | undefined;
  readonly inProgress: number;
};

/** A line of what is configured beside what is observed. */
export type ObservedRow = Omit<TrafficRow, "use"> & {
  /** `unplanned`: no rule sends these callers there, yet they go there; they have an older configuration, or their own. */
  readonly use: TrafficRow["use"] | "unplanned";
  readonly observed: Observed;
  /** For `nearest`: the regions that it came to. */
  readonly regions: readonly { readonly region: string; readonly observed: Observed }[];
};

/** Each rule of the split, with what its callers did; those under no rule are the last one's. */
export function observedTraffic(
  split: Split | undefined,
  { endpoints }: Pick<Service, "endpoints">,
  loads: readonly ObservedLoad[],
  windowMs: number,
): readonly ObservedRow[] {
  const rules = rulesOf(split);
  const byRule = Map.groupBy(loads, ({ from }) => rules.find((rule) => matchesLocality(rule.from, from)));
  return rules.flatMap((rule) => rowsOf(rule, endpoints, byRule.get(rule) ?? [], windowMs));
}

function rowsOf(
  rule: SplitRule,
  endpoints: Service["endpoints"],
  loads: readonly ObservedLoad[],
  windowMs: number,
): readonly ObservedRow[] {
  const rows = rowsOfRule(rule, endpoints);
  const targets = targetsOf(rule);
  const byTarget = Map.groupBy(loads, (load) => targetOf(rule, targets, load));
  const total = sum(loads, ({ requests }) => requests);
  const observed = (some: readonly ObservedLoad[]) => observedOf(some, total, windowMs);
  const planned = rows.map((row, index) => {
    const there = byTarget.get(index) ?? [];
    return { ...row, observed: observed(there), regions: row.use === "nearest" ? regionsOf(there, observed) : [] };
  });
  const unplanned = regionsOf(byTarget.get(undefined) ?? [], observed).map(({ region, observed }) => ({
    ...{ from: patternText(rule.from), to: region, use: "unplanned" as const, priority: rows.length },
    ...{ weightPercent: undefined, ...count(endpoints, regionPattern(region)), observed, regions: [] },
  }));
  return [...planned, ...unplanned];
}

/** Where each row of a rule is, in the same order; undefined is wherever it is nearest. */
function targetsOf(rule: SplitRule): readonly (LocalityPattern | undefined)[] {
  const { spread } = rule;
  const first = spread.kind === "nearest" ? [undefined] : spread.to.map(({ locality }) => locality);
  return [...first, ...standbysOf(rule)];
}

/** The row that a request belongs to. Shares of a zone count before those of its region. */
function targetOf(
  { spread }: SplitRule,
  targets: readonly (LocalityPattern | undefined)[],
  { from, to }: ObservedLoad,
): number | undefined {
  if (spread.kind === "nearest" && from.region === to.region) return 0;
  let best: number | undefined;
  for (const [index, target] of targets.entries()) {
    if (target === undefined || !matchesLocality(target, to)) continue;
    if (best === undefined || precision(target) > precision(targets[best])) best = index;
  }
  // "Nearest" without a list of standbys goes everywhere, and with one may still be on its way there.
  return best ?? (spread.kind === "nearest" ? 0 : undefined);
}

function precision(pattern: LocalityPattern | undefined): number {
  const { region, zone, subZone } = pattern ?? {};
  return [region, zone, subZone].filter((part) => part !== undefined).length;
}

function regionsOf(
  loads: readonly ObservedLoad[],
  observed: (loads: readonly ObservedLoad[]) => Observed,
): readonly { readonly region: string; readonly observed: Observed }[] {
  const byRegion = Map.groupBy(loads, ({ to }) => to.region);
  return [...byRegion]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([region, there]) => ({ region, observed: observed(there) }));
}

function regionPattern(region: Locality["region"]): LocalityPattern {
  return { region, zone: undefined, subZone: undefined };
}

function observedOf(loads: readonly ObservedLoad[], total: number, windowMs: number): Observed {
  const requests = sum(loads, (load) => load.requests);
  const errors = sum(loads, ({ error }) => error);
  const ended = errors + sum(loads, ({ ok }) => ok);
  return {
    percent: percentOf(requests, total),
    requests,
    rps: rounded(requests / (windowMs / 1000)),
    errorPercent: percentOf(errors, ended),
    inProgress: sum(loads, ({ inProgress }) => inProgress),
  };
}

/** Undefined of nothing. */
export function percentOf(part: number, whole: number): number | undefined {
  return whole > 0 ? rounded((part / whole) * 100) : undefined;
}

/** The window holds parts of reports: beyond three digits it is noise. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function sum(loads: readonly ObservedLoad[], of: (load: ObservedLoad) => number): number {
  return loads.reduce((total, load) => total + of(load), 0);
}

/** Observed shares under the labels of `traffic_weight`, 0 to 1; nothing for callers that send nothing. */
export function observedRatios(
  world: World | undefined,
  loads: readonly ObservedLoad[],
): readonly { readonly service: string; readonly from: string; readonly to: string; readonly ratio: number }[] {
  const byService = Map.groupBy(loads, ({ service }) => service);
  return [...byService].flatMap(([name, loads]) => {
    const parsedName = parseServiceName(name);
    const service = parsedName && world?.catalog.get(parsedName);
    if (world === undefined || service === undefined) return [];
    const ratios = new Map<string, { service: string; from: string; to: string; ratio: number }>();
    const rows = observedTraffic(world.splits.get(service.spec.name), service, loads, 1);
    for (const { from, to, use, observed, regions } of rows) {
      const places = use === "nearest" ? regions : [{ region: to, observed }];
      for (const { region: to, observed } of places) {
        if (observed.percent === undefined) continue;
        const ratio = { service: name, from, to, ratio: 0, ...ratios.get(`${from}\n${to}`) };
        ratios.set(`${from}\n${to}`, { ...ratio, ratio: ratio.ratio + observed.percent / 100 });
      }
    }
    return [...ratios.values()];
  });
}
