import type { ClusterLoadAssignment } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import type { Locality } from "../model/locality.ts";
import { isInSubset, type Service, type Subset } from "../model/service.ts";
import { nearest } from "../model/split.ts";
import type { Viewer } from "../model/viewer.ts";
import { assignmentOf } from "./endpoints.ts";
import { createLastMemory, createMemory } from "./memory.ts";
import { endpointResourceName } from "./resource-names.ts";
import { ruleFor } from "./spread-endpoints.ts";
import type { Subject } from "./subjects.ts";

/**
 * Makes the assignments of services and of their subsets. One depends on the rule that holds for the caller and, where that
 * is "nearest", on where the caller is.
 */
export function createAssignments(): (subject: Subject, viewer: Viewer) => readonly ClusterLoadAssignment[] {
  const assignments = createMemory<ClusterLoadAssignment>();
  const places = createMemory<ReadonlySet<string>>();
  const membersOf = createMembers();

  const placesOf = (service: Service) =>
    places(service, everyone, "", () => new Set(service.endpoints.flatMap(({ locality }) => namesOf(locality))));

  const assignmentFor = (
    service: Service,
    subset: Subset | undefined,
    { split, policy }: Subject,
    { locality: caller, flavour }: Viewer,
  ) => {
    const { overprovisioningFactor } = policy;
    const { rule, index } = ruleFor(split, caller);
    const place = rule.spread.kind === "nearest" ? nearestPlace(caller, placesOf(service)) : "";
    const name = endpointResourceName(service.spec, subset?.name);
    return assignments(
      service,
      split ?? nearest,
      `${name} ${flavour} ${index} ${place} ${overprovisioningFactor}`,
      () =>
        assignmentOf(
          name,
          service,
          { rule, overrides: split?.overrides ?? [], caller, overprovisioningFactor },
          flavour,
        ),
    );
  };

  return (subject, viewer) => [
    assignmentFor(subject.service, undefined, subject, viewer),
    ...subject.spec.subsets.map((subset) => assignmentFor(membersOf(subject.service, subset), subset, subject, viewer)),
  ];
}

/** A service as if it had the members of a subset only: the same object for as long as those are the same. */
function createMembers(): (service: Service, subset: Subset) => Service {
  const found = createLastMemory<Service>();
  return (service, subset) => {
    const members = service.endpoints.filter((endpoint) => isInSubset(subset, endpoint));
    // One that is leaving serves nobody new.
    const isEmpty = members.every(({ health }) => health === "draining");
    const endpoints = isEmpty && subset.whenEmpty === "use-all" ? service.endpoints : members;
    return found(service.spec, subset.name, endpoints, () => ({ spec: service.spec, endpoints }));
  };
}

/**
 * The part of a caller's locality that makes a difference to this service: a zone or region without endpoints is as far away
 * as any other. So there are no more variants than the service has places, whatever clients say of themselves.
 */
function nearestPlace({ region, zone }: Locality, places: ReadonlySet<string>): string {
  if (region === "") return "unknown";
  if (zone !== "" && places.has(`${region}/${zone}`)) return `${region}/${zone}`;
  return places.has(`${region}/`) ? `${region}/` : "elsewhere";
}

function namesOf({ region, zone }: Locality): readonly string[] {
  return [`${region}/`, `${region}/${zone}`];
}

/** In place of an object that a result does not depend on. */
const everyone = {};
