import { z } from "zod";
import { sortedBy } from "../../lib/order.ts";
import { nameRule, parseServiceName } from "../../model/names.ts";
import type { Subset } from "../../model/service.ts";
import { together } from "./document-fields.ts";
import type { JsonObject } from "./plain-json.ts";
import { shown } from "./shown.ts";

const subset = z.strictObject({
  match: together(z.record(z.string(), z.string()), nothingToMatch)
    .meta({ examples: [{ version: "v1" }] })
    .describe("The metadata that its endpoints have: in Consul meta, and tag/canary for a tag."),
  whenEmpty: z
    .enum(["Fail", "UseAll"])
    .default("Fail")
    .describe(
      "What happens to its requests while no endpoint is in it: they fail, or all of the service takes them. Default: Fail.",
    ),
});

/** Names of `spec.subsets`, and what they stand for. */
export const subsets = together(z.record(z.string(), subset), nameProblems).meta({
  examples: [{ v1: { match: { version: "v1" } } }],
});

/** What `spec.subsets` says, by name. */
export function subsetsOf(fields: z.output<typeof subsets>): readonly Subset[] {
  return sortedBy(
    Object.entries(fields).map(([name, { match, whenEmpty }]) => ({
      name,
      match,
      whenEmpty: whenEmpty === "Fail" ? ("fail" as const) : ("use-all" as const),
    })),
    ({ name }) => name,
  );
}

const mostSubsets = 32;

function nameProblems(fields: JsonObject) {
  const names = Object.keys(fields);
  const problems = names
    .filter((name) => parseServiceName(name) === undefined)
    .map((name) => ({ path: [name], says: `${shown(name)} is no name: expected ${nameRule}` }));
  if (names.length > mostSubsets)
    problems.push({ path: [], says: `expected at most ${mostSubsets} subsets, not ${names.length}` });
  return problems;
}

function nothingToMatch(fields: JsonObject) {
  if (Object.keys(fields).length > 0) return [];
  return [{ path: [], says: "matches every endpoint: expected at least one key, such as {version: v1}" }];
}
