import { z } from "zod";
import { didYouMean } from "../lib/did-you-mean.ts";
import type { Problem } from "../lib/parsed.ts";
import { softwareOf } from "../model/client-software.ts";
import { grpcCapabilities } from "../model/grpc-capabilities.ts";
import { type Locality, localityText, parseLocality, unknownLocality } from "../model/locality.ts";
import type { Viewer } from "../model/viewer.ts";
import { explain } from "../plan/predict/explain.ts";
import { requestOf } from "../plan/predict/request.ts";
import { parseWhatIf, type WhatIf } from "../plan/predict/what-if.ts";
import { badRequest, refusal } from "./api-error.ts";
import { newestClient } from "./client-routes.ts";
import { explanation, explanationShape } from "./explain-shapes.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import type { OperatorParts } from "./parts.ts";

const kinds = ["edge", "sidecar", "grpc"] as const;
type Kind = (typeof kinds)[number];

/** Once or several times in a query. */
const several = z.union([z.string().transform((one) => [one]), z.array(z.string()).max(20)]);

/** Where a client's requests go, and where they would. */
export function explainRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.get(
    "/v1/explain",
    {
      schema: {
        summary: "Where a client's requests go by what is being served, now and if something happened",
        tags: ["traffic"],
        querystring: z.strictObject({
          client: z.string().meta({ description: "A connected client's node id, or a kind: edge, sidecar, grpc" }),
          from: z
            .string()
            .optional()
            .meta({ description: "Where the client is, like dc-a/z1; its own place unless told" }),
          host: z
            .string()
            .optional()
            .meta({ description: "What it dials, like report; needed where the path does not make it clear" }),
          path: z
            .string()
            .regex(/^\//, 'expected a path, which begins with "/"')
            .optional()
            .meta({ description: "/ unless told" }),
          header: several.optional().meta({ description: "name=value; several times for several" }),
          if: several.optional().meta({
            description:
              "Like `dc-a dies` or `40 % of dc-b is ejected and dc-c is drained`; unless told, each data center dying",
          }),
        }),
        response: { 200: explanation },
      },
    },
    async ({ query: { client, from, host, path = "/", header = [], if: ifs = [] } }) => {
      const world = parts.worlds.current();
      if (!world)
        throw refusal(503, "UNAVAILABLE", "NOT_READY", "nothing is served yet: GET /readyz says what is waited for");
      const asker = askerOf(parts, client, from);
      const request = requestOf(path, headersOf(header));
      const explained = explain(world, {
        viewer: asker.viewer,
        host,
        request,
        ifs: whatIfsOf(ifs),
      });
      if ("hosts" in explained) throw noEntrance(host, explained.hosts);
      return {
        revision: world.revision,
        client: {
          ...(asker.nodeId !== undefined && { nodeId: asker.nodeId }),
          kind: asker.kind,
          from: localityText(asker.viewer.locality),
        },
        host: explained.host,
        path,
        ...explanationShape(explained),
      };
    },
  );
}

function noEntrance(host: string | undefined, hosts: readonly string[]): Error {
  if (host === undefined) {
    const says = `is needed where it is not clear from the path: one of ${hosts.slice(0, 20).join(", ") || "none, for nothing is served"}`;
    return badRequest("the request's query", [{ at: "host", says }]);
  }
  const hint = didYouMean(host, hosts) || ".";
  return refusal(404, "NOT_FOUND", "NO_SUCH_HOST", `no service and no Route has the host "${host}"${hint}`);
}

type Asker = { readonly nodeId?: string; readonly kind: Kind; readonly viewer: Viewer };

function askerOf(parts: OperatorParts, client: string, from: string | undefined): Asker {
  const place = from === undefined ? undefined : placeOf(from);
  const isConnected = parts.clients.list().some(({ nodeId }) => nodeId === client);
  const kind = kinds.find((each) => each === client);
  if (kind && !isConnected) return { kind, viewer: viewerOf(kind, place ?? unknownLocality, "") };
  const { nodeId, kind: flavour, role, locality, agent } = newestClient(parts, client);
  const its = flavour === "grpc" ? "grpc" : role === "sidecar" ? "sidecar" : "edge";
  return {
    nodeId,
    kind: its,
    viewer: viewerOf(its, place ?? (locality === "" ? unknownLocality : placeOf(locality)), agent),
  };
}

function viewerOf(kind: Kind, locality: Locality, agent: string): Viewer {
  if (kind !== "grpc") return { flavour: "envoy", role: kind, locality, listen: { host: "0.0.0.0", port: 0 } };
  const software = softwareOf(agent);
  const grpc =
    software.kind === "envoy"
      ? grpcCapabilities("other", undefined)
      : grpcCapabilities(software.implementation, software.release);
  return { flavour: "grpc", locality, grpc };
}

function placeOf(text: string): Locality {
  const locality = parseLocality(text);
  if (locality.ok) return locality.value;
  throw badRequest("the request's query", at("from", locality.problems));
}

function headersOf(headers: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    headers.map((each, index) => {
      const [, name, value] = /^([^=\s]+)=(.*)$/.exec(each) ?? [];
      if (name !== undefined && value !== undefined) return [name.toLowerCase(), value];
      const says = `${JSON.stringify(each)} is no header: expected name=value`;
      throw badRequest("the request's query", [{ at: `header[${index}]`, says }]);
    }),
  );
}

function whatIfsOf(texts: readonly string[]): readonly WhatIf[] {
  const all = texts.map(parseWhatIf);
  const problems = all.flatMap((each, index) => (each.ok ? [] : at(`if[${index}]`, each.problems)));
  if (problems.length > 0) throw badRequest("the request's query", problems);
  return all.flatMap((each) => (each.ok ? [each.value] : []));
}

function at(field: string, problems: readonly Problem[]): readonly Problem[] {
  return problems.map(({ says }) => ({ at: field, says }));
}
