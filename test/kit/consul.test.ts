import assert from "node:assert/strict";
import { test } from "node:test";
import { startConsul } from "./consul.ts";
import { until } from "./wait.ts";

test("two federated data centers show a flipped check to each other, and one comes back with its data", async () => {
  await using consul = await startConsul({ datacenters: ["dc1", "dc2"] });
  const passingInDc2 = async () => {
    const entries = await consul.call("dc1", "GET", "/v1/health/service/report?dc=dc2&passing");
    assert(Array.isArray(entries));
    return entries.map(({ Service }) => Service.ID).join();
  };
  const shown = (ids: string) =>
    until(async () => (await passingInDc2()) === ids, { within: 30_000, what: `dc1 sees "${ids}"` });

  await consul.register("dc2", { service: "report", id: "r1", address: "127.0.0.1", port: 9001, meta: { zone: "z1" } });
  await shown("r1");
  await consul.setCheck("dc2", "r1", "critical");
  await shown("");
  await consul.setCheck("dc2", "r1", "passing");
  await shown("r1");

  await consul.stop("dc2");
  await assert.rejects(passingInDc2);
  await consul.start("dc2");
  await shown("r1");
  await consul.deregister("dc2", "r1");
  await shown("");
});
