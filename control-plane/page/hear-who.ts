import type { Who } from "./hands.ts";
import type { PageEvent, PageState } from "./page-state.ts";
import { ask } from "./weir-api.ts";

let isAsking = false;

/** Asks once who the server takes this browser for. */
export async function hearWho({ live, hands }: PageState, dispatch: (event: PageEvent) => void): Promise<void> {
  if (hands.who !== undefined || live.kind !== "current" || isAsking) return;
  isAsking = true;
  try {
    dispatch({ kind: "in-hand", hands: { who: await ask<Who>("/v1/whoami") } });
  } catch {
    // Asked again in a second; the server refuses what may not be done in any case.
  } finally {
    isAsking = false;
  }
}
