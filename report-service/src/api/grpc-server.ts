import { Server, ServerCredentials, type ServerInterceptor } from "@grpc/grpc-js";
import { Operations } from "@weir/proto/google/longrunning/operations_pb.ts";
import { letClosingSessionsFinish } from "@weir/proto/grpc/closing-sessions.ts";
import { Health } from "@weir/proto/grpc/health/v1/health_pb.ts";
import { letCallsBeCancelled } from "@weir/proto/grpc/let-calls-be-cancelled.ts";
import { addReflection, reflectionServices } from "@weir/proto/grpc/reflection-service.ts";
import { type Handlers, serviceOf } from "@weir/proto/grpc/service.ts";
import { Reports, Results } from "@weir/proto/report/v1/report_pb.ts";
import { letCallsDieYoung } from "./let-calls-die-young.ts";
import { maxRequestBytes, readable } from "./readable-requests.ts";

// Above what our own services take, so that they can answer in their own words; what is larger is not even read.
const maxMessageBytes = 2 * maxRequestBytes;

/** PEM; with `clientCa` every client needs a certificate of one of these authorities. */
export type ServerTls = { readonly cert: Buffer; readonly key: Buffer; readonly clientCa: Buffer | undefined };

export type GrpcParts = {
  /** Undefined, as the next ones: not served here. */
  readonly reports: Handlers<typeof Reports> | undefined;
  readonly results: Handlers<typeof Results> | undefined;
  readonly operations: Handlers<typeof Operations> | undefined;
  readonly health: Handlers<typeof Health>;
  /** Undefined: plaintext. */
  readonly tls: ServerTls | undefined;
  /** The first is the nearest to the wire. */
  readonly interceptors: readonly ServerInterceptor[];
};

export type GrpcServer = {
  /** Where it listens, with the real port. */
  readonly address: string;
  /** Takes no new connection, asks clients to leave, and returns when all calls have ended; at `limit` they are cut. */
  shutDown(limit: AbortSignal): Promise<void>;
} & AsyncDisposable;

/** Serves the report service on `listen`; port 0 takes a free one. */
export async function startGrpcServer(listen: string, parts: GrpcParts): Promise<GrpcServer> {
  const server = new Server({
    interceptors: [...parts.interceptors],
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.enable_channelz": 0,
    // Finds clients that are gone without a word, whose watches would stay for ever.
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_timeout_ms": 10_000,
    // Long-lived connections would never find servers that have come since; grpc-js spreads this over +-10 %. Watches
    // and streams that are cut go on elsewhere from where they are.
    "grpc.max_connection_age_ms": 1_800_000,
    "grpc.max_connection_age_grace_ms": 60_000,
  });
  letCallsBeCancelled(server);
  letClosingSessionsFinish();
  await letCallsDieYoung();
  const { reports, results, operations, health } = parts;
  if (reports) server.addService(readable(serviceOf(Reports)), reports);
  if (results) server.addService(readable(serviceOf(Results)), results);
  if (operations) server.addService(readable(serviceOf(Operations)), operations);
  server.addService(serviceOf(Health), health);
  const served = [...(reports ? [Reports] : []), ...(results ? [Results] : []), ...(operations ? [Operations] : [])];
  addReflection(server, [...served, Health, ...reflectionServices]);
  const port = await bind(server, listen, credentialsOf(parts.tls));
  return {
    address: listen.replace(/:\d+$/, `:${port}`),
    async shutDown(limit) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cut = () => server.forceShutdown();
      limit.addEventListener("abort", cut, { once: true });
      server.tryShutdown(() => resolve());
      if (limit.aborted) cut();
      await promise;
      limit.removeEventListener("abort", cut);
    },
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

function credentialsOf(tls: ServerTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const { cert, key, clientCa } = tls;
  return ServerCredentials.createSsl(
    clientCa ?? null,
    [{ cert_chain: cert, private_key: key }],
    clientCa !== undefined,
  );
}

function bind(server: Server, listen: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, credentials, (error, port) => {
      if (error) reject(new Error(`cannot listen on ${listen}: ${error.message}`, { cause: error }));
      else resolve(port);
    });
  });
}
