import { z } from "zod";
import { sortedBy } from "../../lib/order.ts";
import { coversPattern, type LocalityPattern, parseLocalityPattern, patternText } from "../../model/locality.ts";
import type { Split, SplitRule } from "../../model/split.ts";
import { apiVersion, exactlyOneOf, metadata, nameOf, nameText, patternField, together } from "./document-fields.ts";
import type { Path } from "./path-text.ts";
import { isJsonObject, type JsonObject } from "./plain-json.ts";

/** The smallest share that is still sent somewhere: one request in 100,000. */
const smallestPercent = 0.001;

const shares = together(
  z.record(
    z.string(),
    z
      .number()
      .min(0)
      .max(100)
      .refine((share) => share === 0 || share >= smallestPercent, `expected 0 or at least ${smallestPercent}`),
  ),
  (to, problem) => {
    const seen: { readonly key: string; readonly pattern: LocalityPattern }[] = [];
    for (const key of Object.keys(to)) {
      const pattern = patternOf(key);
      if (pattern === undefined || pattern.region === undefined) {
        problem(
          [key],
          `${JSON.stringify(key)} is no place to send traffic to: expected region, region/zone or region/zone/subZone`,
        );
        continue;
      }
      const other = seen.find((before) => overlap(before.pattern, pattern));
      if (other) problem([key], `overlaps ${JSON.stringify(other.key)}: a share of what is already shared out`);
      seen.push({ key, pattern });
    }
    const values = Object.values(to).filter((share) => typeof share === "number");
    const sum = values.reduce((total, share) => total + share, 0);
    if (values.length === Object.keys(to).length && Math.abs(sum - 100) > 1e-9)
      problem([], `the shares add up to ${Number(sum.toFixed(9))}, not 100`);
  },
);

const failover = z
  .array(patternField)
  .max(32)
  .superRefine(
    (entries, context) => {
      for (const { index, says } of uselessEntries(entries))
        context.addIssue({ code: "custom", message: says, path: [index] });
    },
    { when: ({ value }) => Array.isArray(value) },
  );

const rule = exactlyOneOf(
  together(
    z.strictObject({
      from: patternField.default("*").describe('The callers it is for: "*", dc-a/*, dc-a/z1. Default: "*", everyone.'),
      to: shares.optional().describe("Percent of the requests for each region or zone; together 100."),
      prefer: z
        .enum(["nearest"])
        .optional()
        .describe("nearest: the caller's own zone, then its region, then failover. Instead of to."),
      failover: failover
        .default([])
        .describe("Where to go, in this order, when what comes before is not healthy enough. Default: nowhere else."),
    }),
    (value, problem) => {
      const to = isJsonObject(value["to"]) ? value["to"] : {};
      for (const [index, entry] of listOf(value["failover"]).entries()) {
        const pattern = typeof entry === "string" ? patternOf(entry) : undefined;
        const target = pattern && targetCovering(to, pattern);
        if (target !== undefined)
          problem(
            ["failover", index],
            `${JSON.stringify(entry)} already takes its share in "to" (${target}); leave it out of one`,
          );
      }
    },
  ),
  ["to", "prefer"],
).describe("Where the callers that it names are sent; needs either to or prefer.");

const rules = z
  .array(rule)
  .max(100)
  .superRefine(
    (entries, context) => {
      for (const { index, says } of uselessRules(entries))
        context.addIssue({ code: "custom", message: says, path: [index, "from"] });
    },
    { when: ({ value }) => Array.isArray(value) },
  );

const override = z
  .strictObject({
    locality: patternField
      .refine(
        (text) => patternOf(text)?.region !== undefined,
        'expected a region or zone, not "*": nothing would be left',
      )
      .describe("The region or zone that is changed."),
    weight: z.int().min(0).max(100).describe("Percent of the weight that it would have: 0 takes it out, 50 halves it."),
    reason: z.string().min(1).max(500).regex(/\S/, "expected a reason").describe("Why, for those who find it."),
    by: nonEmpty().describe("Who did it."),
    expireTime: z.iso
      .datetime({ offset: true, error: "expected a time with its zone, such as 2026-11-21T18:00:00Z" })
      .describe("When it ends by itself: RFC 3339, at most 14 days ahead. One in the past does nothing."),
  })
  .describe("An exception made on call; it always ends.");

export const trafficSplitDocument = z
  .strictObject({
    apiVersion,
    kind: z.literal("TrafficSplit").describe("Where the callers of one service are sent."),
    metadata,
    spec: z
      .strictObject({
        service: nameText.describe("The service whose callers these are."),
        rules: rules
          .default([])
          .describe("The first whose from names the caller holds. Callers that none names go to the nearest."),
        overrides: z.array(override).max(100).default([]).describe("Exceptions, for a while."),
      })
      .describe("The rules for one service."),
  })
  .describe("A TrafficSplit: where the callers of one service are sent. One for each service at most.");

export type TrafficSplitDocument = z.output<typeof trafficSplitDocument>;

/** What a TrafficSplit document says. */
export function splitOf({ metadata, spec }: TrafficSplitDocument): Split {
  return {
    name: metadata.name,
    service: nameOf(spec.service),
    rules: spec.rules.map(ruleOf),
    overrides: spec.overrides.map(({ locality, expireTime, ...rest }) => ({
      ...rest,
      locality: knownPattern(locality),
      expireTime: new Date(expireTime),
    })),
  };
}

/**
 * How far ahead an override may end: 14 days. An exception that outlives the people who know of it is no exception, and a
 * timer of Node's holds no more than 24.8 days.
 */
export const longestOverrideMs = 14 * 86_400_000;

/** The overrides of a document, not yet checked otherwise, that end too late; this depends on the time it is written. */
export function lateOverrides(document: JsonObject, now: Date): { readonly path: Path; readonly says: string }[] {
  const spec = document["spec"];
  return listOf(isJsonObject(spec) ? spec["overrides"] : undefined).flatMap((override, index) => {
    const text = isJsonObject(override) ? override["expireTime"] : undefined;
    const ends = typeof text === "string" ? Date.parse(text) : Number.NaN;
    if (!(ends > now.getTime() + longestOverrideMs)) return [];
    const says = `${String(text)} is more than 14 days ahead; an override is an exception: change the rules, or let it end sooner`;
    return [{ path: ["spec", "overrides", index, "expireTime"], says }];
  });
}

function ruleOf({ from, to, failover }: TrafficSplitDocument["spec"]["rules"][number]): SplitRule {
  const targets = Object.entries(to ?? {}).map(([key, percent]) => ({ locality: knownPattern(key), percent }));
  return {
    from: knownPattern(from),
    spread: to
      ? { kind: "shares", to: sortedBy(targets, ({ locality }) => patternText(locality)) }
      : { kind: "nearest" },
    failover: failover.map(knownPattern),
  };
}

function uselessEntries(entries: readonly unknown[]): { readonly index: number; readonly says: string }[] {
  const patterns = entries.map((entry) => (typeof entry === "string" ? patternOf(entry) : undefined));
  return patterns.flatMap((pattern, index) => {
    const before = pattern && patterns.slice(0, index).findIndex((other) => other && coversPattern(other, pattern));
    if (before === undefined || before < 0) return [];
    return [
      {
        index,
        says: `${JSON.stringify(entries[index])} comes too late: ${JSON.stringify(entries[before])} before it holds all of it`,
      },
    ];
  });
}

function uselessRules(entries: readonly unknown[]): { readonly index: number; readonly says: string }[] {
  const froms = entries.map((entry) =>
    isJsonObject(entry) && typeof entry["from"] === "string" ? entry["from"] : undefined,
  );
  const patterns = froms.map((from) => (from === undefined ? undefined : patternOf(from)));
  return patterns.flatMap((pattern, index) => {
    const before = pattern && patterns.slice(0, index).findIndex((other) => other && coversPattern(other, pattern));
    if (before === undefined || before < 0) return [];
    return [
      {
        index,
        says: `never comes to pass: rules[${before}] (from ${JSON.stringify(froms[before])}) already takes all these callers`,
      },
    ];
  });
}

/** The locality of `to`, with a weight above 0, that holds all of `pattern`. */
function targetCovering(to: JsonObject, pattern: LocalityPattern): string | undefined {
  return Object.entries(to).find(([key, share]) => {
    const target = patternOf(key);
    return typeof share === "number" && share > 0 && target !== undefined && coversPattern(target, pattern);
  })?.[0];
}

function overlap(a: LocalityPattern, b: LocalityPattern): boolean {
  return coversPattern(a, b) || coversPattern(b, a);
}

function patternOf(text: string): LocalityPattern | undefined {
  const pattern = parseLocalityPattern(text);
  return pattern.ok ? pattern.value : undefined;
}

function knownPattern(text: string): LocalityPattern {
  const pattern = patternOf(text);
  if (pattern === undefined) throw new Error(`"${text}" passed its schema but is no locality`);
  return pattern;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function nonEmpty() {
  return z.string().max(200).regex(/\S/, "expected a name");
}
