/// <reference lib="esnext.disposable" preserve="true" />
import { createSecureContext } from "node:tls";
import type { Node } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { listenAddressRule, parseListenAddress } from "./config/listen-address.ts";
import { type Parsed, parsed, refused } from "./lib/parsed.ts";
import type { ViewerKey } from "./model/viewer.ts";
import { type AdsLimits, type AdsNote, defaultLimits, type ListenerTls, startAds } from "./serve/ads-server.ts";
import type { Caller } from "./serve/caller.ts";
import type { Clients } from "./serve/clients.ts";
import { createConnectedClients } from "./serve/connected-clients.ts";
import { csdsService, type StatusNote } from "./serve/csds/csds-service.ts";
import type { Identity } from "./serve/identity.ts";
import { createLoads } from "./serve/loads/loads.ts";
import { type LoadNote, lrsService } from "./serve/loads/lrs-service.ts";
import type { ObservedLoads } from "./serve/loads/observed-loads.ts";
import type { SessionParts } from "./serve/session/session-parts.ts";
import { createTurns } from "./serve/turns.ts";
import { viewerOfNode } from "./serve/viewer-of-node.ts";
import type { Resources } from "./snapshot/pack.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";
import { createViewers } from "./snapshot/viewers.ts";

export type {
  ClientStatus,
  Clients,
  ClientView,
  ResourceStatus,
  StreamCost,
  TypeStatus,
  TypeStatuses,
} from "./serve/clients.ts";
export type { ObservedLoads } from "./serve/loads/observed-loads.ts";
export type { Resources } from "./snapshot/pack.ts";
export type { ResourceType } from "./snapshot/resource.ts";
export { type AdsLimits as XdsLimits, type Caller, defaultLimits };

/** Everything that an xDS server can be told; only `listen` must be there. */
export type XdsServerOptions = {
  /** `127.0.0.1:18000`, `[::]:18000`, or host and port. Port 0 takes a free one. */
  readonly listen: string | { readonly host: string; readonly port: number };
  /** Plaintext unless given. */
  readonly tls?: XdsTls;
  /**
   * Names the set of resources that a client gets, the `viewer` of `set`: the cluster of its node, unless told. What clients
   * of one name are sent is made and encoded once. A client for which it throws is refused.
   */
  readonly viewer?: (node: Node) => string;
  /**
   * Says why a client may not have a stream, in words that it is sent with PERMISSION_DENIED; undefined: it may. Everyone
   * may, unless told. Asked once for each stream; a client for which it throws is refused.
   */
  readonly refuse?: (node: Node, caller: Caller) => string | undefined;
  /** Told when the first client of a viewer is there; `signal` aborts when the last one has left. For resources that are `set` only while someone wants them. */
  readonly wanted?: (viewer: string, signal: AbortSignal) => void;
  /** Hears everything: who comes and goes, what is sent, ACKed and rejected. */
  readonly observe?: (note: XdsNote) => void;
  /** How often clients are to report their loads, in milliseconds; 2,000 unless told, and less often when they are many. */
  readonly loadReportIntervalMs?: number;
  /** How long a client may leave a response unanswered, in milliseconds; then its stream is ended. 45,000 unless told. */
  readonly ackTimeoutMs?: number;
  /** What time it is: when what was rejected is tried again, signs of life are due and answers are late. For tests that move the clock. */
  readonly now?: () => Date;
  /** Those that are to be others than `defaultLimits`. */
  readonly limits?: Partial<AdsLimits>;
};

/** PEM, all of it. */
export type XdsTls = {
  /** The server's certificate, and those between it and the one that clients trust. */
  readonly certificates: string | Uint8Array;
  readonly key: string | Uint8Array;
  /** Who signs the clients' certificates; with it, nobody is served without one. */
  readonly clientAuthorities?: string | Uint8Array;
};

/** What an xDS server tells. */
export type XdsNote =
  | AdsNote
  | LoadNote
  | StatusNote
  /** `viewer` or `refuse` threw: the client was refused. */
  | {
      readonly kind: "hook-threw";
      readonly hook: "viewer" | "refuse";
      readonly nodeId: string;
      readonly cause: unknown;
    };

/**
 * Serves xDS: ADS and a service for each type, state of the world and delta; the status of clients to whoever asks (CSDS), and
 * takes load reports (LRS). Disposing of it ends all streams: clients keep what they hold.
 */
export type XdsServer = AsyncDisposable & {
  readonly host: string;
  readonly port: number;
  /**
   * From now on clients of this viewer are to have these resources and no others, and are sent what differs. A message that
   * was given before, the very same object, is taken as unchanged without looking at it: keep those that did not change, and
   * never change one. Throws, and changes nothing, when two resources of a type have the same name.
   */
  set(viewer: string, resources: Partial<Resources>): void;
  /** Lets a viewer's resources go as soon as it has no clients; later ones wait until it is `set` again. */
  forget(viewer: string): void;
  /** Who is connected, what each holds, and whether all have what they are to have. */
  readonly clients: Clients;
  /**
   * What clients sent where over the last seconds, by cluster: of gRPC clients whose Cluster has `lrs_server`, and Envoys whose
   * bootstrap has `load_stats_config`.
   */
  readonly loads: ObservedLoads;
};

type Seen = { readonly key: string };

/** Starts an xDS server. Rejects when it cannot listen, or with an option that cannot be. A client whose viewer was never `set` is answered once it is. */
export async function createXdsServer(options: XdsServerOptions): Promise<XdsServer> {
  const { viewer = ({ cluster }) => cluster, refuse, observe = () => undefined, wanted = () => undefined } = options;
  const clients = createConnectedClients();
  const viewers = createViewers(wanted);
  const limits = { ...defaultLimits, ...options.limits };
  const monotonicMs = () => performance.now();
  // Only until they are admitted: what is kept for as long as a client stays must not be as large as it likes.
  const nodes = new WeakMap<Seen, Node>();
  const admission: Pick<SessionParts<Seen>, "identify" | "refuse"> = {
    identify(node) {
      const seen = seenOf(node, viewer, observe);
      if (seen.ok && node !== undefined) nodes.set(seen.value.viewer, node);
      return seen;
    },
    refuse({ nodeId, viewer: seen }, caller) {
      const node = nodes.get(seen);
      nodes.delete(seen);
      try {
        return node && refuse?.(node, caller);
      } catch (cause) {
        observe({ kind: "hook-threw", hook: "refuse", nodeId, cause });
        return "whether this client is admitted could not be found out";
      }
    },
  };
  const loads = createLoads({ now: monotonicMs, serviceOf: (cluster) => cluster });
  const reporting = lrsService({
    ...{ ...admission, loads, observe, monotonicMs, firstRequestTimeoutMs: limits.maxIdleMs },
    clusters: clusterNames(({ key }) => viewers.current(key as ViewerKey)?.snapshot),
    intervalMs: options.loadReportIntervalMs ?? 2_000,
  });

  const server = await startAds<Seen>(
    {
      ...addressOf(options.listen),
      tls: options.tls && tlsOf(options.tls),
      limits,
    },
    {
      lease: ({ key }, onStep) => viewers.lease(key as ViewerKey, onStep),
      ...admission,
      clients,
      turns: createTurns(),
      observe,
      now: options.now ?? (() => new Date()),
      ackTimeoutMs: options.ackTimeoutMs ?? 45_000,
    },
    [reporting, csdsService({ clients, observe, silenceMs: limits.maxIdleMs })],
  );
  return {
    host: server.host,
    port: server.port,
    clients,
    loads,
    set: (key, resources) => viewers.set(key as ViewerKey, resources),
    forget: (key) => viewers.forget(key as ViewerKey),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The names of a viewer's clusters; the same array for the same snapshot. */
function clusterNames(snapshotOf: (viewer: Seen) => Snapshot | undefined): (viewer: Seen) => readonly string[] {
  const known = new WeakMap<Snapshot, readonly string[]>();
  const none: readonly string[] = [];
  return (viewer) => {
    const snapshot = snapshotOf(viewer);
    if (snapshot === undefined) return none;
    const names = known.get(snapshot) ?? [...snapshot.resources.cluster.keys()];
    known.set(snapshot, names);
    return names;
  };
}

function addressOf(listen: XdsServerOptions["listen"]): { readonly host: string; readonly port: number } {
  if (typeof listen !== "string") return listen;
  const address = parseListenAddress(listen);
  if (address === undefined) throw new Error(`listen: ${JSON.stringify(listen)} is not ${listenAddressRule}`);
  return address;
}

function tlsOf(tls: XdsTls): ListenerTls {
  const certificates = Buffer.from(tls.certificates);
  const key = Buffer.from(tls.key);
  const clientAuthorities = tls.clientAuthorities === undefined ? undefined : Buffer.from(tls.clientAuthorities);
  try {
    createSecureContext({ cert: certificates, key, ca: clientAuthorities });
  } catch (cause) {
    throw new Error("tls: certificates, key or clientAuthorities are not in PEM, or do not fit each other", { cause });
  }
  return { certificates, key, clientAuthorities };
}

function seenOf(
  node: Node | undefined,
  viewer: (node: Node) => string,
  observe: (note: XdsNote) => void,
): Parsed<Identity<Seen>> {
  const identity = viewerOfNode(node);
  if (!identity.ok) return identity;
  if (node === undefined) return refused({ at: "node", says: "is missing" });
  try {
    return parsed({ ...identity.value, viewer: { key: viewer(node) } });
  } catch (cause) {
    observe({ kind: "hook-threw", hook: "viewer", nodeId: node.id, cause });
    return refused({ at: "node", says: "which resources are this client's could not be found out" });
  }
}
