import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import { ClientResourceStatus } from "@weir/proto/envoy/admin/v3/config_dump_shared_pb.ts";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { AggregatedDiscoveryService } from "@weir/proto/envoy/service/discovery/v3/ads_pb.ts";
import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  type DiscoveryResponseSchema,
} from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { ConfigStatus } from "@weir/proto/envoy/service/status/v3/csds_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { seventyThirty, startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";
import { byId, configsOf, connectStatusClient, resourceTexts, type StatusClient } from "./csds-client.ts";

const allSynced = ["Cluster report SYNCED", "ClusterLoadAssignment report SYNCED"];

async function configOf(status: StatusClient, nodeId: string) {
  return configsOf(await status.fetch({ nodeMatchers: [byId("exact", nodeId)] }))[0];
}

test("a real Envoy is told with its node and everything that it accepted", async () => {
  await using weir = await startWeir({ documents: { "report.yaml": seventyThirty } });
  await using edge = await startEdge(weir);
  await edge.ready();
  using status = connectStatusClient(weir.xds);
  const synced = [...allSynced, "Listener edge SYNCED", "RouteConfiguration edge SYNCED"];
  await until(async () => resourceTexts(await configOf(status, "edge-1")).join() === synced.join(), {
    within: 30_000,
    what: "all of edge-1 in step",
  });
  const config = await configOf(status, "edge-1");
  const { node, genericXdsConfigs = [] } = config ?? {};
  assert.deepEqual([node?.cluster, node?.userAgentName, node?.locality?.region], ["edge", "envoy", "dc-a"]);
  assert.ok(node?.metadata?.["weir"], "metadata that matchers can ask for");
  const cluster = genericXdsConfigs.find(({ typeUrl }) => typeUrl.endsWith(".Cluster"));
  assert.ok(cluster?.xdsConfig);
  assert.equal(fromBinary(ClusterSchema, cluster.xdsConfig.value).name, "report");
  // The version is the one that Envoy itself says it has.
  const { configs } = await edge.configDump();
  assert.ok(JSON.stringify(configs).includes(`"version_info":"${cluster.versionInfo}"`));
});

test("a client that rejects is told with its own words and what it rejected", async () => {
  await using weir = await startWeir({ documents: { "report.yaml": seventyThirty } });
  using status = connectStatusClient(weir.xds);
  using picky = openAds(weir.xds);
  picky.send({ node: { id: "picky-1", cluster: "edge", userAgentName: "envoy" }, typeUrl: clusterUrl });
  const { nonce, typeUrl } = await picky.response();
  assert.deepEqual(resourceTexts(await configOf(status, "picky-1")), ["Cluster report STALE"]);

  picky.send({ typeUrl, responseNonce: nonce, errorDetail: { code: 13, message: "report: no such load balancer" } });
  const rejected = await until(
    async () => {
      const config = (await configOf(status, "picky-1"))?.genericXdsConfigs[0];
      return config?.clientStatus === ClientResourceStatus.NACKED && config;
    },
    { within: 30_000, what: "the rejection" },
  );
  assert.equal(rejected.versionInfo, "", "it has none yet");
  assert.equal(rejected.errorState?.details, "report: no such load balancer");
  assert.ok(rejected.errorState?.failedConfiguration);
  assert.match(rejected.errorState?.versionInfo ?? "", /./);
  const perType = (await configOf(status, "picky-1"))?.xdsConfig.find(
    ({ perXdsConfig }) => perXdsConfig.case === "clusterConfig",
  );
  assert.equal(perType?.status, ConfigStatus.ERROR);
});

test("a client that left is told no more", async () => {
  await using weir = await startWeir({ documents: { "report.yaml": seventyThirty } });
  using status = connectStatusClient(weir.xds);
  {
    using leaving = openAds(weir.xds);
    leaving.send({ node: { id: "leaving-1", cluster: "edge", userAgentName: "envoy" }, typeUrl: clusterUrl });
    await leaving.response();
    assert.ok(await configOf(status, "leaving-1"));
  }
  await until(async () => (await configOf(status, "leaving-1")) === undefined, { within: 30_000, what: "its end" });
});

const clusterUrl = "type.googleapis.com/envoy.config.cluster.v3.Cluster";

/** A plain state-of-the-world stream. */
function openAds(address: string) {
  const method = methodOf<typeof DiscoveryRequestSchema, typeof DiscoveryResponseSchema>(
    AggregatedDiscoveryService,
    AggregatedDiscoveryService.method.streamAggregatedResources,
  );
  const client = new Client(address, credentials.createInsecure());
  const call = client.makeBidiStreamRequest<DiscoveryRequest, DiscoveryResponse>(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
  );
  call.on("error", () => undefined);
  const first = new Promise<DiscoveryResponse>((resolve) => call.once("data", resolve));
  return {
    send(request: Parameters<typeof create<typeof DiscoveryRequestSchema>>[1]) {
      call.write(create(DiscoveryRequestSchema, request));
    },
    response: () => first,
    [Symbol.dispose]() {
      call.cancel();
      client.close();
    },
  };
}
