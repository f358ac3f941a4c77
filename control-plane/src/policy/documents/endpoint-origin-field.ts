import { posix } from "node:path";
import { z } from "zod";
import type { Endpoint, EndpointOrigin } from "../../model/service.ts";
import { exactlyOneOf, nameText } from "./document-fields.ts";
import { parseStaticEndpoint, staticEndpoint } from "./static-endpoint.ts";

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

/** One entry of `spec.endpoints`: where endpoints come from. */
export const endpointOrigin = exactlyOneOf(
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

/** What an entry says; `name` is the service's own, `port` that of static endpoints that give none. */
export function endpointOriginOf(origin: z.output<typeof endpointOrigin>, name: string, port?: number): EndpointOrigin {
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
