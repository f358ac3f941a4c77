import type { ViewerKey } from "../model/viewer.ts";
import type { ResourceType, XdsResource } from "./resource.ts";

/** All that one viewer is to hold. */
export type Snapshot = {
  readonly viewer: ViewerKey;
  /** The revision of the documents that it was made from. */
  readonly revision: number;
  readonly resources: Readonly<Record<ResourceType, ReadonlyMap<string, XdsResource>>>;
  /** Per type: a hash over names and versions. */
  readonly versions: Readonly<Record<ResourceType, string>>;
};

export type Change = {
  readonly type: ResourceType;
  readonly changed: readonly XdsResource[];
  readonly removed: readonly string[];
};

/** `changes` leads from `previous` to `next`; a reader that holds another snapshot compares in full. */
export type SnapshotStep = {
  readonly previous: Snapshot | undefined;
  readonly next: Snapshot;
  readonly changes: readonly Change[];
};
