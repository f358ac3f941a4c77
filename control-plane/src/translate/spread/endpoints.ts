import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Address, AddressSchema, SocketAddressSchema } from "@weir/proto/envoy/config/core/v3/address_pb.ts";
import { HealthStatus } from "@weir/proto/envoy/config/core/v3/health_check_pb.ts";
import {
  Endpoint_HealthCheckConfigSchema,
  EndpointSchema,
  type LbEndpoint,
  LbEndpointSchema,
  type LocalityLbEndpointsSchema,
} from "@weir/proto/envoy/config/endpoint/v3/endpoint_components_pb.ts";
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import type { LocalityCheck } from "../../model/policy.ts";
import type { Endpoint, Health, Service } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";
import { healthCheckConfigOf, type LocalityChecks, localityCheckOf } from "../cluster/health-check.ts";
import { type Member, type SpreadLocality, spreadOf } from "./spread-endpoints.ts";
import type { Spreading } from "./spreading.ts";

/** The endpoints of a service as one kind of client in one place is to see them, and where Envoy is to check them differently. */
export function assignmentOf(
  clusterName: string,
  service: Service,
  spreading: Spreading,
  flavour: Viewer["flavour"],
  checks: LocalityChecks = [],
): ClusterLoadAssignment {
  const { localities, overprovisioningFactor } = spreadOf(service, spreading, flavour);
  return create(ClusterLoadAssignmentSchema, {
    clusterName,
    endpoints: localities.map((locality) => localityOf(locality, localityCheckOf(checks, locality.locality))),
    policy: { overprovisioningFactor },
  });
}

/** A locality is always said, and its weight: gRPC refuses the one and leaves out the other when it is missing. */
function localityOf(
  { locality, priority, weight, members }: SpreadLocality,
  check: LocalityCheck | undefined,
): MessageInitShape<typeof LocalityLbEndpointsSchema> {
  const lbEndpoints = members.map((member) => lbEndpoint(member, check));
  return { locality, priority, loadBalancingWeight: weight, lbEndpoints };
}

/**
 * An endpoint's message is the same object in nearly every assignment: most of what a new viewer gets is made already. What is
 * remembered of it is the last one alone: with maps for each of 20,000 endpoints the collection of garbage took as long as
 * the translation.
 */
const made = new WeakMap<Endpoint, LbEndpoint>();

function lbEndpoint(member: Member, check: LocalityCheck | undefined): LbEndpoint {
  const { endpoint, health, weight } = member;
  if (check !== undefined) return makeLbEndpoint(member, check);
  const known = made.get(endpoint);
  if (known?.healthStatus === statusOf[health] && known.loadBalancingWeight === weight) return known;
  const message = makeLbEndpoint(member, undefined);
  made.set(endpoint, message);
  return message;
}

const statusOf: Readonly<Record<Health, HealthStatus>> = {
  serving: HealthStatus.HEALTHY,
  degraded: HealthStatus.DEGRADED,
  draining: HealthStatus.DRAINING,
  failing: HealthStatus.UNHEALTHY,
};

// Made empty and filled in, in half the time that `create` takes for the same said at once: there may be 20,000 of them.
function makeLbEndpoint({ endpoint, health, weight }: Member, check: LocalityCheck | undefined): LbEndpoint {
  const value = create(EndpointSchema);
  value.address = addressOf(endpoint);
  if (check) value.healthCheckConfig = create(Endpoint_HealthCheckConfigSchema, healthCheckConfigOf(check));
  const message = create(LbEndpointSchema);
  message.hostIdentifier = { case: "endpoint", value };
  message.healthStatus = statusOf[health];
  message.loadBalancingWeight = weight;
  return message;
}

function addressOf({ address: { host, port } }: Endpoint): Address {
  const socketAddress = create(SocketAddressSchema);
  socketAddress.address = host;
  socketAddress.portSpecifier = { case: "portValue", value: port };
  const address = create(AddressSchema);
  address.address = { case: "socketAddress", value: socketAddress };
  return address;
}
