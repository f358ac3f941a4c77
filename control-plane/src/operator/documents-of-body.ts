import type { Problem } from "../lib/parsed.ts";
import { placeProblems } from "../policy/documents/place-problems.ts";
import { badRequest } from "./api-error.ts";
import { isYamlBody } from "./bodies.ts";

/** The documents of a body that may hold one, a list of them, `{"documents": [...]}`, or YAML; 400 when there is none. */
export function documentsOf(body: unknown): readonly unknown[] {
  const documents = isYamlBody(body) ? body.values.map(({ value }) => value) : listIn(body);
  if (documents.length === 0)
    throw badRequest("the body", [{ at: "", says: "holds no document: expected {apiVersion, kind, metadata, spec}" }]);
  return documents;
}

/** What the store found wrong with them, told as the body has them; in YAML with their lines. */
export function problemsInBody(problems: readonly Problem[], body: unknown): readonly Problem[] {
  const inBody = problems.map((problem) => ({
    ...problem,
    at: problem.at.replace(/^operations\[(\d+)\](\.document)?/, "documents[$1]"),
    says: problem.says.replace(/\boperations\[(\d+)\]/, "documents[$1]"),
  }));
  return isYamlBody(body) ? placeProblems(inBody, body.values) : inBody;
}

function listIn(body: unknown): readonly unknown[] {
  if (Array.isArray(body)) return body;
  if (typeof body !== "object" || body === null) return [];
  return "documents" in body && Array.isArray(body.documents) ? body.documents : [body];
}
