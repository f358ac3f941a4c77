import { problemText } from "../lib/parsed.ts";
import type { PolicyNote } from "../policy/policy-store.ts";
import type { Rows } from "./row.ts";
import { shortened } from "./text.ts";

/** What becomes of documents. */
export const policyRows: Rows<PolicyNote> = {
  "documents-changed": {
    level: "info",
    says: ({ entry }) => `r${entry.revision} by ${entry.by}: ${changesText(entry.changes)}`,
    fields: ({ entry: { revision, by, through, reason } }) => ({
      component: "policy",
      revision,
      by,
      through,
      reason: reason || undefined,
    }),
    counts: ({ entry }, { applies }) => applies.inc({ source: entry.through, result: "done" }),
  },
  "documents-refused": {
    level: "warn",
    says: ({ by, problems }) =>
      `documents of ${by} refused, nothing changed: ${shortened(problems.map(problemText).join("; "))}`,
    fields: ({ by, through, problems }) => ({ component: "policy", by, through, problems: problems.length }),
    counts: ({ through }, { applies }) => applies.inc({ source: through, result: "refused" }),
  },
  "documents-recovered": {
    level: "error",
    says: ({ says }) => says,
    fields: () => ({ component: "policy" }),
  },
};

function changesText(
  changes: readonly { readonly documentKind: string; readonly name: string; readonly action: string }[],
): string {
  const shown = changes.slice(0, 10).map(({ documentKind, name, action }) => `${action} ${documentKind} ${name}`);
  return [...shown, ...(changes.length > 10 ? [`and ${changes.length - 10} more`] : [])].join(", ");
}
