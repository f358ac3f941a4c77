import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { noDistances } from "../model/distances.ts";
import { type LocalityPattern, parseLocalityPattern } from "../model/locality.ts";
import { parseServiceName, type ServiceName } from "../model/names.ts";
import type { Service } from "../model/service.ts";
import { type Override, plainSplit, type Split } from "../model/split.ts";
import type { World } from "../model/world.ts";
import type { ClientView } from "../serve/clients.ts";
import { type Readings, registerGauges } from "./gauges.ts";

const now = new Date("2026-11-21T10:00:00Z");

function name(text: string): ServiceName {
  const parsed = parseServiceName(text);
  assert.ok(parsed);
  return parsed;
}

function pattern(text: string): LocalityPattern {
  const parsed = parseLocalityPattern(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

function client(locality: string, edit: Partial<ClientView> = {}): ClientView {
  const status = { status: "SYNCED", since: now } as const;
  return {
    kind: "envoy",
    protocol: "delta",
    locality,
    types: { cluster: status, endpoints: status, listener: status, routes: status },
    ...edit,
  } as ClientView;
}

function split(
  to: Readonly<Record<string, number>>,
  overrides: readonly Pick<Override, "locality" | "weight">[] = [],
): Split {
  const spread = {
    kind: "shares",
    to: Object.entries(to).map(([text, percent]) => ({ locality: pattern(text), percent })),
  } as const;
  const why = { reason: "", by: "", expireTime: now };
  const rules = [{ from: pattern("dc-a/*"), spread, failover: [] }];
  return {
    name: "report",
    service: name("report"),
    rules,
    ...plainSplit,
    overrides: overrides.map((each) => ({ ...each, ...why })),
  };
}

function worldOf(edit: Partial<World>): World {
  return {
    revision: 7,
    catalog: new Map(),
    splits: new Map(),
    policies: new Map(),
    routes: [],
    held: new Map(),
    distances: noDistances,
    ...edit,
  };
}

const nothing: Readings = {
  clients: () => [],
  sources: () => [],
  store: () => ({ kind: "file", state: "current", since: now }),
  guard: () => [],
  world: () => undefined,
  loads: { totals: () => [], clients: () => [] },
  observed: () => [],
  findings: () => [],
  now: () => now,
};

async function scrape(edit: Partial<Readings>): Promise<readonly string[]> {
  const registry = new Registry();
  registerGauges(registry, () => ({ ...nothing, ...edit }));
  return (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("findings are counted by severity, also when there are none", async () => {
  const lines = await scrape({
    findings: () => [{ severity: "warning" }, { severity: "info" }, { severity: "warning" }],
  });
  assert.ok(lines.includes('config_findings{severity="error"} 0'));
  assert.ok(lines.includes('config_findings{severity="warning"} 2'));
  assert.ok(lines.includes('config_findings{severity="info"} 1'));
});

test("clients are counted by kind, locality and protocol, and by status of each type", async () => {
  const stale = { status: "STALE", since: now } as const;
  const types = { ...client("").types, endpoints: stale };
  const lines = await scrape({
    clients: () => [client("dc-a/z1"), client("dc-a/z1"), client("dc-b/z1", { kind: "grpc", protocol: "sotw", types })],
  });
  assert.ok(lines.includes('xds_clients{kind="envoy",locality="dc-a/z1",protocol="delta"} 2'));
  assert.ok(lines.includes('xds_clients{kind="grpc",locality="dc-b/z1",protocol="sotw"} 1'));
  assert.ok(lines.includes('xds_client_status{type="endpoints",status="SYNCED"} 2'));
  assert.ok(lines.includes('xds_client_status{type="endpoints",status="STALE"} 1'));
});

test("clients that make up localities do not make up series", async () => {
  const clients = Array.from({ length: 1_000 }, (_, index) => client(`dc-${index}`));
  const lines = await scrape({ clients: () => clients });
  assert.equal(lines.filter((line) => line.startsWith("xds_clients{")).length, 201);
  assert.ok(lines.includes('xds_clients{kind="envoy",locality="other",protocol="delta"} 800'));
});

test("a source ages from the moment it stopped answering", async () => {
  const since = new Date(now.getTime() - 90_000);
  const lines = await scrape({
    sources: () => [
      { source: "consul/dc-a", state: "stale", since },
      { source: "registry", state: "current", since },
    ],
  });
  assert.deepEqual(
    lines.filter((line) => line.startsWith("registry_sync_age")),
    [
      'registry_sync_age_seconds{source="consul",datacenter="dc-a"} 90',
      'registry_sync_age_seconds{source="registry",datacenter=""} 0',
    ],
  );
});

test("what is held back is counted by service, source and whether it went or came, with the age of the oldest", async () => {
  const row = { service: name("report"), source: "consul/dc-a", flapping: [], refused: [] };
  const lines = await scrape({
    guard: () => [
      {
        ...row,
        trust: "suspect",
        held: [
          { change: "gone", heldMs: 12_000 },
          { change: "gone", heldMs: 3_000 },
        ],
      },
      { ...row, service: name("result"), trust: "fresh", held: [], flapping: ["10.0.0.1:80"] },
    ],
  });
  assert.deepEqual(
    lines.filter((line) => line.startsWith("guard_")),
    [
      'guard_source_state{source="consul",datacenter="dc-a",state="suspect"} 1',
      'guard_source_state{source="consul",datacenter="dc-a",state="fresh"} 1',
      'guard_held_endpoints{service="report",source="consul",datacenter="dc-a",change="gone"} 2',
      'guard_held_seconds{service="report",source="consul",datacenter="dc-a"} 12',
      'guard_flapping_endpoints{service="result",source="consul",datacenter="dc-a"} 1',
    ],
  );
});

test("endpoints are counted by service, locality and health; what is gone leaves no series behind", async () => {
  const at = (zone: string, health: string) => ({ locality: { region: "dc-a", zone, subZone: "" }, health });
  const service = {
    spec: { name: name("report") },
    endpoints: [at("z1", "serving"), at("z1", "serving"), at("z2", "draining")],
  } as unknown as Service;
  let world = worldOf({ catalog: new Map([[name("report"), service]]) });
  const registry = new Registry();
  registerGauges(registry, () => ({ ...nothing, world: () => world }));
  const lines = (await registry.metrics()).split("\n");
  assert.ok(lines.includes('registry_endpoints{service="report",locality="dc-a/z1",health="serving"} 2'));
  assert.ok(lines.includes('registry_endpoints{service="report",locality="dc-a/z2",health="draining"} 1'));
  assert.ok(lines.includes("config_revision 7"));
  world = worldOf({ revision: 8 });
  const after = await registry.metrics();
  assert.ok(!after.includes("registry_endpoints{"));
  assert.ok(after.includes("config_revision 8"));
});

for (const { title, split: given, weights } of [
  { title: "weights are shares of one", split: split({ "dc-a": 80, "dc-b": 20 }), weights: [0.8, 0.2] },
  {
    title: "an override of a whole target moves its share to the others",
    split: split({ "dc-a": 80, "dc-b": 20 }, [{ locality: pattern("dc-a"), weight: 0 }]),
    weights: [0, 1],
  },
  {
    title: "an override that halves a target counts by half",
    split: split({ "dc-a": 50, "dc-b": 50 }, [{ locality: pattern("dc-b"), weight: 50 }]),
    weights: [2 / 3, 1 / 3],
  },
  {
    title: "an override of one zone leaves the target's share as it is",
    split: split({ "dc-a": 80, "dc-b": 20 }, [{ locality: pattern("dc-a/z1"), weight: 0 }]),
    weights: [0.8, 0.2],
  },
]) {
  test(title, async () => {
    const lines = await scrape({ world: () => worldOf({ splits: new Map([[given.service, given]]) }) });
    const shown = lines
      .filter((line) => line.startsWith("traffic_weight"))
      .map((line) => Number(line.split(" ").at(-1)));
    assert.deepEqual(shown, weights);
    assert.ok(lines.some((line) => line.startsWith('traffic_weight{service="report",from="dc-a",to="dc-b"} ')));
  });
}

test("what clients report is a share under the labels of the weight, and a count of requests by how they ended", async () => {
  const total = { service: "report", from: "dc-a", to: "dc-b", ok: 0, error: 0, dropped: 0 };
  const lines = await scrape({
    loads: {
      totals: () => [
        { ...total, ok: 70, error: 2 },
        { ...total, to: "", dropped: 3 },
      ],
      clients: () => [
        { nodeId: "edge-1", ageMs: 10 },
        { nodeId: "edge-1", ageMs: undefined },
        { nodeId: "edge-2", ageMs: 10 },
      ],
    },
    observed: () => [{ service: "report", from: "*", to: "dc-b", ratio: 0.3 }],
  });
  assert.deepEqual(
    lines.filter((line) => line.startsWith("traffic_")),
    [
      'traffic_observed_ratio{service="report",from="*",to="dc-b"} 0.3',
      "traffic_reporting_clients 2",
      'traffic_requests_total{service="report",from="dc-a",to="dc-b",result="ok"} 70',
      'traffic_requests_total{service="report",from="dc-a",to="dc-b",result="error"} 2',
      'traffic_requests_total{service="report",from="dc-a",to="",result="dropped"} 3',
    ],
  );
});
