import { coversPattern, type LocalityPattern, parseLocalityPattern, patternText } from "../../model/locality.ts";
import type { Path } from "./path-text.ts";
import { isJsonObject, type JsonObject } from "./plain-json.ts";
import { shown } from "./shown.ts";

// How the parts of a TrafficSplit go together. All of it is given what is there, parts that are wrong in themselves too.

type Found = readonly { readonly path: Path; readonly says: string }[];

/** The shares of `to`: of places, apart from each other, together 100. */
export function shareProblems(to: JsonObject): Found {
  const found: { path: Path; says: string }[] = [];
  const seen: { readonly key: string; readonly pattern: LocalityPattern }[] = [];
  for (const key of Object.keys(to)) {
    const pattern = patternOf(key);
    if (pattern?.region === undefined) {
      found.push({
        path: [key],
        says: `${shown(key)} is no place to send traffic to: expected region, region/zone or region/zone/subZone`,
      });
      continue;
    }
    const other = seen.find((before) => overlap(before.pattern, pattern));
    if (other) found.push({ path: [key], says: `overlaps ${shown(other.key)}: a share of what is already shared out` });
    seen.push({ key, pattern });
  }
  return [...found, ...sumProblems(to)];
}

/** The shares of `subsets`; whether the service has them is for the documents together to say. */
export function subsetProblems(subsets: JsonObject): Found {
  return sumProblems(subsets);
}

function sumProblems(given: JsonObject): Found {
  const shares = Object.values(given).filter((share) => typeof share === "number" && Number.isFinite(share));
  const sum = shares.reduce<number>((total, share) => total + Number(share), 0);
  if (shares.length !== Object.keys(given).length || Math.abs(sum - 100) <= 1e-9) return [];
  return [{ path: [], says: `the shares add up to ${Number(sum.toFixed(9))}, not 100` }];
}

/** What ceilings are for: whole regions, since a region's zones are loaded as their endpoints are. */
export function ceilingProblems(ceilings: JsonObject): Found {
  return Object.keys(ceilings).flatMap((key) => {
    const pattern = patternOf(key);
    if (pattern?.region !== undefined && pattern.zone === undefined && !key.endsWith("/*")) return [];
    return [{ path: [key], says: `${shown(key)} is no region: expected one such as dc-b, without a zone` }];
  });
}

/** Whose requests are expected: places, each once. A zone may stand beside its region, which is then all the others of it. */
export function callerProblems(expected: JsonObject): Found {
  const seen = new Set<string>();
  return Object.keys(expected).flatMap((key) => {
    const pattern = patternOf(key);
    if (pattern?.region === undefined)
      return [
        {
          path: [key],
          says: `${shown(key)} is no place of callers: expected region, region/zone or region/zone/subZone`,
        },
      ];
    const text = patternText(pattern);
    if (seen.has(text)) return [{ path: [key], says: `${shown(key)} is there twice` }];
    seen.add(text);
    return [];
  });
}

/** Entries of a failover list that an earlier entry holds already. */
export function failoverProblems(entries: readonly unknown[]): Found {
  return covered(entries).map(({ index, by }) => ({
    path: [index],
    says: `${shown(entries[index])} comes too late: ${shown(entries[by])} before it holds all of it`,
  }));
}

/** Rules that never come to pass, because an earlier one takes all their callers. */
export function ruleProblems(rules: readonly unknown[]): Found {
  const froms = rules.map((rule) => (isJsonObject(rule) ? rule["from"] : undefined));
  return covered(froms).map(({ index, by }) => ({
    path: [index, "from"],
    says: `never comes to pass: rules[${by}] (from ${shown(froms[by])}) already takes all these callers`,
  }));
}

/** Failover to what has its share of the traffic anyway. */
export function repeatedInFailover(rule: JsonObject): Found {
  const to = isJsonObject(rule["to"]) ? rule["to"] : {};
  const failover = Array.isArray(rule["failover"]) ? rule["failover"] : [];
  return failover.flatMap((entry, index) => {
    const target = targetCovering(to, patternOf(entry));
    if (target === undefined) return [];
    const says = `${shown(entry)} already takes its share in "to" (${target}); leave it out of one`;
    return [{ path: ["failover", index], says }];
  });
}

export function patternOf(text: unknown): LocalityPattern | undefined {
  const pattern = typeof text === "string" ? parseLocalityPattern(text) : undefined;
  return pattern?.ok ? pattern.value : undefined;
}

function covered(texts: readonly unknown[]): { readonly index: number; readonly by: number }[] {
  const patterns = texts.map(patternOf);
  return patterns.flatMap((pattern, index) => {
    if (pattern === undefined) return [];
    const by = patterns.slice(0, index).findIndex((before) => before && coversPattern(before, pattern));
    return by < 0 ? [] : [{ index, by }];
  });
}

/** The locality of `to`, with a weight above 0, that holds all of `pattern`. */
function targetCovering(to: JsonObject, pattern: LocalityPattern | undefined): string | undefined {
  if (pattern === undefined) return undefined;
  return Object.entries(to).find(([key, share]) => {
    const target = patternOf(key);
    return typeof share === "number" && share > 0 && target !== undefined && coversPattern(target, pattern);
  })?.[0];
}

function overlap(a: LocalityPattern, b: LocalityPattern): boolean {
  return coversPattern(a, b) || coversPattern(b, a);
}
