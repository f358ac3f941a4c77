import assert from "node:assert/strict";
import { test } from "node:test";
import { json, service, split, startTestApi, type TestApi } from "../testing-api.ts";

const shares = (to: Readonly<Record<string, number>>) => ({
  ...split,
  spec: { service: "report", rules: [{ from: "*", to }] },
});

async function threeRevisions(api: TestApi) {
  const ana = { "x-weir-actor": "ana" };
  await api.put("/v1/services/report", service, ana);
  await api.put("/v1/trafficSplits/report", split, { ...ana, "x-weir-reason": "first" });
  await api.put("/v1/trafficSplits/report", shares({ "dc-a": 100 }), { ...ana, "x-weir-reason": "CHG-1" });
}

const rollback = (api: TestApi, to: string, query: string, headers: Record<string, string> = {}) =>
  api.send("POST", `/v1/revisions/${to}:rollback?${query}`, undefined, headers);

test("a rollback puts all documents back as a new revision, and says before what that would change", async () => {
  await using api = await startTestApi();
  await threeRevisions(api);
  await api.until(async () => (await api.get("/readyz")).status === 200);
  const asked = await rollback(api, "r2", "reason=oops&validateOnly=true");
  assert.equal(asked.status, 200, asked.text);
  const plan = asked.body["plan"] as {
    base: number;
    documents: readonly { name: string; fields: readonly unknown[] }[];
  };
  assert.equal(plan.base, 3);
  assert.deepEqual(
    plan.documents.map(({ name, fields }) => [name, fields.length > 0]),
    [["report", true]],
  );
  assert.equal((await api.get("/v1/revisions")).body["revision"], 3);

  const done = await rollback(api, "r2", "reason=oops", { "if-match": '"r3"' });
  assert.deepEqual(done.body, {
    revision: 4,
    to: 2,
    validateOnly: false,
    changes: [{ kind: "TrafficSplit", name: "report", action: "update" }],
  });
  assert.deepEqual((await api.get("/v1/trafficSplits/report")).body, split);
  const again = await rollback(api, "2", "reason=oops");
  assert.equal(again.body["revision"], 4, "what is in force already is no revision");

  const gone = await rollback(api, "r1", "reason=more");
  assert.deepEqual(gone.body["changes"], [{ kind: "TrafficSplit", name: "report", action: "delete" }]);
  const back = await rollback(api, "r4", "reason=back");
  assert.deepEqual(back.body["changes"], [{ kind: "TrafficSplit", name: "report", action: "create" }]);
  assert.deepEqual((await api.get("/v1/trafficSplits/report")).body, split);
});

test("a rollback needs a reason, a revision that there is, and the base that it was decided on", async () => {
  await using api = await startTestApi();
  await threeRevisions(api);
  assert.match((await rollback(api, "r2", "")).text, /reason.*is needed/);
  assert.match((await rollback(api, "r9", "reason=x")).text, /there is no r9: the newest is r3/);
  assert.equal((await rollback(api, "yesterday", "reason=x")).status, 400);
  const late = await rollback(api, "r2", "reason=x", { "if-match": '"r2"' });
  assert.equal(late.status, 412);
  assert.match(late.text, /decided on r2, and now there is r3 by ana .* ago/);
  assert.match(late.text, /"reason":"BASE_MOVED"/);
  assert.equal((await rollback(api, "r2", "reason=x", { "if-match": '"r3-abc"' })).status, 400);
  assert.equal((await api.get("/v1/revisions")).body["revision"], 3);
});

test("documents that were decided on a base that moved are refused", async () => {
  await using api = await startTestApi();
  await threeRevisions(api);
  const body = JSON.stringify(shares({ "dc-b": 100 }));
  const apply = (base: string) => api.send("POST", "/v1/config:apply", body, { ...json, "if-match": base });
  assert.equal((await apply('"r2"')).status, 412);
  assert.equal((await apply('"r3"')).status, 200);
  assert.equal((await apply('"r3"')).status, 412);
});

test("the history of a document says who, why and what changed in it, and a time leads to what was in force", async () => {
  await using api = await startTestApi();
  await threeRevisions(api);
  type Shown = { revision: number; reason: string; changes: readonly { fields?: readonly { path: string }[] }[] };
  const { body } = await api.get("/v1/revisions?document=trafficSplits/report&fields=true");
  const revisions = body["revisions"] as readonly Shown[];
  assert.deepEqual(
    revisions.map(({ revision, reason }) => [revision, reason]),
    [
      [3, "CHG-1"],
      [2, "first"],
    ],
  );
  assert.deepEqual(
    revisions[0]?.changes[0]?.fields?.map(({ path }) => path),
    ["spec.rules[0].to.dc-a", "spec.rules[0].to.dc-b", "spec.rules[0].failover"],
  );
  const one = await api.get("/v1/revisions/r3");
  assert.deepEqual(one.body, revisions[0]);

  const now = new Date(Date.now() + 1_000).toISOString();
  const namesAt = async (when: string) =>
    (
      (await api.get(`/v1/revisions/${when}/documents`)).body["documents"] as readonly {
        name: string;
        revision: number;
      }[]
    ).map(({ name, revision }) => `${name} r${revision}`);
  assert.deepEqual(await namesAt("r1"), ["report r1"]);
  assert.deepEqual(await namesAt(now), ["report r1", "report r3"]);
  assert.deepEqual(await namesAt("2020-01-01T00:00:00Z"), []);
  assert.equal((await api.get("/v1/revisions?document=report")).status, 400);
});
