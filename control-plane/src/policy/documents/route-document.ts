import { z } from "zod";
import { coversMatch, matchesOf } from "../../model/covers-match.ts";
import type { RouteSpec } from "../../model/route.ts";
import { apiVersion, listTogether, metadata, nameText } from "./document-fields.ts";
import type { Path } from "./path-text.ts";
import { isJsonObject } from "./plain-json.ts";
import { routeRule, routeRuleOf } from "./route-rule-field.ts";
import { shown } from "./shown.ts";

const hosts = listTogether(z.array(nameText).min(1).max(100), repeatedHosts);

const rules = listTogether(z.array(routeRule).min(1).max(256), (entries) => [
  ...tooManyMatches(entries),
  ...repeatedNames(entries),
  ...neverReached(entries),
]);

export const routeDocument = z
  .strictObject({
    apiVersion,
    kind: z.literal("Route").describe("Which requests go where."),
    metadata,
    spec: z
      .strictObject({
        hosts: hosts
          .optional()
          .describe(
            "What clients dial. Of a Service's host, what no rule takes goes to that service; of any other, it is refused. Default: the document's name.",
          ),
        rules: rules.describe("The first that matches a request holds."),
      })
      .describe("The rules for these hosts."),
  })
  .describe("A Route: which requests to its hosts go where. One for each host at most.");

export type RouteDocument = z.output<typeof routeDocument>;

/** What a Route document says. */
export function routeOf({ metadata, spec }: RouteDocument): RouteSpec {
  return { name: metadata.name, hosts: spec.hosts ?? [metadata.name], rules: spec.rules.map(routeRuleOf) };
}

type Found = readonly { readonly path: Path; readonly says: string }[];

function repeatedHosts(entries: readonly unknown[]): Found {
  const names = entries.map((entry) => String(entry).toLowerCase());
  return entries.flatMap((entry, index) =>
    names.indexOf(names[index] ?? "") < index ? [{ path: [index], says: `${shown(entry)} is listed twice` }] : [],
  );
}

/** Each is compared with all before it. */
const mostMatches = 512;

function tooManyMatches(entries: readonly unknown[]): Found {
  const matches = entries.map((entry) => (isJsonObject(entry) ? entry["matches"] : undefined));
  const count = matches.reduce<number>((sum, each) => sum + (Array.isArray(each) ? Math.max(1, each.length) : 1), 0);
  if (count <= mostMatches) return [];
  return [{ path: [], says: `expected at most ${mostMatches} matches in all, not ${count}: make several Routes` }];
}

function repeatedNames(entries: readonly unknown[]): Found {
  const names = entries.map((entry) => (isJsonObject(entry) ? entry["name"] : undefined));
  return names.flatMap((name, index) =>
    typeof name === "string" && names.indexOf(name) < index
      ? [{ path: [index, "name"], says: `"${name}" is the name of rules[${names.indexOf(name)}] already` }]
      : [],
  );
}

/** Rules that never come to pass, because earlier ones take all their requests. */
function neverReached(entries: readonly unknown[]): Found {
  if (tooManyMatches(entries).length > 0) return [];
  // Only rules that are right in themselves can be compared.
  const rules = entries
    .map((entry) => routeRule.safeParse(entry))
    .map(({ data }) => (data ? routeRuleOf(data) : undefined));
  return rules.flatMap((rule, index) => {
    if (rule === undefined) return [];
    const takers = matchesOf(rule).map((match) =>
      rules.slice(0, index).findIndex((before) => before && matchesOf(before).some((wide) => coversMatch(wide, match))),
    );
    if (takers.some((taker) => taker < 0)) return [];
    const by = [...new Set(takers)].map((taker) => `rules[${taker}]`).join(" and ");
    return [{ path: [index], says: `never comes to pass: ${by} before it takes all these requests` }];
  });
}
