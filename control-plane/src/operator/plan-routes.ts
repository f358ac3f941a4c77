import { z } from "zod";
import { changedRows } from "../plan/effective/changed-rows.ts";
import { type ClientGroup, clientGroups } from "../plan/effective/client-groups.ts";
import { effectiveOn } from "../plan/effective/effective-on.ts";
import { effectiveWords } from "../plan/effective/effective-words.ts";
import type { FieldChange } from "../plan/plan/field-changes.ts";
import { type DocumentChange, isEmptyPlan, type Plan } from "../plan/plan/plan.ts";
import type { StoredDocument } from "../policy/policy-store.ts";
import { badRequest, refusal } from "./api-error.ts";
import { doneOrThrow } from "./change-outcome.ts";
import { documentsOf, problemsInBody } from "./documents-of-body.ts";
import { findingOf, findingShape } from "./finding-shape.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { removalsOf } from "./removals-of-body.ts";

const kindOfClient = z.enum(["envoy", "grpc"]);

const field = z.object({
  path: z.string(),
  before: z.unknown().optional().meta({ description: "Missing: nothing stands there" }),
  after: z.unknown().optional(),
});

const plan = z.object({
  base: z.number().int().meta({ description: "The revision that it starts from" }),
  isEmpty: z.boolean().meta({ description: "Nothing would change" }),
  documents: z.array(
    z.object({
      kind: z.string(),
      name: z.string(),
      action: z.enum(["create", "update", "delete"]),
      fields: z.array(field),
      notes: z.array(z.string()).meta({
        description: "What connected clients do not do of what is new in it, as in its description",
      }),
    }),
  ),
  resources: z
    .array(
      z.object({
        type: z.string(),
        name: z.string(),
        action: z.enum(["added", "changed", "removed"]),
        viewers: z.array(z.string()).meta({ description: "For whom; clients with the same viewer are sent the same" }),
        versionBefore: z.string().optional(),
        versionAfter: z.string().optional(),
        fields: z.array(field).meta({ description: "In the JSON form of the resource" }),
        fieldsLeftOut: z.number().int(),
      }),
    )
    .meta({ description: "Those that some connected client will hold another version of" }),
  clients: z.object({
    touched: z.number().int(),
    of: z.number().int(),
    groups: z.array(
      z.object({
        kind: kindOfClient,
        role: z.string(),
        locality: z.string(),
        clients: z.number().int(),
        synced: z.number().int(),
        behind: z.array(z.string()),
      }),
    ),
  }),
  traffic: z.array(
    z.object({
      service: z.string(),
      basis: z.enum(["observed", "declared", "clients", "imagined"]).meta({
        description:
          "What the callers' parts rest on: load reports, expectedRps, all connected clients alike, or a caller in each region",
      }),
      rps: z.number().optional(),
      callers: z.array(z.object({ from: z.string(), kind: kindOfClient, percent: z.number() })),
      regions: z.array(
        z.object({
          region: z.string(),
          percentBefore: z.number(),
          percentAfter: z.number(),
          capacityRps: z.number().optional(),
        }),
      ),
    }),
  ),
  findings: z.array(findingShape).meta({ description: "Those that the change brings about" }),
  resolved: z.array(findingShape).meta({ description: "Those that it takes away" }),
  unknown: z.array(z.string()).meta({
    description: "Services whose endpoints are not known before their sources are asked, once the change is applied",
  }),
});

/** What a change would do, without doing it. */
export function planRoutes(app: OperatorApp, { parts: { policies, planning, clients } }: OperatorContext): void {
  app.post(
    "/v1/config::plan",
    {
      config: { yaml: true },
      schema: {
        summary: "What applying these documents would change: fields, xDS resources, clients, traffic, findings",
        description:
          'The body is that of config:apply; {"documents": [...], "delete": [{"kind": ..., "name": ...}]} has documents that go, too. Nothing is stored.',
        tags: ["config"],
        querystring: z.strictObject({}),
        body: z.unknown(),
        response: { 200: plan },
      },
    },
    async (request) => {
      const removed = removalsOf(request.body);
      const documents = removed.length > 0 ? documentsBeside(request.body) : documentsOf(request.body);
      const outcome = await policies.change({
        operations: [
          ...documents.map((document) => ({ kind: "put" as const, document })),
          ...removed.map(({ kind, name }) => ({ kind: "delete" as const, documentKind: kind, name })),
        ],
        by: "plan",
        reason: "",
        through: "api",
        validateOnly: true,
      });
      if (outcome.kind === "refused") throw badRequest("the documents", problemsInBody(outcome.problems, request.body));
      const done = doneOrThrow(outcome, { what: "the documents", expected: undefined, policies });
      const made = await planning.plan({ ...done, removed });
      if (made === undefined)
        throw refusal(
          503,
          "UNAVAILABLE",
          "NOT_SERVING",
          "there is no plan yet, because nothing is served yet: GET /readyz says what is waited for",
        );
      const groups = clientGroups(clients.list().map(({ agent }) => agent));
      return shapeOf(made, (change) => notesOn(change, done.documents, groups));
    },
  );
}

/** Where documents go, none need be put. */
function documentsBeside(body: unknown): readonly unknown[] {
  if (typeof body !== "object" || body === null || !("documents" in body)) return [];
  const { documents } = body;
  return Array.isArray(documents) && documents.length > 0 ? documentsOf(body) : [];
}

/** What connected clients do not do of what a change brings. */
function notesOn(
  { kind, name, action, fields }: DocumentChange,
  documents: readonly StoredDocument[],
  groups: readonly ClientGroup[],
): readonly string[] {
  const after = documents.find((each) => each.kind === kind && each.name === name);
  if (!after) return [];
  const rows = effectiveOn({ kind: after.kind, spec: after.document["spec"] }, groups);
  const written = rows.filter(({ origin }) => origin === "document");
  const paths = fields.map(({ path }) => path);
  return effectiveWords(action === "create" ? written : changedRows(written, paths));
}

function shapeOf(made: Plan, notesOn: (change: DocumentChange) => readonly string[]): z.output<typeof plan> {
  const { base, clients, unknown } = made;
  return {
    base,
    isEmpty: isEmptyPlan(made),
    documents: made.documents.map(({ fields, ...rest }) => ({
      ...rest,
      fields: fields.map(copyOf),
      notes: [...notesOn({ fields, ...rest })],
    })),
    resources: made.resources.map(({ fields, viewers, versionBefore, versionAfter, ...rest }) => ({
      ...rest,
      viewers: [...viewers],
      ...(versionBefore !== undefined && { versionBefore }),
      ...(versionAfter !== undefined && { versionAfter }),
      fields: fields.map(copyOf),
    })),
    clients: { ...clients, groups: clients.groups.map((each) => ({ ...each, behind: [...each.behind] })) },
    traffic: made.traffic.map(({ service, basis, rps, callers, regions }) => ({
      service,
      basis,
      ...(rps !== undefined && { rps: Math.round(rps * 1000) / 1000 }),
      callers: callers.map((each) => ({ ...each })),
      regions: regions.map(({ capacityRps, ...rest }) => ({
        ...rest,
        ...(capacityRps !== undefined && { capacityRps }),
      })),
    })),
    findings: made.findings.map(findingOf),
    resolved: made.resolved.map(findingOf),
    unknown: [...unknown],
  };
}

function copyOf(change: FieldChange): FieldChange {
  return { ...change };
}
