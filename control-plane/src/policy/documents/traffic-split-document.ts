import { z } from "zod";
import { sortedBy } from "../../lib/order.ts";
import { type LocalityPattern, patternText } from "../../model/locality.ts";
import { plainSplit, type Split, type SplitRule } from "../../model/split.ts";
import {
  apiVersion,
  exactlyOneOf,
  listTogether,
  metadata,
  nameOf,
  nameText,
  patternField,
  percent,
  together,
  withDefault,
} from "./document-fields.ts";
import { duration, durationMs, durationText } from "./duration.ts";
import { exceptionFields } from "./exception-fields.ts";
import { share, shares, shiftField, shiftOf, shiftProblems } from "./shift-field.ts";
import {
  callerProblems,
  ceilingProblems,
  failoverProblems,
  patternOf,
  repeatedInFailover,
  ruleProblems,
  subsetProblems,
} from "./split-checks.ts";

const rule = exactlyOneOf(
  together(
    z.strictObject({
      from: patternField.default("*").describe('The callers it is for: "*", dc-a/*, dc-a/z1. Default: "*", everyone.'),
      to: shares.optional().describe("Percent of the requests for each region or zone; together 100."),
      prefer: z
        .enum(["nearest"])
        .optional()
        .describe("nearest: the caller's own zone, then its region, then failover. Instead of to."),
      failover: z
        .union([listTogether(z.array(patternField).max(32), failoverProblems), z.literal("nearest")], {
          error: "expected a list, or nearest",
        })
        .default([])
        .describe(
          "Where to go, in this order, when what comes before is not healthy enough; nearest: to the other regions, the nearest first. Default: nowhere else.",
        ),
    }),
    repeatedInFailover,
  ),
  ["to", "prefer"],
).describe("Where the callers that it names are sent; needs either to or prefer.");

const subsets = together(z.record(z.string(), share), subsetProblems).meta({ examples: [{ v1: 95, v2: 5 }] });

const { failback: usual } = plainSplit;

const failback = z.strictObject({
  holdFor: withDefault(
    duration({ minMs: 0 }),
    durationText(usual.holdForMs),
    "How long it must have been healthy; 0s: it gets everything back at once.",
  ),
  step: withDefault(percent(1), usual.stepPercent, "Then so many percent of its endpoints more are used …"),
  every: withDefault(duration({ minMs: 100 }), durationText(usual.everyMs), "… each time this has passed."),
});

/** Requests a second. */
const rps = z.number().min(0).max(1e9);

const ceilings = together(
  z.record(z.string(), z.strictObject({ rps: rps.describe("Requests a second.") })),
  ceilingProblems,
).meta({ examples: [{ "dc-b": { rps: 5000 } }] });

const expectedRps = together(z.record(z.string(), rps), callerProblems).meta({ examples: [{ "dc-a": 3000 }] });

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
    ...exceptionFields,
  })
  .describe("An exception made on call; it always ends.");

export const trafficSplitDocument = z
  .strictObject({
    apiVersion,
    kind: z.literal("TrafficSplit").describe("Where the callers of one service are sent."),
    metadata,
    spec: together(
      z.strictObject({
        service: nameText.describe("The service whose callers these are."),
        rules: rules
          .default([])
          .describe("The first whose from names the caller holds. Callers that none names go to the nearest."),
        subsets: subsets
          .optional()
          .describe(
            "Percent of the requests for each of the service's subsets, in every region alike; together 100. Default: any endpoint.",
          ),
        failback: failback
          .prefault({})
          .describe("How a place that was failed over from gets its requests back, on every kind of client."),
        ceilings: ceilings
          .default({})
          .describe(
            "The most that a region may get; with expectedRps, what would be more goes where there is room. Default: what the Service's capacity gives.",
          ),
        expectedRps: expectedRps
          .default({})
          .describe(
            "Requests a second that the callers of each region or zone are expected to send. Default: unknown, and no ceiling is kept.",
          ),
        overrides: z.array(override).max(100).default([]).describe("Exceptions, for a while."),
        shift: shiftField.optional(),
      }),
      shiftProblems,
    ).describe("The rules for one service."),
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
    subsets: sortedBy(
      Object.entries(spec.subsets ?? {}).map(([name, percent]) => ({ name, percent })),
      ({ name }) => name,
    ),
    failback: {
      holdForMs: durationMs(spec.failback.holdFor),
      stepPercent: spec.failback.step,
      everyMs: durationMs(spec.failback.every),
    },
    ceilings: sortedBy(
      Object.entries(spec.ceilings).map(([region, { rps }]) => ({ region, rps })),
      ({ region }) => region,
    ),
    expectedRps: sortedBy(
      Object.entries(spec.expectedRps).map(([key, rps]) => ({ from: knownPattern(key), rps })),
      ({ from }) => patternText(from),
    ),
    ...(spec.shift && { shift: shiftOf(spec.shift) }),
  };
}

function ruleOf({ from, to, failover }: TrafficSplitDocument["spec"]["rules"][number]): SplitRule {
  const targets = Object.entries(to ?? {}).map(([key, percent]) => ({ locality: knownPattern(key), percent }));
  return {
    from: knownPattern(from),
    spread: to
      ? { kind: "shares", to: sortedBy(targets, ({ locality }) => patternText(locality)) }
      : { kind: "nearest" },
    failover: failover === "nearest" ? failover : failover.map(knownPattern),
  };
}

function knownPattern(text: string): LocalityPattern {
  const pattern = patternOf(text);
  if (pattern === undefined) throw new Error(`"${text}" passed its schema but is no locality`);
  return pattern;
}
