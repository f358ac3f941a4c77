import assert from "node:assert/strict";
import { test } from "node:test";
import { startConsul } from "../kit/consul.ts";
import { startConsulCluster } from "../kit/consul-cluster.ts";
import { followConsul } from "../kit/consul-follower.ts";
import { until } from "../kit/wait.ts";

const services = Array.from({ length: 40 }, (_, index) => `service-${index}`);

// No service has a watch of its own, and what a watch would miss is not read before the test is over.
const limits = { ownWatches: 0, sweepMs: 3_600_000 };

test("services that share a roll call show every kind of change", async () => {
  await using consul = await startConsulCluster({ servers: 1 });
  const instance = (index: number, host: number) => ({
    ...{ service: `service-${index}`, id: `service-${index}-${host}`, port: 9090, node: `node-${host}` },
    address: `10.1.${index}.${host}`,
  });
  for (const index of services.keys()) await consul.register(instance(index, 1));
  await using it = followConsul({ datacenters: [{ name: "dc-a", addresses: consul.urls }], services, limits });
  for (const [index, service] of services.entries()) await it.sees(service, [`10.1.${index}.1:9090 serving`]);

  // Generous, as the machine may be busy; the changes are told one by one, so that each must be found by itself.
  const within = 30_000;
  await consul.register({ ...instance(3, 1), status: "critical" });
  await it.sees("service-3", ["10.1.3.1:9090 failing"], within);
  await consul.register({ ...instance(3, 1), status: "warning" });
  await it.sees("service-3", ["10.1.3.1:9090 failing"], within);
  await consul.register(instance(3, 1));
  await it.sees("service-3", ["10.1.3.1:9090 serving"], within);

  await consul.register(instance(5, 2));
  await it.sees("service-5", ["10.1.5.1:9090 serving", "10.1.5.2:9090 serving"], within);
  await consul.deregister(instance(5, 1));
  await it.sees("service-5", ["10.1.5.2:9090 serving"], within);
  await consul.deregister(instance(5, 2));
  await it.sees("service-5", [], within);
  await consul.register(instance(5, 1));
  await it.sees("service-5", ["10.1.5.1:9090 serving"], within);

  // Without a check nothing but the list of services moves.
  await consul.register({ ...instance(7, 2), status: undefined });
  await it.sees("service-7", ["10.1.7.1:9090 serving", "10.1.7.2:9090 serving"], within);
  await consul.register({ ...instance(7, 2), address: "10.1.7.9", status: undefined });
  await it.sees("service-7", ["10.1.7.1:9090 serving", "10.1.7.9:9090 serving"], within);

  // A check of a node is one of all its services.
  const node = {
    Node: "node-1",
    Address: "10.99.0.1",
    Check: { Node: "node-1", CheckID: "serfHealth", Name: "alive" },
  };
  const setNode = (Status: string) =>
    consul.call(0, "PUT", "/v1/catalog/register", { ...node, Check: { ...node.Check, Status } });
  await setNode("critical");
  await it.sees("service-11", ["10.1.11.1:9090 failing"], within);
  await setNode("passing");
  await it.sees("service-11", ["10.1.11.1:9090 serving"], within);
  assert.deepEqual(
    it.notes.filter(({ kind }) => kind !== "source-changed"),
    [],
  );
});

test("a service's tags narrow what is taken of it", async () => {
  await using consul = await startConsulCluster({ servers: 1 });
  for (const [host, tags] of [
    ["1", ["v1", "grpc"]],
    ["2", ["v2", "grpc"]],
    ["3", ["v2"]],
  ] as const)
    await consul.register({ service: "report", id: `report-${host}`, address: `10.1.0.${host}`, port: 9090, tags });
  for (const ownWatches of [0, 64]) {
    await using it = followConsul({
      datacenters: [{ name: "dc-a", addresses: consul.urls }],
      ...{ services: ["report"], tags: ["grpc", "v2"], limits: { ownWatches } },
    });
    await it.sees("report", ["10.1.0.2:9090 serving"]);
  }
});

test("a federated data center that hangs shows as stale with its cause, loses nothing, and holds up no other", async () => {
  await using consul = await startConsul({ datacenters: ["dc-a", "dc-b"] });
  const names = ["alpha", "beta"];
  for (const [index, service] of names.entries()) {
    await consul.register("dc-a", { service, id: `${service}-a`, address: `10.1.0.${index}`, port: 9090 });
    await consul.register("dc-b", { service, id: `${service}-b`, address: `10.2.0.${index}`, port: 9090 });
  }
  const both = (index: number) => [`10.1.0.${index}:9090 serving`, `10.2.0.${index}:9090 serving`];
  const addresses = [consul.url("dc-a")];
  await using it = followConsul({
    datacenters: [
      { name: "dc-a", addresses },
      { name: "dc-b", addresses },
    ],
    services: names,
    limits: { ...limits, waitMs: 1_000 },
  });
  for (const [index, service] of names.entries()) await it.sees(service, both(index), 20_000);
  consul.freeze("dc-b");
  const isIn = (state: string) =>
    until(() => it.source("dc-b")?.state === state, { within: 30_000, what: `dc-b is ${state}` });
  await isIn("stale");
  assert.match(it.source("dc-b")?.cause ?? "", /consul dc-b .*: (no answer within|500: )/);
  assert.equal(it.source("dc-a")?.state, "current");
  await consul.deregister("dc-a", "beta-a");
  await it.sees("beta", both(1).slice(1), 10_000);
  assert.deepEqual(it.endpoints("alpha"), both(0));
  consul.thaw("dc-b");
  await isIn("current");
  assert.deepEqual(it.endpoints("alpha"), both(0));
});
