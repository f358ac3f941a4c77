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

test("what is not understood is answered with what would be", async () => {
  await using api = await startApi();
  const wrong = await api.get("/v1/explain?client=edge&host=report&if=dc-a%20sleeps");
  assert.equal(wrong.status, 400);
  assert.match(fieldsOf(wrong)[0] ?? "", /^if\[0\]: "dc-a sleeps": expected/);
  assert.equal((await api.get("/v1/explain?client=edgy&host=report")).status, 404);
  assert.equal((await api.get("/v1/explain?client=edge&host=reprot")).status, 404);
});
