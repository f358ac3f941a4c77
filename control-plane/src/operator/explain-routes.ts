import { z } from "zod";
import { didYouMean } from "../lib/did-you-mean.ts";
import type { Problem } from "../lib/parsed.ts";
import { type Locality, localityText, parseLocality, unknownLocality } from "../model/locality.ts";
import { explain } from "../plan/predict/explain.ts";
import type { Explanation } from "../plan/predict/explanation.ts";
import type { Prediction } from "../plan/predict/prediction.ts";
import { parseWhatIf, type WhatIf } from "../plan/predict/what-if.ts";
import { badRequest, refusal } from "./api-error.ts";
import { newestClient } from "./client-routes.ts";
import { explanation } from "./explain-shapes.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import type { OperatorParts } from "./parts.ts";

const kinds = ["edge", "sidecar", "grpc"] as const;
type Kind = (typeof kinds)[number];

/** Once or several times in a query. */
const several = z.union([z.string().transform((one) => [one]), z.array(z.string()).max(100)]);

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
          host: z.string().meta({ description: "What it dials, like report" }),
          path: z.string().startsWith("/").optional().meta({ description: "/ unless told" }),
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
      const question = {
        flavour: asker.kind === "grpc" ? ("grpc" as const) : ("envoy" as const),
        from: asker.from,
        host,
        path,
        headers: headersOf(header),
        ifs: whatIfsOf(ifs),
      };
      const explained = explain(world, question);
      if ("unknownHost" in explained) {
        const hint = didYouMean(host, explained.hosts) || ".";
        throw refusal(
          404,
          "NOT_FOUND",
          "NO_SUCH_HOST",
          `no service that ${client} can call has the host "${host}"${hint}`,
        );
      }
      return {
        revision: world.revision,
        client: { ...(asker.nodeId && { nodeId: asker.nodeId }), kind: asker.kind, from: localityText(asker.from) },
        host,
        path,
        ...shapeOf(explained),
      };
    },
  );
}

type Asker = { readonly nodeId?: string; readonly kind: Kind; readonly from: Locality };

function askerOf(parts: OperatorParts, client: string, from: string | undefined): Asker {
  const place = from === undefined ? undefined : placeOf(from);
  const isConnected = parts.clients.list().some(({ nodeId }) => nodeId === client);
  const kind = kinds.find((each) => each === client);
  if (kind && !isConnected) return { kind, from: place ?? unknownLocality };
  const { nodeId, kind: flavour, role, locality } = newestClient(parts, client);
  return {
    nodeId,
    kind: flavour === "grpc" ? "grpc" : role === "sidecar" ? "sidecar" : "edge",
    from: place ?? (locality === "" ? unknownLocality : placeOf(locality)),
  };
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

type Shape = Pick<z.output<typeof explanation>, "destinations" | "unmatchedPercent">;

function shapeOf({ destinations, unmatched }: Explanation): Shape {
  return {
    destinations: destinations.map(({ share, service, cluster, now, ifs }) => ({
      service,
      cluster,
      percent: percent(share),
      now: predictionOf(now),
      ifs: ifs.map(({ says, affected, prediction }) => ({ if: says, affected, prediction: predictionOf(prediction) })),
    })),
    unmatchedPercent: percent(unmatched),
  };
}

function predictionOf({ priorities, localities, endpoints, failed }: Prediction): Shape["destinations"][number]["now"] {
  return {
    failedPercent: percent(failed),
    priorities: priorities.map(({ priority, load, panic }) => ({ priority, percent: percent(load), panic })),
    localities: localities.map(({ locality, priority, share }) => ({
      locality: localityText(locality),
      priority,
      percent: percent(share),
    })),
    endpoints: endpoints.map(({ address, locality, priority, share }) => ({
      address,
      locality: localityText(locality),
      priority,
      percent: percent(share),
    })),
  };
}

/** What is further behind the point comes of adding fractions. */
function percent(share: number): number {
  return Math.round(share * 1e8) / 1e6;
}
