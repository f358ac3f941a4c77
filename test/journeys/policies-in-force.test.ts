import assert from "node:assert/strict";
import { test } from "node:test";
import { Metadata } from "@grpc/grpc-js";
import { answersById, codes, type Load, startLoad } from "../kit/grpc-load.ts";
import { policyDocuments, type ReportingOptions, startReporting } from "../kit/reporting-backend.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { assertWeighed } from "../kit/weighed.ts";
import { startWeir } from "../kit/weir.ts";
import { startXdsClient } from "../kit/xds-client.ts";

test("policies do to requests what they say, through Envoy and in the Node client", async (t) => {
  await using parts = new AsyncDisposableStack();
  const start = async (id: string, options: ReportingOptions) => parts.use(await startReporting(id, options));
  const good = await Promise.all(["dc-a-1", "dc-a-2", "dc-a-3"].map((id) => start(id, { utilization: 0.4 })));
  const uneven = await Promise.all(
    [0.2, 0.8, 0.8].map((utilization, index) => start(`dc-a-${index + 4}`, { utilization })),
  );
  const silent = await Promise.all(
    [0.2, 0.8, 0.8].map((utilization, index) => start(`dc-a-${index + 4}`, { utilization, outOfBand: true })),
  );
  const failing = await Promise.all(["dc-a-7", "dc-a-8"].map((id) => start(id, { failing: true })));
  const elsewhere = await start("dc-b-1", {});
  const toDcA = "rules: [{to: {dc-a: 100}, failover: [dc-b]}]";
  const hash = (type: string, source: string) => `loadBalancer: {type: ${type}, consistentHash: ${source}}`;
  const weir = parts.use(
    await startWeir({
      documents: {
        "ring.yaml": policyDocuments(
          "ring",
          good,
          hash("RingHash", "{firstOf: [{header: x-key}, {sourceAddress: {}}]}"),
        ),
        "maglev.yaml": policyDocuments(
          "maglev",
          good,
          hash("Maglev", "{firstOf: [{header: x-key}, {sourceAddress: {}}]}"),
        ),
        "method.yaml": policyDocuments("method", good, hash("Maglev", "{method: {}, tableSize: 1009}")),
        "reported.yaml": policyDocuments(
          "reported",
          uneven,
          "loadBalancer: {type: WeightedRoundRobin, weightedRoundRobin: {blackoutPeriod: 100ms, weightUpdatePeriod: 100ms}}",
        ),
        "streamed.yaml": policyDocuments(
          "streamed",
          silent,
          "loadBalancer: {type: WeightedRoundRobin, weightedRoundRobin: {blackoutPeriod: 100ms, weightUpdatePeriod: 100ms, outOfBand: {period: 100ms}}}",
        ),
        "stuck.yaml": policyDocuments(
          "stuck",
          [...failing, elsewhere],
          "outlierDetection: {enabled: false}, retry: {attempts: 1}",
          toDcA,
        ),
        "moving.yaml": policyDocuments(
          "moving",
          [...failing, elsewhere],
          "outlierDetection: {enabled: false}, retry: {attempts: 1, otherPriority: {updateFrequency: 1}}",
          toDcA,
        ),
        "checked.yaml": policyDocuments(
          "checked",
          [...good, elsewhere],
          "panicThreshold: 0, healthCheck: {grpc: {}, interval: 100ms, perLocality: {dc-b: {disabled: true}}}",
          toDcA,
        ),
      },
    }),
  );
  const edge = parts.use(await startEdge(weir));
  const target = await edge.listener("edge");
  const through = (authority: string): Load => parts.use(startLoad({ target, authority }));
  const env = { GRPC_EXPERIMENTAL_XDS_WRR_LB: "true" };
  const node = { id: "client-1", cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
  const proxyless = parts.use(await startXdsClient({ target: "xds:///ring", xds: weir.xds, node, env }));

  for (const service of ["ring", "maglev"]) {
    await t.test(
      `${service}: a key stays where it is, keys spread, and without one it is the caller who stays`,
      async () => {
        const keyed = new Metadata();
        keyed.set("x-key", "the same");
        const load = through(service);
        assert.equal(answersById(await load.send(40, { metadata: keyed })).size, 1, "one key through the edge");
        assert.equal(answersById(await load.send(100, { freshHeader: "x-key" })).size, 3, "many keys through the edge");
        assert.equal(answersById(await load.send(40)).size, 1, "no key through the edge");
        const own = { target: `xds:///${service}` };
        const fresh = await proxyless.send(100, { ...own, freshHeader: "x-key" });
        assert.equal(answersById(fresh).size, 3, "many keys of the proxyless client");
        assert.equal(answersById(await proxyless.send(40, own)).size, 1, "no key of the proxyless client");
      },
    );
  }

  await t.test("method: all calls of one method go to one endpoint", async () => {
    assert.equal(answersById(await through("method").send(60, { freshHeader: "x-key" })).size, 1);
  });

  for (const [service, reports] of Object.entries({ reported: "with answers", streamed: "on streams" })) {
    await t.test(`WeightedRoundRobin: endpoints get by what they report ${reports}`, async () => {
      const load = through(service);
      await assertWeighed(load.send, { "dc-a-4": 4 / 6, "dc-a-5": 1 / 6, "dc-a-6": 1 / 6 });
    });
  }

  await t.test("WeightedRoundRobin: the Node client, which would starve new endpoints, takes turns", async () => {
    const target = "xds:///reported";
    await until(async () => answersById(await proxyless.send(30, { target })).size === 3, {
      within: 30_000,
      what: "the client is connected to all three",
    });
    const turns = await proxyless.send(300, { target });
    for (const [id, count] of answersById(turns))
      assert.ok(count > 90 && count < 110, `${id}: ${count} of ${turns.length}`);
  });

  await t.test("otherPriority: a retry leaves the data center that failed; without, it stays there", async () => {
    assert.deepEqual(codes(await through("stuck").send(50)), new Map([["UNAVAILABLE", 50]]));
    const moved = await through("moving").send(50);
    assert.deepEqual(answersById(moved), new Map([["dc-b-1", 50]]));
  });

  await t.test("perLocality: endpoints of a place that is not checked are healthy, others as they answer", async () => {
    // No backend here has a health service: all but the unchecked ones fail.
    const load = through("checked");
    await until(async () => answersById(await load.send(10)).get("dc-b-1") === 10, {
      within: 20_000,
      what: "all requests go where nobody is asked",
    });
  });
});
