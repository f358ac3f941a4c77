import { documentKinds } from "../../policy/documents/document-schemas.ts";
import type { DocumentRef } from "../analyze/finding.ts";
import type { Effect } from "../effective/capability.ts";
import { type ClientGroup, clientGroups } from "../effective/client-groups.ts";
import { effectiveOn } from "../effective/effective-on.ts";
import type { FieldChange } from "./field-changes.ts";

/** A changed field that some connected client does not simply obey. */
export type PlannedEffect = {
  readonly document: DocumentRef;
  /** `spec.retry.perTryTimeout`. */
  readonly path: string;
  readonly on: readonly {
    /** `envoy`, `grpc-node`. */
    readonly kind: string;
    readonly version: string;
    readonly clients: number;
    readonly effect: Exclude<Effect, "obeyed">;
    readonly instead: string;
  }[];
};

/** What connected clients make of the fields that a change writes; fields that all of them obey are left out. */
export function plannedEffects(
  changes: readonly (DocumentRef & { readonly action: string; readonly fields: readonly FieldChange[] })[],
  documentOf: (document: DocumentRef) => unknown,
  agents: Iterable<string>,
): readonly PlannedEffect[] {
  const groups = clientGroups(agents);
  return changes.flatMap(({ kind, name, action, fields }) => {
    const written = documentOf({ kind, name });
    const known = documentKinds.find((each) => each === kind);
    if (action === "delete" || known === undefined || groups.length === 0) return [];
    return rowsOf({ kind: known, spec: specOf(written) }, groups)
      .filter(({ path }) => action === "create" || fields.some((field) => isRelated(field.path, path)))
      .map((row) => ({ document: { kind, name }, ...row }));
  });
}

function rowsOf(
  document: Parameters<typeof effectiveOn>[0],
  groups: readonly ClientGroup[],
): readonly Omit<PlannedEffect, "document">[] {
  return effectiveOn(document, groups).flatMap(({ path, origin, on }) => {
    const some = on.flatMap(({ kind, version, clients, effect, instead }) =>
      effect === "obeyed" ? [] : [{ kind, version, clients, effect, instead }],
    );
    return origin === "document" && some.length > 0 ? [{ path: `spec.${path}`, on: some }] : [];
  });
}

/** One is the other, or a part of it. */
function isRelated(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return long.startsWith(short) && (long.length === short.length || /^[.[]/.test(long.slice(short.length)));
}

function specOf(document: unknown): unknown {
  return typeof document === "object" && document !== null && "spec" in document ? document.spec : undefined;
}
