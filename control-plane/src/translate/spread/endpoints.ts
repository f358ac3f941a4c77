import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Address,
  type SocketAddress,
  SocketAddress_Protocol,
} from "@weir/proto/envoy/config/core/v3/address_pb.ts";
import { HealthStatus } from "@weir/proto/envoy/config/core/v3/health_check_pb.ts";
import {
  Endpoint_HealthCheckConfigSchema,
  type Endpoint as EndpointMessage,
  type LbEndpoint,
  type LocalityLbEndpointsSchema,
} from "@weir/proto/envoy/config/endpoint/v3/endpoint_components_pb.ts";
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { getOrMake } from "../../lib/get-or-make.ts";
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
  const made = getOrMake(madeFor, service, () => new Map());
  return create(ClusterLoadAssignmentSchema, {
    clusterName,
    endpoints: localities.map((locality) => localityOf(locality, made, localityCheckOf(checks, locality.locality))),
    policy: { overprovisioningFactor },
  });
}

/** A locality is always said, and its weight: gRPC refuses the one and leaves out the other when it is missing. */
function localityOf(
  { locality, priority, weight, members }: SpreadLocality,
  made: Made,
  check: LocalityCheck | undefined,
): MessageInitShape<typeof LocalityLbEndpointsSchema> {
  const lbEndpoints = members.map((member) =>
    check === undefined ? lbEndpointOf(member, made) : makeLbEndpoint(member, check),
  );
  return { locality, priority, loadBalancingWeight: weight, lbEndpoints };
}

/** The messages of a service's endpoints, as they were said last. */
type Made = Map<Endpoint, LbEndpoint>;

/**
 * An endpoint's message is the same object in nearly every assignment: most of what a new viewer gets is made already. It is
 * remembered by the service: with 20,000 endpoints in a weak map the collection of garbage took as long as the translation.
 */
const madeFor = new WeakMap<Service, Made>();

function lbEndpointOf(member: Member, made: Made): LbEndpoint {
  const { endpoint, health, weight } = member;
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

const noAddresses: EndpointMessage["additionalAddresses"] = [];

// Written out as `create` makes them, in a tenth of its time: there may be 20,000 of them.
function makeLbEndpoint({ endpoint, health, weight }: Member, check: LocalityCheck | undefined): LbEndpoint {
  const value: EndpointMessage = {
    $typeName: "envoy.config.endpoint.v3.Endpoint",
    address: addressOf(endpoint),
    hostname: "",
    additionalAddresses: noAddresses,
    observabilityName: "",
  };
  if (check) value.healthCheckConfig = create(Endpoint_HealthCheckConfigSchema, healthCheckConfigOf(check));
  return {
    $typeName: "envoy.config.endpoint.v3.LbEndpoint",
    hostIdentifier: { case: "endpoint", value },
    healthStatus: statusOf[health],
    loadBalancingWeight: weight,
  };
}

function addressOf({ address: { host, port } }: Endpoint): Address {
  const socketAddress: SocketAddress = {
    $typeName: "envoy.config.core.v3.SocketAddress",
    protocol: SocketAddress_Protocol.TCP,
    address: host,
    portSpecifier: { case: "portValue", value: port },
    resolverName: "",
    ipv4Compat: false,
    networkNamespaceFilepath: "",
  };
  return {
    $typeName: "envoy.config.core.v3.Address",
    address: { case: "socketAddress", value: socketAddress },
  };
}
