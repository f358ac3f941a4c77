import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../kit/wait.ts";
import { edge, startLrsScene } from "./lrs-scene.ts";

const loads = [
  {
    clusterName: "report",
    loadReportInterval: { seconds: 2n },
    upstreamLocalityStats: [
      {
        locality: { region: "dc-b" },
        totalIssuedRequests: 8n,
        totalSuccessfulRequests: 6n,
        totalRequestsInProgress: 2n,
      },
    ],
  },
];

test("a stream without a node is refused", async () => {
  await using scene = await startLrsScene();
  const stream = scene.connect();
  stream.send({ clusterStats: loads });
  assert.match(await stream.ended(), /^INVALID_ARGUMENT: node: the first request of a stream must carry the node$/);
  assert.deepEqual(scene.loads.observed(), []);
  assert.deepEqual(
    scene.notes.map(({ kind }) => kind),
    ["load-reporter-refused"],
  );
});

test("whom the control plane does not admit is not heard", async () => {
  await using scene = await startLrsScene({ refuse: ({ nodeId }) => `${nodeId} is not one of ours` });
  const stream = scene.connect();
  stream.send({ node: edge });
  assert.equal(await stream.ended(), "PERMISSION_DENIED: edge-1 is not one of ours");
});

test("loads in the first request count, from where the node is, and the node may be repeated or left out", async () => {
  await using scene = await startLrsScene();
  const stream = scene.connect();
  stream.send({ node: edge, clusterStats: loads });
  await stream.answer();
  scene.pass(2_000);
  stream.send({ node: edge, clusterStats: loads });
  scene.pass(2_000);
  stream.send({ clusterStats: loads });
  await until(() => scene.notes.filter(({ kind }) => kind === "load-reported").length === 3, {
    within: 30_000,
    what: "three reports",
  });
  scene.pass(2_000);
  assert.deepEqual(scene.loads.observed(), [
    {
      service: "report",
      from: { region: "dc-a", zone: "z1", subZone: "" },
      to: { region: "dc-b", zone: "", subZone: "" },
      ...{ priority: 0, requests: 24, ok: 18, error: 0, inProgress: 2 },
    },
  ]);
  assert.deepEqual(scene.loads.clients(), [{ nodeId: "edge-1", ageMs: 2_000 }]);
});

test("another node on the same stream ends it", async () => {
  await using scene = await startLrsScene();
  const stream = scene.connect();
  stream.send({ node: edge });
  await stream.answer();
  stream.send({ node: { ...edge, id: "edge-2" }, clusterStats: loads });
  assert.match(await stream.ended(), /^INVALID_ARGUMENT: the node of a stream cannot change/);
  assert.deepEqual(scene.loads.observed(), []);
});

test("a client that is gone has no open requests any more; what it counted stays", async () => {
  await using scene = await startLrsScene();
  const stream = scene.connect();
  stream.send({ node: edge, clusterStats: loads });
  await stream.answer();
  scene.pass(2_000);
  assert.equal(scene.loads.observed()[0]?.inProgress, 2);
  stream.end();
  assert.equal(await stream.ended(), "OK");
  assert.deepEqual(scene.loads.clients(), []);
  assert.deepEqual(
    scene.loads.observed().map(({ requests, inProgress }) => ({ requests, inProgress })),
    [{ requests: 8, inProgress: 0 }],
  );
});

test("a stream on which nothing is said is ended", async () => {
  await using scene = await startLrsScene({ firstRequestTimeoutMs: 100 });
  assert.equal(await scene.connect().ended(), "DEADLINE_EXCEEDED: no request within 0.1 s");
});
