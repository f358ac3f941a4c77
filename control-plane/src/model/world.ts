import type { Distances } from "./distances.ts";
import type { Drain } from "./drain.ts";
import type { HeldHealth } from "./held-health.ts";
import type { ServiceName } from "./names.ts";
import type { PatchSpec } from "./patch.ts";
import type { TrafficPolicy, TrafficPolicySpec } from "./policy.ts";
import type { RouteSpec } from "./route.ts";
import type { Catalog, ServiceSpec } from "./service.ts";
import type { Split } from "./split.ts";

/** All documents in force, parsed. A document that did not change is the same object as in the book before. */
export type Book = {
  /** Counts up by one with each change, over restarts too. */
  readonly revision: number;
  readonly services: ReadonlyMap<ServiceName, ServiceSpec>;
  /** By the service they are for. */
  readonly splits: ReadonlyMap<ServiceName, Split>;
  readonly policies: readonly TrafficPolicySpec[];
  /** By name. */
  readonly routes: readonly RouteSpec[];
  /** By name; absent: none. */
  readonly patches?: readonly PatchSpec[];
  /** By name, expired ones too; absent: none. */
  readonly drains?: readonly Drain[];
};

/** All that translation may read. */
export type World = {
  readonly revision: number;
  readonly catalog: Catalog;
  /** By service; without the overrides that have expired, with those that drains make. */
  readonly splits: ReadonlyMap<ServiceName, Split>;
  /** By service; a service without one has the default policy. */
  readonly policies: ReadonlyMap<ServiceName, TrafficPolicy>;
  /** By name. */
  readonly routes: readonly RouteSpec[];
  /** By name; absent: none. */
  readonly patches?: readonly PatchSpec[];
  /** What came back and is not yet used in full; only services with such localities. */
  readonly held: ReadonlyMap<ServiceName, HeldHealth>;
  readonly distances: Distances;
};
