import { type Parsed, type Problem, parsed, refused } from "../lib/parsed.ts";
import { type LocalityPattern, parseLocalityPattern, patternText } from "../model/locality.ts";
import { type MetricBefore, positionAt, type Shares, type Shift, sharesBetween } from "../model/shift.ts";

/** A TrafficSplit as it is written; what is not touched here is kept as it is. */
export type SplitJson = {
  readonly spec: {
    readonly rules?: readonly RuleJson[];
    readonly shift?: ShiftJson;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
};

type SharesJson = Readonly<Record<string, number>>;
type RuleJson = {
  readonly from?: string;
  readonly to?: SharesJson;
  readonly prefer?: string;
  readonly failover?: readonly string[] | "nearest";
};
type Author = { readonly by: string; readonly reason: string };
type ShiftJson = Readonly<Record<string, unknown>> & { readonly name: string };

/** What a shift is begun with; steps and guard as they are written, checked by whoever stores the document. */
export type ShiftRequest = {
  readonly from: string;
  readonly target: SharesJson;
  readonly steps: unknown;
  readonly guard?: unknown;
  readonly onFailure?: unknown;
};

/** The document with a shift that begins now; problems stand where the request has them. */
export function beginShift(
  document: SplitJson,
  request: ShiftRequest,
  {
    name,
    now,
    by,
    reason,
    before,
  }: Author & { readonly name: string; readonly now: Date; readonly before?: readonly MetricBefore[] },
): Parsed<SplitJson> {
  const from = patternOf(request.from);
  if (from === undefined)
    return refused({ at: "from", says: `"${request.from}" names no callers: expected "*", dc-a or dc-a/z1` });
  const rules = document.spec.rules ?? [];
  const rule = rules.find((each) => sameCallers(each, from));
  const problems: Problem[] = [];
  if (rule === undefined)
    problems.push({
      at: "from",
      says: `no rule is for exactly these callers (there ${rules.length === 1 ? "is" : "are"} ${rules.map((each) => each.from ?? "*").join(", ") || "none"}); give them shares first: weir traffic set`,
    });
  else if (rule.to === undefined)
    problems.push({
      at: "from",
      says: "these callers go to the nearest, which has no shares to begin from; give them shares first: weir traffic set",
    });
  if (problems.length > 0 || rule?.to === undefined) return { ok: false, problems };
  const { target, steps, guard, onFailure = "rollback" } = request;
  const time = now.toISOString();
  const shift = {
    ...{ name, from: request.from, base: rule.to, target, steps },
    ...(guard !== undefined && { guard }),
    ...(before !== undefined && before.length > 0 && { before }),
    ...{ onFailure, by, reason, startTime: time, cursor: { step: 0, time }, failures: [] },
  };
  return parsed(withShift(document, shift));
}

/** The document with its shift standing still as it is now. */
export function pauseShift(document: SplitJson, now: Date, author: Author): SplitJson {
  return changed(document, { paused: { time: now.toISOString(), ...author } });
}

/** Goes on where it was paused, with as much of the pause as was left; out of a step that waits, with the next. */
export function resumeShift(document: SplitJson, shift: Shift, now: Date): SplitJson {
  const { step, since } = positionAt(shift, now);
  const waits = shift.steps[step]?.kind === "wait";
  const spentMs = (shift.paused?.time ?? now).getTime() - since.getTime();
  const cursor = waits
    ? { step: step + 1, time: now.toISOString() }
    : { step, time: new Date(now.getTime() - Math.max(0, spentMs)).toISOString() };
  return changed(document, { cursor, paused: undefined, failures: [] });
}

/** Leaves the step that it waits in for the next. */
export function promoteShift(document: SplitJson, shift: Shift, now: Date): SplitJson {
  const { step } = positionAt(shift, now);
  const cursor = { step: Math.min(step + 1, shift.steps.length), time: now.toISOString() };
  return changed(document, { cursor, paused: undefined, failures: [] });
}

/** Ends it with the target as the rule's shares. */
export function finishShift(document: SplitJson, shift: Shift, now: Date, author: Author): SplitJson {
  const from = patternText(shift.from);
  const to = sharesJson(shift.target);
  const rules = (document.spec.rules ?? []).map((rule) => {
    if (!sameCallers(rule, shift.from)) return rule;
    const { failover, ...rest } = rule;
    const kept = Array.isArray(failover) ? failover.filter((place) => !takes(shift.target, place)) : failover;
    return { ...rest, to, ...(kept !== undefined && kept.length > 0 && { failover: kept }) };
  });
  const ended = { time: now.toISOString(), outcome: "succeeded", ...author };
  const { paused: _, ...rest } = document.spec.shift ?? { name: shift.name, from };
  return { ...document, spec: { ...document.spec, rules, shift: { ...rest, ended } } };
}

/** Ends it with the shares that it began from. */
export function endShift(
  document: SplitJson,
  outcome: "rolledBack" | "aborted",
  now: Date,
  author: Author,
  failures?: readonly unknown[],
): SplitJson {
  const ended = { time: now.toISOString(), outcome, ...author };
  return changed(document, { ended, paused: undefined, ...(failures && { failures }) });
}

/** Notes an interval of the guard that was over a limit; with `paused`, and stands still. */
export function failShift(
  document: SplitJson,
  failures: readonly unknown[],
  paused?: { readonly time: string } & Author,
): SplitJson {
  return changed(document, { failures, ...(paused && { paused }) });
}

/** A document of long ago without the shift that ran then, whose times have passed; any other as it is. */
export function withoutOldShift<D extends Readonly<Record<string, unknown>>>(document: D): D {
  const { spec } = document as { readonly spec?: { readonly shift?: Readonly<Record<string, unknown>> } };
  if (document["kind"] !== "TrafficSplit" || spec?.shift === undefined || spec.shift["ended"] !== undefined)
    return document;
  const { shift: _, ...rest } = spec;
  return { ...document, spec: rest };
}

/** `dc-a=60 dc-b=40` */
export function sharesText(shares: Shares): string {
  return shares.map(({ locality, percent }) => `${patternText(locality)}=${Number(percent.toFixed(3))}`).join(" ");
}

export function sharesJson(shares: Shares): SharesJson {
  return Object.fromEntries(shares.map(({ locality, percent }) => [patternText(locality), percent]));
}

/** Where a shift stands: `step 2 of 4, dc-a=60 dc-b=40`; steps are the weights it sets. */
export function standText(shift: Shift, now: Date): string {
  const { at, of, shares } = standOf(shift, now);
  return `step ${at} of ${of}, ${sharesText(shares)}`;
}

/** How many of its weights are set, and the shares that this makes. */
export function standOf(shift: Shift, now: Date) {
  const position = positionAt(shift, now);
  const isWeight = ({ kind }: Shift["steps"][number]) => kind === "set-weight";
  return {
    at: shift.steps.slice(0, position.step).filter(isWeight).length,
    of: shift.steps.filter(isWeight).length,
    weight: position.weight,
    until: position.until,
    shares: sharesBetween(shift.base, shift.target, position.weight),
    isThrough: position.step >= shift.steps.length,
    waits: shift.steps[position.step]?.kind === "wait",
  };
}

function changed(document: SplitJson, fields: Readonly<Record<string, unknown>>): SplitJson {
  const { shift } = document.spec;
  if (shift === undefined) throw new Error("there is no shift in this document");
  const entries = Object.entries({ ...shift, ...fields }).filter(([, value]) => value !== undefined);
  return withShift(document, { ...Object.fromEntries(entries), name: shift.name });
}

function withShift(document: SplitJson, shift: ShiftJson): SplitJson {
  return { ...document, spec: { ...document.spec, shift } };
}

function sameCallers(rule: RuleJson, from: LocalityPattern): boolean {
  const pattern = patternOf(rule.from ?? "*");
  return pattern !== undefined && patternText(pattern) === patternText(from);
}

function takes(shares: Shares, place: string): boolean {
  const pattern = patternOf(place);
  return (
    pattern !== undefined &&
    shares.some(({ locality, percent }) => percent > 0 && patternText(locality) === patternText(pattern))
  );
}

function patternOf(text: string): LocalityPattern | undefined {
  const pattern = parseLocalityPattern(text);
  return pattern.ok ? pattern.value : undefined;
}
