import { randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { parseLocalityPattern, patternText } from "../model/locality.ts";
import { positionAt, type Shift } from "../model/shift.ts";
import { pathText } from "../policy/documents/path-text.ts";
import { metricOf, onFailure, shares, shiftGuard, shiftSteps } from "../policy/documents/shift-field.ts";
import type { StoredDocument } from "../policy/policy-store.ts";
import {
  beginShift,
  endShift,
  finishShift,
  pauseShift,
  promoteShift,
  resumeShift,
  type SplitJson,
  standText,
} from "../shift/edit-shift.ts";
import { badRequest, refusal } from "./api-error.ts";
import { authorOf, writeQuery } from "./author.ts";
import { doneOrThrow, missingDocument } from "./change-outcome.ts";
import { parsePrecondition } from "./etag.ts";
import { expectationOf } from "./expectation.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { planOf } from "./plan-of.ts";
import { planShape } from "./plan-shape.ts";
import { allShifts, type FoundShift, foundShift } from "./shift-found.ts";
import { shiftAnswer, shiftShape } from "./shift-shape.ts";

const kind = "TrafficSplit";
const tags = ["traffic"];
const params = z.object({ name: z.string() });

const request = z.strictObject({
  from: z.string().default("*").meta({ description: "The rule, by its callers" }),
  target: shares,
  steps: shiftSteps,
  guard: shiftGuard.optional(),
  onFailure: onFailure.default("rollback"),
});

const conditions = z.looseObject({
  "if-match": z.string().optional().meta({ description: "The ETag of the TrafficSplit; anything else in force: 412" }),
});

type Author = { readonly by: string; readonly reason: string };
type Edit = (document: SplitJson, found: FoundShift, now: Date, author: Author) => SplitJson;

const promoteQuery = writeQuery.extend({
  full: z.enum(["true", "false"]).optional().meta({ description: "true: at once to the target" }),
});

/** Shifts of traffic: to begin one, to see them, and to steer one. Each is one compare-and-set of its TrafficSplit. */
export function shiftRoutes(app: OperatorApp, { parts, closing }: OperatorContext): void {
  const { policies, now } = parts;

  app.post(
    "/v1/trafficSplits/:name([A-Za-z0-9._-]+)::shift",
    {
      schema: {
        summary: "Begin to shift a rule's shares, step by step",
        tags,
        params,
        querystring: writeQuery,
        headers: conditions,
        body: request,
        response: {
          200: shiftShape.extend({
            fleet: planShape.optional().meta({
              description: "With validateOnly: what it would change once it is through, as config:plan tells it",
            }),
          }),
        },
      },
    },
    async (asked, reply) => {
      const { name } = asked.params;
      const parsed = request.safeParse(asked.body);
      if (!parsed.success) throw badRequest("the shift", problemsOf(parsed.error));
      const stored = policies.get(kind, name);
      if (!stored) throw missingDocument(policies, kind, name);
      const running = policies.books.current()?.splits;
      const shift = [...(running?.values() ?? [])].find((each) => each.name === name)?.shift;
      if (shift && !shift.ended)
        throw refusal(
          409,
          "ABORTED",
          "SHIFT_RUNS",
          `trafficSplits/${name} is being shifted already, by ${shift.by}: ${shift.name}. Promote or abort it first.`,
          { operation: shift.name },
        );
      const author = authorOf(asked, asked.query);
      const before = await beforeOf(stored, parsed.data);
      const id = `shift-${randomBytes(4).toString("hex")}`;
      const begun = beginShift(stored.document as SplitJson, given(asked.body, parsed.data), {
        ...{ name: id, now: now(), before },
        ...{ by: author.by, reason: author.reason },
      });
      if (!begun.ok) throw badRequest("the shift", begun.problems);
      const { by, reason } = author;
      const begins = `${id}: shift begins${reason === "" ? "" : `: ${reason}`}`.slice(0, 1_000);
      return store(asked, reply, { ...author, by, reason: begins }, stored, begun.value, (shift) =>
        atTarget(stored.document as SplitJson, shift),
      );
    },
  );

  app.get(
    "/v1/operations",
    {
      schema: {
        summary: "The shift of each TrafficSplit: the one that runs, or the last that ran",
        tags,
        querystring: z.strictObject({ service: z.string().optional() }),
        response: { 200: z.object({ revision: z.number().int(), operations: z.array(shiftShape) }) },
      },
    },
    async ({ query }) => {
      const operations = allShifts(parts).filter(
        ({ split }) => query.service === undefined || split.service === query.service,
      );
      return {
        revision: policies.books.current()?.revision ?? 0,
        operations: operations
          .sort((a, b) => b.shift.startTime.getTime() - a.shift.startTime.getTime())
          .map(({ split, shift }) => shiftAnswer(split, shift, now())),
      };
    },
  );

  app.get(
    "/v1/operations/:name",
    { schema: { summary: "One shift", tags, params, response: { 200: shiftShape } } },
    async (asked, reply) => {
      const { split, shift, stored } = foundShift(parts, asked.params.name);
      return reply.header("etag", `"${stored.etag}"`).send(shiftAnswer(split, shift, now()));
    },
  );

  verb("pause", "Hold a shift where it is", writeQuery, (document, { shift }, at, author) => {
    if (shift.paused) throw notNow(shift, "is paused already");
    return pauseShift(document, at, author);
  });
  verb("resume", "Let a shift that is held, or waits, go on", writeQuery, (document, { shift }, at) => {
    if (!shift.paused && !shiftWaits(shift, at)) throw notNow(shift, "is neither paused nor waiting");
    return resumeShift(document, shift, at);
  });
  for (const word of ["abort", "cancel"])
    verb(word, "End a shift with the shares that it began from", writeQuery, (document, _, at, author) =>
      endShift(document, "aborted", at, author),
    );
  verb("promote", "Let a shift take its next step now, or all of them", promoteQuery, (document, { shift }, at) =>
    promoteShift(document, shift, at),
  );

  function verb(word: string, summary: string, querystring: typeof promoteQuery | typeof writeQuery, edit: Edit): void {
    app.post(
      `/v1/operations/:name([A-Za-z0-9._-]+)::${word}`,
      {
        schema: { summary, tags, params, querystring, headers: conditions, response: { 200: shiftShape } },
      },
      async (asked, reply) => {
        const here = foundShift(parts, asked.params.name);
        const { shift, stored } = here;
        const { query } = asked;
        if (shift.ended) throw notNow(shift, `has ended (${shift.ended.outcome}: ${shift.ended.reason})`);
        const author = authorOf(asked, query);
        const at = now();
        const isFull = "full" in query && query.full === "true";
        const why = author.reason === "" ? "" : `: ${author.reason}`;
        const reason = `${shift.name}: ${word}${isFull ? " to the target" : ""} at ${standText(shift, at)}${why}`;
        const document = stored.document as SplitJson;
        const said = { by: author.by, reason: author.reason };
        const next = isFull ? finishShift(document, shift, at, said) : edit(document, here, at, said);
        return store(asked, reply, { ...author, reason: reason.slice(0, 1_000) }, stored, next);
      },
    );
  }

  /** Throws 409 where a limit refers to what is not known: what cannot be judged is not taken for healthy. */
  async function beforeOf({ name }: StoredDocument, { from, guard }: z.output<typeof request>) {
    const split = [...(policies.books.current()?.splits.values() ?? [])].find((each) => each.name === name);
    const pattern = parseLocalityPattern(from);
    const callers = pattern.ok ? patternText(pattern.value) : undefined;
    const isThere = split?.rules.some((each) => patternText(each.from) === callers);
    if (guard === undefined || split === undefined || callers === undefined || !isThere) return [];
    const { metrics, unknown } = await parts.baselineOf(
      {
        ...{ service: split.service, rules: split.rules, from: callers },
        ...{ metrics: guard.metrics.map(metricOf), minRequests: guard.minRequests },
      },
      closing,
    );
    const needed = unknown.filter(({ isNeeded }) => isNeeded);
    if (needed.length === 0) return metrics;
    const says = needed.map((each) => `${each.name}: ${each.says}`).join("; ");
    throw refusal(
      409,
      "FAILED_PRECONDITION",
      "NO_BASELINE",
      `nothing was begun: how it was before the shift is not known, so its guard could not tell what is worse. ${says}. Begin when more is known, or give the metric a max, too.`,
      { metrics: needed.map((each) => each.name).join(",") },
    );
  }

  async function store(
    { headers, query }: Pick<FastifyRequest, "headers"> & { readonly query: z.output<typeof writeQuery> },
    reply: FastifyReply,
    author: ReturnType<typeof authorOf>,
    before: StoredDocument,
    document: SplitJson,
    /** The document that is planned with, where the answer is to have what all of it comes to. */
    planned?: (shift: Shift) => SplitJson,
  ) {
    const { name } = before;
    const expects = expectationOf(parsePrecondition(headers), { kind, name, current: before });
    const outcome = await policies.change({
      // Even of a caller who expects nothing: this was decided on what stands there.
      operations: [{ kind: "put", document, expects: expects ?? { etag: before.etag } }],
      ...author,
      through: "api",
      validateOnly: query.validateOnly === "true",
    });
    const expected = headers["if-match"] ?? before.etag;
    const done = doneOrThrow(outcome, { what: `trafficSplits/${name}`, expected, policies });
    const split = [...done.book.splits.values()].find((each) => each.name === name);
    const etag = done.documents.find((each) => each.name === name)?.etag ?? before.etag;
    if (!split?.shift) throw new Error(`trafficSplits/${name} was stored without its shift`);
    const fleet = query.validateOnly === "true" && planned && (await fleetOf(planned(split.shift)));
    return reply
      .headers({ etag: `"${etag}"`, "x-weir-revision": String(done.revision) })
      .send({ ...shiftAnswer(split, split.shift, now()), ...(fleet && { fleet }) });
  }

  async function fleetOf(document: SplitJson) {
    if (parts.worlds.current() === undefined) return undefined;
    const outcome = await policies.change({
      operations: [{ kind: "put", document }],
      ...{ by: "plan", reason: "", through: "api", validateOnly: true },
    });
    return outcome.kind === "done" ? planOf(parts, outcome) : undefined;
  }
}

/** As it is once the shift is through, but for what the shift writes of itself. */
function atTarget(document: SplitJson, shift: Shift): SplitJson {
  const { spec } = finishShift(document, shift, shift.startTime, { by: "", reason: "" });
  const { shift: _, ...rest } = spec;
  return { ...document, spec: { ...rest, ...(document.spec.shift && { shift: document.spec.shift }) } };
}

function shiftWaits(shift: Shift, at: Date): boolean {
  return shift.steps[positionAt(shift, at).step]?.kind === "wait";
}

/** What was written, but for what has a default: the store is to keep it as its author has it. */
function given(body: unknown, { from, target, onFailure }: z.output<typeof request>) {
  const { steps, guard } = body as { readonly steps: unknown; readonly guard?: unknown };
  return { from, target, steps, ...(guard !== undefined && { guard }), onFailure };
}

function problemsOf({ issues }: z.ZodError) {
  return issues.map(({ path, message }) => ({
    at: pathText(path.map((step) => (typeof step === "number" ? step : String(step)))),
    says: message,
  }));
}

function notNow({ name }: Shift, why: string) {
  return refusal(409, "ABORTED", "SHIFT_STATE", `${name} ${why}`, { operation: name });
}
