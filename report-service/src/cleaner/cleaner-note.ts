/** What is cleaned, in this order: what expires in a round is not forgotten in the same one. */
export const cleanings = [
  "stuck",
  "forgotten",
  "expired",
  "requests",
  "abandoned",
  "outdated",
  "unfinished",
  "orphans",
] as const;

/** `unfinished` and `orphans` are objects, the others are as in `ports/clean-up`. */
export type Cleaning = (typeof cleanings)[number];

/** What a cleaner has to tell. */
export type CleanerNote =
  | { readonly kind: "cleaned"; readonly what: Cleaning; readonly count: number; readonly sizeBytes?: number }
  /** That part is left for the next time; the others are done. */
  | { readonly kind: "clean-failed"; readonly what: Cleaning; readonly cause: Error }
  | { readonly kind: "clean-ended"; readonly failed: number; readonly tookMs: number };
