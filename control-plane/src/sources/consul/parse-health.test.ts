import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { problemText } from "../../lib/parsed.ts";
import { localityText } from "../../model/locality.ts";
import { addressText } from "../../model/service.ts";
import { sourceName } from "../testing.ts";
import { type HealthReading, healthOf, parseHealth } from "./parse-health.ts";

/** What Consul 1.8.7 in dc-b answered for `?dc=dc-a`. */
const recorded: unknown = JSON.parse(
  readFileSync(new URL("../../../testdata/sources/consul-health.json", import.meta.url), "utf8"),
);

const reading: HealthReading = {
  source: sourceName("consul/dc-a"),
  datacenter: "dc-a",
  region: "eu-west",
  rules: { regionFrom: "datacenter", zoneFrom: ["meta.zone"] },
  passingOnly: true,
};

function read(body: unknown, changes: Partial<HealthReading> = {}) {
  const result = parseHealth(body, { ...reading, ...changes });
  assert.ok(result.ok, "refused");
  return result.value;
}

type Instance = {
  readonly node?: Readonly<Record<string, unknown>>;
  readonly service?: Readonly<Record<string, unknown>>;
  readonly checks?: readonly unknown[];
};
const instance = ({ node = {}, service = {}, checks = [] }: Instance = {}) => ({
  Node: { Node: "node-1", Address: "10.0.0.1", Datacenter: "dc-a", ...node },
  Service: { ID: "report-1", Port: 9090, ...service },
  Checks: checks,
});

test("an answer of a real Consul gives each instance with its place, health, weight and metadata", () => {
  const { endpoints, skipped } = read(recorded);
  assert.deepEqual(
    endpoints.map(({ id, address, locality, health, weight }) =>
      [id, addressText(address), localityText(locality), health, weight].join(" "),
    ),
    [
      "dc-a-server/report-1 10.1.0.11:9090 eu-west/z1 serving 100",
      "dc-a-server/report-2 10.1.0.12:9090 eu-west/z2 failing 50",
      "dc-a-server/report-3 10.1.0.13:9090 eu-west failing 300",
      "dc-a-server/report-4 127.0.0.1:9091 eu-west serving 100",
      "dc-a-server/report-5 [2001:db8::5]:9090 eu-west/z1 draining 100",
    ],
  );
  assert.deepEqual(endpoints[1]?.metadata, { version: "v1", weight: "50", zone: "z2" });
  assert.deepEqual(skipped, []);
});

test("a warning takes no traffic where only passing instances may, and is degraded elsewhere", () => {
  assert.equal(read(recorded, { passingOnly: true }).endpoints[1]?.health, "failing");
  assert.equal(read(recorded, { passingOnly: false }).endpoints[1]?.health, "degraded");
});

for (const [title, checks, passing, warnings] of [
  ["no check at all", [], "serving", "serving"],
  ["one critical among passing ones", ["passing", "critical"], "failing", "failing"],
  ["one warning", ["passing", "warning"], "failing", "degraded"],
  ["a status that Consul does not have today", ["sleeping"], "failing", "degraded"],
] as const) {
  test(`${title} is ${passing}, or ${warnings} where warnings are let in`, () => {
    const given = checks.map((Status, index) => ({ CheckID: `c${index}`, Status }));
    assert.deepEqual([healthOf(given, true), healthOf(given, false)], [passing, warnings]);
  });
}

test("maintenance mode drains, whatever the other checks say", () => {
  const failing = { CheckID: "http", Status: "critical" };
  assert.equal(healthOf([failing, { CheckID: "_service_maintenance:report-1", Status: "critical" }], true), "draining");
  assert.equal(healthOf([{ CheckID: "_node_maintenance", Status: "critical" }], true), "draining");
});

test("region and zone come from where the rules say, from the node's metadata where the service has none", () => {
  const rules = { regionFrom: "meta.site", zoneFrom: ["meta.zone", "meta.rack"] } as const;
  const { endpoints } = read(
    [instance({ node: { Meta: { site: "north", rack: "r7" } }, service: { Meta: { site: "south" } } })],
    { rules },
  );
  assert.deepEqual(
    endpoints.map(({ locality }) => localityText(locality)),
    ["south/r7"],
  );
});

test("a region or zone that cannot be read is told, and the instance is kept", () => {
  const rules = { regionFrom: "meta.site", zoneFrom: ["meta.zone"] } as const;
  const { endpoints, skipped } = read([instance({ service: { Meta: { zone: "a/b" } } })], { rules });
  assert.deepEqual(
    endpoints.map(({ locality }) => localityText(locality)),
    ["eu-west"],
  );
  assert.equal(skipped.length, 2);
});

for (const [title, wrong, says] of [
  ["no port", instance({ service: { Port: 0 } }), /port 0/],
  ["a name in place of an address", instance({ service: { Address: "report.internal" } }), /not an IP address/],
  ["a port that is text", instance({ service: { Port: "9090" } }), /Service\.Port/],
  ["no service", { Node: { Node: "n", Address: "10.0.0.1" } }, /Service/],
  ["nothing", null, /expected object/],
  ["an id with a line break", instance({ service: { ID: "a\nb" } }), /not an id/],
] as const) {
  test(`an entry with ${title} is skipped and named, the others are kept`, () => {
    const { endpoints, skipped } = read([wrong, instance()]);
    assert.equal(endpoints.length, 1);
    assert.match(skipped.map(problemText).join("; "), says);
  });
}

test("a weight or metadata that cannot be used is told, and the instance is kept", () => {
  const { endpoints, skipped } = read([instance({ service: { Meta: { weight: "many", "a b": "x", version: "v1" } } })]);
  assert.deepEqual(
    endpoints.map(({ weight, metadata }) => ({ weight, metadata })),
    [{ weight: 100, metadata: { version: "v1", weight: "many" } }],
  );
  assert.equal(skipped.length, 2);
});

for (const [title, body, says] of [
  ["no list", { error: "x" }, /expected a list/],
  ["nothing", undefined, /expected a list/],
  ["of another data center", [instance({ node: { Datacenter: "dc-b" } })], /data center "dc-b", but "dc-a" was asked/],
  ["made of entries that nobody can read", [{}, {}], /none of 2 entries can be read/],
] as const) {
  test(`an answer that is ${title} is refused, not taken for an empty one`, () => {
    const result = parseHealth(body, reading);
    assert.match(result.ok ? "" : result.problems.map(problemText).join(), says);
  });
}

test("a tag is metadata that subsets can go by, as far as it can be a key", () => {
  const service = { Meta: { version: "v1" }, Tags: ["canary", "v1.2", "traefik.http.rule=Host(`a b`)"] };
  const { endpoints, skipped } = read([instance({ service })]);
  assert.deepEqual(endpoints[0]?.metadata, { "tag/canary": "true", "tag/v1.2": "true", version: "v1" });
  assert.deepEqual(skipped, []);
});

test("an empty list is an answer", () => {
  assert.deepEqual(read([]), { endpoints: [], skipped: [] });
});
