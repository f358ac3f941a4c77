import type { Listener } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import type { VirtualHost } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import type { RouteConfiguration } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import { sortedBy } from "../lib/order.ts";
import { capabilitiesText } from "../model/grpc-capabilities.ts";
import type { ServiceName } from "../model/names.ts";
import type { Viewer } from "../model/viewer.ts";
import type { World } from "../model/world.ts";
import type { Entrance } from "./domains.ts";
import { limitersOf } from "./filter/filter-overrides.ts";
import { type Limiter, limiterFilterName } from "./filter/global-rate-limit.ts";
import type { Fitting } from "./fitting.ts";
import { envoyListenerOf, grpcListenerOf } from "./listener/listener.ts";
import { createLastMemory, createMemory, sameWhileEqual } from "./memory.ts";
import { grpcListenerName, grpcRoutesName, routesName } from "./resource-names.ts";
import type { ResourceSet } from "./resource-set.ts";
import { routeConfigurationOf, virtualHostOf } from "./route/routes.ts";
import type { Subjects } from "./subjects.ts";

type ListenersAndRoutes = Pick<ResourceSet, "listeners" | "routes">;
type Envoy = Extract<Viewer, { readonly flavour: "envoy" }>;

/** Makes listeners and routes, for each kind of client in its own way; what follows from the same objects is the same. */
export function createEntrances(
  fitting: Fitting,
): (world: World, subjects: Subjects, viewer: Viewer) => ListenersAndRoutes {
  const virtualHosts = createLastMemory<VirtualHost>();
  const configurations = createMemory<RouteConfiguration>();
  const listeners = createMemory<Listener>();
  const envoyListeners = new Map<string, Listener>();
  const edgeHosts = sameWhileEqual<VirtualHost>();
  const tables = createLastMemory<readonly RouteConfiguration[]>();
  const proxyless = createLastMemory<ListenersAndRoutes>();

  const virtualHostFor = (
    entrance: Entrance,
    domains: readonly string[],
    { byName }: Subjects,
    flavour: Viewer["flavour"],
    limiters: readonly Limiter[],
  ) => {
    const { name, service, route } = entrance;
    const destinationOf = (service: ServiceName) => byName.get(service);
    const destinations = [...new Set([...(service ? [service.name] : []), ...(route ? servicesOf(route) : [])])].map(
      destinationOf,
    );
    const inputs = destinations.flatMap((destination) => [destination?.spec, destination?.policy, destination?.shares]);
    const fitted = destinations.find((destination) => fitting.textOf(destination?.policy) !== "");
    const kind = `${flavour} ${fitting.textOf(fitted?.policy)}`;
    const key = [kind, name, ...domains, ...(route ? limiters.map(limiterFilterName) : [])].join(" ");
    return virtualHosts(route ?? service ?? entrance, key, inputs, () =>
      virtualHostOf(entrance, domains, flavour, { destinationOf, limiters }),
    );
  };

  const listenerFor = ({ role, listen }: Envoy, limiters: readonly Limiter[]) => {
    const key = [role, listen.host, listen.port, ...limiters.map(limiterFilterName)].join(" ");
    const listener = envoyListeners.get(key) ?? envoyListenerOf({ role, listen }, limiters);
    // Where a listener binds is for the client to say, so what is remembered of it must have an end.
    if (envoyListeners.size >= 1_000) envoyListeners.clear();
    envoyListeners.set(key, listener);
    return listener;
  };

  const forEnvoy = (viewer: Envoy, world: World, subjects: Subjects): ListenersAndRoutes => {
    const { role } = viewer;
    const rules = world.routes.flatMap((route) => route.rules);
    const limiters = rules.length === 0 ? [] : limitersOf(rules, (service) => subjects.byName.has(service));
    const routes = tables(subjects.entrances, role, subjects.destinations, () => {
      const hosts = edgeHosts(
        subjects.entrances
          .filter((entrance) => entrance.route || isCallable(entrance, subjects))
          .map((entrance) => virtualHostFor(entrance, entrance.domains, subjects, "envoy", limiters)),
      );
      return [configurations(hosts, everyone, role, () => routeConfigurationOf(routesName(role), hosts))];
    });
    return { listeners: [listenerFor(viewer, limiters)], routes };
  };

  const forGrpc = (subjects: Subjects): ListenersAndRoutes => {
    const entrances = subjects.entrances
      // Only this entrance's listeners lead to its routes, so any authority that an application sets is right.
      .map((entrance) => ({ entrance, host: virtualHostFor(entrance, ["*"], subjects, "grpc", []) }))
      .filter(({ host }) => host.routes.length > 0);
    return {
      listeners: sortedBy(
        entrances.flatMap(({ entrance: { name, service, route, hosts } }) =>
          hosts.map((host) =>
            listeners(route ?? service ?? everyone, everyone, `${host} ${name}`, () =>
              grpcListenerOf(grpcListenerName(host), grpcRoutesName(service, route)),
            ),
          ),
        ),
        ({ name }) => name,
      ),
      routes: entrances.map(({ entrance: { service, route }, host }) =>
        configurations(host, everyone, "", () => routeConfigurationOf(grpcRoutesName(service, route), [host])),
      ),
    };
  };

  return (world, subjects, viewer) => {
    if (viewer.flavour === "envoy") return forEnvoy(viewer, world, subjects);
    const { entrances, destinations } = subjects;
    return proxyless(entrances, capabilitiesText(viewer.grpc), destinations, () => forGrpc(subjects));
  };
}

function isCallable({ service }: Entrance, { byName }: Subjects): boolean {
  return service !== undefined && byName.has(service.name);
}

/** The services that its back ends and mirrors name. */
function servicesOf({ rules }: NonNullable<Entrance["route"]>): readonly ServiceName[] {
  return rules.flatMap(({ backends, mirrors }) => [...backends, ...mirrors].map(({ service }) => service));
}

/** In place of an object that a result does not depend on. */
const everyone = {};
