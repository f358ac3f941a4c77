import type { Fault, FaultRun, Verdict } from "./fault.ts";
import { createRandom } from "./random.ts";

export type Outcome =
  | { readonly kind: "tried"; readonly verdicts: readonly Verdict[] }
  | { readonly kind: "not-tried"; readonly why: string }
  | { readonly kind: "failed"; readonly cause: unknown };

/** Carries one out, with random numbers of its own: which faults run beside it does not matter. */
export async function runFault(
  fault: Fault,
  { seed, short, say }: Pick<FaultRun, "short" | "say"> & { readonly seed: number },
): Promise<Outcome> {
  const why = fault.lacks?.();
  if (why !== undefined) return { kind: "not-tried", why };
  const random = createRandom([...fault.name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), seed));
  try {
    return { kind: "tried", verdicts: await fault.run({ random, short, say }) };
  } catch (cause) {
    return { kind: "failed", cause };
  }
}
