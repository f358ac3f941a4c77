import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf, json, service, split, startTestApi, type TestApi } from "./testing-api.ts";

const dcs = { "dc-a": 70, "dc-b": 30 };
const target = { "dc-a": 20, "dc-b": 80 };
const long = [{ setWeight: 50 }, { pause: "1h" }, { setWeight: 100 }, { pause: "1h" }];

type Operation = {
  readonly name: string;
  readonly state: string;
  readonly step: number;
  readonly steps: number;
  readonly shares: Readonly<Record<string, number>>;
  readonly failures: readonly { readonly interval: number; readonly says: string }[];
  readonly nextStepTime?: string;
  readonly ended?: { readonly by: string; readonly reason: string };
};

async function startSplit(): Promise<TestApi> {
  const api = await startTestApi();
  await api.put("/v1/services/report", service);
  await api.put("/v1/trafficSplits/report", split);
  return api;
}

const begin = async (api: TestApi, body: object, query = "", headers: Record<string, string> = {}) => {
  const answer = await api.send("POST", `/v1/trafficSplits/report:shift${query}`, JSON.stringify(body), {
    ...json,
    "x-weir-actor": "ana",
    ...headers,
  });
  return { ...answer, operation: answer.body as unknown as Operation };
};
const steer = async (api: TestApi, { name }: Operation, verb: string, headers: Record<string, string> = {}) => {
  const answer = await api.send("POST", `/v1/operations/${name}:${verb}`, undefined, headers);
  return { ...answer, operation: answer.body as unknown as Operation };
};
const read = async (api: TestApi, { name }: Operation) =>
  (await api.get(`/v1/operations/${name}`)).body as unknown as Operation;
const rules = async (api: TestApi) =>
  ((await api.get("/v1/trafficSplits/report")).body as { spec?: { rules?: readonly { to: unknown }[] } }).spec?.rules;
const weights = async (api: TestApi) => {
  const { body } = await api.get("/v1/traffic?service=report");
  const { rows } = body as unknown as { rows: readonly { to: string; use: string; weightPercent?: number }[] };
  return Object.fromEntries(
    rows.filter(({ use }) => use === "share").map(({ to, weightPercent }) => [to, weightPercent]),
  );
};
const newest = async (api: TestApi) => {
  const { body } = await api.get("/v1/revisions?limit=1");
  return (body as unknown as { revisions: readonly { by: string; reason: string }[] }).revisions[0];
};

test("a shift moves what callers are given, and the document's shares only when it has ended", async () => {
  await using api = await startSplit();
  const { status, operation, headers } = await begin(api, { target, steps: long }, "?reason=CHG-1");
  assert.equal(status, 200);
  assert.match(String(headers["etag"]), /^"r3-/);
  assert.deepEqual([operation.state, operation.step, operation.steps], ["running", 1, 2]);
  assert.deepEqual(operation.shares, { "dc-a": 45, "dc-b": 55 });
  await api.until(async () => (await weights(api))["dc-b"] === 55);
  assert.deepEqual((await rules(api))?.[0]?.to, dcs);
  assert.deepEqual(await newest(api).then((entry) => [entry?.by, entry?.reason]), [
    "ana",
    `${operation.name}: shift begins: CHG-1`,
  ]);

  const promoted = await steer(api, operation, "promote");
  assert.deepEqual([promoted.operation.state, promoted.operation.step], ["running", 2]);
  await api.until(async () => (await weights(api))["dc-b"] === 80);
  await steer(api, operation, "promote");
  await api.until(async () => (await read(api, operation)).state === "succeeded");
  assert.deepEqual((await rules(api))?.[0]?.to, target);
  assert.match((await newest(api))?.reason ?? "", /^shift-\w+ is through all its steps$/);
});

test("a shift is an operation that can be waited for and cancelled", async () => {
  await using api = await startSplit();
  const { operation } = await begin(api, { target, steps: long });
  const wait = async (timeout: string) => (await steer(api, operation, `wait?timeout=${timeout}`)).body;
  assert.equal((await wait("1ms"))["done"], false);
  const waiting = wait("5m");
  await steer(api, operation, "cancel?reason=odd", { "x-weir-actor": "ben" });
  const { done, error, metadata, response } = await waiting;
  assert.deepEqual([done, error, response], [true, { code: 1, message: "aborted by ben: odd" }, undefined]);
  const { createTime, endTime, ...rest } = metadata as Readonly<Record<string, unknown>>;
  assert.ok(Date.parse(String(createTime)) <= Date.parse(String(endTime)));
  assert.deepEqual(rest, {
    "@type": "type.googleapis.com/weir.operator.v1.ShiftMetadata",
    ...{ target: "trafficSplits/report", verb: "shift", from: "*", createdBy: "ana", progressPercent: 0 },
  });

  const next = await begin(api, { target, steps: [{ setWeight: 100 }] });
  const url = `/v1/operations/${next.operation.name}:wait`;
  const { body } = await api.post(url, { timeout: "5m" });
  assert.deepEqual(
    [body["done"], body["response"]],
    [true, { "@type": "type.googleapis.com/weir.operator.v1.ShiftResponse", shares: target }],
  );
  assert.deepEqual(fieldsOf(await api.post(url, { timeout: "long" })), [
    'timeout: expected a duration like "500ms", "5s" or "1m"',
  ]);
  assert.equal((await steer(api, operation, "wait")).status, 404, "the one before is not kept");
});

test("an aborted shift gives back what it began from, and says who ended it and why", async () => {
  await using api = await startSplit();
  const { operation } = await begin(api, { target, steps: long });
  const { operation: ended } = await steer(api, operation, "abort?reason=looks%20odd", { "x-weir-actor": "bob" });
  assert.deepEqual(
    [ended.state, ended.shares, ended.ended?.by, ended.ended?.reason],
    ["aborted", dcs, "bob", "looks odd"],
  );
  await api.until(async () => (await weights(api))["dc-b"] === 30);
  assert.match((await newest(api))?.reason ?? "", /abort at step 1 of 2, dc-a=45 dc-b=55: looks odd$/);
  const again = await steer(api, operation, "resume");
  assert.equal(again.status, 409);
  assert.match(again.text, /has ended \(aborted: looks odd\)/);
  assert.equal((await begin(api, { target, steps: long })).status, 200);
});

test("a paused shift stands still, and a step that waits goes on when it is resumed", async () => {
  await using api = await startSplit();
  const steps = [{ setWeight: 20 }, { pause: "untilResumed" }, { setWeight: 100 }];
  const { operation } = await begin(api, { target, steps });
  assert.deepEqual([operation.state, operation.nextStepTime], ["waiting", undefined]);
  assert.equal((await steer(api, operation, "pause")).operation.state, "paused");
  assert.equal((await steer(api, operation, "pause")).status, 409);
  await steer(api, operation, "resume");
  await api.until(async () => (await read(api, operation)).state === "succeeded");
});

test("promote to the end takes all steps at once", async () => {
  await using api = await startSplit();
  const { operation } = await begin(api, { target, steps: long });
  const { operation: done } = await steer(api, operation, "promote?full=true");
  assert.deepEqual([done.state, done.shares], ["succeeded", target]);
});

test("while a shift runs its rule's shares cannot be changed, other parts of the split can", async () => {
  await using api = await startSplit();
  const { operation } = await begin(api, { target, steps: long });
  const { body } = await api.get("/v1/trafficSplits/report");
  const document = body as { spec: { rules: readonly object[] } };
  const rules = [{ from: "*", to: { "dc-a": 10, "dc-b": 90 } }];
  const changed = await api.put("/v1/trafficSplits/report", { ...document, spec: { ...document.spec, rules } });
  assert.deepEqual(fieldsOf(changed), [
    `spec.rules[0].to: ${operation.name} moves these shares; promote or abort it before they are changed`,
  ]);
  const other = { ...document, spec: { ...document.spec, expectedRps: { "dc-a": 10 } } };
  assert.equal((await api.put("/v1/trafficSplits/report", other)).status, 200);
  assert.equal((await read(api, operation)).state, "running");
});

test("what a shift is begun with is checked whole, and nothing is kept of one that is refused or only asked about", async () => {
  await using api = await startSplit();
  const wrong = await begin(api, {
    target: { "dc-a": 50, "dc-b": 40 },
    steps: [{ setWeight: 50 }, { pause: "soon" }],
    guard: { metrics: [{ name: "p99", source: "load-report", max: 1 }] },
  });
  assert.equal(wrong.status, 400);
  assert.deepEqual(
    fieldsOf(wrong).map((each) => each.split(":")[0]),
    ["target", "steps[1].pause", "steps", "guard.metrics[0].name"],
  );
  assert.match((await begin(api, { target, steps: long, from: "dc-c" })).text, /no rule is for exactly these callers/);
  assert.equal((await begin(api, { target, steps: long }, "?validateOnly=true")).operation.step, 1);
  assert.deepEqual((await api.get("/v1/operations")).body["operations"], []);
  assert.equal((await begin(api, { target, steps: long }, "", { "if-match": '"r1-00000000"' })).status, 412);
  const { operation } = await begin(api, { target, steps: long });
  const second = await begin(api, { target, steps: long });
  assert.equal(second.status, 409);
  assert.match(second.text, new RegExp(`SHIFT_RUNS.*${operation.name}`));
  const missing = await api.get("/v1/operations/shift-nothere");
  assert.equal(missing.status, 404);
});

test("of two who steer with the same etag one is told that he was late", async () => {
  await using api = await startSplit();
  const { operation, headers } = await begin(api, { target, steps: long });
  const etag = String(headers["etag"]);
  const answers = await Promise.all(
    ["abort", "promote?full=true"].map((verb) => steer(api, operation, verb, { "if-match": etag })),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412]);
});

test("a guard that sees errors where traffic is shifted to rolls it back, and history says why", async () => {
  await using api = await startSplit();
  api.loads.setInterval(1);
  const reporter = api.loads.reporter({ nodeId: "caller", from: { region: "dc-a", zone: "z1", subZone: "" } });
  const guard = {
    interval: "1s",
    failureLimit: 2,
    minRequests: 1,
    metrics: [{ name: "error-rate", source: "load-report", maxIncrease: 0.01 }],
  };
  const count = (region: string, ok: number, error: number) => ({
    cluster: "report",
    intervalMs: 1,
    to: { region, zone: "z1", subZone: "" },
    priority: 0,
    reported: { issued: ok + error, ok, error, inProgress: 0 },
    endpoints: [],
  });
  const early = await begin(api, { target, steps: long, guard });
  assert.equal(early.status, 409);
  assert.match(early.text, /NO_BASELINE/);
  assert.match(early.text, /error-rate: clients have reported 0 requests of these callers/);
  reporter.report({ rows: [count("dc-a", 98, 2)], drops: [] });
  await api.until(async () => {
    api.history.take();
    return (await begin(api, { target, steps: long, guard }, "?validateOnly=true")).status === 200;
  });
  const { operation, body } = await begin(api, { target, steps: long, guard });
  const [metric] = (body["guard"] as { metrics: readonly object[] }).metrics;
  assert.deepEqual(metric, { name: "error-rate", max: 0.03, maxIncrease: 0.01, before: 0.02 });
  reporter.report({ rows: [count("dc-a", 10, 0), count("dc-b", 6, 4)], drops: [] });
  await api.until(async () => (await read(api, operation)).state === "rolledBack");
  const { failures, shares, ended } = await read(api, operation);
  assert.equal(failures.length, 2);
  assert.deepEqual(shares, dcs);
  assert.match(
    ended?.reason ?? "",
    /^rolled back: shift-\w+ at step 1 of 2, dc-a=45 dc-b=55: error-rate of dc-b is 40 % of 10 requests, over 3 % \(2 % before the shift, and 1 % more\) \(2 in a row\)$/,
  );
  assert.deepEqual(await newest(api).then((entry) => [entry?.by, entry?.reason]), ["weir", ended?.reason]);
  await api.until(async () => (await weights(api))["dc-b"] === 30);
});

test("a rollback to a revision at which a shift ran gives its rule what the shift began from, and starts nothing anew", async () => {
  await using api = await startSplit();
  const { operation, headers } = await begin(api, { target, steps: long });
  const revision = /^"(r\d+)-/.exec(String(headers["etag"]))?.[1];
  await steer(api, operation, "promote?full=true");
  assert.deepEqual((await rules(api))?.[0]?.to, target);
  const answer = await api.send("POST", `/v1/revisions/${revision}:rollback?reason=CHG-2`, undefined);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual((await rules(api))?.[0]?.to, dcs);
  assert.deepEqual((await api.get("/v1/operations")).body["operations"], []);
});
