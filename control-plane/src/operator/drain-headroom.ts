import { headroomFor } from "../drain/headroom.ts";
import { drainsAt } from "../model/drain.ts";
import { valueAt } from "../policy/documents/plain-json.ts";
import type { Operation } from "../policy/policy-store.ts";
import { writeQuery } from "./author.ts";
import { seenNow, tooLittle } from "./drain-parts.ts";
import type { OperatorParts } from "./parts.ts";
import { flag } from "./shapes.ts";

/** The query of a write that may hold Drains. */
export const forcibleQuery = writeQuery.extend({
  force: flag
    .optional()
    .meta({ description: "true: Drains even where what is left is too little (else 409 NO_HEADROOM)" }),
});

/** Throws 409 when a Drain among these would leave too little, as `:drain` does. What is wrong otherwise is left to the change itself to say. */
export async function requireHeadroom(parts: OperatorParts, operations: readonly Operation[]): Promise<void> {
  const { policies, worlds } = parts;
  const world = worlds.current();
  const hasDrain = operations.some((each) => each.kind === "put" && valueAt(each.document, ["kind"]) === "Drain");
  if (!hasDrain || world === undefined) return;
  const outcome = await policies.change({
    ...{ operations, by: "plan", reason: "", through: "api", validateOnly: true },
  });
  if (outcome.kind !== "done") return;
  const changed = new Set(
    outcome.documents
      .filter(({ kind, name, etag }) => kind === "Drain" && policies.get("Drain", name)?.etag !== etag)
      .map(({ name }) => name),
  );
  const then = drainsAt(outcome.book.drains, parts.now());
  for (const drain of then) {
    if (!changed.has(drain.name)) continue;
    const others = then.filter(({ name }) => name !== drain.name);
    const { missing } = headroomFor(world, others, drain, seenNow(parts));
    if (missing.length > 0) throw tooLittle(drain, missing);
  }
}
