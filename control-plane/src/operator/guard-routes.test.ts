import assert from "node:assert/strict";
import { test } from "node:test";
import { placesOf, service, startTestApi, type TestApi } from "./testing-api.ts";

type Held = {
  readonly address: string;
  readonly change: string;
  readonly why: string;
  readonly believedInSeconds: number;
};

const heldIn = async (api: TestApi) => (await api.get("/v1/guard")).body["held"] as readonly Held[];

/** Three instances whose leases have all run out: if not in one instant, the first of them is believed to be gone. */
async function expired(): Promise<TestApi> {
  const api = await startTestApi();
  await api.put("/v1/services/report", service);
  for (const id of ["r1", "r2", "r3"])
    await api.put(`/v1/registry/services/report/endpoints/${id}`, {
      address: `127.0.0.1:900${id.slice(1)}`,
      locality: "dc-a/z1",
      leaseSeconds: 0.3,
    });
  await api.until(async () => placesOf(await api.get("/v1/services/report/endpoints")).length === 3);
  const registered = async () => (await api.get("/v1/registry/services")).body["services"] as readonly unknown[];
  await api.until(async () => (await registered()).length === 0 && (await heldIn(api)).length > 1);
  return api;
}

test("what is held back is listed, is still served, and makes its source suspect and not unready", async () => {
  await using api = await expired();
  const [first, ...more] = await heldIn(api);
  assert.equal(first?.change, "gone");
  assert.ok(first.believedInSeconds > 50 && first.believedInSeconds <= 60);
  const count = more.length + 1;
  assert.equal(placesOf(await api.get("/v1/services/report/endpoints")).length, count);
  const { feeds } = (await api.get("/v1/guard")).body as { feeds: readonly object[] };
  assert.deepEqual(feeds, [
    {
      service: "report",
      source: "registry",
      state: "suspect",
      rewound: false,
      says: 0,
      endpoints: count,
      flapping: [],
    },
  ]);
  const { sources } = (await api.get("/v1/sources")).body as { sources: readonly Record<string, unknown>[] };
  assert.equal(sources[0]?.["state"], "suspect");
  assert.equal(sources[0]?.["held"], count);
  const readiness = await api.get("/readyz");
  assert.equal(readiness.status, 200);
  assert.match(String(readiness.body["heldBack"]), /^report: [23] endpoints of registry \(.*\)$/);
});

test("a release lets it go, once", async () => {
  await using api = await expired();
  const answer = await api.post("/v1/guard/report:release?reason=CHG-4711", {});
  assert.equal(answer.status, 200, answer.text);
  assert.ok((answer.body["released"] as readonly unknown[]).length > 1);
  assert.deepEqual(await heldIn(api), []);
  assert.deepEqual(placesOf(await api.get("/v1/services/report/endpoints")), []);
  assert.deepEqual((await api.post("/v1/guard/report:release", {})).body["released"], []);
});

test("a service that is not known is answered with the one that was meant", async () => {
  await using api = await startTestApi();
  await api.put("/v1/services/report", service);
  const answer = await api.post("/v1/guard/reprot:release", {});
  assert.equal(answer.status, 404);
  assert.match(answer.text, /there is no service \\"reprot\\".*did you mean \\"report\\"/);
  assert.equal((await api.post("/v1/guard/report:release?resaon=x", {})).status, 400);
});

test("what is deleted from the registry goes at once, all of it", async () => {
  await using api = await startTestApi();
  await api.put("/v1/services/report", service);
  const urls = ["r1", "r2", "r3"].map((id) => `/v1/registry/services/report/endpoints/${id}`);
  for (const [index, url] of urls.entries()) await api.put(url, { address: `127.0.0.1:900${index}` });
  await api.until(async () => placesOf(await api.get("/v1/services/report/endpoints")).length === 3);
  for (const url of urls) await api.delete(url);
  await api.until(async () => placesOf(await api.get("/v1/services/report/endpoints")).length === 0);
  assert.deepEqual(await heldIn(api), []);
});

test("an address that no client may be sent to is refused where it is registered, and left out of documents and told of", async () => {
  await using api = await startTestApi();
  const registered = await api.put("/v1/registry/services/report/endpoints/r1", { address: "169.254.169.254:80" });
  assert.equal(registered.status, 400);
  assert.match(registered.text, /address: 169\.254\.169\.254:80 is a cloud's metadata service: .* guard\.allow/);
  const fixed = [{ address: "10.0.0.1:80" }, { address: "169.254.169.254:80" }];
  await api.put("/v1/services/report", { ...service, spec: { ...service.spec, endpoints: [{ static: fixed }] } });
  await api.until(async () => placesOf(await api.get("/v1/services/report/endpoints")).length === 1);
  const { refused } = (await api.get("/v1/guard")).body as { refused: readonly { readonly address: string }[] };
  assert.deepEqual(
    refused.map(({ address }) => address),
    ["169.254.169.254:80"],
  );
});
