import type { ClientKind } from "../../model/client-software.ts";
import { jsonSchemas } from "../../policy/documents/json-schema.ts";
import type { DocumentKind } from "../../policy/policy-store.ts";
import { capabilities } from "./capabilities.ts";
import { type Capability, type Cell, cellFor, type Effect } from "./capability.ts";
import type { ClientGroup } from "./client-groups.ts";
import { fieldsOf } from "./fields-of.ts";
import { isSwitchedOff } from "./switched-off.ts";

/** A field of a document, and what it does on whom. */
export type EffectiveRow = {
  /** Below `spec`, as in error messages: `rules[0].to`. */
  readonly path: string;
  readonly value: unknown;
  /** `default`: the document does not say it, and it holds nevertheless. */
  readonly origin: "document" | "default";
  /** One for each group of clients, in their order. */
  readonly on: readonly EffectiveOn[];
};

export type EffectiveOn = {
  readonly kind: ClientKind;
  /** Empty: whichever. */
  readonly version: string;
  /** How many are connected. */
  readonly clients: number;
  readonly effect: Effect;
  /** What happens instead; empty for what is obeyed. */
  readonly instead: string;
  /** Where that is known from. */
  readonly source: string;
};

/**
 * What each group of clients makes of a document: of every field that it says, and of each default that one of them does not
 * obey, or with `defaults: "all"` of each. Fields of what is switched off are left out. The document is one that passes its
 * schema; pure.
 */
export function effectiveOn(
  document: { readonly kind: DocumentKind; readonly spec: unknown },
  clients: readonly ClientGroup[],
  { defaults = "differing" }: { readonly defaults?: "differing" | "all" } = {},
): readonly EffectiveRow[] {
  const { kind, spec } = document;
  const schema = jsonSchemas[kind].properties?.["spec"] ?? {};
  return fieldsOf(schema, spec ?? {}, (field) => isWhole(kind, field)).flatMap(({ path, field, value, origin }) => {
    const row = isSwitchedOff(kind, field, spec) ? undefined : capabilityOf(kind, field, value);
    if (!row) return [];
    const on = clients.map((group) => onGroup(group, cellFor(row, group.kind, group.release)));
    const differs = on.some(({ effect }) => effect !== "obeyed");
    if (origin === "default" && (isNothing(value) || (defaults === "differing" && !differs))) return [];
    return [{ path, value, origin, on }];
  });
}

/** The row that says what clients make of this value of a field; undefined where there is none. */
export function capabilityOf(kind: DocumentKind, field: string, value: unknown): Capability | undefined {
  const rows = capabilities[kind].filter((row) => row.field === field);
  const exact = rows.find((row) => (row.value ?? value) === value && (row.where?.holds(value) ?? true));
  if (exact) return exact;
  return capabilities[kind]
    .filter((row) => row.whole && isBelow(field, row.field))
    .sort((a, b) => b.field.length - a.field.length)[0];
}

/** Is there nothing to say of what stands below the field that is not said of the field? */
function isWhole(kind: DocumentKind, field: string): boolean {
  const rows = capabilities[kind];
  return rows.some((row) => row.whole && row.field === field) && !rows.some((row) => isBelow(row.field, field));
}

function isBelow(field: string, above: string): boolean {
  return field.startsWith(above) && /^[.[{]/.test(field.slice(above.length));
}

/** An empty list or map. */
function isNothing(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function onGroup({ kind, version, clients }: ClientGroup, { effect, instead, source }: Cell): EffectiveOn {
  return { kind, version, clients, effect, instead, source };
}
