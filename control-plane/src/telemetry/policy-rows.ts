import { problemText } from "../lib/parsed.ts";
import type { PolicyNote } from "../policy/policy-store.ts";
import type { ShiftNote } from "../shift/run-shifts.ts";
import type { Rows } from "./row.ts";
import { causeText, rounded, shortened } from "./text.ts";

/** What becomes of documents. */
export const policyRows: Rows<PolicyNote | ShiftNote> = {
  "shift-unsaved": {
    level: "error",
    says: ({ shift, cause }) => `what became of ${shift} could not be written, and is tried again: ${causeText(cause)}`,
    fields: ({ shift }) => ({ component: "shift", shift }),
    again: ({ shift, cause }) => `${shift} ${cause.message}`,
  },
  "shift-blind": {
    level: "warn",
    says: ({ shift, metric, cause }) => `the guard of ${shift} cannot see ${metric}: ${causeText(cause)}`,
    fields: ({ shift, metric }) => ({ component: "shift", shift, metric }),
    again: ({ shift, metric }) => `${shift} ${metric}`,
  },
  "documents-changed": {
    level: "info",
    says: ({ entry }) => `r${entry.revision} by ${entry.by}: ${changesText(entry.changes)}`,
    // With the hash of the entry: a log that is kept elsewhere shows whether the journal is still what it was.
    fields: ({ entry: { revision, by, vouchedBy, subject, through, reason, hash } }) => ({
      component: "policy",
      revision,
      by,
      vouchedBy,
      subject,
      through,
      reason: reason || undefined,
      hash,
    }),
    counts: ({ entry }, { applies }) => applies.inc({ source: entry.through, result: "done" }),
  },
  "act-recorded": {
    level: "info",
    says: ({ entry: { act, by, verb, on } }) => `a${act} by ${by}: ${verb} ${on}`,
    fields: ({ entry: { act, by, vouchedBy, subject, verb, on, details, reason, hash } }) => ({
      ...{ component: "policy", act, by, vouchedBy, subject, verb, on },
      ...{ details: details && JSON.stringify(details), reason: reason || undefined, hash },
    }),
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
  "documents-followed": {
    level: "info",
    says: ({ revision, by }) => `r${revision} by ${by} is in force here too, through another replica`,
    fields: ({ revision, by }) => ({ component: "policy", revision, by }),
  },
  "directory-behind": {
    level: "warn",
    says: ({ documents }) =>
      `the directory is older than that of another replica, which is in force: ${shortened(documents.join(", "))}`,
    fields: ({ documents }) => ({ component: "policy", documents: documents.length }),
  },
  "store-away": {
    level: "error",
    says: ({ where, cause }) =>
      `the shared store ${where} does not answer; what is in force stays, changes are refused: ${causeText(cause)}`,
    fields: ({ where }) => ({ component: "store", where }),
    counts: (_, { storeFailures }) => storeFailures.inc({ reason: "away" }),
  },
  "store-damaged": {
    level: "error",
    says: ({ where, cause }) =>
      `the shared store ${where} holds what cannot be right; what is in force stays, changes are refused: ${causeText(cause)}`,
    fields: ({ where }) => ({ component: "store", where }),
    counts: (_, { storeFailures }) => storeFailures.inc({ reason: "damaged" }),
  },
  "store-back": {
    level: "info",
    says: ({ where, revision, blindMs }) =>
      `the shared store ${where} answers again after ${Math.round(blindMs)} ms, r${revision} is in force`,
    fields: ({ where, revision, blindMs }) => ({ component: "store", where, revision, blindMs: rounded(blindMs) }),
  },
  "clock-differs": {
    level: "error",
    says: ({ aheadMs }) =>
      `this machine's clock is ${Math.abs(Math.round(aheadMs / 1000))} s ${aheadMs > 0 ? "ahead of" : "behind"} the shared store's, which is gone by; set it right`,
    fields: ({ aheadMs }) => ({ component: "store", aheadMs: rounded(aheadMs) }),
  },
  "store-put-back": {
    level: "warn",
    says: ({ where, revision }) => `the shared store ${where} had lost the documents, and was given r${revision} back`,
    fields: ({ where, revision }) => ({ component: "store", where, revision }),
  },
  "store-copy-unsaved": {
    level: "error",
    says: ({ file, cause }) => `this replica's copy ${file} could not be written: ${causeText(cause)}`,
    fields: ({ file }) => ({ component: "store", file }),
    counts: (_, { storeFailures }) => storeFailures.inc({ reason: "copy" }),
  },
};

function changesText(
  changes: readonly { readonly documentKind: string; readonly name: string; readonly action: string }[],
): string {
  const shown = changes.slice(0, 10).map(({ documentKind, name, action }) => `${action} ${documentKind} ${name}`);
  return [...shown, ...(changes.length > 10 ? [`and ${changes.length - 10} more`] : [])].join(", ");
}
