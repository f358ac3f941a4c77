import { toJson } from "@bufbuild/protobuf";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { RouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import { Document, isCollection, isPair, visit } from "yaml";
import { type Problem, problemText } from "../lib/parsed.ts";
import { resourceRegistry } from "../snapshot/resource-json.ts";
import type { ResourceSet, Translation } from "../translate/resource-set.ts";

type Json = Readonly<Record<string, unknown>>;

/** Resources as proto3 JSON, which Envoy reads too. */
export function jsonOf(set: ResourceSet): Readonly<Record<keyof ResourceSet, readonly Json[]>> {
  const options = { registry: resourceRegistry, useProtoFieldName: true };
  return {
    clusters: set.clusters.map((each) => toJson(ClusterSchema, each, options) as Json),
    endpoints: set.endpoints.map((each) => toJson(ClusterLoadAssignmentSchema, each, options) as Json),
    listeners: set.listeners.map((each) => toJson(ListenerSchema, each, options) as Json),
    routes: set.routes.map((each) => toJson(RouteConfigurationSchema, each, options) as Json),
  };
}

/** The text of a golden file: what a client is sent, in this order, and what was left out. */
export function goldenText(
  { resources, leftOut, patchesLeftOut = new Map() }: Translation,
  { shows, from }: { readonly shows: readonly (keyof ResourceSet)[]; readonly from: string },
): string {
  const json = jsonOf(resources);
  const textsOf = (said: readonly Problem[]) => said.map(problemText);
  const problems = [...leftOut].map(([service, said]) => [service, textsOf(said)]);
  const patches = [...patchesLeftOut].map(([patch, said]) => [patch, textsOf(said)]);
  const document = new Document({
    ...Object.fromEntries(shows.map((section) => [section, json[section]])),
    ...(problems.length > 0 && { leftOut: Object.fromEntries(problems) }),
    ...(patches.length > 0 && { patchesLeftOut: Object.fromEntries(patches) }),
  });
  onOneLineWhereItFits(document);
  document.commentBefore = ` Written by npm run golden from ${from}`;
  return `${document.toString({ lineWidth: 120, flowCollectionPadding: false }).trimEnd()}\n`;
}

function onOneLineWhereItFits(document: Document): void {
  visit(document, {
    Collection(_, node, path) {
      const parent = path.at(-1);
      const isList = isPair(parent) && isCollection(node) && "items" in node && path.length <= 2;
      if (!isList && JSON.stringify(node).length <= 90) node.flow = true;
    },
  });
}
