import type { FastifyReply } from "fastify";
import { z } from "zod";
import { documentSchemas } from "../policy/documents/document-schemas.ts";
import type { StoredDocument } from "../policy/policy-store.ts";
import { badRequest } from "./api-error.ts";
import { authorOf, writeQuery } from "./author.ts";
import { doneOrThrow, missingDocument } from "./change-outcome.ts";
import { type Collection, collectionNames, collections } from "./collections.ts";
import { documentMismatches } from "./document-mismatches.ts";
import { forcibleQuery, requireHeadroom } from "./drain-headroom.ts";
import { parseEtags, parsePrecondition } from "./etag.ts";
import { expectationOf } from "./expectation.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { pageOf, pageQuery } from "./page-of.ts";
import { time } from "./shapes.ts";
import { warningHeaders } from "./warning-headers.ts";

/** Who wrote a document, as listings have it. */
export const storedShape = z.object({
  name: z.string(),
  etag: z.string(),
  revision: z.number().int(),
  origin: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("file"), path: z.string() }),
    z.object({ kind: z.literal("api") }),
  ]),
  changed: z.object({ at: time, by: z.string(), reason: z.string() }),
});

const params = z.object({ name: z.string() });
const conditions = z.looseObject({
  "if-match": z.string().optional().meta({ description: 'An ETag, like "r42-9f3c01ab"; anything else in force: 412' }),
  "if-none-match": z.string().optional().meta({ description: '"*": create only' }),
  "x-weir-actor": z.string().optional(),
  "x-weir-reason": z.string().optional(),
});

const readConditions = z.looseObject({
  "if-none-match": z.string().optional().meta({ description: "The ETag of what is known: 304 while it is that" }),
});

/** The documents in force: list, get, put and delete, one collection for each kind. */
export function documentRoutes(app: OperatorApp, context: OperatorContext): void {
  for (const collection of collectionNames) routesOf(app, context, collection);
}

function routesOf(app: OperatorApp, { parts }: OperatorContext, collection: Collection): void {
  const { policies, planning } = parts;
  const kind = collections[collection];
  const document = documentSchemas[kind];
  const tags = [collection];
  const url = `/v1/${collection}/:name`;

  // drain-routes.ts lists them, with what is left of each.
  if (collection !== "drains")
    app.get(
      `/v1/${collection}`,
      {
        schema: {
          summary: `Every ${kind} in force`,
          tags,
          querystring: pageQuery,
          response: { 200: listing(collection, document) },
        },
      },
      async ({ query }) => {
        const { items, ...next } = pageOf(policies.list(kind), query, documentKeys);
        return {
          revision: policies.books.current()?.revision ?? 0,
          [collection]: items.map((each) => each.document as z.output<typeof document>),
          stored: items.map(storedOf),
          ...next,
        };
      },
    );

  app.get(
    url,
    { schema: { summary: `One ${kind}`, tags, params, headers: readConditions, response: { 200: document } } },
    async ({ params: { name }, headers }, reply) => {
      const found = policies.get(kind, name);
      if (!found) throw missingDocument(policies, kind, name);
      if (parseEtags(headers["if-none-match"] ?? "")?.includes(found.etag))
        return withHeaders(reply, found).code(304).send();
      return withHeaders(reply, found).send(found.document);
    },
  );

  app.put(
    url,
    {
      schema: {
        summary: `Create or replace a ${kind}`,
        tags,
        params,
        querystring: kind === "Drain" ? forcibleQuery : writeQuery,
        headers: conditions,
        body: document,
        response: { 200: document, 201: document },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const body: unknown = request.body;
      // First, so that nothing is waited for between what is read of the document and its change.
      const warningsOf = await planning.warnings();
      const problems = documentMismatches(body, kind, name);
      if (problems.length > 0) throw badRequest(`the ${kind}`, problems);
      const isForced = "force" in request.query && request.query.force === "true";
      if (kind === "Drain" && !isForced) await requireHeadroom(parts, [{ kind: "put", document: body }]);
      const before = policies.get(kind, name);
      const expects = expectationOf(parsePrecondition(request.headers), { kind, name, current: before });
      const outcome = await policies.change({
        operations: [{ kind: "put", document: body, ...(expects !== undefined && { expects }) }],
        ...authorOf(request, request.query),
        through: "api",
        validateOnly: request.query.validateOnly === "true",
      });
      const done = doneOrThrow(outcome, { what: `the ${kind}`, expected: request.headers["if-match"], policies });
      const { documents, revision } = done;
      const after = documents.find((each) => each.kind === kind && each.name === name);
      if (!after) throw new Error(`${collection}/${name} was stored, but is not in the answer of the store`);
      const warnings = warningHeaders(await warningsOf(done));
      if (warnings.length > 0) reply.header("warning", warnings);
      return withHeaders(reply, after, revision)
        .code(before ? 200 : 201)
        .send(after.document);
    },
  );

  app.delete(
    url,
    {
      schema: {
        summary: `Delete a ${kind}`,
        tags,
        params,
        querystring: writeQuery,
        headers: conditions,
        response: { 200: z.object({ revision: z.number().int(), deleted: z.string() }) },
      },
    },
    async (request) => {
      const { name } = request.params;
      const before = policies.get(kind, name);
      if (!before) throw missingDocument(policies, kind, name);
      const expects = expectationOf(parsePrecondition(request.headers), { kind, name, current: before });
      const outcome = await policies.change({
        operations: [{ kind: "delete", documentKind: kind, name, ...(expects && expects !== "absent" && { expects }) }],
        ...authorOf(request, request.query),
        through: "api",
        validateOnly: request.query.validateOnly === "true",
      });
      const { revision } = doneOrThrow(outcome, {
        what: `deleting ${collection}/${name}`,
        expected: request.headers["if-match"],
        policies,
      });
      return { revision, deleted: `${collection}/${name}` };
    },
  );
}

function listing<D extends z.ZodType>(collection: Collection, document: D) {
  return z.object({
    revision: z.number().int(),
    [collection]: z.array(document),
    stored: z.array(storedShape),
    nextPageToken: z.string().optional().meta({ description: "Missing on the last page" }),
  });
}

function withHeaders(reply: FastifyReply, { etag, changed, revision }: StoredDocument, now = revision): FastifyReply {
  return reply.headers({
    etag: `"${etag}"`,
    "last-modified": changed.at.toUTCString(),
    "x-weir-revision": String(now),
  });
}

/** How documents are listed: by name; a filter sees them as they are written, and `name` and `labels` without `metadata`. */
export const documentKeys = {
  keyOf: ({ name }: StoredDocument) => name,
  fieldsOf: ({ document }: StoredDocument) => ({
    ...(document as { metadata: object }).metadata,
    ...(document as object),
  }),
};

export function storedOf({ name, etag, revision, origin, changed }: StoredDocument): z.output<typeof storedShape> {
  return { name, etag, revision, origin, changed: { ...changed, at: changed.at.toISOString() } };
}
