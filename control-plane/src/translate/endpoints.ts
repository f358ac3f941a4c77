import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { SocketAddressSchema } from "@weir/proto/envoy/config/core/v3/address_pb.ts";
import { HealthStatus } from "@weir/proto/envoy/config/core/v3/health_check_pb.ts";
import {
  type LbEndpoint,
  LbEndpointSchema,
  type LocalityLbEndpointsSchema,
} from "@weir/proto/envoy/config/endpoint/v3/endpoint_components_pb.ts";
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import type { LocalityCheck } from "../model/policy.ts";
import type { Health, Service } from "../model/service.ts";
import type { Viewer } from "../model/viewer.ts";
import { healthCheckConfigOf, type LocalityChecks, localityCheckOf } from "./health-check.ts";
import { createMemory } from "./memory.ts";
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

/** An endpoint's message is the same object in every assignment: most of what a new viewer gets is made already. */
const made = createMemory<LbEndpoint>();

function lbEndpoint(member: Member, check: LocalityCheck | undefined): LbEndpoint {
  const { endpoint, health, weight } = member;
  return made(endpoint, check ?? endpoint, `${health} ${weight}`, () => makeLbEndpoint(member, check));
}

const statusOf: Readonly<Record<Health, HealthStatus>> = {
  serving: HealthStatus.HEALTHY,
  degraded: HealthStatus.DEGRADED,
  draining: HealthStatus.DRAINING,
  failing: HealthStatus.UNHEALTHY,
};

function makeLbEndpoint(
  { endpoint: { address }, health, weight }: Member,
  check: LocalityCheck | undefined,
): LbEndpoint {
  const socketAddress: MessageInitShape<typeof SocketAddressSchema> = {
    address: address.host,
    portSpecifier: { case: "portValue", value: address.port },
  };
  return create(LbEndpointSchema, {
    hostIdentifier: {
      case: "endpoint",
      value: {
        address: { address: { case: "socketAddress", value: socketAddress } },
        ...(check && { healthCheckConfig: healthCheckConfigOf(check) }),
      },
    },
    healthStatus: statusOf[health],
    loadBalancingWeight: weight,
  });
}
