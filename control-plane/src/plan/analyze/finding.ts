import type { Problem } from "../../lib/parsed.ts";

/**
 * - `error`: some requests fail, or go where nobody asked for.
 * - `warning`: they will when something fails, or a document does not do what it says.
 * - `info`: worth knowing.
 */
export type Severity = "error" | "warning" | "info";

export const severities = ["error", "warning", "info"] as const satisfies readonly Severity[];

export type DocumentRef = { readonly kind: string; readonly name: string };

/** Something about documents that are valid and will disappoint: where, what happens, and what to do. */
export type Finding = Problem & {
  /** `WR0202`; never used for something else again. */
  readonly code: string;
  readonly severity: Severity;
  readonly remedy: string;
  /** The document that `at` is a path of. */
  readonly document: DocumentRef;
  /** Its page: what it is about, why (with what was measured), what to do, and an example. */
  readonly help: string;
};

/** Is `a` as bad as `b`, or worse? */
export function isAtLeast(a: Severity, b: Severity): boolean {
  return severities.indexOf(a) <= severities.indexOf(b);
}

/** How many there are of each severity. */
export function countBySeverity(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const count = (severity: Severity) => findings.filter((each) => each.severity === severity).length;
  return { error: count("error"), warning: count("warning"), info: count("info") };
}

/** The same finding before and after a change has the same text: what it says holds the numbers that matter. */
export function findingKey({ code, document, at, says }: Finding): string {
  return `${code} ${document.kind}/${document.name} ${at} ${says}`;
}
