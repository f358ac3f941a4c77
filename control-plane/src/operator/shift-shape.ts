import { z } from "zod";
import { patternText } from "../model/locality.ts";
import { type GuardMetric, positionAt, type Shift, type ShiftStep } from "../model/shift.ts";
import type { Split } from "../model/split.ts";
import { durationText } from "../policy/documents/duration.ts";
import { sharesJson, standOf } from "../shift/edit-shift.ts";
import { beforeOf } from "../shift/judge.ts";
import { limitOf } from "../shift/limit-of.ts";
import { operationFields, operationFieldsOf } from "./operation-shape.ts";
import { time } from "./shapes.ts";

const shares = z.record(z.string(), z.number());

/** A shift of traffic as the API tells it, and as a google.longrunning.Operation. */
export const shiftShape = z.object({
  name: z.string(),
  split: z.string(),
  service: z.string(),
  from: z.string(),
  state: z.enum(["running", "paused", "waiting", "succeeded", "rolledBack", "aborted"]).meta({
    description: "waiting: at a pause that somebody has to end. paused: by somebody, or by its guard",
  }),
  step: z.number().int().meta({ description: "How many of its weights are set" }),
  steps: z.number().int().meta({ description: "How many weights it sets in all" }),
  weight: z.number().meta({ description: "Percent of the way from base to target" }),
  shares: shares.meta({ description: "What the rule's callers are given now" }),
  base: shares,
  target: shares,
  plan: z.array(z.object({ setWeight: z.number().optional(), pause: z.string().optional() })),
  nextStepTime: time.optional().meta({ description: "Absent: not by itself" }),
  guard: z
    .object({
      interval: z.string(),
      failureLimit: z.number().int(),
      minRequests: z.number().int(),
      metrics: z.array(
        z.object({
          name: z.string(),
          max: z.number().optional().meta({ description: "More is a failure: the narrowest of what is set" }),
          maxIncrease: z.number().optional(),
          maxRatio: z.number().optional(),
          before: z.number().optional().meta({ description: "What it was in the minutes before the shift" }),
          query: z.string().optional(),
        }),
      ),
    })
    .optional(),
  onFailure: z.enum(["rollback", "pause"]),
  failures: z.array(z.object({ interval: z.number().int(), time, says: z.string() })),
  by: z.string(),
  reason: z.string(),
  startTime: time,
  paused: z.object({ time, by: z.string(), reason: z.string() }).optional(),
  ended: z.object({ time, by: z.string(), reason: z.string() }).optional(),
  ...operationFields,
});

export function shiftAnswer(split: Split, shift: Shift, now: Date): z.output<typeof shiftShape> {
  const stand = shift.ended ? endStand(shift) : standOf(shift, now);
  const { guard, paused, ended, onFailure, by, reason } = shift;
  const until = ended ? undefined : positionAt(shift, now).until;
  return {
    ...{ name: shift.name, split: split.name, service: split.service, from: patternText(shift.from) },
    state: stateOf(shift, stand.waits),
    ...{ step: stand.at, steps: stand.of, weight: stand.weight },
    ...{ shares: sharesJson(stand.shares), base: sharesJson(shift.base), target: sharesJson(shift.target) },
    plan: shift.steps.map(stepJson),
    ...(until && { nextStepTime: until.toISOString() }),
    ...(guard && {
      guard: {
        interval: durationText(guard.intervalMs),
        ...{ failureLimit: guard.failureLimit, minRequests: guard.minRequests },
        metrics: guard.metrics.map((metric) => metricAnswer(shift, metric)),
      },
    }),
    ...{ onFailure, by, reason, startTime: shift.startTime.toISOString() },
    failures: shift.failures.map((each) => ({ ...each, time: each.time.toISOString() })),
    ...(paused && { paused: { time: paused.time.toISOString(), by: paused.by, reason: paused.reason } }),
    ...(ended && { ended: { time: ended.time.toISOString(), by: ended.by, reason: ended.reason } }),
    ...operationFieldsOf(split, shift, stand.weight),
  };
}

/** Where a shift that has ended left the rule, and how far it had come. */
function endStand(shift: Shift): ReturnType<typeof standOf> {
  const { ended } = shift;
  const last = standOf(shift, ended?.time ?? shift.startTime);
  if (ended?.outcome === "succeeded") return { ...last, at: last.of, weight: 100, shares: shift.target };
  return { ...last, weight: 0, shares: shift.base };
}

function stateOf({ ended, paused }: Shift, waits: boolean): z.output<typeof shiftShape>["state"] {
  if (ended) return ended.outcome;
  if (paused) return "paused";
  return waits ? "waiting" : "running";
}

function stepJson(step: ShiftStep): { readonly setWeight?: number; readonly pause?: string } {
  switch (step.kind) {
    case "set-weight":
      return { setWeight: step.percent };
    case "pause":
      return { pause: durationText(step.ms) };
    case "wait":
      return { pause: "untilResumed" };
  }
}

function metricAnswer(shift: Shift, metric: GuardMetric) {
  const name = metric.kind === "error-rate" ? "error-rate" : metric.name;
  const before = beforeOf(shift, name);
  const limit = limitOf(metric, before)?.limit;
  const { maxIncrease, maxRatio } = metric;
  return {
    name,
    ...(limit !== undefined && { max: limit }),
    ...(maxIncrease !== undefined && { maxIncrease }),
    ...(maxRatio !== undefined && { maxRatio }),
    ...(before !== undefined && { before: before.value }),
    ...(metric.kind === "prometheus" && { query: metric.query }),
  };
}
