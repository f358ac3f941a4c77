import type { ResourceType, XdsResource } from "./resource.ts";

/** What changed in one type from one snapshot to the next. */
export type Change = {
  readonly type: ResourceType;
  readonly changed: readonly XdsResource[];
  readonly removed: readonly string[];
};
