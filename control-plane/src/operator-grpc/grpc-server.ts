import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceError,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { Operations } from "@weir/proto/google/longrunning/operations_pb.ts";
import { Channelz } from "@weir/proto/grpc/channelz/v1/channelz_pb.ts";
import { letClosingSessionsFinish } from "@weir/proto/grpc/closing-sessions.ts";
import { Health } from "@weir/proto/grpc/health/v1/health_pb.ts";
import { createHealth } from "@weir/proto/grpc/health-service.ts";
import { addReflection, reflectionServices } from "@weir/proto/grpc/reflection-service.ts";
import { serviceOf } from "@weir/proto/grpc/service.ts";
import { Clients } from "@weir/proto/weir/operator/v1/clients_pb.ts";
import { Resources } from "@weir/proto/weir/operator/v1/resources_pb.ts";
import { Traffic } from "@weir/proto/weir/operator/v1/traffic_pb.ts";
import type { OperatorTls } from "../operator/operator-app.ts";
import type { OperatorApp } from "../operator/operator-context.ts";
import type { OperatorNote } from "../operator/parts.ts";
import { limitHeaders } from "../serve/listener/limit-headers.ts";
import { type ListenerNote, startListener } from "../serve/listener/listener.ts";
import { endable } from "../serve/listener/listener-status.ts";
import { answering, decodable } from "./answering.ts";
import { askRoutes } from "./ask-routes.ts";
import { type CallOfSomebody, callerOf } from "./caller.ts";
import { channelzDefinition, channelzHandlers } from "./channelz-service.ts";
import { clientsService } from "./clients-service.ts";
import { operationsService } from "./operations-service.ts";
import { resourcesService } from "./resources-service.ts";
import { trafficService } from "./traffic-service.ts";

export type OperatorGrpcOptions = {
  readonly listen: { readonly host: string; readonly port: number };
  /** The REST API, whose routes answer. */
  readonly app: Pick<OperatorApp, "inject">;
  /** Undefined is plaintext. */
  readonly tls: OperatorTls | undefined;
  readonly isReady: () => boolean;
  readonly observe: (note: OperatorNote | ListenerNote) => void;
};

export type OperatorGrpcServer = AsyncDisposable & { readonly address: string; readonly port: number };

/** The services of operators, whose roles are those of the routes that answer. */
const own = [Resources, Traffic, Clients, Operations] as const;

// Operators are few, and a call of one is work: these are far above what they do and far below what would hurt.
const listenerLimits = { maxConnections: 1_000, maxConnectionsPerAddress: 500, handshakeTimeoutMs: 5_000 };
const serverOptions = {
  "grpc.max_concurrent_streams": 100,
  "grpc-node.max_session_memory": 16,
  // Above what the routes take, so that they can answer in their own words.
  "grpc.max_receive_message_length": 6 * 1024 * 1024,
  "grpc.max_connection_idle_ms": 300_000,
  // Finds clients that are gone without a word, whose watches would stay for ever.
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 10_000,
};
const readinessEveryMs = 500;
// As the REST API has it.
const closeWithinMs = 2_000;

/** Serves weir.operator.v1 until disposed of; port 0 chooses a free one. Disposing lets running calls finish for 2 s. */
export async function startOperatorGrpc({
  listen,
  app,
  tls,
  isReady,
  observe,
}: OperatorGrpcOptions): Promise<OperatorGrpcServer> {
  const server = new Server({ ...serverOptions, interceptors: [endable] });
  letClosingSessionsFinish();
  limitHeaders(server);
  const closing = new AbortController();
  const routes = askRoutes(app, closing.signal);
  const answers = answering((cause, method) =>
    observe({ kind: "operator-failed", method: "gRPC", route: method, cause }),
  );
  server.addService(decodable(serviceOf(Resources)), resourcesService(routes, answers));
  server.addService(decodable(serviceOf(Traffic)), trafficService(routes, answers));
  server.addService(decodable(serviceOf(Clients)), clientsService(routes, answers));
  server.addService(decodable(serviceOf(Operations)), operationsService(routes, answers));

  const health = createHealth(own.map(({ typeName }) => typeName));
  health.turn(isReady());
  server.addService(serviceOf(Health), health.handlers);

  // What there is here is told to who may read the OpenAPI document.
  const mayLook = (call: CallOfSomebody) => routes.ask({ method: "GET", path: "/v1/whoami" }, callerOf(call));
  addReflection(server, [...own, Health, ...reflectionServices, Channelz], (call, begin) => {
    mayLook(call).then(begin, (error: ServiceError) => call.emit("error", error));
  });
  server.addService(channelzDefinition(), guarded(channelzHandlers(), mayLook));

  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = await startListener({
    ...listen,
    tls: tls && { ...tls, clientAuthorities: tls.clientAuthorities, anonymous: true },
    limits: listenerLimits,
    injector,
    named: { server: "the operator's gRPC API", setting: "--admin-grpc-address" },
    observe,
  });
  const looking = setInterval(() => health.turn(isReady()), readinessEveryMs);
  return {
    address: listen.host,
    port: listener.port,
    async [Symbol.asyncDispose]() {
      clearInterval(looking);
      health.leave();
      closing.abort();
      const { promise, resolve } = Promise.withResolvers<void>();
      const cut = setTimeout(() => server.forceShutdown(), closeWithinMs);
      injector.drain(closeWithinMs);
      server.tryShutdown(() => resolve());
      await promise;
      clearTimeout(cut);
      await listener[Symbol.asyncDispose]();
    },
  };
}

type Unary = handleUnaryCall<unknown, unknown>;

/** Its methods, all unary, for those only who may look. */
function guarded(
  handlers: UntypedServiceImplementation,
  mayLook: (call: CallOfSomebody) => Promise<unknown>,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]): [string, Unary] => [
      name,
      (call, callback) => {
        mayLook(call).then(
          () => (handler as Unary)(call, callback),
          (error: ServiceError) => callback(error),
        );
      },
    ]),
  );
}
