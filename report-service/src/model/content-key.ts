import { hash as digest } from "node:crypto";
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
  /** A report that tells nobody, or somebody else, does not do instead. */
  readonly notifyUrl?: string | undefined;
};

/** What makes a short text of a long one, equal for equal ones only. */
export type Hash = (text: string) => string;

/** Equal for reports that come out equal; `hash` where it must tell nothing of parameters that are sensitive. */
export function contentKeyOf(content: Content, hash: Hash = sha256): string {
  const { kind, parameters, uploads, asOfMs = null, formats, notifyUrl } = content;
  const told = notifyUrl === undefined ? [] : [notifyUrl];
  return hash(canonicalJson([kind.name, kind.version, parameters, uploads, asOfMs, formats.toSorted(), ...told]));
}

/** The hash of a value whose members may stand in any order. */
export function contentHash(value: Json, hash: Hash = sha256): string {
  return hash(canonicalJson(value));
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

/** SHA-256 in lower-case hexadecimal. */
export function sha256(text: string): string {
  return digest("sha256", text, "hex");
}
