import { ageText } from "../src/lib/age.ts";
import type { Overview } from "./answers.ts";

/** Something that an operator should know whichever view is open. */
export type Warning = { readonly tone: "bad" | "odd"; readonly what: string; readonly says: string };

/** Drains and overrides, a store that takes no changes, sources that cannot be seen, what is held back, clients that reject. */
export function warningsOf({ traffic, store, sources, guard, clients }: Overview): readonly Warning[] {
  const rejecting = new Set(clients.troubled.flatMap(({ status, nodeId }) => (status === "ERROR" ? [nodeId] : [])));
  const away = sources.filter(({ state }) => state === "stale" || state === "waiting");
  return [
    ...(store.state === "current"
      ? []
      : [
          {
            tone: "bad" as const,
            what: "Changes are refused:",
            says: `${store.where} is ${store.state}${store.cause === undefined ? "" : `, ${store.cause}`}. What is in force stays.`,
          },
        ]),
    ...(rejecting.size === 0
      ? []
      : [
          {
            tone: "bad" as const,
            what: "Rejected",
            says: `by ${names([...rejecting])}: they keep their last good configuration.`,
          },
        ]),
    ...away.map(({ source, state, ageSeconds, cause }) => ({
      tone: "odd" as const,
      what: source,
      says: `${state === "stale" ? "cannot be seen" : "has not answered yet"}, for ${ageText(ageSeconds * 1000)}${cause === undefined ? "" : `: ${cause}`}.${state === "stale" ? " Its last endpoints are kept." : ""}`,
    })),
    ...(guard.heldInAll === 0
      ? []
      : [
          {
            tone: "odd" as const,
            what: "Held back:",
            says: `${guard.heldInAll} changes that sources tell are not believed yet (see Sources).`,
          },
        ]),
    ...traffic.overrides
      // These are told with what ends them.
      .filter(({ drain }) => drain === undefined)
      .map(({ service, locality, weight, by, reason, expiresInSeconds, isolates }) => ({
        tone: "odd" as const,
        what: `${service} ${locality}`,
        says: `${isolates ? "isolated" : weight === 0 ? "drained" : `has ${weight} % of its weight`} by ${by}: ${reason}. Ends in ${ageText(expiresInSeconds * 1000)}.`,
      })),
  ];
}

function names(all: readonly string[]): string {
  const shown = all.slice(0, 3).join(", ");
  return all.length > 3 ? `${shown} and ${all.length - 3} more` : shown;
}
