import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBook, emptyBook } from "./documents/book.ts";
import { parseDocument } from "./documents/parse-document.ts";
import type { ChangeRequest, Operation } from "./policy-store.ts";

// Words for the tests of this folder.

export const noon = new Date("2026-03-01T12:00:00Z");

/** A directory of its own, gone at the end of the test. */
export async function temporaryDirectory(): Promise<{ readonly dir: string } & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), "weir-policy-"));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

export function service(name: string, spec: Record<string, unknown> = {}) {
  return { apiVersion: "weir/v1alpha1", kind: "Service", metadata: { name }, spec };
}

export function split(name: string, spec: Record<string, unknown> = {}) {
  return { apiVersion: "weir/v1alpha1", kind: "TrafficSplit", metadata: { name }, spec: { service: name, ...spec } };
}

export function policy(name: string, spec: Record<string, unknown> = {}) {
  const targetRefs = [{ kind: "Service", name }];
  return { apiVersion: "weir/v1alpha1", kind: "TrafficPolicy", metadata: { name }, spec: { targetRefs, ...spec } };
}

export function put(document: unknown, expects?: { readonly etag: string } | "absent"): Operation {
  return expects === undefined ? { kind: "put", document } : { kind: "put", document, expects };
}

/** A change by ana over the API. */
export function change(...operations: readonly Operation[]): ChangeRequest {
  return { operations, by: "ana", reason: "because", through: "api", validateOnly: false };
}

/** A book of these documents, which have to be valid, after another. */
export function bookOf(documents: readonly unknown[], before = emptyBook) {
  const parsed = documents.map((document) => {
    const result = parseDocument(document);
    return result.ok ? result.value : assert.fail(JSON.stringify(result));
  });
  const book = buildBook(before, parsed, { revision: before.revision + 1 });
  return book.ok ? book.value : assert.fail(JSON.stringify(book));
}
