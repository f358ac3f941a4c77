import assert from "node:assert/strict";
import { test } from "node:test";
import { foreignClients, programOf } from "../clients/program-of.ts";
import { answersById, codes } from "../kit/grpc-load.ts";
import { policyDocuments, startReporting } from "../kit/reporting-backend.ts";
import { assertWeighed } from "../kit/weighed.ts";
import { startWeir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";
import { startXdsClient } from "../kit/xds-client.ts";

const byCaller =
  "consistentHash: {firstOf: [{cookie: {name: a, ttl: 1h}}, {header: x-key}, {method: {}}, {sourceAddress: {}}]}";

/** Service to policy; all of them have the same three endpoints. */
const policies = {
  ring: `loadBalancer: {type: RingHash, ${byCaller}}`,
  maglev: `loadBalancer: {type: Maglev, ${byCaller.replace("]}", "], tableSize: 1009, balanceFactor: 150}")}}`,
  reported:
    "loadBalancer: {type: WeightedRoundRobin, slowStart: {window: 1s}, weightedRoundRobin: {blackoutPeriod: 100ms, weightUpdatePeriod: 100ms}}",
  streamed:
    "loadBalancer: {type: WeightedRoundRobin, weightedRoundRobin: {blackoutPeriod: 100ms, weightUpdatePeriod: 100ms, outOfBand: {period: 100ms}}}",
  tuned: `loadBalancer: {type: LeastRequest, choices: 3, activeRequestBias: 2, slowStart: {window: 1m}},
  outlierDetection: {localOrigin: {}, successRate: {enforcing: 100}, detectDegradedHosts: true, maxEjectionTimeJitter: 0s},
  circuitBreaker: {maxRequests: 100, maxRetries: 0, perEndpoint: {maxConnections: 1}},
  retry: {attempts: 10, retryOn: [UNAVAILABLE, INTERNAL, gateway-error], otherPriority: {}, rateLimitedBackOff: {}, backOff: {baseInterval: 1s, maxInterval: 5s}},
  timeouts: {request: 1m, maxStream: 2m, streamIdle: 1m},
  connection: {maxConcurrentStreams: 10, ping: {interval: 5m}},
  healthCheck: {grpc: {}, perLocality: {dc-a: {disabled: true}}}`,
};

/** The first calls of a process wait until it has compiled itself, been told where to go and connected. */
const patient = { deadlineMs: 40_000 };

for (const [language, { prepare }] of Object.entries(foreignClients)) {
  // The first time, it has to be built, which takes a busy machine minutes.
  test(`a gRPC client in ${language} takes every policy, hashes by its channel and goes by what endpoints report`, {
    timeout: 600_000,
  }, async (t) => {
    const program = await programOf(prepare, t);
    if (program === undefined) return t.skip("its tools are missing");
    await using started = new AsyncDisposableStack();
    const backends = await Promise.all(
      [0.2, 0.8, 0.8].map(async (utilization, index) =>
        started.use(await startReporting(`dc-a-${index + 1}`, { utilization })),
      ),
    );
    const documents = Object.entries(policies).map(([name, policy]) => [
      `${name}.yaml`,
      policyDocuments(name, backends, policy),
    ]);
    const weir = started.use(await startWeir({ documents: Object.fromEntries(documents) }));
    const start = async (service: string) => {
      const node = { id: `${language}-${service}`, cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
      return started.use(await startXdsClient({ target: `xds:///${service}`, xds: weir.xds, node, program }));
    };

    for (const service of ["ring", "maglev"]) {
      const client = await start(service);
      assert.equal(answersById(await client.send(60, patient)).size, 1, service);
    }

    for (const service of ["reported", "streamed"]) {
      const client = await start(service);
      await assertWeighed(client.send, { "dc-a-1": 4 / 6, "dc-a-2": 1 / 6, "dc-a-3": 1 / 6 });
    }

    const tuned = await start("tuned");
    assert.deepEqual(codes(await tuned.send(60, patient)), new Map([["OK", 60]]));

    const { stdout } = await weirCommand(weir, ["proxy", "status"]);
    assert.doesNotMatch(stdout, /ERROR/);
    assert.equal(stdout.match(/SYNCED/g)?.length, 4 * Object.keys(policies).length, stdout);
  });
}
