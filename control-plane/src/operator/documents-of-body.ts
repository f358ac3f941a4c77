import { badRequest } from "./api-error.ts";

/** The documents of a body that may hold one, a list of them, or `{"documents": [...]}`; 400 when there is none. */
export function documentsOf(body: unknown): readonly unknown[] {
  const documents = listIn(body);
  if (documents.length === 0)
    throw badRequest("the body", [{ at: "", says: "holds no document: expected {apiVersion, kind, metadata, spec}" }]);
  return documents;
}

function listIn(body: unknown): readonly unknown[] {
  if (Array.isArray(body)) return body;
  if (typeof body !== "object" || body === null) return [];
  return "documents" in body && Array.isArray(body.documents) ? body.documents : [body];
}
