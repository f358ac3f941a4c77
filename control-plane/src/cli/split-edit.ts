import { coversPattern, type LocalityPattern, parseLocalityPattern, patternText } from "../model/locality.ts";

/** A TrafficSplit as it is written; fields that are not touched here are kept as they are. */
export type SplitDocument = {
  readonly apiVersion: string;
  readonly kind: "TrafficSplit";
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly service: string;
    readonly rules?: readonly SplitRule[];
    readonly overrides?: readonly SplitOverride[];
  };
};

export type SplitRule = {
  readonly from?: string;
  readonly to?: Readonly<Record<string, number>>;
  readonly prefer?: "nearest";
  readonly failover?: Failover;
};

/** A list, or the other regions by distance. */
export type Failover = readonly string[] | "nearest";

export type SplitOverride = {
  readonly locality: string;
  readonly weight: number;
  readonly reason: string;
  readonly by: string;
  readonly expireTime: string;
};

/** A document, and what is different in it, line by line for people. */
export type Edited = { readonly document: SplitDocument; readonly lines: readonly string[] };

export type Shares = {
  readonly from: string;
  readonly to: Readonly<Record<string, number>>;
  /** Undefined keeps what the rule has. */
  readonly failover: Failover | undefined;
};

export function emptySplit(service: string): SplitDocument {
  return { apiVersion: "weir/v1alpha1", kind: "TrafficSplit", metadata: { name: service }, spec: { service } };
}

/**
 * Gives the callers `from` these shares: in the rule that is for exactly them, else in a new one before the first that would
 * take them too. What got a share is no longer something to fail over to.
 */
export function withShares(before: SplitDocument, { from, to, failover }: Shares): Edited {
  const rules = before.spec.rules ?? [];
  const callers = patternOf(from);
  const at = rules.findIndex((rule) => patternText(patternOf(rule.from ?? "*")) === patternText(callers));
  const old = rules[at];
  const wanted = failover ?? old?.failover ?? [];
  const kept = wanted === "nearest" ? wanted : wanted.filter((entry) => !takesShare(to, entry));
  const rule: SplitRule = { from: old?.from ?? from, to, ...(kept.length > 0 && { failover: kept }) };
  const covering = rules.findIndex((each) => coversPattern(patternOf(each.from ?? "*"), callers));
  const next = old ? rules.with(at, rule) : rules.toSpliced(covering < 0 ? rules.length : covering, 0, rule);
  return {
    document: { ...before, spec: { ...before.spec, rules: next } },
    lines: [...shareLines(old, to), ...failoverLines(old?.failover ?? [], kept)],
  };
}

/** Adds an override, instead of one for the same locality; those that have expired are dropped. */
export function withOverride(before: SplitDocument, override: SplitOverride, now: Date): Edited {
  const overrides = (before.spec.overrides ?? []).filter(
    ({ locality, expireTime }) => !isSame(locality, override.locality) && Date.parse(expireTime) > now.getTime(),
  );
  const { locality, weight, expireTime } = override;
  return {
    document: { ...before, spec: { ...before.spec, overrides: [...overrides, override] } },
    lines: [`${locality}: ${weight} % of its weight until ${expireTime}`],
  };
}

/** Takes back the override of a locality, or all of them. */
export function withoutOverride(before: SplitDocument, locality: string | undefined): Edited {
  const overrides = before.spec.overrides ?? [];
  const ended = overrides.filter((each) => locality === undefined || isSame(each.locality, locality));
  const rest = overrides.filter((each) => !ended.includes(each));
  return {
    document: ended.length === 0 ? before : { ...before, spec: { ...before.spec, overrides: rest } },
    lines: ended.map((each) => `${each.locality}: back to its full weight (was ${each.weight} %: ${each.reason})`),
  };
}

function shareLines(old: SplitRule | undefined, to: Readonly<Record<string, number>>): readonly string[] {
  const places = [...new Set([...Object.keys(old?.to ?? {}), ...Object.keys(to)])];
  const width = Math.max(...places.map((place) => place.length));
  const from = (place: string) => (old?.to ? `${old.to[place] ?? 0} %` : old?.prefer ? "nearest" : "no rule");
  return places.map((place) => {
    const next = `${to[place] ?? 0} %`;
    return `${place.padEnd(width)}  ${from(place) === next ? `${next} (as before)` : `${from(place)} -> ${next}`}`;
  });
}

function failoverLines(before: Failover, after: Failover): readonly string[] {
  const said = (failover: Failover) => (failover === "nearest" ? failover : failover.join(", ") || "none");
  const [old, next] = [said(before), said(after)];
  if (old === next) return next === "none" ? [] : [`failover  ${next} (as before)`];
  return [`failover  ${old} -> ${next}`];
}

function takesShare(to: Readonly<Record<string, number>>, entry: string): boolean {
  const pattern = patternOf(entry);
  return Object.entries(to).some(([place, percent]) => percent > 0 && coversPattern(patternOf(place), pattern));
}

function isSame(a: string, b: string): boolean {
  return patternText(patternOf(a)) === patternText(patternOf(b));
}

const nowhere: LocalityPattern = { region: "", zone: "", subZone: "" };

/** What is no pattern matches nothing here; the server says what is wrong with it. */
function patternOf(text: string): LocalityPattern {
  const result = parseLocalityPattern(text);
  return result.ok ? result.value : nowhere;
}
