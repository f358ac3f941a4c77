import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import type { NodeMatcherSchema } from "@weir/proto/envoy/type/matcher/v3/node_pb.ts";
import type { ResourceStatus } from "../../control-plane/src/serve/clients.ts";
import { connectedClient } from "../../control-plane/src/serve/testing.ts";
import { byId, configsOf, nodeIds } from "./csds-client.ts";
import { type CsdsScene, startCsdsScene } from "./csds-scene.ts";

const at = new Date();
const body = create(AnySchema, { typeUrl: "type.googleapis.com/test", value: Buffer.from("content") });
const cluster: ResourceStatus = {
  type: "cluster",
  name: "report",
  status: "ACKED",
  version: "v1",
  held: "v1",
  at,
  body,
};

function addClients({ clients }: CsdsScene): void {
  for (const [index, nodeId] of ["edge-1", "edge-2", "billing-1"].entries())
    clients.add(
      connectedClient({
        identity: { nodeId, metadata: { track: nodeId === "edge-2" ? "canary" : "stable" } },
        connectedAt: new Date(at.getTime() + index),
        resources: () => [cluster],
      }),
    );
}

test("a request without matchers is answered with every client, over the stream and at once", async () => {
  await using scene = await startCsdsScene();
  assert.deepEqual(configsOf(await scene.status.fetch()), []);
  addClients(scene);
  const all = ["edge-1", "edge-2", "billing-1"];
  assert.deepEqual(nodeIds(configsOf(await scene.status.fetch())), all);
  const streamed = await scene.status.stream({});
  assert.ok("length" in streamed);
  assert.deepEqual(
    streamed.map(({ config }) => nodeIds(config)),
    [all],
  );
});

test("node matchers choose by id and by metadata; any of them is enough", async () => {
  await using scene = await startCsdsScene();
  addClients(scene);
  const told = async (...nodeMatchers: readonly MessageInitShape<typeof NodeMatcherSchema>[]) =>
    nodeIds(configsOf(await scene.status.fetch({ nodeMatchers: [...nodeMatchers] })));
  assert.deepEqual(await told(byId("exact", "edge-2")), ["edge-2"]);
  assert.deepEqual(await told(byId("prefix", "edge-")), ["edge-1", "edge-2"]);
  assert.deepEqual(await told(byId("suffix", "-1")), ["edge-1", "billing-1"]);
  assert.deepEqual(await told(byId("contains", "ill"), byId("exact", "edge-1")), ["edge-1", "billing-1"]);
  assert.deepEqual(await told(byId("exact", "nobody")), []);
  const value = { matchPattern: { case: "exact" as const, value: "canary" } };
  const canary = {
    path: [{ segment: { case: "key" as const, value: "track" } }],
    value: { matchPattern: { case: "stringMatch" as const, value } },
  };
  assert.deepEqual(await told({ nodeMetadatas: [canary] }), ["edge-2"]);
  assert.deepEqual(await told({ ...byId("exact", "edge-1"), nodeMetadatas: [canary] }), []);
});

test("a stream answers request after request, each for itself", async () => {
  await using scene = await startCsdsScene();
  addClients(scene);
  const answers = await scene.status.stream(
    { nodeMatchers: [byId("exact", "edge-1")] },
    { nodeMatchers: [byId("exact", "nobody")] },
    {},
  );
  assert.ok("length" in answers);
  assert.deepEqual(
    answers.map(({ config }) => nodeIds(config)),
    [["edge-1"], [], ["edge-1", "edge-2", "billing-1"]],
  );
});

test("contents are told unless they are excluded", async () => {
  await using scene = await startCsdsScene();
  addClients(scene);
  const contents = async (excludeResourceContents: boolean) =>
    configsOf(await scene.status.fetch({ excludeResourceContents })).map(
      ({ genericXdsConfigs: [first] }) => first?.xdsConfig && Buffer.from(first.xdsConfig.value).toString(),
    );
  assert.deepEqual(await contents(false), ["content", "content", "content"]);
  assert.deepEqual(await contents(true), [undefined, undefined, undefined]);
});

test("a regular expression is refused with what to use instead, at once and over the stream", async () => {
  await using scene = await startCsdsScene();
  addClients(scene);
  const regex = {
    nodeMatchers: [{ nodeId: { matchPattern: { case: "safeRegex" as const, value: { regex: "(a+)+$" } } } }],
  };
  const says =
    "INVALID_ARGUMENT: node_matchers[0].node_id: regular expressions and extensions are not served: use exact, prefix, suffix or contains";
  assert.deepEqual(await scene.status.fetch(regex), { ended: says });
  assert.deepEqual(await scene.status.stream(regex), { ended: says });
  assert.deepEqual(
    scene.notes.map(({ kind }) => kind),
    ["status-refused", "status-refused"],
  );
});
