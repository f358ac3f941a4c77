import assert from "node:assert/strict";
import { test } from "node:test";
import { loadLimits } from "../../control-plane/src/serve/loads/loads.ts";
import { until } from "../kit/wait.ts";
import { edge, type LrsScene, type Request, startLrsScene } from "./lrs-scene.ts";

const fine: Request = {
  node: edge,
  clusterStats: [
    {
      clusterName: "report",
      loadReportInterval: { seconds: 2n },
      upstreamLocalityStats: [{ locality: { region: "dc-a" }, totalIssuedRequests: 10n, totalSuccessfulRequests: 10n }],
    },
  ],
};

/** An honest client is heard, whatever another one did. */
async function assertHeard(scene: LrsScene): Promise<void> {
  const stream = scene.connect();
  stream.send(fine);
  await stream.answer();
  scene.pass(2_000);
  const mine = scene.loads.observed("report").filter(({ from }) => from.region === "dc-a");
  assert.deepEqual(
    mine.map(({ requests }) => requests),
    [10],
  );
}

test("garbage ends its own stream", async () => {
  await using scene = await startLrsScene();
  for (const bytes of [Buffer.from("garbage"), Buffer.of(0x12, 0xff, 0xff, 0xff, 0x7f), Buffer.alloc(1_000, 0xff)]) {
    const stream = scene.connect();
    stream.sendBytes(bytes);
    assert.match(await stream.ended(), /^INVALID_ARGUMENT: the request is no LoadStatsRequest/);
  }
  await assertHeard(scene);
});

test("messages nested very deep end their own stream", async () => {
  await using scene = await startLrsScene();
  const stream = scene.connect();
  // A node's metadata as nested structs: fields { key: "a", value: struct_value { … } }, written from the inside out.
  let struct = Buffer.alloc(0);
  const wrap = (field: number, bytes: Buffer) => {
    const length: number[] = [];
    for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
      length.push(rest >= 128 ? (rest % 128) + 128 : rest);
      if (rest < 128) break;
    }
    return Buffer.concat([Buffer.from([field * 8 + 2, ...length]), bytes]);
  };
  for (let depth = 0; depth < 2_000; depth += 1)
    struct = wrap(1, Buffer.concat([wrap(1, Buffer.from("a")), wrap(2, wrap(5, struct))]));
  stream.sendBytes(wrap(1, Buffer.concat([wrap(1, Buffer.from("deep")), wrap(3, struct)])));
  assert.match(await stream.ended(), /^INVALID_ARGUMENT: .*recursion depth/);
  await assertHeard(scene);
});

test("a client that reports without pause is ended, and told what is wanted", async () => {
  await using scene = await startLrsScene();
  const stream = scene.connect();
  for (let report = 0; report < 30; report += 1) stream.send(fine);
  assert.equal(await stream.ended(), "RESOURCE_EXHAUSTED: too many reports: one is wanted every 2 s");
  assert.equal(scene.notes.filter(({ kind }) => kind === "load-reported").length, 10);
});

test("made-up localities and endpoints are left out and told; who was there before keeps being counted", async () => {
  await using scene = await startLrsScene({ services: ["report", "billing"] });
  const honest = scene.connect();
  honest.send(fine);
  await honest.answer();
  const liar = scene.connect();
  for (let round = 0; round < 8; round += 1) {
    liar.send({
      node: { ...edge, id: "liar", locality: { region: "dc-x" } },
      clusterStats: [
        {
          clusterName: "report",
          upstreamLocalityStats: Array.from({ length: 1_000 }, (_, index) => ({
            locality: { region: `dc-${round}-${index}` },
            totalIssuedRequests: 2n ** 63n,
            upstreamEndpointStats: Array.from({ length: 10 }, (_, endpoint) => ({
              address: {
                address: {
                  case: "socketAddress",
                  value: {
                    address: `10.${round}.${index % 250}.${endpoint}`,
                    portSpecifier: { case: "portValue", value: index },
                  },
                },
              },
              totalIssuedRequests: 1n,
            })),
          })),
        },
      ],
    });
    scene.pass(2_000);
  }
  await until(
    () => scene.notes.filter((note) => note.kind === "load-reported" && note.nodeId === "liar").length === 8,
    {
      within: 30_000,
      what: "all reports of the liar",
    },
  );
  const { pairsPerService, endpointsPerService } = loadLimits;
  assert.ok(scene.loads.observed().length <= pairsPerService);
  assert.ok(scene.loads.endpoints("report").length <= endpointsPerService);
  assert.ok(scene.notes.some((note) => note.kind === "load-left-out" && note.nodeId === "liar" && note.rows > 0));
  await assertHeard(scene);
});
