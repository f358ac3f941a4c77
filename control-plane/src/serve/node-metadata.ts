import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/** What is kept of a client's own words about itself, in characters of JSON or so. */
export const mostMetadata = 16_384;

/** A client's metadata, for matchers and people to look at; undefined when it is more than a client needs to say. */
export function keptMetadata(metadata: JsonObject | undefined): JsonObject | undefined {
  return metadata !== undefined && left(metadata, mostMetadata) >= 0 ? metadata : undefined;
}

/** What is left of the budget; it stops counting when nothing is. */
function left(value: JsonValue, budget: number): number {
  if (typeof value === "string") return budget - value.length - 2;
  if (typeof value !== "object" || value === null) return budget - 5;
  let rest = budget - 2;
  for (const [key, each] of Object.entries(value)) {
    if (rest < 0) return rest;
    rest = left(each, rest - key.length - 3);
  }
  return rest;
}
