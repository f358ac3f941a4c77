import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointId, ServiceName, SourceName } from "../model/names.ts";
import type { Endpoint, Health, Service } from "../model/service.ts";
import { type Failback, plainSplit, type Split } from "../model/split.ts";
import { nothingPaced, type Pace, pace } from "./pace.ts";

const report = "report" as ServiceName;

test("what falls is used at once as it is, and nothing is held", () => {
  const scene = sceneOf();
  scene.at(0, { "dc-a": "++++" });
  assert.deepEqual(scene.at(1, { "dc-a": "+---" }), {});
  assert.deepEqual(scene.at(2, { "dc-a": "----" }), {});
});

test("what comes back is held for 30 s, then used by 25 % more every 10 s, until nothing has to go elsewhere", () => {
  const scene = sceneOf();
  scene.at(0, { "dc-a": "++++" });
  scene.at(5, { "dc-a": "----" });
  assert.deepEqual(scene.at(10, { "dc-a": "++++" }), { "dc-a/z1/": 0 });
  assert.equal(scene.nextAt(), 40);
  assert.deepEqual(scene.at(39.9), { "dc-a/z1/": 0 });
  assert.deepEqual(scene.at(40), { "dc-a/z1/": 25 });
  assert.deepEqual(scene.at(50), { "dc-a/z1/": 50 });
  // 75 % with an overprovisioning of 140 % take everything: there is nothing left to bring back.
  assert.deepEqual(scene.at(60), {});
  assert.equal(scene.nextAt(), undefined);
});

test("a place that was healthy enough all the time is not held", () => {
  const scene = sceneOf();
  scene.at(0, { "dc-a": "++++" });
  scene.at(1, { "dc-a": "+++-" });
  assert.deepEqual(scene.at(2, { "dc-a": "++++" }), {});
});

test("health that comes and goes begins its hold anew, and is never believed in between", () => {
  const scene = sceneOf();
  scene.at(0, { "dc-a": "----" });
  for (let second = 10; second < 300; second += 20) {
    assert.deepEqual(scene.at(second, { "dc-a": "++++" }), { "dc-a/z1/": 0 });
    scene.at(second + 10, { "dc-a": "----" });
  }
  scene.at(300, { "dc-a": "++++" });
  scene.at(310, { "dc-a": "++--" });
  assert.deepEqual(scene.at(339), { "dc-a/z1/": 0 }, "a step back begins the hold anew");
  assert.deepEqual(scene.at(340), { "dc-a/z1/": 25 });
});

test("never more is used than is said", () => {
  const scene = sceneOf();
  scene.at(0, { "dc-a": "----" });
  scene.at(10, { "dc-a": "++--" });
  assert.deepEqual(scene.at(40), { "dc-a/z1/": 25 });
  assert.deepEqual(scene.at(50), {}, "two of four are all there is");
});

test("a place that was never seen is used at once, one that vanished and comes back is held", () => {
  const scene = sceneOf();
  assert.deepEqual(scene.at(0, { "dc-a": "++" }), {});
  assert.deepEqual(scene.at(1, { "dc-a": "++", "dc-b": "++" }), {});
  assert.deepEqual(scene.at(2, { "dc-a": "++" }), {});
  assert.deepEqual(scene.at(3, { "dc-a": "++", "dc-b": "++" }), { "dc-b/z1/": 0 });
});

test("endpoints that are new and not ready at first take nothing away that had to come back", () => {
  const scene = sceneOf();
  scene.at(0, { "dc-a": "++" });
  scene.at(1, { "dc-a": "++----" });
  assert.deepEqual(scene.at(2, { "dc-a": "++++++" }), {});
  scene.at(3, { "dc-a": "++++++------" });
  scene.at(4, { "dc-a": "+++++-------" });
  assert.deepEqual(scene.at(5, { "dc-a": "++++++++++++" }), { "dc-a/z1/": (100 * 5) / 12 }, "one was lost meanwhile");
});

test("a place that drained comes back as it was", () => {
  const scene = sceneOf();
  scene.at(0, { "dc-a": "++", "dc-b": "++" });
  scene.at(1, { "dc-a": "++", "dc-b": "~~" });
  scene.at(2, { "dc-a": "++" });
  assert.deepEqual(scene.at(3, { "dc-a": "++", "dc-b": "++" }), {});
});

test("with failback off Envoys get everything back at once, and gRPC clients by and by", () => {
  const scene = sceneOf({ holdForMs: 0, stepPercent: 25, everyMs: 10_000 });
  scene.at(0, { "dc-a": "----" });
  assert.deepEqual(scene.at(1, { "dc-a": "++++" }), { "dc-a/z1/": 0 });
  assert.equal(scene.onEnvoy(), false);
  assert.deepEqual(scene.at(3), { "dc-a/z1/": 25 });
  assert.deepEqual(scene.at(4), { "dc-a/z1/": 50 });
  assert.deepEqual(scene.at(5), {});
});

test("what did not change is the very same object, and a thousand services that did not change cost next to nothing", () => {
  const catalog = new Map(
    Array.from({ length: 1_000 }, (_, index) => [
      `s${index}` as ServiceName,
      serviceOf({ "dc-a": "++", "dc-b": "+-" }),
    ]),
  );
  const world = { catalog, splits: new Map(), policies: new Map() };
  const first = pace(nothingPaced, world, 0);
  const second = pace(first, { ...world, catalog: new Map(catalog).set(report, serviceOf({ "dc-a": "-" })) }, 1);
  assert.equal(second.held, first.held);
  const third = pace(second, { ...world, catalog: new Map(catalog).set(report, serviceOf({ "dc-a": "+" })) }, 2);
  const fourth = pace(
    third,
    { ...world, catalog: new Map([...third.services].map(([name, { service }]) => [name, service])) },
    3,
  );
  assert.equal(third.held.size, 1);
  assert.equal(fourth.held, third.held);
  for (const [name, each] of third.services) assert.equal(fourth.services.get(name), each);
});

/** `+` serves, `-` fails, `~` drains. */
type There = Readonly<Record<string, string>>;

/** A service over time, in seconds; each moment gives what is held, in percent. */
function sceneOf(failback: Failback = plainSplit.failback) {
  const split: Split = { name: "report", service: report, rules: [], ...plainSplit, failback };
  let now: Pace = nothingPaced;
  let service = serviceOf({});
  return {
    at(second: number, there?: There) {
      if (there) service = serviceOf(there);
      const world = { catalog: new Map([[report, service]]), splits: new Map([[report, split]]), policies: new Map() };
      now = pace(now, world, second * 1000);
      return Object.fromEntries([...(now.held.get(report) ?? [])].map(([key, { percent }]) => [key, percent]));
    },
    nextAt: () => (now.nextMs === undefined ? undefined : now.nextMs / 1000),
    onEnvoy: () => [...(now.held.get(report)?.values() ?? [])][0]?.onEnvoy,
  };
}

const healths: Readonly<Record<string, Health>> = { "+": "serving", "-": "failing", "~": "draining" };

function serviceOf(there: There): Service {
  const endpoints = Object.entries(there).flatMap(([region, marks], at) =>
    [...marks].map((mark, index): Endpoint => {
      const address = { host: `10.${at}.0.${index}`, port: 9090 };
      const common = { weight: 100, metadata: {}, source: "test" as SourceName };
      const locality = { region, zone: "z1", subZone: "" };
      return { id: address.host as EndpointId, address, locality, health: healths[mark] ?? "serving", ...common };
    }),
  );
  return {
    spec: {
      ...{ name: report, protocol: "grpc", hosts: ["report"], origins: [], subsets: [], capacity: undefined },
      localityRules: { regionFrom: "datacenter", zoneFrom: [] },
    },
    endpoints,
  };
}
