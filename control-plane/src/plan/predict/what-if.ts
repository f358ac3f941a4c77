import { type Parsed, type Problem, parsed } from "../../lib/parsed.ts";
import { type LocalityPattern, parseLocalityPattern } from "../../model/locality.ts";
import type { Health } from "../../model/service.ts";
import type { Trouble } from "./condition.ts";

/** Something that happens to endpoints; `percent` of those that `where` names, at least one. */
export type Happening = {
  readonly percent: number;
  readonly where: Where;
  readonly what:
    | { readonly kind: "trouble"; readonly trouble: Trouble }
    | { readonly kind: "health"; readonly health: Health };
};

export type Where =
  | { readonly kind: "locality"; readonly pattern: LocalityPattern }
  | { readonly kind: "address"; readonly address: string };

/** What is asked about, in the asker's own words, all of it at once. */
export type WhatIf = { readonly says: string; readonly happenings: readonly Happening[] };

const trouble = (trouble: Trouble) => ({ kind: "trouble", trouble }) as const;
const health = (health: Health) => ({ kind: "health", health }) as const;

const words: Readonly<Record<string, Happening["what"]>> = {
  dies: trouble("gone"),
  "is gone": trouble("gone"),
  errs: trouble("erring"),
  "is ejected": trouble("ejected"),
  fails: health("failing"),
  "is degraded": health("degraded"),
  "is drained": health("draining"),
  recovers: health("serving"),
};

const form = /^(?:(?<percent>\d+(?:\.\d+)?) ?% of )?(?<where>\S+) (?<verb>.+)$/;

/**
 * `dc-a dies`, `40 % of dc-b is ejected and dc-c/z1 is drained`, `10.1.0.11:9090 errs`. What dies refuses connections, what errs
 * answers every request with an error; what fails, is degraded, drained or recovers does so by its source's word.
 */
export function parseWhatIf(text: string): Parsed<WhatIf> {
  const says = text.trim().replace(/\s+/g, " ");
  const problems: Problem[] = [];
  const happenings = says.split(" and ").flatMap((part): readonly Happening[] => {
    const found = parseHappening(part);
    if (typeof found !== "string") return [found];
    problems.push({ at: "", says: `"${part}": ${found}` });
    return [];
  });
  return problems.length > 0 ? { ok: false, problems } : parsed({ says, happenings });
}

function parseHappening(text: string): Happening | string {
  const { percent = "100", where = "", verb = "" } = form.exec(text)?.groups ?? {};
  const what = Object.hasOwn(words, verb) ? words[verb] : undefined;
  if (!what)
    return `expected a locality or an address and what happens to it, like "dc-a dies" or "40 % of dc-b is ejected": ${Object.keys(words).join(", ")}`;
  const part = Number(percent);
  if (part <= 0 || part > 100) return "expected more than 0 and at most 100 %";
  if (where.includes(":")) return { percent: part, where: { kind: "address", address: where }, what };
  const pattern = parseLocalityPattern(where);
  if (!pattern.ok) return pattern.problems.map(({ says }) => says).join("; ");
  return { percent: part, where: { kind: "locality", pattern: pattern.value }, what };
}
