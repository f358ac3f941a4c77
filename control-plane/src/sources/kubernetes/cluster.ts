import { createLatest, type Latest } from "../../lib/latest.ts";
import type { Evidence, KubernetesFeed, SourceNote } from "../feed.ts";
import type { Credentials } from "./credentials.ts";
import type { NodePlace, NodePlaces } from "./endpoints-of-slices.ts";
import { type Followed, followCollection } from "./follow-collection.ts";
import { createKubernetesClient, type KubernetesClientLimits } from "./kubernetes-client.ts";
import type { Collection, ListWatchLimits, ListWatchOptions, Watched } from "./list-watch.ts";
import { nodes as nodeCollection } from "./node-places.ts";
import { afterVersion, noPeak } from "./peak.ts";
import { createServiceSlices } from "./service-slices.ts";
import { readSlice, type Slice, serviceLabel } from "./slice.ts";

/** What is known of a Service; equal lists are the very same object. */
export type Seen =
  | {
      readonly kind: "slices";
      readonly slices: readonly Slice[];
      readonly nodes: NodePlaces | undefined;
      readonly evidence: Evidence;
    }
  | { readonly kind: "failed"; readonly what: string; readonly cause: Error };

export type Cluster = AsyncDisposable & {
  /** What is known of a Service, each time that something was heard of it or of the cluster, until the signal aborts. */
  watch(feed: KubernetesFeed, signal: AbortSignal): AsyncGenerator<Seen>;
};

export type ClusterOptions = {
  readonly read: () => Promise<Credentials>;
  readonly readsNodes: boolean;
  readonly limits: KubernetesClientLimits & ListWatchLimits;
  readonly monotonicMs: () => number;
  readonly random: () => number;
  readonly observe: (note: SourceNote) => void;
};

type Reader = { readonly feed: KubernetesFeed; readonly news: Latest<Seen>; broken: Error | undefined };
type Namespace = { readonly readers: Set<Reader>; readonly followed: Followed; tell(reader: Reader): void };

/** One cluster: its connections, a watch for each namespace that is asked for, and one of its nodes if they are wanted. */
export function createCluster(options: ClusterOptions): Cluster {
  const { read, readsNodes, limits, observe } = options;
  const client = createKubernetesClient(read, limits);
  const namespaces = new Map<string, Namespace>();
  const nodes = readsNodes ? followNodes() : undefined;
  const watchOptions: ListWatchOptions = { client, ...options };

  function followNodes() {
    let places: NodePlaces | undefined;
    let followed: Followed | undefined;
    const tellAll = () => {
      for (const { readers, tell } of namespaces.values()) for (const reader of readers) tell(reader);
    };
    return {
      places: () => places,
      /** Why nothing is known of any node yet. What is known stays in force while nodes cannot be seen. */
      failure: () => (places ? undefined : followed?.failure()),
      start() {
        followed ??= followCollection(nodeCollection, watchOptions, {
          happened(event) {
            const after = placesAfter(places, event);
            if (after === places && event.kind !== "failed") return;
            places = after;
            tellAll();
          },
          broke(cause) {
            followed = undefined;
            // Whoever then watches again starts this again.
            for (const { readers } of namespaces.values()) for (const reader of readers) end(reader, "nodes", cause);
          },
        });
      },
      stop: async () => followed?.[Symbol.asyncDispose](),
    };
  }

  function openNamespace(name: string): Namespace {
    const slices = createServiceSlices();
    const readers = new Set<Reader>();
    const what = `EndpointSlices of namespace "${name}"`;
    let peak = noPeak;
    let evidence: Evidence = { lagMs: 0, confirmed: false };
    const followed = followCollection(slicesOf(name), watchOptions, {
      happened(event) {
        if (event.kind !== "failed") judge(event);
        const touched = touchedBy(event);
        for (const reader of readers) if (!touched || touched.has(reader.feed.service)) tell(reader);
      },
      broke(cause) {
        namespaces.delete(name);
        for (const reader of readers) end(reader, what, cause);
      },
    });

    function judge({ kind, version }: Exclude<Watched<Slice>, { kind: "failed" }>): void {
      const before = peak;
      peak = afterVersion(peak, version);
      const { rewound } = peak;
      // A list is read from the majority of etcd, a watch from one server's cache.
      evidence = { lagMs: 0, confirmed: kind === "listed", ...(rewound && { rewound }) };
      if (!rewound || before.rewound) return;
      for (const { feed } of readers)
        observe({ kind: "source-rewound", source: feed.source, feed: feed.key, ...rewound });
    }

    /** Undefined is all of them. */
    function touchedBy(event: Watched<Slice>): ReadonlySet<string> | undefined {
      if (event.kind === "put") return slices.put(event.name, event.object);
      if (event.kind === "gone") return slices.remove(event.name);
      if (event.kind === "listed") slices.replaceAll(event.objects);
      return undefined;
    }

    function tell({ feed, news }: Reader): void {
      const own = slices.of(feed.service);
      const failure = followed.failure();
      const nodeFailure = nodes?.failure();
      if (failure) news.set({ kind: "failed", what, cause: failure });
      else if (nodeFailure) news.set({ kind: "failed", what: "nodes", cause: nodeFailure });
      // Without the nodes of a cluster all regions would be wrong at first.
      else if (own && (!nodes || nodes.places()))
        news.set({ kind: "slices", slices: own, nodes: nodes?.places(), evidence });
    }

    const namespace: Namespace = { readers, followed, tell };
    namespaces.set(name, namespace);
    return namespace;
  }

  return {
    async *watch(feed, signal) {
      nodes?.start();
      const namespace = namespaces.get(feed.namespace) ?? openNamespace(feed.namespace);
      const reader: Reader = { feed, news: createLatest<Seen>(), broken: undefined };
      namespace.readers.add(reader);
      namespace.tell(reader);
      try {
        for await (const seen of reader.news.changes(signal)) {
          if (reader.broken) throw reader.broken;
          yield seen;
        }
      } finally {
        namespace.readers.delete(reader);
        if (namespace.readers.size === 0 && namespaces.get(feed.namespace) === namespace) {
          namespaces.delete(feed.namespace);
          await namespace.followed[Symbol.asyncDispose]();
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...namespaces.values()].map(({ followed }) => followed[Symbol.asyncDispose]()));
      await nodes?.stop();
      client[Symbol.dispose]();
    },
  };
}

function end(reader: Reader, what: string, cause: Error): void {
  reader.broken = cause;
  reader.news.set({ kind: "failed", what, cause });
}

function slicesOf(namespace: string): Collection<Slice> {
  return {
    path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    query: { labelSelector: serviceLabel },
    acceptList: "application/json",
    acceptWatch: "application/json",
    read: readSlice,
  };
}

/** The very same map where no node has moved. */
function placesAfter(before: NodePlaces | undefined, event: Watched<NodePlace>): NodePlaces | undefined {
  switch (event.kind) {
    case "listed":
      return event.objects;
    case "put": {
      const old = before?.get(event.name);
      const { region, zone } = event.object;
      return old && old.region === region && old.zone === zone ? before : new Map(before).set(event.name, event.object);
    }
    case "gone": {
      // What still runs there keeps its place until its slice goes, too.
      return before;
    }
    case "alive":
    case "failed":
      return before;
  }
}
