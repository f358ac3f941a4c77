import type { FastifyReply } from "fastify";
import { z } from "zod";
import { headroomFor } from "../drain/headroom.ts";
import { planDrain, planUndrain } from "../drain/plan-drain.ts";
import { type Drain, drainsAt } from "../model/drain.ts";
import { patternText } from "../model/locality.ts";
import { documentSchemas } from "../policy/documents/document-schemas.ts";
import { badRequest, refusal } from "./api-error.ts";
import { authorOf, writeQuery } from "./author.ts";
import { bodyOf } from "./body-of.ts";
import { doneOrThrow } from "./change-outcome.ts";
import { documentKeys, storedOf, storedShape } from "./document-routes.ts";
import {
  drainRows,
  namedServices,
  operationOf,
  placeOf,
  seenNow,
  storedDrains,
  tooLittle,
  unknownPlace,
} from "./drain-parts.ts";
import { drainBody, drainRow, drainRowOf, headroomOf, headroomShape, undrainBody } from "./drain-shapes.ts";
import { parsePrecondition } from "./etag.ts";
import { expectationOf } from "./expectation.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { pageOf, pageQuery } from "./page-of.ts";
import type { OperatorParts } from "./parts.ts";
import { planOf } from "./plan-of.ts";
import { planShape } from "./plan-shape.ts";

const tags = ["traffic"];
const params = z.object({ locality: z.string() });
const conditions = z.looseObject({
  "if-match": z.string().optional().meta({ description: "The ETag of the drain that is meant; another in force: 412" }),
  "if-none-match": z
    .string()
    .optional()
    .meta({ description: '"*": only if this place is not drained for these services yet' }),
});

const listing = z.object({
  revision: z.number().int(),
  drains: z.array(documentSchemas.Drain),
  stored: z.array(storedShape),
  rows: z.array(drainRow).meta({ description: "The same with what is left of each, the first to end first" }),
  nextPageToken: z.string().optional().meta({ description: "Missing on the last page" }),
});

const summaries = {
  drain: "Send nobody to a zone or data center for a while, as far as there is anywhere else",
  isolate: "Keep the callers of a zone or data center inside, and all others out, for a while",
} as const;

/** Places that are left alone for a while: drained, isolated, and given back. */
export function drainRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  // One at a time: two that are looked ahead at side by side could each find room in the place that the other takes.
  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }

  app.get(
    "/v1/drains",
    {
      schema: {
        summary: "What is drained or isolated, why, by whom and for how much longer",
        tags,
        querystring: pageQuery,
        response: { 200: listing },
      },
    },
    async ({ query }) => {
      const { items: stored, ...next } = pageOf(parts.policies.list("Drain"), query, documentKeys);
      const names = new Set(stored.map(({ name }) => name));
      return {
        revision: parts.policies.books.current()?.revision ?? 0,
        drains: stored.map((each) => each.document as z.output<typeof documentSchemas.Drain>),
        stored: stored.map(storedOf),
        rows: drainRows(parts, new Date()).filter(({ name }) => names.has(name)),
        ...next,
      };
    },
  );

  for (const mode of ["drain", "isolate"] as const)
    app.post(
      `/v1/localities/:locality([^:]+)::${mode}`,
      {
        schema: {
          summary: summaries[mode],
          description:
            "One stored thing, one revision, undone by itself when it expires. What would be left is looked at first, declared capacity against observed load; where that does not suffice it is refused (409) unless `force`.",
          tags,
          params,
          querystring: writeQuery,
          headers: conditions,
          body: drainBody,
          response: {
            200: z.object({
              revision: z.number().int(),
              validateOnly: z.boolean(),
              drain: drainRow,
              headroom: headroomShape,
              fleet: planShape.optional().meta({
                description: "With validateOnly: what it would change, as config:plan tells it",
              }),
            }),
          },
        },
      },
      async (request, reply) => inTurn(() => begin(parts, mode, request, reply)),
    );

  app.post(
    "/v1/localities/:locality([^:]+)::undrain",
    {
      schema: {
        summary: "End what is drained or isolated at a place, now",
        tags,
        params,
        querystring: writeQuery,
        headers: conditions,
        body: undrainBody,
        response: {
          200: z.object({ revision: z.number().int(), validateOnly: z.boolean(), ended: z.array(drainRow) }),
        },
      },
    },
    async (request) => inTurn(() => end(parts, request)),
  );
}

type Asked = Parameters<typeof authorOf>[0] & {
  readonly body: unknown;
  readonly params: z.output<typeof params>;
  readonly query: z.output<typeof writeQuery>;
};

async function begin(parts: OperatorParts, mode: Drain["mode"], request: Asked, reply: FastifyReply) {
  const { policies } = parts;
  const locality = placeOf(request.params.locality);
  const body = bodyOf(drainBody, request.body);
  const author = authorOf(request, { reason: body.reason ?? request.query.reason });
  if (author.reason === "")
    throw badRequest("the body", [{ at: "reason", says: `is missing: those who find this ${mode} have to know why` }]);
  const world = parts.worlds.current();
  if (world === undefined)
    throw refusal(503, "UNAVAILABLE", "NOT_SERVING", "nothing is served yet: GET /readyz says what is waited for");
  const services = namedServices(parts, body.services);
  const unknown = unknownPlace(world, locality);
  if (unknown) throw unknown;

  const now = new Date();
  const stored = storedDrains(parts);
  const expireTime = new Date(now.getTime() + body.duration);
  const plan = planDrain(stored, { locality, mode, services, reason: author.reason, by: author.by, expireTime }, now);
  if (plan.kind !== "edits") throw refusal(409, "ABORTED", "CONFLICTING_DRAIN", `nothing was changed: ${plan.says}`);
  const [drain] = plan.touched;
  if (!drain) throw new Error(`to ${mode} ${patternText(locality)} was planned without a drain`);
  const others = stored.map((each) => each.drain).filter(({ name }) => name !== drain.name);
  const headroom = headroomFor(world, drainsAt(others, now), drain, seenNow(parts));
  if (headroom.missing.length > 0 && !body.force) throw tooLittle(drain, headroom.missing);

  const current = policies.get("Drain", drain.name);
  const asked = expectationOf(parsePrecondition(request.headers), { kind: "Drain", name: drain.name, current });
  const validateOnly = request.query.validateOnly === "true";
  const outcome = await policies.change({
    operations: plan.edits.map((edit) => operationOf(edit, edit.kind === "put" ? asked : undefined)),
    ...author,
    through: "api",
    validateOnly,
  });
  const done = doneOrThrow(outcome, { what: `the ${mode}`, expected: request.headers["if-match"], policies });
  const after = done.documents.find((each) => each.name === drain.name);
  if (!after) throw new Error(`drains/${drain.name} was stored, but is not in the answer of the store`);
  void reply.headers({ etag: `"${after.etag}"`, "x-weir-revision": String(done.revision) });
  const { revision } = done;
  const removed = plan.edits.flatMap((edit) =>
    edit.kind === "delete" ? [{ kind: "Drain" as const, name: edit.name }] : [],
  );
  return {
    ...{ revision, validateOnly, drain: drainRowOf(drain, after, now), headroom: headroomOf(headroom) },
    ...(validateOnly && { fleet: await planOf(parts, { ...done, removed }) }),
  };
}

async function end(parts: OperatorParts, request: Asked) {
  const { policies } = parts;
  const locality = placeOf(request.params.locality);
  const body = bodyOf(undrainBody, request.body ?? {});
  const author = authorOf(request, { reason: body.reason ?? request.query.reason });
  const now = new Date();
  const plan = planUndrain(storedDrains(parts), { locality, services: namedServices(parts, body.services) }, now);
  if (plan.kind === "none") throw refusal(404, "NOT_FOUND", "NO_SUCH_DRAIN", plan.says);
  if (plan.kind === "conflict") throw refusal(409, "ABORTED", "CONFLICTING_DRAIN", `nothing was changed: ${plan.says}`);
  const precondition = parsePrecondition(request.headers);
  const operations = plan.edits.map((edit) => {
    const name = edit.kind === "put" ? edit.drain.name : edit.name;
    return operationOf(
      edit,
      expectationOf(precondition, { kind: "Drain", name, current: policies.get("Drain", name) }),
    );
  });
  const touched = new Set(plan.touched.map(({ name }) => name));
  const ended = drainRows(parts, now).filter(({ name }) => touched.has(name));
  const validateOnly = request.query.validateOnly === "true";
  const outcome = await policies.change({ operations, ...author, through: "api", validateOnly });
  const what = `undraining ${patternText(locality)}`;
  const { revision } = doneOrThrow(outcome, { what, expected: request.headers["if-match"], policies });
  return { revision, validateOnly, ended };
}
