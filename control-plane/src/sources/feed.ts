import type { Problem } from "../lib/parsed.ts";
import type { EndpointId, SourceName } from "../model/names.ts";
import type { Endpoint, KubernetesService, LocalityRules } from "../model/service.ts";

export type FileFeed = {
  readonly kind: "file";
  readonly key: FeedKey;
  readonly source: SourceName;
  readonly path: string;
};
export type RegistryFeed = {
  readonly kind: "registry";
  readonly key: FeedKey;
  readonly source: SourceName;
  readonly service: string;
};
export type ConsulFeed = {
  readonly kind: "consul";
  readonly key: FeedKey;
  readonly source: SourceName;
  /** The name that the data center has in Weir's configuration. */
  readonly datacenter: string;
  readonly service: string;
  /** An instance has all of them; sorted. */
  readonly tags: readonly string[];
  readonly passingOnly: boolean;
  readonly localityRules: LocalityRules;
};
export type KubernetesFeed = {
  readonly kind: "kubernetes";
  readonly key: FeedKey;
  readonly source: SourceName;
  /** The name that the cluster's data center has in Weir's configuration. */
  readonly datacenter: string;
} & KubernetesService;

/** What is asked of a source: one service as one source knows it. Made from the Service documents by `demand.ts`. */
export type Feed = FileFeed | RegistryFeed | ConsulFeed | KubernetesFeed;

/** Equal keys are one feed, watched once: `consul/dc-a/report?…`. */
export type FeedKey = string;

/** What a source itself says of how far its answer may be trusted. */
export type Evidence = {
  /** The answer may be this much older than its arrival: the server that gave it had not heard from its leader for so long. */
  readonly lagMs: number;
  /** A leader gave it and made sure that it still leads: nothing newer was there. */
  readonly confirmed: boolean;
  /** The source's index has gone backwards and not come up to where it was: its data was restored or lost. */
  readonly rewound?: { readonly from: number; readonly to: number };
};

/**
 * What a source knows of one feed. There is no way to say "empty because I failed": a source that cannot see keeps what it
 * saw last. (allegro/envoy-control learned it in production; Consul answers 200 and [] after it lost its data.)
 */
export type FeedState =
  /** Has not answered yet; `overdue` once that lasts so long that others no longer wait for it (`gate.ts`). */
  | { readonly kind: "waiting"; readonly since: Date; readonly overdue: boolean; readonly cause?: Error }
  /** `at`: when the source said so last; for one that speaks only of changes, when it last did. */
  | {
      readonly kind: "current";
      readonly endpoints: readonly Endpoint[];
      readonly at: Date;
      readonly skipped: readonly Problem[];
      readonly evidence?: Evidence;
      readonly withdrawn?: ReadonlySet<EndpointId>;
    }
  /** Cannot be seen `since`; what was seen `at` stays in force. */
  | {
      readonly kind: "stale";
      readonly endpoints: readonly Endpoint[];
      readonly at: Date;
      readonly skipped: readonly Problem[];
      readonly evidence?: Evidence;
      readonly withdrawn?: ReadonlySet<EndpointId>;
      readonly since: Date;
      readonly cause: Error;
    };

/** What was seen of a feed before the process started, and when. */
export type SavedFeed = { readonly endpoints: readonly Endpoint[]; readonly at: Date };
export type SavedFeeds = ReadonlyMap<FeedKey, SavedFeed>;

export type FeedStates = ReadonlyMap<FeedKey, { readonly feed: Feed; readonly state: FeedState }>;

/** What a watch of a feed reports; `followFeeds` turns it into states. The watch itself retries, with back-off. */
export type Sighting =
  /** `skipped`: entries of the answer that make no endpoint, each named; the others are `endpoints`. */
  | {
      readonly kind: "seen";
      readonly endpoints: readonly Endpoint[];
      readonly skipped: readonly Problem[];
      readonly evidence?: Evidence;
      /** Not there because they, or an operator, said so: no failure that may be doubted (`guard/`). */
      readonly withdrawn?: ReadonlySet<EndpointId>;
    }
  | { readonly kind: "failed"; readonly cause: Error };

/** Watches one feed until the signal aborts. Yields a sighting for each answer or change and each failure. */
export type WatchFeed<F extends Feed = Feed> = (feed: F, signal: AbortSignal) => AsyncIterable<Sighting>;

type AboutFeed = { readonly source: SourceName; readonly feed: FeedKey };

export type SourceNote =
  | ({ readonly kind: "source-changed"; readonly endpoints: number } & AboutFeed)
  /** Failed before it ever answered. */
  | ({ readonly kind: "source-unseen"; readonly cause: Error } & AboutFeed)
  | ({ readonly kind: "source-lost"; readonly cause: Error } & AboutFeed)
  | ({ readonly kind: "source-back"; readonly blindMs: number } & AboutFeed)
  /** Entries that make no endpoint; an empty list once all of them do again. */
  | ({ readonly kind: "source-skipped"; readonly problems: readonly Problem[] } & AboutFeed)
  /** Consul's index, or the version of a Kubernetes cluster's list, went backwards: its data was restored or lost. */
  | ({ readonly kind: "source-rewound"; readonly from: number; readonly to: number } & AboutFeed)
  /** A consistent read contradicted what the watch had said at the same index: the leader is asked from now on. */
  | ({ readonly kind: "source-repaired"; readonly endpoints: number } & AboutFeed)
  /** A Consul does not tell how far its data centers are from each other; what it told last holds. */
  | { readonly kind: "distances-unknown"; readonly source: SourceName; readonly cause: Error }
  /** Another of a source's addresses is asked from now on. */
  | {
      readonly kind: "source-failed-over";
      readonly source: SourceName;
      readonly from: string;
      readonly to: string;
      readonly cause: Error;
    }
  /** A bug: a watch ended by itself. It is started again. */
  | ({ readonly kind: "source-watch-broken"; readonly cause: Error } & AboutFeed)
  | { readonly kind: "lease-expired"; readonly service: string; readonly id: string }
  | { readonly kind: "registry-damaged"; readonly file: string; readonly keptAs: string; readonly cause: Error }
  | { readonly kind: "saved-world-damaged"; readonly file: string; readonly keptAs: string; readonly cause: Error }
  | { readonly kind: "saved-world-unsaved"; readonly file: string; readonly cause: Error }
  /** The feed has not answered since the start: what was saved of it is in force. */
  | ({ readonly kind: "source-restored"; readonly endpoints: number; readonly at: Date } & AboutFeed)
  /** Registrations could not be told to the other replicas, or not read from them; it is tried on. */
  | { readonly kind: "registry-unshared"; readonly where: string; readonly cause: Error }
  | { readonly kind: "registry-unsaved"; readonly file: string; readonly cause: Error };
