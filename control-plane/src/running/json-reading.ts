import type { JsonValue } from "@bufbuild/protobuf";

export type JsonRecord = { readonly [key: string]: JsonValue | undefined };

/** What others send is read leniently: of another form is as good as absent. */
export function record(value: JsonValue | undefined): JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

export function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Also of what proto3 JSON writes as text (64 bits); 0 for what is none. */
export function numeral(value: JsonValue | undefined): number {
  const read = typeof value === "string" ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : 0;
}
