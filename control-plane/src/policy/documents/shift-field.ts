import { z } from "zod";
import { sortedBy } from "../../lib/order.ts";
import { type LocalityPattern, patternText } from "../../model/locality.ts";
import type { GuardMetric, Shares, Shift, ShiftStep } from "../../model/shift.ts";
import { count, exactlyOneOf, listTogether, nameText, patternField, together, withDefault } from "./document-fields.ts";
import { duration, durationMs } from "./duration.ts";
import { isJsonObject, type JsonObject, valueAt } from "./plain-json.ts";
import { shown } from "./shown.ts";
import { patternOf, shareProblems } from "./split-checks.ts";

/** The longest pause of a shift: a timer of Node's holds no more than 24.8 days. */
const longestPauseMs = 14 * 86_400_000;

const untilResumed = "untilResumed";

/** The smallest share that is still sent somewhere: one request in 100,000. */
const smallestPercent = 0.001;

export const share = z
  .number()
  .min(0)
  .max(100)
  .refine((share) => share <= 0 || share >= smallestPercent, `expected 0 or at least ${smallestPercent}`);

export const shares = together(z.record(z.string(), share), shareProblems).meta({
  examples: [{ "dc-a": 80, "dc-b": 20 }],
});

const step = exactlyOneOf(
  z.strictObject({
    setWeight: z.number().min(0).max(100).optional().describe("Percent of the way from base to target."),
    pause: z
      .union([duration({ minMs: 100, maxMs: longestPauseMs }), z.literal(untilResumed)], {
        error: `expected a duration such as 5m, or ${untilResumed}`,
      })
      .optional()
      .describe(`How long to stay there; ${untilResumed}: until somebody resumes or promotes it.`),
  }),
  ["setWeight", "pause"],
);

/** Steps as they are written: the last weight is all of it. */
export const shiftSteps = listTogether(z.array(step).min(1).max(100), (steps) => {
  const weights = steps.flatMap((each) =>
    isJsonObject(each) && typeof each["setWeight"] === "number" ? [each["setWeight"]] : [],
  );
  const last = weights.at(-1);
  if (last === 100) return [];
  const found = last === undefined ? "there is none" : `the last is ${last}`;
  return [{ path: [], says: `expected setWeight: 100 in the end, or the target is never reached; ${found}` }];
});

const metric = z
  .strictObject({
    name: nameText.describe("How it is called; error-rate for what load reports say."),
    source: z.enum(["load-report", "prometheus"]).describe("Who measures it."),
    query: z.string().min(1).max(4000).optional().describe("What Prometheus is asked; the largest value counts."),
    max: z.number().min(0).max(1e15).optional().describe("More than this is a failure; an error rate is 0 to 1."),
    maxIncrease: z
      .number()
      .min(0)
      .max(1e15)
      .optional()
      .describe("So much more than in the minutes before the shift is a failure."),
    maxRatio: z
      .number()
      .min(1)
      .max(1e6)
      .optional()
      .describe("More than so many times what it was in the minutes before the shift is a failure."),
  })
  .superRefine(({ name, source, query, ...limits }, { addIssue }) => {
    if (limits.max === undefined && limits.maxIncrease === undefined && limits.maxRatio === undefined)
      addIssue({
        code: "custom",
        path: ["max"],
        message: "is missing: expected max, maxIncrease or maxRatio; of several the narrowest holds",
      });
    if (source === "prometheus" && query === undefined)
      addIssue({ code: "custom", path: ["query"], message: "is missing: expected what Prometheus is asked" });
    if (source === "prometheus") return;
    if (query !== undefined)
      addIssue({ code: "custom", path: ["query"], message: "load reports take no query: leave it out" });
    if (name !== "error-rate")
      addIssue({
        code: "custom",
        path: ["name"],
        message: `${shown(name)} is nothing that load reports tell: expected error-rate`,
      });
  });

export const shiftGuard = z
  .strictObject({
    interval: withDefault(duration({ minMs: 1_000, maxMs: 3_600_000 }), "15s", "How often it looks."),
    failureLimit: withDefault(
      count(1).max(100),
      2,
      "So many intervals in a row over a limit, and the shift has failed.",
    ),
    minRequests: withDefault(count(1), 20, "A place with fewer requests in the window says nothing."),
    metrics: z.array(metric).min(1).max(10).describe("What is looked at; one over its limit is enough."),
  })
  .describe("What takes the shift back.");

export const onFailure = z.enum(["rollback", "pause"]);

const time = z.iso.datetime({ offset: true, error: "expected a time with its zone, such as 2026-11-21T18:00:00Z" });
const who = z.string().max(200).describe("Who did it.");
const why = z.string().max(1000).describe("Why.");

export const shiftField = together(
  z.strictObject({
    name: nameText.describe("The operation's name."),
    from: patternField.default("*").describe('The rule that it moves, by its callers. Default: "*", everyone.'),
    base: shares.describe("The rule's shares when it began; the rule keeps them until the shift has ended."),
    target: shares.describe("The rule's shares in the end."),
    steps: shiftSteps.describe("What is done, in this order."),
    guard: shiftGuard.optional().describe("What takes the shift back. Default: nothing."),
    before: z
      .array(
        z.strictObject({
          name: nameText.describe("Of the metric."),
          value: z.number().describe("What it was."),
          requests: count(0).optional().describe("Of how many requests."),
        }),
      )
      .max(10)
      .default([])
      .describe("The guard's metrics in the minutes before it began."),
    onFailure: onFailure.default("rollback").describe("What a failure does. Default: rollback."),
    by: who,
    reason: why,
    startTime: time.describe("When it began."),
    cursor: z
      .strictObject({ step: z.int().min(0).max(100).describe("Counted from 0."), time: time.describe("When.") })
      .describe("From this time on the steps are gone through from this one."),
    paused: z
      .strictObject({ time: time.describe("Since when."), by: who, reason: why })
      .optional()
      .describe("There while it is paused."),
    failures: z
      .array(
        z.strictObject({
          interval: count(0).describe("Which one, counted from the start."),
          time: time.describe("When it was found."),
          says: z.string().max(2000).describe("What was over its limit."),
        }),
      )
      .max(100)
      .default([])
      .describe("The guard's intervals that were over a limit."),
    ended: z
      .strictObject({
        time: time.describe("When."),
        outcome: z.enum(["succeeded", "rolledBack", "aborted"]).describe("How."),
        by: who,
        reason: why,
      })
      .optional()
      .describe("There once it has ended."),
  }),
  placeProblems,
).describe(
  "The shift that runs, or the last that ran: written by `weir traffic shift` and what guards it. A document without it ends it.",
);

function placeProblems(shift: JsonObject) {
  const { base, target } = shift;
  if (!isJsonObject(base) || !isJsonObject(target)) return [];
  const both = Object.fromEntries([...Object.keys(base), ...Object.keys(target)].map((key) => [key, 0]));
  const found = shareProblems(both).filter(({ path }) => path.length > 0);
  const known = new Set([...shareProblems(base), ...shareProblems(target)].map(({ path }) => path.join()));
  return found
    .filter(({ path }) => !known.has(path.join()))
    .map((each) => ({ ...each, path: ["target", ...each.path] }));
}

/** A running shift and the rule that it moves go together. */
export function shiftProblems(spec: JsonObject) {
  const { shift, rules } = spec;
  if (!isJsonObject(shift) || shift["ended"] !== undefined || !isJsonObject(shift["base"])) return [];
  const from = textOf(shift["from"]);
  const all = Array.isArray(rules) ? rules : [];
  const index = all.findIndex((rule) => textOf(valueAt(rule, ["from"])) === from);
  if (index < 0) return [{ path: ["shift", "from"], says: `there is no rule from ${shown(shift["from"] ?? "*")}` }];
  if (sameShares(shift["base"], valueAt(all[index], ["to"]))) return [];
  const says = `${String(shift["name"])} moves these shares; promote or abort it before they are changed`;
  return [{ path: ["rules", index, "to"], says }];
}

function textOf(from: unknown): string {
  const pattern = patternOf(from ?? "*");
  return pattern ? patternText(pattern) : "?";
}

function sameShares(a: JsonObject, b: unknown): boolean {
  if (!isJsonObject(b)) return false;
  const text = (shares: JsonObject) => JSON.stringify(sortedBy(Object.entries(shares), ([key]) => key));
  return text(a) === text(b);
}

/** What the field says. */
export function shiftOf(field: z.output<typeof shiftField>): Shift {
  const { name, from, base, target, steps, guard, onFailure, by, reason } = field;
  return {
    ...{ name, from: known(from), base: sharesOf(base), target: sharesOf(target), onFailure, by, reason },
    steps: steps.map(stepOf),
    guard: guard && {
      intervalMs: durationMs(guard.interval),
      failureLimit: guard.failureLimit,
      minRequests: guard.minRequests,
      metrics: guard.metrics.map(metricOf),
    },
    before: field.before,
    startTime: new Date(field.startTime),
    cursor: { step: field.cursor.step, time: new Date(field.cursor.time) },
    paused: field.paused && { ...field.paused, time: new Date(field.paused.time) },
    failures: field.failures.map(({ time, ...rest }) => ({ ...rest, time: new Date(time) })),
    ended: field.ended && { ...field.ended, time: new Date(field.ended.time) },
  };
}

function stepOf({ setWeight, pause }: z.output<typeof step>): ShiftStep {
  if (setWeight !== undefined) return { kind: "set-weight", percent: setWeight };
  return pause === undefined || pause === untilResumed ? { kind: "wait" } : { kind: "pause", ms: durationMs(pause) };
}

/** What a metric of a guard says. */
export function metricOf({ name, source, query, ...limits }: z.output<typeof metric>): GuardMetric {
  return source === "load-report" || query === undefined
    ? { kind: "error-rate", ...limits }
    : { kind: "prometheus", name, query, ...limits };
}

function sharesOf(field: z.output<typeof shares>): Shares {
  const all = Object.entries(field).map(([key, percent]) => ({ locality: known(key), percent }));
  return sortedBy(all, ({ locality }) => patternText(locality));
}

function known(text: string): LocalityPattern {
  const pattern = patternOf(text);
  if (pattern === undefined) throw new Error(`"${text}" passed its schema but is no locality`);
  return pattern;
}
