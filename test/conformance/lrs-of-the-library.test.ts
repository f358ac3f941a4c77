import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { createXdsServer, type XdsNote } from "../../control-plane/src/xds-server.ts";
import { until } from "../kit/wait.ts";
import { configsOf, connectStatusClient } from "./csds-client.ts";
import { connectLoads, edge } from "./lrs-scene.ts";

test("the library takes load reports and tells the status of clients, too", async () => {
  const notes: XdsNote[] = [];
  await using server = await createXdsServer({
    listen: "127.0.0.1:0",
    loadReportIntervalMs: 1_000,
    refuse: ({ id }) => (id === "stranger" ? "not one of ours" : undefined),
    observe: (note) => notes.push(note),
  });
  server.set("edge", { clusters: [create(ClusterSchema, { name: "report" })] });
  const address = `${server.host}:${server.port}`;

  using old = connectLoads(address);
  old.send({ node: { ...edge, id: "old", clientFeatures: [] } });
  assert.deepEqual((await old.answer()).clusters, ["report"]);

  using stranger = connectLoads(address);
  stranger.send({ node: { ...edge, id: "stranger" } });
  assert.equal(await stranger.ended(), "PERMISSION_DENIED: not one of ours");

  using stream = connectLoads(address);
  stream.send({
    node: edge,
    clusterStats: [
      {
        clusterName: "report",
        loadReportInterval: { nanos: 1 },
        upstreamLocalityStats: [{ totalIssuedRequests: 7n, totalSuccessfulRequests: 7n }],
      },
    ],
  });
  const { sendAllClusters, loadReportingInterval } = await stream.answer();
  assert.deepEqual([sendAllClusters, loadReportingInterval?.seconds], [true, 1n]);
  const [seen] = await until(() => server.loads.observed().length === 1 && server.loads.observed(), {
    within: 30_000,
    what: "the window to reach the report",
  });
  assert.deepEqual([seen?.service, seen?.from.region, seen?.requests], ["report", "dc-a", 7]);
  assert.ok(notes.some((note) => note.kind === "load-reported" && note.nodeId === "edge-1"));

  using status = connectStatusClient(address);
  assert.deepEqual(configsOf(await status.fetch()), [], "who only reports loads is no client yet");
  assert.ok(notes.some(({ kind }) => kind === "status-asked"));
});
