import type { SourceName } from "../model/names.ts";
import type { Endpoint, LocalityRules } from "../model/service.ts";

/** What is asked of a source: one service as one source knows it. Made from the Service documents by `demand.ts`. */
export type Feed =
  | { readonly kind: "file"; readonly key: FeedKey; readonly source: SourceName; readonly path: string }
  | { readonly kind: "registry"; readonly key: FeedKey; readonly source: SourceName; readonly service: string }
  | {
      readonly kind: "consul";
      readonly key: FeedKey;
      readonly source: SourceName;
      readonly datacenter: string;
      readonly service: string;
      readonly passingOnly: boolean;
      readonly localityRules: LocalityRules;
    };

/** Equal keys are one feed, watched once: `consul/dc-a/report?…`. */
export type FeedKey = string;

/**
 * What a source knows of one feed. There is no way to say "empty because I failed": a source that cannot see keeps what it
 * saw last. (allegro/envoy-control learned it in production; Consul answers 200 and [] after it lost its data.)
 */
export type FeedState =
  /** Has not answered yet. */
  | { readonly kind: "waiting"; readonly since: Date; readonly cause?: Error }
  | { readonly kind: "current"; readonly endpoints: readonly Endpoint[]; readonly at: Date }
  | { readonly kind: "stale"; readonly endpoints: readonly Endpoint[]; readonly since: Date; readonly cause: Error };

export type FeedStates = ReadonlyMap<FeedKey, { readonly feed: Feed; readonly state: FeedState }>;

/** What a watch of a feed reports; `followFeeds` turns it into states. The watch itself retries, with back-off. */
export type Sighting =
  | { readonly kind: "seen"; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: "failed"; readonly cause: Error };

/** Watches one feed until the signal aborts. Yields a sighting for each change and each failure. */
export type WatchFeed<F extends Feed = Feed> = (feed: F, signal: AbortSignal) => AsyncIterable<Sighting>;

export type SourceNote =
  | { readonly kind: "source-changed"; readonly source: SourceName; readonly feed: FeedKey; readonly endpoints: number }
  | { readonly kind: "source-lost"; readonly source: SourceName; readonly feed: FeedKey; readonly cause: Error }
  | { readonly kind: "source-back"; readonly source: SourceName; readonly feed: FeedKey; readonly blindMs: number };
