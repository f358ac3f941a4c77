import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { VirtualHostSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import type { RouteConfiguration } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import { getOrMake } from "../../lib/get-or-make.ts";
import type { Problem } from "../../lib/parsed.ts";
import type { PatchClient, PatchSpec, PatchType } from "../../model/patch.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { ResourceSet } from "../resource-set.ts";
import { patched } from "./patched.ts";

/** Patches by what they are for. */
type Plan = ReadonlyMap<string, readonly PatchSpec[]>;
type Remembered = { readonly patches: readonly PatchSpec[]; readonly result: Result<object> };
type Result<T> = { readonly value: T; readonly leftOut: ReadonlyMap<string, readonly Problem[]> };

/**
 * Makes the last step of the translation: what documents of the kind Patch change of finished resources. A patch that does not
 * apply, or leaves something that is no resource of this type and name, is left out and told; the others are applied. The
 * same message and the same patches give the same message.
 */
export function createPatches() {
  const plans = new WeakMap<readonly PatchSpec[], Map<PatchClient, Plan>>();
  // Kinds of clients share messages, and each has patches of its own.
  const results = new WeakMap<object, Map<PatchClient, Remembered>>();
  const configurations = new WeakMap<RouteConfiguration, RouteConfiguration>();

  const planOf = (patches: readonly PatchSpec[], client: PatchClient): Plan => {
    const known = plans.get(patches) ?? new Map<PatchClient, Plan>();
    plans.set(patches, known);
    const plan =
      known.get(client) ??
      Map.groupBy(
        patches.filter(({ clients }) => clients.includes(client)),
        keyOf,
      );
    known.set(client, plan);
    return plan;
  };

  const apply = <D extends DescMessage>(
    schema: D,
    message: MessageShape<D>,
    { patches, client }: { readonly patches: readonly PatchSpec[]; readonly client: PatchClient },
    nameOf: (message: MessageShape<D>) => string,
  ): Result<MessageShape<D>> => {
    const ofMessage = getOrMake(results, message, () => new Map<PatchClient, Remembered>());
    const known = ofMessage.get(client);
    if (known && sameList(known.patches, patches)) return known.result as Result<MessageShape<D>>;
    const leftOut = new Map<string, readonly Problem[]>();
    let value = message;
    for (const patch of patches) {
      const next = patched(schema, value, patch, nameOf);
      if (next.ok) value = next.value;
      else leftOut.set(patch.name, next.problems);
    }
    const result = { value, leftOut };
    ofMessage.set(client, { patches, result });
    return result;
  };

  return (resources: ResourceSet, patches: readonly PatchSpec[], viewer: Viewer) => {
    const client = viewer.flavour === "grpc" ? "grpc" : (`envoy-${viewer.role}` as const);
    const plan = planOf(patches, client);
    const leftOut = new Map<string, readonly Problem[]>();
    if (plan.size === 0) return { resources, leftOut };

    const each = <D extends DescMessage>(
      type: PatchType,
      schema: D,
      messages: readonly MessageShape<D>[],
      nameOf: (message: MessageShape<D>) => string,
    ): readonly MessageShape<D>[] =>
      messages.map((message) => {
        const wanted = namesOf(type, nameOf(message)).flatMap((name) => plan.get(`${type} ${name}`) ?? []);
        if (wanted.length === 0) return message;
        const result = apply(schema, message, { patches: wanted, client }, nameOf);
        for (const [name, problems] of result.leftOut) leftOut.set(name, problems);
        return result.value;
      });

    const routesOf = (configuration: RouteConfiguration): RouteConfiguration => {
      const hosts = each("VirtualHost", VirtualHostSchema, configuration.virtualHosts, ({ name }) => name);
      if (sameList(hosts, configuration.virtualHosts)) return configuration;
      const known = configurations.get(configuration);
      if (known && sameList(known.virtualHosts, hosts)) return known;
      const next = { ...configuration, virtualHosts: [...hosts] };
      configurations.set(configuration, next);
      return next;
    };

    return {
      resources: {
        clusters: each("Cluster", ClusterSchema, resources.clusters, ({ name }) => name),
        endpoints: each(
          "ClusterLoadAssignment",
          ClusterLoadAssignmentSchema,
          resources.endpoints,
          ({ clusterName }) => clusterName,
        ),
        listeners: each("Listener", ListenerSchema, resources.listeners, ({ name }) => name),
        routes: resources.routes.map(routesOf),
      },
      leftOut,
    };
  };
}

/** A virtual host is a service's (`report`), also when a Route has part of it (`report/canary`). */
function namesOf(type: PatchType, name: string): readonly string[] {
  const slash = type === "VirtualHost" ? name.indexOf("/") : -1;
  return slash < 0 || name.startsWith("inbound/") ? [name] : [name.slice(0, slash), name];
}

function keyOf({ type, target }: PatchSpec): string {
  return `${type} ${target}`;
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
