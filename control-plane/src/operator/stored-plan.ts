import { randomBytes } from "node:crypto";
import type { z } from "zod";
import { ageText } from "../lib/age.ts";
import type { Problem } from "../lib/parsed.ts";
import type { ChangeOutcome, ChangeRequest, Operation, StoredDocument } from "../policy/policy-store.ts";
import { type ApiError, badRequest, refusal } from "./api-error.ts";
import { doneOrThrow } from "./change-outcome.ts";
import { type Etags, expectedOf } from "./etags-of-body.ts";
import type { OperatorParts } from "./parts.ts";
import { planOf } from "./plan-of.ts";
import type { planShape, storedPlanShape } from "./plan-shape.ts";

/** A plan as it was made, with what applying it does. */
export type StoredPlan = {
  readonly operations: readonly Operation[];
  readonly answer: z.output<typeof storedPlanShape>;
};

const tries = 5;
// The world is published a debounce after the documents that it is of.
const behindMs = 2_000;

/**
 * Plans what these operations would do, and keeps that; throws 400 for documents that cannot be applied, 412 for one that is not
 * in force as its operation expects, 503 before anything is served.
 */
export async function makePlan(
  parts: OperatorParts,
  {
    operations,
    etags,
    by,
    refused = (problems) => badRequest("the documents", problems),
  }: {
    readonly operations: readonly Operation[];
    /** Those that the operations expect, as the caller gave them. */
    readonly etags: Etags;
    readonly by: string;
    readonly refused?: (problems: readonly Problem[]) => ApiError;
  },
): Promise<StoredPlan["answer"]> {
  const { policies, worlds, plans } = parts;
  const removed = operations.flatMap((each) =>
    each.kind === "delete" ? [{ kind: each.documentKind, name: each.name }] : [],
  );
  let base: number;
  let outcome: ChangeOutcome;
  let made: z.output<typeof planShape>;
  let round = 0;
  for (;;) {
    base = policies.books.current()?.revision ?? 0;
    outcome = await policies.change({
      ...{ operations, by: "plan", reason: "", through: "api", validateOnly: true, base },
    });
    if (outcome.kind === "refused") throw refused(outcome.problems);
    if (outcome.kind === "moved" && ++round < tries) continue;
    const done = doneOrThrow(outcome, { what: "the documents", expected: expectedOf(outcome, etags), policies });
    if (worlds.current() !== undefined)
      for await (const world of worlds.changes(AbortSignal.timeout(behindMs))) if (world.revision >= base) break;
    made = await planOf(parts, { ...done, removed });
    // Somebody changed something meanwhile: then it is of two revisions.
    if (made.base <= base || ++round >= tries) break;
  }
  const at = parts.now();
  const answer: StoredPlan["answer"] = {
    id: `plan-${at.getTime().toString(36)}-${randomBytes(6).toString("hex")}`,
    ...{ by, createTime: at.toISOString(), expireTime: new Date(at.getTime() + plans.keptMs).toISOString() },
    ...made,
    base,
  };
  const knownTo = await plans.put(answer.id, JSON.stringify({ operations, answer } satisfies StoredPlan));
  return { ...answer, knownTo };
}

/** The plan of this id; throws 404 where there is none any more. */
export async function planNamed({ plans }: Pick<OperatorParts, "plans">, id: string): Promise<StoredPlan> {
  const text = await plans.get(id);
  if (text !== undefined) return JSON.parse(text) as StoredPlan;
  const says = `there is no plan ${id.slice(0, 100)} (any more): one is kept for an hour, by the replica that made it or in the shared store, and fewer when there are many. Plan it again.`;
  throw refusal(404, "NOT_FOUND", "NO_SUCH_PLAN", says);
}

/** Does what was planned, if nothing has been changed since; throws 412 PLAN_STALE, with who did, if something has. */
export async function applyPlan(
  { policies }: Pick<OperatorParts, "policies">,
  { operations, answer: { id, base } }: StoredPlan,
  change: Pick<ChangeRequest, "by" | "reason" | "vouchedBy" | "permits" | "validateOnly">,
): Promise<Extract<ChangeOutcome, { kind: "done" }>> {
  const outcome = await policies.change({ ...change, operations, through: "api", base });
  if (outcome.kind === "moved" || outcome.kind === "overtaken") throw stale(policies, id, base);
  return doneOrThrow(outcome, { what: `plan ${id}`, expected: undefined, policies });
}

function stale({ books, journal }: OperatorParts["policies"], id: string, base: number): ApiError {
  const revision = books.current()?.revision ?? 0;
  const since = journal(1_000).filter((entry) => entry.revision > base);
  const told = since
    .slice(0, 3)
    .map((entry) => `r${entry.revision} by ${entry.by} ${ageText(Date.now() - entry.at.getTime())} ago`);
  const more = since.length > told.length ? ` and ${since.length - told.length} more` : "";
  const who = told.length > 0 ? ` (${told.join(", ")}${more})` : "";
  const says = `nothing was changed: ${id} was made on r${base}, and now there is r${revision}${who}. Plan it again, and look at what it would do now.`;
  const metadata = { plan: id, base: String(base), revision: String(revision), by: since[0]?.by ?? "" };
  return refusal(412, "ABORTED", "PLAN_STALE", says, metadata);
}

/** What was in force before a change, and what of it is another now. */
export function actionsOf(
  { documents }: { readonly documents: readonly StoredDocument[] },
  operations: readonly Operation[],
  before: ReadonlyMap<string, StoredDocument>,
) {
  const put = documents.map(({ kind, name, etag }) => {
    const old = before.get(`${kind}/${name}`);
    const action = !old ? ("create" as const) : old.etag === etag ? ("unchanged" as const) : ("update" as const);
    return { kind, name, action, etag };
  });
  const gone = operations.flatMap((each) =>
    each.kind === "delete" ? [{ kind: each.documentKind, name: each.name, action: "delete" as const }] : [],
  );
  return [...put, ...gone];
}
