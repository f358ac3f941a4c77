import { viewerOf, worldOf } from "../../control-plane/src/golden/golden-case.ts";
import { grpcVerdict } from "../../control-plane/src/golden/grpc-verdict.ts";
import { type Viewer, viewerKey } from "../../control-plane/src/model/viewer.ts";
import { dangling } from "../../control-plane/src/snapshot/dangling.ts";
import { pack } from "../../control-plane/src/snapshot/pack.ts";
import type { ResourceSet } from "../../control-plane/src/translate/resource-set.ts";
import { createTranslate } from "../../control-plane/src/translate/translate.ts";
import type { GoodSet } from "./mend-documents.ts";

/** Two places, so that what depends on the caller's is met as well. */
const envoyViewers = ["edge dc-a/z1", "sidecar dc-b/z1"].map(named);
const grpcViewers = ["grpc-node dc-a/z1", "grpc dc-b/z2"].map(named);

/** What an Envoy of each role is sent for these documents. */
export function envoyResources({ book }: GoodSet, now: Date): readonly ResourceSet[] {
  const translate = createTranslate();
  return envoyViewers.map((viewer) => translate(worldOf(book, now), viewer).resources);
}

/** What is wrong with all that the documents become, Envoy's own opinion of it apart; undefined when nothing is. */
export function ownVerdict({ book }: GoodSet, now: Date): string | undefined {
  const translate = createTranslate();
  for (const viewer of [...envoyViewers, ...grpcViewers]) {
    const snapshot = pack(translate(worldOf(book, now), viewer).resources, viewerKey(viewer), 1);
    const [first] = dangling(snapshot);
    if (first)
      return `for ${snapshot.viewer}: ${first.from.type} ${first.from.name} names ${first.to}, which is not there`;
    const said = viewer.flavour === "grpc" ? grpcVerdict(snapshot) : undefined;
    if (said !== undefined) return `the gRPC Node client refuses, for ${snapshot.viewer}: ${said}`;
  }
  return undefined;
}

function named(text: string): Viewer {
  const viewer = viewerOf(text);
  if (viewer === undefined) throw new Error(`"${text}" names no viewer`);
  return viewer;
}
