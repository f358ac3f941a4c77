/** One thing wrong with an input: where in it, and what, in words its author can act on. */
export type Problem = { readonly at: string; readonly says: string };

/** Bad input is a value, and everything wrong with it is reported at once. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };
