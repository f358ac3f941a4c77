import assert from "node:assert/strict";
import { test } from "node:test";
import { startBackend, startBackendProcess } from "./backend.ts";
import { startEnvoy, validateEnvoy } from "./envoy.ts";
import { answersByDatacenter, answersById, codes, startLoad } from "./grpc-load.ts";
import { until } from "./wait.ts";

/** A listener `in` on a free port, and a cluster `echo` of these ports behind it. */
function staticBootstrap(ports: readonly number[]): object {
  const address = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });
  const route = { match: { prefix: "/" }, route: { cluster: "echo" } };
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "in",
    route_config: { virtual_hosts: [{ name: "echo", domains: ["echo.test"], routes: [route] }] },
    http_filters: [
      {
        name: "router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
  const protocol = {
    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    explicit_http_config: { http2_protocol_options: {} },
  };
  const cluster = {
    name: "echo",
    type: "STATIC",
    typed_extension_protocol_options: { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol },
    load_assignment: {
      cluster_name: "echo",
      endpoints: [
        {
          locality: { region: "dc1", zone: "z1" },
          lb_endpoints: ports.map((port) => ({ endpoint: { address: address(port) } })),
        },
      ],
    },
  };
  const listener = {
    name: "in",
    address: address(0),
    filter_chains: [{ filters: [{ name: "hcm", typed_config: manager }] }],
  };
  return { static_resources: { listeners: [listener], clusters: [cluster] } };
}

test("a real Envoy routes gRPC to the backends, which say who answered", async () => {
  await using one = await startBackend({ id: "one", datacenter: "dc1" });
  await using two = await startBackendProcess({ id: "two", datacenter: "dc2" });
  await using envoy = await startEnvoy({ bootstrap: staticBootstrap([one.port, two.port]) });
  await envoy.ready();
  await using load = startLoad({ target: await envoy.listener("in"), authority: "echo.test" });

  const records = await load.send(40);
  assert.deepEqual(codes(records), new Map([["OK", 40]]));
  assert.deepEqual(
    answersById(records),
    new Map([
      ["one", 20],
      ["two", 20],
    ]),
  );
  assert.equal(one.calls(), 20);
  assert.equal((await envoy.stats("cluster.echo.upstream_rq_total")).get("cluster.echo.upstream_rq_total"), 40);
  assert.deepEqual(
    (await envoy.clusters()).map(({ locality, weight, healthy }) => ({ locality, weight, healthy })),
    [
      { locality: "dc1/z1", weight: 1, healthy: true },
      { locality: "dc1/z1", weight: 1, healthy: true },
    ],
  );
  assert((await envoy.configDump()).configs.length > 0);

  one.fail(true);
  await two.kill();
  const failed = await load.send(20);
  assert.equal(codes(failed).get("OK"), undefined);
  one.fail(false);
  const again = await until(
    async () => {
      const records = await load.send(1);
      return codes(records).get("OK") && records;
    },
    { within: 30_000, what: "one answers again" },
  );
  assert.deepEqual([...answersByDatacenter(again).keys()], ["dc1"]);
});

test("requests at a rate are as many as the rate and the time say", async () => {
  await using backend = await startBackend({ id: "one", datacenter: "dc1" });
  await using load = startLoad({ target: backend.address });
  const records = await load.sendAtRate({ perSecond: 200, forMs: 500 });
  assert.equal(records.length, 100);
  assert.deepEqual(codes(records), new Map([["OK", 100]]));
});

test("Envoy's own validation says what it has against a bootstrap", async () => {
  assert.equal(await validateEnvoy(staticBootstrap([1])), undefined);
  assert.match(
    (await validateEnvoy('{"static_resources": {"clusters": [{"name": ""}]}}')) ?? "",
    /ClusterValidationError.*Name/,
  );
});
