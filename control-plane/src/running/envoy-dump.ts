import type { JsonValue } from "@bufbuild/protobuf";
import type { ResourceType } from "../snapshot/resource.ts";
import { type JsonRecord, list, record, text } from "./json-reading.ts";
import { resourceKey } from "./running.ts";

/** A resource as an Envoy dumps it. */
export type DumpedResource = {
  readonly type: ResourceType;
  readonly name: string;
  readonly version: string;
  readonly updatedAt: Date | undefined;
  readonly content: JsonValue;
};

export type EnvoyDump = {
  /** Who answers; empty where the dump does not say. */
  readonly nodeId: string;
  readonly resources: ReadonlyMap<string, DumpedResource>;
};

/** The types that `/config_dump?include_eds` tells of in full. */
export const dumpedTypes: ReadonlySet<ResourceType> = new Set(["cluster", "endpoints", "listener", "routes"]);

/** What an Envoy got by xDS, out of its `/config_dump?include_eds` (envoy.admin.v3.ConfigDump as JSON). What is static is left out. */
export function envoyDump(json: JsonValue): EnvoyDump {
  const found: DumpedResource[] = [];
  let nodeId = "";
  for (const each of list(record(json)["configs"])) {
    const dump = record(each);
    nodeId ||= text(record(record(dump["bootstrap"])["node"])["id"]);
    found.push(
      // What is active counts: what is warming does not serve yet.
      ...list(dump["dynamic_warming_clusters"]).map((one) => dumped("cluster", record(one), "cluster")),
      ...list(dump["dynamic_active_clusters"]).map((one) => dumped("cluster", record(one), "cluster")),
      ...list(dump["dynamic_endpoint_configs"]).map((one) => dumped("endpoints", record(one), "endpoint_config")),
      ...list(dump["dynamic_route_configs"]).map((one) => dumped("routes", record(one), "route_config")),
      ...list(dump["dynamic_listeners"]).flatMap((one) => {
        const { active_state, warming_state } = record(one);
        const state = active_state ?? warming_state;
        return state === undefined ? [] : [dumped("listener", record(state), "listener")];
      }),
    );
  }
  const named = found.filter(({ name }) => name !== "");
  return { nodeId, resources: new Map(named.map((each) => [resourceKey(each.type, each.name), each])) };
}

function dumped(type: ResourceType, entry: JsonRecord, field: string): DumpedResource {
  const content = entry[field] ?? null;
  const { name, cluster_name } = record(content);
  const updated = Date.parse(text(entry["last_updated"]));
  return {
    type,
    name: text(type === "endpoints" ? cluster_name : name),
    version: text(entry["version_info"]),
    updatedAt: Number.isNaN(updated) ? undefined : new Date(updated),
    content,
  };
}
