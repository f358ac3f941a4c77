import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { startBackend } from "../kit/backend.ts";
import { codes, startLoad } from "../kit/grpc-load.ts";
import { freePort } from "../kit/ports.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";

test("a listener that Envoy cannot bind is explained in its words, and served as soon as the port is free", async () => {
  await using backend = await startBackend({ id: "report-1", datacenter: "dc-a" });
  const report = {
    apiVersion: "weir/v1alpha1",
    kind: "Service",
    metadata: { name: "report" },
    spec: { endpoints: [{ static: [{ address: backend.address, locality: "dc-a/z1" }] }] },
  };
  await using weir = await startWeir({ documents: { "report.json": JSON.stringify(report) } });
  const port = await freePort();
  const squatter = createServer().listen(port, "127.0.0.1");
  await using edge = await startEdge(weir, { listen: { host: "127.0.0.1", port } });

  await until(async () => (await weirCommand(weir, ["proxy", "status"])).stdout.includes("ERROR"), {
    within: 30_000,
    what: "the rejection shows",
  });
  const explained = await weirCommand(weir, ["proxy", "explain-nack", "edge-1"]);
  assert.equal(explained.code, 1);
  assert.match(explained.stdout, /^LDS edge, version \S+, rejected/m);
  assert.match(explained.stdout, /it says .*cannot bind.*Address already in use/);
  assert.match(explained.stdout, /changed in +r1 by config directory/);
  assert.match(explained.stdout, /it keeps +nothing/);
  const differs = await weirCommand(weir, ["proxy", "diff", "edge-1"]);
  assert.equal(differs.code, 1);
  assert.match(differs.stdout, /LDS +edge +NACKED/);
  const config = await weirCommand(weir, ["proxy", "config", "edge-1", "--type", "EDS", "-o", "json"]);
  assert.match(config.stdout, new RegExp(`"port_value": ${backend.port}`));

  squatter.close();
  await using load = startLoad({ target: await edge.listener("edge", 15_000), authority: "report" });
  assert.deepEqual([...codes(await load.send(20))], [["OK", 20]]);
  await until(async () => (await weirCommand(weir, ["proxy", "diff", "edge-1"])).code === 0, {
    within: 30_000,
    what: "the edge has all that it is to have",
  });
});
