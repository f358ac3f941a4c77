import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { clone, create } from "@bufbuild/protobuf";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { OutlierDetectionSchema } from "@weir/proto/envoy/config/cluster/v3/outlier_detection_pb.ts";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import type { Viewer } from "../model/viewer.ts";
import type { ResourceSet } from "../translate/resource-set.ts";
import { createTranslate } from "../translate/translate.ts";
import { createEnvoyVerdict } from "./envoy-verdict.ts";
import { readCase } from "./golden-case.ts";
import { runGolden, verdictOn } from "./golden-run.ts";

const envoy = process.env["WEIR_ENVOY"];
const needsEnvoy = { skip: envoy === undefined && "WEIR_ENVOY is not set: run it through npm run check" };

const report = `# a case for these tests
viewers: [edge dc-a/z1, grpc dc-a/z1]
shows: [endpoints]
---
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec: {endpoints: [{static: [{address: "10.1.1.1:9090", locality: dc-a/z1}]}]}
`;

test("a run writes what is missing and removes what has no case, and a check then finds nothing", async () => {
  await using folder = await makeFolder({ "report.in.yaml": report, "gone.grpc.out.yaml": "endpoints: []\n" });
  const first = await runGolden(folder.path, { check: false, envoyVerdict: takesAll });
  assert.deepEqual(first.changed.toSorted(), [
    "new: report.edge-dc-a-z1.out.yaml",
    "new: report.grpc-dc-a-z1.out.yaml",
    "removed: gone.grpc.out.yaml",
  ]);
  const names = await readdir(folder.path);
  assert.deepEqual(names.sort(), ["report.edge-dc-a-z1.out.yaml", "report.grpc-dc-a-z1.out.yaml", "report.in.yaml"]);
  const second = await runGolden(folder.path, { check: true, envoyVerdict: takesAll });
  assert.deepEqual(second, { outputs: 2, changed: [], wrong: [] });
});

test("a check tells what is missing, what differs and where, and what has no case, and changes nothing", async () => {
  await using folder = await makeFolder({ "report.in.yaml": report, "gone.grpc.out.yaml": "endpoints: []\n" });
  await runGolden(folder.path, { check: false, envoyVerdict: takesAll });
  const path = join(folder.path, "report.grpc-dc-a-z1.out.yaml");
  const changed = (await readFile(path, "utf8")).replace("10.1.1.1", "10.9.9.9");
  await writeFile(path, changed);
  await rm(join(folder.path, "report.edge-dc-a-z1.out.yaml"));
  await writeFile(join(folder.path, "gone.grpc.out.yaml"), "endpoints: []\n");

  const { wrong } = await runGolden(folder.path, { check: true, envoyVerdict: takesAll });
  assert.equal(wrong.length, 3);
  assert.match(wrong[0] ?? "", /^report\.edge-dc-a-z1\.out\.yaml: is missing/);
  assert.match(wrong[1] ?? "", /^report\.grpc-dc-a-z1\.out\.yaml: differs.*- .*10\.9\.9\.9.*\+ .*10\.1\.1\.1/s);
  assert.match(wrong[2] ?? "", /^gone\.grpc\.out\.yaml: no case/);
  assert.equal(await readFile(path, "utf8"), changed);
});

test("a case without a reason, with an unknown viewer or a wrong document says so", () => {
  const says = (text: string) => {
    const read = readCase(text, "bad.in.yaml");
    return read.ok ? [] : read.problems.map(({ says }) => says);
  };
  assert.match(says(report.slice(report.indexOf("\n") + 1)).join(), /reason for this case/);
  assert.match(says(report.replace("edge dc-a/z1", "edge dc-a/z1/r/x")).join(), /"edge dc-a\/z1\/r\/x" is none/);
  assert.match(says(report.replace("[endpoints]", "[endpoint]")).join(), /expected some of clusters, endpoints/);
  assert.match(says(report.replace("kind: Service", "kind: Servce")).join(), /Servce/);
});

test("an output that Envoy refuses is wrong, in Envoy's words", needsEnvoy, async () => {
  await using cache = await makeFolder({});
  const ask = createEnvoyVerdict({ envoy: envoy ?? "", cache: cache.path });
  const good = resourcesFor(edge);
  assert.equal(await verdictOn("report", good, edge, ask), undefined);

  const bad = { ...good, clusters: good.clusters.map((cluster) => create(ClusterSchema, { ...cluster, name: "" })) };
  const named = { ...bad, endpoints: [create(ClusterLoadAssignmentSchema)], routes: [] };
  const nameless = await verdictOn("report", { ...named, listeners: [] }, edge, ask);
  assert.match(nameless ?? "", /^report: Envoy refuses it:\n.*Name: value length must be at least 1/s);

  const heavy = good.endpoints.map((assignment) => {
    const copy = clone(ClusterLoadAssignmentSchema, assignment);
    for (const locality of copy.endpoints) locality.priority = 129;
    return copy;
  });
  const verdict = await verdictOn("report", { ...good, endpoints: heavy }, edge, ask);
  assert.match(verdict ?? "", /Envoy refuses it:\n.*Priority/s);
  assert.equal(await verdictOn("report", { ...good, endpoints: heavy }, edge, ask), verdict, "from the cache");
});

test("an output that the Node client refuses, or would die of, is wrong", async () => {
  const good = resourcesFor(grpc);
  assert.equal(await verdictOn("report", good, grpc, takesAll), undefined);

  const [assignment] = good.endpoints;
  assert.ok(assignment);
  const gap = clone(ClusterLoadAssignmentSchema, assignment);
  for (const locality of gap.endpoints) locality.priority = 1;
  const refused = await verdictOn("report", { ...good, endpoints: [gap] }, grpc, takesAll);
  assert.match(refused ?? "", /the gRPC Node client refuses it:\n.*priority 1 but not 0/s);

  const clusters = good.clusters.map((cluster) => {
    const copy = clone(ClusterSchema, cluster);
    copy.outlierDetection = create(OutlierDetectionSchema, { enforcingSuccessRate: 100 });
    return copy;
  });
  assert.match((await verdictOn("report", { ...good, clusters }, grpc, takesAll)) ?? "", /minimum_hosts is unset/);
});

test("an output that names what it does not hold is wrong", async () => {
  const said = await verdictOn("report", { ...resourcesFor(grpc), clusters: [] }, grpc, takesAll);
  assert.match(said ?? "", /routes report names report, which is not there/);
});

const takesAll = async () => undefined;
const locality = { region: "dc-a", zone: "z1", subZone: "" };
const edge: Viewer = { flavour: "envoy", role: "edge", locality, listen: { host: "127.0.0.1", port: 10_000 } };
const grpc: Viewer = { flavour: "grpc", locality, grpc: { implementation: "node", lacks: [] } };

function resourcesFor(viewer: Viewer): ResourceSet {
  const read = readCase(report, "report.in.yaml");
  assert.ok(read.ok);
  return createTranslate()(read.value.world, viewer).resources;
}

async function makeFolder(files: Readonly<Record<string, string>>) {
  const path = await mkdtemp(join(tmpdir(), "golden-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
