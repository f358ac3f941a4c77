import { ServerCredentials } from "@grpc/grpc-js";
import type { Node } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { type Parsed, parsed } from "./lib/parsed.ts";
import type { ViewerKey } from "./model/viewer.ts";
import { type AdsLimits, defaultLimits, startAds } from "./serve/ads-server.ts";
import type { Clients } from "./serve/clients.ts";
import { createConnectedClients } from "./serve/connected-clients.ts";
import type { Identity } from "./serve/identity.ts";
import type { ClientNote, StepLease } from "./serve/session.ts";
import { createTurns } from "./serve/turns.ts";
import { viewerOfNode } from "./serve/viewer-of-node.ts";
import { type Chain, createChain } from "./snapshot/chain.ts";
import type { Resources } from "./snapshot/pack.ts";

/** Everything that an xDS server can be told; only `listen` must be there. */
export type XdsServerOptions = {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Plaintext unless given. */
  readonly credentials?: ServerCredentials;
  /** Which of the sets of resources a client gets. Its node's cluster, unless told. */
  readonly viewer?: (node: Node) => string;
  /** Says why a client may not have a stream; undefined: it may. Everyone may, unless told. */
  readonly refuse?: (
    node: Node,
    call: { readonly peer: string; readonly certificate: Buffer | undefined },
  ) => string | undefined;
  /** Another source of snapshots than `set`, e.g. one that makes them as clients come. */
  readonly snapshots?: (viewer: string, onStep: () => void) => StepLease;
  /** Hears everything: who comes and goes, what is sent, ACKed and rejected. */
  readonly observe?: (note: ClientNote) => void;
  /** How long a client may leave a response unanswered, in milliseconds; then its stream is ended. 45 s unless told. */
  readonly ackTimeoutMs?: number;
  readonly limits?: Partial<AdsLimits>;
};

/** Serves xDS: ADS and a service for each type, state of the world and delta. */
export type XdsServer = AsyncDisposable & {
  readonly host: string;
  readonly port: number;
  /**
   * From now on clients of this viewer are to have these resources, and are sent what differs. A message that was given
   * before, the very same object, is not looked at again: keep those that did not change.
   */
  set(viewer: string, resources: Partial<Resources>): void;
  /** Who is connected, what each holds, and whether all have what they are to have. */
  readonly clients: Clients;
};

type Seen = { readonly key: string; readonly node: Node };

/** Starts an xDS server. Rejects when it cannot listen. A client whose viewer was never `set` is answered once it is. */
export async function createXdsServer(options: XdsServerOptions): Promise<XdsServer> {
  const { viewer = ({ cluster }) => cluster, refuse = () => undefined, observe = () => undefined } = options;
  const chains = new Map<string, Chain>();
  const chainOf = (key: string): Chain => {
    const chain = chains.get(key) ?? createChain(key as ViewerKey);
    chains.set(key, chain);
    return chain;
  };
  const watch = (key: string, onStep: () => void): StepLease => {
    const chain = chainOf(key);
    const watching = chain.watch(onStep);
    return { key, current: chain.current, [Symbol.dispose]: () => watching[Symbol.dispose]() };
  };
  const { snapshots = watch } = options;
  const clients = createConnectedClients();
  let revision = 0;

  const server = await startAds<Seen>(
    {
      ...options.listen,
      credentials: options.credentials ?? ServerCredentials.createInsecure(),
      limits: { ...defaultLimits, ...options.limits },
    },
    {
      lease: ({ key }, onStep) => snapshots(key, onStep),
      identify: (node) => seenOf(node, viewer),
      refuse: (identity, call) => refuse(identity.viewer.node, call),
      clients,
      turns: createTurns(),
      observe,
      now: () => new Date(),
      ackTimeoutMs: options.ackTimeoutMs ?? 45_000,
    },
  );
  return {
    host: server.host,
    port: server.port,
    clients,
    set(key, resources) {
      revision += 1;
      chainOf(key).publish({ ...nothing, ...resources }, revision);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const nothing: Resources = { clusters: [], endpoints: [], listeners: [], routes: [] };

function seenOf(node: Node | undefined, viewer: (node: Node) => string): Parsed<Identity<Seen>> {
  const identity = viewerOfNode(node);
  if (!identity.ok || node === undefined) return identity as Parsed<never>;
  return parsed({ ...identity.value, viewer: { key: viewer(node), node } });
}
