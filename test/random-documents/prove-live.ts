import fc from "fast-check";
import { documentSets } from "./document-sets.ts";
import { startLiveScene, type Taken } from "./live-scene.ts";

/**
 * Shows so many random sets of documents, one after the other, to a real Envoy of each role and to the gRPC Node client over
 * ADS. Rejects with the first set that one of them refuses, or that the control plane does.
 */
export async function proveLive({ seed, count }: { readonly seed: number; readonly count: number }): Promise<Taken> {
  // What is written now is judged by the server's clock: overrides end at most 14 days ahead.
  const sets = fc.sample(documentSets(new Date()), { seed, numRuns: count });
  await using scene = await startLiveScene();
  for (const [index, set] of sets.entries()) {
    await scene.show(set).catch((cause) => {
      throw new Error(`set ${index} of seed ${seed}: ${JSON.stringify(set.documents, undefined, 1)}\n${cause}`, {
        cause,
      });
    });
  }
  return scene.taken();
}
