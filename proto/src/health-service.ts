import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import {
  type Health,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../gen/grpc/health/v1/health_pb.ts";
import type { Handlers } from "./service.ts";

export type ServerHealth = {
  /** Whether it serves from now on; those who watch are told. */
  turn(serves: boolean): void;
  /** Answers NOT_SERVING from now on, tells those who watch and ends their calls, which would keep the server running. */
  leave(): void;
  readonly handlers: Handlers<typeof Health>;
};

/** grpc.health.v1 for the named services and "", the server as a whole; all of them are well or none is. */
export function createHealth(services: readonly string[]): ServerHealth {
  const known = new Set(["", ...services]);
  const watches = new Set<{ tell(): void; end(): void }>();
  let serving: ServingStatus = ServingStatus.SERVING;

  const answerFor = (service: string) => response(known.has(service) ? serving : ServingStatus.SERVICE_UNKNOWN);
  return {
    turn(serves) {
      const next = serves ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
      if (next === serving) return;
      serving = next;
      for (const { tell } of watches) tell();
    },
    leave() {
      serving = ServingStatus.NOT_SERVING;
      for (const { end } of watches) end();
    },
    handlers: {
      check(call, callback) {
        const { service } = call.request;
        if (known.has(service)) callback(null, answerFor(service));
        else callback({ code: status.NOT_FOUND, details: `no service "${service}" here` });
      },
      watch(call) {
        const { service } = call.request;
        const tell = () => call.write(answerFor(service));
        tell();
        const watch = {
          tell,
          end() {
            tell();
            call.end();
          },
        };
        watches.add(watch);
        call.once("close", () => watches.delete(watch)).once("cancelled", () => watches.delete(watch));
      },
      list(_call, callback) {
        const statuses: MessageInitShape<typeof HealthListResponseSchema>["statuses"] = {};
        for (const service of known) statuses[service] = { status: serving };
        callback(null, create(HealthListResponseSchema, { statuses }));
      },
    },
  };
}

function response(servingStatus: ServingStatus): HealthCheckResponse {
  return create(HealthCheckResponseSchema, { status: servingStatus });
}
