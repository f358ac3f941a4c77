import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
