import { type SplitDocument, type SplitRule, withShares } from "../src/cli/split-edit.ts";
import type { Planned, Splits } from "./answers.ts";

/** Shares of one rule that are being edited. */
export type Draft = {
  readonly service: string;
  readonly from: string;
  /** The document as it was read, and its ETag; without one the service has no split yet. */
  readonly base: SplitDocument;
  readonly etag: string | undefined;
  /** Percent by place, for those that are in the rule or were given some. */
  readonly shares: Readonly<Record<string, number>>;
  readonly reason: string;
  readonly stage: Stage;
};

export type Stage =
  | { readonly kind: "editing" }
  | { readonly kind: "planning" }
  | { readonly kind: "planned"; readonly plan: Planned }
  | { readonly kind: "applying"; readonly plan: Planned }
  | {
      readonly kind: "refused";
      readonly says: string;
      readonly details: readonly string[];
      readonly isOutdated: boolean;
    };

/** The rule for these callers as it is in force; undefined where they have none of their own. */
export function ruleFor(
  { trafficSplits }: Pick<Splits, "trafficSplits">,
  service: string,
  from: string,
): SplitRule | undefined {
  const split = trafficSplits.find(({ spec }) => spec.service === service);
  return split?.spec.rules?.find((rule) => plain(rule.from ?? "*") === plain(from));
}

/** `dc-a/*` and `dc-a` are the same callers. */
function plain(from: string): string {
  return from.replace(/\/\*$/, "");
}

export function newDraft({ trafficSplits, stored }: Splits, service: string, from: string): Draft {
  const found = trafficSplits.find(({ spec }) => spec.service === service);
  const base: SplitDocument = found ?? {
    apiVersion: "weir/v1alpha1",
    kind: "TrafficSplit",
    metadata: { name: service },
    spec: { service },
  };
  const etag = found && stored.find(({ name }) => name === found.metadata.name)?.etag;
  const shares = ruleFor({ trafficSplits }, service, from)?.to ?? {};
  return { service, from, base, etag, shares, reason: "", stage: { kind: "editing" } };
}

/** Any change of the shares makes a plan old. */
export function withShare(draft: Draft, place: string, percent: number): Draft {
  const share = Math.min(100, Math.max(0, Math.round(percent * 10) / 10));
  const isNew = ruleShares(draft)[place] === undefined;
  const { [place]: _old, ...others } = draft.shares;
  const shares = isNew && share === 0 ? others : { ...draft.shares, [place]: share };
  return { ...draft, shares, stage: { kind: "editing" } };
}

/** What is missing to 100 goes to the other places, in their proportions. */
export function filledUp(draft: Draft, keep: string): Draft {
  const kept = draft.shares[keep] ?? 0;
  const others = Object.entries(draft.shares).filter(([place]) => place !== keep);
  const total = others.reduce((sum, [, share]) => sum + share, 0);
  const rest = 100 - kept;
  if (others.length === 0) return draft;
  let left = rest;
  const shares: Record<string, number> = { ...draft.shares };
  for (const [index, [place, share]] of others.entries()) {
    const part = total === 0 ? rest / others.length : (rest * share) / total;
    // The last one takes what rounding leaves.
    const given = index === others.length - 1 ? left : Math.floor(part);
    shares[place] = Math.round(given * 10) / 10;
    left -= given;
  }
  return { ...draft, shares, stage: { kind: "editing" } };
}

export function sumOf({ shares }: Pick<Draft, "shares">): number {
  return Math.round(Object.values(shares).reduce((sum, share) => sum + share, 0) * 1000) / 1000;
}

export function isChanged(draft: Draft): boolean {
  const before = ruleShares(draft);
  const places = new Set([...Object.keys(before), ...Object.keys(draft.shares)]);
  return [...places].some((place) => (before[place] ?? 0) !== (draft.shares[place] ?? 0));
}

/** Why the draft cannot be planned; undefined when it can. */
export function whyNotPlanned(draft: Draft): string | undefined {
  const sum = sumOf(draft);
  if (sum !== 100) return `the shares add up to ${sum}, not 100`;
  return isChanged(draft) ? undefined : "nothing is changed yet";
}

/** Only onto the content that was read and planned with: a plan of something else is worth nothing. */
export function conditionOf({ etag }: Pick<Draft, "etag">): Record<string, string> {
  return etag === undefined ? { "if-none-match": "*" } : { "if-match": `"${etag}"` };
}

/** The whole document with the new shares. */
export function documentOf({ base, from, shares }: Draft): SplitDocument {
  return withShares(base, { from, to: shares, failover: undefined }).document;
}

function ruleShares({ base, from, service }: Draft): Readonly<Record<string, number>> {
  return ruleFor({ trafficSplits: [base] }, service, from)?.to ?? {};
}
