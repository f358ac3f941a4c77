import type { SealedParameters } from "../model/report.ts";

/** What was sealed was changed since, or belongs to something else. */
export class SealBroken extends Error {}

/** Encrypts what must not lie readable in a store. `belongsTo` says whose it is: elsewhere it cannot be opened. */
export type Vault = {
  seal(text: string, belongsTo: string): SealedParameters;
  /** Throws where the key is missing, and `SealBroken` where the text was changed, or belongs to something else. */
  open(sealed: SealedParameters, belongsTo: string): string;
  /** A hash that tells those nothing who lack the keys; it stays the same when keys are rotated. */
  fingerprint(text: string): string;
};
