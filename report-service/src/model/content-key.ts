import { createHash } from "node:crypto";
import type { Json, JsonObject, ReportKind } from "./kind.ts";
import type { Format, Parameters } from "./report.ts";

/** All that decides what comes out of a report. */
export type Content = {
  readonly kind: ReportKind;
  readonly parameters: Parameters;
  /** The SHA-256 of each, in the order in which the report reads them. */
  readonly uploads: readonly string[];
  readonly asOfMs: number | undefined;
  readonly formats: readonly Format[];
};

/** Equal for reports that come out equal; `hash` where it must tell nothing of parameters that are sensitive. */
export function contentKeyOf(content: Content, hash: (text: string) => string = sha256): string {
  const { kind, parameters, uploads, asOfMs = null, formats } = content;
  return hash(canonicalJson([kind.name, kind.version, parameters, uploads, asOfMs, formats.toSorted()]));
}

/** SHA-256, in lower-case hexadecimal, of a value whose members may stand in any order. */
export function contentHash(value: Json): string {
  return sha256(canonicalJson(value));
}

/** JSON that is equal for equal values: members are sorted, as in RFC 8785. */
export function canonicalJson(value: Json): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value as JsonObject).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
