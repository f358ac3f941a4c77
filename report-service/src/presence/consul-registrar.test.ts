import assert from "node:assert/strict";
import { test } from "node:test";
import { hasConsul, startConsul } from "../../../test/kit/consul.ts";
import { createConsulRegistrar } from "./consul-registrar.ts";

const signal = new AbortController().signal;
const instance = {
  service: "report",
  id: "report-1",
  address: "127.0.0.1:9001",
  locality: "dc-a/z1",
  weight: 50,
  metadata: { version: "v1" },
  leaseSeconds: 10,
};

// `npm run check` does not install Consul, `npm test` does.
const skip = !hasConsul() && "no Consul: npm test brings one";

test("a real Consul lists the instance as passing, with what Weir reads of it, until it leaves", { skip }, async () => {
  await using consul = await startConsul({ datacenters: ["dc-a"] });
  const registrar = createConsulRegistrar(new URL(consul.url("dc-a")), instance);
  const passing = () => consul.call("dc-a", "GET", "/v1/health/service/report?passing") as Promise<Passing>;

  await registrar.register(signal);
  await registrar.register(signal);
  const [found, ...others] = await passing();
  assert.deepEqual(others, []);
  const { ID, Address, Port, Meta } = found?.Service ?? {};
  assert.deepEqual([ID, Address, Port], ["report-1", "127.0.0.1", 9001]);
  assert.deepEqual(Meta, { version: "v1", weight: "50", zone: "z1" });

  // An agent that lost us, as after a restart without data, is told again.
  await consul.deregister("dc-a", "report-1");
  await registrar.register(signal);
  assert.equal((await passing()).length, 1);

  await registrar.leave(signal);
  assert.deepEqual(await passing(), []);
});

type Passing = readonly {
  readonly Service: { readonly ID: string; readonly Address: string; readonly Port: number; readonly Meta: object };
}[];
