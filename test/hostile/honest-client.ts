import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { AggregatedDiscoveryService } from "@weir/proto/envoy/service/discovery/v3/ads_pb.ts";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
} from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { until } from "../kit/wait.ts";
import type { Target } from "./raw-client.ts";
import { types } from "./requests.ts";

/** A correct client on delta ADS: asks for all clusters and the endpoints of the first, and accepts what comes. */
export type HonestClient = Disposable & {
  /** The version that it has of a resource; undefined: none yet. */
  held(name: string): string | undefined;
  /** How its stream ended; undefined: it has not. */
  ended(): ServiceError | undefined;
  /** When each response came, in milliseconds of the monotonic clock. */
  readonly receivedAt: readonly number[];
};

const { deltaAggregatedResources } = AggregatedDiscoveryService.method;
const method = methodOf(AggregatedDiscoveryService, deltaAggregatedResources);

export function connectHonest({ host, port }: Target, nodeId = "honest"): HonestClient {
  // Each with a connection of its own, as proxies have.
  const client = new Client(`${host}:${port}`, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  const call = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
  const versions = new Map<string, string>();
  const receivedAt: number[] = [];
  let ended: ServiceError | undefined;
  const send = (request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>) =>
    call.write(create(DeltaDiscoveryRequestSchema, request) satisfies DeltaDiscoveryRequest);

  call.on("data", (response: ReturnType<typeof method.responseDeserialize>) => {
    receivedAt.push(performance.now());
    for (const { name, version } of response.resources) versions.set(name, version);
    send({ typeUrl: response.typeUrl, responseNonce: response.nonce });
  });
  call.on("error", (error: ServiceError) => {
    if (error.code !== status.CANCELLED) ended = error;
  });
  const node = { id: nodeId, cluster: "test", userAgentName: "envoy" };
  send({ node, typeUrl: types.cluster });
  send({ typeUrl: types.endpoints, resourceNamesSubscribe: [firstEndpoints] });
  return {
    held: (name) => versions.get(name),
    ended: () => ended,
    receivedAt,
    [Symbol.dispose]() {
      call.cancel();
      client.close();
    },
  };
}

const firstEndpoints = "cluster-00000";

/** Changes the world and waits until the client has the change. */
export async function isServed(
  client: HonestClient,
  server: { bump(): Promise<void> },
  { within = 5_000 } = {},
): Promise<number> {
  const has = () => client.held(firstEndpoints);
  await until(() => has() !== undefined, { within, what: "an honest client gets its endpoints" });
  const before = has();
  const began = performance.now();
  await server.bump();
  await until(() => has() !== before, { within, what: "a change reaches an honest client", everyMs: 1 });
  return performance.now() - began;
}
