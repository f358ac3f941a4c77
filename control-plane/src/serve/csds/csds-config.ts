import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ClientResourceStatus } from "@weir/proto/envoy/admin/v3/config_dump_shared_pb.ts";
import type { NodeSchema } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import {
  type ClientConfig_GenericXdsConfig,
  ClientConfig_GenericXdsConfigSchema,
  ClientConfigSchema,
  ConfigStatus,
  type PerXdsConfig,
  PerXdsConfigSchema,
} from "@weir/proto/envoy/service/status/v3/csds_pb.ts";
import { type CommonType, commonTypes, typeUrls } from "../../snapshot/resource.ts";
import type { ClientView, ResourceStatus } from "../clients.ts";

/** A client's ClientConfig in its two parts: what it is, and one serialized `generic_xds_configs` for each resource. */
export type ClientConfigParts = {
  readonly head: Uint8Array;
  readonly resources: Iterable<Uint8Array>;
};

/** A client as envoy.service.status.v3.ClientConfig, to be put together by `clientConfigOf`. */
export function clientConfigParts(view: ClientView, { contents }: { readonly contents: boolean }): ClientConfigParts {
  return {
    head: toBinary(ClientConfigSchema, create(ClientConfigSchema, { node: nodeOf(view), xdsConfig: perTypeOf(view) })),
    resources: serializedResources(view, contents),
  };
}

function* serializedResources(view: ClientView, contents: boolean): Generator<Uint8Array> {
  for (const resource of view.resources())
    yield toBinary(ClientConfig_GenericXdsConfigSchema, genericOf(resource, contents));
}

const genericField = 3;

/** A whole ClientConfig: repeated fields may follow what was serialized before. */
export function clientConfigOf(head: Uint8Array, resources: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter().raw(head);
  for (const resource of resources) writer.tag(genericField, WireType.LengthDelimited).bytes(resource);
  return writer.finish();
}

function nodeOf({ nodeId, cluster, locality, agent, metadata }: ClientView): MessageInitShape<typeof NodeSchema> {
  const [region = "", zone = "", subZone = ""] = locality.split("/");
  const space = agent.lastIndexOf(" ");
  const [userAgentName, version] = space < 0 ? [agent, ""] : [agent.slice(0, space), agent.slice(space + 1)];
  return {
    ...{ id: nodeId, cluster, userAgentName },
    locality: { region, zone, subZone },
    userAgentVersionType: { case: "userAgentVersion", value: version },
    ...(metadata && { metadata }),
  };
}

/** Older tools (csds-client) read the status per type; the resources of a type stand in `generic_xds_configs`. */
function perTypeOf({ types }: ClientView): PerXdsConfig[] {
  return commonTypes.map((type) =>
    create(PerXdsConfigSchema, { status: ConfigStatus[types[type].status], perXdsConfig: emptyDumps[type] }),
  );
}

const emptyDumps = {
  cluster: { case: "clusterConfig", value: {} },
  endpoints: { case: "endpointConfig", value: {} },
  listener: { case: "listenerConfig", value: {} },
  routes: { case: "routeConfig", value: {} },
} as const satisfies Record<CommonType, unknown>;

/**
 * What a client rejected is told as gRPC clients do of themselves: `version_info` is what it still has, and what was
 * rejected stands in `error_state`. Otherwise version and content are those that it is to have.
 */
function genericOf(
  { type, name, status, version, held, at, body, reason = "" }: ResourceStatus,
  withContents: boolean,
): ClientConfig_GenericXdsConfig {
  const isRejected = status === "NACKED";
  // Keys and passwords are for the client they were made for.
  const content = withContents && type !== "secret" ? body : undefined;
  const time = timestampFromDate(at);
  return create(ClientConfig_GenericXdsConfigSchema, {
    ...{ typeUrl: typeUrls[type], name, lastUpdated: time },
    versionInfo: isRejected ? held : version,
    configStatus: configStatusOf(status, version),
    clientStatus: ClientResourceStatus[status],
    ...(isRejected
      ? {
          errorState: {
            ...{ details: reason, versionInfo: version, lastUpdateAttempt: time },
            ...(content && { failedConfiguration: content }),
          },
        }
      : content && { xdsConfig: content }),
  });
}

function configStatusOf(status: ResourceStatus["status"], version: string): ConfigStatus {
  switch (status) {
    case "ACKED":
      return ConfigStatus.SYNCED;
    case "NACKED":
      return ConfigStatus.ERROR;
    case "DOES_NOT_EXIST":
      return ConfigStatus.NOT_SENT;
    case "REQUESTED":
      return version === "" ? ConfigStatus.NOT_SENT : ConfigStatus.STALE;
  }
}
