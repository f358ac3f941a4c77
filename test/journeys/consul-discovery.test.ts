import assert from "node:assert/strict";
import { test } from "node:test";
import { startConsulCluster } from "../kit/consul-cluster.ts";
import { makeFolder } from "../kit/folder.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";

/** The addresses that clients are sent for a service; undefined when there is no such service. */
async function addresses(weir: Weir, service: string): Promise<string | undefined> {
  const { status, body } = await weir.api("GET", `/v1/services/${service}/endpoints?from=dc-a/z1&client=envoy`);
  if (status !== 200) return undefined;
  return [...JSON.stringify(body).matchAll(/10\.1\.\d+\.\d+:\d+/g)]
    .map(([address]) => address)
    .sort()
    .join();
}

test("services of Consul are served without documents, are kept over a restart without Consul, and give way to documents", async () => {
  await using consul = await startConsulCluster({ servers: 1 });
  const instance = (service: string, host: number, tags: readonly string[] = []) => ({
    ...{ service, id: `${service}-${host}`, address: `10.1.0.${host}`, port: 9090, tags },
  });
  await consul.register(instance("team-a", 1, ["weir"]));
  await consul.register(instance("team-a", 2));
  await consul.register(instance("other", 3, ["weir"]));
  const server = `discover: [{services: "team-*", tags: [weir]}, {services: plain}]\n`;
  const documents = { "nothing.yaml": "" };
  await using folder = await makeFolder("server");
  const file = await folder.write("server.yaml", server);
  const args = ["--consul", `dc-a=${consul.urls[0]}`, "--server-config", file];
  await using weir = await startWeir({ documents, args });
  const shows = (service: string, expected: string | undefined) =>
    until(async () => (await addresses(weir, service)) === expected, {
      within: 15_000,
      what: `${service} is ${expected}`,
    });

  await shows("team-a", "10.1.0.1:9090");
  assert.equal(await addresses(weir, "other"), undefined);
  await consul.register(instance("plain", 4));
  await shows("plain", "10.1.0.4:9090");
  await consul.register(instance("team-b", 5, ["weir"]));
  await shows("team-b", "10.1.0.5:9090");

  await until(async () => JSON.stringify(await weir.api("GET", "/v1/sources")).includes("current"), {
    within: 30_000,
    what: "the source is current",
  });
  await weir.stop();
  await consul.kill(0);
  await weir.start();
  await shows("team-b", "10.1.0.5:9090");
  await shows("plain", "10.1.0.4:9090");

  await consul.start(0);
  await weir.writeDocument(
    "team-a.yaml",
    "apiVersion: weir/v1alpha1\nkind: Service\nmetadata: {name: team-a}\nspec: {endpoints: [{consul: {}}]}\n",
  );
  await shows("team-a", "10.1.0.1:9090,10.1.0.2:9090");
});
