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
import { never } from "../lib/exhaustive.ts";
import type { Locality } from "../model/locality.ts";
import { addressText, type Endpoint, type Service } from "../model/service.ts";
import type { Override, SplitRule } from "../model/split.ts";
import type { Viewer } from "../model/viewer.ts";
import { type LocalityGroup, type Placed, placeLocalities, priorityWeight } from "./locality-priority.ts";
import { createMemory } from "./memory.ts";
import { endpointResourceName } from "./resource-names.ts";

/** What decides where a caller's requests to a service go. */
export type Spreading = {
  readonly rule: SplitRule;
  readonly overrides: readonly Override[];
  readonly caller: Locality;
  /** Percent. */
  readonly overprovisioningFactor: number;
};

/** The endpoints of a service as one kind of client in one place is to see them. */
export function assignmentOf(
  service: Service,
  spreading: Spreading,
  flavour: Viewer["flavour"],
): ClusterLoadAssignment {
  const { rule, overrides, caller, overprovisioningFactor } = spreading;
  const { priorities, draining } = placeLocalities(oncePerAddress(service.endpoints), rule, overrides, caller);
  const levels =
    flavour === "envoy"
      ? envoyLevels(priorities, draining)
      : grpcLevels(priorities, draining, overprovisioningFactor / 100);
  return create(ClusterLoadAssignmentSchema, {
    clusterName: endpointResourceName(service.spec),
    endpoints: levels.flatMap((level, priority) => level.map((entry) => localityOf(entry, priority))),
    policy: { overprovisioningFactor },
  });
}

type Entry = Placed & { readonly members: readonly LbEndpoint[] };

/**
 * Draining endpoints get a priority of their own, after all others: in one with live ones they would count as unhealthy
 * hosts there, which moves shares, spills to the next priority, and with enough of them starts a panic that sends them
 * requests. Envoy finishes what is in flight on them either way.
 */
function envoyLevels(
  priorities: readonly (readonly Placed[])[],
  draining: readonly LocalityGroup[],
): readonly (readonly Entry[])[] {
  const live = priorities.map((placed) =>
    placed.map((entry) => ({ ...entry, members: entry.group.live.map((each) => lbEndpoint(each, envoyHealth(each))) })),
  );
  return draining.length > 0 ? [...live, draining.map(leaving)] : live;
}

/**
 * gRPC uses healthy endpoints only (gRFC A27). Draining ones stay in their own locality, since gRPC Java keeps one entry per
 * locality whatever its priority: a second one would replace the live endpoints.
 */
function grpcLevels(
  priorities: readonly (readonly Placed[])[],
  draining: readonly LocalityGroup[],
  overprovisioning: number,
): readonly (readonly Entry[])[] {
  const live = priorities.map((placed) => {
    const degradedServe = lettingInDegraded(placed, overprovisioning);
    return placed.map((entry) => ({
      ...entry,
      members: [...entry.group.live, ...entry.group.draining].map((each) =>
        lbEndpoint(each, grpcHealth(each, degradedServe)),
      ),
    }));
  });
  const placed = new Set(priorities.flat().map(({ group }) => group));
  const others = draining.filter((group) => !placed.has(group));
  return others.length > 0 ? [...live, others.map(leaving)] : live;
}

/**
 * Envoy gives degraded endpoints what the healthy ones of a priority, overprovisioned, cannot take. gRPC knows nothing in
 * between: here they are in as soon as the healthy ones alone could not take all.
 */
function lettingInDegraded(placed: readonly Placed[], overprovisioning: number): boolean {
  const live = placed.flatMap(({ group }) => group.live);
  const serving = live.filter(({ health }) => health === "serving").length;
  return serving * overprovisioning < live.length;
}

function leaving(group: LocalityGroup): Entry {
  return {
    group,
    weight: priorityWeight,
    members: group.draining.map((each) => lbEndpoint(each, HealthStatus.DRAINING)),
  };
}

function envoyHealth({ health }: Endpoint): HealthStatus {
  switch (health) {
    case "serving":
      return HealthStatus.HEALTHY;
    case "degraded":
      return HealthStatus.DEGRADED;
    case "draining":
      return HealthStatus.DRAINING;
    case "failing":
      return HealthStatus.UNHEALTHY;
    default:
      return never(health);
  }
}

function grpcHealth(endpoint: Endpoint, degradedServe: boolean): HealthStatus {
  return endpoint.health === "degraded" && degradedServe ? HealthStatus.HEALTHY : envoyHealth(endpoint);
}

/** A locality is always said, and its weight: gRPC refuses the one and leaves out the other when it is missing. */
function localityOf(
  { group, weight, members }: Entry,
  priority: number,
): MessageInitShape<typeof LocalityLbEndpointsSchema> {
  return { locality: group.locality, priority, loadBalancingWeight: weight, lbEndpoints: [...members] };
}

/** An endpoint's message is the same object in every assignment: most of what a new viewer gets is made already. */
const made = createMemory<LbEndpoint>();

function lbEndpoint(endpoint: Endpoint, healthStatus: HealthStatus): LbEndpoint {
  return made(endpoint, endpoint, String(healthStatus), () => makeLbEndpoint(endpoint, healthStatus));
}

function makeLbEndpoint({ address: { host, port }, weight }: Endpoint, healthStatus: HealthStatus): LbEndpoint {
  const socketAddress: MessageInitShape<typeof SocketAddressSchema> = {
    address: host,
    portSpecifier: { case: "portValue", value: port },
  };
  return create(LbEndpointSchema, {
    hostIdentifier: {
      case: "endpoint",
      value: { address: { address: { case: "socketAddress", value: socketAddress } } },
    },
    healthStatus,
    loadBalancingWeight: weight,
  });
}

/** gRPC refuses an assignment that holds an address twice. */
function oncePerAddress(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const byAddress = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const address = addressText(endpoint.address);
    if (!byAddress.has(address)) byAddress.set(address, endpoint);
  }
  return byAddress.size === endpoints.length ? endpoints : [...byAddress.values()];
}
