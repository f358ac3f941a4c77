import assert from "node:assert/strict";
import { test } from "node:test";
import { connectedClient } from "../serve/testing.ts";
import { fieldsOf, service, split, startTestApi } from "./testing-api.ts";

const endpoints = ["dc-a", "dc-b", "dc-c"].map((dc, index) => ({
  address: `10.0.${index}.1:9090`,
  locality: `${dc}/z1`,
}));
const placed = { ...service, spec: { protocol: "GRPC", endpoints: [{ static: endpoints }] } };
const toNowhere = {
  ...split,
  spec: { service: "report", rules: [{ from: "*", to: { "dc-a": 70, "dc-d": 30 }, failover: ["dc-c"] }] },
};

type Planned = {
  readonly isEmpty: boolean;
  readonly documents: readonly { kind: string; action: string; fields: readonly object[]; notes: readonly string[] }[];
  readonly traffic: readonly { basis: string; regions: readonly object[] }[];
  readonly findings: readonly { code: string }[];
  readonly resolved: readonly { code: string }[];
  readonly unknown: readonly string[];
};

test("a plan tells which fields change, where traffic goes then, and what gets wrong, and stores nothing", async () => {
  await using api = await startTestApi();
  await api.post("/v1/config:apply", [placed, split]);
  await api.until(async () => (await api.get("/v1/services/report/endpoints")).status === 200);
  const { status, body } = await api.post("/v1/config:plan", toNowhere);
  assert.equal(status, 200, JSON.stringify(body));
  const plan = body as unknown as Planned;
  assert.deepEqual(plan.documents, [
    {
      kind: "TrafficSplit",
      name: "report",
      action: "update",
      fields: [
        { path: "spec.rules[0].to.dc-b", before: 30 },
        { path: "spec.rules[0].to.dc-d", after: 30 },
      ],
      notes: [],
    },
  ]);
  assert.equal(plan.traffic[0]?.basis, "imagined");
  assert.deepEqual(plan.traffic[0]?.regions, [
    { region: "dc-a", percentBefore: 70, percentAfter: 100 },
    { region: "dc-b", percentBefore: 30, percentAfter: 0 },
    { region: "dc-c", percentBefore: 0, percentAfter: 0 },
  ]);
  assert.deepEqual(
    plan.findings.map(({ code }) => code),
    ["WR0101", "WR0108"],
  );
  assert.equal((await api.get("/v1/revisions")).body["revision"], 1, "nothing was stored");
});

test("a plan is kept, and what is applied by its id is what was planned, documents that go included", async () => {
  await using api = await startTestApi();
  await api.post("/v1/config:apply", [placed, split]);
  const changes = { documents: [placed], delete: [{ kind: "TrafficSplit", name: "report" }] };
  const made = await api.post("/v1/config:plan", changes);
  const { id, base, knownTo } = made.body as { id: string; base: number; knownTo: string };
  assert.deepEqual([base, made.headers["etag"], knownTo], [1, '"r1"', "this-replica"]);
  const kept = await api.get(`/v1/plans/${id}`);
  assert.deepEqual({ ...kept.body, knownTo }, made.body);
  assert.equal(kept.headers["etag"], '"r1"');

  const tried = await api.post("/v1/config:apply?validateOnly=true", { planId: id });
  assert.equal(tried.status, 200, tried.text);
  const done = await api.post("/v1/config:apply?reason=CHG-1", { planId: id });
  assert.deepEqual(done.body["changes"], [
    {
      ...{ kind: "Service", name: "report", action: "unchanged" },
      etag: (done.body["changes"] as [{ etag: string }])[0].etag,
    },
    { kind: "TrafficSplit", name: "report", action: "delete" },
  ]);
  assert.equal((await api.get("/v1/trafficSplits/report")).status, 404);

  const again = await api.post("/v1/config:apply", { planId: id });
  assert.equal(again.status, 412);
  assert.match(again.text, /was made on r1, and now there is r2 \(r2 by anonymous/);
});

test("a plan of what has moved since is refused, and says who moved it; what is no plan is none", async () => {
  await using api = await startTestApi();
  await api.post("/v1/config:apply", [placed, split]);
  const { id } = (await api.post("/v1/config:plan", toNowhere)).body as { id: string };
  await api.put("/v1/services/other", { ...placed, metadata: { name: "other" } }, { "x-weir-actor": "ben" });
  const refused = await api.post("/v1/config:apply", { planId: id });
  const { error } = refused.body as { error: { status: string; details: [{ reason: string; metadata: object }] } };
  assert.deepEqual([refused.status, error.status, error.details[0].reason], [412, "ABORTED", "PLAN_STALE"]);
  assert.deepEqual(error.details[0].metadata, { plan: id, base: "1", revision: "2", by: "ben" });
  assert.deepEqual((await api.get("/v1/trafficSplits/report")).body["spec"], split.spec, "nothing was changed");

  assert.equal((await api.get("/v1/plans/plan-none")).status, 404);
  assert.equal((await api.post("/v1/config:apply", { planId: "plan-none" })).status, 404);
  for (const wrong of [{ planId: 1 }, { planId: id, documents: [split] }, { planId: "" }])
    assert.equal((await api.post("/v1/config:apply", wrong)).status, 400);
  const other = await api.send("POST", "/v1/config:apply", JSON.stringify({ planId: id }), {
    "content-type": "application/json",
    "if-match": '"r2"',
  });
  assert.match(other.text, /the plan was made on r1/);
});

test("a plan is made only of the states that its ETags name, documents that go or not", async () => {
  await using api = await startTestApi();
  await api.post("/v1/config:apply", [placed, split]);
  const before = String((await api.get("/v1/trafficSplits/report")).headers["etag"]).replaceAll('"', "");
  const planOf = (etag: string, more: object = {}) =>
    api.post("/v1/config:plan", { documents: [toNowhere], etags: { "trafficSplits/report": etag }, ...more });
  const { id } = (await planOf(before)).body as { id: string };
  assert.equal((await api.post("/v1/config:apply", { planId: id })).status, 200);

  for (const more of [{}, { delete: [{ kind: "Service", name: "report" }] }]) {
    const late = await planOf(before, more);
    const { error } = late.body as { error: { details: [{ reason: string; metadata: { resource: string } }] } };
    const [{ reason, metadata }] = error.details;
    assert.deepEqual([late.status, reason, metadata.resource], [412, "ETAG_MISMATCH", "trafficSplits/report"]);
    assert.match(late.text, /changed since you read it \(you: r1, now: r2 by anonymous/);
  }
  assert.match((await planOf("absent")).text, /trafficSplits\/report exists already/);
  const stray = await api.post("/v1/config:plan", { documents: [placed], etags: { "trafficSplits/report": before } });
  assert.deepEqual(
    [stray.status, fieldsOf(stray)],
    [400, ["etags.trafficSplits/report: is of none of these documents"]],
  );
});

test("a plan tells what connected clients do not do of what is new, and of nothing else", async () => {
  await using api = await startTestApi();
  const policyOf = (spec: object) => ({
    ...{ apiVersion: "weir/v1alpha1", kind: "TrafficPolicy", metadata: { name: "report" } },
    spec: { targetRefs: [{ name: "report" }], loadBalancer: { type: "LeastRequest" }, ...spec },
  });
  await api.post("/v1/config:apply", [placed, policyOf({})]);
  await api.until(async () => (await api.get("/v1/services/report/endpoints")).status === 200);
  api.clients.add(connectedClient({ identity: { agent: "gRPC Node Pure JS 1.14.1" } }));
  const notesOn = async (spec: object) => {
    const { body } = await api.post("/v1/config:plan", policyOf(spec));
    return (body as unknown as Planned).documents.flatMap(({ notes }) => notes);
  };
  assert.deepEqual(await notesOn({ panicThreshold: 30 }), [
    "1 gRPC Node client ignores panicThreshold 30: there is no panic: where nothing is left, calls fail",
  ]);
  assert.deepEqual(await notesOn({ loadBalancer: { type: "RoundRobin" } }), []);
});

test("a plan of what is in force already is empty", async () => {
  await using api = await startTestApi();
  await api.post("/v1/config:apply", [placed, split]);
  await api.until(async () => (await api.get("/v1/services/report/endpoints")).status === 200);
  const plan = (await api.post("/v1/config:plan", [placed, split])).body as unknown as Planned;
  assert.equal(plan.isEmpty, true);
  assert.deepEqual(plan.documents, []);
});

test("a plan of documents that are wrong is refused with everything that is wrong", async () => {
  await using api = await startTestApi();
  await api.post("/v1/config:apply", [placed]);
  await api.until(async () => (await api.get("/v1/services/report/endpoints")).status === 200);
  const wrong = { ...split, spec: { service: "result", rules: [{ to: { "dc-a": 90 } }] } };
  const answer = await api.post("/v1/config:plan", wrong);
  assert.equal(answer.status, 400);
  assert.deepEqual(fieldsOf(answer), ["spec.rules[0].to: the shares add up to 90, not 100"]);
});

test("a service of a source that nobody asked yet is named as unknown, not as empty", async () => {
  await using api = await startTestApi();
  await api.post("/v1/config:apply", [placed]);
  await api.until(async () => (await api.get("/v1/services/report/endpoints")).status === 200);
  const result = { ...service, metadata: { name: "result" } };
  const plan = (await api.post("/v1/config:plan", result)).body as unknown as Planned;
  assert.deepEqual(plan.unknown, ["result"]);
  assert.deepEqual(plan.findings, []);
});

test("findings come with an apply, with its dry run, and for what is in force", async () => {
  await using api = await startTestApi();
  await api.post("/v1/config:apply", [placed, split]);
  await api.until(async () => (await api.get("/v1/services/report/endpoints")).status === 200);
  const codes = ({ body }: { body: object }) => (body as Planned).findings.map(({ code }) => code);
  assert.deepEqual(codes(await api.get("/v1/findings")), []);
  assert.deepEqual(codes(await api.post("/v1/config:apply?validateOnly=true", toNowhere)), ["WR0101", "WR0108"]);
  assert.deepEqual(codes(await api.post("/v1/config:apply", toNowhere)), ["WR0101", "WR0108"]);
  const { headers } = await api.put("/v1/trafficSplits/report?validateOnly=true", toNowhere);
  assert.match(
    String(headers["warning"]),
    /^299 weir "error WR0101 TrafficSplit\/report spec.rules\[0\].to.dc-d: 30 % .*to dc-d/,
  );
  await api.until(async () => codes(await api.get("/v1/findings")).length > 0);
  const { body } = await api.get("/v1/findings?severity=error");
  assert.deepEqual(body["counts"], { error: 1, warning: 0, info: 0 });
});

test("what a document brings about in others is told when it is applied", async () => {
  await using api = await startTestApi();
  await api.post("/v1/config:apply", [placed, split]);
  await api.until(async () => (await api.get("/v1/services/report/endpoints")).status === 200);
  const smaller = { ...placed, spec: { ...placed.spec, endpoints: [{ static: endpoints.slice(0, 1) }] } };
  const { body } = await api.post("/v1/config:apply", smaller);
  const told = (body as unknown as { findings: readonly { code: string; document: { kind: string } }[] }).findings;
  assert.deepEqual(
    told.map(({ code, document }) => `${code} ${document.kind}`),
    ["WR0101 TrafficSplit", "WR0102 TrafficSplit", "WR0402 Service"],
  );
});
