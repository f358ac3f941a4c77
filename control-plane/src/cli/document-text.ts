import { collectionOfKind } from "./resources.ts";

/** `trafficSplits/report`: how a document is called. */
export function documentText({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${collectionOfKind(kind) ?? kind}/${name}`;
}
