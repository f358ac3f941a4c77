import type { JsonValue } from "@bufbuild/protobuf";
import type { ResourceType } from "../snapshot/resource.ts";
import { type JsonRecord, list, record, text } from "./json-reading.ts";

/**
 * A resource's JSON in a form that can be compared. Envoy dumps clusters, listeners and routes as it was sent them, but
 * endpoints out of its own state: in another order, with what it fills in, and with the health that it found itself. Of
 * endpoints so is compared who is in which priority and place, with which weights.
 */
export function comparable(type: ResourceType, json: JsonValue): JsonValue {
  return type === "endpoints" ? endpointsForm(record(json)) : json;
}

function endpointsForm({ endpoints }: JsonRecord): JsonValue {
  const places: Record<string, JsonValue> = {};
  for (const each of list(endpoints)) {
    const { locality, lb_endpoints, load_balancing_weight: weight, priority = 0 } = record(each);
    const { region, zone, sub_zone } = record(locality);
    const where = [text(region), text(zone), text(sub_zone)].join("/").replace(/\/+$/, "");
    const addresses: Record<string, JsonValue> = {};
    for (const endpoint of list(lb_endpoints)) {
      const { endpoint: inner, load_balancing_weight: own = 1 } = record(endpoint);
      addresses[addressOf(record(inner)["address"])] = own;
    }
    // A place without anybody is the same as no place.
    if (Object.keys(addresses).length === 0) continue;
    places[`P${priority} ${where || "-"}`] = { weight: weight ?? 0, endpoints: addresses };
  }
  return places;
}

/** `10.0.0.1:80` of envoy.config.core.v3.Address as JSON; empty for what is none of a socket. */
export function addressOf(address: JsonValue | undefined): string {
  const { address: host, port_value: port } = record(record(address)["socket_address"]);
  if (typeof host !== "string") return "";
  return `${host.includes(":") ? `[${host}]` : host}:${port ?? 0}`;
}
