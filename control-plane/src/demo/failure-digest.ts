import type { Failure } from "./load/load-report.ts";

/** Requests that failed since the last digest: how many, and one of them. */
export type FailureDigest = { readonly kind: "requests-failed"; readonly count: number; readonly example: Failure };

const everyMs = 5_000;

/** Gathers failures, so that a data center that fails is told in lines that can be read and not in thousands. */
export function createFailureDigest(): {
  /** Undefined when nothing failed, or when the last digest is less than five seconds old; then the next one tells. */
  add(failures: readonly Failure[], count: number, nowMs: number): FailureDigest | undefined;
} {
  let told = Number.NEGATIVE_INFINITY;
  let untold = 0;
  let example: Failure | undefined;
  return {
    add(failures, count, nowMs) {
      untold += count;
      example ??= failures[0];
      if (example === undefined || nowMs - told < everyMs) return undefined;
      const digest = { kind: "requests-failed", count: untold, example } as const;
      told = nowMs;
      untold = 0;
      example = undefined;
      return digest;
    },
  };
}
