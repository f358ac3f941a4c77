import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { editorSchema } from "../policy/documents/json-schema.ts";
import { parseEtags } from "./etag.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";

const readiness = z.object({
  ready: z.boolean(),
  waitingFor: z.array(z.string()),
  stale: z.array(z.string()).meta({ description: "Sources that cannot be seen: clients are sent what they said last" }),
  heldBack: z.array(z.string()).meta({ description: "What sources say that is not believed yet: /v1/guard" }),
});

/** What probes, scrapers and tools ask: is it alive, may it serve, what does it count, which version, which API. */
export function selfRoutes(app: OperatorApp, context: OperatorContext): void {
  const { parts } = context;
  let openapi: Promise<Lasting> | undefined;
  let schema: Lasting | undefined;
  app.get(
    "/healthz",
    {
      schema: {
        summary: "Does the process answer?",
        tags: ["self"],
        response: { 200: z.object({ status: z.literal("SERVING") }) },
      },
    },
    async () => ({ status: "SERVING" as const }),
  );

  app.get(
    "/readyz",
    {
      schema: {
        summary: "Has every source answered once, so that clients are served?",
        tags: ["self"],
        response: { 200: readiness, 503: readiness },
      },
    },
    async (_request, reply) => {
      const { ready, waitingFor, stale, heldBack } = parts.readiness();
      if (!ready) void reply.header("retry-after", "1");
      const words = { waitingFor: [...waitingFor], stale: [...stale], heldBack: [...heldBack] };
      return reply.code(ready ? 200 : 503).send({ ready, ...words });
    },
  );

  app.get(
    "/metrics",
    {
      schema: {
        summary: "Metrics in Prometheus' text format",
        tags: ["self"],
        response: { 200: { description: "Metrics", content: { "text/plain": { schema: z.string() } } } },
      },
    },
    async (_request, reply) => {
      const { contentType, text } = await parts.metrics();
      return reply.type(contentType).send(text);
    },
  );

  app.get(
    "/version",
    {
      schema: {
        summary: "Versions of Weir and of its runtime",
        tags: ["self"],
        response: { 200: z.object({ version: z.string(), node: z.string() }) },
      },
    },
    async () => ({ version: parts.version, node: process.versions.node }),
  );

  app.get("/openapi.json", { schema: { hide: true } }, async (request, reply) => {
    openapi ??= import("./openapi.ts").then(async ({ openapiDocument }) => lasting(await openapiDocument(context)));
    return sendLasting(request, reply.type("application/json; charset=utf-8"), await openapi);
  });

  app.get(
    "/schema/v1alpha1.json",
    {
      schema: {
        summary: "JSON Schema of the documents, for editors",
        tags: ["self"],
        headers: z.looseObject({ "if-none-match": z.string().optional() }),
        response: {
          200: { description: "JSON Schema", content: { "application/schema+json": { schema: z.unknown() } } },
        },
      },
    },
    async (request, reply) => {
      schema ??= lasting(editorSchema());
      return sendLasting(request, reply.type("application/schema+json"), schema);
    },
  );
}

/** The same until another version of Weir runs. */
type Lasting = { readonly text: string; readonly etag: string };

function lasting(value: object): Lasting {
  const text = JSON.stringify(value);
  return { text, etag: createHash("sha256").update(text).digest("base64url").slice(0, 22) };
}

/** 304 for who has it already, which is asked each time. */
function sendLasting({ headers }: FastifyRequest, reply: FastifyReply, { text, etag }: Lasting): FastifyReply {
  void reply.headers({ etag: `"${etag}"`, "cache-control": "no-cache" });
  return parseEtags(headers["if-none-match"] ?? "")?.includes(etag) ? reply.code(304).send() : reply.send(text);
}
