import assert from "node:assert/strict";
import { test } from "node:test";
import { startBackend } from "../kit/backend.ts";
import { documentOf } from "../kit/documents.ts";
import { codes, startLoad } from "../kit/grpc-load.ts";
import { settledAfter } from "../kit/settled.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";

test("a patch arrives in Envoy, one that does not fit is told and harms nothing, and both can be taken back", async () => {
  await using backend = await startBackend({ id: "report-1", datacenter: "dc-a" });
  const report = documentOf("Service", "report", {
    endpoints: [{ static: [{ address: backend.address, locality: "dc-a/z1" }] }],
  });
  await using weir = await startWeir({ documents: { "report.json": JSON.stringify(report) } });
  await using edge = await startEdge(weir);
  await using load = startLoad({ target: await edge.listener("edge"), authority: "report" });
  const patch = (name: string, spec: object) => weir.api("PUT", `/v1/patches/${name}`, documentOf("Patch", name, spec));

  const stats = { op: "add", path: "/alt_stat_name", value: "patched_report" };
  const direct = {
    op: "add",
    path: "/filter_chains/0/filters/0/typed_config/http_filters/0",
    value: {
      name: "envoy.filters.http.lua",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
        default_source_code: {
          inline_string:
            'function envoy_on_request(h) if h:headers():get("x-stop") then h:respond({[":status"]="403"}, "") end end',
        },
      },
    },
  };
  await settledAfter(weir, patch("stats", { type: "Cluster", name: "report", operations: [stats] }));
  await settledAfter(
    weir,
    patch("lua", { type: "Listener", name: "edge", clients: ["envoy-edge"], operations: [direct] }),
  );
  assert.deepEqual([...codes(await load.send(5))], [["OK", 5]]);
  const counted = async () => (await edge.stats("cluster.patched_report.upstream_rq_total")).size;
  await until(async () => (await counted()) === 1, { within: 30_000, what: "the cluster counts under its new name" });
  const stopped = await fetch(`http://${await edge.listener("edge")}/`, { headers: { host: "report", "x-stop": "1" } });
  assert.equal(stopped.status, 403, "the filter that was put in answers");

  const unfit = [stats, { op: "remove", path: "/health_checks/0" }];
  await settledAfter(weir, patch("unfit", { type: "Cluster", name: "report", operations: unfit }));
  await until(() => weir.process().lines.join("\n").includes("Patch unfit is left out for envoy/edge"), {
    within: 30_000,
    what: "the log tells of the patch that does not fit",
  });
  const described = await weirCommand(weir, ["describe", "patch", "unfit"]);
  assert.match(described.stdout, /Patch unfit is left out for envoy-edge: operations\[1\]: does not apply/);
  assert.deepEqual([...codes(await load.send(5))], [["OK", 5]]);
  const refused = await patch("wrong", {
    type: "Cluster",
    name: "reprot",
    operations: [{ op: "add", path: "/connect_timout", value: 5 }],
  });
  assert.equal(refused.status, 400);
  assert.match(JSON.stringify(refused.body), /did you mean \\"connect_timeout\\"/);

  for (const name of ["stats", "lua", "unfit"]) await settledAfter(weir, weir.api("DELETE", `/v1/patches/${name}`));
  await until(async () => (await edge.stats("cluster.report.upstream_rq_total")).size === 1, {
    within: 30_000,
    what: "the cluster counts under its own name again",
  });
  assert.deepEqual([...codes(await load.send(5))], [["OK", 5]]);
});
