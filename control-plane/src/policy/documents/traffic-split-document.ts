import { z } from "zod";
import { sortedBy } from "../../lib/order.ts";
import { type LocalityPattern, patternText } from "../../model/locality.ts";
import type { Split, SplitRule } from "../../model/split.ts";
import {
  apiVersion,
  exactlyOneOf,
  listTogether,
  metadata,
  nameOf,
  nameText,
  patternField,
  together,
} from "./document-fields.ts";
import { failoverProblems, patternOf, repeatedInFailover, ruleProblems, shareProblems } from "./split-checks.ts";

/** The smallest share that is still sent somewhere: one request in 100,000. */
const smallestPercent = 0.001;

const shares = together(
  z.record(
    z.string(),
    z
      .number()
      .min(0)
      .max(100)
      .refine((share) => share <= 0 || share >= smallestPercent, `expected 0 or at least ${smallestPercent}`),
  ),
  shareProblems,
).meta({ examples: [{ "dc-a": 80, "dc-b": 20 }] });

const rule = exactlyOneOf(
  together(
    z.strictObject({
      from: patternField.default("*").describe('The callers it is for: "*", dc-a/*, dc-a/z1. Default: "*", everyone.'),
      to: shares.optional().describe("Percent of the requests for each region or zone; together 100."),
      prefer: z
        .enum(["nearest"])
        .optional()
        .describe("nearest: the caller's own zone, then its region, then failover. Instead of to."),
      failover: listTogether(z.array(patternField).max(32), failoverProblems)
        .default([])
        .describe("Where to go, in this order, when what comes before is not healthy enough. Default: nowhere else."),
    }),
    repeatedInFailover,
  ),
  ["to", "prefer"],
).describe("Where the callers that it names are sent; needs either to or prefer.");

const rules = listTogether(z.array(rule).max(100), ruleProblems);

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
    by: z
      .string()
      .max(200)
      .regex(/\S/, "expected a name")
      .meta({ examples: ["ana"] })
      .describe("Who did it."),
    expireTime: z.iso
      .datetime({ offset: true, error: "expected a time with its zone, such as 2026-11-21T18:00:00Z" })
      .meta({ examples: ["2026-11-21T18:00:00Z"] })
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
    subsets: [],
  };
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

function knownPattern(text: string): LocalityPattern {
  const pattern = patternOf(text);
  if (pattern === undefined) throw new Error(`"${text}" passed its schema but is no locality`);
  return pattern;
}
