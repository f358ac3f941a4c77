import assert from "node:assert/strict";
import { test } from "node:test";
import { unknownLocality } from "../model/locality.ts";
import { fieldsOf, json, service, split, startTestApi, type TestApi } from "./testing-api.ts";

type Row = {
  readonly name: string;
  readonly locality: string;
  readonly mode: string;
  readonly services?: readonly string[];
  readonly reason: string;
  readonly by: string;
  readonly expiresInSeconds: number;
  readonly etag: string;
};

const capable = { ...service, spec: { ...service.spec, capacity: { rpsPerEndpoint: 5 } } };

/** Two services in dc-a and dc-b, each with one endpoint there; report is split 70/30. */
async function startScene(report: object = capable): Promise<TestApi> {
  const api = await startTestApi();
  const billing = { ...service, metadata: { name: "billing" } };
  assert.equal((await api.post("/v1/config:apply", [report, split, billing])).status, 200);
  for (const [index, name] of ["report", "billing"].entries())
    for (const [at, region] of ["dc-a", "dc-b"].entries())
      await api.put(`/v1/registry/services/${name}/endpoints/${region}`, {
        address: `127.0.0.1:9${index}0${at}`,
        locality: `${region}/z1`,
      });
  for (const name of ["report", "billing"])
    await api.until(async () => (await placesOf(api, name, "dc-a/z1")).length === 2);
  return api;
}

/** Where a caller is sent, first to last: `dc-a/z1 dc-b/z1`. */
async function placesOf(api: TestApi, name: string, from: string): Promise<readonly string[]> {
  const { body } = await api.get(`/v1/services/${name}/endpoints?from=${from}`);
  const { placements = [] } = body as { placements?: readonly { locality: string }[] };
  return placements.map(({ locality }) => locality);
}

async function rowsOf(api: TestApi): Promise<readonly Row[]> {
  return (await api.get("/v1/drains")).body["rows"] as readonly Row[];
}

/** Says that callers in dc-a sent so many requests a second to report over the last ten. */
async function report(api: TestApi, rps: number): Promise<void> {
  const edge = api.loads.reporter({ nodeId: "edge-1", from: { ...unknownLocality, region: "dc-a", zone: "z1" } });
  const reported = { issued: rps * 10, ok: rps * 10, error: 0, inProgress: 0 };
  const to = { ...unknownLocality, region: "dc-a", zone: "z1" };
  edge.report({ rows: [{ cluster: "report", intervalMs: 1, priority: 0, to, reported, endpoints: [] }], drops: [] });
  await api.until(async () => JSON.stringify((await api.get("/v1/traffic")).body).includes('"rps":'));
  await api.until(async () => {
    const { rows } = (await api.get("/v1/traffic?service=report")).body as {
      rows: readonly { observed?: { rps: number } }[];
    };
    return rows.some(({ observed }) => observed?.rps === rps);
  });
}

const twoHours = { duration: "2h", reason: "CHG-4711" };

test("a drain takes a data center out for all services in one revision, is told with its countdown, and is ended", async () => {
  await using api = await startScene();
  const before = Number((await api.get("/v1/revisions")).body["revision"]);
  const drained = await api.send("POST", "/v1/localities/dc-a:drain", JSON.stringify(twoHours), {
    ...json,
    "x-weir-actor": "ana",
  });
  assert.equal(drained.status, 200, drained.text);
  assert.equal(drained.body["revision"], before + 1);
  const [row, ...more] = await rowsOf(api);
  assert.deepEqual(more, []);
  const { expiresInSeconds = 0, etag, ...rest } = row ?? assert.fail("no row");
  assert.ok(expiresInSeconds > 7_190 && expiresInSeconds <= 7_200, String(expiresInSeconds));
  assert.equal(drained.headers["etag"], `"${etag}"`);
  assert.deepEqual(
    { name: rest.name, locality: rest.locality, mode: rest.mode, reason: rest.reason, by: rest.by },
    { name: "dc-a", locality: "dc-a", mode: "drain", reason: "CHG-4711", by: "ana" },
  );
  for (const name of ["report", "billing"]) {
    await api.until(async () => (await placesOf(api, name, "dc-a/z1")).join() === "dc-b/z1");
  }
  const ended = await api.post("/v1/localities/dc-a:undrain", {});
  assert.equal(ended.status, 200, ended.text);
  assert.equal(ended.body["revision"], before + 2);
  assert.deepEqual(await rowsOf(api), []);
  for (const name of ["report", "billing"])
    await api.until(async () => (await placesOf(api, name, "dc-a/z1")).length === 2);
});

test("a drain of named services leaves the others, and each can be given back", async () => {
  await using api = await startScene();
  await api.post("/v1/localities/dc-a%2Fz1:drain", { ...twoHours, services: ["report"] });
  await api.until(async () => (await placesOf(api, "report", "dc-a/z1")).join() === "dc-b/z1");
  assert.equal((await placesOf(api, "billing", "dc-a/z1")).length, 2);
  assert.deepEqual(
    (await rowsOf(api)).map(({ name, services }) => [name, services]),
    [["dc-a.z1.report", ["report"]]],
  );
  const other = await api.post("/v1/localities/dc-a%2Fz1:undrain", { services: ["billing"] });
  assert.equal(other.status, 404);
  assert.match(other.text, /dc-a\/z1 is not drained for billing; in force: dc-a\/z1 \(report\)/);
  assert.equal((await api.post("/v1/localities/dc-a%2Fz1:undrain", { services: ["report"] })).status, 200);
});

test("an isolated data center's callers stay inside, and nobody else comes in", async () => {
  await using api = await startScene();
  const done = await api.post("/v1/localities/dc-a:isolate", { ...twoHours, services: ["report"] });
  assert.equal(done.status, 200, done.text);
  await api.until(async () => (await placesOf(api, "report", "dc-a/z1")).join() === "dc-a/z1");
  assert.deepEqual(await placesOf(api, "report", "dc-b/z1"), ["dc-b/z1"]);
  assert.deepEqual(await placesOf(api, "report", "dc-c/z1"), ["dc-b/z1"]);
  const contrary = await api.post("/v1/localities/dc-a:drain", twoHours);
  assert.equal(contrary.status, 409);
  assert.match(contrary.text, /dc-a is isolated \(drains\/dc-a\.report\)/);
});

test("where what is left would not bear the observed load a drain is refused with the numbers, unless forced", async () => {
  await using api = await startScene();
  await report(api, 12);
  const refused = await api.post("/v1/localities/dc-a:drain", twoHours);
  assert.equal(refused.status, 409, refused.text);
  assert.match(refused.text, /"reason":"NO_HEADROOM"/);
  assert.match(
    refused.text,
    /report: dc-b would get 12 requests\/s \(100 %, as clients report\), and bears 5 \(1 serving, 5 each\)/,
  );
  assert.deepEqual(await rowsOf(api), []);
  const expireTime = new Date(Date.now() + 3_600_000).toISOString();
  const document = {
    ...{ apiVersion: "weir/v1alpha1", kind: "Drain", metadata: { name: "dc-a" } },
    spec: { locality: "dc-a", reason: "CHG-1", by: "ana", expireTime },
  };
  for (const written of [await api.post("/v1/config:apply", [document]), await api.put("/v1/drains/dc-a", document)])
    assert.match(written.text, /"reason":"NO_HEADROOM".*dc-b would get 12 requests/);
  assert.equal((await api.post("/v1/config:apply?force=true&validateOnly=true", [document])).status, 200);
  assert.deepEqual(await rowsOf(api), [], "nor by a document");
  const forced = await api.post("/v1/localities/dc-a:drain", { ...twoHours, force: true });
  assert.equal(forced.status, 200);
  assert.equal((forced.body["headroom"] as { missing: readonly string[] }).missing.length, 1);
});

test("where it would bear it, or nobody knows, a drain is done, and the second says so", async () => {
  await using api = await startScene();
  const unknown = await api.post("/v1/localities/dc-a:drain?validateOnly=true", twoHours);
  assert.equal(unknown.status, 200, unknown.text);
  const { warnings } = unknown.body["headroom"] as { warnings: readonly string[] };
  assert.match(warnings.join("\n"), /report: no load reports/);
  assert.match(warnings.join("\n"), /billing: it says no capacity/);
  assert.deepEqual(await rowsOf(api), [], "only asked");
  await report(api, 4);
  const done = await api.post("/v1/localities/dc-a:drain", { ...twoHours, services: ["report"] });
  assert.equal(done.status, 200, done.text);
  assert.deepEqual((done.body["headroom"] as { missing: unknown; warnings: unknown }).warnings, []);
});

test("the last data center is not drained, also when two ask at once", async () => {
  await using api = await startScene();
  const answers = await Promise.all(
    ["dc-a", "dc-b"].map((place) => api.post(`/v1/localities/${place}:drain`, twoHours)),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  const refused = answers.find(({ status }) => status === 409);
  assert.match(refused?.text ?? "", /report has no serving endpoint outside dc-[ab]/);
});

test("draining again extends, by If-Match only what was read, and what has expired is tidied away", async () => {
  await using api = await startScene();
  const first = await api.post("/v1/localities/dc-a:drain", { ...twoHours, duration: "1s" });
  const etag = String(first.headers["etag"]);
  const body = JSON.stringify({ ...twoHours, duration: "1d12h" });
  const again = await api.send("POST", "/v1/localities/dc-a:drain", body, { ...json, "if-match": etag });
  assert.equal(again.status, 200, again.text);
  const late = await api.send("POST", "/v1/localities/dc-a:drain", body, { ...json, "if-match": etag });
  assert.equal(late.status, 412);
  const created = await api.send("POST", "/v1/localities/dc-a:drain", body, { ...json, "if-none-match": "*" });
  assert.equal(created.status, 412);
  assert.ok(((await rowsOf(api))[0]?.expiresInSeconds ?? 0) > 129_000);
  const short = { ...twoHours, services: ["billing"], duration: "1s" };
  assert.equal((await api.post("/v1/localities/dc-a%2Fz1:drain", short)).status, 200);
  await api.until(async () => (await rowsOf(api)).some(({ expiresInSeconds }) => expiresInSeconds === 0));
  await api.post("/v1/localities/dc-a:drain", twoHours);
  assert.deepEqual(
    (await rowsOf(api)).map(({ name }) => name),
    ["dc-a"],
  );
});

test("what is wrong with a drain is said, all at once, and changes nothing", async () => {
  await using api = await startScene();
  const wrong = await api.post("/v1/localities/dc-a:drain", { duration: "15d", reason: 1, services: [], forced: true });
  assert.equal(wrong.status, 400);
  assert.deepEqual(
    fieldsOf(wrong).map((each) => each.split(":")[0]),
    ["services", "duration", "reason", ""],
  );
  const silent = await api.post("/v1/localities/dc-a:drain", { duration: "2h", reason: " " });
  assert.match(silent.text, /reason: is missing/);
  for (const [place, status] of [
    ["*", 400],
    ["dc-x", 404],
    ["dc-a%2F%2F", 400],
  ] as const)
    assert.equal((await api.post(`/v1/localities/${place}:drain`, twoHours)).status, status, place);
  const unknown = await api.post("/v1/localities/dc-a:drain", { ...twoHours, services: ["reprot"] });
  assert.match(unknown.text, /did you mean \\"report\\"/);
  assert.equal((await api.post("/v1/localities/dc-a:undrain", {})).status, 404);
  assert.deepEqual(await rowsOf(api), []);
});
