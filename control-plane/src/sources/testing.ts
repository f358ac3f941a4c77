import { parseEndpointEntry } from "../model/endpoint-entry.ts";
import { parseServiceName, parseSourceName, type ServiceName, type SourceName } from "../model/names.ts";
import type { Endpoint, EndpointOrigin, ServiceSpec } from "../model/service.ts";
import type { RegistryFeed } from "./feed.ts";

/** Words that the tests of this folder share. */

export function at(seconds: number): Date {
  return new Date(seconds * 1000);
}

export function serviceName(text: string): ServiceName {
  const name = parseServiceName(text);
  if (!name) throw new Error(`${text} is no service name`);
  return name;
}

export function sourceName(text: string): SourceName {
  const name = parseSourceName(text);
  if (!name) throw new Error(`${text} is no source name`);
  return name;
}

export function endpoint(address: string, rest: Partial<Endpoint> = {}): Endpoint {
  const parsed = parseEndpointEntry({ address }, "", sourceName("registry"));
  if (!parsed.ok) throw new Error(`${address} is no address`);
  return { ...parsed.value, ...rest };
}

export function registryFeed(service: string): RegistryFeed {
  return { kind: "registry", key: `registry/${service}`, source: sourceName("registry"), service };
}

export function specOf(name: string, ...origins: readonly EndpointOrigin[]): ServiceSpec {
  return {
    name: serviceName(name),
    protocol: "grpc",
    hosts: [name],
    origins,
    localityRules: { regionFrom: "datacenter", zoneFrom: ["meta.zone"] },
    subsets: [],
    capacity: undefined,
  };
}
