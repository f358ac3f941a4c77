import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { ClientResourceStatus } from "@weir/proto/envoy/admin/v3/config_dump_shared_pb.ts";
import {
  type ClientConfig_GenericXdsConfig,
  ClientStatusDiscoveryService,
  ClientStatusRequestSchema,
  type ClientStatusResponse,
} from "@weir/proto/envoy/service/status/v3/csds_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import type { ResourceStatus } from "../serve/clients.ts";
import { resourceTypeOf } from "../snapshot/resource.ts";
import { resourceJson } from "../snapshot/resource-json.ts";
import type { AdminAddress } from "./admin-address.ts";
import type { Answered } from "./ask-envoy.ts";
import type { AskLimits } from "./ask-http.ts";
import { compared, type Told } from "./compared.ts";
import { type RunningResource, resourceKey } from "./running.ts";

/** Asks a gRPC client's status service (CSDS, gRFC A40) in the clear. Rejects when it does not answer, or only as others. */
export async function askGrpc(
  { nodeId, resources }: { readonly nodeId: string; resources(): Iterable<ResourceStatus> },
  address: AdminAddress,
  { limits }: { readonly limits: AskLimits },
  signal: AbortSignal,
): Promise<Answered> {
  const { config } = await fetchStatus(address, limits, signal);
  const own = config.filter(({ node }) => node?.id === nodeId);
  if (own.length === 0) {
    const others = [...new Set(config.map(({ node }) => `"${node?.id ?? ""}"`))].join(", ");
    throw new Error(
      `${target(address)} answers as ${others || "nobody"}: its weir.admin names another's status service`,
    );
  }
  const told = new Map<string, Told>();
  for (const each of own.flatMap(({ genericXdsConfigs }) => genericXdsConfigs)) {
    // grpc-js-xds 1.14 names types without "type.googleapis.com/", others with it.
    const type = resourceTypeOf(each.typeUrl.includes("/") ? each.typeUrl : `type.googleapis.com/${each.typeUrl}`);
    if (type !== undefined && each.clientStatus in hasContent) told.set(resourceKey(type, each.name), toldOf(each));
  }
  const found = new Map<string, RunningResource>();
  const wanted = [...resources()];
  for (const each of wanted) {
    const key = resourceKey(each.type, each.name);
    // The version that it names is that of all resources of the type, so contents are what is compared.
    const seen = compared(each, told.get(key));
    if (seen) found.set(key, seen);
  }
  return { resources: found, extra: [], clusters: undefined, fingerprint: "" };
}

/** Of what it rejected a client names the version that it keeps, and not always the content; the others it has nothing of. */
const hasContent = { [ClientResourceStatus.ACKED]: true, [ClientResourceStatus.NACKED]: true };

function toldOf({ versionInfo, lastUpdated, xdsConfig }: ClientConfig_GenericXdsConfig): Told {
  return {
    version: versionInfo,
    updatedAt: lastUpdated && timestampDate(lastUpdated),
    content: xdsConfig && resourceJson(xdsConfig),
  };
}

const fetchMethod = methodOf(ClientStatusDiscoveryService, ClientStatusDiscoveryService.method.fetchClientStatus);

function fetchStatus(
  address: AdminAddress,
  { timeoutMs, mostBytes }: AskLimits,
  signal: AbortSignal,
): Promise<ClientStatusResponse> {
  // An address, and nothing that a resolver or a proxy could turn into another.
  const client = new Client(
    `${address.host.includes(":") ? "ipv6" : "ipv4"}:${target(address)}`,
    credentials.createInsecure(),
    {
      "grpc.max_receive_message_length": mostBytes,
      "grpc.enable_http_proxy": 0,
      "grpc.enable_retries": 0,
      "grpc.use_local_subchannel_pool": 1,
    },
  );
  const { path, requestSerialize, responseDeserialize } = fetchMethod;
  const { promise, resolve, reject } = Promise.withResolvers<ClientStatusResponse>();
  const call = client.makeUnaryRequest(
    path,
    requestSerialize,
    responseDeserialize,
    create(ClientStatusRequestSchema),
    new Metadata(),
    { deadline: Date.now() + timeoutMs },
    (error, answer) => {
      if (answer) resolve(answer as ClientStatusResponse);
      else reject(new Error(`${target(address)}: ${error?.message ?? "no answer"}`));
    },
  );
  const cancel = () => call.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  return promise.finally(() => {
    signal.removeEventListener("abort", cancel);
    client.close();
  });
}

function target({ host, port }: AdminAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
