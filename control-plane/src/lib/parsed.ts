/** One thing wrong with an input: where, and what was expected there. */
export type Problem = {
  /** Path inside the document, e.g. `spec.rules[0].to.dc-a`; empty for the document as a whole. */
  readonly at: string;
  /** What was found, what was expected, what to do. */
  readonly says: string;
  /** Where the text came from, for inputs that are text. Lines and columns count from 1. */
  readonly source?: { readonly file: string; readonly line: number; readonly column: number };
};

/** Bad input is a value, and all that is wrong with it is reported at once. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function refused(...problems: readonly Problem[]): {
  readonly ok: false;
  readonly problems: readonly Problem[];
} {
  return { ok: false, problems };
}

/** `report.yaml:14:7 spec.rules[0].to.dc-d: unknown region …`, the form that editors and CI make clickable. */
export function problemText({ at, says, source }: Problem): string {
  const where = source ? `${source.file}:${source.line}:${source.column} ` : "";
  return `${where}${at === "" ? "" : `${at}: `}${says}`;
}
