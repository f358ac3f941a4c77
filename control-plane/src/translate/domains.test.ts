import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServiceName } from "../model/names.ts";
import type { RouteSpec } from "../model/route.ts";
import type { ServiceSpec } from "../model/service.ts";
import { claimHosts } from "./domains.ts";

test("hosts of a service lead to it, those that a Route is for through the Route", () => {
  assert.deepEqual(entrances([service("report", "report", "reports.example")], [route("canary", "reports.example")]), [
    "report: report",
    "report/canary: reports.example",
  ]);
});

test("a host that no service has leads to the Route alone", () => {
  assert.deepEqual(entrances([service("report")], [route("front", "front.example", "www.example")]), [
    "-/front: front.example www.example",
    "report: report",
  ]);
});

test("one Route may stand before several services, and each keeps what the rules leave", () => {
  const services = [service("report"), service("result"), service("other")];
  assert.deepEqual(entrances(services, [route("both", "report", "result")]), [
    "other: other",
    "report/both: report",
    "result/both: result",
  ]);
});

test("hosts are compared without regard to case, and called as their service calls them", () => {
  assert.deepEqual(entrances([service("report", "Report.example")], [route("canary", "report.EXAMPLE")]), [
    "report/canary: Report.example",
  ]);
});

test("of two Routes for one host the first by name has it", () => {
  assert.deepEqual(entrances([], [route("a", "front"), route("b", "Front", "back")]), ["-/a: front", "-/b: back"]);
});

test("an Envoy matches a host with any port and without", () => {
  const [entrance] = claimHosts([], [route("front", "Front.example")]).entrances;
  assert.deepEqual(entrance?.domains, ["front.example", "front.example:*"]);
});

function entrances(services: readonly ServiceSpec[], routes: readonly RouteSpec[]): readonly string[] {
  return claimHosts(services, routes).entrances.map(({ name, hosts }) => `${name}: ${hosts.join(" ")}`);
}

function service(name: string, ...hosts: readonly string[]): ServiceSpec {
  const parsed = parseServiceName(name);
  assert.ok(parsed);
  return {
    ...{ name: parsed, protocol: "grpc", hosts: hosts.length > 0 ? hosts : [name], origins: [] },
    ...{ localityRules: { regionFrom: "datacenter", zoneFrom: [] }, subsets: [], capacity: undefined },
  };
}

function route(name: string, ...hosts: readonly string[]): RouteSpec {
  return { name, hosts, rules: [] };
}
