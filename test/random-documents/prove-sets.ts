import fc from "fast-check";
import { documentFeatures, featuresIn } from "../../control-plane/src/golden/document-features.ts";
import type { ResourceSet } from "../../control-plane/src/translate/resource-set.ts";
import { documentSets } from "./document-sets.ts";
import type { Refused } from "./envoy-batch.ts";
import type { GoodSet } from "./mend-documents.ts";
import { envoyResources, ownVerdict } from "./resources-of-set.ts";

/** The time that random documents are written at: what they are does not depend on the day of the run. */
export const writtenAt = new Date("2026-01-01T00:00:00Z");

const together = 200;

export type Proof = {
  readonly sets: number;
  readonly documents: number;
  /** Fields and words of the schemas that no set made use of. */
  readonly neverMet: readonly string[];
};

/**
 * Shows so many random sets of documents to the Node client's own checks and, by `askEnvoy`, to Envoy. Rejects with the
 * smallest set that is refused, and with what makes it again.
 */
export async function proveSets({
  seed,
  count,
  askEnvoy,
}: {
  readonly seed: number;
  readonly count: number;
  /** The first of several sets that Envoy refuses. */
  readonly askEnvoy: (sets: readonly (readonly ResourceSet[])[]) => Promise<Refused | undefined>;
}): Promise<Proof> {
  const sets = fc.sample(documentSets(writtenAt), { seed, numRuns: count });
  const met = new Set<string>();
  for (let from = 0; from < sets.length; from += together) {
    const some = sets.slice(from, from + together);
    for (const { documents } of some) for (const feature of featuresIn(documents)) met.add(feature);
    const refused = await firstOf(some);
    if (refused) await shrink(from + refused.index);
  }
  return {
    sets: sets.length,
    documents: sets.reduce((sum, { documents }) => sum + documents.length, 0),
    neverMet: documentFeatures.filter((feature) => !met.has(feature)),
  };

  async function firstOf(some: readonly GoodSet[]): Promise<Refused | undefined> {
    for (const [index, set] of some.entries()) {
      const says = ownVerdict(set, writtenAt);
      if (says !== undefined) return { index, says };
    }
    return askEnvoy(some.map((set) => envoyResources(set, writtenAt)));
  }

  /** Only the one set is made again, and the smaller ones that fast-check makes of it. */
  async function shrink(index: number): Promise<never> {
    const property = fc.asyncProperty(documentSets(writtenAt), async (set) => {
      const refused = await firstOf([set]);
      if (refused) throw new Error(`${JSON.stringify(set.documents, undefined, 1)}\nis refused: ${refused.says}`);
    });
    await fc.assert(property, { seed, path: String(index), numRuns: 1 });
    throw new Error(`set ${index} of seed ${seed} is refused among others and is not alone`);
  }
}
