import type { JsonValue } from "@bufbuild/protobuf";
import type { ResourceStatus } from "../serve/clients.ts";
import { resourceJson } from "../snapshot/resource-json.ts";
import { comparable } from "./comparable.ts";
import { jsonDifferences } from "./json-differences.ts";
import type { RunningResource } from "./running.ts";

/** What a client says that it runs of a resource. */
export type Told = {
  readonly version: string;
  readonly updatedAt: Date | undefined;
  /** As proto3 JSON with the names of the proto file; undefined: it does not show it. */
  readonly content: JsonValue | undefined;
};

/** A wanted resource beside what the client says; undefined where there is nothing to be compared: it is wanted of none, and runs none. */
export function compared(wanted: ResourceStatus, told: Told | undefined): RunningResource | undefined {
  const { version: comparedWith, body, type, name } = wanted;
  if (told === undefined && body === undefined) return undefined;
  const { version = "", updatedAt, content } = told ?? {};
  const about = { type, name, version, updatedAt, isThere: told !== undefined, comparedWith };
  // Versions are hashes of contents: the same one is the same content.
  if (version !== "" && version === comparedWith) return { ...about, differences: [] };
  if (told === undefined || body === undefined || content === undefined)
    return { ...about, differences: [{ path: "", wanted: comparedWith || undefined, running: version || undefined }] };
  // Keys and passwords are compared by version alone, and that is of no use where versions are of the whole type.
  if (type === "secret") return { ...about, differences: [] };
  return { ...about, differences: jsonDifferences(comparable(type, resourceJson(body)), comparable(type, content)) };
}
