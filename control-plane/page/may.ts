import type { PageState } from "./page-state.ts";

/** Why nothing can be changed from here; undefined: it can. What a shifter may not, the server says. */
export function whyNoChange({ live, hands: { who } }: Pick<PageState, "live" | "hands">): string | undefined {
  if (live.kind !== "current") return "The control plane does not answer: nothing can be changed until it is back.";
  if (who?.role !== "viewer") return undefined;
  return `${who.name ?? "You"} may look and not change anything: a viewer. Who may is in the server's settings.`;
}
