import type { Planned, Revision } from "./answers.ts";

export type ChangedField = { readonly path: string; readonly before?: unknown; readonly after?: unknown };

/** One revision with what it changed in each document. */
export type RevisionDetail = Omit<Revision, "changes"> & {
  readonly changes: readonly (Revision["changes"][number] & {
    /** Missing where what the document said is not kept. */
    readonly fields?: readonly ChangedField[];
  })[];
};

/** A revision that is looked at, and the way back to it. */
export type OpenedRevision = {
  readonly revision: number;
  /** Undefined until it is answered. */
  readonly detail: RevisionDetail | undefined;
  readonly reason: string;
  readonly stage:
    | { readonly kind: "looking" }
    | { readonly kind: "planning" }
    /** `base`: the newest revision when it was planned; going back is refused once there is another. */
    | { readonly kind: "planned"; readonly plan: Planned; readonly base: number }
    | { readonly kind: "going"; readonly plan: Planned; readonly base: number }
    | { readonly kind: "refused"; readonly says: string };
};

export function newlyOpened(revision: number): OpenedRevision {
  return { revision, detail: undefined, reason: "", stage: { kind: "looking" } };
}
