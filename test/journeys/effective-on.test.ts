import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { foreignClients, programOf } from "../clients/program-of.ts";
import { type Backend, startBackend } from "../kit/backend.ts";
import { documentOf } from "../kit/documents.ts";
import type { CallRecord } from "../kit/echo.ts";
import { answersById, codes } from "../kit/grpc-load.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";
import { startXdsClient, type XdsClient } from "../kit/xds-client.ts";

// What docs/effective-on.md says of gRPC clients, by each library that runs here.

type Program = Parameters<typeof startXdsClient>[0]["program"];

/** Undefined: its tools are missing. grpc-go makes as many tries as it is asked for, the others five. */
const libraries: Readonly<
  Record<
    string,
    {
      readonly tries: number;
      readonly leastRequest: boolean;
      readonly program: (t: TestContext) => Promise<Program | "ours" | undefined>;
    }
  >
> = {
  node: { tries: 5, leastRequest: false, program: async () => "ours" },
  go: { tries: 10, leastRequest: true, program: (t) => programOf(foreignClients.go.prepare, t) },
  java: { tries: 5, leastRequest: true, program: (t) => programOf(foreignClients.java.prepare, t) },
  python: { tries: 5, leastRequest: false, program: (t) => programOf(foreignClients.python.prepare, t) },
};

// Waits of 1 ms hang in the C core, which is told of 2.
const policyOf = (spec: object) =>
  documentOf("TrafficPolicy", "report", {
    targetRefs: [{ name: "report" }],
    outlierDetection: { enabled: false },
    ...spec,
  });

for (const [language, { tries, program: programFor }] of Object.entries(libraries)) {
  test(`gRPC in ${language} tries ${tries} times, does the faults of routes, and leaves out who answers badly as soon as it is told to`, {
    timeout: 240_000,
  }, async (t) => {
    const program = await programFor(t);
    if (program === undefined) return t.skip("its tools are missing");
    await using scene = await startThree(program === "ours" ? undefined : program);
    const { weir, client, backends } = scene;

    for (const backend of backends) backend.fail(true);
    const before = callsOf(backends);
    assert.deepEqual([...codes(await client.send(20))], [["UNAVAILABLE", 20]]);
    assert.equal(callsOf(backends) - before, 20 * tries, "nine retries were asked for");
    for (const backend of backends) backend.fail(false);

    const abort = { backendRefs: [{ service: "report" }], fault: { abort: { grpcStatus: "PERMISSION_DENIED" } } };
    await put(weir, "routes", documentOf("Route", "report", { rules: [abort] }));
    await untilAll(client, "PERMISSION_DENIED", 1);
    const aborted = callsOf(backends);
    assert.deepEqual([...codes(await client.send(20))], [["PERMISSION_DENIED", 20]]);
    assert.equal(callsOf(backends), aborted, "no call reaches the service");
    await weir.api("DELETE", "/v1/routes/report");
    await untilAll(client, "OK", 20);

    backends[0]?.fail(true);
    const failurePercentage = { requestVolume: 5, threshold: 50 };
    const outlierDetection = { interval: "1s", baseEjectionTime: "1h", maxEjectionTime: "1h", failurePercentage };
    await put(weir, "trafficPolicies", policyOf({ retry: { attempts: 0 }, outlierDetection }));
    await untilAll(client, "OK", 60);
    const left = backends[0]?.calls();
    assert.deepEqual([...codes(await client.send(60))], [["OK", 60]]);
    assert.equal(backends[0]?.calls(), left, "the failing endpoint is left out");

    // Seen to leave calls without an answer for a minute when it is turned off, once in several runs: docs/gotchas.md.
    if (language === "java") return;
    await put(weir, "trafficPolicies", policyOf({ retry: { attempts: 0 } }));
    await until(async () => codes(await client.send(30)).has("UNAVAILABLE"), {
      within: 20_000,
      what: "nothing is left out any more, since it is off again",
    });
  });
}

for (const [language, { program: programFor }] of Object.entries(libraries)) {
  test(`gRPC in ${language} keeps to time limits, to requests at a time and to one endpoint for each channel, as soon as it is told to`, {
    timeout: 240_000,
  }, async (t) => {
    const program = await programFor(t);
    if (program === undefined) return t.skip("its tools are missing");
    await using scene = await startThree(program === "ours" ? undefined : program, { latencyMs: 500 });
    const { weir, client } = scene;
    const retry = { attempts: 0 };

    await put(weir, "trafficPolicies", policyOf({ retry, timeouts: { request: "100ms" } }));
    await untilAll(client, "DEADLINE_EXCEEDED", 3);
    await put(weir, "trafficPolicies", policyOf({ retry }));
    await untilAll(client, "OK", 3);

    await put(weir, "trafficPolicies", policyOf({ retry, circuitBreaker: { maxRequests: 5 } }));
    // Tried again while it is not so: on a busy machine twenty calls do not all begin within half a second.
    await until(async () => keepsToFive(await callsAtATime(client, program), program), {
      within: 60_000,
      what: "five calls at a time are let through, and the others refused at once",
    });

    const loadBalancer = { type: "RingHash", consistentHash: { sourceAddress: {} } };
    await put(weir, "trafficPolicies", policyOf({ retry, loadBalancer }));
    await until(async () => answersById(await client.send(30, { atOnce: 30 })).size === 1, {
      within: 30_000,
      what: "all calls of a channel go to one endpoint",
    });
    await put(weir, "trafficPolicies", policyOf({ retry, loadBalancer: { type: "RoundRobin" } }));
    await until(async () => answersById(await client.send(30, { atOnce: 30 })).size === 3, {
      within: 30_000,
      what: "calls go to all endpoints again",
    });
  });
}

for (const [language, { leastRequest, program: programFor }] of Object.entries(libraries)) {
  test(`asked for least request, gRPC in ${language} ${leastRequest ? "spares who is slow" : "takes endpoints in turn"}`, {
    timeout: 240_000,
  }, async (t) => {
    const program = await programFor(t);
    if (program === undefined) return t.skip("its tools are missing");
    await using scene = await startThree(program === "ours" ? undefined : program, { slowestMs: 200 });
    const { weir, client } = scene;
    await put(weir, "trafficPolicies", policyOf({ loadBalancer: { type: "LeastRequest", choices: 3 } }));
    const slowShare = (records: readonly CallRecord[]) => (answersById(records).get("report-1") ?? 0) / records.length;
    if (leastRequest)
      await until(async () => slowShare(await client.send(150, { atOnce: 6 })) < 0.2, {
        within: 30_000,
        what: "the slow one of three gets less than a fifth",
      });
    else {
      await delay(1_000);
      const share = slowShare(await client.send(150, { atOnce: 6 }));
      assert.ok(share > 0.28, `in turn is a third each; the slow one got ${share}`);
    }
  });
}

/** More at a time than five; those of grpc-js that begin in the same turn of its loop are not counted against each other. */
function callsAtATime(client: XdsClient, program: Program | "ours") {
  return program === "ours" ? client.sendAtRate({ perSecond: 100, forMs: 2_000 }) : client.send(20, { atOnce: 20 });
}

function keepsToFive(records: readonly CallRecord[], program: Program | "ours"): boolean {
  const refused = records.filter(({ code }) => code === "UNAVAILABLE");
  const served = codes(records).get("OK") ?? 0;
  const atOnce = refused.every(({ startedAt, endedAt }) => endedAt - startedAt < 400);
  // Calls take half a second: five at a time are twenty in two seconds, and a few more that begin in the same instant.
  const isFive = program === "ours" ? served >= 10 && served <= 40 : served === 5;
  return isFive && atOnce && served + refused.length === records.length;
}

type Three = AsyncDisposable & {
  readonly weir: Weir;
  readonly client: XdsClient;
  readonly backends: readonly Backend[];
};

/** Three endpoints in one zone, and a client of them that is told to retry nine times. */
async function startThree(
  program: Program,
  { latencyMs = 0, slowestMs }: { readonly latencyMs?: number; readonly slowestMs?: number } = {},
): Promise<Three> {
  await using started = new AsyncDisposableStack();
  const backends = await Promise.all(
    [slowestMs ?? latencyMs, latencyMs, latencyMs].map(async (ownMs, index) =>
      started.use(await startBackend({ id: `report-${index + 1}`, datacenter: "dc-a", latencyMs: ownMs })),
    ),
  );
  const endpoints = [{ static: backends.map(({ address }) => ({ address, locality: "dc-a/z1" })) }];
  const retry = { attempts: 9, backOff: { baseInterval: "1ms", maxInterval: "1ms" } };
  const documents = { "service.json": JSON.stringify(documentOf("Service", "report", { endpoints })) };
  const weir = started.use(await startWeir({ documents }));
  await put(weir, "trafficPolicies", policyOf({ loadBalancer: { type: "RoundRobin" }, retry }));
  const node = { id: "client-1", cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
  const client = started.use(
    await startXdsClient({ target: "xds:///report", xds: weir.xds, node, ...(program && { program }) }),
  );
  await untilAll(client, "OK", 12);
  const running = started.move();
  return { weir, client, backends, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function put(weir: Weir, collection: string, document: { readonly metadata: { name: string } }): Promise<void> {
  const { status, body } = await weir.api("PUT", `/v1/${collection}/${document.metadata.name}`, document);
  assert.ok(status < 300, JSON.stringify(body));
}

/** Until so many calls all end so. */
async function untilAll(client: XdsClient, code: string, calls: number): Promise<void> {
  await until(async () => codes(await client.send(calls)).get(code) === calls, {
    within: 30_000,
    what: `${calls} calls end with ${code}`,
  });
}

function callsOf(backends: readonly Backend[]): number {
  return backends.reduce((sum, backend) => sum + backend.calls(), 0);
}
