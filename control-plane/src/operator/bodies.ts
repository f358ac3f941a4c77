import { badRequest } from "./api-error.ts";
import type { OperatorApp } from "./operator-app.ts";
import { parseStrictJson } from "./strict-json.ts";

/** Takes JSON, and nothing that a web form can send; a route that takes more adds it itself. */
export function readBodies(app: OperatorApp): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, bytes, done) => {
    try {
      done(null, jsonOf(bytes));
    } catch (error) {
      done(error as Error);
    }
  });
}

function jsonOf(bytes: Buffer | string): unknown {
  const result = parseStrictJson(textOf(bytes), "body");
  if (!result.ok) throw badRequest("the body", result.problems);
  return result.value;
}

/** Throws 400 for what is not UTF-8, which would otherwise be stored with replacement characters. */
export function textOf(bytes: Buffer | string): string {
  try {
    return typeof bytes === "string" ? bytes : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw badRequest("the body", [{ at: "", says: "is not UTF-8 text" }]);
  }
}
