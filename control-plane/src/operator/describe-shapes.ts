import { z } from "zod";
import { clientKinds } from "../model/client-software.ts";
import { documentKinds } from "../policy/documents/document-schemas.ts";
import { time } from "./shapes.ts";

const kind = z.enum(documentKinds as [string, ...string[]]);
const client = z.enum(clientKinds);

const names = z.array(z.string());
const resourceNames = z.object({ listeners: names, routes: names, clusters: names, endpoints: names });

const effect = z.enum(["obeyed", "approximated", "ignored", "withheld"]).meta({
  description: "withheld: left out of what such a client is sent, since it would refuse it or be harmed",
});

export const effectiveField = z.object({
  path: z.string().meta({ description: "Below spec, like rules[0].to" }),
  value: z.unknown(),
  origin: z.enum(["document", "default"]),
  on: z.array(
    z.object({
      kind: client,
      version: z.string().meta({ description: "Empty: whichever; none is connected, or it says none" }),
      clients: z.number().int(),
      effect,
      instead: z.string().meta({ description: "What happens instead; empty for what is obeyed" }),
      source: z.string().meta({ description: "Where that is known from" }),
    }),
  ),
});

export const description = z.object({
  kind,
  name: z.string(),
  revision: z.number().int().meta({ description: "Of the documents in force" }),
  services: z.array(
    z.object({
      name: z.string(),
      served: z.boolean(),
      why: z.string().optional().meta({ description: "Why it is not served" }),
      resources: z
        .object({ "envoy-edge": resourceNames, "envoy-sidecar": resourceNames, grpc: resourceNames })
        .optional()
        .meta({ description: "What each kind of client asks for" }),
    }),
  ),
  documents: z
    .array(
      z.object({
        kind,
        name: z.string(),
        origin: z.discriminatedUnion("kind", [
          z.object({ kind: z.literal("file"), path: z.string() }),
          z.object({ kind: z.literal("api") }),
          z.object({ kind: z.literal("default") }),
        ]),
        accepted: z
          .object({ revision: z.number().int(), etag: z.string(), at: time, by: z.string(), reason: z.string() })
          .optional()
          .meta({ description: "Missing where no document says it, and defaults hold" }),
        fields: z.array(effectiveField),
      }),
    )
    .meta({ description: "The document, and for a Service all others that say something of it" }),
  clients: z
    .array(z.object({ kind: client, version: z.string(), clients: z.number().int() }))
    .meta({ description: "Connected clients that were told of these services, and the kinds of which there is none" }),
  programmed: z.object({
    clients: z.number().int().meta({ description: "Connected clients that were told of these services" }),
    has: z.number().int().meta({ description: "Those that have ACKed all of it" }),
    behind: z.number().int().meta({ description: "Those that have not answered yet" }),
    rejects: z.array(
      z.object({ nodeId: z.string(), agent: z.string(), type: z.string(), resource: z.string(), reason: z.string() }),
    ),
  }),
  notes: z.array(z.string()).meta({ description: "What connected clients do not do of what is written, in sentences" }),
});

export type Description = z.output<typeof description>;
