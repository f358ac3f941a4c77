import { z } from "zod";
import { documentKinds } from "../../policy/documents/document-schemas.ts";
import type { ChangeOutcome, DocumentKind, Operation, PolicyStore } from "../../policy/policy-store.ts";
import { badRequest } from "../api-error.ts";
import { authorOf, writeQuery } from "../author.ts";
import { baseOf, conditionOnBase } from "../base-of.ts";
import { doneOrThrow } from "../change-outcome.ts";
import { collectionNames, collections } from "../collections.ts";
import type { OperatorApp, OperatorContext } from "../operator-context.ts";
import { planOf } from "../plan-of.ts";
import { planShape } from "../plan-shape.ts";
import { revisionOf, revisionShape } from "../revision-shape.ts";
import { flag } from "../shapes.ts";
import { changedFields, changedShape } from "./changed-fields.ts";
import { documentsAt, noSuchRevision, notKept, revisionAt } from "./documents-at.ts";
import { operationsTo } from "./operations-to.ts";
import { documentsInForce, walkBack } from "./walk-back.ts";

const detailed = revisionShape.extend({ changes: z.array(changedShape) });
const params = z.object({
  revision: z.string().meta({ description: "42 or r42; or a time (RFC 3339): the newest revision then" }),
});

const wholeRevision = z.object({
  revision: z.number().int(),
  documents: z.array(
    z.object({
      kind: z.enum(documentKinds),
      name: z.string(),
      revision: z.number().int().optional().meta({ description: "The one that set it" }),
      document: z.looseObject({}).optional().meta({ description: "Missing: what it said is not kept" }),
    }),
  ),
});

const rolledBack = z.object({
  revision: z.number().int().meta({ description: "That now holds; the same as before when nothing differed" }),
  to: z.number().int(),
  validateOnly: z.boolean(),
  changes: z.array(
    z.object({ kind: z.enum(documentKinds), name: z.string(), action: z.enum(["create", "update", "delete"]) }),
  ),
  plan: planShape.optional().meta({ description: "With validateOnly: what it would change, as config:plan tells it" }),
});

const tries = 5;

/** The journal, what each revision changed, what was in force, and the way back. */
export function revisionRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  const { policies } = parts;
  app.get(
    "/v1/revisions",
    {
      schema: {
        summary: "The journal, newest first: who changed what, why, when",
        tags: ["config"],
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(1_000).optional(),
          document: z
            .string()
            .optional()
            .meta({ description: "Only what changed this one, like trafficSplits/report" }),
          fields: flag.optional().meta({ description: "With what changed within each document" }),
        }),
        response: {
          200: z.object({ revision: z.number().int(), revisions: z.array(z.union([detailed, revisionShape])) }),
        },
      },
    },
    async ({ query: { limit = 100, document, fields } }) => {
      const only = document === undefined ? undefined : documentNamed(document);
      const isAbout = (kind: DocumentKind, name: string) => !only || (only.kind === kind && only.name === name);
      const revision = policies.books.current()?.revision ?? 0;
      const entries = policies
        .journal(1_000)
        .filter(({ changes }) => changes.some((each) => isAbout(each.documentKind, each.name)))
        .slice(0, limit)
        .map(revisionOf);
      if (fields !== "true") return { revision, revisions: entries };
      const wanted = new Map(entries.map((each) => [each.revision, each]));
      const known = new Map<number, z.output<typeof detailed>>();
      for (const { entry, changes } of walkBack(policies)) {
        const found = wanted.get(entry.revision);
        if (!found) continue;
        const about = changes.filter(({ kind, name }) => isAbout(kind, name));
        known.set(entry.revision, { ...found, changes: about.map(changedFields) });
        if (known.size === wanted.size) break;
      }
      return { revision, revisions: entries.map((each) => known.get(each.revision) ?? each) };
    },
  );

  app.get(
    "/v1/revisions/:revision",
    {
      schema: {
        summary: "One revision: who, why, when, and what it changed in each document",
        tags: ["config"],
        params,
        response: { 200: detailed },
      },
    },
    async (request) => {
      const revision = revisionNamed(request.params.revision, policies);
      for (const { entry, changes } of walkBack(policies))
        if (entry.revision === revision) return { ...revisionOf(entry), changes: changes.map(changedFields) };
      throw revision === 0 ? noSuchRevision(0, policies.books.current()?.revision ?? 0) : notKept(revision, policies);
    },
  );

  app.get(
    "/v1/revisions/:revision/documents",
    {
      schema: {
        summary: "All documents as they were at a revision or a time",
        tags: ["config"],
        params,
        response: { 200: wholeRevision },
      },
    },
    async (request) => {
      const revision = revisionNamed(request.params.revision, policies);
      const documents = [...documentsAt(policies, revision).values()].map(({ kind, name, was }) =>
        was === "unknown" ? { kind, name } : { kind, name, revision: was.revision, document: was.document },
      );
      return { revision, documents };
    },
  );

  app.post(
    "/v1/revisions/:revision([A-Za-z0-9]+)::rollback",
    {
      schema: {
        summary: "Put all documents back to what they were at a revision, as a new revision",
        description: "A reason is needed. With validateOnly the answer has the plan of what it would change.",
        tags: ["config"],
        params,
        querystring: writeQuery,
        headers: conditionOnBase,
        response: { 200: rolledBack },
      },
    },
    async (request) => {
      const author = authorOf(request, request.query);
      const asked = baseOf(request.headers);
      const validateOnly = request.query.validateOnly === "true";
      if (author.reason === "")
        throw badRequest("the rollback", [
          { at: "reason", says: "is needed, for those who find it in the history: ?reason= or X-Weir-Reason" },
        ]);
      let outcome: ChangeOutcome;
      let operations: readonly Operation[];
      let to: number;
      let existed: ReadonlySet<string>;
      let round = 0;
      do {
        const base = asked ?? policies.books.current()?.revision ?? 0;
        to = revisionNamed(request.params.revision, policies);
        operations = operationsTo(documentsAt(policies, to), policies);
        existed = new Set(documentsInForce(policies).keys());
        outcome = await policies.change({ operations, ...author, through: "api", validateOnly, base });
        // Nobody asked for this base: what is decided anew on the next is what was asked for.
      } while (outcome.kind === "moved" && asked === undefined && ++round < tries);
      const done = doneOrThrow(outcome, { what: `the rollback to r${to}`, expected: undefined, policies });
      const removed = operations.flatMap((each) =>
        each.kind === "delete" ? [{ kind: each.documentKind, name: each.name }] : [],
      );
      const changes = [
        ...done.documents.map(({ kind, name }) => {
          return { kind, name, action: existed.has(`${kind}/${name}`) ? ("update" as const) : ("create" as const) };
        }),
        ...removed.map((each) => ({ ...each, action: "delete" as const })),
      ];
      return {
        ...{ revision: done.revision, to, validateOnly, changes },
        ...(validateOnly && { plan: await planOf(parts, { ...done, removed }) }),
      };
    },
  );
}

function revisionNamed(text: string, policies: PolicyStore): number {
  const [, digits] = /^r?(\d{1,15})$/.exec(text) ?? [];
  const newest = policies.books.current()?.revision ?? 0;
  if (digits !== undefined) {
    if (Number(digits) > newest) throw noSuchRevision(Number(digits), newest);
    return Number(digits);
  }
  if (/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)))
    return revisionAt(policies, new Date(text));
  throw badRequest("the URL", [
    { at: "revision", says: `"${text}": expected a revision, like r42, or a time, like 2026-11-21T14:03:00Z` },
  ]);
}

function documentNamed(path: string): { readonly kind: DocumentKind; readonly name: string } {
  const [word = "", ...name] = path.split("/");
  const collection = collectionNames.find((each) => each === word);
  if (!collection || name.length !== 1 || name[0] === "")
    throw badRequest("the request's query", [
      { at: "document", says: `"${path}": expected a document, like trafficSplits/report` },
    ]);
  return { kind: collections[collection], name: name.join("") };
}
