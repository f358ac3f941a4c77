import { clientNames } from "../../model/client-software.ts";
import type { Effect } from "./capability.ts";
import type { EffectiveOn, EffectiveRow } from "./effective-on.ts";

const verbs: Readonly<Record<Exclude<Effect, "obeyed">, readonly [one: string, many: string]>> = {
  ignored: ["ignores", "ignore"],
  approximated: ["approximates", "approximate"],
  withheld: ["is not sent", "are not sent"],
};

/**
 * What connected clients do not do of a document, a sentence for each field, kind of client and effect:
 * `12 gRPC Node clients ignore loadBalancer.slowStart: a new endpoint gets its full share at once`.
 */
export function effectiveWords(rows: readonly EffectiveRow[]): readonly string[] {
  return rows.flatMap(({ path, value, on }) => {
    const what = typeof value === "string" || typeof value === "number" ? `${path} ${value}` : path;
    const groups = Map.groupBy(on.filter(differs), ({ kind, effect, instead }) => `${kind} ${effect} ${instead}`);
    return [...groups.values()].flatMap((group) => sentenceOf(what, group));
  });
}

function differs({ effect, clients }: EffectiveOn): boolean {
  return clients > 0 && effect !== "obeyed";
}

function sentenceOf(what: string, group: readonly EffectiveOn[]): readonly string[] {
  const [first] = group;
  if (first === undefined || first.effect === "obeyed") return [];
  const clients = group.reduce((sum, each) => sum + each.clients, 0);
  const [one, many] = verbs[first.effect];
  const who = `${clients} ${clientNames[first.kind]} client${clients === 1 ? "" : "s"}`;
  return [`${who} ${clients === 1 ? one : many} ${what}: ${first.instead}`];
}
