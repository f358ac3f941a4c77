import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { AggregatedDiscoveryService } from "@weir/proto/envoy/service/discovery/v3/ads_pb.ts";
import { DeltaDiscoveryRequestSchema } from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { createXdsServer, type XdsLimits, type XdsNote } from "../../xds-server.ts";

const method = methodOf(AggregatedDiscoveryService, AggregatedDiscoveryService.method.deltaAggregatedResources);

async function start(t: TestContext, limits: Partial<XdsLimits>) {
  const notes: XdsNote[] = [];
  const server = await createXdsServer({
    ...{ listen: "127.0.0.1:0", viewer: () => "all", limits },
    observe: (note) => notes.push(note),
  });
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure(), { "grpc.enable_retries": 0 });
  t.after(async () => {
    client.close();
    await server[Symbol.asyncDispose]();
  });
  server.set("all", {});
  /** Opens a stream on the one connection, and says how it ended, or that it was answered. */
  async function open(nodeId: string): Promise<ServiceError | "served"> {
    const call = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
    const failed = new Promise<ServiceError>((resolve) => call.on("error", resolve));
    call.write(
      create(DeltaDiscoveryRequestSchema, {
        node: { id: nodeId, cluster: "test", userAgentName: "envoy" },
        typeUrl: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
      }),
    );
    return Promise.race([once(call, "data").then(() => "served" as const), failed]);
  }
  return { open, notes };
}

test("beyond burst and rate a stream is told when to come again, in words and for programs", async (t) => {
  const { open, notes } = await start(t, { streamBurst: 4, streamsPerSecond: 0.1 });
  const ends = [await open("a"), await open("b"), await open("c"), await open("d")];
  assert.deepEqual(ends.slice(0, 3), ["served", "served", "served"]);
  const [refused] = ends.slice(3);
  assert.ok(refused instanceof Error);
  assert.equal(refused.code, status.RESOURCE_EXHAUSTED);
  assert.match(refused.details, /^more streams are being opened than can be served; come again in \d+\.\d s$/);
  const pushbackMs = Number(refused.metadata.get("grpc-retry-pushback-ms")[0]);
  assert.ok(pushbackMs >= 15_000 && pushbackMs <= 25_000, `${pushbackMs} ms: a token of this address in 20 s`);
  const note = notes.find(({ kind }) => kind === "streams-refused");
  assert.deepEqual(note?.kind === "streams-refused" && note.reasons, { "too-many-streams": 1 });
});

test("a node that comes too often is told so, when it gets tight", async (t) => {
  const { open, notes } = await start(t, { streamBurst: 6, streamsPerSecond: 0.1, streamsPerNodePerMinute: 2 });
  assert.deepEqual([await open("busy"), await open("busy"), await open("busy")], ["served", "served", "served"]);
  const refused = await open("busy");
  assert.ok(refused instanceof Error);
  assert.equal(refused.code, status.RESOURCE_EXHAUSTED);
  assert.match(refused.details, /^node "busy" opens streams too often; come again in \d+\.\d s$/);
  assert.equal(await open("calm"), "served");
  assert.ok(notes.some((note) => note.kind === "streams-refused" && "node-comes-too-often" in note.reasons));
});

test("a connection on which a hundred streams were refused in a second is ended, with the streams that were served", async (t) => {
  const { open, notes } = await start(t, { streamBurst: 4, streamsPerSecond: 0.001 });
  assert.equal(await open("served"), "served");
  const gone = () => notes.some((note) => note.kind === "client-disconnected" && note.nodeId === "served");
  const refuse = (count: number) => Promise.all(Array.from({ length: count }, (_, index) => open(`n${index}`)));
  await refuse(50);
  assert.equal(gone(), false);
  for (let times = 0; times < 10 && !gone(); times += 1) await refuse(50);
  assert.ok(gone());
});
