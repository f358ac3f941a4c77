import type { EjectionsAnswer } from "./ejection-answers.ts";
import type { PageEvent, PageState } from "./page-state.ts";
import { ask, whyNot } from "./weir-api.ts";

let isAsking = false;

/** Asks what clients ejected, while somebody looks at that; what was known stays when there is no answer. */
export async function hearEjections(
  { address, ejections: before, asksWho }: PageState,
  dispatch: (event: PageEvent) => void,
): Promise<void> {
  if (address.view !== "ejections" || asksWho || isAsking || document.hidden) return;
  isAsking = true;
  try {
    const answer = await ask<EjectionsAnswer>("/v1/ejections");
    dispatch({ kind: "ejections-heard", ejections: { answer, at: Date.now() } });
  } catch (cause) {
    const { answer, at = Date.now() } = before ?? {};
    dispatch({ kind: "ejections-heard", ejections: { answer, at, why: whyNot(cause) } });
  } finally {
    isAsking = false;
  }
}
