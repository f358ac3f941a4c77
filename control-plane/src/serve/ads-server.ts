import { Server, ServerCredentials } from "@grpc/grpc-js";
import { letClosingSessionsFinish } from "@weir/proto/grpc/closing-sessions.ts";
import { frameOnce } from "@weir/proto/grpc/framed.ts";
import { type AdmissionLimits, createAdmission } from "./admission/admission.ts";
import { type AdmissionNote, createAdmissionGate } from "./admission/admission-gate.ts";
import { type DiscoveryService, discoveryServices } from "./discovery-service.ts";
import { limitHeaders } from "./listener/limit-headers.ts";
import { type ListenerLimits, type ListenerNote, startListener } from "./listener/listener.ts";
import { endable } from "./listener/listener-status.ts";
import type { ListenerTls } from "./listener/listener-tls.ts";
import type { ClientNote } from "./session/client-note.ts";
import type { SessionParts } from "./session/session-parts.ts";

export type { ListenerTls };

/** Limits of all connections, one connection and one message. grpc-js's own let 391 KB of traffic pin a gigabyte (measured, 1.14). */
export type AdsLimits = ListenerLimits &
  AdmissionLimits & {
    readonly maxConcurrentStreams: number;
    readonly maxSessionMemoryMb: number;
    readonly maxRequestBytes: number;
    /** How many names a stream may ask for, of all types; they may have 200 characters on average. */
    readonly maxNames: number;
    /** How long a connection may be open without a stream, and a stream without a request. */
    readonly maxIdleMs: number;
    readonly keepaliveTimeMs: number;
    readonly keepaliveTimeoutMs: number;
    readonly maxConnectionAgeMs: number;
    readonly maxConnectionAgeGraceMs: number;
  };

export const defaultLimits: AdsLimits = {
  maxConnections: 10_000,
  maxConnectionsPerAddress: 8_000,
  handshakeTimeoutMs: 5_000,
  streamBurst: 10_000,
  streamsPerSecond: 1_000,
  streamsPerNodePerMinute: 120,
  maxConcurrentStreams: 100,
  maxSessionMemoryMb: 16,
  maxRequestBytes: 4 * 1024 * 1024,
  maxNames: 50_000,
  maxIdleMs: 60_000,
  keepaliveTimeMs: 10_000,
  keepaliveTimeoutMs: 5_000,
  maxConnectionAgeMs: 1_800_000,
  maxConnectionAgeGraceMs: 30_000,
};

export type AdsConfig = {
  readonly host: string;
  readonly port: number;
  /** Plaintext, if undefined. */
  readonly tls: ListenerTls | undefined;
  readonly limits: AdsLimits;
};

/** What the xDS port tells: of clients, and of those who did not become one. */
export type AdsNote = ClientNote | ListenerNote | AdmissionNote;

export type AdsParts<V> = Omit<SessionParts<V>, "admit" | "drop" | "firstRequestTimeoutMs" | "maxNames"> & {
  readonly observe: (note: AdsNote) => void;
};

export type AdsServer = AsyncDisposable & {
  readonly host: string;
  readonly port: number;
  /** Connections that are open. */
  connections(): number;
};

const sweepMs = 1_000;

/** Serves xDS, and `more` on the same port; port 0 takes a free one. Closing ends all streams: clients keep what they hold and come back. */
export async function startAds<V>(
  { host, port, tls, limits }: AdsConfig,
  parts: AdsParts<V>,
  more: readonly DiscoveryService[] = [],
): Promise<AdsServer> {
  const monotonicMs = () => performance.now();
  const { observe } = parts;
  const admission = createAdmission({ limits, monotonicMs });
  // Only called once clients are connected.
  const drop = (peer: string) => listener.drop(peer);
  const gate = createAdmissionGate({ admission, drop, observe, monotonicMs });
  const server = new Server({
    interceptors: [endable, gate.interceptor, frameOnce],
    "grpc.max_concurrent_streams": limits.maxConcurrentStreams,
    "grpc-node.max_session_memory": limits.maxSessionMemoryMb,
    "grpc.max_receive_message_length": limits.maxRequestBytes,
    "grpc.max_connection_idle_ms": limits.maxIdleMs,
    "grpc.keepalive_time_ms": limits.keepaliveTimeMs,
    "grpc.keepalive_timeout_ms": limits.keepaliveTimeoutMs,
    "grpc.max_connection_age_ms": limits.maxConnectionAgeMs,
    "grpc.max_connection_age_grace_ms": limits.maxConnectionAgeGraceMs,
    // Nobody asks for it here, and it costs 3 KB a connection.
    "grpc.enable_channelz": 0,
  });
  letClosingSessionsFinish();
  limitHeaders(server);
  const session: SessionParts<V> = {
    ...parts,
    firstRequestTimeoutMs: limits.maxIdleMs,
    maxNames: limits.maxNames,
    admit: gate.node,
    drop,
  };
  for (const { definition, handlers } of [...discoveryServices(session), ...more])
    server.addService(definition, handlers);
  // TLS is the listener's; what it injects has been decrypted.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const { admits } = admission;
  const listener = await startListener({ host, port, tls, limits, injector, admits, observe, monotonicMs });
  const sweeping = setInterval(() => {
    const now = parts.now();
    for (const stream of parts.clients.streams()) parts.turns.enqueue(() => stream.sweep(now));
  }, sweepMs);
  return {
    host,
    port: listener.port,
    connections: listener.connections,
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      // Streams of proxies never end by themselves, so there is nothing to wait for.
      await listener[Symbol.asyncDispose]();
      server.forceShutdown();
    },
  };
}
