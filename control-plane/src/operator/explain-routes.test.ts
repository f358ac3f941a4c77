import assert from "node:assert/strict";
import { test } from "node:test";
import { connectedClient } from "../serve/testing.ts";
import { fieldsOf, service, split, startTestApi, type TestApi } from "./testing-api.ts";

async function startApi(): Promise<TestApi> {
  const api = await startTestApi();
  await api.post("/v1/config:apply", [service, split]);
  for (const [index, dc] of ["dc-a", "dc-b", "dc-c"].entries())
    await api.put(`/v1/registry/services/report/endpoints/${dc}`, { address: `127.0.0.1:900${index}`, locality: dc });
  await api.until(async () => JSON.stringify((await api.get("/v1/services/report/endpoints")).body).includes(":9002"));
  return api;
}

type Predicted = {
  readonly localities: readonly { locality: string; percent: number }[];
  readonly failedPercent: number;
};
type Body = {
  readonly destinations: readonly { now: Predicted; ifs: readonly { if: string; prediction: Predicted }[] }[];
};

const sharesOf = ({ localities }: Predicted) =>
  Object.fromEntries(localities.filter(({ percent }) => percent > 0).map((each) => [each.locality, each.percent]));

test("a kind of client is told where its requests go, and where if each data center died", async () => {
  await using api = await startApi();
  const { body } = await api.get("/v1/explain?client=edge&host=report");
  const [destination] = (body as Body).destinations;
  assert.ok(destination);
  assert.deepEqual(sharesOf(destination.now), { "dc-a": 70, "dc-b": 30 });
  assert.deepEqual(
    destination.ifs.map((each) => [each.if, sharesOf(each.prediction)]),
    [
      ["dc-a dies", { "dc-b": 70, "dc-c": 30 }],
      ["dc-b dies", { "dc-a": 70, "dc-c": 30 }],
      ["dc-c dies", { "dc-a": 70, "dc-b": 30 }],
    ],
  );
});

test("a connected client is asked about by its node id, with questions of one's own", async () => {
  await using api = await startApi();
  api.clients.add(connectedClient({ identity: { nodeId: "billing-1" } }));
  const query = new URLSearchParams({ client: "billing-1", host: "report", if: "dc-a dies and dc-b dies" });
  const { body } = await api.get(`/v1/explain?${query}`);
  assert.deepEqual(body["client"], { nodeId: "billing-1", kind: "grpc", from: "dc-a/z1" });
  const [destination] = (body as Body).destinations;
  assert.deepEqual(
    destination?.ifs.map(({ prediction }) => sharesOf(prediction)),
    [{ "dc-c": 100 }],
  );
});

test("routes are tried in order, by path, headers and chance, down to subsets", async () => {
  await using api = await startApi();
  const subsets = { v1: { match: { version: "v1" } }, v2: { match: { version: "v2" } } };
  const withSubsets = { ...service, spec: { ...service.spec, subsets } };
  const route = {
    apiVersion: "weir/v1alpha1",
    kind: "Route",
    metadata: { name: "report" },
    spec: {
      rules: [
        {
          name: "canary",
          matches: [{ headers: [{ name: "x-canary", value: "1" }] }],
          backendRefs: [{ service: "report", subset: "v2" }],
          mirror: { service: "report", subset: "v1", percent: 10 },
        },
        {
          matches: [{ method: { service: "report.v1.Results" }, percent: 25 }],
          backendRefs: [
            { service: "report", subset: "v1", weight: 3 },
            { service: "report", subset: "v2", weight: 1 },
          ],
        },
      ],
    },
  };
  await api.post("/v1/config:apply", [withSubsets, split, route]);
  for (const [name, version] of Object.entries({ "dc-a": "v1", "dc-b": "v2", "dc-c": "v1" }))
    await api.put(`/v1/registry/services/report/endpoints/${name}`, {
      address: `127.0.0.1:900${"abc".indexOf(name.slice(-1))}`,
      locality: name,
      metadata: { version },
    });
  const ask = async (query: Readonly<Record<string, string>>) => {
    const { body } = await api.get(`/v1/explain?${new URLSearchParams({ client: "edge", ...query })}`);
    return body as Routed;
  };
  await api.until(async () => JSON.stringify(await ask({ header: "x-canary=1" })).includes("9001"));

  const canary = await ask({ header: "x-canary=1" });
  assert.deepEqual(waysIn(canary), ["canary report|v2 100"]);
  assert.deepEqual(
    canary.destinations.map(({ now }) => sharesOf(now)),
    [{ "dc-b": 100 }],
  );
  assert.deepEqual(canary.mirrors, [{ route: "report", rule: "canary", cluster: "report|v1", percent: 10 }]);
  const results = await ask({ path: "/report.v1.Results/Get" });
  assert.deepEqual(waysIn(results), ["1 report|v1 18.75", "1 report|v2 6.25", "- report 75"]);
  assert.deepEqual(waysIn(await ask({ path: "/report.v1.Reports/Create" })), ["- report 100"]);
});

test("what no rule of a host takes is told, and the host whose rules name a method need not be", async () => {
  await using api = await startApi();
  const rules = [{ matches: [{ method: { service: "report.v1.Reports" } }], backendRefs: [{ service: "report" }] }];
  const route = {
    apiVersion: "weir/v1alpha1",
    kind: "Route",
    metadata: { name: "api" },
    spec: { hosts: ["api"], rules },
  };
  await api.put("/v1/routes/api", route);
  const ask = async (query: string) => (await api.get(`/v1/explain?client=edge&${query}`)).body;
  await api.until(async () => (await ask("host=api"))["unmatchedPercent"] === 100);
  const named = await ask("path=/report.v1.Reports/Create");
  assert.deepEqual([named["host"], waysIn(named as Routed)], ["api", ["0 report 100"]]);
  const unclear = await api.get("/v1/explain?client=edge&path=/other");
  assert.deepEqual(fieldsOf(unclear), ["host: is needed where it is not clear from the path: one of api, report"]);
});

type Routed = {
  readonly destinations: readonly { rule?: string; cluster: string; percent: number; now: Predicted }[];
  readonly mirrors: readonly object[];
};
const waysIn = ({ destinations }: Routed) =>
  destinations.map(({ rule = "-", cluster, percent }) => `${rule} ${cluster} ${percent}`);

test("what is not understood is answered with what would be", async () => {
  await using api = await startApi();
  const wrong = await api.get("/v1/explain?client=edge&host=report&if=dc-a%20sleeps");
  assert.equal(wrong.status, 400);
  assert.match(fieldsOf(wrong)[0] ?? "", /^if\[0\]: "dc-a sleeps": expected/);
  assert.equal((await api.get("/v1/explain?client=edgy&host=report")).status, 404);
  const unknown = await api.get("/v1/explain?client=edge&host=reprot");
  assert.equal(unknown.status, 404);
  assert.match(unknown.text, /has the host .*reprot.*; did you mean .*report/);
});
