import type { Cluster } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import type { ClusterLoadAssignment } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import type { Listener } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import type { VirtualHost } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import type { RouteConfiguration } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import { byText } from "../lib/order.ts";
import type { Problem } from "../lib/parsed.ts";
import { defaultPolicy } from "../model/default-policy.ts";
import type { Locality } from "../model/locality.ts";
import type { ServiceName } from "../model/names.ts";
import type { TrafficPolicy } from "../model/policy.ts";
import type { Service, ServiceSpec } from "../model/service.ts";
import { nearest, type Split } from "../model/split.ts";
import type { Viewer } from "../model/viewer.ts";
import type { World } from "../model/world.ts";
import { clusterOf } from "./cluster.ts";
import { claimHosts, type HostClaims } from "./domains.ts";
import { assignmentOf } from "./endpoints.ts";
import { healthCheckProblem } from "./health-check.ts";
import { envoyListenerOf, grpcListenerOf } from "./listener.ts";
import { createMemory, sameWhileEqual } from "./memory.ts";
import { canCall, grpcListenerName, grpcRoutesName, routesName } from "./resource-names.ts";
import type { ResourceSet, Translate } from "./resource-set.ts";
import { routeConfigurationOf, virtualHostOf } from "./routes.ts";
import { ruleFor } from "./spread-endpoints.ts";

/** A service with all that is said about it. */
type Subject = {
  readonly service: Service;
  readonly split: Split | undefined;
  readonly policy: TrafficPolicy;
  readonly hosts: readonly string[];
  readonly domains: readonly string[];
};
type Flavour = Viewer["flavour"];

/**
 * Makes the translation of worlds into what each viewer is to hold. What follows from the same objects is the same message
 * object, over time and over viewers: a Cluster depends on the flavour only, an assignment on the rule that holds for the
 * caller (and, where that is "nearest", on where the caller is).
 */
export function createTranslate(): Translate {
  const clusters = createMemory<Cluster>();
  const assignments = createMemory<ClusterLoadAssignment>();
  const virtualHosts = createMemory<VirtualHost>();
  const routes = createMemory<RouteConfiguration>();
  const listeners = createMemory<Listener>();
  const places = createMemory<ReadonlySet<string>>();
  const envoyListeners = new Map<string, Listener>();
  const subjectsOf = createSubjects();
  const edgeHosts = sameWhileEqual<VirtualHost>();

  const clusterFor = ({ service: { spec }, policy }: Subject, flavour: Flavour) =>
    clusters(spec, policy, flavour, () => clusterOf(spec, policy, flavour));

  const assignmentFor = ({ service, split, policy }: Subject, { locality: caller, flavour }: Viewer) => {
    const { overprovisioningFactor } = policy;
    const { rule, index } = ruleFor(split, caller);
    const place = rule.spread.kind === "nearest" ? nearestPlace(caller, placesOf(service)) : "";
    return assignments(service, split ?? nearest, `${flavour} ${index} ${place} ${overprovisioningFactor}`, () =>
      assignmentOf(service, { rule, overrides: split?.overrides ?? [], caller, overprovisioningFactor }, flavour),
    );
  };

  const placesOf = (service: Service) =>
    places(service, everyone, "", () => new Set(service.endpoints.flatMap(({ locality }) => namesOf(locality))));

  const virtualHostFor = ({ service: { spec }, policy, domains }: Subject) =>
    virtualHosts(spec, policy, domains.join(" "), () => virtualHostOf(spec, policy, domains, "envoy"));

  const listenerFor = (viewer: Extract<Viewer, { readonly flavour: "envoy" }>) => {
    const key = `${viewer.role} ${viewer.listen.host} ${viewer.listen.port}`;
    const listener = envoyListeners.get(key) ?? envoyListenerOf(viewer, []);
    // Where a listener binds is for the client to say, so what is remembered of it must have an end.
    if (envoyListeners.size >= 1_000) envoyListeners.clear();
    envoyListeners.set(key, listener);
    return listener;
  };

  const forEnvoy = (viewer: Extract<Viewer, { readonly flavour: "envoy" }>, subjects: readonly Subject[]) => {
    const hosts = edgeHosts(subjects.map(virtualHostFor));
    const { role } = viewer;
    return {
      listeners: [listenerFor(viewer)],
      routes: [routes(hosts, everyone, role, () => routeConfigurationOf(routesName(role), hosts))],
    };
  };

  const forGrpc = (subjects: readonly Subject[]) => ({
    listeners: subjects
      .flatMap(({ service: { spec }, hosts }) =>
        hosts.map((host) =>
          listeners(spec, everyone, host, () => grpcListenerOf(grpcListenerName(host), grpcRoutesName(spec))),
        ),
      )
      .sort((a, b) => byText(a.name, b.name)),
    routes: subjects.map(({ service: { spec }, policy }) =>
      // Only this service's listeners lead here, so any authority that an application sets is right.
      routes(spec, policy, "grpc", () =>
        routeConfigurationOf(grpcRoutesName(spec), [virtualHostOf(spec, policy, ["*"], "grpc")]),
      ),
    ),
  });

  return (world, viewer) => {
    const { subjects, leftOut } = subjectsOf(world, viewer.flavour);
    const resources: ResourceSet = {
      clusters: subjects.map((subject) => clusterFor(subject, viewer.flavour)),
      endpoints: subjects.map((subject) => assignmentFor(subject, viewer)),
      ...(viewer.flavour === "envoy" ? forEnvoy(viewer, subjects) : forGrpc(subjects)),
    };
    return { resources, leftOut };
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

/** The services that a flavour can call, by name, and what is left out of them. */
function createSubjects() {
  const sameSpecs = sameWhileEqual<ServiceSpec>();
  const claims = createMemory<HostClaims>();

  return (world: World, flavour: Flavour) => {
    const services = [...world.catalog.values()].sort((a, b) => byText(a.spec.name, b.spec.name));
    const specs = sameSpecs(services.map(({ spec }) => spec));
    const hostsOf = claims(specs, everyone, "", () => claimHosts(specs));

    const subjects: Subject[] = [];
    const leftOut = new Map<ServiceName, readonly Problem[]>();
    for (const service of services) {
      const { spec } = service;
      const policy = world.policies.get(spec.name) ?? defaultPolicy;
      const { hosts, domains, problems } = hostsOf.get(spec) ?? { hosts: [], domains: [], problems: [] };
      const said = [...problems, ...problemsOf(spec, policy, flavour)];
      if (said.length > 0) leftOut.set(spec.name, said);
      if (canCall(flavour, spec) && hosts.length > 0)
        subjects.push({ service, split: world.splits.get(spec.name), policy, hosts, domains });
    }
    return { subjects, leftOut };
  };
}

function problemsOf(spec: ServiceSpec, policy: TrafficPolicy, flavour: Flavour): readonly Problem[] {
  if (!canCall(flavour, spec)) {
    const says =
      flavour === "envoy"
        ? "is left out: Envoy's listeners here speak HTTP, and the protocol is TCP"
        : `is left out: gRPC clients need GRPC or HTTP2, not ${spec.protocol.toUpperCase()}`;
    return [{ at: "spec.protocol", says }];
  }
  const problem = flavour === "envoy" ? healthCheckProblem(policy.healthCheck, spec.protocol) : undefined;
  return problem ? [problem] : [];
}
