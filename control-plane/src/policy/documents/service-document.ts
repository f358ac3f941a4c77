import { posix } from "node:path";
import { z } from "zod";
import type { Endpoint, EndpointOrigin, ServiceSpec } from "../../model/service.ts";
import { apiVersion, exactlyOneOf, metadata, nameOf, nameText, together } from "./document-fields.ts";
import type { Path } from "./path-text.ts";
import { isJsonObject, type Json, type JsonObject } from "./plain-json.ts";
import { shown } from "./shown.ts";
import { parseStaticEndpoint, staticConflicts, staticEndpoint } from "./static-endpoint.ts";
import { subsets, subsetsOf } from "./subsets-field.ts";

const metaKey = /^meta\.[A-Za-z0-9_.-]{1,128}$/;
const metaField = z
  .string()
  .regex(metaKey, "expected meta. and the key of an instance's metadata, such as meta.zone")
  .meta({ examples: ["meta.zone"] });

const consul = z
  .strictObject({
    service: z.string().min(1).max(200).optional().describe("Its name in Consul. Default: this document's name."),
    tags: z
      .array(z.string().min(1).max(200))
      .max(20)
      .default([])
      .describe("Only instances that have all of these tags. Default: any."),
    datacenters: z
      .array(z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, "expected the name of a Consul datacenter, such as dc-a"))
      .max(100)
      .default([])
      .describe("The Consul datacenters to ask. Default: every configured one."),
    passingOnly: z
      .boolean()
      .default(true)
      .describe("Leave out instances with a warning; otherwise they serve when too few others do. Default: true."),
  })
  .describe("Endpoints from Consul's catalog and health checks.");

const registry = z
  .strictObject({
    service: nameText.optional().describe("The name they register under. Default: this document's name."),
  })
  .describe("Endpoints that register themselves over Weir's own API.");

const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const kubernetes = z
  .strictObject({
    namespace: z
      .string()
      .regex(dnsLabel, "expected the name of a namespace, such as reports")
      .default("default")
      .describe("Its namespace. Default: default."),
    service: z
      .string()
      .regex(dnsLabel, "expected the name of a Service in Kubernetes, such as report")
      .optional()
      .describe("The name of the Service there. Default: this document's name."),
    port: z
      .union(
        [
          z.int().min(1).max(65_535),
          z
            .string()
            .regex(dnsLabel)
            .meta({ examples: ["grpc"] }),
        ],
        {
          error: "expected the name of one of the Service's ports, such as grpc, or a port of its pods",
        },
      )
      .optional()
      .describe("The name of one of its ports, or a port of its pods. Default: the only one it has."),
    addressType: z
      .enum(["IPv4", "IPv6"])
      .optional()
      .describe("Which addresses of a dual-stack Service. Default: IPv4 where it has that, else IPv6."),
    readyOnly: z
      .boolean()
      .default(false)
      .describe("Leave out pods that are not ready, instead of having them as failing. Default: false."),
    datacenters: z
      .array(z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "expected the name of a data center, such as dc-a"))
      .max(100)
      .default([])
      .describe("The data centers whose clusters to ask. Default: every one that has a cluster."),
  })
  .describe("Endpoints from the EndpointSlices of a Service in Kubernetes.");

const file = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .max(1024)
      .superRefine((path, context) => {
        const says = filePathProblem(path);
        if (says !== undefined) context.addIssue({ code: "custom", message: says });
      })
      .meta({ examples: ["endpoints/report.yaml"] })
      .describe("A YAML or JSON file with a list of endpoints; relative to the config directory."),
  })
  .describe("Endpoints from a file, read again when it changes.");

const statics = z.array(staticEndpoint).max(10_000).describe("Endpoints that stand here.");

const origin = exactlyOneOf(
  z.strictObject({
    consul: consul.optional(),
    kubernetes: kubernetes.optional(),
    registry: registry.optional(),
    file: file.optional(),
    static: statics.optional(),
  }),
  ["consul", "kubernetes", "registry", "file", "static"],
).meta({
  minProperties: 1,
  maxProperties: 1,
  description: "Exactly one of consul, kubernetes, registry, file, static.",
});

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
      .array(origin)
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
    origins: spec.endpoints.map((each) => originOf(each, metadata.name, spec.port)),
    localityRules: {
      regionFrom: regionFrom as ServiceSpec["localityRules"]["regionFrom"],
      zoneFrom: zoneFrom as ServiceSpec["localityRules"]["zoneFrom"],
    },
    subsets: subsetsOf(spec.subsets),
    capacity: spec.capacity,
  };
}

function originOf(origin: ServiceDocument["spec"]["endpoints"][number], name: string, port?: number): EndpointOrigin {
  const { consul, kubernetes, registry, file } = origin;
  if (consul) return { kind: "consul", ...consul, service: consul.service ?? name };
  if (kubernetes) {
    const { service = name, port, addressType, ...rest } = kubernetes;
    return { kind: "kubernetes", ...rest, service, port, addressType };
  }
  if (registry) return { kind: "registry", service: registry.service ?? name };
  if (file) return { kind: "file", path: posix.normalize(file.path) };
  const endpoints = new Map<string, Endpoint>();
  for (const entry of origin.static ?? []) {
    const endpoint = parseStaticEndpoint(entry, port);
    if (!endpoint.ok) throw new Error(`static endpoint ${entry.address} passed its schema but is none`);
    endpoints.set(endpoint.value.id, endpoint.value);
  }
  return { kind: "static", endpoints: [...endpoints.values()] };
}

function filePathProblem(path: string): string | undefined {
  if (path.startsWith("/") || path.includes("\\"))
    return `"${path}" is absolute; expected a path relative to the config directory, such as endpoints/report.yaml`;
  if (path.split("/").includes("..")) return `"${path}" leaves the config directory; ".." is not allowed`;
  // The watched directory hides dot files from itself: editors and ConfigMaps keep their own there.
  if (path.split("/").some((part) => part.startsWith(".") && part !== ".")) return `"${path}" is hidden`;
  return undefined;
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
