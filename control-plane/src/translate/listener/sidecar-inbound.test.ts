import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../../model/default-policy.ts";
import { type Inbound, parseInboundText } from "../../model/inbound.ts";
import { parseServiceName, type ServiceName } from "../../model/names.ts";
import type { TrafficPolicy } from "../../model/policy.ts";
import type { Protocol, Service } from "../../model/service.ts";
import { createSidecarInbound } from "./sidecar-inbound.ts";

test("what did not change is the very same message, whoever asks", () => {
  const inbound = createSidecarInbound();
  const before = inbound(world, [report]).resources[0];
  assert.equal(inbound(world, [inboundOf("report=0.0.0.0:9091/127.0.0.1:9090")]).resources[0], before);
  const policies = new Map([[nameOf("report"), { ...defaultPolicy, panicThreshold: 1 }]]);
  const after = inbound({ ...world, policies }, [report]).resources[0];
  assert.notEqual(after, before);
  assert.deepEqual(after, before, "and what a sidecar does not use of a policy makes no difference to what it is sent");
});

test("however many addresses clients tell, what is remembered of them has an end, and is right", () => {
  const inbound = createSidecarInbound();
  for (let port = 1; port <= 5_000; port += 1) {
    const [made] = inbound(world, [inboundOf(`report=0.0.0.0:${port}/127.0.0.1:9090`)]).resources;
    assert.equal(made?.listener.name, "inbound/report");
  }
});

test("a service that is not known, or does not speak HTTP, is left out and told", () => {
  const { resources, leftOut } = createSidecarInbound()(world, [
    inboundOf("nobody=0.0.0.0:9092/127.0.0.1:9090"),
    report,
    inboundOf("store=0.0.0.0:9093/127.0.0.1:9090"),
  ]);
  assert.deepEqual(
    resources.map(({ cluster, listener, routes }) => [cluster.name, listener.name, routes.name]),
    [["inbound/report", "inbound/report", "inbound/report"]],
  );
  assert.deepEqual(
    [...leftOut].map(([service, [problem]]) => `${service}: ${problem?.says}`),
    [
      'nobody: its calls are not taken in: there is no Service "nobody"',
      "store: its calls are not taken in: sidecars speak HTTP, and the protocol is TCP",
    ],
  );
});

const report = inboundOf("report=0.0.0.0:9091/127.0.0.1:9090");
const world = {
  catalog: new Map([service("report", "grpc"), service("store", "tcp")].map((each) => [each.spec.name, each])),
  policies: new Map<ServiceName, TrafficPolicy>(),
};

function inboundOf(text: string): Inbound {
  const result = parseInboundText(text);
  assert.ok(result.ok);
  return result.value;
}

function nameOf(text: string): ServiceName {
  const name = parseServiceName(text);
  assert.ok(name);
  return name;
}

function service(name: string, protocol: Protocol): Service {
  const localityRules = { regionFrom: "datacenter" as const, zoneFrom: [] };
  const spec = {
    name: nameOf(name),
    protocol,
    hosts: [name],
    origins: [],
    localityRules,
    subsets: [],
    capacity: undefined,
  };
  return { spec, endpoints: [] };
}
