import { z } from "zod";
import type { FieldChange } from "../plan/plan/field-changes.ts";
import { type DocumentChange, isEmptyPlan, type Plan } from "../plan/plan/plan.ts";
import { findingOf, findingShape } from "./finding-shape.ts";
import { time } from "./shapes.ts";

const kindOfClient = z.enum(["envoy", "grpc"]);

const field = z.object({
  path: z.string(),
  before: z.unknown().optional().meta({ description: "Missing: nothing stands there" }),
  after: z.unknown().optional(),
});

/** A plan as the API answers it. */
export const planShape = z.object({
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

/** A plan that is kept, to be applied as it is. */
export const storedPlanShape = planShape.extend({
  id: z.string().meta({ description: 'For {"planId": ...} of config:apply' }),
  by: z.string(),
  createTime: time,
  expireTime: time.meta({ description: "Until then it is kept; among very many, less long" }),
  knownTo: z.enum(["every-replica", "this-replica"]).optional().meta({
    description: "Where it can be applied; this-replica without a shared store, and where that does not take it",
  }),
});

export function planAnswer(
  made: Plan,
  notesOn: (change: DocumentChange) => readonly string[],
): z.output<typeof planShape> {
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
