import { type LocalityPattern, parseLocalityPattern, patternText } from "../model/locality.ts";
import { CliError } from "./cli-error.ts";
import type { SplitDocument } from "./split-edit.ts";

export type Step = { readonly setWeight: number } | { readonly pause: string };

type Shares = Readonly<Record<string, number>>;

/**
 * The steps from some shares to others, none of which moves any place by more than `points`: after each it pauses, after the
 * last only with `watched`, so that what guards it sees that one too.
 */
export function shiftSteps(
  base: Shares,
  target: Shares,
  { points, pause, watched }: { readonly points: number; readonly pause: string; readonly watched: boolean },
): readonly Step[] {
  const places = [...new Set([...Object.keys(base), ...Object.keys(target)])];
  const farthest = Math.max(...places.map((place) => Math.abs((target[place] ?? 0) - (base[place] ?? 0))));
  const count = Math.max(1, Math.ceil(farthest / points - 1e-9));
  return Array.from({ length: count }, (_, index) => index + 1).flatMap((step): readonly Step[] => {
    const weight = step === count ? 100 : Number(((step * points * 100) / farthest).toFixed(3));
    return step < count || watched ? [{ setWeight: weight }, { pause }] : [{ setWeight: weight }];
  });
}

/** The shares that callers have, by the rule that is for exactly them. */
export function sharesOfRule({ spec, metadata }: SplitDocument, from: string): Shares {
  const wanted = textOf(from);
  const rule = (spec.rules ?? []).find((each) => textOf(each.from ?? "*") === wanted);
  if (rule?.to) return rule.to;
  const why = rule ? "go to the nearest" : "have no rule of their own";
  throw new CliError(
    `trafficSplits/${metadata.name}: callers from ${from} ${why}, so there are no shares to begin from: weir traffic set ${spec.service} … --from '${from}'`,
  );
}

function textOf(text: string): string {
  const pattern = parseLocalityPattern(text);
  return patternText(pattern.ok ? pattern.value : nowhere);
}

const nowhere: LocalityPattern = { region: "", zone: "", subZone: "" };
