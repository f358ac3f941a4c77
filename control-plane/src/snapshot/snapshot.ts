import type { ViewerKey } from "../model/viewer.ts";
import type { Change } from "./change.ts";
import type { ResourceType, XdsResource } from "./resource.ts";
import type { Table } from "./table.ts";

/** All that one viewer is to hold. */
export type Snapshot = {
  readonly viewer: ViewerKey;
  /** The revision of the documents that it was made from. */
  readonly revision: number;
  /** By name, sorted. */
  readonly resources: Readonly<Record<ResourceType, ReadonlyMap<string, XdsResource>>>;
  /** Per type the sum of its resources' stamps: `versionOf` it is the version of the whole. */
  readonly sums: Readonly<Record<ResourceType, bigint>>;
  /** The same with what packing remembers. */
  readonly tables: Readonly<Record<ResourceType, Table>>;
};

/**
 * A snapshot and how it differs from the one before. Steps are linked: a stream that fell behind walks from the step it
 * holds to the newest and learns what changed in between, at the cost of the changes alone. A step that no stream holds any
 * more is garbage.
 */
export type SnapshotStep = {
  readonly snapshot: Snapshot;
  /** From the snapshot before; for the first of a viewer everything. */
  readonly changes: readonly Change[];
  /** Set once, when the next step is published. */
  following: SnapshotStep | undefined;
};
