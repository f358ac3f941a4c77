import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { JsonObject } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { until } from "../lib/testing.ts";
import { addressRanges } from "../model/address-range.ts";
import type { ResourceStatus } from "../serve/clients.ts";
import { createConnectedClients } from "../serve/connected-clients.ts";
import { connectedClient } from "../serve/testing.ts";
import { typeUrls } from "../snapshot/resource.ts";
import { type RunningNote, type RunningSettings, startRunning } from "./start-running.ts";

const wantedAt = new Date();
const cluster: ResourceStatus = {
  ...{ type: "cluster", name: "report", status: "ACKED", version: "v2", held: "v2", at: wantedAt },
  body: {
    $typeName: "google.protobuf.Any",
    typeUrl: typeUrls.cluster,
    value: toBinary(ClusterSchema, create(ClusterSchema, { name: "report", altStatName: "r" })),
  },
};
const endpoints: ResourceStatus = {
  ...{ type: "endpoints", name: "report", status: "ACKED", version: "v1", held: "v1", at: wantedAt },
  body: {
    $typeName: "google.protobuf.Any",
    typeUrl: typeUrls.endpoints,
    value: toBinary(ClusterLoadAssignmentSchema, create(ClusterLoadAssignmentSchema, { clusterName: "report" })),
  },
};

/** The pages of an Envoy that has both as they are wanted, but for what is told. */
function pagesOf(nodeId: string, altStatName = "r"): RequestListener {
  const configs = [
    { bootstrap: { node: { id: nodeId } } },
    {
      dynamic_active_clusters: [
        { version_info: "v1", cluster: { "@type": typeUrls.cluster, name: "report", alt_stat_name: altStatName } },
      ],
    },
    // Envoy dumps endpoints out of its state: places without anybody are the same as none.
    {
      dynamic_endpoint_configs: [
        { endpoint_config: { cluster_name: "report", endpoints: [{ locality: {}, lb_endpoints: [] }] } },
      ],
    },
    { dynamic_listeners: [{ name: "own", active_state: { listener: { name: "own" } } }] },
  ];
  return ({ url = "" }, answer) => {
    if (url.startsWith("/config_dump")) answer.end(JSON.stringify({ configs }));
    else if (url.startsWith("/clusters")) answer.end(JSON.stringify({ cluster_statuses: [] }));
    else if (url.startsWith("/stats")) answer.end(JSON.stringify({ stats: [] }));
    else answer.writeHead(404).end();
  };
}

async function serve(listener: RequestListener) {
  let asked = 0;
  const server = createServer((request, answer) => {
    asked += 1;
    listener(request, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    admin: `127.0.0.1:${port}`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function startTest(settings: Partial<RunningSettings> = {}) {
  const clients = createConnectedClients();
  const stop = new AbortController();
  const notes: RunningNote[] = [];
  const running = startRunning(
    {
      clients,
      serviceOf: (name) => name,
      settings: { allow: addressRanges("127.0.0.0/8"), intervalMs: 40, timeoutMs: 2_000, concurrency: 2, ...settings },
      observe: (note) => notes.push(note),
      now: () => new Date(),
      monotonicMs: () => performance.now(),
    },
    stop.signal,
  );
  function add(nodeId: string, metadata: JsonObject | undefined) {
    clients.add(
      connectedClient({
        identity: { nodeId, kind: "envoy", ...(metadata && { metadata }) },
        resources: () => [cluster, endpoints],
      }),
    );
  }
  const state = (nodeId: string) => {
    const view = clients.list().find((each) => each.nodeId === nodeId);
    assert.ok(view);
    return running.client(view);
  };
  return { add, state, notes, running, [Symbol.dispose]: () => stop.abort() };
}

const weir = (admin: string): JsonObject => ({ weir: { admin } });

test("what an Envoy runs is compared with what it is to have, by content where versions differ", async () => {
  await using same = await serve(pagesOf("edge-1"));
  await using other = await serve(pagesOf("edge-2", "changed by hand"));
  using running = startTest();
  running.add("edge-1", weir(same.admin));
  running.add("edge-2", weir(other.admin));
  await until(async () => running.state("edge-1").kind === "seen" && running.state("edge-2").kind === "seen", 20_000);
  const [first, second] = [running.state("edge-1"), running.state("edge-2")];
  assert.ok(first.kind === "seen" && second.kind === "seen");
  assert.deepEqual([first.look.differing, first.look.extra], [[], ["listener own"]]);
  assert.deepEqual(second.look.differing, [{ type: "cluster", name: "report", comparedWith: "v2" }]);
  assert.deepEqual(second.look.resources.get("cluster\nreport")?.differences, [
    { path: "alt_stat_name", wanted: "r", running: "changed by hand" },
  ]);
  assert.ok(running.notes.some(({ kind }) => kind === "client-differs"));
});

test("nobody is asked whose address is none, a name, or not allowed", async () => {
  await using server = await serve(pagesOf("edge-1"));
  using none = startTest({ allow: [] });
  using some = startTest({ allow: addressRanges("10.0.0.0/8") });
  for (const each of [none, some]) each.add("edge-1", weir(server.admin));
  some.add("named", weir("localhost:80"));
  some.add("silent", undefined);
  some.add("odd", { weir: { admin: ["10.0.0.1:80"] } });
  const why = (nodeId: string) => {
    const state = some.state(nodeId);
    return state.kind === "unasked" ? state.why : state.kind;
  };
  assert.match(why("edge-1"), /127\.0\.0\.1 is in none of the ranges of clients\.admin\.allow/);
  assert.match(why("named"), /"localhost:80" is not "address:port"/);
  assert.match(why("silent"), /names no weir\.admin/);
  assert.match(why("odd"), /is not "address:port"/);
  assert.deepEqual([none.running.isOn, none.state("edge-1").kind, server.asked()], [false, "unasked", 0]);
});

test("who does not answer, answers too much, elsewhere or as another is told as not seen, and delays nobody", async () => {
  await using slow = await serve(() => undefined);
  await using huge = await serve((_request, answer) => answer.end(Buffer.alloc(9 * 1024 ** 2, " ")));
  await using moved = await serve((_request, answer) =>
    answer.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
  );
  await using other = await serve(pagesOf("edge-9"));
  await using well = await serve(pagesOf("well"));
  using running = startTest({ timeoutMs: 400 });
  running.add("slow", weir(slow.admin));
  running.add("huge", weir(huge.admin));
  running.add("moved", weir(moved.admin));
  running.add("other", weir(other.admin));
  running.add("well", weir(well.admin));
  const why = (nodeId: string) => {
    const state = running.state(nodeId);
    return state.kind === "unseen" ? state.why : "";
  };
  await until(async () => ["slow", "huge", "moved", "other"].every((nodeId) => why(nodeId) !== ""), 20_000);
  assert.match(why("slow"), /no answer within 400 ms/);
  assert.match(why("huge"), /more than 8388608 bytes/);
  assert.match(why("moved"), /answered 302/);
  assert.match(why("other"), /answers as node "edge-9"/);
  await until(async () => well.asked() >= 6, 20_000);
  assert.equal(running.state("well").kind, "seen");
});
