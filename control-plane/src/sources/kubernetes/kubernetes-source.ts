import { problemText } from "../../lib/parsed.ts";
import type { KubernetesFeed, Sighting, SourceNote, WatchFeed } from "../feed.ts";
import { type Cluster, createCluster, type Seen } from "./cluster.ts";
import { type ClusterAccess, readCredentials } from "./credentials.ts";
import { endpointsOfSlices } from "./endpoints-of-slices.ts";
import type { KubernetesClientLimits } from "./kubernetes-client.ts";
import type { ListWatchLimits } from "./list-watch.ts";

export type KubernetesCluster = {
  /** What documents call its data center. */
  readonly name: string;
  /** The region of endpoints whose node does not tell another one. */
  readonly region: string;
  readonly access: ClusterAccess;
  readonly regionFromNodes: boolean;
};

export type KubernetesLimits = KubernetesClientLimits & ListWatchLimits;

export const kubernetesLimits: KubernetesLimits = {
  connectMs: 3_000,
  answerMs: 10_000,
  answerBytes: 64 * 1024 * 1024,
  pageSize: 500,
  watchMs: 30_000,
  relistMs: 10 * 60_000,
  backoff: { baseMs: 500, maxMs: 10_000 },
};

export type KubernetesSource = AsyncDisposable & { readonly watch: WatchFeed<KubernetesFeed> };

export type KubernetesSourceOptions = {
  readonly clusters: readonly KubernetesCluster[];
  readonly observe: (note: SourceNote) => void;
  readonly monotonicMs?: () => number;
  readonly limits?: Partial<KubernetesLimits>;
  readonly random?: () => number;
};

/**
 * Watches Services of Kubernetes clusters by their EndpointSlices: one watch for each namespace that is asked for, however many
 * services of it are. A failure is yielded as such and mended with back-off; it never ends a watch, and never touches another
 * cluster's.
 */
export function createKubernetesSource(options: KubernetesSourceOptions): KubernetesSource {
  const { observe, monotonicMs = () => performance.now(), random = Math.random } = options;
  const limits = { ...kubernetesLimits, ...options.limits };
  const clusters = new Map<string, { readonly cluster: Cluster; readonly config: KubernetesCluster }>();
  for (const config of options.clusters) {
    const read = () => readCredentials(config.access);
    const cluster = createCluster({ read, readsNodes: config.regionFromNodes, limits, monotonicMs, random, observe });
    clusters.set(config.name, { cluster, config });
  }

  async function* watch(feed: KubernetesFeed, signal: AbortSignal): AsyncGenerator<Sighting> {
    const found = clusters.get(feed.datacenter);
    if (!found) throw new Error(`${feed.key}: data center "${feed.datacenter}" has no Kubernetes cluster configured`);
    let before: { readonly seen: Slices; readonly sighting: Sighting } | undefined;
    for await (const seen of found.cluster.watch(feed, signal)) {
      if (seen.kind === "failed") {
        yield unseen(seen, found.config);
        continue;
      }
      const { slices, nodes, evidence } = seen;
      const isSame = before?.seen.slices === slices && before.seen.nodes === nodes;
      const sighting: Sighting = before && isSame ? before.sighting : sightingOf(seen, feed, found.config);
      before = { seen, sighting };
      yield sighting.kind === "seen" ? { ...sighting, evidence } : sighting;
    }
  }

  return {
    watch,
    async [Symbol.asyncDispose]() {
      await Promise.all([...clusters.values()].map(({ cluster }) => cluster[Symbol.asyncDispose]()));
    },
  };
}

type Slices = Extract<Seen, { kind: "slices" }>;

function sightingOf({ slices, nodes }: Slices, feed: KubernetesFeed, cluster: KubernetesCluster): Sighting {
  const endpoints = endpointsOfSlices(slices, { ...feed, region: cluster.region, nodes });
  if (endpoints.ok) return { kind: "seen", ...endpoints.value };
  const why = endpoints.problems.map(problemText).join("; ");
  const says = `${nameOf(cluster)}: Service "${feed.service}" in namespace "${feed.namespace}": ${why}`;
  return { kind: "failed", cause: new Error(says) };
}

function unseen({ what, cause }: Exclude<Seen, Slices>, cluster: KubernetesCluster): Sighting {
  const says = `${nameOf(cluster)}: no ${what}: ${cause.message}${adviceOn(cause)}`;
  return { kind: "failed", cause: new Error(says, { cause }) };
}

function nameOf({ name, access }: KubernetesCluster): string {
  return `kubernetes ${name} (${access.kind === "kubeconfig" ? access.file : access.server})`;
}

/** What to do about it, where the API server's own words do not say it. */
function adviceOn(cause: Error): string {
  const { status } = cause as { readonly status?: unknown };
  if (status === 403) return " (bind the ClusterRole of k8s/base/rbac.yaml to that user)";
  if (status === 401) return " (the token or certificate is not accepted: is it of this cluster, and has it expired?)";
  return "";
}
