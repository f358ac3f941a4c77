import type { Revision } from "./answers.ts";
import type { Series } from "./series.ts";

/** A change of documents within what a series shows. */
export type ChangeMark = {
  readonly at: number;
  readonly revision: number;
  /** `r43 ana`. */
  readonly label: string;
  /** With what and why. */
  readonly says: string;
};

/** The oldest first. */
export function marksOf({ moments }: Series, revisions: readonly Revision[]): readonly ChangeMark[] {
  const first = moments[0]?.at ?? Number.POSITIVE_INFINITY;
  return revisions
    .map(({ revision, at, by, reason, changes }): ChangeMark => {
      const what = changes.map(({ kind, name, action }) => `${action} ${kind} ${name}`).join(", ");
      const label = `r${revision} ${by}`;
      return { at: Date.parse(at), revision, label, says: `${label}: ${what}${reason === "" ? "" : ` (${reason})`}` };
    })
    .filter(({ at }) => at >= first)
    .sort((a, b) => a.at - b.at);
}
