import { z } from "zod";
import type { ServiceSpec } from "../../model/service.ts";
import { apiVersion, metadata, nameOf, nameText, together } from "./document-fields.ts";
import { endpointOrigin, endpointOriginOf } from "./endpoint-origin-field.ts";
import type { Path } from "./path-text.ts";
import { isJsonObject, type Json, type JsonObject } from "./plain-json.ts";
import { shown } from "./shown.ts";
import { staticConflicts } from "./static-endpoint.ts";
import { subsets, subsetsOf } from "./subsets-field.ts";

const metaKey = /^meta\.[A-Za-z0-9_.-]{1,128}$/;
const metaField = z
  .string()
  .regex(metaKey, "expected meta. and the key of an instance's metadata, such as meta.zone")
  .meta({ examples: ["meta.zone"] });

const spec = together(
  z.strictObject({
    protocol: z
      .enum(["GRPC", "HTTP2", "HTTP1", "TCP"])
      .default("GRPC")
      .describe("What its endpoints speak. Default: GRPC."),
    hosts: z
      .array(nameText)
      .min(1)
      .max(100)
      .optional()
      .describe("What clients dial: xds:///report, or :authority report through Envoy. Default: the document's name."),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .describe("The port of static endpoints whose address gives none. Default: none."),
    endpoints: z
      .array(endpointOrigin)
      .min(1)
      .max(100)
      .default([{ registry: {} }])
      .describe("Where its endpoints come from; merged, an address counts once. Default: the registry."),
    locality: z
      .strictObject({
        regionFrom: z
          .union([z.literal("datacenter"), metaField], {
            error: 'expected "datacenter", or meta. and the key of an instance\'s metadata, such as meta.region',
          })
          .default("datacenter")
          .describe("Where a Consul instance's region is read from. Default: datacenter."),
        zoneFrom: z
          .array(metaField)
          .max(10)
          .default(["meta.zone"])
          .describe("Where a Consul instance's zone is read from, first hit wins. Default: [meta.zone]."),
      })
      .prefault({})
      .describe("How instances in Consul get their locality."),
    subsets: subsets
      .default({})
      .describe("Groups of its endpoints, by name, for Routes and TrafficSplits. Default: none."),
    capacity: z
      .strictObject({
        rpsPerEndpoint: z
          .number()
          .min(0.001)
          .max(1_000_000)
          .describe("Requests a second that one endpoint of weight 100 can bear."),
      })
      .optional()
      .describe("What it can bear, for warnings before a data center gets more. Default: nobody knows."),
  }),
  (value) => [...addressProblems(value), ...hostProblems(value)],
);

export const serviceDocument = z
  .strictObject({
    apiVersion,
    kind: z.literal("Service").describe("Who can be called, and where its endpoints come from."),
    metadata,
    spec: spec.prefault({}).describe("Every field has a default."),
  })
  .describe("A Service: who can be called, and where its endpoints come from.");

export type ServiceDocument = z.output<typeof serviceDocument>;

const protocols = { GRPC: "grpc", HTTP2: "http2", HTTP1: "http1", TCP: "tcp" } as const;

/** What a Service document says, with every default filled in. */
export function serviceSpecOf({ metadata, spec }: ServiceDocument): ServiceSpec {
  const { regionFrom, zoneFrom } = spec.locality;
  return {
    name: nameOf(metadata.name),
    protocol: protocols[spec.protocol],
    hosts: spec.hosts ?? [metadata.name],
    origins: spec.endpoints.map((each) => endpointOriginOf(each, metadata.name, spec.port)),
    localityRules: {
      regionFrom: regionFrom as ServiceSpec["localityRules"]["regionFrom"],
      zoneFrom: zoneFrom as ServiceSpec["localityRules"]["zoneFrom"],
    },
    subsets: subsetsOf(spec.subsets),
    capacity: spec.capacity,
  };
}

function addressProblems({ port, endpoints }: JsonObject) {
  return staticConflicts(staticEntries(endpoints), typeof port === "number" ? port : undefined);
}

function hostProblems({ hosts }: JsonObject) {
  if (!Array.isArray(hosts)) return [];
  const names = hosts.map((host) => String(host).toLowerCase());
  return hosts.flatMap((host, index) =>
    names.indexOf(names[index] ?? "") < index
      ? [{ path: ["hosts", index], says: `${shown(host)} is listed twice` }]
      : [],
  );
}

function staticEntries(endpoints: Json | undefined): { readonly entry: Json; readonly path: Path }[] {
  if (!Array.isArray(endpoints)) return [];
  return endpoints.flatMap((origin, index) => {
    const entries = isJsonObject(origin) ? origin["static"] : undefined;
    if (!Array.isArray(entries)) return [];
    return entries.map((entry, at) => ({ entry, path: ["endpoints", index, "static", at] }));
  });
}
