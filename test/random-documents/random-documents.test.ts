import assert from "node:assert/strict";
import { test } from "node:test";
import { clone } from "@bufbuild/protobuf";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import fc from "fast-check";
import type { ResourceSet } from "../../control-plane/src/translate/resource-set.ts";
import { envoyPath } from "../kit/envoy.ts";
import { documentSets } from "./document-sets.ts";
import { firstRefused } from "./envoy-batch.ts";
import { proveSets, writtenAt } from "./prove-sets.ts";
import { envoyResources } from "./resources-of-set.ts";

test("no set of documents that validation accepts is refused by Envoy or by the Node client", async () => {
  const askEnvoy = (sets: readonly (readonly ResourceSet[])[]) => firstRefused(envoyPath(), sets);
  const { sets, documents } = await proveSets({ seed: 6, count: 200, askEnvoy });
  assert.equal(sets, 200);
  assert.ok(documents > 500, `${documents} documents`);
});

test("the one set among many that Envoy refuses is found", async () => {
  const sets = fc
    .sample(documentSets(writtenAt), { seed: 7, numRuns: 12 })
    .map((set) => envoyResources(set, writtenAt));
  const at = sets.findLastIndex((set) => set.some(({ endpoints }) => endpoints.some(({ endpoints }) => endpoints[0])));
  const found = await firstRefused(
    envoyPath(),
    sets.map((set, index) => (index === at ? set.map(withLowPriority) : set)),
  );
  assert.equal(found?.index, at);
  assert.match(found?.says ?? "", /Priority: value must be/);
});

test("a set that is refused is told as small as it can be, with what makes it again", async () => {
  const askEnvoy = async (sets: readonly (readonly ResourceSet[])[]) => {
    // A subset has one of its own.
    const isOfService = ({ name }: { readonly name: string }) => !name.includes("|");
    const index = sets.findIndex((set) => set.some(({ clusters }) => clusters.filter(isOfService).length > 1));
    return index < 0 ? undefined : { index, says: "two clusters are too many" };
  };
  await assert.rejects(proveSets({ seed: 6, count: 40, askEnvoy }), ({ cause, message }: Error) => {
    const says = `${message} ${cause instanceof Error ? cause.message : ""}`;
    assert.match(says, /seed: 6/);
    assert.match(says, /is refused: two clusters are too many/);
    const written = says.match(/"kind": "(\w+)"/g)?.slice(-2);
    assert.deepEqual(written, ['"kind": "Service"', '"kind": "Service"']);
    return true;
  });
});

/** Envoy's priorities end at 128. */
function withLowPriority(set: ResourceSet): ResourceSet {
  const endpoints = set.endpoints.map((assignment) => {
    const copy = clone(ClusterLoadAssignmentSchema, assignment);
    for (const locality of copy.endpoints) locality.priority = 129;
    return copy;
  });
  return { ...set, endpoints };
}
