import { register } from "@grpc/grpc-js-xds";
import { ClusterResourceType } from "@grpc/grpc-js-xds/build/src/xds-resource-type/cluster-resource-type.js";
import { EndpointResourceType } from "@grpc/grpc-js-xds/build/src/xds-resource-type/endpoint-resource-type.js";
import { ListenerResourceType } from "@grpc/grpc-js-xds/build/src/xds-resource-type/listener-resource-type.js";
import { RouteConfigurationResourceType } from "@grpc/grpc-js-xds/build/src/xds-resource-type/route-config-resource-type.js";
import type {
  XdsDecodeContext,
  XdsResourceType,
} from "@grpc/grpc-js-xds/build/src/xds-resource-type/xds-resource-type.js";
import { type CommonType, commonTypes } from "../snapshot/resource.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

const decoders: Readonly<Record<CommonType, XdsResourceType>> = {
  cluster: ClusterResourceType.get(),
  endpoints: EndpointResourceType.get(),
  listener: ListenerResourceType.get(),
  routes: RouteConfigurationResourceType.get(),
};

/** Why the real Node client would reject resources, or die of them; undefined when it would take them. */
export function grpcVerdict(snapshot: Snapshot): string | undefined {
  register();
  const said = commonTypes.flatMap((type) =>
    [...snapshot.resources[type].values()].flatMap(({ name, body }) => {
      const resource = { type_url: body.typeUrl, value: Buffer.from(body.value) };
      const result = decoders[type].decode(context, resource);
      if ("error" in result && result.error !== undefined) return [`${type} ${name}: ${result.error}`];
      return type === "cluster" ? deadlyOutlierDetection(name, result.value) : [];
    }),
  );
  return said.length > 0 ? said.join("\n") : undefined;
}

/** Not looked at by these checks: no certificates, no second server. */
const context: XdsDecodeContext = {
  server: { serverUri: "127.0.0.1:1", serverFeatures: [], channelCreds: [] } as unknown as XdsDecodeContext["server"],
  bootstrap: { certificateProviders: {} } as unknown as XdsDecodeContext["bootstrap"],
};

/** The client copies unset fields over its defaults and throws in a timer afterwards; its own checks do not see that. */
function deadlyOutlierDetection(name: string, update: unknown): readonly string[] {
  const { outlierDetectionUpdate } = update as { outlierDetectionUpdate?: Record<string, unknown> };
  return Object.entries(outlierDetectionUpdate ?? {}).flatMap(([ejection, config]) => {
    if (typeof config !== "object" || config === null) return [];
    const unset = Object.entries(config).filter(([, value]) => value === undefined);
    return unset.map(([field]) => `cluster ${name}: ${ejection}.${field} is unset, which ends a Node client's process`);
  });
}
