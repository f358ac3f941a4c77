import type { ResourceType } from "../../snapshot/resource.ts";
import type { Conversation, StreamNote } from "./conversation.ts";

/**
 * Clusters and listeners can be had by an empty list of names, which then means all there are; and in state-of-the-world a
 * response carries all of them: what it leaves out is deleted. Envoy does the same with scoped routes (seen with 1.40),
 * though the specification does not say so.
 */
export function canBeAll(type: ResourceType): boolean {
  return type === "cluster" || type === "listener" || type === "scopedRoutes";
}

// Whoever asks for ever new types is not listened to, let alone written down.
const told = 10;

/** A type that is not served gets nothing; the stream and its other types live on. Told once. */
export function noteUnknownType({ unknownTypes }: Conversation, typeUrl: string): readonly StreamNote[] {
  if (unknownTypes.has(typeUrl) || unknownTypes.size >= told) return [];
  const shown = typeUrl.slice(0, 200);
  unknownTypes.add(shown);
  return [{ kind: "unknown-type", typeUrl: shown }];
}
