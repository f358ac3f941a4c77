import type { JsonObject } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { type Resource, ResourceSchema } from "@weir/proto/weir/operator/v1/resources_pb.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { collectionNames, collections } from "../operator/collections.ts";
import type { DocumentKind } from "../policy/policy-store.ts";
import { invalid } from "./answering.ts";

const kinds: readonly string[] = Object.values(collections);

/** The collection of a kind, as URLs name it; rejects what is no kind. */
export function collectionNamed(kind: string, field = "kind"): string {
  const found = collectionNames.find((each) => collections[each] === kind);
  if (found) return found;
  const shown = JSON.stringify(kind.slice(0, 60));
  const hint = didYouMean(kind, kinds);
  throw invalid(field, `${shown} is no kind of document${hint || `: expected ${kinds.join(", ")}`}`);
}

/** A document as routes answer it. */
export type Document = {
  readonly kind: DocumentKind;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: unknown;
};

export function resourceOf(
  { kind, metadata: { name, labels = {} }, spec = {} }: Document,
  { etag, revision }: { readonly etag: string; readonly revision: number },
): Resource {
  return create(ResourceSchema, {
    ...{ kind, name, labels: { ...labels }, etag, revision: BigInt(revision) },
    spec: spec as JsonObject,
  });
}

/** The document that a message carries, as it stands in a file. What is wrong with it, the routes say. */
export function documentOf({ kind, name, labels, spec }: Resource): unknown {
  return {
    apiVersion: "weir/v1alpha1",
    kind,
    metadata: { name, ...(Object.keys(labels).length > 0 && { labels }) },
    spec: spec ?? {},
  };
}
