import { canonicalJson, isJsonObject, type Json, type JsonObject, valueAt } from "../../policy/documents/plain-json.ts";
import type { Touched } from "./principal.ts";

type Document = Readonly<Record<string, unknown>>;

/**
 * What changes when one TrafficSplit takes the place of another; undefined is none. The data centers are those that are to get
 * more or less: whose share, place in a failover list, override or running shift differs. Anything else that differs (who a rule is for, the
 * order of rules, subsets, ceilings) is about all of them.
 */
export function splitTouches(before: Document | undefined, after: Document | undefined): Touched {
  const services = [...new Set([before, after].flatMap(serviceOf))];
  if (!before || !after || services.length !== 1) return { services, datacenters: "all" };
  const { rules: oldRules, overrides: oldOverrides, shift: oldShift, rest: oldRest } = partsOf(before);
  const { rules, overrides, shift, rest } = partsOf(after);
  if (!isSame(oldRest, rest) || oldRules.length !== rules.length) return { services, datacenters: "all" };
  const moved = [...movedByOverrides(oldOverrides, overrides)];
  if (!isSame(oldShift, shift)) moved.push(...[oldShift, shift].flatMap(movedByShift));
  for (const [index, rule] of rules.entries()) {
    const places = movedByRule(oldRules[index] ?? null, rule);
    if (places === "all") return { services, datacenters: "all" };
    moved.push(...places);
  }
  return { services, datacenters: [...new Set(moved.map(datacenterOf))].sort() };
}

function serviceOf(document: Document | undefined): readonly string[] {
  const service = valueAt(document, ["spec", "service"]);
  return typeof service === "string" ? [service] : [];
}

function partsOf(document: Document) {
  const { spec, ...around } = document as JsonObject;
  const { rules = [], overrides = [], shift = null, ...rest } = isJsonObject(spec) ? spec : {};
  return { rules: listOf(rules), overrides: listOf(overrides), shift, rest: { ...around, spec: rest } };
}

function movedByOverrides(before: readonly Json[], after: readonly Json[]): readonly string[] {
  const [had, has] = [before, after].map((list) => new Map(list.map((each) => [canonicalJson(each), each])));
  const changed = [
    ...[...(had ?? [])].filter(([text]) => !has?.has(text)),
    ...[...(has ?? [])].filter(([text]) => !had?.has(text)),
  ];
  return changed.map(([, override]) => String(valueAt(override, ["locality"])));
}

/** Where its target differs from what it began with; one that has ended moves nothing any more. */
function movedByShift(shift: Json): readonly string[] {
  if (valueAt(shift, ["ended"]) !== undefined) return [];
  const [base, target] = ["base", "target"].map((key) => valueAt(shift, [key]));
  return differing(base, target);
}

function movedByRule(before: Json, after: Json): readonly string[] | "all" {
  if (!isJsonObject(before) || !isJsonObject(after)) return "all";
  const { to: oldTo = {}, failover: oldFailover = [], ...oldRest } = before;
  const { to = {}, failover = [], ...rest } = after;
  if (!isSame(oldRest, rest) || !isJsonObject(oldTo) || !isJsonObject(to)) return "all";
  const shares = differing(oldTo, to);
  if (isSame(oldFailover, failover)) return shares;
  if (!Array.isArray(oldFailover) || !Array.isArray(failover)) return "all";
  return [...shares, ...oldFailover.map(String), ...failover.map(String)];
}

function differing(before: unknown, after: unknown): readonly string[] {
  if (!isJsonObject(before) || !isJsonObject(after)) return [];
  return Object.keys({ ...before, ...after }).filter((place) => (before[place] ?? 0) !== (after[place] ?? 0));
}

/** Of `dc-a`, `dc-a/*` and `dc-a/z1`: what a data center is called in documents. */
function datacenterOf(place: string): string {
  return place.split("/")[0] ?? place;
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function isSame(a: Json, b: Json): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
