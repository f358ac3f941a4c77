import { Server, type ServerCredentials } from "@grpc/grpc-js";
import { frameOnce } from "@weir/proto/grpc/framed.ts";
import { type DiscoveryService, discoveryServices } from "./discovery-service.ts";
import type { SessionParts } from "./session.ts";

/** Limits of one connection and one message. grpc-js's own let 391 KB of traffic pin a gigabyte (measured, 1.14). */
export type AdsLimits = {
  readonly maxConcurrentStreams: number;
  readonly maxSessionMemoryMb: number;
  readonly maxRequestBytes: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly maxConnectionAgeMs: number;
  readonly maxConnectionAgeGraceMs: number;
};

export const defaultLimits: AdsLimits = {
  maxConcurrentStreams: 100,
  maxSessionMemoryMb: 16,
  maxRequestBytes: 4 * 1024 * 1024,
  keepaliveTimeMs: 10_000,
  keepaliveTimeoutMs: 5_000,
  maxConnectionAgeMs: 1_800_000,
  maxConnectionAgeGraceMs: 30_000,
};

export type AdsConfig = {
  readonly host: string;
  readonly port: number;
  readonly credentials: ServerCredentials;
  readonly limits: AdsLimits;
};

export type AdsServer = AsyncDisposable & { readonly host: string; readonly port: number };

const sweepMs = 1_000;

/** Serves xDS, and `more` on the same port; port 0 takes a free one. Closing ends all streams: clients keep what they hold and come back. */
export async function startAds<V>(
  { host, port, credentials, limits }: AdsConfig,
  parts: SessionParts<V>,
  more: readonly DiscoveryService[] = [],
): Promise<AdsServer> {
  const server = new Server({
    interceptors: [frameOnce],
    "grpc.max_concurrent_streams": limits.maxConcurrentStreams,
    "grpc-node.max_session_memory": limits.maxSessionMemoryMb,
    "grpc.max_receive_message_length": limits.maxRequestBytes,
    "grpc.keepalive_time_ms": limits.keepaliveTimeMs,
    "grpc.keepalive_timeout_ms": limits.keepaliveTimeoutMs,
    "grpc.max_connection_age_ms": limits.maxConnectionAgeMs,
    "grpc.max_connection_age_grace_ms": limits.maxConnectionAgeGraceMs,
  });
  for (const { definition, handlers } of [...discoveryServices(parts), ...more])
    server.addService(definition, handlers);
  const bound = await new Promise<number>((resolve, reject) => {
    const target = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    server.bindAsync(target, credentials, (error, chosen) => {
      if (error === null) resolve(chosen);
      else {
        const says = `xDS cannot listen on ${target}: ${error.message}; is another Weir running, or choose another --xds address`;
        reject(new Error(says, { cause: error }));
      }
    });
  });
  const sweeping = setInterval(() => {
    const now = parts.now();
    for (const stream of [...parts.clients.streams()]) stream.sweep(now);
  }, sweepMs);
  return {
    host,
    port: bound,
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      // Streams of proxies never end by themselves, so there is nothing to wait for.
      server.forceShutdown();
    },
  };
}
