import type { Failure, Parameters } from "../../model/report.ts";

/** What a document for people says of itself, beside its rows. */
export type FormatAbout = {
  readonly title: string;
  /** Those that may be shown: no sensitive ones. */
  readonly parameters: Parameters;
  /** The moment that the rows tell of: equal for every attempt at a report, so that all make equal bytes. */
  readonly timeMs: number;
};

/** A table is written whole, or not at all because it does not go into this format. */
export type Written = { readonly kind: "written" } | ({ readonly kind: "failed" } & Failure);
