import { isDeepStrictEqual } from "node:util";
import type { Operation, PolicyStore } from "../../policy/policy-store.ts";
import { withoutOldShift } from "../../shift/edit-shift.ts";
import { refusal } from "../api-error.ts";
import { documentPath } from "../collections.ts";
import { documentsInForce, type PastDocuments } from "./walk-back.ts";

/** What has to be put and deleted so that these documents, and no others, are in force; throws 404 where one is not kept. */
export function operationsTo(target: PastDocuments, policies: Pick<PolicyStore, "list">): readonly Operation[] {
  const now = documentsInForce(policies);
  const lost = [...target.values()].filter(({ was }) => was === "unknown");
  if (lost.length > 0) {
    const names = lost.slice(0, 5).map(({ kind, name }) => documentPath(kind, name));
    const says = `what ${names.join(", ")}${lost.length > 5 ? ` and ${lost.length - 5} more` : ""} said then is not kept: too much was changed at once after it`;
    throw refusal(404, "NOT_FOUND", "REVISION_NOT_KEPT", says);
  }
  const puts = [...target].flatMap(([key, { was }]): readonly Operation[] => {
    const current = now.get(key)?.was;
    if (was === "unknown" || (current && current !== "unknown" && isDeepStrictEqual(current.document, was.document)))
      return [];
    return [{ kind: "put", document: withoutOldShift(was.document) }];
  });
  const deletes = [...now]
    .filter(([key]) => !target.has(key))
    .map(([, { kind, name }]): Operation => ({ kind: "delete", documentKind: kind, name }));
  return [...puts, ...deletes];
}
