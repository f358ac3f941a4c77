import type { FailureReason } from "../../model/report.ts";

/** What a sandbox says. Its code may say anything, so each message is looked at. */
export type SandboxMessage =
  | { readonly kind: "ready" | "done" }
  | {
      readonly kind: "query";
      readonly sql: string;
      readonly parameters: Readonly<Record<string, string | number | boolean | null>>;
    }
  | { readonly kind: "fetch" | "close"; readonly cursor: number }
  | { readonly kind: "rows"; readonly rows: readonly (readonly (string | null)[])[] }
  | {
      readonly kind: "failed";
      readonly reason: Extract<FailureReason, "RENDER_FAILED" | "OUT_OF_MEMORY">;
      readonly message: string;
    };

/** A message as it can be trusted, undefined for anything else. */
export function sandboxMessageOf(said: unknown): SandboxMessage | undefined {
  if (!isObject(said)) return undefined;
  switch (said["kind"]) {
    case "ready":
    case "done":
      return { kind: said["kind"] };
    case "query": {
      const { sql, parameters } = said;
      if (typeof sql !== "string" || !isObject(parameters) || !Object.values(parameters).every(isScalar))
        return undefined;
      return { kind: "query", sql, parameters: parameters as Extract<SandboxMessage, { kind: "query" }>["parameters"] };
    }
    case "fetch":
    case "close": {
      const { cursor } = said;
      return typeof cursor === "number" ? { kind: said["kind"], cursor } : undefined;
    }
    case "rows": {
      const { rows } = said;
      return Array.isArray(rows) && rows.every(isRow) ? { kind: "rows", rows } : undefined;
    }
    case "failed": {
      const reason = said["reason"] === "OUT_OF_MEMORY" ? "OUT_OF_MEMORY" : "RENDER_FAILED";
      return { kind: "failed", reason, message: String(said["message"]).slice(0, 4_000) };
    }
    default:
      return undefined;
  }
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isRow(value: unknown): value is readonly (string | null)[] {
  return Array.isArray(value) && value.every((one) => one === null || typeof one === "string");
}
