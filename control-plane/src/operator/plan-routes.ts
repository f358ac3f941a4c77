import { z } from "zod";
import type { FieldChange } from "../plan/plan/field-changes.ts";
import { isEmptyPlan, type Plan } from "../plan/plan/plan.ts";
import { badRequest, refusal } from "./api-error.ts";
import { doneOrThrow } from "./change-outcome.ts";
import { documentsOf, problemsInBody } from "./documents-of-body.ts";
import { findingOf, findingShape } from "./finding-shape.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";

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
export function planRoutes(app: OperatorApp, { parts: { policies, planning } }: OperatorContext): void {
  app.post(
    "/v1/config::plan",
    {
      config: { yaml: true },
      schema: {
        summary: "What applying these documents would change: fields, xDS resources, clients, traffic, findings",
        description: "The body is that of config:apply. Nothing is stored.",
        tags: ["config"],
        querystring: z.strictObject({}),
        body: z.unknown(),
        response: { 200: plan },
      },
    },
    async (request) => {
      const outcome = await policies.change({
        operations: documentsOf(request.body).map((document) => ({ kind: "put", document })),
        by: "plan",
        reason: "",
        through: "api",
        validateOnly: true,
      });
      if (outcome.kind === "refused") throw badRequest("the documents", problemsInBody(outcome.problems, request.body));
      const done = doneOrThrow(outcome, { what: "the documents", expected: undefined, policies });
      const made = planning.plan(done);
      if (made === undefined)
        throw refusal(
          503,
          "UNAVAILABLE",
          "NOT_SERVING",
          "there is no plan yet, because nothing is served yet: GET /readyz says what is waited for",
        );
      return shapeOf(made);
    },
  );
}

function shapeOf(made: Plan): z.output<typeof plan> {
  const { base, clients, unknown } = made;
  return {
    base,
    isEmpty: isEmptyPlan(made),
    documents: made.documents.map(({ fields, ...rest }) => ({ ...rest, fields: fields.map(copyOf) })),
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
