import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, credentials, Metadata, Server, ServerCredentials, type ServerUnaryCall, status } from "@grpc/grpc-js";
import { foreignClients, programOf } from "../clients/program-of.ts";
import { documentOf } from "../kit/documents.ts";
import { type CallOptions, type EchoReply, sayMethod } from "../kit/echo.ts";
import { answersById, codes, type Load, startLoad } from "../kit/grpc-load.ts";
import { settledAfter } from "../kit/settled.ts";
import { assertShare } from "../kit/share.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { startWeir, type Weir } from "../kit/weir.ts";
import { startXdsClient, type XdsClient } from "../kit/xds-client.ts";

const other = "/echo.v1.Other/Ask";
const slow = "/echo.v1.Slow/Wait";

/** Of every kind that all clients know, each leading to somebody else. */
const partings = [
  { matches: [{ method: { service: "echo.v1.Other" } }], backendRefs: [{ service: "result" }] },
  {
    matches: [{ headers: [{ name: "x-canary", value: "yes|1", type: "RegularExpression" }] }],
    backendRefs: [{ service: "report", subset: "v2" }],
  },
  {
    matches: [
      {
        headers: [
          { name: "x-tenant", value: "ana", invert: true },
          { name: "x-old", type: "Present" },
        ],
      },
    ],
    backendRefs: [{ service: "report", subset: "v1" }],
  },
  {
    matches: [{ method: { service: "echo\\.v1\\.(Slow|Quick)", type: "RegularExpression" } }],
    backendRefs: [{ service: "result" }],
  },
];

test("requests of one host part ways by method and header, the rest goes to the service", async () => {
  await using scene = await startScene();
  await scene.route(partings);
  for (const [what, load] of scene.clients) await assertPartings(load, what);
});

for (const [language, { prepare }] of Object.entries(foreignClients)) {
  // The first time, it has to be built.
  test(`a gRPC client in ${language} takes the same ways`, { timeout: 240_000 }, async (t) => {
    const program = await programOf(prepare, t);
    if (program === undefined) return t.skip("its tools are missing");
    await using scene = await startScene();
    await scene.route(partings);
    const node = { id: `${language}-1`, cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
    await using client = await startXdsClient({ target: "xds:///report", xds: scene.xds, node, program });
    await client.send(1);
    await assertPartings(client, language);
  });
}

async function assertPartings(load: Pick<Load, "send">, what: string): Promise<void> {
  const who = async (options: CallOptions, count = 60) =>
    [...answersById(await load.send(count, options)).keys()].sort();
  assert.deepEqual(await who({ path: other }), ["result-1"], what);
  assert.deepEqual(await who({ path: other, headers: { "x-canary": "1" } }), ["result-1"], `${what}: the first holds`);
  assert.deepEqual(await who({ headers: { "x-canary": "1" } }), ["v2-1"], what);
  assert.deepEqual(await who({ headers: { "x-old": "any" } }), ["v1-1", "v1-2"], `${what}: no tenant is not ana`);
  assert.deepEqual(await who({ headers: { "x-old": "any", "x-tenant": "bob" } }), ["v1-1", "v1-2"], what);
  assert.deepEqual(await who({ headers: { "x-old": "any", "x-tenant": "ana" } }), ["v1-1", "v1-2", "v2-1"], what);
  // All of "yes|1": what begins with the one or ends with the other does not match.
  assert.deepEqual(await who({ headers: { "x-canary": "yes-21" } }), ["v1-1", "v1-2", "v2-1"], `${what}: no rule`);
  assert.deepEqual(await who({ path: slow, deadlineMs: 20_000 }, 5), ["result-1"], `${what}: a method by its pattern`);
}

test("weights, percent and the subsets of a split are kept, by Envoy and by the Node client", async () => {
  await using scene = await startScene();
  await scene.put(
    "trafficSplits",
    documentOf("TrafficSplit", "report", { service: "report", subsets: { v1: 90, v2: 10 } }),
  );
  for (const [what, load] of scene.clients) {
    const answers = answersById(await load.send(2_000));
    assertShare(answers.get("v2-1") ?? 0, { of: 2_000, share: 0.1, what: `v2 by the split, ${what}` });
  }
  await scene.route([
    { matches: [{ percent: 20 }], backendRefs: [{ service: "result" }] },
    {
      backendRefs: [
        { service: "report", weight: 3 },
        { service: "result", weight: 1 },
      ],
    },
  ]);
  for (const [what, load] of scene.clients) {
    const answers = answersById(await load.send(2_000));
    const share = 0.2 + 0.8 / 4;
    assertShare(answers.get("result-1") ?? 0, { of: 2_000, share, what: `percent and weight, ${what}` });
    assertShare(answers.get("v2-1") ?? 0, { of: 2_000, share: 0.8 * 0.75 * 0.1, what: `the rest as split, ${what}` });
  }
});

test("parts of requests that follow one another are each drawn anew, and so are copies", async () => {
  await using scene = await startScene();
  await scene.route([
    { matches: [{ percent: 20 }], backendRefs: [{ service: "result" }] },
    { matches: [{ percent: 50 }], backendRefs: [{ service: "report", subset: "v2" }] },
    { backendRefs: [{ service: "report", subset: "v1" }], mirror: { service: "down", percent: 25 } },
  ]);
  for (const [what, load] of scene.clients) {
    const answers = answersById(await load.send(2_000));
    assertShare(answers.get("result-1") ?? 0, { of: 2_000, share: 0.2, what: `the first part, ${what}` });
    assertShare(answers.get("v2-1") ?? 0, { of: 2_000, share: 0.4, what: `half of the rest, ${what}` });
  }
  assertShare(scene.calls("down-1"), { of: 2_000, share: 0.1, what: "copies of a quarter of what is left" });
});

test("a mirror sees its part of the requests, and nobody waits for it", async () => {
  await using scene = await startScene();
  await scene.route([
    { backendRefs: [{ service: "report", subset: "v1" }], mirror: { service: "result", percent: 25 } },
  ]);
  const records = await scene.edge.send(1_000);
  assert.deepEqual([...codes(records).keys()], ["OK"]);
  assert.ok([...answersById(records).keys()].every((id) => id.startsWith("v1-")));
  assertShare(scene.calls("result-1"), { of: 1_000, share: 0.25, what: "copies" });
  assert.deepEqual([...codes(await scene.proxyless.send(100)).keys()], ["OK"], "a gRPC client makes no copies");
});

test("a rule has time limits, retries and a hash of its own", async () => {
  await using scene = await startScene();
  await scene.put(
    "trafficPolicies",
    documentOf("TrafficPolicy", "report", {
      targetRefs: [{ name: "report" }],
      loadBalancer: { type: "RingHash", consistentHash: { header: "x-tenant" } },
      outlierDetection: { enabled: false },
      retry: { attempts: 0 },
    }),
  );
  await scene.put(
    "trafficPolicies",
    documentOf("TrafficPolicy", "down", {
      targetRefs: [{ name: "down" }],
      outlierDetection: { enabled: false },
      retry: { attempts: 0 },
    }),
  );
  const once = { attempts: 2, backOff: { baseInterval: "5ms", maxInterval: "10ms" } };
  await scene.route([
    {
      matches: [{ method: { service: "echo.v1.Slow" } }],
      backendRefs: [{ service: "report" }],
      timeouts: { request: "150ms" },
    },
    {
      matches: [{ headers: [{ name: "x-down", value: "again" }] }],
      backendRefs: [{ service: "down" }],
      retry: once,
    },
    { matches: [{ headers: [{ name: "x-down", type: "Present" }] }], backendRefs: [{ service: "down" }] },
    { backendRefs: [{ service: "report" }], hashOn: { header: "x-report-id" } },
  ]);
  for (const [what, load] of scene.clients) {
    const late = await load.send(4, { path: slow });
    assert.deepEqual([...codes(late)], [["DEADLINE_EXCEEDED", 4]], what);
    assert.ok(
      late.every(({ startedAt, endedAt }) => endedAt - startedAt < 700),
      `${what}: the back end takes a second`,
    );
    const before = scene.calls("down-1");
    assert.deepEqual([...codes(await load.send(5, { headers: { "x-down": "again" } }))], [["UNAVAILABLE", 5]], what);
    assert.equal(scene.calls("down-1") - before, 15, `${what}: two retries each`);
    await load.send(5, { headers: { "x-down": "once" } });
    assert.equal(scene.calls("down-1") - before, 20, `${what}: without the rule's retries`);

    const ids = Array.from({ length: 20 }, (_, index) => `report-${index}`);
    const byId = await Promise.all(
      ids.map(async (id) => answersById(await load.send(5, { headers: { "x-report-id": id, "x-tenant": "ana" } }))),
    );
    assert.ok(
      byId.every((answers) => answers.size === 1),
      `${what}: one endpoint for each report`,
    );
    assert.ok(
      new Set(byId.flatMap((answers) => [...answers.keys()])).size > 1,
      `${what}: several endpoints for several`,
    );
  }
});

test("a caller stays on the endpoint that served it first, as long as it is there", async () => {
  await using scene = await startScene();
  await scene.route([{ backendRefs: [{ service: "report" }], sessionAffinity: { header: "x-session" } }]);
  assert.equal(answersById(await scene.edge.send(60)).size, 3, "who brings no session goes anywhere");
  const metadata = await sessionOf(scene.edgeTarget);
  assert.equal(answersById(await scene.edge.send(60, { metadata })).size, 1);
});

test("a host of a Route alone is reached, and what no rule takes there is refused", async () => {
  await using scene = await startScene();
  const rules = [
    { matches: [{ method: { service: "echo.v1.Echo" } }], backendRefs: [{ service: "report", subset: "v2" }] },
  ];
  await scene.put("routes", documentOf("Route", "front", { hosts: ["front.example"], rules }));
  await using edge = startLoad({ target: scene.edgeTarget, authority: "front.example" });
  assert.deepEqual([...answersById(await edge.send(20)).keys()], ["v2-1"]);
  assert.deepEqual([...codes(await edge.send(3, { path: other }))], [["UNIMPLEMENTED", 3]]);
  const proxyless = (options: CallOptions) => scene.proxyless.send(3, { target: "xds:///front.example", ...options });
  assert.deepEqual([...answersById(await proxyless({})).keys()], ["v2-1"]);
  assert.deepEqual([...codes(await proxyless({ path: other }))], [["UNAVAILABLE", 3]]);
});

test("a subset that loses its last member fails its requests, or all of the service takes them", async () => {
  await using scene = await startScene();
  const ask = {
    matches: [{ headers: [{ name: "x-version", value: "v2" }] }],
    backendRefs: [{ service: "report", subset: "v2" }],
  };
  await scene.route([ask]);
  const headers = { "x-version": "v2" };
  for (const [what, load] of scene.clients)
    assert.deepEqual([...answersById(await load.send(20, { headers })).keys()], ["v2-1"], what);
  await scene.setReport({ without: "v2-1", whenEmpty: "Fail" });
  for (const [what, load] of scene.clients)
    assert.deepEqual([...codes(await load.send(5, { headers, deadlineMs: 2_000 })).keys()], ["UNAVAILABLE"], what);
  await scene.setReport({ without: "v2-1", whenEmpty: "UseAll" });
  for (const [what, load] of scene.clients)
    assert.deepEqual([...answersById(await load.send(40, { headers })).keys()].sort(), ["v1-1", "v1-2"], what);
});

test("a Route and subsets that come and go under load fail no request", async () => {
  await using scene = await startScene();
  const load = scene.clients.map(([, each]) => each.sendAtRate({ perSecond: 100, forMs: 4_000 }));
  const rules = [{ backendRefs: [{ service: "report", subset: "v1" }, { service: "result" }] }];
  for (let round = 0; round < 2; round += 1) {
    await scene.route(rules);
    await scene.delete("routes", "report");
  }
  await scene.put(
    "trafficSplits",
    documentOf("TrafficSplit", "report", { service: "report", subsets: { v1: 50, v2: 50 } }),
  );
  for (const records of await Promise.all(load)) assert.deepEqual([...codes(records).keys()], ["OK"]);
});

type Scene = AsyncDisposable & {
  readonly edge: Load;
  readonly edgeTarget: string;
  /** Where clients ask the control plane. */
  readonly xds: string;
  readonly proxyless: XdsClient;
  readonly clients: readonly (readonly [string, Pick<Load, "send" | "sendAtRate">])[];
  /** Requests that a back end has been given. */
  calls(id: string): number;
  /** Sets the Route of `report`. */
  route(rules: readonly object[]): Promise<void>;
  put(collection: string, document: ReturnType<typeof documentOf>): Promise<void>;
  delete(collection: string, name: string): Promise<void>;
  setReport(wanted: { readonly without?: string; readonly whenEmpty?: string }): Promise<void>;
};

/** Two back ends of version 1 and one of version 2, two other services, an Envoy edge and a Node client. */
async function startScene(): Promise<Scene> {
  await using started = new AsyncDisposableStack();
  const ids = ["v1-1", "v1-2", "v2-1", "result-1", "down-1"];
  const backends = await Promise.all(ids.map(async (id) => started.use(await startAnswering(id))));
  const endpoint = ({ id, address }: Answering) => ({
    address,
    locality: "dc-a/z1",
    metadata: { version: id.slice(0, 2) },
  });
  const serviceOf = (name: string, wanted: (id: string) => boolean, spec: object = {}) =>
    documentOf("Service", name, {
      ...spec,
      endpoints: [{ static: backends.filter(({ id }) => wanted(id)).map(endpoint) }],
    });
  const report = (without?: string, whenEmpty = "Fail") =>
    serviceOf("report", (id) => id.startsWith("v") && id !== without, {
      subsets: { v1: { match: { version: "v1" } }, v2: { match: { version: "v2" }, whenEmpty } },
    });
  const services = [report(), ...["result", "down"].map((name) => serviceOf(name, (id) => id === `${name}-1`))];
  const documents = services.map((each) => [`${each.metadata.name}.json`, JSON.stringify(each)]);
  const weir = started.use(await startWeir({ documents: Object.fromEntries(documents) }));
  const envoy = started.use(await startEdge(weir));
  const edgeTarget = await envoy.listener("edge");
  const edge = started.use(startLoad({ target: edgeTarget, authority: "report" }));
  const node = { id: "client-1", cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
  const proxyless = started.use(await startXdsClient({ target: "xds:///report", xds: weir.xds, node }));
  for (const load of [edge, proxyless]) await load.send(1);
  const put: Scene["put"] = (collection, document) => putDocument(weir, collection, document);
  const running = started.move();
  return {
    edge,
    edgeTarget,
    xds: weir.xds,
    proxyless,
    clients: [
      ["through Envoy", edge],
      ["by the Node client", proxyless],
    ],
    calls: (id) => backends.find((each) => each.id === id)?.calls() ?? 0,
    route: (rules) => put("routes", documentOf("Route", "report", { hosts: ["report"], rules })),
    put,
    async delete(collection, name) {
      const { status, body } = await weir.api("DELETE", `/v1/${collection}/${name}`);
      assert.ok(status < 300, JSON.stringify(body));
    },
    setReport: ({ without, whenEmpty }) => put("services", report(without, whenEmpty)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Writes it and waits until every client has it. */
function putDocument(weir: Weir, collection: string, document: ReturnType<typeof documentOf>): Promise<void> {
  return settledAfter(weir, weir.api("PUT", `/v1/${collection}/${document.metadata.name}`, document));
}

type Answering = AsyncDisposable & { readonly id: string; readonly address: string; calls(): number };

/** A back end that answers to three methods, slowly to one of them; `down-1` only says UNAVAILABLE. */
async function startAnswering(id: string): Promise<Answering> {
  const server = new Server();
  let calls = 0;
  const answer =
    (latencyMs: number) =>
    (_call: ServerUnaryCall<Buffer, EchoReply>, respond: (error: object | null, reply?: EchoReply) => void) => {
      calls += 1;
      if (id.startsWith("down")) respond({ code: status.UNAVAILABLE, details: "down" });
      else setTimeout(() => respond(null, { id, datacenter: "dc-a" }), latencyMs);
    };
  const methods = { say: sayMethod, ask: { ...sayMethod, path: other }, wait: { ...sayMethod, path: slow } };
  server.addService(methods, { say: answer(0), ask: answer(0), wait: answer(1_000) });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    id,
    address: `127.0.0.1:${port}`,
    calls: () => calls,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

/** The header that names the endpoint which answered. */
async function sessionOf(target: string): Promise<Metadata> {
  const client = new Client(target, credentials.createInsecure(), { "grpc.default_authority": "report" });
  const { path, requestSerialize, responseDeserialize } = sayMethod;
  const metadata = await new Promise<Metadata>((resolve, reject) => {
    client
      .makeUnaryRequest(path, requestSerialize, responseDeserialize, Buffer.alloc(1), (error: Error | null) => {
        if (error) reject(error);
      })
      .on("metadata", resolve);
  });
  client.close();
  const session = new Metadata();
  session.set("x-session", String(metadata.get("x-session")[0]));
  return session;
}
