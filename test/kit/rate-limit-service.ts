import { create } from "@bufbuild/protobuf";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import {
  RateLimitResponse_Code,
  RateLimitResponseSchema,
  RateLimitService,
} from "@weir/proto/envoy/service/ratelimit/v3/rls_pb.ts";
import { type Handlers, serviceOf } from "@weir/proto/grpc/service.ts";

/** A question that was asked: the domain, and each descriptor as `key=value,key=value`. */
export type Asked = { readonly domain: string; readonly descriptors: readonly string[] };

/** A server of envoy.service.ratelimit.v3 that lets so many requests of each descriptor through, and no more. */
export type RateLimitServer = AsyncDisposable & {
  /** `host:port`. */
  readonly address: string;
  asked(): readonly Asked[];
};

/** Starts one in this process; `limits` is by descriptor, those that are not in it have no limit. */
export async function startRateLimitService(
  limits: Readonly<Record<string, number>>,
  port = 0,
): Promise<RateLimitServer> {
  const asked: Asked[] = [];
  const counts = new Map<string, number>();
  const server = new Server();
  const handlers: Handlers<typeof RateLimitService> = {
    shouldRateLimit({ request: { domain, descriptors } }, answer) {
      const names = descriptors.map(({ entries }) => entries.map(({ key, value }) => `${key}=${value}`).join(","));
      asked.push({ domain, descriptors: names });
      const isOver = names.map((name) => {
        counts.set(name, (counts.get(name) ?? 0) + 1);
        return (counts.get(name) ?? 0) > (limits[name] ?? Number.POSITIVE_INFINITY);
      });
      const codeOf = (over: boolean) => (over ? RateLimitResponse_Code.OVER_LIMIT : RateLimitResponse_Code.OK);
      const overallCode = codeOf(isOver.includes(true));
      answer(
        null,
        create(RateLimitResponseSchema, { overallCode, statuses: isOver.map((over) => ({ code: codeOf(over) })) }),
      );
    },
  };
  server.addService(serviceOf(RateLimitService), handlers);
  const bound = await new Promise<number>((resolve, reject) => {
    const creds = ServerCredentials.createInsecure();
    server.bindAsync(`127.0.0.1:${port}`, creds, (error, chosen) => (error ? reject(error) : resolve(chosen)));
  });
  return {
    address: `127.0.0.1:${bound}`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}
