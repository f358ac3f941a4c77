import type { LbEndpoint, LocalityLbEndpoints } from "@weir/proto/envoy/config/endpoint/v3/endpoint_components_pb.ts";
import type { ClusterLoadAssignment } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { createBackwardWriter } from "./backward-writer.ts";

const writer = createBackwardWriter();
const { varintField, textField, wrapperField, messageField } = writer;

/**
 * The bytes that `toBinary` makes of an assignment, in a fraction of its time: most of what a new client gets is endpoints.
 * Undefined for one that has more than translation says of ordinary endpoints.
 */
export function encodeAssignment(message: ClusterLoadAssignment): Uint8Array<ArrayBuffer> | undefined {
  const { clusterName, endpoints, policy, namedEndpoints, $unknown } = message;
  if ($unknown !== undefined || Object.keys(namedEndpoints).length > 0) return undefined;
  writer.restart();
  if (policy !== undefined) {
    if (policy.$unknown !== undefined || policy.dropOverloads.length > 0 || policy.endpointStaleAfter) return undefined;
    const before = writer.written();
    varintField(6, policy.weightedPriorityHealth ? 1 : 0);
    wrapperField(3, policy.overprovisioningFactor);
    messageField(4, before);
  }
  for (let index = endpoints.length - 1; index >= 0; index -= 1) {
    const locality = endpoints[index];
    const before = writer.written();
    if (locality === undefined || !writeLocality(locality)) return undefined;
    messageField(2, before);
  }
  textField(1, clusterName);
  return writer.bytes();
}

/** False where it has something that is not written here. */
function writeLocality(message: LocalityLbEndpoints): boolean {
  const { locality, lbEndpoints, loadBalancingWeight, priority, metadata, lbConfig, proximity, $unknown } = message;
  if ($unknown !== undefined || metadata || lbConfig.case !== undefined || proximity !== undefined) return false;
  varintField(5, priority);
  wrapperField(3, loadBalancingWeight);
  for (let index = lbEndpoints.length - 1; index >= 0; index -= 1) {
    const endpoint = lbEndpoints[index];
    const before = writer.written();
    if (endpoint === undefined || !writeEndpoint(endpoint)) return false;
    messageField(2, before);
  }
  if (locality === undefined) return true;
  if (locality.$unknown !== undefined) return false;
  const before = writer.written();
  textField(3, locality.subZone);
  textField(2, locality.zone);
  textField(1, locality.region);
  messageField(1, before);
  return true;
}

function writeEndpoint({ hostIdentifier, healthStatus, loadBalancingWeight, metadata, $unknown }: LbEndpoint): boolean {
  if ($unknown !== undefined || metadata !== undefined || hostIdentifier.case !== "endpoint") return false;
  const endpoint = hostIdentifier.value;
  const { address } = endpoint.address ?? {};
  if (endpoint.$unknown !== undefined || endpoint.healthCheckConfig || endpoint.hostname !== "") return false;
  if (endpoint.additionalAddresses.length > 0 || endpoint.observabilityName !== "") return false;
  if (address?.case !== "socketAddress" || endpoint.address?.$unknown !== undefined) return false;
  const socket = address.value;
  const { portSpecifier } = socket;
  if (socket.$unknown !== undefined || portSpecifier.case !== "portValue" || socket.resolverName !== "") return false;
  if (socket.ipv4Compat || socket.networkNamespaceFilepath !== "") return false;

  wrapperField(4, loadBalancingWeight);
  varintField(2, healthStatus);
  const before = writer.written();
  const beforeAddress = writer.written();
  const beforeSocket = writer.written();
  writer.chosenVarintField(3, portSpecifier.value);
  textField(2, socket.address);
  varintField(1, socket.protocol);
  messageField(1, beforeSocket);
  messageField(1, beforeAddress);
  messageField(1, before);
  return true;
}
