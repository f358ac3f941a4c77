import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { atOnce } from "../../control-plane/src/lib/in-turns.ts";
import { noDistances } from "../../control-plane/src/model/distances.ts";
import { parseLocality } from "../../control-plane/src/model/locality.ts";
import type { ServiceName } from "../../control-plane/src/model/names.ts";
import type { Service } from "../../control-plane/src/model/service.ts";
import { type Viewer, viewerKey } from "../../control-plane/src/model/viewer.ts";
import type { World } from "../../control-plane/src/model/world.ts";
import type { Finding } from "../../control-plane/src/plan/analyze/finding.ts";
import type { Scene, SeenClient } from "../../control-plane/src/plan/analyze/scene.ts";
import { isEmptyPlan, type PlannedState, planning } from "../../control-plane/src/plan/plan/plan.ts";
import { parseDocument } from "../../control-plane/src/policy/documents/parse-document.ts";
import { worldParts } from "../../control-plane/src/policy/world-parts.ts";
import { pack } from "../../control-plane/src/snapshot/pack.ts";
import { createTranslate } from "../../control-plane/src/translate/translate.ts";
import { documentSets } from "./document-sets.ts";
import type { GoodSet } from "./mend-documents.ts";
import { writtenAt } from "./prove-sets.ts";

const place = (text: string) => {
  const locality = parseLocality(text);
  assert.ok(locality.ok);
  return locality.value;
};
const listen = { host: "127.0.0.1", port: 10_000 };
const edge: Viewer = { flavour: "envoy", role: "edge", locality: place("dc-a/z1"), listen };
const node: Viewer = { flavour: "grpc", locality: place("dc-b/z1"), grpc: { implementation: "node", lacks: [] } };
const seen: readonly SeenClient[] = [
  { nodeId: "edge-1", kind: "envoy", locality: edge.locality, agent: "envoy 1.40.0" },
  { nodeId: "client-1", kind: "grpc", locality: node.locality, agent: "gRPC Node Pure JS 1.14.1" },
];

function stateOf({ documents, book }: GoodSet): PlannedState {
  const catalog = new Map<ServiceName, Service>(
    [...book.services].map(([name, spec]) => {
      const endpoints = spec.origins.flatMap((origin) => (origin.kind === "static" ? origin.endpoints : []));
      return [name, { spec, endpoints }];
    }),
  );
  const surroundings = { held: new Map(), distances: noDistances };
  const world: World = { revision: book.revision, catalog, ...worldParts(book, writtenAt, surroundings) };
  const written = documents.map((document) => {
    const parsed = parseDocument(document);
    assert.ok(parsed.ok);
    return parsed.value;
  });
  const loads = [...book.services.keys()].map((service) => ({
    ...{ service, from: edge.locality, to: node.locality, requests: 30_000, inProgress: 900 },
  }));
  const scene: Scene = { book, written, catalog, clients: seen, loads: { windowMs: 10_000, loads }, now: writtenAt };
  return { world, scene };
}

function planned(before: GoodSet, after: GoodSet) {
  const translate = createTranslate();
  return atOnce(
    planning({
      before: stateOf(before),
      after: stateOf(after),
      viewers: [edge, node],
      clients: [
        ...[{ nodeId: "edge-1", kind: "envoy" as const, role: "edge", locality: "dc-a/z1", viewer: viewerKey(edge) }],
        ...[{ nodeId: "client-1", kind: "grpc" as const, role: "", locality: "dc-b/z1", viewer: viewerKey(node) }],
      ].map((client) => ({ ...client, listeners: undefined, isSynced: true })),
      snapshotOf: (world, viewer) => pack(translate(world, viewer).resources, viewerKey(viewer), world.revision),
    }),
  );
}

const shown = ({ code, document, at, says }: Finding) => `${code} ${document.kind}/${document.name} ${at} ${says}`;

test("whatever documents validation accepts can be planned, and are found fault with in whole sentences", () => {
  const sets = documentSets(writtenAt);
  fc.assert(
    fc.property(sets, sets, (before, after) => {
      const there = planned(before, after);
      const back = planned(after, before);
      for (const { says, remedy, at, document } of [...there.findings, ...there.resolved]) {
        assert.doesNotMatch(`${says} ${remedy} ${at}`, /undefined|NaN|\[object|Infinity/);
        assert.notEqual(document.name, "");
      }
      // What one way brings about, the other takes away.
      assert.deepEqual(there.findings.map(shown), back.resolved.map(shown));
      assert.deepEqual(
        there.resources.map(({ type, name, versionBefore }) => [type, name, versionBefore]),
        back.resources.map(({ type, name, versionAfter }) => [type, name, versionAfter]),
      );
      for (const { regions } of there.traffic)
        assert.ok(regions.reduce((sum, { percentAfter }) => sum + percentAfter, 0) < 100.1);
    }),
    { seed: 17, numRuns: 80 },
  );
});

test("a plan of what is in force already is empty, whatever it is", () => {
  fc.assert(
    fc.property(documentSets(writtenAt), (set) => {
      const plan = planned(set, set);
      assert.ok(isEmptyPlan(plan), JSON.stringify([plan.documents, plan.resources]));
      assert.deepEqual([plan.traffic, plan.findings, plan.resolved], [[], [], []]);
    }),
    { seed: 18, numRuns: 50 },
  );
});
