import type { ClusterLoadAssignment } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { getOrMake } from "../../lib/get-or-make.ts";
import type { HeldHealth } from "../../model/held-health.ts";
import { type Locality, matchesLocality } from "../../model/locality.ts";
import type { Service, Subset } from "../../model/service.ts";
import { nearest, type Split, type SplitRule } from "../../model/split.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { World } from "../../model/world.ts";
import { checksByLocality } from "../cluster/health-check.ts";
import { createLastMemory, createMemory } from "../memory.ts";
import { endpointResourceName } from "../resource-names.ts";
import type { Subject } from "../subjects.ts";
import { assignmentOf } from "./endpoints.ts";
import { expectedFrom, keepsWeights, ruleFor, spreadingOf } from "./spreading.ts";
import { subsetEndpoints } from "./subset-endpoints.ts";

/**
 * Makes the assignments of services and of their subsets. One depends on the rule that holds for the caller; on where the
 * caller is where that rule goes by what is near, where requests are expected from there, or where a place is isolated; and on
 * what is held back.
 */
export function createAssignments(): (
  subject: Subject,
  viewer: Viewer,
  world: World,
) => readonly ClusterLoadAssignment[] {
  const assignments = createMemory<ClusterLoadAssignment>();
  const places = createMemory<ReadonlySet<string>>();
  const pairs = createMemory<object>();
  const membersOf = createMembers();

  const placesOf = (service: Service) =>
    places(service, everyone, "", () => new Set(service.endpoints.flatMap(({ locality }) => namesOf(locality))));

  const assignmentFor = (
    service: Service,
    subset: Subset | undefined,
    { service: whole, split, policy }: Subject,
    { locality: caller, flavour }: Viewer,
    world: World,
  ) => {
    const { rule, index } = ruleFor(split, caller);
    const place = goesByPlace(rule) ? nearestPlace(caller, placesOf(service), world.distances) : "";
    const asked = split && split.expectedRps.length > 0 ? expectedFrom(split.expectedRps, caller) : undefined;
    const name = endpointResourceName(service.spec, subset?.name);
    const checks = flavour === "envoy" ? checksByLocality(policy) : undefined;
    const made = () => assignmentOf(name, service, spreadingOf(world, whole, caller), flavour, checks);
    const text = `${name} ${flavour} ${index} ${place} ${isolationOf(split, caller)} ${asked ?? ""} ${policy.overprovisioningFactor} ${keepsWeights(policy)}`;
    // Where requests are expected, the endpoints of the other subsets count too.
    const there = asked === undefined ? service : pair(service, whole);
    const known = goesByPlace(rule) || asked !== undefined ? world.distances : everyone;
    const seen = pair(world.held.get(service.spec.name) ?? everyone, known);
    return assignments(pair(pair(there, seen), checks ?? everyone), split ?? nearest, text, made);
  };

  /** An object of its own for two objects together. */
  const pair = (a: object, b: object) => (b === everyone ? a : pairs(a, b, "", () => ({})));

  const make = (subject: Subject, viewer: Viewer, world: World) => [
    assignmentFor(subject.service, undefined, subject, viewer, world),
    ...subject.spec.subsets.map((subset) =>
      assignmentFor(membersOf(subject.service, subset), subset, subject, viewer, world),
    ),
  ];

  // Nothing else of the world is looked at, so that what a viewer was given for a subject is found at once.
  const seen = new WeakMap<Viewer, WeakMap<Subject, Seen>>();
  return (subject, viewer, world) => {
    const ofViewer = getOrMake(seen, viewer, () => new WeakMap<Subject, Seen>());
    const held = world.held.get(subject.spec.name);
    const last = ofViewer.get(subject);
    if (last?.held === held && last?.distances === world.distances) return last.assignments;
    const assignments = make(subject, viewer, world);
    ofViewer.set(subject, { held, distances: world.distances, assignments });
    return assignments;
  };
}

type Seen = {
  readonly held: HeldHealth | undefined;
  readonly distances: World["distances"];
  readonly assignments: readonly ClusterLoadAssignment[];
};

/** A service as if it had the members of a subset only: the same object for as long as those are the same. */
function createMembers(): (service: Service, subset: Subset) => Service {
  const found = createLastMemory<Service>();
  return (service, subset) => {
    const endpoints = subsetEndpoints(service, subset);
    return found(service.spec, subset.name, endpoints, () => ({ spec: service.spec, endpoints }));
  };
}

/**
 * The part of a caller's locality that makes a difference to this service: a zone or region without endpoints is as far away
 * as any other, but for what is known of distances. So there are no more variants than the service has places and the distances
 * have regions, whatever clients say of themselves.
 */
function nearestPlace({ region, zone }: Locality, places: ReadonlySet<string>, distances: World["distances"]): string {
  if (region === "") return "unknown";
  if (zone !== "" && places.has(`${region}/${zone}`)) return `${region}/${zone}`;
  return places.has(`${region}/`) || distances.has(region) ? `${region}/` : "elsewhere";
}

/** Which of the places that are isolated the caller is in, as their places in the list. */
function isolationOf(split: Split | undefined, caller: Locality): string {
  const within = (split?.overrides ?? []).flatMap(({ isolates, locality }, at) =>
    isolates && matchesLocality(locality, caller) ? [at] : [],
  );
  return within.join();
}

function goesByPlace({ spread, failover }: SplitRule): boolean {
  return spread.kind === "nearest" || failover === "nearest";
}

function namesOf({ region, zone }: Locality): readonly string[] {
  return [`${region}/`, `${region}/${zone}`];
}

/** In place of an object that a result does not depend on. */
const everyone = {};
