import assert from "node:assert/strict";
import { test } from "node:test";
import { edge, startLrsScene } from "./lrs-scene.ts";

test("the first request is answered with what to report and how often", async () => {
  await using scene = await startLrsScene();
  const stream = scene.connect();
  stream.send({ node: edge });
  const { sendAllClusters, clusters, loadReportingInterval, reportEndpointGranularity } = await stream.answer();
  assert.deepEqual([sendAllClusters, clusters, reportEndpointGranularity], [true, [], true]);
  assert.deepEqual([loadReportingInterval?.seconds, loadReportingInterval?.nanos], [2n, 0]);
});

test("a client that cannot report all clusters is given their names, and the new ones when they change", async () => {
  await using scene = await startLrsScene({ services: ["report", "billing"] });
  const stream = scene.connect();
  stream.send({ node: { ...edge, clientFeatures: [] } });
  const first = await stream.answer();
  assert.deepEqual([first.sendAllClusters, first.clusters], [false, ["report", "billing"]]);
  scene.pass(2_000);
  stream.send({});
  scene.setClusters(["report", "billing", "search"]);
  scene.pass(2_000);
  stream.send({});
  assert.deepEqual((await stream.answer()).clusters, ["report", "billing", "search"]);
  assert.equal(stream.answers(), 2, "what did not change is not told again");
});

test("clients whose reports together are too much are asked less often, and again as often as before once they are few", async () => {
  await using scene = await startLrsScene();
  // What makes an Envoy's reports long, here much more of it.
  const node = { ...edge, extensions: [{ name: "x".repeat(3_900_000) }] };
  const heavy = Array.from({ length: 8 }, () => scene.connect());
  for (const stream of heavy) {
    stream.send({ node });
    await stream.answer();
  }
  const told = scene.notes.flatMap((note) => (note.kind === "load-interval" ? [note.intervalMs] : []));
  assert.deepEqual(told, [4_000]);
  assert.equal(scene.loads.lagMs(), 4_000);
  const [first] = heavy;
  assert.ok(first);
  scene.pass(2_000);
  first.send({ node });
  assert.equal((await first.answer()).loadReportingInterval?.seconds, 4n, "whoever was told another one hears of it");

  for (const stream of heavy.slice(1)) {
    stream.end();
    assert.equal(await stream.ended(), "OK");
  }
  scene.pass(4_000);
  first.send({ node });
  assert.equal((await first.answer()).loadReportingInterval?.seconds, 2n);
});
